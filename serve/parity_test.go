package serve_test

import (
	"bytes"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/miekg/dns"

	"recursor/frontend"
	"recursor/observe"
	"recursor/serve"
)

// twins are a world that keeps finished answers and its plain twin, which makes
// every answer anew. They share one time.
type twins struct {
	quick, plain *world
	last         *lastFrom
}

// lastFrom is an Observer that remembers where the last answer was from.
type lastFrom struct{ from string }

func (l *lastFrom) Observe(e observe.Event) { l.from = e.(observe.Answered).From }

func newTwins(t testing.TB) twins {
	settings := func(o *serve.Options) { o.Identity, o.NSID = "here", []byte("here") }
	last := &lastFrom{}
	quick := finishing(t, func(o *serve.Options) { settings(o); o.Observer = last })
	plain := newWorld(quick.resolver.answer, func(o *serve.Options) {
		settings(o)
		o.Observer, o.Clock = nil, quick.clock
	})
	return twins{quick, plain, last}
}

// compare asks both; true: the answer was finished before.
func (tw twins) compare(t testing.TB, q *frontend.Query) bool {
	t.Helper()
	var want []byte
	tw.plain.Miss(q, func(msg []byte) { want = msg })
	tw.last.from = ""
	got, _ := tw.quick.serve(q)
	finished := tw.last.from == "cache"
	if !bytes.Equal(got, want) {
		t.Fatalf("query %x over %s from %s (finished: %t):\n%x\nwant\n%x", q.Message, q.Transport, q.Client, finished, got, want)
	}
	return finished
}

func (w *world) count(from serve.Source) (n uint64) {
	for _, c := range w.Stats() {
		if c.Source == from {
			n += c.N
		}
	}
	return n
}

// anyQuery draws a query such as clients send, and such as they should not.
func anyQuery(t testing.TB, r *rand.Rand, names []string, cookies []string) *frontend.Query {
	pick := func(n int) bool { return r.IntN(n) == 0 }
	m := question(spell(r, names[r.IntN(len(names))]), []uint16{dns.TypeA, dns.TypeA, dns.TypeA, dns.TypeMX, dns.TypeTXT, dns.TypeANY}[r.IntN(6)])
	m.Id = uint16(r.Uint32())
	m.RecursionDesired = !pick(20)
	m.CheckingDisabled, m.AuthenticatedData, m.Zero, m.Authoritative = pick(4), pick(3), pick(10), pick(20)
	if pick(30) {
		m.Question[0].Qclass = dns.ClassCHAOS
	}
	if !pick(3) {
		var options []dns.EDNS0
		for _, o := range []dns.EDNS0{
			&dns.EDNS0_NSID{Code: dns.EDNS0NSID},
			&dns.EDNS0_TCP_KEEPALIVE{Code: dns.EDNS0TCPKEEPALIVE},
			&dns.EDNS0_PADDING{Padding: make([]byte, r.IntN(50))},
			&dns.EDNS0_LOCAL{Code: 65001, Data: []byte("?")},
			&dns.EDNS0_SUBNET{Code: dns.EDNS0SUBNET, Family: 1, Address: []byte{0, 0, 0, 0}},
			&dns.EDNS0_COOKIE{Code: dns.EDNS0COOKIE, Cookie: cookies[r.IntN(len(cookies))]},
		} {
			if pick(6) {
				options = append(options, o)
			}
		}
		withEDNS(m, options...)
		m.IsEdns0().SetUDPSize([]uint16{0, 511, 512, 600, 900, 1232, 4096}[r.IntN(7)])
		m.IsEdns0().SetDo(pick(2))
		if pick(40) {
			m.IsEdns0().SetVersion(1)
		}
	}
	msg := pack(t, m)
	if pick(50) {
		msg = msg[:r.IntN(len(msg))]
	}
	if pick(50) {
		msg = append(msg, 0)
	}
	q := query(msg)
	q.Transport, q.Lane = frontend.Transport(r.IntN(5)), uint8(r.Uint32())
	if pick(50) {
		q.Client = addrPort("192.0.2.1:53")
	}
	return q
}

