package rfc5011_test

import (
	"bytes"
	"crypto/ed25519"
	"errors"
	"fmt"
	"hash/crc32"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/miekg/dns"

	"recursor/dns/domain"
	"recursor/dns/rrset"
	"recursor/dns/text"
	"recursor/dns/wire"
	"recursor/trust"
	"recursor/trust/rfc5011"
	"recursor/validate/sig"
)

// owner is a zone's owner with keys.
type owner struct {
	t    *testing.T
	zone string
	keys map[string]*dns.DNSKEY
	priv map[string]ed25519.PrivateKey
	ttl  uint32
	// from and to are the validity of signatures, from the moment of signing.
	from, to time.Duration
}

func newOwner(t *testing.T) *owner {
	t.Helper()
	return &owner{t: t, zone: "example.", keys: map[string]*dns.DNSKEY{}, priv: map[string]ed25519.PrivateKey{}, ttl: 172800, from: -time.Hour, to: 20 * day}
}

const day = 24 * time.Hour

// key is the key of a name, which is made of the name: "A", and "A'" for A with
// its REVOKE flag; lower-case ones have no SEP flag.
func (o *owner) key(name string) *dns.DNSKEY {
	o.t.Helper()
	if k, ok := o.keys[name]; ok {
		return k
	}
	plain := strings.TrimSuffix(name, "'")
	priv := ed25519.NewKeyFromSeed(bytes.Repeat([]byte(plain), ed25519.SeedSize)[:ed25519.SeedSize])
	k := new(dns.DNSKEY)
	k.Hdr = dns.RR_Header{Name: o.zone, Rrtype: dns.TypeDNSKEY, Class: dns.ClassINET, Ttl: o.ttl}
	k.Flags, k.Protocol, k.Algorithm = dns.ZONE, 3, dns.ED25519
	if plain == strings.ToUpper(plain) {
		k.Flags |= dns.SEP
	}
	if name != plain {
		k.Flags |= dns.REVOKE
	}
	rr, err := dns.NewRR(fmt.Sprintf("%s %d IN DNSKEY %d 3 15 %s", o.zone, o.ttl, k.Flags, base64Of(priv.Public().(ed25519.PublicKey))))
	if err != nil {
		o.t.Fatal(err)
	}
	o.keys[name], o.priv[name] = rr.(*dns.DNSKEY), priv
	return o.keys[name]
}

func base64Of(b []byte) string {
	s := rrset.New(domain.Root(), wire.TypeDNSKEY, 1, append([]byte{1, 0, 3, 15}, b...))
	f := strings.Fields(text.SetString(&s))
	return f[len(f)-1]
}

func (o *owner) tag(name string) uint16 { return o.key(name).KeyTag() }

// set is the DNSKEY RRset "A B' c" signed by "A B'" at a moment.
func (o *owner) set(keys, by string, now time.Time) *rrset.Set {
	o.t.Helper()
	var rrs []dns.RR
	for _, name := range strings.Fields(keys) {
		rrs = append(rrs, o.key(name))
	}
	all := rrs
	for _, name := range strings.Fields(by) {
		s := &dns.RRSIG{
			Hdr: dns.RR_Header{Ttl: o.ttl}, Algorithm: dns.ED25519, KeyTag: o.tag(name), SignerName: o.zone,
			Inception: uint32(now.Add(o.from).Unix()), Expiration: uint32(now.Add(o.to).Unix()), OrigTtl: o.ttl,
		}
		if err := s.Sign(o.priv[name], rrs); err != nil {
			o.t.Fatal(err)
		}
		all = append(all, s)
	}
	sets, err := text.FromRRs(all)
	if err != nil || len(sets) != 1 {
		o.t.Fatal(len(sets), err)
	}
	return &sets[0]
}

func (o *owner) anchor(name string) trust.Key {
	set := o.set(name, "", time.Unix(0, 0))
	return trust.Key{Zone: set.Name, Type: wire.TypeDNSKEY, RData: set.RData.First()}
}

func (o *owner) digest(name string) trust.Key {
	a := o.anchor(name)
	ds := append([]byte{byte(o.tag(name) >> 8), byte(o.tag(name)), dns.ED25519, dns.SHA256}, sig.DigestOf(sig.SHA256, a.Zone, a.RData)...)
	return trust.Key{Zone: a.Zone, Type: wire.TypeDS, RData: ds}
}

