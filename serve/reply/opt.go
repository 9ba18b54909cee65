package reply

import (
	"encoding/binary"

	"recursor/dns/ede"
	"recursor/dns/edns"
	"recursor/dns/wire"
)

// EDNS is the OPT record of a response.
type EDNS struct {
	// Present: the query had an OPT, so the response has one, and else it has
	// none (RFC 6891 §6.1.1, §7).
	Present bool
	// DO is that of the query (RFC 3225 §3).
	DO bool
	// Payload is what we take over UDP.
	Payload uint16
	// Options are written where the question leaves room for them.
	Options []edns.Option
	// Notes are extended errors: those that fit beside the Sets, in order.
	Notes []ede.Note
	// Block, where not 0, is the length to a multiple of which the response is
	// padded (RFC 8467 §4.1).
	Block int
}

const (
	optHeader    = 11 // an OPT without options
	optionHeader = 4
)

// Len is the length of the OPT without notes and padding, with those of its
// options that fit into room; 0 where it is not Present.
func (e *EDNS) Len(room int) int {
	if !e.Present {
		return 0
	}
	n := optHeader
	for i := range e.Options {
		if size := optionHeader + len(e.Options[i].Data); n+size <= room {
			n += size
		}
	}
	return n
}

// Append appends the OPT record to the message that begins at base of buf and
// becomes at most limit octets long, counted in its header already. TC is not
// set for a note that is left off: RFC 8914 §3 suggests it, but a client that
// came again over TCP would only learn why (RFC 2181 §9).
func (e *EDNS) Append(buf []byte, base int, rc wire.RCode, limit int) []byte {
	start, end := len(buf), base+limit
	buf = edns.OPT{Payload: e.Payload, RCodeHigh: edns.High(rc), DO: e.DO}.Append(buf)
	for i := range e.Options {
		if len(buf)+optionHeader+len(e.Options[i].Data) <= end {
			buf = e.Options[i].Append(buf)
		}
	}
	for i := range e.Notes {
		if len(buf)+optionHeader+2+len(e.Notes[i].Text) > end {
			break
		}
		at := len(buf)
		buf = edns.Option{Code: edns.EDE}.Append(buf)
		buf = edns.AppendEDE(buf, e.Notes[i])
		binary.BigEndian.PutUint16(buf[at+2:], uint16(len(buf)-at-optionHeader))
	}
	if e.Block > 0 { // the last option, since it depends on all others (RFC 8467 §3)
		if n, ok := edns.PaddingLen(len(buf)-base, e.Block, limit); ok {
			at := len(buf)
			buf = edns.Option{Code: edns.Padding}.Append(buf)
			buf = edns.AppendPadding(buf, n)
			binary.BigEndian.PutUint16(buf[at+2:], uint16(n))
		}
	}
	binary.BigEndian.PutUint16(buf[start+optHeader-2:], uint16(len(buf)-start-optHeader))
	return buf
}
