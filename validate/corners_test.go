package validate_test

import (
	"strings"
	"testing"
	"time"

	"github.com/miekg/dns"

	"recursor/dns/domain"
	"recursor/dns/ede"
	"recursor/dns/rrset"
	"recursor/dns/wire"
	"recursor/testbed/sim"
	"recursor/validate"
)

// RFC: 4033.1
func TestStatusesAndReasons(t *testing.T) {
	order := []validate.Status{validate.Bogus, validate.Indeterminate, validate.Insecure, validate.Secure}
	for i, word := range []string{"bogus", "indeterminate", "insecure", "secure"} {
		if order[i].String() != word || int(order[i]) != i {
			t.Errorf("%d is %s", order[i], order[i])
		}
	}
	var zero validate.Verdict
	if zero.Status != validate.Bogus {
		t.Error("what nobody judged is not bogus")
	}
	codes := map[ede.Code]bool{}
	for r := validate.None; r <= validate.FetchFailed; r++ {
		code, tell := r.Code()
		if (r.String() == "") != (r == validate.None) || strings.HasPrefix(r.String(), "reason ") {
			t.Errorf("reason %d is %q", r, r)
		}
		if tell {
			codes[code] = true
		} else if code != 0 {
			t.Errorf("%s: code %d, and nobody is told", r, code)
		}
	}
	// RFC 8914 §4.2-4.13, and what the registry has since for validation.
	for _, c := range []ede.Code{1, 2, 5, 6, 7, 8, 9, 10, 11, 12, 25, 27, 33} {
		if !codes[c] {
			t.Errorf("no reason has code %d (%s)", c, c)
		}
	}
	beyond := validate.FetchFailed + 1
	if _, tell := beyond.Code(); tell || !strings.HasPrefix(beyond.String(), "reason ") {
		t.Errorf("no reason is %q", beyond)
	}
}

func TestZoneWithoutAnchor(t *testing.T) {
	w := internet(t)
	w.negative = []domain.Name{name("example.com.")}
	zone, v, err := w.judge().Zone(name("www.example.com."), w.now, w, w)
	if zone != name("www.example.com.") || said(v) != "insecure negative trust anchor" || err != nil {
		t.Errorf("%s %s, %v", zone, v.String(), err)
	}
	w.negative, w.anchors = nil, nil
	if _, v, err := w.judge().Zone(name("example.com."), w.now, w, w); said(v) != "indeterminate no trust anchor" || err != nil {
		t.Errorf("%s, %v", v.String(), err)
	}
}

// The SOA record must be of the zone that denies.
func TestSOAOfAnotherZone(t *testing.T) {
	for soa, want := range map[string]string{
		".": "bogus proof of denial incomplete", "example.com.": "secure", "com.": "bogus proof of denial incomplete",
	} {
		w := internet(t)
		other, err := w.ask(name(soa), wire.TypeSOA)
		if err != nil {
			t.Fatal(err)
		}
		w.change = func(r *validate.Response) {
			if r.Name == name("nobody.example.com.") {
				r.SOA, r.Zone = other.Set, domain.Name{}
			}
		}
		w.want("nobody.example.com.", a, want)
	}
	// Without a signature it is nobody's.
	w := internet(t)
	root, err := w.ask(domain.Root(), wire.TypeSOA)
	if err != nil {
		t.Fatal(err)
	}
	w.change = func(r *validate.Response) {
		if r.Name == name("nobody.example.com.") {
			bare := root.Set.Clone()
			bare.Sigs = nil
			r.SOA = &bare
		}
	}
	w.want("nobody.example.com.", a, "bogus signer is not the zone")
	// And none at all, as in a referral, is no harm.
	w.change = func(r *validate.Response) { r.SOA = nil }
	if v := w.want("nobody.example.com.", a, "secure"); v.TTL != 300 {
		t.Errorf("TTL %d", v.TTL)
	}
	w.want("www.plain.com.", a, unsigned)
}

