package udp

import (
	"encoding/binary"
	"net"
	"net/netip"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// blaster is a client that asks in batches and allocates nothing.
type blaster struct {
	t        testing.TB
	raw      syscall.RawConn
	ring     *ring
	calls    calls
	received int // of the round
	sendAll  func(fd uintptr) bool
	readSome func(fd uintptr) bool
}

func newBlaster(t testing.TB, to netip.AddrPort) *blaster {
	t.Helper()
	network, family := "udp4", uint16(unix.AF_INET)
	if to.Addr().Is6() {
		network, family = "udp6", unix.AF_INET6
	}
	conn, err := net.ListenUDP(network, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	raw, err := conn.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	b := &blaster{t: t, raw: raw, ring: newRing(to.Addr().Is6(), false), calls: systemCalls()}
	for i := range batchSize {
		msg := query(uint16(i+1), wantHit)
		b.ring.outVec[i].SetLen(copy(b.ring.outBuffer[i][:], msg))
		name := &b.ring.to[i]
		name.family = family
		binary.BigEndian.PutUint16(name.port[:], to.Port())
		if addr := to.Addr(); addr.Is6() {
			copy(name.rest[addr6At:], addr.AsSlice())
		} else {
			copy(name.rest[:], addr.AsSlice())
		}
	}
	b.sendAll = func(fd uintptr) bool {
		if n, errno := b.calls.send(fd, &b.ring.out[0], batchSize); errno != 0 || n != batchSize {
			b.t.Errorf("sent %d: %v", n, errno)
		}
		return true
	}
	b.readSome = func(fd uintptr) bool {
		n, errno := b.calls.receive(fd, &b.ring.in[0], batchSize)
		if errno == unix.EAGAIN {
			return false
		}
		if errno != 0 {
			b.t.Error(errno)
			b.received = batchSize
			return true
		}
		b.received += n
		b.ring.rearm(n)
		return true
	}
	return b
}

// rounds asks and awaits so many batches.
func (b *blaster) rounds(n int) {
	for range n {
		b.received = 0
		if err := b.raw.Write(b.sendAll); err != nil {
			b.t.Fatal(err)
		}
		for b.received < batchSize {
			if err := b.raw.Read(b.readSome); err != nil {
				b.t.Fatal(err)
			}
		}
	}
}

// A round is a batch of 32 queries, the client's work included.
func BenchmarkRound(b *testing.B) {
	for name, plain := range map[string]bool{"batches": false, "plain": true} {
		b.Run(name, func(b *testing.B) {
			o := options(echo{})
			o.Plain = plain
			l := New(o)
			if err := l.Listen(); err != nil {
				b.Fatal(err)
			}
			ended := make(chan error)
			go func() { ended <- l.Run(b.Context()) }()
			client := newBlaster(b, l.Addrs()[0])
			b.ReportAllocs()
			client.rounds(b.N)
			b.StopTimer()
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*batchSize), "ns/query")
			b.Cleanup(func() { <-ended })
		})
	}
}
