package daemon

import (
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"recursor/daemon/config"
	"recursor/dns/domain"
	"recursor/dns/ede"
	"recursor/frontend"
	"recursor/frontend/doh"
	"recursor/frontend/doq"
	"recursor/frontend/dot"
	"recursor/frontend/tlsconf"
	"recursor/zone"
)

// endpoint is where a transport is served.
type endpoint struct {
	transport frontend.Transport
	at        netip.AddrPort
}

// designate tells clients that ask without encryption of the encrypted listeners.
func (d *Daemon) designate() {
	if d.tls == nil {
		return
	}
	var live []endpoint
	for _, l := range d.listeners.Listeners {
		for _, at := range l.Addrs() {
			live = append(live, endpoint{l.Stats().Transport, at})
		}
	}
	d.engine.Discovery.Set(designation(d.c, live, d.tls.Leaves(), ownAddrs()))
}

// designation is what there is to tell: the encrypted endpoints whose certificate
// covers their address, as clients verify that know nothing else (RFC 9462 §4.2),
// or the resolver's name. own are the addresses of this host.
func designation(c *config.Config, live []endpoint, leaves []*tlsconf.Leaf, own []netip.Addr) zone.Designation {
	name, covered := resolverName(c, leaves)
	d := zone.Designation{Info: information(c)}
	if covered {
		d.Name = name
	}
	for _, e := range live {
		kind, ok := kindOf(c, e.transport)
		if !ok {
			continue
		}
		kind.Port = e.at.Port()
		kind.Addrs = designated(e.at.Addr(), leaves, covered, own)
		if len(kind.Addrs) == 0 {
			continue
		}
		same := slices.IndexFunc(d.Endpoints, func(o zone.Endpoint) bool {
			return o.Port == kind.Port && slices.Equal(o.Protocols, kind.Protocols)
		})
		if same < 0 {
			d.Endpoints = append(d.Endpoints, kind)
			continue
		}
		merged := append(d.Endpoints[same].Addrs, kind.Addrs...)
		slices.SortFunc(merged, netip.Addr.Compare)
		d.Endpoints[same].Addrs = slices.Compact(merged)
	}
	return d
}

// Ports that clients assume (RFC 9461 §4.2).
const (
	portDoT   = 853
	portHTTPS = 443
	portDoQ   = 853
)

// kindOf is an endpoint of a transport without port and addresses; false for
// those that have nothing to discover.
func kindOf(c *config.Config, t frontend.Transport) (zone.Endpoint, bool) {
	switch {
	case t == frontend.DoT:
		return zone.Endpoint{Protocols: []string{dot.Protocol}, Standard: portDoT}, true
	case t == frontend.DoQ:
		return zone.Endpoint{Protocols: []string{doq.Protocol}, Standard: portDoQ}, true
	case t == frontend.DoH && !c.DoH.Plain:
		overTCP, overQUIC := doh.Protocols()
		protocols := overTCP[:1] // HTTP/1.1 is the least that is assumed, and needs no telling
		if c.DoH.HTTP3 {
			protocols = slices.Concat(protocols, overQUIC)
		}
		return zone.Endpoint{Protocols: protocols, Standard: portHTTPS, Template: c.DoH.Path + "{?dns}"}, true
	default:
		return zone.Endpoint{}, false
	}
}

// resolverName is the name by which clients know this resolver, and whether a
// certificate covers it. Unless configured it is the first name in a certificate
// that is one host's, and that others can look up: localhost, and what a host
// calls itself without a domain, mean another host to each of them.
func resolverName(c *config.Config, leaves []*tlsconf.Leaf) (name domain.Name, covered bool) {
	if !c.TLS.Name.IsZero() {
		return c.TLS.Name, tlsconf.First(leaves, hostText(c.TLS.Name)) != nil
	}
	for _, l := range leaves {
		for _, text := range l.DNSNames {
			n, err := domain.Parse(text)
			if err == nil && n.Labels() > 1 && !n.IsWildcard() {
				return n, true
			}
		}
	}
	return domain.Name{}, false
}

