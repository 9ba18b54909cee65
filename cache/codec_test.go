package cache

import (
	"bytes"
	"testing"

	"github.com/miekg/dns"

	"recursor/dns/domain"
	"recursor/dns/rrset"
	"recursor/dns/wire"
)

// TestOwners: every relation of an RRset's owner to the name of its entry, in
// every case.
func TestOwners(t *testing.T) {
	names := []string{".", "com.", "example.com.", "www.example.com.", "WWW.eXample.Com.", "ww.example.com.", "\\000\\255.EXAMPLE.com.", "org."}
	for _, entry := range names {
		for _, owner := range names {
			s := a(t, owner, 300, "192.0.2.1")
			b := appendSet(nil, &s, name(entry))
			got, rest, ok := parseSet(b, name(entry))
			if !ok || len(rest) != 0 {
				t.Errorf("%s from %s: %t, %d octets left", owner, entry, ok, len(rest))
				continue
			}
			back, left := got.build(name(entry), wire.TypeA, make([]byte, got.size(name(entry))))
			if !same(back, s) || len(left) != 0 {
				t.Errorf("%s from %s: %+v, %d octets of the buffer left", owner, entry, back, len(left))
			}
		}
	}
}

// TestCompact: what is shared with the name is not stored again.
func TestCompact(t *testing.T) {
	www := name("www.example.com.")
	for _, tc := range []struct {
		owner string
		want  int
	}{
		{"www.example.com.", 2 + 6},
		{"www.Example.com.", 2 + 3 + 6},   // bits for seventeen octets
		{"example.com.", 2 + 2 + 6},       // no prefix
		{"h.example.com.", 2 + 2 + 2 + 6}, // "h" and its length
		{"EXAMPLE.com.", 2 + 2 + 2 + 6},   // bits for thirteen
	} {
		s := a(t, tc.owner, 300, "192.0.2.1")
		if got := len(appendSet(nil, &s, www)); got != tc.want {
			t.Errorf("%s: %d octets, want %d", tc.owner, got, tc.want)
		}
	}
}

// TestCorrupt: a value that does not hold together is not there.
func TestCorrupt(t *testing.T) {
	n := name("www.example.")
	h := head{standing: standing{RankAnswerAA, Secure}, stored: tickOffset, ttl: 300}
	good := h.append(nil)
	withHead := func(b ...byte) []byte { return append(append([]byte(nil), good...), b...) }
	c := newCache(Options{})
	c.tick(start())
	for what, tc := range map[string]struct {
		value []byte
		ok    bool
	}{
		"good":                    {withHead(0, 6, 0, 4, 192, 0, 2, 1), true},
		"nothing":                 {nil, false},
		"half a head":             {good[:6], false},
		"a head alone":            {good, false},
		"a denial of nothing":     {append([]byte{good[0] &^ headSet}, withHead(0, 6, 0, 4, 192, 0, 2, 1)[1:]...), false},
		"with a reason":           {append([]byte{good[0] | headWhy}, withHead(9, 0, 6, 0, 4, 192, 0, 2, 1)[1:]...), true},
		"a reason missing":        {append([]byte{good[0] | headWhy}, good[1:]...), false},
		"no such rank":            {append([]byte{good[0] | 7<<2}, withHead(0, 6, 0, 4, 192, 0, 2, 1)[1:]...), false},
		"RDATA cut short":         {withHead(0, 6, 0, 4, 192, 0), false},
		"RDATA length beyond it":  {withHead(0, 6, 0, 5, 192, 0, 2, 1), false},
		"RDATA length within":     {withHead(0, 6, 0, 3, 192, 0, 2, 1), false},
		"endless length":          {withHead(0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff), false},
		"signatures missing":      {withHead(flagSigs, 6, 0, 4, 192, 0, 2, 1), false},
		"signature length beyond": {withHead(flagSigs, 6, 0, 4, 192, 0, 2, 1, 3, 0, 2, 1), false},
		"case bits missing":       {withHead(flagCase), false},
		"another owner":           {withHead(flagOwner, 0, 4, 6, 0, 4, 192, 0, 2, 1), false},
	} {
		c.store.Put(new(keyBuf).typed(kindSet, n, wire.TypeA), tc.value, 1<<31, 1)
		if e, ok := c.Get(n, wire.TypeA, start()); ok != tc.ok {
			t.Errorf("%s: found %t: %+v", what, ok, e)
		}
	}
	for what, tc := range map[string]struct {
		value []byte
		ok    bool
	}{
		"suffix":                {[]byte{flagOwner, 0, 4, 6, 0, 4, 192, 0, 2, 1}, true},
		"prefix and suffix":     {[]byte{flagOwner, 2, 4, 1, 'a', 6, 0, 4, 192, 0, 2, 1}, true},
		"root":                  {[]byte{flagOwner, 0, 12, 6, 0, 4, 192, 0, 2, 1}, true},
		"suffix inside a label": {[]byte{flagOwner, 0, 5, 6, 0, 4, 192, 0, 2, 1}, false},
		"suffix behind the end": {[]byte{flagOwner, 0, 13, 6, 0, 4, 192, 0, 2, 1}, false},
		"prefix of half labels": {[]byte{flagOwner, 2, 4, 2, 'a', 6, 0, 4, 192, 0, 2, 1}, false},
		"prefix with an end":    {[]byte{flagOwner, 2, 4, 0, 0, 6, 0, 4, 192, 0, 2, 1}, false},
		"prefix with a pointer": {[]byte{flagOwner, 2, 4, 0xc0, 0, 6, 0, 4, 192, 0, 2, 1}, false},
		"name too long": {
			append(append([]byte{flagOwner, 248, 4}, bytes.Repeat([]byte{3, 'a', 'b', 'c'}, 62)...), 6, 0, 4, 192, 0, 2, 1), false,
		},
	} {
		if _, _, ok := parseSet(tc.value, n); ok != tc.ok {
			t.Errorf("owner by %s: %t", what, ok)
		}
	}
}

