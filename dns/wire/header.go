package wire

import "encoding/binary"

// HeaderLen is the length of a message header.
const HeaderLen = 12

// Flags is the second 16-bit word of a header (RFC 1035 §4.1.1, RFC 4035 §3.2).
type Flags uint16

// Bits of Flags.
const (
	FlagQR Flags = 1 << 15
	FlagAA Flags = 1 << 10
	FlagTC Flags = 1 << 9
	FlagRD Flags = 1 << 8
	FlagRA Flags = 1 << 7
	FlagZ  Flags = 1 << 6
	FlagAD Flags = 1 << 5
	FlagCD Flags = 1 << 4
)

// Has reports whether all bits of b are set.
func (f Flags) Has(b Flags) bool { return f&b == b }

// Opcode is the opcode in f.
func (f Flags) Opcode() Opcode { return Opcode(f >> 11 & 0xf) }

// RCode is the low four bits of the response code in f.
func (f Flags) RCode() RCode { return RCode(f & 0xf) }

// WithRCode replaces the low four bits of the response code.
func (f Flags) WithRCode(rc RCode) Flags { return f&^0xf | Flags(rc&0xf) }

// WithOpcode replaces the opcode.
func (f Flags) WithOpcode(op Opcode) Flags { return f&^(0xf<<11) | Flags(op&0xf)<<11 }

// Header is a message header.
type Header struct {
	ID    uint16
	Flags Flags
	// Counts of the question, answer, authority and additional sections.
	QD, AN, NS, AR uint16
}

// ParseHeader reads the header of msg.
func ParseHeader(msg []byte) (Header, error) {
	if len(msg) < HeaderLen {
		return Header{}, ErrShort
	}
	return Header{
		ID:    binary.BigEndian.Uint16(msg),
		Flags: Flags(binary.BigEndian.Uint16(msg[2:])),
		QD:    binary.BigEndian.Uint16(msg[4:]),
		AN:    binary.BigEndian.Uint16(msg[6:]),
		NS:    binary.BigEndian.Uint16(msg[8:]),
		AR:    binary.BigEndian.Uint16(msg[10:]),
	}, nil
}

// Append appends the twelve octets of h.
func (h Header) Append(dst []byte) []byte {
	dst = binary.BigEndian.AppendUint16(dst, h.ID)
	dst = binary.BigEndian.AppendUint16(dst, uint16(h.Flags))
	dst = binary.BigEndian.AppendUint16(dst, h.QD)
	dst = binary.BigEndian.AppendUint16(dst, h.AN)
	dst = binary.BigEndian.AppendUint16(dst, h.NS)
	return binary.BigEndian.AppendUint16(dst, h.AR)
}

// SetID overwrites the ID of msg.
func SetID(msg []byte, id uint16) { binary.BigEndian.PutUint16(msg, id) }

// SetFlags overwrites the flags of msg.
func SetFlags(msg []byte, f Flags) { binary.BigEndian.PutUint16(msg[2:], uint16(f)) }
