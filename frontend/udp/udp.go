package udp

import (
	"cmp"
	"context"
	"errors"
	"net/netip"
	"os"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"recursor/clock"
	"recursor/frontend"
)

// bufferSize is the room for a packet, either way: what an Ethernet carries.
// No resolver advertises a payload above it (RFC 9715 §3.1), so neither side
// has a reason to send more. A multiple of the cache line that is no power of
// two, so that the buffers of a batch do not fall on the same lines.
const bufferSize = 1536

// batchSize is the number of packets that one system call takes.
const batchSize = 32

// kernelQueue is what is asked of the kernel for a socket's queues.
const kernelQueue = 4 << 20

// Options are the settings of a Listener.
type Options struct {
	// Addrs to serve. Port 0 lets the system choose, once for all workers.
	Addrs   []netip.AddrPort
	Handler frontend.Handler
	Clock   clock.Clock
	// Workers on each address; 0 is one per CPU that Go uses (GOMAXPROCS).
	Workers int
	// Misses bounds the misses in progress; nil is a Gate of this listener's
	// own, as wide as the default of frontend.Limits.
	Misses *frontend.Gate
	// Key is the key of the configuration that errors name; listen.dns if empty.
	Key string
	// Plain takes a packet a call where batches would be possible. It is there
	// to compare with.
	Plain bool
}

// Listener serves clients over UDP. It implements frontend.Listener.
type Listener struct {
	o        Options
	addrs    []netip.AddrPort
	sockets  []*socket
	workers  []worker
	counters []*frontend.Counters
	stopping atomic.Bool
	working  sync.WaitGroup // workers
	missing  sync.WaitGroup // misses in progress
	unused   sync.Pool      // of *miss
	calls    calls          // the system calls of a batch; tests count them
	grace    time.Duration  // for a last answer, where the kernel's queue is full
}

// worker reads and answers until it is stopped. It may be called again after a
// panic, and goes on with what it had not served.
type worker interface {
	serve() error
}

var _ frontend.Listener = (*Listener)(nil)

// New makes a Listener. It binds nothing.
func New(o Options) *Listener {
	if o.Workers <= 0 {
		o.Workers = runtime.GOMAXPROCS(0)
	}
	if o.Misses == nil {
		o.Misses = frontend.NewGate(frontend.Limits{}.WithDefaults().Misses)
	}
	o.Key = cmp.Or(o.Key, "listen.dns")
	return &Listener{o: o, calls: systemCalls(), grace: 2 * time.Second}
}

// Listen implements frontend.Listener.
func (l *Listener) Listen() error {
	for _, addr := range l.o.Addrs {
		if err := l.bind(addr); err != nil {
			l.Close()
			return &frontend.ListenError{Key: l.o.Key, Transport: frontend.UDP, Addr: addr, Err: err}
		}
	}
	return nil
}

// Addrs implements frontend.Listener.
func (l *Listener) Addrs() []netip.AddrPort { return slices.Clone(l.addrs) }

// Close implements frontend.Listener.
func (l *Listener) Close() {
	for _, s := range l.sockets {
		_ = s.conn.Close() // nothing of it is in use
	}
	l.sockets, l.workers, l.addrs = nil, nil, nil
}

// Stats implements frontend.Listener.
func (l *Listener) Stats() frontend.Stats { return frontend.Sum(frontend.UDP, l.counters) }

// Run implements frontend.Listener. Packets that the kernel still holds when
// ctx ends are not answered.
func (l *Listener) Run(ctx context.Context) error {
	failed := make(chan error, len(l.workers))
	for _, w := range l.workers {
		l.working.Add(1)
		l.start(w, failed)
	}
	var err error
	select {
	case <-ctx.Done():
	case err = <-failed:
	}
	l.stopping.Store(true)
	l.deadlines(time.Unix(1, 0), l.o.Clock.Now().TTL.Add(l.grace))
	l.working.Wait()
	l.deadlines(time.Unix(1, 0), time.Time{})
	l.missing.Wait()
	for _, s := range l.sockets {
		_ = s.conn.Close() // all was sent that will be
	}
	return err
}

// deadlines sets when reading and writing end, on all sockets.
func (l *Listener) deadlines(read, write time.Time) {
	for _, s := range l.sockets {
		_ = s.conn.SetReadDeadline(read) // fails on a closed socket only, which wakes everybody too
		_ = s.conn.SetWriteDeadline(write)
	}
}

// start runs w in a goroutine. A panic ends that goroutine, where the clock
// reports it, and another takes w's place.
func (l *Listener) start(w worker, failed chan<- error) {
	l.o.Clock.Go("udp worker", func() {
		panicked := true
		defer func() {
			if panicked {
				l.start(w, failed)
				return
			}
			l.working.Done()
		}()
		err := w.serve()
		panicked = false
		if err != nil && !errors.Is(err, os.ErrDeadlineExceeded) {
			failed <- err
		}
	})
}

// newCounters makes the counters of one more worker.
func (l *Listener) newCounters() *frontend.Counters {
	c := new(frontend.Counters)
	l.counters = append(l.counters, c)
	return c
}
