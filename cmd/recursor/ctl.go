package main

import (
	"context"
	"fmt"

	"recursor/daemon"
)

// ctl speaks to a resolver that runs.
func ctl(ctx context.Context, args []string, std stdio) int {
	f := newFlags("ctl", "[--config FILE | --socket PATH] COMMAND…",
		"Has a resolver that runs do something, over the socket that its key control.socket names.\n"+
			"Exit code 0: it did; 1: it did not; 2: the arguments are not understood.\n\n"+daemon.ControlHelp)
	config := f.String("config", "", "the configuration `FILE` of the resolver")
	socket := f.String("socket", "", "the `PATH` of the socket")
	if code, ok := parseFlags(f, args, std); !ok {
		return code
	}
	if f.NArg() == 0 {
		return misused(f, std, "say what is to be done")
	}
	path := *socket
	if path == "" {
		c, err := daemon.Load(*config)
		if err != nil {
			fmt.Fprintf(std.err, "recursor ctl: %v\n", err)
			return exitFailed
		}
		if path = c.Control.Socket; path == "" {
			return misused(f, std, "no socket: name it with --socket, or the configuration that has control.socket with --config")
		}
	}
	text, err := daemon.Ask(ctx, path, f.Args())
	if err != nil {
		fmt.Fprintf(std.err, "recursor ctl: %v\n", err)
		return exitFailed
	}
	fmt.Fprint(std.out, text)
	return exitOK
}
