package rfc5011

import (
	"fmt"
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
	i := slices.IndexFunc(s.Keys, func(known Key) bool { return matches(k, &known) })
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
		if known := &s.Keys[i]; known.State < Revoked && matches(k, known) {
			s.enter(known, Removed)
		}
	}
}

// matches reports whether a configured key, or the digest of one, is that key.
func matches(configured *trust.Key, known *Key) bool {
	if configured.Type != wire.TypeDS {
		return string(known.RData) == string(unrevoked(configured.RData))
	}
	ds, err := sig.ParseDS(configured.RData)
	key, keyErr := sig.ParseKey(known.RData)
	return err == nil && keyErr == nil && ds.Vouches(configured.Zone, &key)
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

// Vouches reports whether anything is trusted.
func (p *Point) Vouches() bool {
	return len(p.DS) > 0 || slices.ContainsFunc(p.Keys, func(k Key) bool { return k.trusted() })
}

// Trusted is the point's anchor as keys. Of those that are configured, whatever
// their form, it has the validity.
func (p *Point) Trusted(configured []trust.Key) []trust.Key {
	var out []trust.Key
	add := func(k trust.Key, same func(*trust.Key) bool) {
		for i := range configured {
			if c := &configured[i]; c.Zone == p.Zone && same(c) {
				k.From, k.Until = c.From, c.Until
			}
		}
		out = append(out, k)
	}
	for rd := range p.DS.All() {
		add(trust.Key{Zone: p.Zone, Type: wire.TypeDS, RData: rd}, func(c *trust.Key) bool { return string(c.RData) == string(rd) })
	}
	for i := range p.Keys {
		if k := &p.Keys[i]; k.trusted() {
			add(trust.Key{Zone: p.Zone, Type: wire.TypeDNSKEY, RData: k.RData}, func(c *trust.Key) bool { return matches(c, k) })
		}
	}
	return out
}

// HeldUntil is when the hold-down of a key is over, the zero time where it is in
// none.
func (p *Point) HeldUntil(tag uint16) time.Time {
	for i := range p.Keys {
		if k := &p.Keys[i]; k.Tag() == tag && k.State == AddPend {
			return k.Until
		}
	}
	return time.Time{}
}

// Describe is the keys for people: "20326 Valid since 2026-01-01", a digest as
// "20326 DS".
func (p *Point) Describe() []string {
	var out []string
	for i := range p.Keys {
		k := &p.Keys[i]
		s := fmt.Sprintf("%d %s since %s", k.Tag(), k.State, k.Since.UTC().Format(time.DateOnly))
		if k.State == AddPend {
			s += " until " + k.Until.UTC().Format(time.DateOnly)
		}
		out = append(out, s)
	}
	for rd := range p.DS.All() {
		if ds, err := sig.ParseDS(rd); err == nil {
			out = append(out, fmt.Sprintf("%d DS", ds.KeyTag))
		}
	}
	return out
}

// Due reports whether the point is to be asked.
func (p *Point) Due(now time.Time) bool { return !now.Before(p.Next) }

// Failed is the point after a question that brought nothing that counts.
func (p Point) Failed(now time.Time) Point {
	p.Next = now.Add(max(p.Retry, time.Hour))
	return p
}
