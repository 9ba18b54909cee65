package main

import (
	"context"
	"fmt"
	"runtime"
	"runtime/debug"
)

// version prints what was built, by which compiler, for which system.
func version(_ context.Context, args []string, std stdio) int {
	f := newFlags("version", "", "Prints the version, the version of Go and the system it was built for.")
	if code, ok := parseFlags(f, args, std); !ok {
		return code
	}
	if f.NArg() > 0 {
		return misused(f, std, fmt.Sprintf("unexpected argument %q", f.Arg(0)))
	}
	fmt.Fprintf(std.out, "recursor %s, %s, %s/%s\n", built(), runtime.Version(), runtime.GOOS, runtime.GOARCH)
	return exitOK
}

// built is the version that the build wrote down: a tag, or the commit.
func built() string {
	info, ok := debug.ReadBuildInfo()
	if !ok || info.Main.Version == "" || info.Main.Version == "(devel)" {
		return "devel"
	}
	return info.Main.Version
}