// Keys that are asked for again, and are no better.
//
// RFC: 8901.1
func TestRefreshThatBringsNothing(t *testing.T) {
	ksk := key(t, "example.com.", sim.KeyOptions{Use: sim.SignsKeys})
	zsk := func(seed string, use sim.Use) *sim.Key {
		return key(t, "example.com.", sim.KeyOptions{Seed: seed, Flags: 256, Use: use})
	}
	for what, tt := range map[string]struct {
		change func(r *validate.Response)
		want   string
	}{
		"bogus ones": {func(r *validate.Response) { r.Set.Sigs[40] ^= 1 }, "bogus DNSKEY missing"},
		"none":       {func(r *validate.Response) { r.Set = nil }, "bogus DNSKEY missing"},
		"good ones":  {func(*validate.Response) {}, "secure"},
	} {
		w := small(t, place{sign: sim.SignOptions{Keys: []*sim.Key{ksk, zsk("1", sim.SignsData)}}})
		w.serve(signed(t, plain(t, "example.com.", rich), sim.SignOptions{Keys: []*sim.Key{ksk, zsk("2", sim.SignsData)}}))
		r, err := w.ask(name("www.example.com."), a)
		if err != nil {
			t.Fatal(err)
		}
		w.next[r.Zone] = 1
		asked := 0
		w.change = func(r *validate.Response) {
			if r.Type == wire.TypeDNSKEY && r.Name == name("example.com.") {
				if asked++; asked == 2 {
					tt.change(r)
				}
			}
		}
		p, err := w.judge().Judge(&r, w.now, w, w)
		if got := said(p.Final); got != tt.want || err != nil || asked != 2 {
			t.Errorf("%s: %s after %d, want %s (%v)", what, got, asked, tt.want, err)
		}
	}
	// A fetch that fails then changes nothing.
	w := small(t, place{sign: sim.SignOptions{Keys: []*sim.Key{ksk, zsk("1", sim.SignsData|sim.Hidden)}}})
	w.change = func(r *validate.Response) {
		if r.Type == wire.TypeDNSKEY && r.Name == name("example.com.") {
			w.fail = map[validate.Want]error{{Name: r.Name, Type: r.Type}: errBudget}
		}
	}
	if steps := w.resolve("www.example.com.", a); said(steps[0].parts.Final) != "bogus DNSKEY missing" || steps[0].err != nil {
		t.Errorf("%s, %v", said(steps[0].parts.Final), steps[0].err)
	}
}

// What a Fetcher calls known is believed as far as it makes sense.
func TestKnownOddly(t *testing.T) {
	bare := validate.Want{Name: name("bare.n3.com."), Type: wire.TypeDS}
	for what, tt := range map[string]struct {
		want    validate.Want
		change  func(f *validate.Fetched)
		name    string
		verdict string
		again   bool
	}{
		"as it is":    {bare, func(*validate.Fetched) {}, "www.bare.n3.com.", unsigned, false},
		"as bogus":    {bare, func(f *validate.Fetched) { f.Verdict.Status = validate.Bogus }, "www.bare.n3.com.", unsigned, false},
		"as insecure": {bare, func(f *validate.Fetched) { f.Verdict.Status = validate.Insecure }, "www.bare.n3.com.", unsigned, false},
		"as opt-out": {bare, func(f *validate.Fetched) {
			f.Verdict = validate.Verdict{Status: validate.Insecure, Reason: validate.OptOut}
		}, "www.bare.n3.com.", "insecure perhaps in an opt-out span", false},
		"with half proof": {bare, func(f *validate.Fetched) { f.NXDomain = true }, "www.bare.n3.com.", unsigned, true},
		"without signatures": {bare, func(f *validate.Fetched) {
			for i := range f.Proof {
				f.Proof[i].Sigs = nil
			}
			f.SOA = nil
		}, "www.bare.n3.com.", unsigned, true},
		"keys as insecure": {
			validate.Want{Name: name("n3.com."), Type: wire.TypeDNSKEY},
			func(f *validate.Fetched) { f.Verdict.Status = validate.Insecure }, "www.n3.com.", "secure", false,
		},
	} {
		w := internet(t)
		w.verdict("www.bare.n3.com.", a)
		f, ok := w.kept[tt.want]
		if !ok {
			t.Fatalf("%s %s is not kept", tt.want.Name, tt.want.Type)
		}
		tt.change(&f)
		w.kept[tt.want] = f
		w.fetched = nil
		w.want(tt.name, a, tt.verdict)
		if again := len(w.fetched) > 0; again != tt.again {
			t.Errorf("%s: fetched %v", what, w.fetched)
		}
	}
}

