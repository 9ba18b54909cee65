package denial_test

import (
	"math/rand/v2"
	"testing"

	"recursor/dns/domain"
	"recursor/dns/rrset"
	"recursor/dns/wire"
	"recursor/validate/denial"
)

// chain is a way to deny.
type chain struct {
	nsec3, optOut bool
	salt          string
}

func (c chain) of(z *zone) []rrset.Set {
	if c.nsec3 {
		return z.nsec3(c.optOut, c.salt)
	}
	return z.nsec()
}

func chains() map[string]chain {
	return map[string]chain{
		"NSEC":           {},
		"NSEC3":          {nsec3: true, salt: "\xaa\xbb"},
		"NSEC3, no salt": {nsec3: true},
		"NSEC3, opt-out": {nsec3: true, optOut: true, salt: "\x01"},
	}
}

// asked are the types that claims are made of.
func asked() []wire.Type {
	return []wire.Type{wire.TypeA, wire.TypeNS, wire.TypeDS, wire.TypeCNAME, wire.TypeDNAME, wire.TypeSOA, wire.TypeAAAA}
}

// signedView is the zone as an opt-out chain shows it.
func signedView(z *zone, c chain) *zone {
	if !c.optOut {
		return z
	}
	view := &zone{apex: z.apex, names: map[domain.Name]kind{}}
	for n, k := range z.names {
		if k != unsigned && !z.occluded(n) {
			view.names[n] = k
		}
	}
	return view
}

// judge holds what the records prove against the whole zone. whole tells that
// they are the whole chain, so that what is true must be proven.
func judge(t *testing.T, z *zone, c chain, r *denial.Records, name domain.Name, whole bool) {
	t.Helper()
	view := signedView(z, c)
	wrong := func(what string, f denial.Finding) {
		t.Helper()
		t.Errorf("%s\n%s: %s: %+v", z, name, what, f)
	}
	f := must(t)(r.NameError(name))
	what, _ := view.ask(name, wire.TypeAAAA)
	switch {
	case f.Proven && what != nxDomain:
		wrong("NXDOMAIN proven", f)
	case whole && !f.Proven && what == nxDomain:
		wrong("NXDOMAIN not proven", f)
	case f.Proven && f.OptOut != c.optOut:
		wrong("opt-out", f)
	}
	for _, rrtype := range asked() {
		f := must(t)(r.NoData(name, rrtype))
		what, source := view.ask(name, rrtype)
		// Where a span of opt-out may hold the name, its absence is as good as
		// proven.
		hidden := c.optOut && !view.exists(name) && !view.occluded(name)
		switch {
		case f.OptOut && !hidden:
			wrong("opt-out of a name that exists, "+rrtype.String(), f)
		case f.Proven && !f.OptOut && what != noData:
			wrong("NODATA proven of "+rrtype.String(), f)
		case whole && !f.Proven && (what == noData || hidden):
			wrong("NODATA not proven of "+rrtype.String(), f)
		case f.Proven && !f.OptOut && f.Wildcard != !source.IsZero():
			wrong("wildcard", f)
		case f.Proven && rrtype == wire.TypeDS && !f.OptOut && f.Cut != z.cut(name):
			wrong("cut", f)
		case f.OptOut && f.Cut != (rrtype == wire.TypeDS), f.NXName:
			wrong("cut by opt-out, or compact", f)
		}
	}
	for encloser := name.Parent(); encloser.Within(z.apex); encloser = encloser.Parent() {
		f := must(t)(r.Expansion(name, encloser))
		closer := name.NextCloser(encloser)
		// A wildcard is rightly used where its encloser exists, which the
		// signature shows, and nothing nearer does.
		absent := !view.exists(closer) && !view.occluded(closer)
		switch {
		case f.Proven && view.exists(closer) && !view.occluded(closer):
			wrong("no name between "+encloser.String()+" proven", f)
		case whole && !f.Proven && absent:
			wrong("no name between "+encloser.String()+" not proven", f)
		case f.Proven && f.OptOut != c.optOut:
			wrong("opt-out", f)
		}
	}
}

func must(t *testing.T) func(denial.Finding, error) denial.Finding {
	return func(f denial.Finding, err error) denial.Finding {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return f
	}
}

// Whole chains of random zones prove exactly what is true of the zone; parts of
// them prove nothing else.
//
// RFC: 4035.5, 5155.2, 5155.3, 5155.4, 6840.1, 6840.2, 4592.1
func TestAgainstWholeZones(t *testing.T) {
	apex := domain.MustParse("z.test.")
	names := universe(apex, []string{"a", "b", "*", "m"}, 3)
	queries := append(universe(apex, []string{"a", "b", "*", "0", "zz"}, 3), apex)
	for name, c := range chains() {
		t.Run(name, func(t *testing.T) {
			rng := rand.New(rand.NewPCG(7, 11))
			for range 40 {
				z := randomZone(rng, apex, names)
				if rng.IntN(2) == 0 { // sparse ones have more to deny
					for n := range z.names {
						if rng.IntN(4) > 0 {
							delete(z.names, n)
						}
					}
				}
				all := c.of(z)
				part := all[:0:0]
				for _, s := range all {
					if rng.IntN(2) == 0 {
						part = append(part, s)
					}
				}
				for _, q := range queries {
					if rng.IntN(3) == 0 {
						judge(t, z, c, records(apex, all), q, true)
						judge(t, z, c, records(apex, part), q, false)
					}
				}
				if t.Failed() {
					return
				}
			}
		})
	}
}

