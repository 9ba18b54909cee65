package main

import (
	"fmt"
	"io"
	"net/netip"
	"os"
	"path/filepath"

	"recursor/testbed/sim/world"
)

// Files of the testbed's configuration.
const (
	testbedHints   = "root.hints"
	testbedAnchors = "root.ds"
	testbedConfig  = "recursor.yaml"
)

// Ports of the testbed's encrypted transports.
const (
	testbedTLS   = 8853
	testbedHTTPS = 8443
)

// writeTestbed writes the configuration for a resolver over the world, with
// hints and anchor beside it.
func writeTestbed(w *world.World, o testbedOptions) error {
	listen, state := fmt.Sprintf("dns: [%q]", o.resolver), `"off"`
	if o.encrypted {
		tls, https := netip.AddrPortFrom(o.resolver.Addr(), testbedTLS), netip.AddrPortFrom(o.resolver.Addr(), testbedHTTPS)
		listen += fmt.Sprintf(", dot: [%q], doh: [%q], doq: [%[1]q]", tls, https)
		state = "state" // keeps the certificate
	}
	for name, text := range map[string]string{
		filepath.Join(filepath.Dir(o.path), testbedHints):   w.Hints(),
		filepath.Join(filepath.Dir(o.path), testbedAnchors): w.Anchors(),
		o.path: fmt.Sprintf("# A resolver over `recursor testbed`.\nlisten: {%s}\nroot-hints: %s\ntrust-anchors: [%s]\n"+
			"upstream: {port: %d, allow-special-addresses: true}\naccess: {snoop: [127.0.0.0/8, \"::1\"]}\nstate: %s\nlog: {level: warn}\n",
			listen, testbedHints, testbedAnchors, o.port, state),
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
