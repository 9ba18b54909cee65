package integration_test

import (
	"fmt"
	"math/rand/v2"
	"net"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/miekg/dns"
)

// otherwise is where others answer otherwise: questions of type CNAME and DNAME below a DNAME. Who asks for the CNAME has
// the one that the DNAME makes, whatever is at its target, and the DNAME above is no answer to who asks for the name's
// own (RFC 6672 §2.4, §3.4.1 step 4C). Unbound passes on what the server adds about the target, or fails; named answers
// with the DNAME alone.
const otherwise = `^a\.b\.(dn|far|moved)\.\S+ (CNAME|DNAME)$`

// testOthersAgree has ours, unbound and named resolve the same names in the same world, judging them and not. RCODE, AD
// and the answer section must be the same, and so must what a negative answer is cached by.
func testOthersAgree(t *testing.T, w *world, _ *resolver) {
	for _, v := range []validation{strict, off} {
		r := w.resolve(t, settings{more: fmt.Sprintf("validation: {mode: %q}\n", v)})
		for name, theirs := range map[string]string{"unbound": w.unbound(t, v), "named": w.named(t, v)} {
			t.Run(name+" "+string(v), func(t *testing.T) { agree(t, questions(t, w, 2000), r, theirs) })
		}
		r.finish(t)
	}
}

// agree asks ours and theirs, which may differ where it is known.
func agree(t *testing.T, asked []*dns.Msg, r *resolver, theirs string) {
	ours, known := net.JoinHostPort(r.addr, r.port), regexp.MustCompile(otherwise)
	kinds, secure, excused := map[string]int{}, 0, 0
	var mu sync.Mutex
	eachAtOnce(asked, 8, func(q *dns.Msg) {
		what := fmt.Sprintf("%s %s", q.Question[0].Name, dns.Type(q.Question[0].Qtype))
		a, errA := exchange(q, ours)
		b, errB := exchange(q, theirs)
		if errA != nil || errB != nil {
			t.Errorf("%s: ours %v, theirs %v", what, errA, errB)
			return
		}
		if q.CheckingDisabled { // whether AD is set for those who check for themselves is left to the resolver
			a.AuthenticatedData, b.AuthenticatedData = false, false
		}
		mu.Lock()
		defer mu.Unlock()
		kinds[kind(a)]++
		if a.AuthenticatedData {
			secure++
		}
		switch mine, other := shape(a), shape(b); {
		case mine == other:
		case known.MatchString(what):
			excused++
		default:
			t.Errorf("%s do=%v\nours:   %s\ntheirs: %s", what, q.IsEdns0().Do(), mine, other)
		}
	})
	for _, k := range []string{"answer", "alias", "no data", "NXDOMAIN"} {
		if kinds[k] < 20 {
			t.Errorf("%d of kind %s: too few to tell anything", kinds[k], k)
		}
	}
	if excused > 10 {
		t.Errorf("%d differ where it is known: more than there should be", excused)
	}
	t.Logf("%d questions: %v, %d of them secure; %d differ where it is known", len(asked), kinds, secure, excused)
}

// shape is what is compared of a response: RCODE, AD, the answer as a set and the owner of the SOA record.
func shape(m *dns.Msg) string {
	lines := []string{}
	for _, rr := range m.Answer {
		h := rr.Header()
		h.Ttl = 0
		lines = append(lines, strings.ToLower(rr.String()))
	}
	slices.Sort(lines)
	for _, rr := range m.Ns {
		if rr.Header().Rrtype == dns.TypeSOA && len(m.Answer) == 0 {
			lines = append(lines, "SOA of "+strings.ToLower(rr.Header().Name))
		}
	}
	return fmt.Sprintf("%s ad=%v\n  %s", dns.RcodeToString[m.Rcode], m.AuthenticatedData, strings.Join(slices.Compact(lines), "\n  "))
}