// states are the keys of a point with their states, by the owner's names.
func (o *owner) states(p rfc5011.Point) string {
	var out []string
	for i := range p.Keys {
		name := fmt.Sprint(p.Keys[i].Tag())
		for n := range o.keys {
			if o.tag(n) == p.Keys[i].Tag() && !strings.HasSuffix(n, "'") {
				name = n
			}
		}
		out = append(out, name+" "+p.Keys[i].State.String())
	}
	return strings.Join(out, ", ")
}

var begin = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// Stories of RFC 5011 §2 and §6: what the zone shows day by day, and what is
// trusted then.
//
// RFC: 5011.1, 5011.2, 5011.4
func TestStories(t *testing.T) {
	type seen struct {
		day      float64
		keys, by string
		want     string // states
		counts   bool
	}
	for story, days := range map[string][]seen{
		// §6.2
		"a key is added": {
			{0, "A", "A", "A Valid", true},
			{1, "A B", "A", "A Valid, B AddPend", true},
			{10, "A B", "A", "A Valid, B AddPend", true},
			{30.9, "A B", "A", "A Valid, B AddPend", true},
			{31, "A B", "A", "A Valid, B Valid", true},
			{32, "A B", "B", "A Valid, B Valid", true},
		},
		// §2.2: also after the hold-down the key must be seen in a set.
		"nobody looked for long": {
			{0, "A B", "A", "A Valid, B AddPend", true},
			{100, "A B", "A", "A Valid, B Valid", true},
		},
		"it goes before its time": {
			{0, "A B", "A", "A Valid, B AddPend", true},
			{29, "A", "A", "A Valid", true},
			{30, "A B", "A", "A Valid, B AddPend", true},
			{31, "A B", "A", "A Valid, B AddPend", true},
			{60, "A B", "A", "A Valid, B Valid", true},
		},
		"it is gone when its time comes": {
			{0, "A B", "A", "A Valid, B AddPend", true},
			{40, "A", "A", "A Valid", true},
		},
		"it signs before its time": {
			{0, "A B", "A", "A Valid, B AddPend", true},
			{10, "A B", "B", "A Valid, B AddPend", false},
			{20, "B", "B", "A Valid, B AddPend", false},
		},
		// §6.3
		"a key is revoked": {
			{0, "A", "A", "A Valid, B Valid", true},
			{1, "A' B", "A' B", "A Revoked, B Valid", true},
			{2, "A B", "A B", "A Revoked, B Valid", true},
			{20, "A' B", "B", "A Revoked, B Valid", true},
			{30.9, "B", "B", "A Revoked, B Valid", true},
			{31, "B", "B", "A Removed, B Valid", true},
			{99, "A B", "B", "A Removed, B Valid", true},
			{100, "A B", "A", "A Removed, B Valid", false},
		},
		"revoked, but not by itself": {
			{0, "A B", "A B", "A Valid, B Valid", true},
			{1, "A' B", "B", "A Missing, B Valid", true},
			{2, "A B", "B", "A Valid, B Valid", true},
		},
		"revoked by itself alone": {
			{0, "A B", "A B", "A Valid, B Valid", true},
			{1, "A' B", "A'", "A Revoked, B Valid", true},
		},
		"the last key is revoked": {
			{0, "A B", "A B", "A Valid, B Valid", true},
			{1, "A' B'", "A' B'", "A Revoked, B Revoked", true},
			{2, "C", "C", "A Revoked, B Revoked", false},
		},
		"one that waits is revoked": {
			{0, "A B", "A", "A Valid, B Valid", true},
			{1, "A B C", "A", "A Valid, B Valid, C AddPend", true},
			{2, "A B C'", "A C'", "A Valid, B Valid", true},
		},
		// §2.2: a compromised key brings another and is revoked in time.
		"its only witness is revoked": {
			{0, "A B", "A", "A Valid, B Valid", true},
			{1, "A B C", "A", "A Valid, B Valid, C AddPend", true},
			{2, "A' B C", "A' B", "A Revoked, B Valid", true},
			{3, "B C", "B", "A Revoked, B Valid, C AddPend", true},
			{31.9, "B C", "B", "A Revoked, B Valid, C AddPend", true},
			{32.9, "B C", "B", "A Removed, B Valid, C AddPend", true},
			{33, "B C", "B", "A Removed, B Valid, C Valid", true},
		},
		"another witness is left": {
			{0, "A B", "A", "A Valid, B Valid", true},
			{1, "A B C", "A B", "A Valid, B Valid, C AddPend", true},
			{2, "A' B C", "A' B", "A Revoked, B Valid, C AddPend", true},
			{31, "B C", "B", "A Revoked, B Valid, C Valid", true},
		},
		// §4.2
		"a trusted key is missing": {
			{0, "A B", "A", "A Valid, B Valid", true},
			{1, "B", "B", "A Missing, B Valid", true},
			{100, "B", "B", "A Missing, B Valid", true},
			{101, "A B", "A", "A Valid, B Valid", true},
			{102, "B", "B", "A Missing, B Valid", true},
			{103, "A' B", "A'", "A Revoked, B Valid", true},
		},
		"nobody trusted signs": {
			{0, "A B C", "C", "A Valid, B Valid", false},
			{1, "C", "C", "A Valid, B Valid", false},
			{2, "A B", "", "A Valid, B Valid", false},
		},
		"keys that sign data": {
			{0, "A B z", "A", "A Valid, B Valid", true},
			{60, "A B z", "A", "A Valid, B Valid", true},
		},
	} {
		t.Run(story, func(t *testing.T) {
			o := newOwner(t)
			anchors := []trust.Key{o.anchor("A")}
			if strings.Contains(days[0].want, "B Valid") {
				anchors = append(anchors, o.anchor("B"))
			}
			p := rfc5011.New(domain.MustParse(o.zone), anchors, begin)
			if first := days[0]; first.want == "A Valid, B Valid" && first.keys == "A" {
				first.keys, days[0] = "A B", seen{0, "A B", "A", first.want, true}
			}
			for _, s := range days {
				now := begin.Add(time.Duration(s.day * float64(day)))
				before := o.states(p)
				next, changes, counts := p.Step(o.set(s.keys, s.by, now), new(sig.Policy), now)
				if got := o.states(next); got != s.want || counts != s.counts {
					t.Fatalf("day %g: %s, counts %t; want %s, %t", s.day, got, counts, s.want, s.counts)
				}
				if (before != o.states(next)) != (len(changes) > 0) {
					t.Errorf("day %g: from %s to %s, changes %v", s.day, before, o.states(next), changes)
				}
				// Stored and read, it is the same.
				again, err := rfc5011.Decode(rfc5011.Encode([]rfc5011.Point{next}))
				if err != nil || len(again) != 1 || !reflect.DeepEqual(again[0], next) {
					t.Fatalf("day %g: read %+v, %v; want %+v", s.day, again, err, next)
				}
				p = again[0]
			}
		})
	}
}

