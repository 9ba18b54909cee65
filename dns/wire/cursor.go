package wire

import (
	"encoding/binary"
	"errors"

	"recursor/dns/domain"
)

// Errors of the readers.
var (
	ErrShort      = errors.New("wire: message ends early")
	ErrPointer    = errors.New("wire: compression pointer not backward")
	ErrHops       = errors.New("wire: too many compression pointers in a name")
	ErrLabelType  = errors.New("wire: label type other than 00 and 11")
	ErrNameLength = errors.New("wire: name longer than 255 octets")
	ErrRData      = errors.New("wire: RDATA does not fit its type")
	ErrTrailing   = errors.New("wire: octets after the message")
)

// maxHops bounds the pointers followed for one name: 127 labels have at most
// 126 pointers between them.
const maxHops = 126

// AppendName appends the decompressed name at off to dst, in the case it was
// sent, and returns the offset after it. Pointers must point strictly backward
// of the name or pointer they stand in, and not into the header, where no name
// can be (RFC 9267 §2). A pointer to another or to the octet of the root is
// taken: both cost two octets more than they need and do no harm.
func AppendName(dst, msg []byte, off int) ([]byte, int, error) {
	start, next, floor, hops := len(dst), -1, off, 0
	for {
		if off >= len(msg) {
			return dst, 0, ErrShort
		}
		c := int(msg[off])
		switch c & 0xc0 {
		case 0x00:
			end := off + 1 + c
			if end > len(msg) {
				return dst, 0, ErrShort
			}
			if len(dst)-start+1+c > domain.MaxName {
				return dst, 0, ErrNameLength
			}
			dst = append(dst, msg[off:end]...)
			if c == 0 {
				if next < 0 {
					next = end
				}
				return dst, next, nil
			}
			// A name that ends in the next octet fits; one that goes on does not.
			if len(dst)-start >= domain.MaxName {
				return dst, 0, ErrNameLength
			}
			off = end
		case 0xc0:
			if off+2 > len(msg) {
				return dst, 0, ErrShort
			}
			target := int(binary.BigEndian.Uint16(msg[off:]) & 0x3fff)
			if next < 0 {
				next = off + 2
			}
			if target >= floor || target < HeaderLen {
				return dst, 0, ErrPointer
			}
			if hops++; hops > maxHops {
				return dst, 0, ErrHops
			}
			floor, off = target, target
		default:
			return dst, 0, ErrLabelType
		}
	}
}

// SkipName returns the offset after the name at off without following it.
func SkipName(msg []byte, off int) (int, error) {
	for start := off; off < len(msg); {
		if off-start >= domain.MaxName {
			return 0, ErrNameLength
		}
		c := int(msg[off])
		switch c & 0xc0 {
		case 0x00:
			off += 1 + c
			if c == 0 {
				return off, nil
			}
		case 0xc0:
			if off+2 > len(msg) {
				return 0, ErrShort
			}
			return off + 2, nil
		default:
			return 0, ErrLabelType
		}
	}
	return 0, ErrShort
}

// Question is a view of one entry of the question section.
type Question struct {
	// Name is the QNAME; Raw are its uncompressed octets in the case they were
	// sent, valid as long as the buffer they were appended to.
	Name  domain.Name
	Raw   []byte
	Type  Type
	Class Class
}

// RR is a view of a resource record in a message.
type RR struct {
	Off   int // of the owner name
	Type  Type
	Class Class
	TTL   uint32 // as sent; RFC 8767 §4 says what to do with the top bit
	Start int    // of the RDATA
	End   int    // of the RDATA
}

// Cursor walks over a message from the question on. Any error is final.
type Cursor struct {
	Msg []byte
	Off int
}

// NewCursor is a cursor at the question section of msg.
func NewCursor(msg []byte) Cursor { return Cursor{Msg: msg, Off: HeaderLen} }

// Question reads a question, appending its uncompressed name to buf, which
// Raw then is a part of.
func (c *Cursor) Question(buf []byte) (Question, []byte, error) {
	q, buf, err := c.RawQuestion(buf)
	if err == nil {
		q.Name = domain.FromValid(q.Raw)
	}
	return q, buf, err
}

// RawQuestion is Question for who looks up by octets: Name is left zero and
// nothing is allocated where buf is large enough.
func (c *Cursor) RawQuestion(buf []byte) (Question, []byte, error) {
	start := len(buf)
	grown, off, err := AppendName(buf, c.Msg, c.Off)
	if err != nil {
		return Question{}, buf, err
	}
	if off+4 > len(c.Msg) {
		return Question{}, buf, ErrShort
	}
	q := Question{
		Raw:   grown[start:len(grown):len(grown)],
		Type:  Type(binary.BigEndian.Uint16(c.Msg[off:])),
		Class: Class(binary.BigEndian.Uint16(c.Msg[off+2:])),
	}
	c.Off = off + 4
	return q, grown, nil
}

// FirstQuestion reads the question that a message begins with, in place: Raw is
// a part of Msg, since there is nothing before it that its name could point to,
// and Name is left zero.
func (c *Cursor) FirstQuestion() (Question, error) {
	off := HeaderLen
	for {
		if off >= len(c.Msg) {
			return Question{}, ErrShort
		}
		n := int(c.Msg[off])
		switch {
		case n == 0:
			return c.question(off + 1)
		case n >= 0xc0:
			return Question{}, ErrPointer
		case n > domain.MaxLabel:
			return Question{}, ErrLabelType
		}
		if off += 1 + n; off-HeaderLen >= domain.MaxName { // the end needs an octet too
			return Question{}, ErrNameLength
		}
	}
}

// question is the question whose bare name ends at end.
func (c *Cursor) question(end int) (Question, error) {
	if end+4 > len(c.Msg) {
		return Question{}, ErrShort
	}
	c.Off = end + 4
	return Question{
		Raw:   c.Msg[HeaderLen:end:end],
		Type:  Type(binary.BigEndian.Uint16(c.Msg[end:])),
		Class: Class(binary.BigEndian.Uint16(c.Msg[end+2:])),
	}, nil
}

// RR reads the fixed part of the record at the cursor and steps over its RDATA.
func (c *Cursor) RR() (RR, error) {
	off, err := SkipName(c.Msg, c.Off)
	if err != nil {
		return RR{}, err
	}
	if off+10 > len(c.Msg) {
		return RR{}, ErrShort
	}
	rr := RR{
		Off:   c.Off,
		Type:  Type(binary.BigEndian.Uint16(c.Msg[off:])),
		Class: Class(binary.BigEndian.Uint16(c.Msg[off+2:])),
		TTL:   binary.BigEndian.Uint32(c.Msg[off+4:]),
		Start: off + 10,
	}
	rr.End = rr.Start + int(binary.BigEndian.Uint16(c.Msg[off+8:]))
	if rr.End > len(c.Msg) {
		return RR{}, ErrShort
	}
	c.Off = rr.End
	return rr, nil
}
