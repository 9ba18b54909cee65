package cache

import (
	"encoding/binary"
	"math"
	"time"

	"recursor/dns/domain"
	"recursor/dns/rrset"
	"recursor/dns/wire"
)

// maxProof is the most RRsets that a denial may have beside the SOA. NSEC3 needs
// three: closest encloser, next closer name and wildcard (RFC 5155 §7.2.2).
const maxProof = 16

// Denial is the statement that there is no data.
type Denial struct {
	// Name is the name denied; after an alias, the last of the chain
	// (RFC 6604 §3).
	Name domain.Name
	// Type is the type that Name does not have. TypeNone: Name does not exist.
	Type wire.Type
	// SOA is the zone's, Proof are its NSEC and NSEC3 RRsets, all with their
	// signatures (RFC 2308 §5, RFC 8020 §2). Read from the cache, their TTLs
	// are the denial's, counted down; StaleTTL where it is stale. The denial of
	// a DS that came with a referral has no SOA: it serves validation, and is no
	// answer for a client (RFC 2308 §5).
	SOA    rrset.Set
	Proof  []rrset.Set
	Status Status
	Why    Why
	// Compact tells that the proof is that of a name which exists (RFC 9824):
	// it says nothing of names below.
	Compact bool

	// Set by the cache.
	Stored, Expires time.Time
	Stale           bool
}

// NegativeTTL is what becomes of the TTL of a denial here, for those who pass
// one on that was not read from the cache.
func (c *Cache) NegativeTTL(d *Denial) uint32 { return c.negativeTTL(d) }

// negativeTTL is the lesser of the SOA's TTL and its MINIMUM (RFC 2308 §5),
// and no more than the TTL of any part (RFC 9077 §3), within the limits.
func (c *Cache) negativeTTL(d *Denial) uint32 {
	ttl := uint32(math.MaxUint32)
	if d.hasSOA() {
		soa := d.SOA.RData.First()
		ttl = min(d.SOA.TTL, binary.BigEndian.Uint32(soa[len(soa)-4:]))
	}
	for i := range d.Proof {
		ttl = min(ttl, d.Proof[i].TTL)
	}
	return c.bogusTTL(clampTTL(ttl, c.o.MinNegativeTTL, c.o.MaxNegativeTTL), d.Status)
}

// hasSOA reports whether the denial can answer a client.
func (d *Denial) hasSOA() bool { return d.SOA.Type == wire.TypeSOA }

// ofReferral reports whether the denial is one that a referral carries: no DS,
// by proof alone (RFC 4035 §3.1.4.1).
func (d *Denial) ofReferral() bool {
	return d.SOA.Type == wire.TypeNone && d.Type == wire.TypeDS && len(d.Proof) > 0
}

// provable reports whether a denial is one the cache can hold. Without the SOA
// of a zone that the name is in, it is not (RFC 2308 §5).
func provable(d *Denial) bool {
	const leastSOA = 2 + 5*4
	if d.Name.IsZero() || d.Type != wire.TypeNone && d.Type.IsMeta() || len(d.Proof) > maxProof {
		return false
	}
	if !d.ofReferral() && (!d.hasSOA() || !storable(&d.SOA) || d.SOA.Len() != 1 ||
		len(d.SOA.RData.First()) < leastSOA || !d.Name.Within(d.SOA.Name)) {
		return false
	}
	size := d.SOA.Size()
	for i := range d.Proof {
		if !storable(&d.Proof[i]) {
			return false
		}
		size += d.Proof[i].Size()
	}
	return size <= MaxOctets
}

// PutDenial stores a copy of d: NXDOMAIN under its name, NODATA under name and
// type (RFC 2308 §5). For that it takes the place of an RRset by the rules of
// Put, with the rank of an authoritative answer; an NXDOMAIN hides what is
// stored for the name. False: it was not stored, because something of higher
// standing is fresh there, it has no SOA or a part beyond a limit, or its TTL
// is 0.
func (c *Cache) PutDenial(d *Denial, now time.Time) bool {
	n := c.stripe(d.Name)
	if !provable(d) {
		n.refused.Add(1)
		return false
	}
	h := head{
		denial: true, compact: d.Compact, standing: denialStanding(d.Status), why: d.Why,
		stored: c.tick(now), ttl: c.negativeTTL(d),
	}
	n.mu.Lock()
	ok := c.putDenial(d, &h)
	n.mu.Unlock()
	n.count(ok)
	return ok
}

// putDenial is PutDenial with the name's stripe locked.
func (c *Cache) putDenial(d *Denial, h *head) bool {
	var kb keyBuf
	key := denialKey(&kb, d.Name, d.Type)
	now := h.stored
	if old, ok := c.peek(key, now); ok && !old.yields(h.standing, now) {
		return false
	}
	// A name without the type exists.
	if d.Type != wire.TypeNone && !c.exists(d.Name, h.standing, now) {
		return false
	}
	if h.ttl == 0 {
		c.store.Delete(key)
		return false
	}
	if d.Type != wire.TypeNone && !c.admits(d.Name, d.Type, now) {
		return false
	}
	var scratch [typicalValue]byte
	value := appendDenial(h.append(scratch[:0]), d)
	return c.store.Put(key, value, c.forgotten(h).expiry(), now.seconds())
}

func denialKey(kb *keyBuf, name domain.Name, t wire.Type) []byte {
	if t == wire.TypeNone {
		return kb.named(kindName, name)
	}
	return kb.typed(kindSet, name, t)
}

// GetDenial returns what denies name and type and is fresh: NODATA, or that
// the name does not exist.
func (c *Cache) GetDenial(name domain.Name, t wire.Type, now time.Time) (Denial, bool) {
	return c.getDenial(name, t, now, freshOnly)
}

