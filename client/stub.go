package client

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"time"

	"recursor/clock"
	"recursor/dns/domain"
	"recursor/dns/edns"
	"recursor/dns/wire"
	"recursor/random"
	"recursor/transport"
)

// Question is what to ask and how.
type Question struct {
	Server netip.AddrPort
	Name   domain.Name
	Type   wire.Type
	Class  wire.Class // IN if zero

	// RD asks for recursion, AD for the AD bit (RFC 6840 §5.7), CD for data
	// that did not validate.
	RD, AD, CD bool
	// DO asks for DNSSEC records. NoEDNS sends no OPT record, which DO needs.
	DO, NoEDNS bool
	// Payload is the EDNS payload size; 1232 if zero.
	Payload uint16
	NSID    bool
	// TCP asks by TCP. Otherwise a truncated reply is asked for again by TCP,
	// unless KeepTruncated.
	TCP, KeepTruncated bool
	// Timeout is for one try; 5 s if zero. Tries is how often UDP is tried; 3.
	Timeout time.Duration
	Tries   int
}

// Reply is what came back.
type Reply struct {
	Message []byte
	Server  netip.AddrPort
	TCP     bool
	// Retried tells that a truncated reply by UDP came first.
	Retried bool
	Took    time.Duration
	At      time.Time
}

// ErrNoReply tells that nothing came within the time of all tries.
var ErrNoReply = errors.New("no reply")

// Stub asks questions. The zero Stub is ready.
type Stub struct {
	// Clock tells the time; clock.NewReal where nil.
	Clock clock.Clock
	// Seeds give IDs; random.Secure where nil.
	Seeds random.Seeder
}

// Ask sends the question and returns the reply, whatever its RCODE. Errors are
// those of the network, or wrap ErrNoReply.
func (s *Stub) Ask(ctx context.Context, q Question) (Reply, error) {
	whole := *s
	s = &whole
	if s.Clock == nil {
		s.Clock = clock.NewReal()
	}
	if s.Seeds == nil {
		s.Seeds = random.Secure{}
	}
	if q.Timeout <= 0 {
		q.Timeout = 5 * time.Second
	}
	if q.Tries <= 0 {
		q.Tries = 3
	}
	msg := message(&q, s.Seeds.Stream().Uint16())
	if q.TCP {
		return s.stream(ctx, q, msg)
	}
	r, err := s.datagram(ctx, q, msg)
	if err != nil || q.KeepTruncated {
		return r, err
	}
	if h, _ := wire.ParseHeader(r.Message); h.Flags.Has(wire.FlagTC) {
		r, err = s.stream(ctx, q, msg)
		r.Retried = true
	}
	return r, err
}

// message builds the query.
func message(q *Question, id uint16) []byte {
	h := wire.Header{ID: id, QD: 1}
	for _, f := range []struct {
		on   bool
		flag wire.Flags
	}{{q.RD, wire.FlagRD}, {q.AD, wire.FlagAD}, {q.CD, wire.FlagCD}} {
		if f.on {
			h.Flags |= f.flag
		}
	}
	if !q.NoEDNS {
		h.AR = 1
	}
	class := q.Class
	if class == 0 {
		class = wire.ClassIN
	}
	msg := q.Name.AppendWire(h.Append(nil))
	msg = binary.BigEndian.AppendUint16(msg, uint16(q.Type))
	msg = binary.BigEndian.AppendUint16(msg, uint16(class))
	if q.NoEDNS {
		return msg
	}
	o := edns.OPT{Payload: q.Payload, DO: q.DO}
	if o.Payload == 0 {
		o.Payload = 1232
	}
	if q.NSID {
		o.Options = append(o.Options, edns.Option{Code: edns.NSID})
	}
	return o.Append(msg)
}

// datagram asks by UDP, as often as the question has tries.
func (s *Stub) datagram(ctx context.Context, q Question, msg []byte) (Reply, error) {
	conn, stop, err := dial(ctx, "udp", q)
	if err != nil {
		return Reply{}, err
	}
	defer stop()
	buf := make([]byte, 1<<16)
	for range q.Tries {
		began := s.Clock.Now().TTL
		if err := conn.SetDeadline(began.Add(q.Timeout)); err != nil {
			return Reply{}, err
		}
		if _, err := conn.Write(msg); err != nil {
			return Reply{}, err
		}
		for {
			n, err := conn.Read(buf)
			if ctx.Err() != nil {
				return Reply{}, ctx.Err()
			}
			if err != nil {
				var slow net.Error
				if errors.As(err, &slow) && slow.Timeout() {
					break
				}
				return Reply{}, err
			}
			if transport.Match(msg, buf[:n]) == transport.Exact {
				now := s.Clock.Now().TTL
				return Reply{Message: buf[:n], Server: q.Server, Took: now.Sub(began), At: now}, nil
			}
		}
	}
	return Reply{}, fmt.Errorf("%w from %v by UDP within %v, %d tries", ErrNoReply, q.Server, q.Timeout, q.Tries)
}

// stream asks by TCP.
func (s *Stub) stream(ctx context.Context, q Question, msg []byte) (Reply, error) {
	began := s.Clock.Now().TTL
	conn, stop, err := dial(ctx, "tcp", q)
	if err != nil {
		return Reply{}, err
	}
	defer stop()
	if err := conn.SetDeadline(began.Add(q.Timeout)); err != nil {
		return Reply{}, err
	}
	frame := binary.BigEndian.AppendUint16(nil, uint16(len(msg)))
	if _, err := conn.Write(append(frame, msg...)); err != nil {
		return Reply{}, err
	}
	for {
		var length [2]byte
		if _, err := io.ReadFull(conn, length[:]); err != nil {
			return Reply{}, fmt.Errorf("%w from %v by TCP: %w", ErrNoReply, q.Server, err)
		}
		reply := make([]byte, binary.BigEndian.Uint16(length[:]))
		if _, err := io.ReadFull(conn, reply); err != nil {
			return Reply{}, fmt.Errorf("%w from %v by TCP: %w", ErrNoReply, q.Server, err)
		}
		if transport.Match(msg, reply) == transport.Exact {
			now := s.Clock.Now().TTL
			return Reply{Message: reply, Server: q.Server, TCP: true, Took: now.Sub(began), At: now}, nil
		}
	}
}

// dial connects; stop closes the connection, and the end of ctx does too.
func dial(ctx context.Context, network string, q Question) (conn net.Conn, stop func(), err error) {
	d := net.Dialer{Timeout: q.Timeout}
	conn, err = d.DialContext(ctx, network, q.Server.String())
	if err != nil {
		return nil, nil, err
	}
	forget := context.AfterFunc(ctx, func() { _ = conn.Close() })
	return conn, func() {
		forget()
		_ = conn.Close()
	}, nil
}
