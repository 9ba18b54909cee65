package stream

import (
	"io"
	"net"
	"os"
	"slices"
	"sync"
	"syscall"
	"time"

	"recursor/clock"
)

// memory is one end of a connection in memory that behaves as TCP does: octets
// are buffered up to a limit, each half ends by itself, and a wait is one that
// a synctest bubble sees.
type memory struct {
	in, out                     *half
	readDeadline, writeDeadline deadline

	mu     sync.Mutex
	writes [][]byte  // octets of each call of Write
	closed time.Time // zero: it is open
	asked  int       // octets that the last read had room for
}

// half is one direction.
type half struct {
	mu      sync.Mutex
	octets  []byte
	limit   int
	ended   bool          // no more octets come
	broken  error         // what reading says instead
	gone    bool          // nobody reads any more
	changed chan struct{} // closed at the next change
}

// kernelBuffer is what fits between the two ends.
const kernelBuffer = 1 << 20

// newMemory makes both ends.
func newMemory() (near, far *memory) {
	a := &half{limit: kernelBuffer, changed: make(chan struct{})}
	b := &half{limit: kernelBuffer, changed: make(chan struct{})}
	near, far = &memory{in: a, out: b}, &memory{in: b, out: a}
	for _, m := range []*memory{near, far} {
		m.readDeadline.passed = make(chan struct{})
		m.writeDeadline.passed = make(chan struct{})
	}
	return near, far
}

// change tells whoever waits. It has h.mu.
func (h *half) change() {
	close(h.changed)
	h.changed = make(chan struct{})
}

func (m *memory) Read(p []byte) (int, error) {
	m.mu.Lock()
	m.asked = len(p)
	m.mu.Unlock()
	for {
		if m.readDeadline.isPast() {
			return 0, os.ErrDeadlineExceeded
		}
		m.in.mu.Lock()
		n := copy(p, m.in.octets)
		m.in.octets = m.in.octets[n:]
		ended, broken, changed := m.in.ended, m.in.broken, m.in.changed
		if n > 0 {
			m.in.change()
		}
		m.in.mu.Unlock()
		switch {
		case n > 0 || len(p) == 0:
			return n, nil
		case broken != nil:
			return 0, broken
		case m.isClosed():
			return 0, net.ErrClosed
		case ended:
			return 0, io.EOF
		}
		select {
		case <-changed:
		case <-m.readDeadline.channel():
		}
	}
}

func (m *memory) Write(p []byte) (int, error) {
	m.mu.Lock()
	m.writes = append(m.writes, slices.Clone(p))
	m.mu.Unlock()
	written := 0
	for {
		if m.writeDeadline.isPast() {
			return written, os.ErrDeadlineExceeded
		}
		m.out.mu.Lock()
		if m.out.gone || m.out.ended {
			m.out.mu.Unlock()
			return written, syscall.EPIPE
		}
		n := min(len(p)-written, m.out.limit-len(m.out.octets))
		m.out.octets = append(m.out.octets, p[written:written+n]...)
		written += n
		if n > 0 {
			m.out.change()
		}
		changed := m.out.changed
		m.out.mu.Unlock()
		if written == len(p) {
			return written, nil
		}
		select {
		case <-changed:
		case <-m.writeDeadline.channel():
		}
	}
}

func (m *memory) isClosed() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return !m.closed.IsZero()
}

// CloseWrite ends the half that m writes.
func (m *memory) CloseWrite() error {
	m.out.mu.Lock()
	defer m.out.mu.Unlock()
	m.out.ended = true
	m.out.change()
	return nil
}

func (m *memory) Close() error {
	m.mu.Lock()
	if m.closed.IsZero() {
		m.closed = now()
	}
	m.mu.Unlock()
	_ = m.CloseWrite() // never fails
	m.in.mu.Lock()
	defer m.in.mu.Unlock()
	m.in.gone = true
	m.in.change()
	return nil
}

// reset closes m so that the other end reads an error.
func (m *memory) reset() {
	m.out.mu.Lock()
	m.out.broken = syscall.ECONNRESET
	m.out.mu.Unlock()
	_ = m.Close() // never fails
}

func (m *memory) SetReadDeadline(t time.Time) error  { return m.setDeadline(&m.readDeadline, t) }
func (m *memory) SetWriteDeadline(t time.Time) error { return m.setDeadline(&m.writeDeadline, t) }

func (m *memory) setDeadline(d *deadline, t time.Time) error {
	if m.isClosed() {
		return net.ErrClosed
	}
	d.set(t)
	return nil
}

// deadline is a moment that may be moved while somebody waits for it.
type deadline struct {
	mu     sync.Mutex
	timer  clock.Timer
	passed chan struct{} // closed when it has passed
	sets   int
}

func (d *deadline) channel() chan struct{} {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.passed
}

func (d *deadline) isPast() bool {
	select {
	case <-d.channel():
		return true
	default:
		return false
	}
}

func (d *deadline) set(t time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.sets++
	if d.timer != nil && !d.timer.Stop() {
		<-d.passed
	}
	d.timer = nil
	select {
	case <-d.passed:
		d.passed = make(chan struct{})
	default:
	}
	left := t.Sub(now())
	if left <= 0 {
		close(d.passed)
		return
	}
	passed := d.passed
	d.timer = clock.NewReal().AfterFunc(left, func() { close(passed) })
}