// spell mixes upper and lower case.
func spell(r *rand.Rand, name string) string {
	b := []byte(name)
	for i, c := range b {
		if 'a' <= c && c <= 'z' && r.IntN(2) == 0 {
			b[i] = c - 'a' + 'A'
		}
	}
	return string(b)
}

// TestParity: finished answers are, octet by octet, those that would be made
// anew, whoever asks, however it is spelt and whatever time has passed.
// RFC: 4343.2, 8906.3, 2308.1, 3225.1, 6840.4
func TestParity(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	tw := newTwins(t)
	good := cookieOf(tw.plain.ask(t, withEDNS(question("localhost.", dns.TypeTXT), cookie("0102030405060708"))))
	cookies := []string{"0102030405060708", good, good[:31] + "0", "01020304"}
	names := shelfNames()
	finished, asked := 0, 40_000
	if raceDetector { // one goroutine asks all
		asked /= 3
	}
	for range asked {
		if r.IntN(300) == 0 {
			tw.quick.clock.at = tw.quick.clock.at.Add(time.Duration(r.IntN(40)) * time.Second)
		}
		if tw.compare(t, anyQuery(t, r, names, cookies)) {
			finished++
		}
	}
	t.Logf("%d of %d answers were finished before", finished, asked)
	if finished < asked/4 {
		t.Error("few answers were finished before")
	}
}

// FuzzHitParity asks any octets again and again, in other spellings, with other
// flags and later: what was finished before must be what would be made anew.
func FuzzHitParity(f *testing.F) {
	add := func(m *dns.Msg, how byte, passed uint16) {
		m.Id = 7
		f.Add(pack(f, m), how, passed)
	}
	add(question("www.example.", dns.TypeA), 0, 0)
	add(withDO(question("Alias.example.", dns.TypeA)), 0x11, 19)
	add(withEDNS(question("mx.example.", dns.TypeMX), cookie("2464c4abcf10c957"), &dns.EDNS0_PADDING{}), 0x52, 29)
	add(withEDNS(question("no.example.", dns.TypeTXT), &dns.EDNS0_NSID{Code: dns.EDNS0NSID}), 0xa3, 899)
	add(question(".", dns.TypeNS), 0x24, 301)
	tw := newTwins(f)
	began := tw.quick.clock.at
	f.Fuzz(func(t *testing.T, msg []byte, how byte, passed uint16) {
		tw.quick.clock.at = began
		tw.quick.answers.FlushAll()
		q := query(append([]byte(nil), msg...))
		q.Transport = frontend.Transport(how % 5)
		for range 3 {
			tw.compare(t, q)
		}
		if len(msg) >= 12 {
			q.Message[0] ^= how
			q.Message[3] ^= how & 0xf0 // RA, Z, AD, CD
			for i, c := range q.Message[12:] {
				if c|0x20 >= 'a' && c|0x20 <= 'z' && how>>(i%8)&1 != 0 {
					q.Message[12+i] ^= 0x20
				}
			}
		}
		tw.compare(t, q)
		tw.quick.clock.at = began.Add(time.Duration(passed) * time.Second)
		copy(q.Message, msg)
		tw.compare(t, q)
	})
}

// TestTTLs: within a second, a finished answer is given for no longer than the
// resolver has it, and hardly shorter.
// RFC: 2308.1
func TestTTLs(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	tw := newTwins(t)
	finished := 0
	for range 5_000 {
		tw.quick.clock.at = tw.quick.clock.at.Add(time.Duration(r.IntN(400)) * time.Millisecond)
		for _, name := range []string{"www.example.", "plain.example.", "no.example."} {
			q := query(pack(t, question(name, dns.TypeA)))
			var want *dns.Msg
			tw.plain.Miss(q, func(msg []byte) { want = read(t, msg) })
			msg, _ := tw.quick.serve(q)
			if tw.last.from != "cache" {
				continue
			}
			finished++
			got := read(t, msg)
			for i, rr := range append(want.Answer, want.Ns...) {
				theirs, ours := rr.Header().Ttl, append(got.Answer, got.Ns...)[i].Header().Ttl
				if ours != theirs && ours != theirs-1 || ours == 0 {
					t.Fatalf("%s has TTL %d, where %d s are left", name, ours, theirs)
				}
			}
		}
	}
	if finished < 5_000 {
		t.Errorf("only %d answers were finished before", finished)
	}
}
