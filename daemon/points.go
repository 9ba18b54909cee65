package daemon

import (
	"fmt"
	"net/netip"
	"os"
	"time"

	"recursor/daemon/config"
	"recursor/dns/domain"
	"recursor/dns/text"
	"recursor/dns/wire"
	"recursor/recursor/delegation"
)

// hints reads root hints from a zone file; "" is the embedded list. Some address
// of the file must be one that may be asked at port.
func hints(path string, usable delegation.Usable, port uint16) (*delegation.Point, error) {
	if path == "" {
		return delegation.RootHints(), nil
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("root-hints: %w; name a file that exists and that this user may read", err)
	}
	sets, err := text.ParseRRs(string(data), domain.Root())
	if err != nil {
		return nil, fmt.Errorf("root-hints: %s: %w", path, err)
	}
	for i := range sets {
		if sets[i].Type == wire.TypeNS && sets[i].Name.IsRoot() {
			p := delegation.FromReferral(&sets[i], sets, delegation.DefaultMaxServers, time.Time{})
			p.Hints = true
			return p, reachable(p, path, usable, port)
		}
	}
	return nil, fmt.Errorf("root-hints: %s has no NS records of the root; "+
		"write them and their A and AAAA records, or remove the key for the embedded list", path)
}

// reachable reports what is wrong with hints that walks cannot begin at.
func reachable(p *delegation.Point, path string, usable delegation.Usable, port uint16) error {
	var refused netip.Addr
	for i := range p.Servers {
		for _, a := range p.Servers[i].Addrs {
			if usable.Allows(netip.AddrPortFrom(a, port)) {
				return nil
			}
			refused = a
		}
	}
	if !refused.IsValid() {
		return fmt.Errorf("root-hints: %s has no A or AAAA record of a name server of the root, such as of %s; "+
			"write them into it, or remove the key for the embedded list", path, p.Servers[0].Name)
	}
	return fmt.Errorf("root-hints: no address in %s may be asked, such as %s; set upstream.allow-special-addresses "+
		"where your root servers have such addresses, or see upstream.ipv4 and upstream.ipv6", path, refused)
}

// configured makes the Points of stub and forward zones.
func configured(z config.Zones) []*delegation.Point {
	var out []*delegation.Point
	add := func(kind delegation.Kind, zones []config.Zone) {
		for _, z := range zones {
			out = append(out, &delegation.Point{Zone: z.Name, Kind: kind, Addrs: z.To, First: z.First, TCP: z.TCP})
		}
	}
	add(delegation.Forward, z.Forward)
	add(delegation.Stub, z.Stub)
	return out
}

// names are the names of the configured zones: they are resolved, whatever is
// special about them elsewhere (RFC 6761 §6.2, RFC 8375 §4).
func names(points []*delegation.Point) []domain.Name {
	out := make([]domain.Name, len(points))
	for i, p := range points {
		out[i] = p.Zone
	}
	return out
}
