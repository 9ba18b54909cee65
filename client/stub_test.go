package client_test

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"net/netip"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/miekg/dns"

	"recursor/client"
	"recursor/clock"
	"recursor/dns/domain"
	"recursor/dns/wire"
	"recursor/random"
)

// server answers at one port of 127.0.0.1, UDP and TCP. What answer returns is sent, message by message.
type server struct {
	addr     netip.AddrPort
	udp, tcp atomic.Int32 // queries that came
}

func serve(t *testing.T, answer func(q *dns.Msg, tcp bool) [][]byte) *server {
	t.Helper()
	pc, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &server{addr: netip.MustParseAddrPort(pc.LocalAddr().String())}
	ln, err := net.Listen("tcp", s.addr.String())
	if err != nil {
		t.Skipf("port %d is free for UDP only: %v", s.addr.Port(), err)
	}
	done := make(chan struct{}, 2)
	go func() {
		defer func() { done <- struct{}{} }()
		buf := make([]byte, 65535)
		for {
			n, from, err := pc.ReadFrom(buf)
			if err != nil {
				return
			}
			s.udp.Add(1)
			for _, m := range answer(parse(t, buf[:n]), false) {
				_, _ = pc.WriteTo(m, from) // a client may have gone
			}
		}
	}()
	go func() {
		defer func() { done <- struct{}{} }()
		for {
			conn, err := ln.Accept()
			if err != nil {
				return
			}
			s.stream(t, conn, answer)
		}
	}()
	t.Cleanup(func() {
		_ = pc.Close()
		_ = ln.Close()
		<-done
		<-done
	})
	return s
}

// stream serves one connection to its end.
func (s *server) stream(t *testing.T, conn net.Conn, answer func(*dns.Msg, bool) [][]byte) {
	defer conn.Close()
	for {
		var length [2]byte
		if _, err := io.ReadFull(conn, length[:]); err != nil {
			return
		}
		buf := make([]byte, binary.BigEndian.Uint16(length[:]))
		if _, err := io.ReadFull(conn, buf); err != nil {
			return
		}
		s.tcp.Add(1)
		all := answer(parse(t, buf), true)
		if all == nil {
			return // hangs up
		}
		for _, m := range all {
			_, _ = conn.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(m))), m...)) // as above
		}
	}
}

func parse(t *testing.T, b []byte) *dns.Msg {
	m := new(dns.Msg)
	if err := m.Unpack(b); err != nil {
		t.Errorf("query %x: %v", b, err)
	}
	return m
}

// reply is a good answer, which change may spoil.
func reply(t *testing.T, q *dns.Msg, change func(*dns.Msg)) []byte {
	m := new(dns.Msg)
	m.SetReply(q)
	m.Answer = []dns.RR{&dns.A{
		Hdr: dns.RR_Header{Name: q.Question[0].Name, Rrtype: dns.TypeA, Class: dns.ClassINET, Ttl: 60}, A: net.IP{192, 0, 2, 1},
	}}
	if change != nil {
		change(m)
	}
	b, err := m.Pack()
	if err != nil {
		t.Error(err)
	}
	return b
}

func www(s *server) client.Question {
	return client.Question{Server: s.addr, Name: domain.MustParse("www.example."), Type: wire.TypeA, RD: true, Timeout: 5 * time.Second}
}

