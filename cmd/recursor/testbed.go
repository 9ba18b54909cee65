package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"
	"path/filepath"

	"recursor/clock"
	"recursor/daemon"
	"recursor/testbed/sim"
	"recursor/testbed/sim/world"
)

// Files of the testbed's configuration.
const (
	testbedHints   = "root.hints"
	testbedAnchors = "root.ds"
	testbedConfig  = "recursor.yaml"
)

// testbed runs an Internet on loopback and a resolver over it.
func testbed(ctx context.Context, args []string, std stdio) int {
	f := newFlags("testbed", "[--listen ADDRESS] [--port PORT] [--write-config FILE]",
		"Runs a whole signed Internet on addresses of 127.0.0.0/8, and a resolver over it, and prints names worth\n"+
			"asking and what to expect. SIGTERM and interrupt end it.")
	listen := f.String("listen", "127.0.0.1:5300", "the resolver's `ADDRESS` and port")
	port := f.Uint("port", 5354, "the `PORT` of all authoritative servers; 0 is one that is free")
	path := f.String("write-config", "",
		"write a configuration to FILE, with hints and trust anchor beside it, and run no resolver:\n"+
			"`FILE` is for `recursor serve --config FILE`")
	if code, ok := parseFlags(f, args, std); !ok {
		return code
	}
	resolver, err := netip.ParseAddrPort(*listen)
	switch {
	case f.NArg() > 0:
		return misused(f, std, fmt.Sprintf("unexpected argument %q", f.Arg(0)))
	case err != nil:
		return misused(f, std, fmt.Sprintf("--listen %s: want an address and a port, such as 127.0.0.1:5300", *listen))
	case *port > 65535:
		return misused(f, std, fmt.Sprintf("--port %d: want a number up to 65535", *port))
	}
	if err := runTestbed(ctx, resolver, uint16(*port), *path, std); err != nil {
		fmt.Fprintf(std.err, "recursor testbed: %v\n", err)
		return exitFailed
	}
	return exitOK
}

// runTestbed serves until ctx ends: with a path the authorities alone, else the
// resolver too.
func runTestbed(ctx context.Context, resolver netip.AddrPort, port uint16, path string, std stdio) error {
	w, err := world.New(world.Options{Now: clock.NewReal().Now().TTL})
	if err != nil {
		return err
	}
	servers := sim.NewLoopback(w.Internet, port)
	if err := servers.Listen(); err != nil {
		return fmt.Errorf("the authoritative servers: %w; try another --port", err)
	}
	if path != "" {
		if err := writeTestbed(path, w, servers.Port(), resolver); err != nil {
			return errors.Join(err, servers.Close())
		}
		printTestbed(std.out, w, resolver)
		fmt.Fprintf(std.out, "%d servers are ready. Run beside them: recursor serve --config %s\n", len(w.Servers), path)
		return servers.Run(ctx)
	}
	dir, err := os.MkdirTemp("", "recursor-testbed-")
	if err != nil {
		return errors.Join(err, servers.Close())
	}
	defer func() { _ = os.RemoveAll(dir) }() // the system tidies its temporary folder too
	path = filepath.Join(dir, testbedConfig)
	d, err := testbedDaemon(path, w, servers.Port(), resolver, std)
	if err != nil {
		return errors.Join(err, servers.Close())
	}
	return together(ctx, servers.Run, d.Run)
}

// testbedDaemon is the resolver, which prints what to ask once it can be asked.
func testbedDaemon(path string, w *world.World, port uint16, resolver netip.AddrPort, std stdio) (*daemon.Daemon, error) {
	if err := writeTestbed(path, w, port, resolver); err != nil {
		return nil, err
	}
	c, err := daemon.Load(path)
	if err != nil {
		return nil, err
	}
	return daemon.New(c, daemon.NewLogger(c, std.err), func([]netip.AddrPort) {
		printTestbed(std.out, w, resolver)
		fmt.Fprintf(std.out, "ready: %d servers, and the resolver at %s\n", len(w.Servers), resolver)
	})
}

// writeTestbed writes the configuration for a resolver over the world, with
// hints and anchor beside it.
func writeTestbed(path string, w *world.World, port uint16, resolver netip.AddrPort) error {
	for name, text := range map[string]string{
		filepath.Join(filepath.Dir(path), testbedHints):   w.Hints(),
		filepath.Join(filepath.Dir(path), testbedAnchors): w.Anchors(),
		path: fmt.Sprintf("# A resolver over `recursor testbed`.\nlisten: {dns: [%q]}\nroot-hints: %s\ntrust-anchors: [%s]\n"+
			"upstream: {port: %d, allow-special-addresses: true}\naccess: {snoop: [127.0.0.0/8, \"::1\"]}\nstate: \"off\"\nlog: {level: warn}\n",
			resolver, testbedHints, testbedAnchors, port),
	} {
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// printTestbed prints what to ask and what to expect.
func printTestbed(out io.Writer, w *world.World, resolver netip.AddrPort) {
	for _, n := range w.Names {
		fmt.Fprintf(out, "%s\n    %s: %s\n", n.Dig(resolver.Addr().String(), resolver.Port()), n.Expect(), n.Why)
	}
	fmt.Fprintf(out, "\nad: secure. Without validation nothing is, and what is SERVFAIL for its signatures is NOERROR.\n")
}

// together runs both until ctx ends or one of them does.
func together(ctx context.Context, runs ...func(context.Context) error) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	ended := make(chan error, len(runs))
	for _, run := range runs {
		go func() { ended <- run(ctx) }()
	}
	var all error
	for range runs {
		all = errors.Join(all, <-ended)
		stop()
	}
	return all
}
