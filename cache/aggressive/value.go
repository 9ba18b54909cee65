package aggressive

import (
	"encoding/binary"
	"time"

	"recursor/dns/domain"
	"recursor/dns/rrset"
	"recursor/dns/wire"
	"recursor/validate/denial"
)

// A value is when it was stored (8 octets, in milliseconds), for how many
// seconds it holds (4), and the RRset: the owner as it was received behind its
// length, the RDATA behind its length (2), the signatures.
const valueHead = 8 + 4

// entry is a value that was read.
type entry struct {
	stored int64
	ttl    uint32
	set    rrset.Set
}

func appendHead(dst []byte, stored int64, ttl uint32) []byte {
	dst = binary.BigEndian.AppendUint64(dst, uint64(stored))
	return binary.BigEndian.AppendUint32(dst, ttl)
}

func appendSet(dst []byte, set *rrset.Set) []byte {
	dst = append(dst, byte(len(set.Owner)))
	dst = append(dst, set.Owner...)
	dst = binary.BigEndian.AppendUint16(dst, uint16(len(set.RData)))
	dst = append(dst, set.RData...)
	return append(dst, set.Sigs...)
}

// parseEntry reads a value, whose octets the entry shares. Without a set it is
// a zone of which no SOA is known.
func parseEntry(b []byte, t wire.Type) entry {
	e := entry{stored: int64(binary.BigEndian.Uint64(b)), ttl: binary.BigEndian.Uint32(b[8:])}
	if b = b[valueHead:]; len(b) == 0 {
		return e
	}
	n := 1 + int(b[0])
	e.set = rrset.Set{Name: domain.FromValid(b[1:n]), Owner: b[1:n:n], Type: t, Class: wire.ClassIN}
	b = b[n:]
	n = 2 + int(binary.BigEndian.Uint16(b))
	e.set.RData, e.set.Sigs = rrset.List(b[2:n:n]), rrset.List(b[n:])
	return e
}

// left is how long the entry still holds, in whole seconds; at most says how
// long it may in all.
func (e *entry) left(now int64, most uint32) uint32 {
	ttl := min(e.ttl, most)
	age := max(now-e.stored, 0) / 1000
	if age >= int64(ttl) {
		return 0
	}
	return ttl - uint32(age)
}

// maxParams is the longest form of NSEC3 parameters: a hash algorithm, iterations
// and a salt.
const maxParams = 1 + 2 + 255

func appendParams(dst []byte, p *denial.Params) []byte {
	dst = append(dst, p.Algorithm)
	dst = binary.BigEndian.AppendUint16(dst, p.Iterations)
	return append(dst, p.Salt...)
}

func parseParams(b []byte) denial.Params {
	return denial.Params{Algorithm: b[0], Iterations: binary.BigEndian.Uint16(b[1:]), Salt: string(b[3:])}
}

// tick is now in milliseconds since the first moment that the Index was told
// of, by the monotonic clock where both have its reading.
func (x *Index) tick(now time.Time) int64 {
	start := x.epoch.Load()
	if start == nil {
		first := now
		x.epoch.CompareAndSwap(nil, &first)
		start = x.epoch.Load()
	}
	return int64(now.Sub(*start) / time.Millisecond)
}
