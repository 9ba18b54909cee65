package aggressive

import (
	"encoding/binary"
	"hash/maphash"
	"sync/atomic"
	"time"

	"recursor/dns/domain"
	"recursor/dns/rrset"
	"recursor/dns/wire"
	"recursor/validate/denial"
)

// Options configure an Index. A field that is zero has its default.
type Options struct {
	// Size is the ceiling of the memory in octets; least 64 KiB, default
	// 16 MiB.
	Size int64
	// MaxTTL is the longest time that a record is used for denials (RFC 8198
	// §5.4 allows three hours); default an hour, negative for not at all.
	MaxTTL time.Duration
}

const (
	minSize  = 64 << 10
	nShards  = 8
	dayOfTTL = 24 * time.Hour
)

// Index holds chains of denial. Make it with New.
type Index struct {
	maxTTL uint32
	limit  int64
	seed   maphash.Seed
	epoch  atomic.Pointer[time.Time]
	pages  atomic.Int64
	shards [nShards]shard
	counters
}

type counters struct{ nxdomain, nodata, wildcard, added atomic.Uint64 }

// Stats is a reading of the counters, of no single moment.
type Stats struct {
	// Size is the ceiling, Used what the pages take of it, in octets.
	Size, Used int64
	// NXDomain, NoData and Wildcard count the answers that were made of
	// records, Added the records that came in.
	NXDomain, NoData, Wildcard, Added uint64
}

// New is an empty Index.
func New(o Options) *Index {
	if o.Size == 0 {
		o.Size = 16 << 20
	}
	if o.MaxTTL == 0 {
		o.MaxTTL = time.Hour
	}
	return &Index{
		seed: maphash.MakeSeed(), limit: max(o.Size, minSize) / pageSize,
		maxTTL: uint32(min(max(o.MaxTTL, 0), dayOfTTL) / time.Second),
	}
}

// Stats reads the counters.
func (x *Index) Stats() Stats {
	return Stats{
		Size: x.limit * pageSize, Used: x.pages.Load() * pageSize,
		NXDomain: x.nxdomain.Load(), NoData: x.nodata.Load(), Wildcard: x.wildcard.Load(), Added: x.added.Load(),
	}
}

func (x *Index) shard(zone domain.Name) *shard {
	return &x.shards[maphash.String(x.seed, zone.Wire())%nShards]
}

// Record is an NSEC or NSEC3 RRset of a zone that is Secure: a key of the zone
// signed it, over its owner and not over a wildcard.
type Record struct {
	Zone domain.Name
	Set  rrset.Set
	// TTL is how long the signature lets the record be kept
	// (RFC 4035 §5.3.3).
	TTL uint32
}

// Add keeps records. soa, where it is not nil, is the Secure SOA RRset of its
// zone, whose TTL and MINIMUM say how long the zone's records deny
// (RFC 9077 §3).
func (x *Index) Add(soa *rrset.Set, records []Record, now time.Time) {
	at := x.tick(now)
	if soa != nil {
		x.addZone(soa, at)
	}
	for i := range records {
		r := &records[i]
		if r.Set.Size() > maxValue-valueHead-8 || min(r.TTL, x.maxTTL) == 0 {
			continue
		}
		if soa == nil || soa.Name != r.Zone {
			x.known(r.Zone, at)
		}
		if r.Set.Type == wire.TypeNSEC {
			x.addNSEC(r, at)
		} else {
			x.addNSEC3(r, at)
		}
	}
}

// addZone keeps a zone's SOA.
func (x *Index) addZone(soa *rrset.Set, at int64) {
	const leastSOA = 2 + 5*4
	rd := soa.RData.First()
	if len(rd) < leastSOA || soa.Len() != 1 || soa.Size() > maxValue-valueHead-8 {
		return
	}
	var kb keyBuf
	var scratch [typicalValue]byte
	ttl := min(soa.TTL, binary.BigEndian.Uint32(rd[len(rd)-4:]), x.maxTTL)
	x.put(soa.Name, kb.zone(soa.Name, kindZone), appendSet(appendHead(scratch[:0], at, ttl), soa), nil)
}