// TestAskSends what the question says, and nothing else.
func TestAskSends(t *testing.T) {
	for _, tc := range []struct {
		name   string
		change func(*client.Question)
		want   func(*dns.Msg)
	}{
		{"usual", func(*client.Question) {}, func(m *dns.Msg) { m.SetEdns0(1232, false) }},
		{"flags", func(q *client.Question) { q.RD, q.AD, q.CD = false, true, true }, func(m *dns.Msg) {
			m.RecursionDesired, m.AuthenticatedData, m.CheckingDisabled = false, true, true
			m.SetEdns0(1232, false)
		}},
		{"plain", func(q *client.Question) { q.NoEDNS = true }, func(*dns.Msg) {}},
		{"EDNS", func(q *client.Question) { q.DO, q.Payload, q.NSID = true, 4000, true }, func(m *dns.Msg) {
			m.SetEdns0(4000, true)
			m.IsEdns0().Option = []dns.EDNS0{&dns.EDNS0_NSID{Code: dns.EDNS0NSID}}
		}},
		{"class", func(q *client.Question) { q.Class, q.Type = wire.ClassCH, 65280 }, func(m *dns.Msg) {
			m.Question[0].Qclass, m.Question[0].Qtype = dns.ClassCHAOS, 65280
			m.SetEdns0(1232, false)
		}},
	} {
		for _, tcp := range []bool{false, true} {
			sent := make(chan string, 1)
			s := serve(t, func(q *dns.Msg, _ bool) [][]byte {
				b := reply(t, q, nil)
				q.Id = 0
				sent <- q.String()
				return [][]byte{b}
			})
			q := www(s)
			q.TCP = tcp
			tc.change(&q)
			r, err := new(client.Stub).Ask(t.Context(), q)
			if err != nil {
				t.Fatal(err)
			}
			want := new(dns.Msg)
			want.SetQuestion("www.example.", dns.TypeA)
			want.Id = 0
			tc.want(want)
			if got := <-sent; got != want.String() {
				t.Errorf("%s: sent\n%s\nwant\n%s", tc.name, got, want)
			}
			if r.TCP != tcp || r.Retried || r.Server != s.addr || r.At.IsZero() || r.Took <= 0 {
				t.Errorf("%s: reply %+v", tc.name, r)
			}
		}
	}
}

