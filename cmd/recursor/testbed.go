package main

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strings"

	"recursor/clock"
	"recursor/daemon"
	"recursor/testbed/sim"
	"recursor/testbed/sim/world"
)

// testbedOptions are what the flags say.
type testbedOptions struct {
	resolver  netip.AddrPort
	encrypted bool   // serve the encrypted transports too
	port      uint16 // of the authorities
	path      string // of the configuration to write; "" runs the resolver
}

// testbed runs an Internet on loopback and a resolver over it.
func testbed(ctx context.Context, args []string, std stdio) int {
	f := newFlags("testbed", "[--listen ADDRESS] [--encrypted] [--port PORT] [--write-config FILE]",
		"Runs a whole signed Internet on addresses of 127.0.0.0/8, and a resolver over it, and prints names worth\n"+
			"asking and what to expect. SIGTERM and interrupt end it.")
	listen := f.String("listen", "127.0.0.1:5300", "the resolver's `ADDRESS` and port")
	encrypted := f.Bool("encrypted", false, "serve DNS over TLS and QUIC at port 8853 and over HTTPS at port 8443 of that address too")
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
	if err := runTestbed(ctx, testbedOptions{resolver, *encrypted, uint16(*port), *path}, std); err != nil {
		fmt.Fprintf(std.err, "recursor testbed: %v\n", err)
		return exitFailed
	}
	return exitOK
}

// runTestbed serves until ctx ends: with a path the authorities alone, else the
// resolver too.
func runTestbed(ctx context.Context, o testbedOptions, std stdio) error {
	w, err := world.New(world.Options{Now: clock.NewReal().Now().TTL})
	if err != nil {
		return err
	}
	servers := sim.NewLoopback(w.Internet, o.port)
	if err := servers.Listen(); err != nil {
		return fmt.Errorf("the authoritative servers: %w; try another --port", err)
	}
	o.port = servers.Port()
	if o.path != "" {
		if err := writeTestbed(w, o); err != nil {
			return errors.Join(err, servers.Close())
		}
		printTestbed(std.out, w, o.resolver)
		fmt.Fprintf(std.out, "%d servers are ready. Run beside them: recursor serve --config %s\n", len(w.Servers), o.path)
		return servers.Run(ctx)
	}
	dir, err := os.MkdirTemp("", "recursor-testbed-")
	if err != nil {
		return errors.Join(err, servers.Close())
	}
	defer func() { _ = os.RemoveAll(dir) }() // the system tidies its temporary folder too
	o.path = filepath.Join(dir, testbedConfig)
	d, err := testbedDaemon(w, o, std)
	if err != nil {
		return errors.Join(err, servers.Close())
	}
	return together(ctx, servers.Run, d.Run)
}

// testbedDaemon is the resolver, which prints what to ask once it can be asked.
func testbedDaemon(w *world.World, o testbedOptions, std stdio) (*daemon.Daemon, error) {
	if err := writeTestbed(w, o); err != nil {
		return nil, err
	}
	c, err := daemon.Load(o.path)
	if err != nil {
		return nil, err
	}
	return daemon.New(c, daemon.NewLogger(c, std.err), func([]netip.AddrPort) {
		printTestbed(std.out, w, o.resolver)
		if r, err := daemon.Profile(c); err == nil { // without an encrypted transport there is none
			fmt.Fprintf(std.out, "\nEncrypted:\n%s\n", strings.Join(r.Trial(strings.TrimSuffix(w.Names[0].Name, ".")), "\n"))
		}
		fmt.Fprintf(std.out, "ready: %d servers, and the resolver at %s\n", len(w.Servers), o.resolver)
	})
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
