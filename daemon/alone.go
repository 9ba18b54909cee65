package daemon

import (
	"context"
	"errors"

	"recursor/clock"
	"recursor/daemon/config"
	"recursor/frontend"
	"recursor/observe"
	"recursor/random"
	"recursor/recursor/delegation"
	"recursor/transport"
	"recursor/transport/stream"
	upstream "recursor/transport/udp"
	"recursor/trust"
)

// Alone is an Engine on the real network without listeners: for a command that
// asks something itself. Make it with NewAlone.
type Alone struct {
	Clock clock.Clock

	udp    *upstream.Exchanger
	tcp    *stream.Exchanger
	engine *Engine
}

// NewAlone makes the objects of a configuration. between is given the network
// and gives what shall stand in front of it, and who is told what happens.
func NewAlone(c *config.Config, between func(transport.Exchanger) (transport.Exchanger, observe.Observer)) (*Alone, error) {
	system := clock.NewReal()
	system.FixedSignature = c.Validation.FixedTime
	a := &Alone{Clock: system}
	if c.Clock.File != "" {
		faked, err := newFaked(c, system)
		if err != nil {
			return nil, err
		}
		a.Clock = faked
	}
	a.udp, a.tcp = exchangers(c, system)
	w := World{Clock: a.Clock, Seeds: random.Secure{}}
	w.Net, w.Watch = between(transport.Route{UDP: a.udp, TCP: a.tcp})
	var err error
	a.engine, err = NewEngine(c, w)
	return a, err
}

// exchangers are the ways to servers.
func exchangers(c *config.Config, k clock.Clock) (*upstream.Exchanger, *stream.Exchanger) {
	l := &c.Limits
	return upstream.New(upstream.Options{Clock: k, Misses: l.WrongReplies}), stream.New(stream.Options{
		Clock: k, Misses: l.WrongReplies,
		MaxConns: l.UpstreamTCPConnections, MaxPerServer: l.UpstreamTCPPerServer, MaxOutstanding: l.UpstreamTCPOutstanding,
		Connect: l.UpstreamTCPConnect, Idle: none(l.UpstreamTCPIdle),
	})
}

// Hints are the root servers that walks begin at.
func (a *Alone) Hints() *delegation.Point { return a.engine.world.Hints }

// Anchors are the trust anchors.
func (a *Alone) Anchors() *trust.Anchors { return a.engine.trust.fixed }

// Run lets do ask, and returns when nothing runs any more.
func (a *Alone) Run(ctx context.Context, do func(frontend.Handler)) error {
	work, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	ended := make(chan error, 2)
	a.Clock.Go("upstream udp", func() { ended <- a.udp.Run(work) })
	a.Clock.Go("upstream tcp", func() { ended <- a.tcp.Run(work) })
	do(a.engine.Handler(ctx))
	stop()
	var err error
	for range cap(ended) {
		err = errors.Join(err, <-ended)
	}
	return err
}
