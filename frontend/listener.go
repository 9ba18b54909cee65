package frontend

import (
	"context"
	"errors"
	"net/netip"

	"recursor/clock"
)

// Listener serves one transport on its addresses.
type Listener interface {
	// Listen binds all addresses or none; its error is a *ListenError.
	Listen() error
	// Addrs are the addresses that Listen bound, ports chosen by the system
	// included.
	Addrs() []netip.AddrPort
	// Run serves until ctx ends, finishes what is in progress and frees the
	// sockets. It returns when all its goroutines have; nil, but for a failure
	// that no later try would mend.
	Run(ctx context.Context) error
	// Close frees what Listen bound, where Run will not be called.
	Close()
	// Stats is what was counted so far.
	Stats() Stats
}

// Group is several listeners with one life.
type Group struct {
	Clock     clock.Clock
	Listeners []Listener
}

// Listen binds all addresses of all listeners, or none.
func (g Group) Listen() error {
	for i, l := range g.Listeners {
		if err := l.Listen(); err != nil {
			for _, bound := range g.Listeners[:i] {
				bound.Close()
			}
			return err
		}
	}
	return nil
}

// Close frees what Listen bound.
func (g Group) Close() {
	for _, l := range g.Listeners {
		l.Close()
	}
}

// Addrs are the addresses of all listeners.
func (g Group) Addrs() []netip.AddrPort {
	var all []netip.AddrPort
	for _, l := range g.Listeners {
		all = append(all, l.Addrs()...)
	}
	return all
}

// Stats are the counts of each listener, in their order.
func (g Group) Stats() []Stats {
	all := make([]Stats, len(g.Listeners))
	for i, l := range g.Listeners {
		all[i] = l.Stats()
	}
	return all
}

// Run runs all listeners. When one fails the others end.
func (g Group) Run(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	ended := make(chan error, len(g.Listeners))
	for _, l := range g.Listeners {
		g.Clock.Go("listener", func() {
			err := errors.New("listener: stopped by a panic")
			defer func() { ended <- err }()
			err = l.Run(ctx)
		})
	}
	var all error
	for range g.Listeners {
		if err := <-ended; err != nil {
			all = errors.Join(all, err)
			cancel()
		}
	}
	return all
}