// What a point vouches for.
//
// RFC: 5011.5
func TestAnchor(t *testing.T) {
	o := newOwner(t)
	p := rfc5011.New(domain.MustParse(o.zone), []trust.Key{o.anchor("A"), o.anchor("B"), {Zone: domain.Root(), Type: wire.TypeDNSKEY}}, begin)
	trusts := func(want string) {
		t.Helper()
		var got []string
		a := p.Anchor()
		for rd := range a.DNSKEY.All() {
			for n := range o.keys {
				if string(o.anchor(n).RData) == string(rd) {
					got = append(got, n)
				}
			}
		}
		if s := strings.Join(got, " "); s != want || a.Zone != p.Zone {
			t.Errorf("trusts %q of %s, want %q", s, a.Zone, want)
		}
	}
	step := func(days int, keys, by string) {
		now := begin.AddDate(0, 0, days)
		p, _, _ = p.Step(o.set(keys, by, now), new(sig.Policy), now)
	}
	trusts("A B")
	step(1, "A B C", "A")
	trusts("A B")
	step(2, "B C", "B")
	trusts("A B")
	step(3, "A' B C", "A'")
	trusts("B")
	step(40, "B' C", "B'")
	// Not forgotten: no anchor would make the zone insecure.
	trusts("")
	if p.Anchor().DS != nil {
		t.Error("digests out of nowhere")
	}
}