// A wildcard DS record delegates nothing (RFC 4592 §4.6).
//
// RFC: 4592.2
func TestWildcardDS(t *testing.T) {
	w := small(t, place{lines: rich + "*.dsw 300 IN DS 12345 13 2 49FD46E6C4B45C55D4AC69CBD3CD34AC1AFE51DE49FD46E6C4B45C55D4AC69CB\n"})
	w.want("x.dsw.example.com.", wire.TypeDS, "secure")
	forged := rrset.New(name("www.x.dsw.example.com."), a, 300, []byte{192, 0, 2, 66})
	for _, zone := range []string{"example.com.", "x.dsw.example.com."} {
		r := validate.Response{Zone: name(zone), Name: forged.Name, Type: a, Target: forged.Name, Set: &forged}
		p, err := w.judge().Judge(&r, w.now, w, w)
		if got := said(p.Final); got != "bogus signature missing" || err != nil {
			t.Errorf("as of %s: %s, %v", zone, got, err)
		}
	}
}

// Data signed by a child that is no zone of ours, and by two zones at once.
//
// RFC: 4035.4, X.9
func TestTwoSigners(t *testing.T) {
	w := internet(t)
	r, err := w.ask(name("www.sub.example.com."), a)
	if err != nil {
		t.Fatal(err)
	}
	good := r.Set.Sigs
	claim := func(zone string) []byte {
		rd := good.First()
		return append(append(append([]byte(nil), rd[:18]...), name(zone).AppendWire(nil)...), rd[len(rd)-64:]...)
	}
	for what, tt := range map[string]struct {
		sigs rrset.List
		want string
	}{
		"the zone's behind its parent's":   {append(rrset.List(nil).Append(claim("example.com.")), good...), "secure"},
		"the zone's behind a name's":       {append(rrset.List(nil).Append(claim("www.sub.example.com.")), good...), "secure"},
		"the zone's behind two others":     {append(rrset.List(nil).Append(claim("com.")).Append(claim("example.com.")), good...), "bogus DNSKEY missing"},
		"a name's and then the parent's":   {rrset.List(nil).Append(claim("www.sub.example.com.")).Append(claim("example.com.")), "bogus DNSKEY missing"},
		"the parent's and then a name's":   {rrset.List(nil).Append(claim("example.com.")).Append(claim("www.sub.example.com.")), "bogus DNSKEY missing"},
		"none that is a zone's":            {rrset.List(nil).Append(claim("www.sub.example.com.")), "bogus signer is not the zone"},
		"one that is cut, and the zone's":  {append(rrset.List(nil).Append(good.First()[:20]), good...), "secure"},
		"one that is elsewhere":            {append(rrset.List(nil).Append(claim("org.")), good...), "secure"},
		"nothing but one that is cut":      {rrset.List(nil).Append(good.First()[:20]), "bogus signer is not the zone"},
		"of an insecure zone below it all": {rrset.List(nil).Append(claim("plain.com.")), "bogus signer is not the zone"},
	} {
		set := r.Set.Clone()
		set.Sigs = tt.sigs
		q := r
		q.Set, q.Zone = &set, domain.Name{}
		p, err := w.judge().Judge(&q, w.now, w, w)
		if got := said(p.Final); got != tt.want || err != nil {
			t.Errorf("%s: %s, want %s (%v)", what, got, tt.want, err)
		}
	}
}

