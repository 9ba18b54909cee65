package serve

import (
	"sync/atomic"

	"recursor/dns/wire"
	"recursor/frontend"
)

// Source is where the answer to a client came from.
type Source uint8

// Sources.
const (
	// AtHand: made here, without anything that was resolved.
	AtHand Source = iota
	// Finished: octets of an earlier answer.
	Finished
	// Resolved: the Resolver's, be it from its cache, or its failure.
	Resolved
	// Stale: the Resolver's, past its TTL (RFC 8767).
	Stale
	numSources
)

// String is the name for metrics.
func (s Source) String() string {
	switch s {
	case AtHand:
		return "at-hand"
	case Finished:
		return "finished"
	case Resolved:
		return "resolved"
	case Stale:
		return "stale"
	default:
		return "unknown"
	}
}

const (
	numTransports = frontend.DoQ + 1
	// otherRCode is where RCODEs are counted that have no place of their own.
	otherRCode = wire.NotZone + 1
	numRCodes  = otherRCode + 1

	lanes     = 32
	cacheLine = 128 // twice the line of common processors: some fetch lines in pairs
	laneLen   = int(numTransports) * int(numSources) * int(numRCodes) * 8
)

// counts are how many answers of each kind were given.
type counts [numTransports][numSources][numRCodes]atomic.Uint64

// counters are counts for each lane, apart from each other, so that two
// processors do not write the same cache line.
type counters [lanes]struct {
	counts
	_ [cacheLine - laneLen%cacheLine]byte
}

func (c *counters) add(r *request, s Source, rc wire.RCode) {
	c[r.lane%lanes].counts[min(r.transport, frontend.DoQ)][s][min(rc, otherRCode)].Add(1)
}

// Count is how many answers of a kind were given.
type Count struct {
	Transport frontend.Transport
	Source    Source
	RCode     wire.RCode // where Other, any without a place of its own
	Other     bool
	N         uint64
}

// InProgress is how many queries wait for the Resolver.
func (h *Handler) InProgress() int { return h.resolutions.InProgress() }

// Refreshes is how many answers were fetched anew before they ended.
func (h *Handler) Refreshes() uint64 { return uint64(h.refreshes.begun.Load()) }

// Stats are the counts that are not 0, of no single moment.
func (h *Handler) Stats() []Count {
	var all []Count
	for t := range numTransports {
		for s := range numSources {
			for rc := range numRCodes {
				var n uint64
				for i := range h.counters {
					n += h.counters[i].counts[t][s][rc].Load()
				}
				if n > 0 {
					all = append(all, Count{t, s, rc, rc == otherRCode, n})
				}
			}
		}
	}
	return all
}
