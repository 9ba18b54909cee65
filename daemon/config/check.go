package config

import (
	"fmt"
	"net/netip"
	"slices"
)

// check finds values that are good each by itself and do not go together.
func (r *reader) check(c *Config) {
	r.checkTLS(&c.TLS)
	r.checkListeners(c)
	r.checkFamilies(c)
	r.checkZones(c)
	r.checkOrder(c)
}

func (r *reader) checkListeners(c *Config) {
	// What binds the same port of the same protocol, in the order of the table.
	overUDP, overTCP := map[netip.AddrPort]string{}, map[netip.AddrPort]string{}
	for _, l := range []struct {
		at       string
		addrs    []netip.AddrPort
		udp, tcp bool
	}{
		{"listen.dns", c.Listen.DNS, true, true},
		{"listen.dot", c.Listen.DoT, false, true},
		{"listen.doh", c.Listen.DoH, c.DoH.HTTP3 && !c.DoH.Plain, true},
		{"listen.doq", c.Listen.DoQ, true, false},
	} {
		for i, a := range l.addrs {
			for _, bound := range []struct {
				used bool
				by   map[netip.AddrPort]string
				what string
			}{{l.tcp, overTCP, "TCP"}, {l.udp, overUDP, "UDP"}} {
				if !bound.used || a.Port() == 0 {
					continue
				}
				if before, taken := bound.by[a]; taken {
					at := fmt.Sprintf("%s[%d]", l.at, i)
					var item *node
					if n := r.set[l.at]; n != nil && i < len(n.items) {
						item = n.items[i]
					}
					r.report(item, at, fmt.Sprintf("%s over %s is %s already", a, bound.what, before), "choose another port")
					break
				}
				bound.by[a] = l.at
			}
		}
	}
}

func (r *reader) checkFamilies(c *Config) {
	if !c.Upstream.IPv4 && !c.Upstream.IPv6 {
		// Both are on by default, so the file says it of both.
		r.report(r.set["upstream.ipv6"], "upstream.ipv6", "IPv4 and IPv6 are both switched off: no server can be asked",
			"set upstream.ipv4 or upstream.ipv6 to true")
		return
	}
	for i, a := range c.Upstream.Source {
		family, used := "ipv4", c.Upstream.IPv4
		if a.Is6() {
			family, used = "ipv6", c.Upstream.IPv6
		}
		if !used {
			at := fmt.Sprintf("upstream.source[%d]", i)
			r.report(r.set["upstream.source"].items[i], at, fmt.Sprintf("%s is never used: upstream.%s is false", a, family),
				fmt.Sprintf("remove it, or set upstream.%s to true", family))
		}
	}
}

func (r *reader) checkZones(c *Config) {
	for i, s := range c.Zones.Stub {
		same := slices.IndexFunc(c.Zones.Forward, func(f Zone) bool { return f.Name == s.Name })
		if same >= 0 {
			at := fmt.Sprintf("zones.stub[%d]", i)
			r.report(r.set["zones.stub"].items[i], at, fmt.Sprintf("%s is zones.forward[%d] too", s.Name, same),
				"a zone is either forwarded or a stub: remove one of the two")
		}
	}
	r.checkLoops(c, "zones.forward", c.Zones.Forward)
	r.checkLoops(c, "zones.stub", c.Zones.Stub)
}

// checkLoops refuses zones that are served by ourselves: each query would wait
// for another one of its kind.
func (r *reader) checkLoops(c *Config, at string, zones []Zone) {
	for i, z := range zones {
		for _, to := range z.To {
			if slices.ContainsFunc(c.Listen.DNS, func(own netip.AddrPort) bool { return own.Port() != 0 && own == to }) {
				r.report(r.set[at].items[i], fmt.Sprintf("%s[%d].to", at, i), fmt.Sprintf("%s is this resolver itself (listen.dns)", to),
					"name another server, or another port")
			}
		}
	}
}

// checkOrder holds limits against those that contain them. Where the file sets
// the outer one only, the inner one follows it.
func (r *reader) checkOrder(c *Config) {
	table := map[string]key{}
	for _, k := range c.keys() {
		table[k.path] = k
	}
	for _, pair := range limitsWithinLimits() {
		inner, outer := table[pair[0]], table[pair[1]]
		in, most := inner.value.(magnitude), outer.value.(magnitude).magnitude()
		switch set := r.set[inner.path]; {
		case in.magnitude() <= most:
		case set == nil:
			in.lower(most)
		default:
			r.report(set, inner.path, fmt.Sprintf("%s is more than %s, which is %s", inner.value.lines()[0], outer.path, outer.value.lines()[0]),
				fmt.Sprintf("lower it, or raise %s", outer.path))
		}
	}
}

// magnitude is a value with an order; the limits of a pair have one unit.
type magnitude interface {
	magnitude() int64
	lower(to int64)
}
