package main

import (
	"context"
	"fmt"

	"recursor/daemon"
)

// check tells whether a configuration is good, and prints it.
func check(_ context.Context, args []string, std stdio) int {
	f := newFlags("check", "--config FILE [--print]",
		"Tells everything that is wrong with a configuration and with the files that it names, where, and what is\n"+
			"allowed there. Exit code 0: good; 1: not good.")
	path := f.String("config", "", "the `FILE` to check")
	show := f.Bool("print", false, "print the configuration in effect; without --config, the defaults with every key explained")
	if code, ok := parseFlags(f, args, std); !ok {
		return code
	}
	switch {
	case f.NArg() > 0:
		return misused(f, std, fmt.Sprintf("unexpected argument %q; name the file with --config", f.Arg(0)))
	case *path == "" && *show:
		fmt.Fprint(std.out, daemon.Reference())
		return exitOK
	case *path == "":
		return misused(f, std, "name the file with --config")
	}
	c, err := daemon.Check(*path)
	switch {
	case err != nil:
		fmt.Fprintln(std.err, err)
		return exitFailed
	case *show:
		fmt.Fprint(std.out, c.YAML())
	default:
		fmt.Fprintf(std.out, "%s: ok\n", *path)
		for _, line := range daemon.Remarks(c) {
			fmt.Fprintln(std.out, line)
		}
	}
	return exitOK
}