// Anchors in the form of digests become keys when those are seen.
func TestDigests(t *testing.T) {
	o := newOwner(t)
	p := rfc5011.New(domain.MustParse(o.zone), []trust.Key{o.digest("A"), o.digest("C")}, begin)
	if a := p.Anchor(); a.DS.Len() != 2 || a.DNSKEY != nil {
		t.Fatalf("%+v", a)
	}
	now := begin
	next, changes, ok := p.Step(o.set("A B", "A", now), new(sig.Policy), now)
	if got := o.states(next); !ok || got != "A Valid, B AddPend" || next.DS.Len() != 1 || len(changes) != 2 {
		t.Errorf("%s, %d digests left, %v", got, next.DS.Len(), changes)
	}
	// The other digest's key comes later, and need not wait.
	now = now.Add(day)
	p, _, ok = next.Step(o.set("A B C", "A", now), new(sig.Policy), now)
	if got := o.states(p); !ok || got != "A Valid, B AddPend, C Valid" || p.DS != nil {
		t.Errorf("%s, %d digests left", got, p.DS.Len())
	}
	if again, err := rfc5011.Decode(rfc5011.Encode([]rfc5011.Point{next})); err != nil || !reflect.DeepEqual(again[0], next) {
		t.Errorf("read %+v, %v", again, err)
	}
	// Configured anew, what waited is trusted; what was revoked stays so.
	old := p
	p.Configure([]trust.Key{o.anchor("A"), o.anchor("B"), o.anchor("D")}, now)
	if got := o.states(p); got != "A Valid, B Valid, C Valid, D Valid" || o.states(old) != "A Valid, B AddPend, C Valid" {
		t.Errorf("%s, of %s", got, o.states(old))
	}
	p, _, _ = p.Step(o.set("A' B C D", "A' C", now), new(sig.Policy), now)
	p.Configure([]trust.Key{o.anchor("A")}, now)
	if got := o.states(p); got != "A Revoked, B Valid, C Valid, D Valid" {
		t.Error(got)
	}
}

// The clock: signatures outside their time, and times before the last.
//
// RFC: X.8, 5011.1
func TestClock(t *testing.T) {
	o := newOwner(t)
	zone := domain.MustParse(o.zone)
	p := rfc5011.New(zone, []trust.Key{o.anchor("A")}, begin)
	set := o.set("A B", "A", begin)
	for what, now := range map[string]time.Time{"too early": begin.AddDate(-1, 0, 0), "too late": begin.AddDate(1, 0, 0)} {
		next, changes, ok := p.Step(set, new(sig.Policy), now)
		if ok || changes != nil || o.states(next) != "A Valid" || !next.Updated.IsZero() {
			t.Errorf("%s: %s, %v, %t", what, o.states(next), changes, ok)
		}
	}
	p, _, ok := p.Step(set, new(sig.Policy), begin.Add(time.Minute))
	if !ok || o.states(p) != "A Valid, B AddPend" {
		t.Fatal(o.states(p))
	}
	back, _, ok := p.Step(o.set("A", "A", begin), new(sig.Policy), begin)
	if ok || o.states(back) != "A Valid, B AddPend" {
		t.Errorf("back in time: %s", o.states(back))
	}
	forged := o.set("A C", "A", begin.Add(time.Hour))
	forged.Sigs[len(forged.Sigs)-1] ^= 1
	if next, _, ok := p.Step(forged, new(sig.Policy), begin.Add(time.Hour)); ok || o.states(next) != "A Valid, B AddPend" {
		t.Errorf("a forged set: %s", o.states(next))
	}
	// Another zone's keys, or other records, count for nothing.
	for _, change := range []func(*rrset.Set){
		func(s *rrset.Set) { s.Name = domain.Root() },
		func(s *rrset.Set) { s.Type = wire.TypeCDNSKEY },
	} {
		other := set.Clone()
		change(&other)
		if _, _, ok := p.Step(&other, new(sig.Policy), begin.Add(time.Hour)); ok {
			t.Errorf("%s %s counts", other.Name, other.Type)
		}
	}
}

