package validate_test

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/miekg/dns"

	"recursor/dns/domain"
	"recursor/dns/rrset"
	"recursor/dns/text"
	"recursor/dns/wire"
	"recursor/recursor/delegation"
	"recursor/recursor/scrub"
	"recursor/testbed/sim"
	"recursor/transport"
	"recursor/validate"
	"recursor/validate/sig"
)

func name(s string) domain.Name { return domain.MustParse(s) }

func instant(s string) time.Time {
	t, err := time.Parse(time.DateOnly, s)
	if err != nil {
		panic(err)
	}
	return t
}

// world is a tree of zones, each on servers of its own, with everything that a
// judge sees of them. It is the Fetcher and the Work.
type world struct {
	tb      testing.TB
	now     time.Time
	servers map[domain.Name][]*sim.Authority
	anchors []validate.Anchor
	// negative are negative anchors.
	negative []domain.Name
	options  validate.Options
	// change may alter what a server says, before it is judged or handed out.
	change func(*validate.Response)
	// forwarded hides from the judge which zone was asked.
	forwarded bool
	// next is which server of a zone answers next.
	next map[domain.Name]int

	kept     map[validate.Want]validate.Fetched
	keeps    bool
	whole    bool // what is kept has the whole verdict
	fetched  []string
	fail     map[validate.Want]error
	checks   int
	checked  int
	failures int
	hashes   int
	// limits of the three, 0 none.
	maxChecks, maxFailures, maxHashes int
}

var errBudget = errors.New("budget spent")

func newWorld(tb testing.TB) *world {
	tb.Helper()
	return &world{
		tb: tb, now: instant("2026-01-01"), servers: map[domain.Name][]*sim.Authority{}, next: map[domain.Name]int{},
		kept: map[validate.Want]validate.Fetched{}, keeps: true,
	}
}

// serve adds a server of the zone.
func (w *world) serve(z *sim.Zone) *sim.Authority {
	n := len(w.servers[z.Origin])
	a := sim.NewAuthority(fmt.Sprintf("%s%d", z.Origin, n), 1)
	a.Serve(z)
	w.servers[z.Origin] = append(w.servers[z.Origin], a)
	return a
}

// plain reads a zone; names are relative to origin.
func plain(tb testing.TB, origin, lines string) *sim.Zone {
	tb.Helper()
	z, err := sim.ParseZone(origin, "@ 3600 IN SOA ns admin 1 7200 3600 1209600 300\n@ 3600 IN NS ns\nns 3600 IN A 192.0.2.53\n"+lines)
	if err != nil {
		tb.Fatal(err)
	}
	return z
}

func signed(tb testing.TB, z *sim.Zone, o sim.SignOptions) *sim.Zone {
	tb.Helper()
	s, err := sim.Sign(z, o)
	if err != nil {
		tb.Fatal(err)
	}
	return s
}

// anchor trusts the zone's keys that sign keys.
func (w *world) anchor(z *sim.Zone) {
	w.tb.Helper()
	a := validate.Anchor{Zone: z.Origin}
	sets, err := text.FromRRs(z.DS())
	if err != nil || len(sets) != 1 {
		w.tb.Fatal(len(sets), err)
	}
	a.DS = sets[0].RData
	w.anchors = append(w.anchors, a)
}

// trust trusts the lines, DS or DNSKEY records of one zone.
func (w *world) trust(lines string) {
	w.tb.Helper()
	sets, err := text.ParseRRs(lines, domain.Root())
	if err != nil {
		w.tb.Fatal(err)
	}
	a := validate.Anchor{Zone: sets[0].Name}
	for _, s := range sets {
		if s.Type == wire.TypeDS {
			a.DS = s.RData
		} else {
			a.DNSKEY = s.RData
		}
	}
	w.anchors = append(w.anchors, a)
}

// judge makes the judge of this world.
func (w *world) judge() *validate.Judge {
	o := w.options
	o.Anchors = func(n domain.Name, _ time.Time) (validate.Anchor, bool) {
		best := -1
		for i, a := range w.anchors {
			if n.Within(a.Zone) && (best < 0 || a.Zone.Len() > w.anchors[best].Zone.Len()) {
				best = i
			}
		}
		if best < 0 {
			return validate.Anchor{}, false
		}
		return w.anchors[best], true
	}
	if w.negative != nil {
		o.NegativeAnchors = func(n domain.Name, _ time.Time) (best domain.Name, ok bool) {
			for _, z := range w.negative {
				if n.Within(z) && (!ok || z.Len() > best.Len()) {
					best, ok = z, true
				}
			}
			return best, ok
		}
	}
	return validate.New(o)
}

// zoneFor is the zone whose servers know.
func (w *world) zoneFor(n domain.Name, t wire.Type) domain.Name {
	if t == wire.TypeDS && !n.IsRoot() {
		n = n.Parent()
	}
	for ; ; n = n.Parent() {
		if len(w.servers[n]) > 0 {
			return n
		}
		if n.IsRoot() {
			return domain.Name{}
		}
	}
}