// known sees to it that a zone is found: without a SOA, which denials need,
// wildcards may still be used.
func (x *Index) known(zone domain.Name, at int64) {
	var kb keyBuf
	var scratch [valueHead]byte
	key := kb.zone(zone, kindZone)
	if !x.shard(zone).has(key) {
		x.put(zone, key, appendHead(scratch[:0], at, x.maxTTL), nil)
	}
}

func (x *Index) addNSEC(r *Record, at int64) {
	n, ok := denial.ParseNSEC(&r.Set)
	if !ok || !n.In(r.Zone) || !n.Spans(r.Zone) || n.Types.Has(wire.TypeNXNAME) || compact(&n) {
		return
	}
	var kb, eb keyBuf
	var scratch [typicalValue]byte
	end := eb.after(r.Zone, kindNSEC)
	if n.Next != r.Zone {
		end = eb.name(r.Zone, n.Next)
	}
	x.added.Add(1)
	x.put(r.Zone, kb.name(r.Zone, n.Owner), appendSet(appendHead(scratch[:0], at, min(r.TTL, x.maxTTL)), &r.Set), end)
}

// compact reports whether the next name is the first that can be after the
// owner, as in compact denial (RFC 9824 §3): nothing is between them.
func compact(n *denial.NSEC) bool {
	next := n.Next.Wire()
	return len(next) == n.Owner.Len()+2 && next[0] == 1 && next[1] == 0 && next[2:] == n.Owner.Wire()
}

func (x *Index) addNSEC3(r *Record, at int64) {
	n, ok := denial.ParseNSEC3(r.Zone, &r.Set)
	if !ok || n.OptOut || n.Types.Has(wire.TypeNXNAME) || tight(&n) {
		return // RFC 8198 §5.2
	}
	var kb, eb keyBuf
	var scratch [typicalValue]byte
	var params [maxParams]byte
	s := x.shard(r.Zone)
	want := appendParams(scratch[:0], &n.Params)
	if have, ok := s.get(params[:0], kb.zone(r.Zone, kindParams)); !ok || string(have) != string(want) {
		// Another chain: no proof is made of two (RFC 5155 §7.2).
		x.pages.Add(-int64(s.drop(kb.zone(r.Zone, kindNSEC3), eb.after(r.Zone, kindNSEC3))))
		x.put(r.Zone, kb.zone(r.Zone, kindParams), want, nil)
	}
	var end []byte
	if string(n.Owner[:]) < string(n.Next[:]) {
		end = eb.hash(r.Zone, n.Next)
	} else {
		end = eb.after(r.Zone, kindNSEC3)
	}
	x.added.Add(1)
	x.put(r.Zone, kb.hash(r.Zone, n.Owner), appendSet(appendHead(scratch[:0], at, min(r.TTL, x.maxTTL)), &r.Set), end)
}

// tight reports whether so little is between the two hashes that no chain of
// names has it: records made for one question (RFC 7129 Appendix B), which
// answer no other.
func tight(n *denial.NSEC3) bool {
	const most = 1 << 16 // of 2^64: a chain of 2^48 names
	owner, next := binary.BigEndian.Uint64(n.Owner[:]), binary.BigEndian.Uint64(n.Next[:])
	return n.Owner != n.Next && next-owner < most
}

// put stores an entry and makes room.
func (x *Index) put(zone domain.Name, key, value, end []byte) {
	x.pages.Add(int64(x.shard(zone).put(key, value, end)))
	for x.pages.Load() > x.limit {
		largest := &x.shards[0]
		for i := range x.shards[1:] {
			if s := &x.shards[1+i]; s.count.Load() > largest.count.Load() {
				largest = s
			}
		}
		if !largest.evict() {
			return
		}
		x.pages.Add(-1)
	}
}