// The Worst of parts is the first of the least worth.
func TestWorst(t *testing.T) {
	v := func(s validate.Status, r validate.Reason) validate.Verdict {
		return validate.Verdict{Status: s, Reason: r}
	}
	for what, tt := range map[string]struct {
		parts validate.Parts
		want  validate.Reason
	}{
		"final":       {validate.Parts{Final: v(validate.Insecure, validate.Unsigned)}, validate.Unsigned},
		"chain":       {validate.Parts{Chain: []validate.Verdict{v(validate.Bogus, validate.SignatureWrong)}, Final: v(validate.Secure, validate.None)}, validate.SignatureWrong},
		"first":       {validate.Parts{Chain: []validate.Verdict{v(validate.Bogus, validate.SignatureWrong), v(validate.Bogus, validate.SignerWrong)}, Final: v(validate.Bogus, validate.LabelsWrong)}, validate.SignatureWrong},
		"more":        {validate.Parts{More: []validate.Verdict{v(validate.Insecure, validate.OptOut), v(validate.Bogus, validate.LabelsWrong)}, Final: v(validate.Secure, validate.None)}, validate.LabelsWrong},
		"the final":   {validate.Parts{More: []validate.Verdict{v(validate.Bogus, validate.LabelsWrong)}, Final: v(validate.Bogus, validate.SignerWrong)}, validate.SignerWrong},
		"the final 2": {validate.Parts{Chain: []validate.Verdict{v(validate.Secure, validate.None)}, Final: v(validate.Insecure, validate.OptOut)}, validate.OptOut},
	} {
		if got := tt.parts.Worst(); got.Reason != tt.want {
			t.Errorf("%s: %s", what, got.String())
		}
	}
}

// A chain that ends in nothing more, as behind a DNAME that makes too long a
// name, is worth what the chain is.
func TestLeads(t *testing.T) {
	w := internet(t)
	r, err := w.ask(name("away.example.com."), a)
	if err != nil || !r.Leads {
		t.Fatalf("%+v, %v", r, err)
	}
	p, err := w.judge().Judge(&r, w.now, w, w)
	if err != nil || said(p.Final) != "secure" || len(p.Chain) != 1 {
		t.Errorf("%+v, %v", p, err)
	}
}

// Signatures' times are judged at the moment given, to the second.
func TestMoment(t *testing.T) {
	begin, end := instant("2026-01-01"), instant("2026-02-01")
	w := small(t, place{sign: sim.SignOptions{Inception: begin, Expiration: end}})
	for at, want := range map[time.Time]string{
		begin.Add(-time.Second): "bogus signature not yet valid", begin: "secure", end: "secure",
		end.Add(time.Second): "bogus signature expired", end.Add(999 * time.Millisecond): "secure",
	} {
		w.now = at
		clear(w.kept)
		w.want("www.example.com.", a, want)
	}
}

// Names that exist for a delegation alone, in every kind of chain.
func TestEmptyNonTerminalsAboveCuts(t *testing.T) {
	for what, o := range map[string]sim.SignOptions{
		"NSEC": {}, "NSEC3": {NSEC3: true}, "opt-out": {NSEC3: true, OptOut: true}, "compact": {Compact: true},
	} {
		w := tree(t, place{origin: "."}, place{origin: "com.", sign: o}, place{origin: "x.y.com.", lines: rich, unsigned: true},
			place{origin: "s.z.com.", lines: rich})
		wantENT, wantCut := "secure", unsigned
		if o.OptOut {
			wantENT, wantCut = "insecure perhaps in an opt-out span", "insecure perhaps in an opt-out span"
		}
		w.want("y.com.", a, wantENT)
		w.want("y.com.", wire.TypeDS, wantENT)
		w.want("z.com.", a, "secure")
		w.want("www.s.z.com.", a, "secure")
		w.want("www.x.y.com.", a, wantCut)
		if t.Failed() {
			t.Fatal(what)
		}
	}
}

// A DS record for a key that is malformed.
//
// RFC: X.1
func TestMalformedKSK(t *testing.T) {
	bad := dns.Copy(key(t, "example.com.", sim.KeyOptions{}).DNSKEY).(*dns.DNSKEY)
	bad.PublicKey = "AAAA" + bad.PublicKey[4:]
	w := small(t, place{
		ds: func(*sim.Zone) []dns.RR {
			ds := bad.ToDS(dns.SHA256)
			ds.Hdr.Ttl = 3600
			return []dns.RR{ds}
		},
		broken: func(z *sim.Zone) {
			if err := z.Add(bad); err != nil {
				t.Fatal(err)
			}
		},
	})
	w.want("www.example.com.", a, "bogus key malformed")
}