// ask puts a question to the server of the zone whose turn it is.
func (w *world) ask(n domain.Name, t wire.Type) (validate.Response, error) {
	zone := w.zoneFor(n, t)
	if zone.IsZero() {
		return validate.Response{}, fmt.Errorf("nobody serves %s", n)
	}
	turn := w.next[zone] % len(w.servers[zone])
	a := w.servers[zone][turn]
	q := new(dns.Msg)
	q.SetQuestion(n.String(), uint16(t))
	q.SetEdns0(4096, true)
	q.RecursionDesired = false
	b, err := q.Pack()
	if err != nil {
		w.tb.Fatal(err)
	}
	replies := a.Answer(sim.Packet{Message: b, Proto: transport.TCP})
	if len(replies) == 0 {
		return validate.Response{}, fmt.Errorf("no reply from %s", zone)
	}
	m, err := rrset.Parse(replies[0].Message)
	if err != nil {
		w.tb.Fatalf("%s %s: %v", n, t, err)
	}
	r, ok := respond(m, zone, n, t)
	if !ok {
		return r, fmt.Errorf("%s %s: useless", n, t)
	}
	if w.forwarded {
		r.Zone = domain.Name{}
	}
	r.Server = netip.AddrFrom4([4]byte{192, 0, 2, byte(turn + 1)})
	if w.change != nil {
		w.change(&r)
	}
	return r, nil
}

// respond makes a Response of a message.
func respond(m *rrset.Message, zone, n domain.Name, t wire.Type) (validate.Response, bool) {
	c := scrub.Classify(m, scrub.Asked{Zone: zone, Kind: delegation.Authoritative, Name: n, Type: t, Aliases: 12, MaxRecords: 500})
	r := validate.Response{
		Zone: zone, Name: n, Type: t, NXDomain: c.Kind == scrub.NXDomain, Chain: c.Chain, Target: c.Target,
		Set: c.Set, Leads: c.Kind == scrub.Alias || c.Kind == scrub.Overflow, SOA: c.SOA, Proof: c.Proof,
	}
	if n.IsRoot() && t == wire.TypeDS && c.SOA != nil {
		return r, true // no zone above could know better
	}
	switch c.Kind {
	case scrub.Answer, scrub.NoData, scrub.NXDomain, scrub.Alias, scrub.Overflow:
		return r, true
	default:
		return r, false
	}
}

// Fetch implements validate.Fetcher.
func (w *world) Fetch(want validate.Want) (*validate.Fetched, error) {
	again := ""
	if want.Again {
		again = " again"
		w.next[w.zoneFor(want.Name, want.Type)]++
	}
	plain := validate.Want{Name: want.Name, Type: want.Type}
	if err := w.fail[plain]; err != nil {
		return nil, err
	}
	if f, ok := w.kept[plain]; ok && !want.Again {
		return &f, nil
	}
	w.fetched = append(w.fetched, fmt.Sprintf("%s %s%s", want.Name, want.Type, again))
	r, err := w.ask(want.Name, want.Type)
	return &validate.Fetched{Response: r}, err
}

// Kept implements validate.Fetcher.
func (w *world) Kept(want validate.Want) (*validate.Fetched, bool) {
	f, ok := w.kept[validate.Want{Name: want.Name, Type: want.Type}]
	return &f, ok
}

// Keep implements validate.Fetcher. It keeps what a cache must: the status, and
// no more of the verdict.
func (w *world) Keep(f *validate.Fetched, v validate.Verdict) {
	if v.Status != validate.Secure && v.Status != validate.Insecure {
		w.tb.Errorf("%s %s is kept as %s", f.Name, f.Type, v.Status)
	}
	if !w.keeps {
		return
	}
	f.Known, f.Verdict = true, validate.Verdict{Status: v.Status}
	if w.whole {
		f.Verdict = v
	}
	w.kept[validate.Want{Name: f.Name, Type: f.Type}] = *f
}

func (w *world) Signature() error {
	if w.maxChecks > 0 && w.checks == w.maxChecks {
		return errBudget
	}
	w.checks++
	return nil
}

func (w *world) Checked() { w.checked++ }

func (w *world) Held(*sig.Sum) bool { return false }

func (w *world) Hold(*sig.Sum) {}

func (w *world) Failed() error {
	w.failures++
	if w.maxFailures > 0 && w.failures >= w.maxFailures {
		return errBudget
	}
	return nil
}

func (w *world) Hashes(n int) error {
	if w.maxHashes > 0 && w.hashes+n > w.maxHashes {
		return errBudget
	}
	w.hashes += n
	return nil
}

// step is a response with its verdicts.
type step struct {
	response validate.Response
	parts    validate.Parts
	err      error
}

// resolve follows a question to its end and judges each step.
func (w *world) resolve(n string, t wire.Type) []step {
	w.tb.Helper()
	var steps []step
	for at := name(n); len(steps) < 12; {
		r, err := w.ask(at, t)
		if err != nil {
			w.tb.Fatal(err)
		}
		parts, err := w.judge().Judge(&r, w.now, w, w)
		steps = append(steps, step{r, parts, err})
		if !r.Leads || r.Target == at || r.Target.IsZero() {
			break
		}
		at = r.Target
	}
	return steps
}

// verdict is the worst of all steps.
func (w *world) verdict(n string, t wire.Type) validate.Verdict {
	w.tb.Helper()
	steps := w.resolve(n, t)
	worst := steps[0].parts.Worst()
	for i := range steps {
		if v := steps[i].parts.Worst(); v.Status < worst.Status {
			worst = v
		}
	}
	return worst
}

// want checks the verdict on a question against "status reason".
func (w *world) want(n string, t wire.Type, want string) validate.Verdict {
	w.tb.Helper()
	v := w.verdict(n, t)
	if got := said(v); got != want {
		w.tb.Errorf("%s %s: %s, want %s (%s)", n, t, got, want, v.String())
	}
	return v
}

func said(v validate.Verdict) string {
	return strings.TrimSpace(v.Status.String() + " " + v.Reason.String())
}
