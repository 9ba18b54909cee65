package main

import (
	"context"
	"fmt"
	"os"

	"recursor/daemon"
)

// writeProfile tells what devices have to be told to ask the resolver.
func writeProfile(_ context.Context, args []string, std stdio) int {
	f := newFlags("profile", "--config FILE [--apple FILE]",
		"Tells what to enter on devices and in browsers so that they ask the resolver of a configuration, encrypted:\n"+
			"Apple, Android, Windows, Firefox, Chrome, systemd-resolved, stubby. All settings are strict.")
	path := f.String("config", "", "the configuration `FILE`")
	apple := f.String("apple", "", "write a configuration profile (.mobileconfig) for Apple's systems to `FILE`; - is standard output")
	if code, ok := parseFlags(f, args, std); !ok {
		return code
	}
	switch {
	case f.NArg() > 0:
		return misused(f, std, fmt.Sprintf("unexpected argument %q", f.Arg(0)))
	case *path == "":
		return misused(f, std, "name the configuration with --config")
	}
	if err := profileOf(*path, *apple, std); err != nil {
		fmt.Fprintf(std.err, "recursor profile: %v\n", err)
		return exitFailed
	}
	return exitOK
}

func profileOf(path, apple string, std stdio) error {
	c, err := daemon.Check(path)
	if err != nil {
		return err
	}
	r, err := daemon.Profile(c)
	if err != nil {
		return err
	}
	if apple == "" {
		_, err := fmt.Fprint(std.out, r.Settings())
		return err
	}
	list, err := r.Apple()
	if err != nil {
		return err
	}
	if apple == "-" {
		_, err := std.out.Write(list)
		return err
	}
	return os.WriteFile(apple, list, 0o644)
}
