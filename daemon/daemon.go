package daemon

import (
	"context"
	"errors"
	"net/netip"

	"go.uber.org/zap"

	"recursor/cache"
	"recursor/clock"
	"recursor/daemon/config"
	"recursor/frontend"
	"recursor/frontend/tcp"
	"recursor/frontend/udp"
	"recursor/observe"
	"recursor/observe/log"
	"recursor/random"
	"recursor/recursor"
	"recursor/recursor/delegation"
	"recursor/recursor/infra"
	"recursor/recursor/iterate"
	"recursor/serve"
	"recursor/transport"
	"recursor/transport/stream"
	upstream "recursor/transport/udp"
	"recursor/zone"
)

// Daemon is a whole resolver. Make it with New.
type Daemon struct {
	c     *config.Config
	log   *zap.Logger
	clock *clock.Real
	watch observe.Observer

	cache     *cache.Cache
	udp       *upstream.Exchanger
	tcp       *stream.Exchanger
	resolver  *recursor.Resolver
	listeners frontend.Group
	ready     func([]netip.AddrPort)
}

// New makes the objects of a configuration. It reads files, and neither listens
// nor starts anything. Ready, where not nil, is called once clients are served.
func New(c *config.Config, l *zap.Logger, ready func([]netip.AddrPort)) (*Daemon, error) {
	d := &Daemon{c: c, log: l, clock: clock.NewReal(), ready: ready}
	d.watch = log.New(l, d.clock)
	d.clock.FixedSignature = c.Validation.FixedTime
	d.clock.OnPanic = func(what string, recovered any, stack []byte) {
		d.watch.Observe(observe.Panicked{What: what, Recovered: recovered, Stack: stack})
	}
	root, err := hints(c.RootHints)
	if err != nil {
		return nil, err
	}
	d.cache = cache.New(cache.Options{
		Size:           int64(c.Cache.Size),
		MaxTTL:         c.Limits.MaxTTL,
		MaxNegativeTTL: c.Limits.MaxNegativeTTL,
		FailureFirst:   c.Limits.FailureTTLFirst,
		FailureCeiling: c.Limits.FailureTTLCeiling,
	})
	d.udp = upstream.New(upstream.Options{Clock: d.clock})
	d.tcp = stream.New(stream.Options{
		Clock: d.clock, MaxConns: c.Limits.UpstreamTCPConnections, Idle: c.Limits.UpstreamTCPIdle,
	})
	d.resolver = recursor.New(recursor.Parts{
		Clock: d.clock,
		Net:   transport.Route{UDP: d.udp, TCP: d.tcp},
		Cache: d.cache,
		Seeds: random.Secure{},
	}, d.recursorOptions(root, configured(c.Zones)))
	return d, nil
}

// recursorOptions are the settings of the resolver.
func (d *Daemon) recursorOptions(root *delegation.Point, zones []*delegation.Point) recursor.Options {
	c, l := d.c, &d.c.Limits
	return recursor.Options{
		Walk: iterate.Options{
			Limits: iterate.Limits{
				Sends: l.UpstreamSends, SendsPerName: l.UpstreamSendsPerName, Octets: int(l.UpstreamOctets),
				Depth: l.Depth, Referrals: l.Referrals, Aliases: l.Aliases,
				NSLookups: l.NSLookups, NSLookupsBeside: l.NSLookupsAtOnce, Servers: l.NSPerDelegation,
				Records: l.RecordsPerRRset, BogusServers: l.ServersAfterBogus, Work: l.WorkTime,
				Minimised: l.MinimiseSteps, OneLabel: l.MinimiseOneLabel,
			},
			Minimise: minimise(c.Upstream.Minimise),
			Payload:  uint16(c.Upstream.Payload),
			Case:     c.Upstream.CaseRandomisation,
			Cookies:  c.Upstream.Cookies,
			Priming:  c.Upstream.Priming,
			Port:     c.Upstream.Port,
			Usable: delegation.Usable{
				Special: c.Upstream.AllowSpecialAddresses,
				NoIPv4:  !c.Upstream.IPv4, NoIPv6: !c.Upstream.IPv6,
				Own: c.Listen.DNS,
			},
			Sources: c.Upstream.Source,
		},
		Timing: infra.Timing{
			Sends: l.SendsPerQuestion,
			First: l.FirstTimeout, Ceiling: l.TimeoutCeiling, Patience: infra.DefaultTiming().Patience,
			DownAfter: l.DownAfter, DownFirst: l.DownFirst, DownCeiling: l.DownCeiling,
		},
		Delegations: delegation.Options{Hints: root, Configured: zones, MaxTTL: l.MaxTTL},
		Answer:      l.AnswerTime,
	}
}

func minimise(m config.Minimise) iterate.Minimise {
	switch m {
	case config.MinimiseOff:
		return iterate.Off
	case config.MinimiseStrict:
		return iterate.Strict
	default:
		return iterate.Relaxed
	}
}

// Run serves until ctx ends, finishes what is in progress, and returns when
// nothing of it runs any more. An error at the start names the key and the
// remedy.
func (d *Daemon) Run(ctx context.Context) error {
	// What is upstream outlives the listeners, so that they can finish.
	work, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	handler := serve.New(work, d.serveOptions())
	d.listen(handler)
	if err := d.listeners.Listen(); err != nil {
		return err
	}
	ended := make(chan error, 2)
	d.clock.Go("upstream udp", func() { ended <- d.udp.Run(work) })
	d.clock.Go("upstream tcp", func() { ended <- d.tcp.Run(work) })

	if d.ready != nil {
		d.ready(d.listeners.Addrs())
	}
	err := d.listeners.Run(ctx)
	stop()
	for range cap(ended) {
		err = errors.Join(err, <-ended)
	}
	return err
}

// listen makes the listeners of the configuration.
func (d *Daemon) listen(h frontend.Handler) {
	l := &d.c.Limits
	limits := frontend.Limits{
		Misses: l.Resolutions, Connections: l.TCPConnections, ConnectionsPerClient: l.TCPConnectionsPerClient,
		FirstQuery: l.TCPFirstQuery, Idle: l.TCPIdle, Write: l.TCPWrite, Outstanding: l.TCPOutstanding,
	}
	misses := frontend.NewGate(l.Resolutions)
	d.listeners = frontend.Group{Clock: d.clock, Listeners: []frontend.Listener{
		udp.New(udp.Options{Addrs: d.c.Listen.DNS, Handler: h, Clock: d.clock, Workers: d.c.Workers, Misses: misses}),
		tcp.New(tcp.Options{Addrs: d.c.Listen.DNS, Handler: h, Clock: d.clock, Limits: limits, Misses: misses}),
	}}
}

// serveOptions are the settings of the client pipeline.
func (d *Daemon) serveOptions() serve.Options {
	c, l := d.c, &d.c.Limits
	o := serve.Options{
		Clock: d.clock, Resolver: resolver{d.resolver}, Observer: d.watch, Random: random.Secure{},
		Allow: c.Access.Allow, Snoop: c.Access.Snoop,
		Identity: c.Identity, Version: c.Version, NSID: []byte(c.NSID),
		UDPDeadline: l.UDPAnswerTime, Deadline: l.AnswerTime, Idle: l.TCPIdle,
		Resolutions: l.Resolutions, ResolutionsPerClient: l.ResolutionsPerClient,
	}
	if c.LocalZones.SpecialUse {
		o.Zones = zone.Special().Transparent(names(configured(c.Zones))...)
	}
	return o
}
