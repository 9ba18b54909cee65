package daemon

import (
	"fmt"
	"os"
	"time"

	"recursor/daemon/config"
	"recursor/dns/domain"
	"recursor/dns/text"
	"recursor/dns/wire"
	"recursor/recursor/delegation"
)

// hints reads root hints from a zone file; "" is the embedded list.
func hints(path string) (*delegation.Point, error) {
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
			return p, nil
		}
	}
	return nil, fmt.Errorf("root-hints: %s has no NS records of the root; "+
		"write them and their A and AAAA records, or remove the key for the embedded list", path)
}

// configured makes the Points of stub and forward zones.
func configured(z config.Zones) []*delegation.Point {
	var out []*delegation.Point
	add := func(kind delegation.Kind, zones []config.Zone) {
		for _, z := range zones {
			out = append(out, &delegation.Point{Zone: z.Name, Kind: kind, Addrs: z.To, First: z.First})
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
