package rfc5011

import (
	"time"

	"recursor/dns/rrset"
	"recursor/validate/sig"
)

// Times bound when signatures of trusted keys over the set hold: from the
// earliest inception to the latest expiration. What is between is not looked
// at, nor what time it is: a clock that reads a time outside of them is wrong,
// or what the servers say is old. False: no trusted key signed the set.
func (p Point) Times(set *rrset.Set, policy *sig.Policy) (from, until time.Time, ok bool) {
	for rd := range set.Sigs.All() {
		s, err := sig.ParseRRSIG(rd)
		if err != nil {
			continue
		}
		alone := *set
		alone.Sigs = rrset.List(nil).Append(rd)
		begin, end := moment(s.Inception), moment(s.Expiration)
		at := step{Point: p, set: &alone, policy: policy, now: begin}
		if len(at.signers()) == 0 {
			continue
		}
		if !ok || begin.Before(from) {
			from = begin
		}
		if !ok || end.After(until) {
			until = end
		}
		ok = true
	}
	return from, until, ok
}

// moment is a time of an RRSIG record, up to the year 2106.
func moment(seconds uint32) time.Time { return time.Unix(int64(seconds), 0) }
