package udp

import (
	"context"
	"net"
	"net/netip"
	"sync"
)

// portable is sockets on package net: a goroutine per exchange reads. It is
// what other systems than Linux have, and the plain twin of epoll in tests.
type portable struct {
	x       *Exchanger
	readers sync.WaitGroup
	buffers sync.Pool // of *[MaxReply + 1]byte
}

func newPortable(x *Exchanger) sockets {
	return &portable{x: x, buffers: sync.Pool{New: func() any { return new([MaxReply + 1]byte) }}}
}

func (*portable) begin() error { return nil }

func (p *portable) open(e *exchange) error {
	network, from := "udp4", netip.IPv4Unspecified()
	if e.server.Addr().Is6() {
		network, from = "udp6", netip.IPv6Unspecified()
	}
	if e.query.From.IsValid() {
		from = e.query.From.Unmap()
	}
	dialer := net.Dialer{Control: control}
	err := e.bindPort(func(port uint16) (err error) {
		e.conn, err = dialer.DialUDP(context.Background(), network, netip.AddrPortFrom(from, port), e.server)
		return err
	})
	if err != nil {
		return err
	}
	if _, err = e.conn.Write(e.query.Message); err == nil {
		err = p.x.arm(e, func() error { p.readers.Add(1); return nil })
	}
	if err != nil {
		_ = e.conn.Close()
		return err
	}
	p.x.clock.Go("udp: reply of "+e.server.String(), func() {
		defer p.readers.Done()
		p.read(e)
	})
	return nil
}

func (*portable) close(e *exchange) { _ = e.conn.Close() }

func (*portable) serve(ctx context.Context) error {
	<-ctx.Done()
	return nil
}

func (p *portable) end() { p.readers.Wait() }

// read reads until there is an outcome or the socket is closed.
func (p *portable) read(e *exchange) {
	buf, _ := p.buffers.Get().(*[MaxReply + 1]byte)
	defer p.buffers.Put(buf)
	for {
		n, from, err := e.conn.ReadFromUDPAddrPort(buf[:])
		if err != nil && passing(err) {
			continue
		}
		outcome, over := failed(err), true
		if err == nil {
			outcome, over = e.sift(buf[:n], netip.AddrPortFrom(from.Addr().Unmap(), from.Port()))
		}
		if !over {
			continue
		}
		if p.x.claim(e) { // else it was cancelled, which may be why it failed
			p.x.finish(e, outcome)
		}
		return
	}
}
