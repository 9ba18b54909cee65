package sim

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"sync"
	"syscall"
	"time"

	"recursor/clock"
	"recursor/transport"
)

// Loopback puts the servers of an Internet on sockets, each at its own
// addresses and all at one port. The addresses must be this machine's, such as
// those of 127.0.0.0/8 and ::1.
//
// What a socket cannot do is left out: a server that ignores connections takes
// them and says nothing, and a reply from an address that no server has is not
// sent.
type Loopback struct {
	internet *Internet
	clock    *clock.Real
	port     uint16
	udp      map[netip.Addr]*net.UDPConn
	tcp      []*net.TCPListener
	nodes    map[netip.Addr]Node

	running sync.WaitGroup
	mu      sync.Mutex
	conns   map[net.Conn]struct{}
	closed  bool
	ended   chan struct{} // closed with it
}

// streamIdle is how long a connection may be idle.
const streamIdle = 30 * time.Second

// NewLoopback prepares to serve in at a port; 0 is one that is free.
func NewLoopback(in *Internet, port uint16) *Loopback {
	l := &Loopback{
		internet: in, clock: clock.NewReal(), port: port,
		udp: map[netip.Addr]*net.UDPConn{}, nodes: map[netip.Addr]Node{}, conns: map[net.Conn]struct{}{},
		ended: make(chan struct{}),
	}
	for _, s := range in.Servers {
		for _, a := range s.Addrs {
			l.nodes[a] = s
		}
		for _, a := range s.Dead {
			delete(l.nodes, a)
		}
	}
	return l
}

// Port is the port served, once Listen has returned.
func (l *Loopback) Port() uint16 { return l.port }

// Listen binds all sockets.
func (l *Loopback) Listen() error {
	const tries = 10
	var err error
	for range tries {
		if err = l.bind(); err == nil {
			return nil
		}
		l.close()
		if l.port != 0 {
			break
		}
	}
	return fmt.Errorf("%w (is the port taken, or the address none of this machine's?)", err)
}

// bind binds each address; where no port was asked for, that of the first.
func (l *Loopback) bind() error {
	port := l.port
	for _, s := range l.internet.Servers {
		for _, a := range s.Addrs {
			if l.nodes[a] == nil || l.udp[a] != nil {
				continue
			}
			bound, err := l.bindOne(a, port, s.Faults.TCP)
			switch {
			case err == nil:
				port = bound
			case a.Is6() && (errors.Is(err, syscall.EADDRNOTAVAIL) || errors.Is(err, syscall.EAFNOSUPPORT)):
				delete(l.nodes, a) // a machine without IPv6: as if nobody answered there
			default:
				return err
			}
		}
	}
	l.port = port
	return nil
}

func (l *Loopback) bindOne(a netip.Addr, port uint16, welcome Welcome) (uint16, error) {
	u, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(netip.AddrPortFrom(a, port)))
	if err != nil {
		return 0, err
	}
	l.udp[a] = u
	port = u.LocalAddr().(*net.UDPAddr).AddrPort().Port()
	if welcome == Refuses {
		return port, nil
	}
	t, err := net.ListenTCP("tcp", net.TCPAddrFromAddrPort(netip.AddrPortFrom(a, port)))
	if err != nil {
		return 0, err
	}
	l.tcp = append(l.tcp, t)
	return port, nil
}

// Close gives up what Listen bound, where Run is not to follow.
func (l *Loopback) Close() error {
	l.close()
	return nil
}

// close closes all sockets and connections.
func (l *Loopback) close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for a, u := range l.udp {
		_ = u.Close() // nothing is left to lose
		delete(l.udp, a)
	}
	for _, t := range l.tcp {
		_ = t.Close()
	}
	l.tcp = nil
	for c := range l.conns {
		_ = c.Close()
	}
	clear(l.conns)
}

// Run serves until ctx ends and everything it started has returned. Listen
// comes before.
func (l *Loopback) Run(ctx context.Context) error {
	for a, u := range l.udp {
		l.running.Go(func() { l.serveUDP(a, u) })
	}
	for _, t := range l.tcp {
		l.running.Go(func() { l.serveTCP(t) })
	}
	<-ctx.Done()
	l.mu.Lock()
	l.closed = true
	l.mu.Unlock()
	close(l.ended)
	l.close()
	l.running.Wait()
	return nil
}

