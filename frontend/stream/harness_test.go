package stream

import (
	"encoding/binary"
	"errors"
	"io"
	"net/netip"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"recursor/clock"
	"recursor/frontend"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// What a query asks of the scripted handler, by its first octet behind the
// header. Other queries are hits.
const (
	wantHit       = 'h'
	wantMiss      = 'm'
	wantSilence   = 's'
	wantNoReply   = 'n'
	wantHitPanic  = 'p'
	wantMissPanic = 'q'
	wantTwice     = 't' // a miss that replies twice
	wantLate      = 'l' // a miss that keeps reply for later
	wantLong      = 'L' // a miss with an answer of 60,000 octets
	wantTooLong   = 'T' // a miss with an answer that no frame holds
	wantFull      = 'F' // a hit that fills dst
)

// scripted answers with the query, QR set.
type scripted struct {
	panics  chan any      // what the clock was told
	gated   bool          // inBubble makes release and entered
	release chan struct{} // misses wait for a value, where it is not nil
	entered chan struct{} // one for each miss that began, where it is not nil

	mu   sync.Mutex
	seen []frontend.Query
	late func([]byte)
}

// count is how many queries it saw.
func (h *scripted) count() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.seen)
}

func (h *scripted) saw(q *frontend.Query) {
	kept := *q
	kept.Message = slices.Clone(q.Message)
	h.mu.Lock()
	h.seen = append(h.seen, kept)
	h.mu.Unlock()
}

func (h *scripted) Hit(q *frontend.Query, dst []byte) (int, bool) {
	h.saw(q)
	if len(q.Message) > 12 {
		switch q.Message[12] {
		case wantMiss, wantNoReply, wantMissPanic, wantTwice, wantLate, wantLong, wantTooLong:
			return 0, false
		case wantSilence:
			return 0, true
		case wantHitPanic:
			panic("a broken handler")
		case wantFull:
			copy(dst, response(q.Message))
			return len(dst), true
		}
	}
	return copy(dst, response(q.Message)), true
}

func (h *scripted) Miss(q *frontend.Query, reply func([]byte)) {
	if h.entered != nil {
		h.entered <- struct{}{}
	}
	if h.release != nil {
		<-h.release
	}
	msg := response(q.Message)
	switch q.Message[12] {
	case wantNoReply:
	case wantMissPanic:
		panic("a broken resolver")
	case wantTwice:
		reply(msg)
		reply(msg)
	case wantLate:
		h.mu.Lock()
		h.late = reply
		h.mu.Unlock()
	case wantLong:
		reply(append(msg, make([]byte, 60_000)...))
	case wantTooLong:
		reply(append(msg, make([]byte, frontend.MaxMessage)...))
	default:
		reply(msg)
	}
}

func response(msg []byte) []byte {
	msg = slices.Clone(msg)
	msg[2] |= 0x80
	return msg
}

// query is a message with an ID that asks the scripted handler for want.
func query(id uint16, want byte) []byte {
	msg := make([]byte, 13)
	binary.BigEndian.PutUint16(msg, id)
	msg[12] = want
	return msg
}

// frames are messages as they travel.
func frames(msgs ...[]byte) []byte {
	var octets []byte
	for _, msg := range msgs {
		octets = Append(octets, msg)
	}
	return octets
}

// queries are the frames of n queries that want the same, IDs from first.
func queries(first uint16, n int, want byte) []byte {
	var octets []byte
	for i := range uint16(n) {
		octets = Append(octets, query(first+i, want))
	}
	return octets
}

// idsWritten are the IDs of the messages of each write.
func (m *memory) idsWritten(t *testing.T) [][]uint16 {
	t.Helper()
	m.mu.Lock()
	defer m.mu.Unlock()
	var all [][]uint16
	for _, octets := range m.writes {
		var ids []uint16
		for msg, rest, ok := Next(octets); ok; msg, rest, ok = Next(rest) {
			ids = append(ids, binary.BigEndian.Uint16(msg))
			octets = rest
		}
		if len(octets) != 0 {
			t.Errorf("a write ends in the middle of a frame: %x", octets)
		}
		all = append(all, ids)
	}
	return all
}