const localhost = "localhost"

// hostText is a name as certificates and URIs have it.
func hostText(n domain.Name) string { return strings.TrimSuffix(n.String(), ".") }

// designated are the addresses of an endpoint that clients may be told: those
// that a certificate covers, or all where it covers the name by which they are
// told.
func designated(at netip.Addr, leaves []*tlsconf.Leaf, named bool, own []netip.Addr) []netip.Addr {
	addrs := []netip.Addr{at}
	if at.IsUnspecified() {
		addrs = reached(at, own)
	}
	if named {
		return addrs
	}
	return slices.DeleteFunc(addrs, func(a netip.Addr) bool { return tlsconf.First(leaves, a.String()) == nil })
}

// reached are the addresses at which others reach a listener at all addresses of
// a family; where there are none, those of loopback.
func reached(all netip.Addr, own []netip.Addr) []netip.Addr {
	var far, near []netip.Addr
	for _, a := range own {
		switch {
		case a.Is4() != all.Is4():
		case a.IsLoopback():
			near = append(near, a)
		default:
			far = append(far, a)
		}
	}
	if len(far) > 0 {
		return far
	}
	return near
}

// maxOwn bounds the addresses of this host that are looked at: machines that
// carry containers have thousands.
const maxOwn = 32

// ownAddrs are the addresses of this host that others may know it by.
func ownAddrs() []netip.Addr {
	nets, err := net.InterfaceAddrs()
	if err != nil {
		return nil // then a listener at all addresses is designated by none
	}
	var own []netip.Addr
	for _, n := range nets {
		p, err := netip.ParsePrefix(n.String())
		if a := p.Addr().Unmap(); err == nil && !a.IsLinkLocalUnicast() && !slices.Contains(own, a) && len(own) < maxOwn {
			own = append(own, a)
		}
	}
	return own
}

// information is what RESINFO says (RFC 9606 §5).
func information(c *config.Config) []string {
	var info []string
	if c.Upstream.Minimise != config.MinimiseOff {
		info = append(info, "qnamemin")
	}
	return append(info, "exterr="+ranges(reportable(c)))
}

// reportable are the codes that clients may be told (RFC 8914), ascending.
func reportable(c *config.Config) []ede.Code {
	codes := []ede.Code{
		ede.Other, ede.CachedError, ede.NotReady, ede.Prohibited, ede.NotAuthoritative, ede.NotSupported,
		ede.NoReachableAuthority, ede.NetworkError, ede.InvalidData, ede.InvalidQueryType,
	}
	if c.ServeStale.Enabled {
		codes = append(codes, ede.StaleAnswer, ede.StaleNXDomain)
	}
	if c.Validation.Mode != config.ValidationOff {
		codes = append(codes, ede.UnsupportedDNSKEY, ede.UnsupportedDSDigest, ede.DNSSECIndeterminate, ede.DNSSECBogus,
			ede.SignatureExpired, ede.SignatureNotYetValid, ede.DNSKEYMissing, ede.RRSIGsMissing, ede.NoZoneKeyBit,
			ede.NSECMissing, ede.SignatureExpiredEarly, ede.UnsupportedNSEC3Iter, ede.NegativeTrustAnchor)
	}
	slices.Sort(codes)
	return codes
}

// ranges writes ascending codes as RFC 9606 §5 has them: 1-3,5.
func ranges(codes []ede.Code) string {
	var b strings.Builder
	for i := 0; i < len(codes); {
		end := i
		for end+1 < len(codes) && codes[end+1] == codes[end]+1 {
			end++
		}
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(strconv.Itoa(int(codes[i])))
		if end > i {
			b.WriteString("-" + strconv.Itoa(int(codes[end])))
		}
		i = end + 1
	}
	return b.String()
}
