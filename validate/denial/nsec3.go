package denial

import (
	"bytes"
	"crypto/sha1" //nolint:gosec // the one hash that NSEC3 has
	"encoding/binary"

	"recursor/dns/domain"
	"recursor/dns/rrset"
	"recursor/dns/wire"
)

// SHA1 is the one hash algorithm of the registry (RFC 5155 §11).
const SHA1 = 1

// Hash is the hash of a name.
type Hash [sha1.Size]byte

// Params are what names are hashed with; they are the same throughout a chain
// (RFC 5155 §7.2).
type Params struct {
	Algorithm  uint8
	Iterations uint16
	Salt       string
}

// Hash is the hash of the name, in canonical form (RFC 5155 §5).
func (p *Params) Hash(name domain.Name) Hash {
	var buf [domain.MaxName + 255]byte
	h := Hash(sha1.Sum(append(name.AppendWire(buf[:0]), p.Salt...)))
	for range p.Iterations {
		h = Hash(sha1.Sum(append(append(buf[:0], h[:]...), p.Salt...)))
	}
	return h
}

// flagOptOut is the one flag of the registry (RFC 5155 §3.1.2.1).
const flagOptOut = 1

// NSEC3 is a view of an NSEC3 record (RFC 5155 §3).
type NSEC3 struct {
	Params      Params
	OptOut      bool
	Owner, Next Hash
	Types       Bitmap
}

// ParseNSEC3 reads the one record of an NSEC3 RRset of the zone. Records of an
// unknown hash algorithm or with unknown flags are not for us
// (RFC 5155 §8.1-8.2), nor are those whose owner is not a hash in the zone.
func ParseNSEC3(zone domain.Name, set *rrset.Set) (NSEC3, bool) {
	if set.Type != wire.TypeNSEC3 || set.Len() != 1 || set.Name.Parent() != zone || set.Name == zone {
		return NSEC3{}, false
	}
	rd := set.RData.First()
	if len(rd) < 5 || rd[0] != SHA1 || rd[1]&^flagOptOut != 0 {
		return NSEC3{}, false
	}
	r := NSEC3{
		Params: Params{Algorithm: rd[0], Iterations: binary.BigEndian.Uint16(rd[2:])},
		OptOut: rd[1]&flagOptOut != 0,
	}
	salt := 5 + int(rd[4])
	if len(rd) < salt+1+len(Hash{}) || int(rd[salt]) != len(Hash{}) {
		return NSEC3{}, false
	}
	r.Params.Salt = string(rd[5:salt])
	copy(r.Next[:], rd[salt+1:])
	r.Types = Bitmap(rd[salt+1+len(Hash{}):])
	return r, r.Owner.decode(set.Name.FirstLabel())
}

// decode reads a hash in base32hex, which a Name has in lower case
// (RFC 5155 §3.3).
func (h *Hash) decode(label string) bool {
	if len(label) != len(h)*8/5 {
		return false
	}
	var acc uint64
	for i := range len(label) {
		c := label[i]
		switch {
		case '0' <= c && c <= '9':
			c -= '0'
		case 'a' <= c && c <= 'v':
			c -= 'a' - 10
		default:
			return false
		}
		acc = acc<<5 | uint64(c)
		if i%8 == 7 {
			at := i / 8 * 5
			h[at] = byte(acc >> 32)
			binary.BigEndian.PutUint32(h[at+1:], uint32(acc))
		}
	}
	return true
}

// Label is the hash as the first label of an owner (RFC 5155 §3.3).
func (h Hash) Label() string {
	const digits = "0123456789abcdefghijklmnopqrstuv"
	out := make([]byte, 0, len(h)*8/5)
	for i := 0; i < len(h); i += 5 {
		acc := uint64(h[i])<<32 | uint64(binary.BigEndian.Uint32(h[i+1:]))
		for shift := 35; shift >= 0; shift -= 5 {
			out = append(out, digits[acc>>shift&31])
		}
	}
	return string(out)
}

// Covers reports whether no name's hash is between the record's owner and its
// next hash but h would be. The last record of the chain leads round
// (RFC 5155 §1.3).
func (r *NSEC3) Covers(h Hash) bool {
	after, before := bytes.Compare(r.Owner[:], h[:]) < 0, bytes.Compare(h[:], r.Next[:]) < 0
	if bytes.Compare(r.Owner[:], r.Next[:]) < 0 {
		return after && before
	}
	return (after || before) && h != r.Owner
}