// kind is what sort of response it is.
func kind(m *dns.Msg) string {
	switch {
	case m.Rcode != dns.RcodeSuccess:
		return dns.RcodeToString[m.Rcode]
	case len(m.Answer) == 0:
		return "no data"
	case m.Answer[len(m.Answer)-1].Header().Name != m.Question[0].Name:
		return "alias"
	default:
		return "answer"
	}
}

// questions draws n different questions for names of the zones, names beside and below them, and many types, with the
// same seed every time.
func questions(t *testing.T, w *world, n int) []*dns.Msg {
	t.Helper()
	draw := rand.New(rand.NewPCG(1, 2))
	pool := names(t, w)
	types := []uint16{
		dns.TypeA, dns.TypeA, dns.TypeA, dns.TypeAAAA, dns.TypeTXT, dns.TypeMX, dns.TypeNS, dns.TypeSOA, dns.TypeCNAME,
		dns.TypeDS, dns.TypeDNSKEY, dns.TypeSRV, dns.TypeCAA, dns.TypeHTTPS, dns.TypeDNAME, 65280,
	}
	seen := map[string]bool{}
	var all []*dns.Msg
	for len(all) < n {
		q := new(dns.Msg)
		q.SetQuestion(pool[draw.IntN(len(pool))], types[draw.IntN(len(types))])
		q.SetEdns0(1232, draw.IntN(2) == 0)
		q.AuthenticatedData = draw.IntN(2) == 0
		q.CheckingDisabled = draw.IntN(4) == 0
		if what := q.Question[0].String(); !seen[what] {
			seen[what] = true
			all = append(all, q)
		}
	}
	return all
}

// names are the owners in the zones, with names beside and below each, sorted. Zones without a live server take too
// long with the others, and for home.arpa. each makes up a zone of its own.
func names(t *testing.T, w *world) []string {
	t.Helper()
	unresolved := regexp.MustCompile(`(^|\.)(home\.arpa|dead\.org|closed\.net|lame\.com|six\.com|halfdead\.com|loop\d\.alpha\.com|todead\.alpha\.com)\.$`)
	found := map[string]bool{}
	for origin, text := range w.zones {
		z := dns.NewZoneParser(strings.NewReader(text), origin, "")
		for rr, ok := z.Next(); ok; rr, ok = z.Next() {
			name := strings.ToLower(rr.Header().Name)
			if rr.Header().Rrtype == dns.TypeNSEC3 || rr.Header().Rrtype == dns.TypeRRSIG || unresolved.MatchString(name) {
				continue
			}
			found[name] = true
			_, parent, _ := strings.Cut(name, ".")
			found[dns.Fqdn("a.b."+strings.TrimLeft(name, "*."))] = true
			found[dns.Fqdn("beside."+parent)] = true
		}
		if err := z.Err(); err != nil {
			t.Fatalf("%s: %v", origin, err)
		}
	}
	var all []string
	for name := range found {
		all = append(all, name)
	}
	slices.Sort(all)
	return all
}

// exchange asks over UDP, and over TCP where the answer is truncated.
func exchange(q *dns.Msg, addr string) (*dns.Msg, error) {
	return exchangeWithin(q, addr, 10*time.Second)
}

func exchangeWithin(q *dns.Msg, addr string, patience time.Duration) (*dns.Msg, error) {
	q = q.Copy()
	q.Id = dns.Id()
	c := dns.Client{Timeout: patience, UDPSize: 4096}
	m, _, err := c.Exchange(q, addr)
	if err == nil && m.Truncated {
		c.Net = "tcp"
		m, _, err = c.Exchange(q, addr)
	}
	return m, err
}

// eachAtOnce calls do for each item, so many at a time.
func eachAtOnce[T any](items []T, atOnce int, do func(T)) {
	next := make(chan T)
	var all sync.WaitGroup
	for range atOnce {
		all.Go(func() {
			for item := range next {
				do(item)
			}
		})
	}
	for _, item := range items {
		next <- item
	}
	close(next)
	all.Wait()
}
