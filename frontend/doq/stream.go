package doq

import (
	"encoding/binary"
	"errors"
	"io"
	"os"
	"sync"

	"github.com/quic-go/quic-go"

	"recursor/dns/edns"
	"recursor/dns/wire"
	"recursor/frontend"
	"recursor/frontend/stream"
)

// Code is why a stream or a connection ends (RFC 9250 §4.3).
type Code uint64

// Codes.
const (
	NoError          Code = 0
	InternalError    Code = 1
	ProtocolError    Code = 2
	RequestCancelled Code = 3
	ExcessiveLoad    Code = 4
	UnspecifiedError Code = 5
)

// connection serves the streams of one connection.
type connection struct {
	listener *Listener
	guest    *Guest
	conn     *quic.Conn
	counters *frontend.Counters
	streams  sync.WaitGroup
}

// violation is a way in which a client breaks the protocol (RFC 9250 §4.3.3).
type violation string

// Error implements error; the client is told.
func (v violation) Error() string { return string(v) }

const (
	errShort     violation = "the stream ended within a message"
	errMore      violation = "there is more than one query on a stream"
	errID        violation = "the message ID is not 0"
	errKeepalive violation = "the query has a keepalive option"
	errNoQuery   violation = "the message is no query"
)

// serve serves the query of one stream.
func (c *connection) serve(s *quic.Stream) {
	// Until its query is served the stream counts among those that the client may
	// open, even where it has reset it: else resetting multiplied the work.
	defer s.ReleaseStreamCredit()
	alive := c.guest.Begin()
	defer func() { c.guest.Done(c.listener.o.Clock.Now().TTL) }()
	if !alive {
		return // the connection is closed
	}
	now := c.listener.o.Clock.Now().TTL
	_ = s.SetReadDeadline(now.Add(c.listener.o.Limits.FirstQuery)) // where it fails, reading does
	msg, err := read(s, &c.guest.Unfinished)
	defer c.guest.Free(cap(msg))
	if err == nil {
		err = judge(msg)
	}
	var broken violation
	switch {
	case errors.Is(err, errTooMuch):
		c.counters.Add(frontend.Overload, 1)
		c.reset(s, ExcessiveLoad)
		return
	case errors.As(err, &broken):
		if broken == errNoQuery {
			c.counters.Add(frontend.Short, 1)
		}
		c.counters.Add(frontend.Broken, 1)
		_ = c.conn.CloseWithError(quic.ApplicationErrorCode(ProtocolError), string(broken)) // it may have ended
		return
	case err != nil: // reset by the client, or too slow
		if errors.Is(err, os.ErrDeadlineExceeded) {
			c.counters.Add(frontend.TimedOut, 1)
		}
		c.reset(s, UnspecifiedError)
		return
	}
	if !c.mayBeReplayed(msg) && !c.handshakeEnded() {
		return
	}
	c.answer(s, msg)
}

func (c *connection) answer(s *quic.Stream, query []byte) {
	q := frontend.Query{Message: query, Transport: frontend.DoQ}
	q.Client, q.Local = c.guest.Client()
	msg, outcome := c.listener.single.Serve(&q, c.counters, nil)
	switch outcome {
	case frontend.Answered:
	case frontend.Overloaded:
		c.reset(s, ExcessiveLoad)
		return
	default:
		c.reset(s, InternalError)
		return
	}
	_ = s.SetWriteDeadline(c.listener.o.Clock.Now().TTL.Add(c.listener.o.Limits.Write)) // where it fails, writing does
	_, err := s.Write(stream.Append(make([]byte, 0, 2+len(msg)), msg))
	if err == nil {
		err = s.Close() // the FIN
	}
	if err != nil {
		c.counters.Add(frontend.Unsent, 1)
		c.reset(s, UnspecifiedError)
	}
}

// reset gives the stream up, both ways.
func (c *connection) reset(s *quic.Stream, code Code) {
	s.CancelRead(quic.StreamErrorCode(code))
	s.CancelWrite(quic.StreamErrorCode(code))
}

// errTooMuch: the unfinished queries of the connection hold too much.
var errTooMuch = errors.New("doq: too much is unfinished")

// read reads the one message of a stream, and the end of the stream behind it.
// The message, whole or not, holds what it has room for.
func read(s io.Reader, unfinished *frontend.Unfinished) ([]byte, error) {
	var prefix [2]byte
	if err := full(s, prefix[:]); err != nil {
		return nil, err
	}
	// A length alone, which costs its sender nothing, reserves little.
	length := int(binary.BigEndian.Uint16(prefix[:]))
	var msg []byte
	for room := min(length, 1024); len(msg) < length; room = min(2*room, length) {
		have := len(msg)
		if !unfinished.Hold(room) {
			return msg, errTooMuch
		}
		longer := make([]byte, room)
		copy(longer, msg)
		unfinished.Free(cap(msg))
		msg = longer
		if err := full(s, msg[have:]); err != nil {
			return msg, err
		}
	}
	n, err := io.ReadFull(s, prefix[:1])
	switch {
	case n > 0:
		return msg, errMore
	case !errors.Is(err, io.EOF):
		return msg, err
	}
	return msg, nil
}

func full(s io.Reader, into []byte) error {
	_, err := io.ReadFull(s, into)
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return errShort
	}
	return err
}

// judge looks for what has no place in DoQ (RFC 9250 §4.2.1, §5.5.2). What is
// wrong otherwise is for the Handler to answer.
func judge(msg []byte) error {
	switch {
	case frontend.Judge(msg) != frontend.IsQuery:
		return errNoQuery
	case msg[0] != 0 || msg[1] != 0:
		return errID
	case hasKeepalive(msg):
		return errKeepalive
	}
	return nil
}

func hasKeepalive(msg []byte) bool {
	h, err := wire.ParseHeader(msg)
	if err != nil || h.AR == 0 {
		return false
	}
	cursor := wire.NewCursor(msg)
	var name [255]byte
	for range h.QD {
		if _, _, err := cursor.RawQuestion(name[:0]); err != nil {
			return false
		}
	}
	for range int(h.AN) + int(h.NS) + int(h.AR) {
		rr, err := cursor.RR()
		if err != nil {
			return false
		}
		if rr.Type != wire.TypeOPT {
			continue
		}
		var opt wire.OPT
		opt.Note(msg, rr, wire.Additional)
		view, err := edns.Parse(opt)
		if err != nil {
			return false
		}
		_, found := view.Option(edns.Keepalive)
		return found
	}
	return false
}

// mayBeReplayed reports whether it does no harm to answer twice
// (RFC 9250 §4.5).
func (c *connection) mayBeReplayed(msg []byte) bool {
	h, err := wire.ParseHeader(msg)
	return err == nil && h.Flags.Opcode() == wire.OpQuery
}

// handshakeEnded waits for the end of the handshake, after which nothing is a
// replay; false where it fails.
func (c *connection) handshakeEnded() bool {
	select {
	case <-c.conn.HandshakeComplete():
		return true
	case <-c.conn.Context().Done():
		return false
	}
}
