package validate_test

import (
	"testing"

	"recursor/dns/domain"
	"recursor/dns/rrset"
	"recursor/dns/wire"
	"recursor/validate"
)

// The SOA record beside a proof of opt-out is believed no more than that of any denial: it says how long to keep it. One of
// another zone is beside the point, since such a denial vouches for nothing.
//
// RFC: 5155.5
func TestSOAOfOptOut(t *testing.T) {
	const optOut = "insecure perhaps in an opt-out span"
	for what, tt := range map[string]struct {
		soa  func(own, other rrset.Set) *rrset.Set
		want string
	}{
		"its own":     {func(own, _ rrset.Set) *rrset.Set { return &own }, optOut},
		"another's":   {func(_, other rrset.Set) *rrset.Set { return &other }, optOut},
		"none":        {func(rrset.Set, rrset.Set) *rrset.Set { return nil }, optOut},
		"not its own": {func(own, _ rrset.Set) *rrset.Set { own.RData[len(own.RData)-1] ^= 1; return &own }, "bogus signature does not verify"},
	} {
		w := internet(t)
		other, err := w.ask(name("example.com."), wire.TypeSOA)
		if err != nil {
			t.Fatal(err)
		}
		w.change = func(r *validate.Response) {
			if r.Name == name("nobody.out.com.") && r.Type == a {
				r.SOA, r.Zone = tt.soa(r.SOA.Clone(), other.Set.Clone()), domain.Name{}
			}
		}
		if v := w.want("nobody.out.com.", a, tt.want); v.OptOut != (tt.want == optOut) {
			t.Errorf("%s: opt-out %t", what, v.OptOut)
		}
	}
}
