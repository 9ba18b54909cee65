package edns

import (
	"encoding/binary"

	"recursor/dns/wire"
)

const (
	optionHeader = 4  // code and length
	recordHeader = 11 // owner, type, class, TTL and RDLENGTH of an OPT
	maxRData     = 0xffff
)

// Option is one option with its data, whatever the code (RFC 6891 §6.1.2).
type Option struct {
	Code Code
	Data []byte
}

// OPT is an OPT record to be sent. The bits that no RFC gives a meaning are
// always clear (RFC 6891 §6.1.4).
type OPT struct {
	// Payload is the UDP payload size the sender takes.
	Payload uint16
	// Version is 0, also in a reply to another version.
	Version uint8
	// RCodeHigh is the upper eight bits of the response code.
	RCodeHigh uint8
	DO, CO    bool
	Options   []Option
}

// High is the part of a response code that the OPT carries
// (RFC 6891 §6.1.3); wire.Flags.WithRCode takes the other.
func High(rc wire.RCode) uint8 { return uint8(rc >> 4) }

// Len is how many octets Append will write.
func (o OPT) Len() int {
	n, _ := o.fits()
	return recordHeader + n
}

// fits is the length of the options that an RDATA can hold, and their count.
func (o OPT) fits() (octets, count int) {
	for _, opt := range o.Options {
		n := optionHeader + len(opt.Data)
		if n > maxRData-octets {
			break
		}
		octets += n
		count++
	}
	return octets, count
}

// Append appends the whole record, owner root. Options that do not fit into
// 65,535 octets of RDATA are left off from the first such one on.
func (o OPT) Append(dst []byte) []byte {
	ttl := uint32(o.RCodeHigh)<<24 | uint32(o.Version)<<16
	if o.DO {
		ttl |= flagDO
	}
	if o.CO {
		ttl |= flagCO
	}
	octets, count := o.fits()
	dst = append(dst, 0)
	dst = binary.BigEndian.AppendUint16(dst, uint16(wire.TypeOPT))
	dst = binary.BigEndian.AppendUint16(dst, o.Payload)
	dst = binary.BigEndian.AppendUint32(dst, ttl)
	dst = binary.BigEndian.AppendUint16(dst, uint16(octets))
	for _, opt := range o.Options[:count] {
		dst = opt.Append(dst)
	}
	return dst
}

// Append appends code, length and data, which are at most 65,531 octets.
func (o Option) Append(dst []byte) []byte {
	dst = binary.BigEndian.AppendUint16(dst, uint16(o.Code))
	dst = binary.BigEndian.AppendUint16(dst, uint16(len(o.Data)))
	return append(dst, o.Data...)
}
