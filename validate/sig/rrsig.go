package sig

import (
	"encoding/binary"

	"recursor/dns/domain"
	"recursor/dns/wire"
)

// RRSIG is a view of the RDATA of an RRSIG record (RFC 4034 §3.1).
type RRSIG struct {
	Covered     wire.Type
	Algorithm   Algorithm
	Labels      uint8
	OriginalTTL uint32
	Expiration  uint32
	Inception   uint32
	KeyTag      uint16
	Signer      domain.Name
	Signature   []byte
}

// fixed is the length of the fields before the signer.
const fixed = 18

// ParseRRSIG reads uncompressed RDATA; the signature shares its octets.
func ParseRRSIG(rdata []byte) (RRSIG, error) {
	if len(rdata) < fixed {
		return RRSIG{}, wire.ErrRData
	}
	signer, n, err := domain.FromWire(rdata[fixed:])
	if err != nil {
		return RRSIG{}, err
	}
	if fixed+n == len(rdata) {
		return RRSIG{}, wire.ErrRData
	}
	return RRSIG{
		Covered:     wire.Type(binary.BigEndian.Uint16(rdata)),
		Algorithm:   Algorithm(rdata[2]),
		Labels:      rdata[3],
		OriginalTTL: binary.BigEndian.Uint32(rdata[4:]),
		Expiration:  binary.BigEndian.Uint32(rdata[8:]),
		Inception:   binary.BigEndian.Uint32(rdata[12:]),
		KeyTag:      binary.BigEndian.Uint16(rdata[16:]),
		Signer:      signer,
		Signature:   rdata[fixed+n:],
	}, nil
}

// appendPrefix appends the RDATA without the signature, signer in canonical
// form: how the signed octets begin (RFC 4034 §3.1.8.1, RFC 6840 §5.1).
func (s *RRSIG) appendPrefix(dst []byte) []byte {
	dst = binary.BigEndian.AppendUint16(dst, uint16(s.Covered))
	dst = append(dst, byte(s.Algorithm), s.Labels)
	dst = binary.BigEndian.AppendUint32(dst, s.OriginalTTL)
	dst = binary.BigEndian.AppendUint32(dst, s.Expiration)
	dst = binary.BigEndian.AppendUint32(dst, s.Inception)
	dst = binary.BigEndian.AppendUint16(dst, s.KeyTag)
	return s.Signer.AppendWire(dst)
}

// ownerLabels counts labels as the Labels field does: neither the root's nor a
// leading asterisk (RFC 4034 §3.1.3).
func ownerLabels(owner domain.Name) int {
	n := owner.Labels()
	if owner.IsWildcard() {
		n--
	}
	return n
}

// Expanded reports whether the label count says that owner was made of a
// wildcard, and which name then exists nearest above it (RFC 4035 §5.3.4).
func (s *RRSIG) Expanded(owner domain.Name) (encloser domain.Name, expanded bool) {
	if int(s.Labels) >= ownerLabels(owner) {
		return domain.Name{}, false
	}
	return owner.Ancestor(int(s.Labels)), true
}
