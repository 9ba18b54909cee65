package daemon

import (
	"context"
	"errors"
	"net/netip"
	"os"
	"runtime/debug"
	"slices"
	"time"

	"go.uber.org/zap"

	"recursor/clock"
	"recursor/daemon/config"
	"recursor/frontend"
	"recursor/frontend/tcp"
	"recursor/frontend/tlsconf"
	"recursor/frontend/udp"
	"recursor/observe"
	"recursor/observe/log"
	"recursor/random"
	"recursor/transport"
	"recursor/transport/stream"
	upstream "recursor/transport/udp"
)

// keepGoroutines is how many goroutines wait for the next query with the stacks
// that the last one made them grow.
const keepGoroutines = 512

// Daemon is a whole resolver. Make it with New.
type Daemon struct {
	c         *config.Config
	clock     *clock.Real
	faked     *clock.Faked // nil: the engine goes by clock
	udp       *upstream.Exchanger
	tcp       *stream.Exchanger
	engine    *Engine
	watch     observe.Observer
	log       *zap.Logger
	listeners frontend.Group
	desk      desk
	tls       *tlsconf.Source // nil without encrypted listeners
	state     State
	release   func() // gives the folder of state back
	ready     func([]netip.AddrPort)
}

// New makes the objects of a configuration. It reads files, makes the folder for
// state and holds it until Run ends, and neither listens nor starts anything.
// ready, where not nil, is called once clients are served.
func New(c *config.Config, l *zap.Logger, ready func([]netip.AddrPort)) (*Daemon, error) {
	d := &Daemon{c: c, clock: clock.NewReal(), log: l, ready: ready}
	watch := log.New(l, d.clock)
	d.watch = watch
	d.clock.FixedSignature = c.Validation.FixedTime
	d.clock.Keep = keepGoroutines
	d.clock.OnPanic = func(what string, recovered any, stack []byte) {
		watch.Observe(observe.Panicked{What: what, Recovered: recovered, Stack: stack})
	}
	d.udp, d.tcp = exchangers(c, d.clock)
	if err := d.hold(); err != nil {
		return nil, err
	}
	if err := d.build(); err != nil {
		d.release()
		return nil, err
	}
	return d, nil
}

// hold takes the folder of state. Where it cannot be had nothing is kept; but
// whoever named a folder that another resolver has did not mean to.
func (d *Daemon) hold() (err error) {
	d.release = func() {}
	if d.state, err = OpenState(d.c); err == nil {
		var release func()
		if release, err = d.state.Hold(); err == nil {
			d.release = release
			return nil
		}
		if errors.Is(err, ErrStateTaken) && d.c.State != "" {
			return err
		}
		d.state = State{}
	}
	d.log.Warn("state is not kept: trust anchors are followed from what is configured, at each start anew; see the key state", zap.Error(err))
	if shown(d.c) && d.c.TLS.Certificate == "" {
		d.log.Warn("the self-signed certificate is not kept: its pin is another after each start")
	}
	return nil
}

// build makes the engine.
func (d *Daemon) build() (err error) {
	w := World{
		Clock: d.clock, Net: transport.Route{UDP: d.udp, TCP: d.tcp}, Seeds: random.NewShared(), Watch: d.watch,
		State: d.state, Built: built(),
	}
	if d.c.Clock.File != "" {
		if d.faked, err = newFaked(d.c, d.clock); errors.Is(err, clock.ErrNotWritten) {
			d.log.Warn("until then it is the time of the system", zap.Error(err)) // whoever starts us may write later
		} else if err != nil {
			return err
		}
		w.Clock, w.Built = d.faked, time.Time{} // which may well be before this program was
	}
	d.engine, err = NewEngine(d.c, w)
	return err
}

// Run serves until ctx ends, finishes what is in progress, and returns when
// nothing of it runs any more. An error at the start names the key and the
// remedy.
func (d *Daemon) Run(ctx context.Context) error {
	defer d.release()
	// What is upstream outlives the listeners, so that they can finish.
	work, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	// Resolutions end by themselves, within their time: the listeners wait for
	// them, and nothing else needs to end them.
	h := d.engine.Handler(context.Background())
	if err := d.listen(d.timed(h)); err != nil {
		return err
	}
	if err := d.bind(); err != nil {
		return err
	}
	if err := d.open(h); err != nil {
		return err
	}
	d.designate()
	defer d.clock.Release()
	ended := make(chan error, 6)
	d.clock.Go("upstream udp", func() { ended <- d.udp.Run(work) })
	d.clock.Go("upstream tcp", func() { ended <- d.tcp.Run(work) })
	d.clock.Go("operators", func() { ended <- d.desk.run(work, d.clock) })
	d.clock.Go("certificates", func() { ended <- d.tls.Run(work) })
	d.clock.Go("trust", func() { ended <- d.engine.Keep(work) })
	d.clock.Go("memory", func() { ended <- d.makeRoom(work) })

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

// makeRoom leaves the collector as GOGC wants it, where that is set.
func (d *Daemon) makeRoom(ctx context.Context) error {
	if os.Getenv("GOGC") != "" {
		return nil
	}
	used := func() int64 { return d.engine.Cache.Stats().Used + d.engine.Answers.Stats().Used }
	return makeRoom(ctx, d.clock, used, debug.SetGCPercent)
}

// bindTries is how often other ports are tried where any will do, and the one
// that the system chose for UDP is taken for TCP.
const bindTries = 16

// bind binds all addresses, or none.
func (d *Daemon) bind() error {
	var err error
	for range bindTries {
		if err = d.listeners.Listen(); err == nil || !slices.ContainsFunc(d.c.Listen.DNS, anyPort) {
			return err
		}
	}
	return err
}

func anyPort(a netip.AddrPort) bool { return a.Port() == 0 }

// listen makes the listeners of the configuration.
func (d *Daemon) listen(h frontend.Handler) error {
	l := &d.c.Limits
	limits := frontend.Limits{
		Connections: l.TCPConnections, ConnectionsPerClient: l.TCPConnectionsPerClient,
		FirstQuery: l.TCPFirstQuery, Idle: none(l.TCPIdle), Write: l.TCPWrite, Outstanding: l.TCPOutstanding,
		Handshakes: l.TLSHandshakes,
	}
	// Wider than the limit of resolutions, so that those beyond it are told so.
	misses := frontend.NewGate(l.Resolutions + l.Resolutions/4)
	overUDP := udp.New(udp.Options{Addrs: d.c.Listen.DNS, Handler: h, Clock: d.clock, Workers: d.c.Workers, Misses: misses})
	d.listeners = frontend.Group{Clock: d.clock, Listeners: []frontend.Listener{
		overUDP,
		tcp.New(tcp.Options{Beside: overUDP, Handler: h, Clock: d.clock, Limits: limits, Misses: misses}),
	}}
	encrypted, source, err := d.encrypted(h, limits, misses)
	d.listeners.Listeners = append(d.listeners.Listeners, encrypted...)
	d.tls = source
	return err
}