// pair is a server and a client of it, connected in memory.
type pair struct {
	t      *testing.T
	server *Server
	far    *memory // the server's end
	*memory
}

// client is an address that the tests come from.
func client() netip.AddrPort { return netip.MustParseAddrPort("192.0.2.1:4242") }

func newServer(h frontend.Handler, l frontend.Limits, panics chan any) *Server {
	c := clock.NewReal()
	c.OnPanic = func(_ string, recovered any, _ []byte) { panics <- recovered }
	return New(Options{Handler: h, Clock: c, Transport: frontend.TCP, Limits: l})
}

func connect(t *testing.T, s *Server, from netip.AddrPort) *pair {
	near, far := newMemory()
	s.Take(far, from, netip.MustParseAddrPort("192.0.2.53:53"))
	return &pair{t: t, server: s, far: far, memory: near}
}

// inBubble runs a test on a server, in time that passes when nothing can run.
func inBubble(t *testing.T, h *scripted, l frontend.Limits, test func(p *pair)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		if h.gated {
			h.release, h.entered = make(chan struct{}), make(chan struct{}, 10_000)
		}
		h.panics = make(chan any, 10)
		p := connect(t, newServer(h, l, h.panics), client())
		test(p)
		_ = p.Close() // never fails
		if h.gated {
			close(h.release)
		}
		p.server.End()
		if len(h.panics) > 0 {
			t.Errorf("panic: %v", <-h.panics)
		}
		if n := p.server.o.Connections.Open(); n != 0 {
			t.Errorf("%d connections are open at the end", n)
		}
		if n := p.server.o.Misses.In(); n != 0 {
			t.Errorf("%d misses are in progress at the end", n)
		}
	})
}

// send writes and waits until the server has done what it can.
func (p *pair) send(octets []byte) {
	p.t.Helper()
	if _, err := p.Write(octets); err != nil {
		p.t.Error(err)
	}
	synctest.Wait()
}

// receive reads the next message.
func (p *pair) receive() []byte {
	p.t.Helper()
	length := make([]byte, 2)
	if _, err := io.ReadFull(p.memory, length); err != nil {
		p.t.Fatalf("no answer: %v", err)
	}
	msg := make([]byte, binary.BigEndian.Uint16(length))
	if _, err := io.ReadFull(p.memory, msg); err != nil {
		p.t.Fatalf("part of an answer: %v", err)
	}
	return msg
}

// want reads answers and compares their IDs.
func (p *pair) want(ids ...uint16) {
	p.t.Helper()
	for _, id := range ids {
		msg := p.receive()
		if got := binary.BigEndian.Uint16(msg); got != id || msg[2]&0x80 == 0 {
			p.t.Errorf("answered %d, want %d", got, id)
		}
	}
}

// wantClosedAfter waits for the server to close the connection.
func (p *pair) wantClosedAfter(least, most time.Duration) {
	p.t.Helper()
	began := time.Now() //nolint:forbidigo // the bubble's time
	n, err := p.Read(make([]byte, 1))
	took := time.Since(began) //nolint:forbidigo // the bubble's time
	if !errors.Is(err, io.EOF) {
		p.t.Fatalf("read %d octets, %v; want the end", n, err)
	}
	if took < least || took > most {
		p.t.Errorf("closed after %v, want %v to %v", took, least, most)
	}
}

// pass lets time pass.
func pass(d time.Duration) { clock.NewReal().NewSignal().Wait(d) }

func (p *pair) wantCounts(want map[frontend.Counter]uint64) {
	p.t.Helper()
	synctest.Wait()
	want[frontend.Accepted] = max(1, want[frontend.Accepted]) // the pair itself
	for c, n := range p.server.Stats().N {
		if c := frontend.Counter(c); n != want[c] {
			p.t.Errorf("%v = %d, want %d", c, n, want[c])
		}
	}
}
