package integration_test

import (
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/miekg/dns"
)

// damagedCase is one question to a zone.
type damagedCase struct {
	damagedZone
	q dns.Question
}

// String is the question in the words that rulings have: the kind of denial, the name in the zone, the type.
func (c damagedCase) String() string {
	name := strings.TrimSuffix(strings.TrimSuffix(c.q.Name, c.origin), ".")
	if name == "" {
		name = "@"
	}
	return string(c.kind) + " " + name + " " + dns.TypeToString[c.q.Qtype]
}

// TestDamagedZones has ours and four resolvers of others judge the same zones, sound and damaged. Where the four agree
// we agree, but for few rows of policy; where they differ, an RFC decides.
func TestDamagedZones(t *testing.T) {
	for _, name := range []string{"unbound", "named", "kresd", "pdns_recursor"} {
		program(t, name)
	}
	w := startDamagedWorld(t)
	w.binary = buildRecursor(t)
	r := w.resolve(t, settings{more: "cache: {aggressive: false}\n"}) // each answer is judged by what came with it
	ours, theirs := net.JoinHostPort(r.addr, r.port), w.peers(t)
	count, cases := map[string]int{}, 0
	var mu sync.Mutex
	// Within a zone one question after the other: some infer answers from earlier ones.
	eachAtOnce(w.zones, 24, func(z damagedZone) {
		for _, q := range z.questions() {
			c := damagedCase{z, q}
			mine, said := askAll(c.q, ours, theirs)
			mu.Lock()
			cases++
			count[compare(t, c, mine, said)]++
			mu.Unlock()
		}
	})
	t.Logf("%d zones, %d cases: %v", len(w.zones), cases, count)
	if cases < 2000 || len(ownPolicies()) > 10 || count["outvoted"] > cases/50 {
		t.Errorf("%d cases, %d policies, one against three %d times", cases, len(ownPolicies()), count["outvoted"])
	}
	for _, z := range []string{"agreed", "policy", "ruled"} {
		if count[z] < 10 {
			t.Errorf("%s: %d, too few to tell anything", z, count[z])
		}
	}
}

// askAll asks us and the others at once.
func askAll(q dns.Question, ours string, theirs map[string]string) (mine opinion, said map[string]opinion) {
	said = map[string]opinion{}
	var mu sync.Mutex
	var all sync.WaitGroup
	for name, addr := range theirs {
		all.Go(func() {
			o := ask(q, addr, 2*time.Second)
			mu.Lock()
			defer mu.Unlock()
			said[name] = o
		})
	}
	mine = ask(q, ours, 10*time.Second)
	all.Wait()
	return mine, said
}

// compare holds our opinion to those of the others and tells how it was decided.
func compare(t *testing.T, c damagedCase, mine opinion, said map[string]opinion) string {
	t.Helper()
	votes := map[opinion]int{}
	for _, o := range said {
		votes[o]++
	}
	if len(votes) == 1 {
		if votes[mine] > 0 {
			return "agreed"
		}
		if r, ok := decide(ownPolicies(), c.damage, c.String()); ok && mine.judgement.meets(r.want) {
			return "policy"
		}
		t.Errorf("%s: %s: ours %v, all others %v", c.damage, c, mine, said)
		return "alone"
	}
	r, ok := decide(rulings(), c.damage, c.String())
	if ok && mine.judgement.meets(r.want) {
		return "ruled"
	}
	if votes[mine] == len(said)-1 && votes[opinion{judgement: isBogus}] == 1 {
		return "outvoted" // one found no answer, which may have many reasons on a busy machine
	}
	if !ok {
		t.Errorf("%s: %s: no ruling; ours %v, theirs %v", c.damage, c, mine, said)
		return "undecided"
	}
	t.Errorf("%s: %s: ours %v, theirs %v, but %s: %s", c.damage, c, mine, said, r.want, r.because)
	return "overruled"
}

// opinion is what a resolver makes of a question.
type opinion struct {
	judgement
	what string // the RCODE, or that there is no data
}

// ask asks for what a stub without DNSSEC of its own wants to know, and waits so long for it.
func ask(question dns.Question, addr string, patience time.Duration) opinion {
	q := new(dns.Msg)
	q.SetQuestion(question.Name, question.Qtype)
	q.SetEdns0(1232, false)
	q.AuthenticatedData = true
	m, err := exchangeWithin(q, addr, patience)
	if err != nil || m.Rcode == dns.RcodeServerFailure {
		return opinion{isBogus, ""}
	}
	o := opinion{isInsecure, dns.RcodeToString[m.Rcode]}
	if m.AuthenticatedData {
		o.judgement = isSecure
	}
	if m.Rcode == dns.RcodeSuccess && len(m.Answer) == 0 {
		o.what = "no data"
	}
	return o
}