// RFC: 5011.3
func TestActiveRefresh(t *testing.T) {
	for what, tt := range map[string]struct {
		ttl         uint32
		left        time.Duration
		next, retry time.Duration
	}{
		"half the TTL":        {172800, 20 * day, day, 4*time.Hour + 48*time.Minute},
		"half the signature":  {30 * 86400, 10 * day, 5 * day, day},
		"fifteen days":        {60 * 86400, 60 * day, 15 * day, day},
		"an hour":             {300, 20 * day, time.Hour, time.Hour},
		"an hour, signatures": {172800, time.Hour, time.Hour, time.Hour},
	} {
		o := newOwner(t)
		o.ttl, o.to = tt.ttl, tt.left
		p := rfc5011.New(domain.MustParse(o.zone), []trust.Key{o.anchor("A")}, begin)
		if !p.Due(begin) {
			t.Errorf("%s: not due at first", what)
		}
		p, _, _ = p.Step(o.set("A", "A", begin), new(sig.Policy), begin)
		if got := p.Next.Sub(begin); got != tt.next || p.Retry != tt.retry {
			t.Errorf("%s: next after %s, again after %s; want %s, %s", what, got, p.Retry, tt.next, tt.retry)
		}
		if p.Due(begin.Add(tt.next-1)) || !p.Due(begin.Add(tt.next)) {
			t.Errorf("%s: due at another time", what)
		}
		if got := p.Failed(begin).Next.Sub(begin); got != tt.retry {
			t.Errorf("%s: after a failure, %s", what, got)
		}
	}
	if next := (rfc5011.Point{}).Failed(begin).Next; !next.Equal(begin.Add(time.Hour)) {
		t.Errorf("a failure at first: %s", next)
	}
	// The hold-down is no shorter than the TTL (RFC 5011 §2.4.1).
	o := newOwner(t)
	o.ttl, o.to = 40*86400, 90*day
	p := rfc5011.New(domain.MustParse(o.zone), []trust.Key{o.anchor("A")}, begin)
	for _, s := range []struct {
		days int
		want string
	}{{0, "A Valid, B AddPend"}, {39, "A Valid, B AddPend"}, {40, "A Valid, B Valid"}} {
		now := begin.AddDate(0, 0, s.days)
		p, _, _ = p.Step(o.set("A B", "A", now), new(sig.Policy), now)
		if got := o.states(p); got != s.want {
			t.Errorf("day %d: %s", s.days, got)
		}
	}
}

// A zone with very many keys does not fill the state.
func TestManyKeys(t *testing.T) {
	o := newOwner(t)
	p := rfc5011.New(domain.MustParse(o.zone), []trust.Key{o.anchor("A")}, begin)
	keys := []string{"A"}
	for i := range 40 {
		keys = append(keys, fmt.Sprintf("K%02d", i))
	}
	p, _, ok := p.Step(o.set(strings.Join(keys, " "), "A", begin), new(sig.Policy), begin)
	if !ok || len(p.Keys) != rfc5011.MaxKeys {
		t.Errorf("%d keys are followed", len(p.Keys))
	}
	// What was removed gives way, what is revoked does not.
	now := begin.AddDate(0, 0, 1)
	p, _, _ = p.Step(o.set("A", "A", now), new(sig.Policy), now)
	for i := range p.Keys {
		p.Keys[i].Seen = now
	}
	for i := range rfc5011.MaxKeys - 1 {
		state := rfc5011.Revoked
		if i == 3 {
			state = rfc5011.Removed
		}
		p.Keys = append(p.Keys, rfc5011.Key{RData: o.anchor(fmt.Sprintf("R%02d", i)).RData, State: state, Seen: now})
	}
	p, _, _ = p.Step(o.set("A X Y", "A", now), new(sig.Policy), now)
	if got := o.states(p); len(p.Keys) != rfc5011.MaxKeys || !strings.HasSuffix(got, "X AddPend") || strings.Contains(got, "Removed") {
		t.Error(got)
	}
}

func TestStates(t *testing.T) {
	for s, want := range []string{"Start", "AddPend", "Valid", "Missing", "Revoked", "Removed", "Start"} {
		if got := rfc5011.State(s).String(); got != want {
			t.Errorf("state %d is %s, want %s", s, got, want)
		}
	}
}

