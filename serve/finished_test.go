package serve_test

import (
	"testing"
	"time"

	"github.com/miekg/dns"

	"recursor/cache/answer"
	"recursor/dns/rrset"
	"recursor/dns/wire"
	"recursor/frontend"
	"recursor/serve"
)

// shelfNames are the names that a shelf has, and one that it has not.
func shelfNames() []string {
	return []string{
		"www.example.", "plain.example.", "alias.example.", "mx.example.", "long.example.",
		"none.example.", "no.example.", "other.example.", ".",
	}
}

const someSig = " 300 20300101000000 20200101000000 1 example. c2lnbmF0dXJlIG92ZXIgc29tZXRoaW5nIHRoYXQgaXMgbG9uZyBlbm91Z2ggaW4gaXRzZWxmISEh"

// shelf answers for a few names as a resolver does that has them in its cache
// and fetches each RRset again when its time is over.
type shelf struct {
	answers map[string]serve.Answer
	began   time.Time
	now     func() time.Time
}

func newShelf(t testing.TB, now func() time.Time) *shelf {
	t.Helper()
	one := func(records ...string) rrset.Set { return sets(t, records...)[0] }
	a := func(owner, ttl string) rrset.Set {
		return one(owner+" "+ttl+" IN A 192.0.2.1", owner+" "+ttl+" IN A 192.0.2.2", owner+" "+ttl+" IN RRSIG A 13 2"+someSig)
	}
	soa := one("example. 900 IN SOA Ns.example. hostmaster.Example. 1 7200 3600 604800 300", "example. 900 IN RRSIG SOA 13 1"+someSig)
	nsec := one("a.example. 300 IN NSEC z.example. A RRSIG NSEC", "a.example. 300 IN RRSIG NSEC 13 2"+someSig)
	mx := one("mx.example. 3600 IN MX 10 mail.example.", "mx.example. 3600 IN MX 20 Mail.other.", "mx.example. 3600 IN RRSIG MX 13 2"+someSig)
	cname := one("alias.example. 250 IN CNAME www.Example.", "alias.example. 250 IN RRSIG CNAME 13 2"+someSig)
	var txt []string
	for range 12 {
		txt = append(txt, "long.example. 60 IN TXT "+string(rune('a'+len(txt)))+"-0123456789012345678901234567890123456789")
	}
	long := one(txt...)
	return &shelf{began: now(), now: now, answers: map[string]serve.Answer{
		"www.example.":   {Answer: []rrset.Set{a("wWw.example.", "300")}, Secure: true},
		"plain.example.": {Answer: []rrset.Set{a("plain.example.", "2")}},
		"alias.example.": {Answer: []rrset.Set{cname, a("www.Example.", "300")}, Secure: true},
		"mx.example.":    {Answer: []rrset.Set{mx}, Additional: []rrset.Set{a("mail.example.", "260"), a("mail.other.", "270")}, Secure: true},
		"long.example.":  {Answer: []rrset.Set{long}},
		"none.example.":  {Authority: []rrset.Set{soa, nsec}, Secure: true},
		"no.example.":    {RCode: wire.NXDomain, Authority: []rrset.Set{soa, nsec}, Secure: true},
		"*.example.":     {RCode: wire.NXDomain, Authority: []rrset.Set{soa}},
		".":              {Answer: []rrset.Set{one(". 86400 IN NS a.root-servers.net.")}},
	}}
}

func (s *shelf) resolve(q serve.Question) (serve.Answer, error) {
	a, ok := s.answers[q.Name.String()]
	if !ok {
		a = s.answers["*.example."]
	}
	a.From = "shelf"
	passed := uint32(s.now().Sub(s.began) / time.Second)
	count := func(sets []rrset.Set) []rrset.Set {
		out := make([]rrset.Set, len(sets))
		for i, set := range sets {
			out[i] = set
			out[i].TTL -= passed % set.TTL
		}
		return out
	}
	a.Answer, a.Authority, a.Additional = count(a.Answer), count(a.Authority), count(a.Additional)
	return a, nil
}

// finishing is a world over a shelf that keeps finished answers.
func finishing(t testing.TB, change func(*serve.Options)) *world {
	t.Helper()
	answers := answer.New(answer.Options{Size: 1 << 20, Seed: 1})
	w := newWorld(nil, func(o *serve.Options) {
		o.Observer, o.Answers = nil, answers
		if change != nil {
			change(o)
		}
	})
	w.answers = answers
	w.resolver.answer = newShelf(t, func() time.Time { return w.clock.at }).resolve
	return w
}

// finish asks as often as it takes for the answer to be kept.
func (w *world) finish(q *frontend.Query) {
	for range 2 {
		w.Miss(q, func([]byte) {})
	}
}

func pack(t testing.TB, m *dns.Msg) []byte {
	t.Helper()
	packed, err := m.Pack()
	if err != nil {
		t.Fatal(err)
	}
	return packed
}

func BenchmarkFinished(b *testing.B) {
	w := finishing(b, nil)
	good := cookieOf(w.ask(b, withEDNS(question("localhost.", dns.TypeTXT), cookie("0102030405060708"))))
	for _, tc := range []struct {
		name string
		m    *dns.Msg
	}{
		{"a", question("www.example.", dns.TypeA)},
		{"edns", withEDNS(question("www.example.", dns.TypeA))},
		{"do", withDO(question("www.example.", dns.TypeA))},
		{"cookie", withEDNS(question("www.example.", dns.TypeA), cookie(good))},
		{"alias", question("alias.example.", dns.TypeA)},
		{"nxdomain", withDO(question("no.example.", dns.TypeA))},
	} {
		b.Run(tc.name, func(b *testing.B) {
			q, dst := query(pack(b, tc.m)), make([]byte, 1536)
			q.At = w.clock.at
			w.finish(q)
			b.ReportAllocs()
			for b.Loop() {
				if n, ok := w.Hit(q, dst); n == 0 || !ok {
					b.Fatal("no hit")
				}
			}
		})
	}
}
