package main

import (
	"context"
	"fmt"
	"net/netip"

	"go.uber.org/zap"

	"recursor/daemon"
)

// serve runs the resolver until a signal ends it.
func serve(ctx context.Context, args []string, std stdio) int {
	f := newFlags("serve", "[--config FILE]",
		"Runs the resolver. Without a configuration it listens on 127.0.0.1:5300, UDP and TCP, and walks from the\n"+
			"embedded root hints. SIGTERM and interrupt end it in good order.")
	path := f.String("config", "", "the configuration `FILE`")
	if code, ok := parseFlags(f, args, std); !ok {
		return code
	}
	if f.NArg() > 0 {
		return misused(f, std, fmt.Sprintf("unexpected argument %q", f.Arg(0)))
	}
	c, err := daemon.Load(*path)
	if err != nil {
		fmt.Fprintf(std.err, "recursor serve: %v\n", err)
		return exitFailed
	}
	c, remark := daemon.TuneMemory(c)
	log := daemon.NewLogger(c, std.err)
	if remark != "" {
		log.Warn(remark)
	}
	defer func() { _ = log.Sync() }() // a terminal cannot be synced, and that is no failure
	d, err := daemon.New(c, log, func(addrs []netip.AddrPort) {
		log.Info("ready", zap.Stringers("listening", addrs))
	})
	if err == nil {
		err = d.Run(ctx)
	}
	if err != nil {
		fmt.Fprintf(std.err, "recursor serve: %v\n", err)
		return exitFailed
	}
	log.Info("stopped")
	return exitOK
}