// A few records of a small zone prove what every zone that has them agrees on,
// no more and no less: the zones are all there can be of six names.
func TestAgainstEveryZone(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds")
	}
	apex := domain.MustParse("z.")
	names := universe(apex, []string{"a", "b", "*"}, 1)
	for _, l := range []string{"a", "b", "*"} {
		n, _ := domain.MustParse("a.z.").Prepend(l)
		names = append(names, n)
	}
	var zones []*zone
	for code := range 6 * 6 * 6 * 6 * 6 * 6 {
		z := &zone{apex: apex, names: map[domain.Name]kind{}}
		rest, ok := code, true
		for _, n := range names {
			if k := kind(rest % int(kinds)); k != nothing {
				z.names[n] = k
			}
			rest /= int(kinds)
		}
		for n := range z.names {
			ok = ok && !z.occluded(n)
		}
		if ok {
			zones = append(zones, z)
		}
	}
	for name, c := range chains() {
		if c.optOut || c.nsec3 && c.salt == "" {
			continue // findings weaker than truth, by design; and one chain of hashes is enough
		}
		t.Run(name, func(t *testing.T) {
			with := map[string]bits{} // record → zones that have it
			all := make([][]rrset.Set, len(zones))
			for i, z := range zones {
				all[i] = c.of(z)
				for _, s := range all[i] {
					k := s.Name.String() + string(s.RData)
					if with[k] == nil {
						with[k] = make(bits, (len(zones)+63)/64)
					}
					with[k].set(i)
				}
			}
			rng := rand.New(rand.NewPCG(3, 5))
			proven := 0
			for range 150 {
				from := rng.IntN(len(all))
				have := all[from]
				var some []rrset.Set
				same := make(bits, (len(zones)+63)/64)
				for i := range same {
					same[i] = ^uint64(0)
				}
				for _, s := range have {
					if rng.IntN(2) == 0 {
						some = append(some, s)
						same.and(with[s.Name.String()+string(s.RData)])
					}
				}
				if len(some) == 0 {
					continue
				}
				r := records(apex, some)
				for _, q := range names {
					gone, lacks := true, true
					for i, z := range zones {
						if same.has(i) {
							a, _ := z.ask(q, wire.TypeA)
							gone = gone && a == nxDomain
							lacks = lacks && a == noData
						}
					}
					for claim, entailed := range map[string]bool{"NXDOMAIN": gone, "NODATA": lacks} {
						f := must(t)(r.NameError(q))
						if claim == "NODATA" {
							f = must(t)(r.NoData(q, wire.TypeA))
						}
						if f.Proven && !entailed {
							t.Fatalf("%s of %s proven by %v of\n%v", claim, q, some, have)
						}
						switch {
						case entailed && f.Proven:
							proven++
						case entailed && !c.nsec3, entailed && matched(some, c, zones[from], q):
							t.Fatalf("%s of %s not proven by %v", claim, q, some)
						}
					}
				}
			}
			if proven < 100 {
				t.Errorf("only %d claims were true of every zone", proven)
			}
		})
	}
}

// matched reports whether the records match name or its closest encloser, as
// every proof by NSEC3 must (RFC 5155 §8.3): that a name is some record's next
// one shows that it exists, but not what it owns.
func matched(some []rrset.Set, c chain, z *zone, name domain.Name) bool {
	for !z.exists(name) {
		name = name.Parent()
	}
	p := params(c.salt)
	for i := range some {
		if some[i].Name.FirstLabel() == p.Hash(name).Label() {
			return true
		}
	}
	return false
}

// bits is a set of zones.
type bits []uint64

func (b bits) set(i int)      { b[i/64] |= 1 << (i % 64) }
func (b bits) has(i int) bool { return b[i/64]&(1<<(i%64)) != 0 }
func (b bits) and(o bits) {
	for i := range b {
		b[i] &= o[i]
	}
}

// FuzzOracle makes a zone, a part of its chain and a name of the octets.
func FuzzOracle(f *testing.F) {
	f.Add(uint64(1), uint64(0xffff), uint8(0), uint8(3))
	f.Add(uint64(77), uint64(0x5555), uint8(1), uint8(20))
	f.Add(uint64(1234567), ^uint64(0), uint8(3), uint8(33))
	apex := domain.MustParse("z.")
	names := universe(apex, []string{"a", "*", "m"}, 3)
	queries := append(universe(apex, []string{"a", "*", "b"}, 4), apex)
	var kindsOf []chain
	for _, k := range []string{"NSEC", "NSEC3", "NSEC3, no salt", "NSEC3, opt-out"} {
		kindsOf = append(kindsOf, chains()[k])
	}
	f.Fuzz(func(t *testing.T, seed, mask uint64, which, query uint8) {
		z := randomZone(rand.New(rand.NewPCG(seed, 0)), apex, names)
		c := kindsOf[int(which)%len(kindsOf)]
		all := c.of(z)
		var part []rrset.Set
		for i, s := range all {
			if mask&(1<<(i%64)) != 0 {
				part = append(part, s)
			}
		}
		judge(t, z, c, records(apex, part), queries[int(query)%len(queries)], len(part) == len(all))
	})
}
