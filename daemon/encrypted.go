package daemon

import (
	"crypto/tls"
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
func (d *Daemon) encrypted(h frontend.Handler, limits frontend.Limits, misses *frontend.Gate) (all []frontend.Listener, source *tlsconf.Source, err error) {
	c := d.c
	if len(c.Listen.Encrypted()) == 0 {
		return nil, nil, nil
	}
	o := certificates(c, d.state, d.clock, d.watch)
	o.Changed = d.designate
	if shown(c) {
		if source, err = tlsconf.New(o); err != nil {
			return nil, nil, err
		}
	}
	// One admission for all: a client has as many connections whatever they speak.
	connections := frontend.NewConnections(limits, d.clock)
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
		if c.DoH.ProxyHeader == config.ProxyForwarded {
			o.ProxyHeader = doh.Forwarded
		}
		if c.DoH.HTTP2 == config.HTTP2Library {
			o.HTTP2 = doh.Library
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

// shown reports whether any listener shows certificates.
func shown(c *config.Config) bool {
	return len(c.Listen.DoT)+len(c.Listen.DoQ) > 0 || len(c.Listen.DoH) > 0 && !c.DoH.Plain
}

// certificates is where the certificates come from.
func certificates(c *config.Config, state State, k clock.Clock, watch observe.Observer) tlsconf.Options {
	o := tlsconf.Options{Clock: k, Seeds: random.Secure{}, Watch: watch, Folder: state.Folder, Pairs: pairs(c)}
	if c.TLS.Minimum == config.TLS13 {
		o.Minimum = tls.VersionTLS13
	}
	o.Names, o.Addrs = wanted(c, ownAddrs())
	return o
}

// pairs are the files of the certificates.
func pairs(c *config.Config) []tlsconf.Pair {
	var all []tlsconf.Pair
	for _, p := range c.TLS.Pairs() {
		all = append(all, tlsconf.Pair(p))
	}
	return all
}

// wanted is what a certificate that is made here is for: the names of this host
// and the addresses that are listened at, those for unencrypted queries too,
// since clients that discover the encrypted listeners by these look for them in
// the certificate (RFC 9462 §4.2). own are the addresses of this host.
func wanted(c *config.Config, own []netip.Addr) (names []string, addrs []netip.Addr) {
	if !c.TLS.Name.IsZero() {
		names = append(names, hostText(c.TLS.Name))
	}
	if host, err := os.Hostname(); err == nil && host != localhost && !slices.Contains(names, host) {
		names = append(names, host)
	}
	names = append(names, localhost)
	at := slices.Concat(c.Listen.Encrypted(), c.Listen.DNS)
	addrs = listened(at, own)
	for _, a := range own { // those who ask from here
		wide := func(at netip.AddrPort) bool { return at.Addr().IsUnspecified() && at.Addr().Is4() == a.Is4() }
		if a.IsLoopback() && !slices.Contains(addrs, a) && slices.ContainsFunc(at, wide) {
			addrs = append(addrs, a)
		}
	}
	return names, addrs
}
