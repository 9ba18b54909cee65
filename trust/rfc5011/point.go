package rfc5011

import (
	"slices"
	"time"

	"recursor/dns/domain"
	"recursor/dns/rrset"
	"recursor/dns/wire"
	"recursor/trust"
	"recursor/validate/sig"
)

// State is that of a key (RFC 5011 §4.2). Start, which is no state of a key
// that is known, has no value.
type State uint8

// States.
const (
	// AddPend: seen, and not trusted yet.
	AddPend State = iota + 1
	// Valid: trusted.
	Valid
	// Missing: trusted, though the zone does not show it any more.
	Missing
	// Revoked: never to be trusted again.
	Revoked
	// Removed: revoked and gone; remembered, so that it is not added anew.
	Removed
)

// String is the word of RFC 5011 §4.2.
func (s State) String() string {
	switch s {
	case AddPend:
		return "AddPend"
	case Valid:
		return "Valid"
	case Missing:
		return "Missing"
	case Revoked:
		return "Revoked"
	case Removed:
		return "Removed"
	default:
		return "Start"
	}
}

// Times of RFC 5011 §2.4.1 and §2.4.2.
const (
	HoldDown       = 30 * 24 * time.Hour
	RemoveHoldDown = 30 * 24 * time.Hour
)

// MaxKeys is how many keys of a point are followed; a resolver must follow five
// (RFC 5011 §2.4.3).
const MaxKeys = 16

// Key is a key that is followed.
type Key struct {
	// RData is the DNSKEY record's, without the REVOKE flag.
	RData []byte
	State State
	// Since is when the key came into its state, Until when the hold-down of
	// AddPend is over.
	Since, Until time.Time
	// Seen is when the key was last in a set that counted.
	Seen time.Time
	// By are the tags of the trusted keys that signed the set in which a key of
	// AddPend was first seen.
	By []uint16
}

// Tag is the key tag without the REVOKE flag.
func (k *Key) Tag() uint16 { return sig.Tag(k.RData) }

// trusted reports whether the key is an anchor.
func (k *Key) trusted() bool { return k.State == Valid || k.State == Missing }

// Point is a trust point.
type Point struct {
	Zone domain.Name
	Keys []Key
	// DS are configured digests whose keys have not been seen yet.
	DS rrset.List
	// Updated is when a set last counted. Times before it change nothing.
	Updated time.Time
	// Next is when to ask again (RFC 5011 §2.3); the zero time is at once.
	Next time.Time
	// Retry is how long to wait where that fails.
	Retry time.Duration
}

// New makes a point of configured anchors. Those in the form of keys are
// trusted at once; what those in the form of digests mean will be seen.
func New(zone domain.Name, keys []trust.Key, now time.Time) Point {
	p := Point{Zone: zone}
	_ = p.Configure(keys, now) // it was in no state before
	return p
}

// Configure adds what is configured, and valid at the moment, to what is known:
// a key that waited is trusted at once, one that the point knows as revoked
// stays so, in whichever form it is given. A key whose validity is over
// (RFC 9718 §2.1.2) is removed.
func (p *Point) Configure(keys []trust.Key, now time.Time) (changes []Change) {
	s := step{Point: *p, now: now}
	s.Keys, s.DS = slices.Clone(p.Keys), nil
	for i := range keys {
		if k := &keys[i]; k.Zone == p.Zone && k.Over(now) {
			s.retire(k)
		}
	}
	for rd := range p.DS.All() {
		if !slices.ContainsFunc(keys, func(k trust.Key) bool { return k.Over(now) && string(k.RData) == string(rd) }) {
			s.DS = s.DS.Append(rd)
		}
	}
	for i := range keys {
		if k := &keys[i]; k.Zone == p.Zone && k.Valid(now) {
			s.configure(k)
		}
	}
	*p = s.Point
	return s.changes
}

// configure adds one key, or the digest of one.
func (s *step) configure(k *trust.Key) {
	i := slices.IndexFunc(s.Keys, s.is(k))
	switch {
	case i >= 0:
		if known := &s.Keys[i]; known.State == AddPend {
			s.enter(known, Valid)
		}
	case k.Type == wire.TypeDS:
		for rd := range s.DS.All() {
			if string(rd) == string(k.RData) {
				return
			}
		}
		s.DS = s.DS.Append(k.RData)
	default:
		s.Keys = append(s.Keys, Key{RData: slices.Clone(k.RData)})
		s.enter(&s.Keys[len(s.Keys)-1], Valid)
	}
}

// retire removes the key, or that which the digest is of.
func (s *step) retire(k *trust.Key) {
	for i := range s.Keys {
		if known := &s.Keys[i]; known.State < Revoked && s.is(k)(*known) {
			s.enter(known, Removed)
		}
	}
}

// is tells whether a known key is the configured one.
func (s *step) is(k *trust.Key) func(Key) bool {
	if k.Type != wire.TypeDS {
		plain := unrevoked(k.RData)
		return func(known Key) bool { return string(known.RData) == string(plain) }
	}
	ds, err := sig.ParseDS(k.RData)
	return func(known Key) bool {
		key, keyErr := sig.ParseKey(known.RData)
		return err == nil && keyErr == nil && ds.Vouches(k.Zone, &key)
	}
}

// find is the key of the RDATA, REVOKE flag aside; nil where it is not known.
func (p *Point) find(rdata []byte) *Key {
	plain := unrevoked(rdata)
	for i := range p.Keys {
		if string(p.Keys[i].RData) == string(plain) {
			return &p.Keys[i]
		}
	}
	return nil
}

// unrevoked is the RDATA without the REVOKE flag.
func unrevoked(rdata []byte) []byte {
	plain := slices.Clone(rdata)
	plain[1] &^= byte(sig.FlagRevoke)
	return plain
}

// Anchor is what the point vouches for: its keys that are valid or missing.
// There may be none, which is not the same as no anchor.
func (p *Point) Anchor() trust.Anchor {
	a := trust.Anchor{Zone: p.Zone, DS: p.DS}
	for i := range p.Keys {
		if p.Keys[i].trusted() {
			a.DNSKEY = a.DNSKEY.Append(p.Keys[i].RData)
		}
	}
	return a
}

// Due reports whether the point is to be asked.
func (p *Point) Due(now time.Time) bool { return !now.Before(p.Next) }

// Failed is the point after a question that brought nothing that counts.
func (p Point) Failed(now time.Time) Point {
	p.Next = now.Add(max(p.Retry, time.Hour))
	return p
}