// FuzzStored reads values that no one in this program would have written:
// nothing may panic, and what is returned must hold together.
func FuzzStored(f *testing.F) {
	h := head{standing: standing{RankAnswerAA, Secure}, stored: tickOffset, ttl: 300}
	s := set(f, "www.EXAMPLE. 300 IN A 192.0.2.1", nsec3Sig)
	f.Add(appendSet(h.append(nil), &s, name("www.example.")))
	h.denial = true
	d := Denial{Name: name("www.example."), SOA: soa(f, "Example.", 300, 300), Proof: []rrset.Set{set(f, nsec3, nsec3Sig)}}
	f.Add(appendDenial(h.append(nil), &d))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, value []byte) {
		n := name("www.example.")
		c := newCache(Options{Size: 1 << 20})
		c.tick(start())
		denied := new(keyBuf).named(kindName, n)
		for _, key := range [][]byte{
			denied, new(keyBuf).typed(kindSet, n, wire.TypeA),
			new(keyBuf).typed(kindFailure, n, wire.TypeA), new(keyBuf).named(kindPoint, n),
		} {
			c.store.Put(key, value, 1<<31, 1)
		}
		check := func(s rrset.Set) {
			if owner, size, err := domain.FromWire(s.Owner); err != nil || size != len(s.Owner) || owner != s.Name {
				t.Fatalf("owner %x of %v: %v", s.Owner, s.Name, err)
			}
			if !s.RData.Valid() || !s.Sigs.Valid() || s.TTL == 0 {
				t.Fatalf("%+v", s)
			}
		}
		if e, ok := c.Get(n, wire.TypeA, start()); ok {
			check(e.Set)
		}
		c.store.Delete(denied)
		for range 2 {
			if e, ok := c.GetStale(n, wire.TypeA, start()); ok {
				check(e.Set)
			}
			if d, ok := c.GetStaleDenial(n, wire.TypeA, start()); ok {
				if d.hasSOA() { // that of a referral has none
					check(d.SOA)
				}
				for _, s := range d.Proof {
					check(s)
				}
			}
			c.store.Put(denied, value, 1<<31, 1)
		}
		if d, ok := c.GetAbove(name("a.www.example."), start()); ok && d.hasSOA() {
			check(d.SOA)
		}
		c.GetFailure(n, wire.TypeA, start())
		c.GetPoint(n, start())
		put := a(t, "www.example.", 300, "192.0.2.1")
		c.Put(&put, RankAnswerAA, Bogus, start())
		c.PutFailure(n, wire.TypeA, Failure{}, start())
		c.FlushBogus()
		c.FlushNegative()
		c.FlushTree(name("example."))
		if st := c.Stats(); st.Entries != 0 {
			t.Fatalf("%d entries left after everything was flushed", st.Entries)
		}
	})
}

// FuzzRoundTrip stores every RRset of a message and reads it back.
func FuzzRoundTrip(f *testing.F) {
	m := new(dns.Msg)
	m.SetQuestion("WWW.example.com.", dns.TypeA)
	for _, line := range []string{
		"WWW.example.com. 300 IN CNAME h.Example.com.", "h.Example.com. 300 IN A 192.0.2.1", "h.Example.com. 300 IN A 192.0.2.2",
		nsec3, nsec3Sig, "example.com. 3600 IN MX 10 mail.example.com.", "_x._tcp.example.com. 5 IN SRV 1 2 3 h.example.com.",
	} {
		rr, err := dns.NewRR(line)
		if err != nil {
			f.Fatal(err)
		}
		m.Answer = append(m.Answer, rr)
	}
	for _, compress := range []bool{false, true} {
		m.Compress = compress
		b, err := m.Pack()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, msg []byte) {
		m, err := rrset.Parse(msg)
		if err != nil {
			return
		}
		c := newCache(Options{Size: 2 << 20})
		d := Denial{Name: name("h.example.com."), SOA: soa(t, "example.com.", 300, 300)}
		for _, s := range append(append(m.Answer, m.Authority...), m.Additional...) {
			s.TTL = max(s.TTL, 1)
			if len(d.Proof) < maxProof && storable(&s) {
				d.Proof = append(d.Proof, s)
			}
			c.FlushAll()
			if stored := c.Put(&s, RankAnswerAA, Secure, start()); stored != storable(&s) {
				t.Fatalf("%v %v: stored %t", s.Name, s.Type, stored)
			} else if !stored {
				continue
			}
			e, ok := c.Get(s.Name, s.Type, start())
			if !ok || !same(e.Set, s) {
				t.Fatalf("put\n%+v\ngot\n%+v", s, e.Set)
			}
		}
		if !c.PutDenial(&d, start()) {
			return
		}
		got, ok := c.GetDenial(d.Name, wire.TypeA, start())
		if !ok || !same(got.SOA, d.SOA) || len(got.Proof) != len(d.Proof) {
			t.Fatalf("put\n%+v\ngot\n%+v", d, got)
		}
		for i := range d.Proof {
			if !same(got.Proof[i], d.Proof[i]) {
				t.Fatalf("put\n%+v\ngot\n%+v", d.Proof[i], got.Proof[i])
			}
		}
	})
}
