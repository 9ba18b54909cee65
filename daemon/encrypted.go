package daemon

import (
	"net/netip"
	"os"
	"slices"

	"recursor/clock"
	"recursor/daemon/config"
	"recursor/frontend"
	"recursor/frontend/doh"
	"recursor/frontend/doq"
	"recursor/frontend/dot"
	"recursor/frontend/tlsconf"
	"recursor/observe"
	"recursor/random"
)

// encrypted are the listeners of the encrypted transports, with the one source
// of certificates that they share; nil where there are none.
func (d *Daemon) encrypted(h frontend.Handler, limits frontend.Limits, misses *frontend.Gate) ([]frontend.Listener, *tlsconf.Source, error) {
	c := d.c
	if len(c.Listen.DoT)+len(c.Listen.DoH)+len(c.Listen.DoQ) == 0 {
		return nil, nil, nil
	}
	source, err := tlsconf.New(certificates(c, d.clock, d.watch))
	if err != nil {
		return nil, nil, err
	}
	// One admission for all: a client has as many connections whatever they speak.
	connections := frontend.NewConnections(limits, d.clock)
	var all []frontend.Listener
	if len(c.Listen.DoT) > 0 {
		all = append(all, dot.New(dot.Options{
			Addrs: c.Listen.DoT, Handler: h, Clock: d.clock, TLS: source.Config(dot.Protocol),
			Limits: limits, Connections: connections, Misses: misses,
		}))
	}
	if len(c.Listen.DoH) > 0 {
		overTCP, overQUIC := doh.Protocols()
		o := doh.Options{
			Addrs: c.Listen.DoH, Handler: h, Clock: d.clock, Path: c.DoH.Path, Proxies: c.DoH.Proxies,
			Limits: limits, Connections: connections, Misses: misses, Seeds: random.Secure{},
		}
		if !c.DoH.Plain {
			o.TLS = source.Config(overTCP...)
		}
		if !c.DoH.Plain && c.DoH.HTTP3 {
			o.QUIC = source.Config(overQUIC...)
		}
		all = append(all, doh.New(o))
	}
	if len(c.Listen.DoQ) > 0 {
		all = append(all, doq.New(doq.Options{
			Addrs: c.Listen.DoQ, Handler: h, Clock: d.clock, TLS: source.Config(doq.Protocol), EarlyData: c.DoQ.EarlyData,
			Limits: limits, Connections: connections, Misses: misses, Seeds: random.Secure{},
		}))
	}
	return all, source, nil
}

// certificates is where the certificates come from. One that is made here is for
// this host's name and the addresses that are listened at.
func certificates(c *config.Config, k clock.Clock, watch observe.Observer) tlsconf.Options {
	o := tlsconf.Options{Clock: k, Seeds: random.Secure{}, Watch: watch, Names: []string{"localhost"}}
	if c.TLS.Certificate != "" {
		o.Pairs = []tlsconf.Pair{{Certificate: c.TLS.Certificate, Key: c.TLS.Key}}
	}
	if name, err := os.Hostname(); err == nil && name != "localhost" {
		o.Names = append(o.Names, name)
	}
	for _, at := range slices.Concat(c.Listen.DoT, c.Listen.DoH, c.Listen.DoQ) {
		if !at.Addr().IsUnspecified() && !slices.Contains(o.Addrs, at.Addr()) {
			o.Addrs = append(o.Addrs, at.Addr())
		}
	}
	if len(o.Addrs) == 0 {
		o.Addrs = []netip.Addr{netip.IPv6Loopback(), netip.AddrFrom4([4]byte{127, 0, 0, 1})}
	}
	return o
}