func (l *Loopback) serveUDP(a netip.Addr, u *net.UDPConn) {
	buf := make([]byte, 65535)
	for {
		n, from, err := u.ReadFromUDPAddrPort(buf)
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			continue // such as a port unreachable that an answer met
		}
		from = netip.AddrPortFrom(from.Addr().Unmap(), from.Port())
		for _, r := range l.ask(a, from, transport.UDP, append([]byte(nil), buf[:n]...)) {
			l.later(r.Delay, func() { l.sendUDP(u, from, r) })
		}
	}
}

func (l *Loopback) sendUDP(u *net.UDPConn, to netip.AddrPort, r Reply) {
	if r.From.IsValid() {
		l.mu.Lock()
		other := l.udp[r.From.Addr()]
		l.mu.Unlock()
		if other == nil || r.From.Port() != l.port {
			return
		}
		u = other
	}
	if r.Port != 0 {
		to = netip.AddrPortFrom(to.Addr(), r.Port)
	}
	_, _ = u.WriteToUDPAddrPort(r.Message, to) // a datagram may get lost
}

// ask hands a message to the server at an address.
func (l *Loopback) ask(a netip.Addr, from netip.AddrPort, p transport.Proto, message []byte) []Reply {
	return l.nodes[a].Answer(Packet{
		At: l.clock.Now().TTL, From: from, To: netip.AddrPortFrom(a, l.port), Proto: p, Message: message,
	})
}

// later calls send after d; what is not sent when Run ends never is.
func (l *Loopback) later(d time.Duration, send func()) {
	if d <= 0 {
		send()
		return
	}
	l.clock.AfterFunc(d, send) // on a closed socket it fails, and nobody minds
}

func (l *Loopback) serveTCP(t *net.TCPListener) {
	for {
		c, err := t.AcceptTCP()
		if err != nil {
			if errors.Is(err, net.ErrClosed) {
				return
			}
			continue
		}
		if l.adopt(c) {
			l.running.Go(func() { l.converse(c) })
		}
	}
}

// adopt notes a connection, so that Run can end it.
func (l *Loopback) adopt(c net.Conn) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		_ = c.Close()
		return false
	}
	l.conns[c] = struct{}{}
	return true
}

// converse answers the queries of one connection (RFC 1035 §4.2.2).
func (l *Loopback) converse(c *net.TCPConn) {
	defer func() {
		_ = c.Close()
		l.mu.Lock()
		delete(l.conns, c)
		l.mu.Unlock()
	}()
	local, remote := c.LocalAddr().(*net.TCPAddr).AddrPort(), c.RemoteAddr().(*net.TCPAddr).AddrPort()
	a := local.Addr().Unmap()
	if door, ok := l.nodes[a].(Door); ok && door.Connect() == Ignores {
		_, _ = io.Copy(io.Discard, c)
		return
	}
	for {
		if err := c.SetReadDeadline(l.clock.Now().TTL.Add(streamIdle)); err != nil {
			return
		}
		var size [2]byte
		if _, err := io.ReadFull(c, size[:]); err != nil {
			return
		}
		message := make([]byte, binary.BigEndian.Uint16(size[:]))
		if _, err := io.ReadFull(c, message); err != nil {
			return
		}
		for _, r := range l.ask(a, remote, transport.TCP, message) {
			if !l.sendTCP(c, r) {
				return
			}
		}
	}
}

// sendTCP sends a reply and reports whether the connection goes on. A delayed
// one holds up those behind it, as it does with many servers.
func (l *Loopback) sendTCP(c net.Conn, r Reply) bool {
	if r.Delay > 0 {
		due := make(chan struct{})
		timer := l.clock.AfterFunc(r.Delay, func() { close(due) })
		defer timer.Stop()
		select {
		case <-due:
		case <-l.ended:
			return false
		}
	}
	b := append(binary.BigEndian.AppendUint16(nil, uint16(len(r.Message))), r.Message...)
	if r.Midway {
		b = b[:len(b)/2]
	}
	_, err := c.Write(b)
	return err == nil && !r.Midway
}