// GetStaleDenial is GetDenial, and where the TTL has run out at most
// Options.MaxStale ago, the denial as it was (RFC 8767).
func (c *Cache) GetStaleDenial(name domain.Name, t wire.Type, now time.Time) (Denial, bool) {
	return c.getDenial(name, t, now, staleToo)
}

func (c *Cache) getDenial(name domain.Name, t wire.Type, now time.Time, r reach) (Denial, bool) {
	d, ok := c.readDenial(name, t, c.tick(now), r)
	if ok {
		n := &c.stripe(name).counters
		if d.Stale {
			n.stale.Add(1)
		} else {
			n.denials.Add(1)
		}
	}
	return d, ok
}

func (c *Cache) readDenial(name domain.Name, t wire.Type, now tick, r reach) (Denial, bool) {
	var kb keyBuf
	nx, denied := c.peek(kb.named(kindName, name), now)
	if t != wire.TypeNone {
		key := kb.typed(kindSet, name, t)
		nodata, ok := c.peek(key, now)
		// An NXDOMAIN that stands beside NODATA came after it.
		if ok && nodata.denial && !(denied && nodata.yieldsTo(nx.standing)) {
			return c.decodeDenial(key, name, t, now, r)
		}
	}
	if !denied {
		return Denial{}, false
	}
	return c.decodeDenial(kb.named(kindName, name), name, wire.TypeNone, now, r)
}

// GetAbove returns a fresh, Secure NXDOMAIN of a name above, which says that
// nothing is below it either (RFC 8020 §2). Of others this is not believed:
// forged, they would deny a whole tree; and a compact one says nothing of it.
func (c *Cache) GetAbove(name domain.Name, now time.Time) (Denial, bool) {
	var kb keyBuf
	at := c.tick(now)
	for p := name.Parent(); !p.IsRoot() && !p.IsZero(); p = p.Parent() {
		key := kb.named(kindName, p)
		h, ok := c.peek(key, at)
		if !ok || h.status != Secure || h.compact {
			continue
		}
		if d, ok := c.decodeDenial(key, p, wire.TypeNone, at, freshOnly); ok && d.Status == Secure && !d.Compact {
			c.stripe(name).denials.Add(1)
			return d, true
		}
	}
	return Denial{}, false
}

// withoutSOA marks, in the octet that counts a proof's RRsets, that no SOA
// stands before them.
const withoutSOA = 0x80

// appendDenial appends the SOA and each RRset of the proof behind its type.
func appendDenial(dst []byte, d *Denial) []byte {
	if d.hasSOA() {
		dst = appendSet(append(dst, byte(len(d.Proof))), &d.SOA, d.Name)
	} else {
		dst = append(dst, byte(len(d.Proof))|withoutSOA)
	}
	for i := range d.Proof {
		dst = binary.BigEndian.AppendUint16(dst, uint16(d.Proof[i].Type))
		dst = appendSet(dst, &d.Proof[i], d.Name)
	}
	return dst
}

// decodeDenial reads the denial under key.
func (c *Cache) decodeDenial(key []byte, name domain.Name, t wire.Type, now tick, r reach) (Denial, bool) {
	var scratch [typicalValue]byte
	value, ok := c.store.Get(key, scratch[:0], now.seconds())
	if !ok {
		return Denial{}, false
	}
	h, body, ok := parseHead(value)
	if !ok || !h.denial {
		return Denial{}, false
	}
	ttl, stale := c.ttlAt(&h, now, r)
	if ttl == 0 {
		return Denial{}, false
	}
	d := Denial{
		Name: name, Type: t, Status: h.status, Why: h.why, Compact: h.compact,
		Stored: c.time(h.stored), Expires: c.time(h.ends()), Stale: stale,
	}
	return d, d.parse(body, ttl)
}

// parse fills in SOA and proof, all in one buffer: it goes through them once to
// know how long that is.
func (d *Denial) parse(body []byte, ttl uint32) bool {
	r := reader{b: body}
	count := r.octet()
	n := int(count &^ withoutSOA)
	if r.bad || n > maxProof {
		return false
	}
	hasSOA, sets, size := count&withoutSOA == 0, r.b, 0
	if hasSOA {
		soa, rest, ok := parseSet(r.b, d.Name)
		if !ok {
			return false
		}
		r.b, size = rest, soa.size(d.Name)
	}
	for range n {
		_, s, rest, ok := parseTyped(r.b, d.Name)
		if !ok {
			return false
		}
		r.b = rest
		size += s.size(d.Name)
	}
	buf := make([]byte, size)
	r.b = sets
	if hasSOA {
		soa, rest, _ := parseSet(r.b, d.Name)
		d.SOA, buf = soa.build(d.Name, wire.TypeSOA, buf)
		d.SOA.TTL, r.b = ttl, rest
	}
	if n > 0 {
		d.Proof = make([]rrset.Set, n)
		for i := range d.Proof {
			t, s, rest, _ := parseTyped(r.b, d.Name)
			d.Proof[i], buf = s.build(d.Name, t, buf)
			d.Proof[i].TTL, r.b = ttl, rest
		}
	}
	return true
}

// parseTyped is parseSet for a Set behind its type.
func parseTyped(b []byte, name domain.Name) (t wire.Type, s stored, rest []byte, ok bool) {
	if len(b) < 2 {
		return 0, stored{}, nil, false
	}
	s, rest, ok = parseSet(b[2:], name)
	return wire.Type(binary.BigEndian.Uint16(b)), s, rest, ok
}