func TestDecodeRefuses(t *testing.T) {
	o := newOwner(t)
	p := rfc5011.New(domain.MustParse(o.zone), []trust.Key{o.anchor("A"), o.digest("B")}, begin)
	p, _, _ = p.Step(o.set("A C", "A", begin), new(sig.Policy), begin)
	good := string(rfc5011.Encode([]rfc5011.Point{p, {Zone: domain.Root()}}))
	if points, err := rfc5011.Decode([]byte(good)); err != nil || len(points) != 2 {
		t.Fatal(points, err)
	}
	for i := range good {
		bad := []byte(good)
		bad[i] ^= 1
		if _, err := rfc5011.Decode(bad); err == nil {
			t.Errorf("octet %d changed: read", i)
		}
		if _, err := rfc5011.Decode([]byte(good[:i])); err == nil {
			t.Errorf("cut at %d: read", i)
		}
	}
	for what, want := range map[string]error{"": rfc5011.ErrVersion, "another file\n": rfc5011.ErrVersion, "recursor rfc5011 1\n": rfc5011.ErrChecksum} {
		if _, err := rfc5011.Decode([]byte(what)); !errors.Is(err, want) {
			t.Errorf("%q: %v", what, err)
		}
	}
	// With a right checksum, but not as we write.
	for _, body := range []string{
		"key Valid", "ds AAAAAA==", "point", "point a..b updated - next - retry 0", "point . updated x next - retry 0",
		"point . updated - next - retry -1", "point . updated - next - retry 0 more", "point . next - updated - retry 0",
		"point . updated - next - retry 0\nds", "point . updated - next - retry 0\nds AAA=", "point . updated - next - retry 0\nother x",
		"point . updated - next - retry 0\nkey Start tag 1 since - until - seen - by - rdata AAAAAAAA",
		"point . updated - next - retry 0\nkey Valid tag 99999 since - until - seen - by - rdata AAAAAAAA",
		"point . updated - next - retry 0\nkey Valid tag 1 since - until - seen - by x rdata AAAAAAAA",
		"point . updated - next - retry 0\nkey Valid tag 1 since - until - seen - by 1,70000 rdata AAAAAAAA",
		"point . updated - next - retry 0\nkey Valid tag 1 since - until - seen - by - rdata !",
	} {
		if _, err := rfc5011.Decode(withSum("recursor rfc5011 1\n" + body + "\n")); !errors.Is(err, rfc5011.ErrLine) {
			t.Errorf("%q: %v", body, err)
		}
	}
}

func withSum(body string) []byte {
	return fmt.Appendf(nil, "%schecksum %08x\n", body, crc32.ChecksumIEEE([]byte(body)))
}

// The machine makes no key trusted that was not seen in a signed set for the
// whole hold-down, whatever comes in between.
func FuzzStep(f *testing.F) {
	f.Add([]byte{0x00, 0x11, 0x22, 0x33})
	f.Add([]byte{0x01, 0x41, 0x01, 0x81, 0x05, 0xc1, 0x01})
	f.Fuzz(func(t *testing.T, days []byte) {
		o := newOwner(t)
		p := rfc5011.New(domain.MustParse(o.zone), []trust.Key{o.anchor("A"), o.anchor("B")}, begin)
		now := begin
		first := map[string]time.Time{} // since when C and D were in every set that counts
		for _, d := range days[:min(len(days), 60)] {
			now = now.Add(time.Duration(d>>4) * 3 * day)
			var keys, by []string
			for i, n := range []string{"A", "B", "C", "D"} {
				if d&(1<<i) != 0 {
					keys = append(keys, n)
				}
			}
			if len(keys) == 0 {
				continue
			}
			by = keys[:1]
			trusted := map[string]bool{}
			for i := range p.Keys {
				if s := p.Keys[i].State; s == rfc5011.Valid || s == rfc5011.Missing {
					trusted[string(p.Keys[i].RData)] = true
				}
			}
			next, _, ok := p.Step(o.set(strings.Join(keys, " "), strings.Join(by, " "), now), new(sig.Policy), now)
			if want := trusted[string(o.anchor(by[0]).RData)]; ok != want {
				t.Fatalf("signed by %s: counts %t", by[0], ok)
			}
			for _, n := range []string{"C", "D"} {
				rd := string(o.anchor(n).RData)
				if !ok {
					continue
				}
				if !strings.Contains(strings.Join(keys, " "), n) {
					delete(first, n)
				} else if _, seen := first[n]; !seen {
					first[n] = now
				}
				for i := range next.Keys {
					if string(next.Keys[i].RData) == rd && next.Keys[i].State == rfc5011.Valid && !trusted[rd] && now.Sub(first[n]) < rfc5011.HoldDown {
						t.Fatalf("%s is trusted after %s", n, now.Sub(first[n]))
					}
				}
			}
			p = next
		}
	})
}
