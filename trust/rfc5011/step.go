package rfc5011

import (
	"slices"
	"time"

	"recursor/dns/rrset"
	"recursor/dns/wire"
	"recursor/validate/sig"
)

// Change is a key that came into another state.
type Change struct {
	Tag      uint16
	From, To State // 0 is Start
}

// Step is the point after it has seen a DNSKEY RRset of its zone, and what
// changed. ok is false where the set counts for nothing: no key of the point
// signed it, it is of another zone, or the clock is before the last one that
// counted. Then the point is as it was, but that it asks again.
func (p Point) Step(set *rrset.Set, policy *sig.Policy, now time.Time) (next Point, changes []Change, ok bool) {
	s := step{Point: p, set: set, policy: policy, now: now}
	if set.Name != p.Zone || set.Type != wire.TypeDNSKEY || now.Before(p.Updated) {
		return p.Failed(now), nil, false
	}
	s.Keys = slices.Clone(p.Keys)
	s.revoke()
	if signed := s.signers(); len(signed) > 0 {
		ok = true
		s.matchDigests()
		s.present(signed)
	}
	if !ok && len(s.changes) == 0 {
		return p.Failed(now), nil, false
	}
	s.age()
	if ok {
		s.Updated = now
		s.plan()
	} else {
		s.Point = s.Failed(now)
	}
	return s.Point, s.changes, true
}

type step struct {
	Point
	set     *rrset.Set
	policy  *sig.Policy
	now     time.Time
	changes []Change
	holds   sig.RRSIG // a signature of a trusted key
}

func (s *step) window() sig.Window { return sig.Window{Now: s.now} }

// free is a Work without a limit: a point's keys are few.
type free struct{}

func (free) Signature() error   { return nil }
func (free) Checked()           {}
func (free) Failed() error      { return nil }
func (free) Held(*sig.Sum) bool { return false }
func (free) Hold(*sig.Sum)      {}

// enter moves a key into a state.
func (s *step) enter(k *Key, to State) {
	s.changes = append(s.changes, Change{k.Tag(), k.State, to})
	k.State, k.Since, k.Until, k.By = to, s.now, time.Time{}, nil
}

// revoke takes revocations: the key with its REVOKE flag, by its own signature
// (RFC 5011 §2.1). What else signs the set does not matter.
func (s *step) revoke() {
	for rd := range s.set.RData.All() {
		key, err := sig.ParseKey(rd)
		if err != nil || !key.Revoked() {
			continue
		}
		known := s.find(rd)
		if known == nil || !known.trusted() && known.State != Revoked ||
			!sig.Revokes(s.set, &key, s.policy, s.window(), free{}) {
			continue
		}
		if known.State != Revoked {
			s.enter(known, Revoked)
		}
		known.Seen = s.now
	}
}

// signers are the tags of the trusted keys that signed the set. A configured
// digest makes its key one, too.
func (s *step) signers() (tags []uint16) {
	all := sig.NewKeys(s.Zone, s.set.RData, s.policy)
	usable, _ := s.policy.Usable(s.DS)
	trusted := all.VouchedBy(usable).Keys
	for i := range s.Keys {
		if k := &s.Keys[i]; k.trusted() {
			trusted = trusted.And(all.Holding(rrset.List(nil).Append(k.RData)))
		}
	}
	for _, key := range trusted.All() {
		one := all.Holding(rrset.List(nil).Append(key.RData()))
		if r := sig.Verify(s.set, one, s.window(), free{}); r.Fault == sig.Sound {
			tags = append(tags, key.Tag)
			s.holds = r.Signature
		}
	}
	return tags
}

// matchDigests turns configured digests into the keys they are of.
func (s *step) matchDigests() {
	all := sig.NewKeys(s.Zone, s.set.RData, s.policy)
	var left rrset.List
	for rd := range s.DS.All() {
		usable, _ := s.policy.Usable(rrset.List(nil).Append(rd))
		found := all.VouchedBy(usable).Keys
		for _, key := range found.All() {
			known := s.find(key.RData())
			if known == nil {
				s.Keys = append(s.Keys, Key{RData: slices.Clone(key.RData())})
				known = &s.Keys[len(s.Keys)-1]
			}
			if known.State == 0 || known.State == AddPend {
				s.enter(known, Valid)
			}
			known.Seen = s.now
		}
		if found.Len() == 0 {
			left = left.Append(rd)
		}
	}
	s.DS = left
}

// present takes which keys are in the set and which are not (RFC 5011 §4.1).
// by are the tags of the trusted keys that signed it.
func (s *step) present(by []uint16) {
	in := map[string]bool{}
	for rd := range s.set.RData.All() {
		key, err := sig.ParseKey(rd)
		if err != nil || !key.SEP() || key.Revoked() || key.Flags&sig.FlagZone == 0 {
			continue
		}
		in[string(rd)] = true
		switch known := s.find(rd); {
		case known == nil:
			s.add(rd, by)
		default:
			s.seen(known)
		}
	}
	for i := range s.Keys {
		switch k := &s.Keys[i]; {
		case in[string(k.RData)]:
		case k.State == Valid:
			s.enter(k, Missing)
		case k.State == AddPend:
			s.enter(k, 0)
		}
	}
	s.Keys = slices.DeleteFunc(s.Keys, func(k Key) bool { return k.State == 0 })
}

// add begins the hold-down of a new key, if there is room: what was removed
// long ago is forgotten for it, and nothing else.
func (s *step) add(rdata []byte, by []uint16) {
	if len(s.Keys) >= MaxKeys {
		i := slices.IndexFunc(s.Keys, func(k Key) bool { return k.State == Removed })
		if i < 0 {
			return
		}
		s.Keys = slices.Delete(s.Keys, i, i+1)
	}
	k := Key{RData: slices.Clone(rdata)}
	s.enter(&k, AddPend)
	ttl := time.Duration(s.holds.OriginalTTL) * time.Second
	k.Until, k.Seen, k.By = s.now.Add(max(HoldDown, ttl)), s.now, by
	s.Keys = append(s.Keys, k)
}

// seen takes that a known key is in the set.
func (s *step) seen(k *Key) {
	switch {
	case k.State == AddPend && s.orphaned(k):
		// Whoever brought it is not to be believed any more (RFC 5011 §2.2).
		s.enter(k, 0)
		return
	case k.State == AddPend && !s.now.Before(k.Until), k.State == Missing:
		s.enter(k, Valid)
	}
	if k.State != Revoked && k.State != Removed {
		k.Seen = s.now
	}
}

// orphaned reports whether all the keys are revoked that signed the set in
// which k was first seen.
func (s *step) orphaned(k *Key) bool {
	for i := range s.Keys {
		if o := &s.Keys[i]; o.trusted() && slices.Contains(k.By, o.Tag()) {
			return false
		}
	}
	return true
}

// age removes what was revoked and has been gone long enough.
func (s *step) age() {
	for i := range s.Keys {
		if k := &s.Keys[i]; k.State == Revoked && !s.now.Before(k.Seen.Add(RemoveHoldDown)) {
			s.enter(k, Removed)
		}
	}
}

// plan sets when to ask again (RFC 5011 §2.3).
func (s *step) plan() {
	ttl := time.Duration(s.holds.OriginalTTL) * time.Second
	left := time.Duration(s.window().Left(&s.holds)) * time.Second
	s.Next = s.now.Add(max(time.Hour, min(15*24*time.Hour, ttl/2, left/2)))
	s.Retry = max(time.Hour, min(24*time.Hour, ttl/10, left/10))
}