// TestAskWaitsForItsReply: what does not match the query is passed over (RFC 5452 §9.1).
func TestAskWaitsForItsReply(t *testing.T) {
	for _, tcp := range []bool{false, true} {
		s := serve(t, func(q *dns.Msg, _ bool) [][]byte {
			bad := func(change func(*dns.Msg)) []byte {
				return reply(t, q, func(m *dns.Msg) {
					m.Answer[0].(*dns.A).A = net.IP{192, 0, 2, 66}
					change(m)
				})
			}
			return [][]byte{
				bad(func(m *dns.Msg) { m.Id++ }),
				bad(func(m *dns.Msg) { m.Response = false }),
				bad(func(m *dns.Msg) { m.Opcode = dns.OpcodeStatus }),
				bad(func(m *dns.Msg) { m.Question[0].Name = "www.example.org." }),
				bad(func(m *dns.Msg) { m.Question[0].Qtype = dns.TypeAAAA }),
				bad(func(m *dns.Msg) { m.Question = nil }),
				{1, 2, 3},
				reply(t, q, nil),
			}
		})
		q := www(s)
		q.TCP = tcp
		r, err := new(client.Stub).Ask(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		if data, _ := r.Data(); data != "192.0.2.1\n" {
			t.Errorf("by TCP %v: %q", tcp, data)
		}
	}
}

// TestAskTruncated: the rest comes by TCP, unless the question wants to see the truncated reply.
func TestAskTruncated(t *testing.T) {
	s := serve(t, func(q *dns.Msg, tcp bool) [][]byte {
		return [][]byte{reply(t, q, func(m *dns.Msg) {
			if m.Truncated = !tcp; m.Truncated {
				m.Answer = nil
			}
		})}
	})
	r, err := new(client.Stub).Ask(t.Context(), www(s))
	if data, _ := r.Data(); err != nil || !r.TCP || !r.Retried || data != "192.0.2.1\n" {
		t.Errorf("%+v, %v, %q", r, err, data)
	}
	q := www(s)
	q.KeepTruncated = true
	if r, err = new(client.Stub).Ask(t.Context(), q); err != nil || r.TCP || r.Retried || s.tcp.Load() != 1 {
		t.Errorf("%+v, %v, %d queries by TCP", r, err, s.tcp.Load())
	}
}

// TestAskTries again where nothing comes, as often as the question says.
func TestAskTries(t *testing.T) {
	for _, tc := range []struct {
		lost  int32
		tries int
		sent  int32
		ok    bool
	}{{0, 0, 1, true}, {2, 0, 3, true}, {3, 0, 3, false}, {1, 1, 1, false}, {4, 5, 5, true}} {
		var s *server
		ready := make(chan struct{})
		s = serve(t, func(q *dns.Msg, _ bool) [][]byte {
			<-ready
			if s.udp.Load() <= tc.lost {
				return nil
			}
			return [][]byte{reply(t, q, nil)}
		})
		close(ready)
		q := www(s)
		q.Tries = tc.tries
		if q.Timeout = 20 * time.Millisecond; tc.ok {
			q.Timeout = 100 * time.Millisecond // a slow machine must not cost a try
		}
		r, err := new(client.Stub).Ask(t.Context(), q)
		if (err == nil) != tc.ok || !tc.ok && !errors.Is(err, client.ErrNoReply) || s.udp.Load() != tc.sent {
			t.Errorf("%+v: %+v, %v, %d sent", tc, r, err, s.udp.Load())
		}
	}
}

// TestAskFails with what the network says.
func TestAskFails(t *testing.T) {
	hangsUp := serve(t, func(*dns.Msg, bool) [][]byte { return nil })
	q := www(hangsUp)
	q.TCP = true
	if _, err := new(client.Stub).Ask(t.Context(), q); !errors.Is(err, client.ErrNoReply) || !errors.Is(err, io.EOF) {
		t.Errorf("hangs up: %v", err)
	}
	closed, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	q.Server = netip.MustParseAddrPort(closed.LocalAddr().String())
	_ = closed.Close()
	for _, q.TCP = range []bool{false, true} {
		if _, err := new(client.Stub).Ask(t.Context(), q); !errors.Is(err, syscall.ECONNREFUSED) {
			t.Errorf("nobody there, by TCP %v: %v", q.TCP, err)
		}
	}
	q = www(hangsUp)
	q.Server = netip.AddrPortFrom(netip.MustParseAddr("::1"), hangsUp.addr.Port())
	q.Timeout, q.Tries = 20*time.Millisecond, 1
	if r, err := new(client.Stub).Ask(t.Context(), q); err == nil {
		t.Errorf("another address: %+v", r)
	}
}

// TestAskEnds when its context does, not when its time is over.
func TestAskEnds(t *testing.T) {
	for _, tcp := range []bool{false, true} {
		ctx, cancel := context.WithCancel(t.Context())
		s := serve(t, func(*dns.Msg, bool) [][]byte {
			cancel()
			return [][]byte{}
		})
		q := www(s)
		q.TCP, q.Timeout = tcp, time.Hour
		if r, err := new(client.Stub).Ask(ctx, q); err == nil {
			t.Errorf("by TCP %v: %+v", tcp, r)
		}
	}
}

// TestStubOwnParts: the clock and the IDs may be the caller's, each by itself.
func TestStubOwnParts(t *testing.T) {
	sent := make(chan uint16, 3)
	s := serve(t, func(q *dns.Msg, _ bool) [][]byte {
		sent <- q.Id
		return [][]byte{reply(t, q, nil)}
	})
	fixed := clock.NewReal()
	for _, stub := range []*client.Stub{
		{Seeds: &random.Replay{Seed: 5}}, {Clock: fixed, Seeds: &random.Replay{Seed: 5}}, {Clock: fixed},
	} {
		if _, err := stub.Ask(t.Context(), www(s)); err != nil {
			t.Fatal(err)
		}
	}
	want := (&random.Replay{Seed: 5}).Stream().Uint16()
	for range 2 {
		if id := <-sent; id != want {
			t.Errorf("ID %d, the first of the seed is %d", id, want)
		}
	}
}

// TestStubServesMany at once.
func TestStubServesMany(t *testing.T) {
	s := serve(t, func(q *dns.Msg, _ bool) [][]byte { return [][]byte{reply(t, q, nil)} })
	var stub client.Stub
	errs := make(chan error, 50)
	for range cap(errs) {
		go func() {
			r, err := stub.Ask(t.Context(), www(s))
			if err == nil && !strings.Contains(string(r.Message), "\x03www\x07example") {
				err = errors.New("another's reply")
			}
			errs <- err
		}()
	}
	for range cap(errs) {
		if err := <-errs; err != nil {
			t.Error(err)
		}
	}
}
