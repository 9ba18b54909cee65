package cache

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"recursor/dns/domain"
	"recursor/dns/ede"
	"recursor/dns/rrset"
	"recursor/dns/wire"
)

// twin is the cache as one would write it with maps and no limit of memory.
type twin struct {
	rr      map[twinKey]twinEntry     // an RRset or NODATA
	nx      map[domain.Name]twinEntry // NXDOMAIN
	failure map[twinKey]Failure
	stale   time.Duration
}

type twinKey struct {
	name domain.Name
	t    wire.Type
}

type twinEntry struct {
	set    rrset.Set // of an RRset
	denial *Denial   // of a denial
	rank   Rank
	status Status
	stored time.Time
	ttl    uint32
}

func newTwin(stale time.Duration) *twin {
	return &twin{map[twinKey]twinEntry{}, map[domain.Name]twinEntry{}, map[twinKey]Failure{}, stale}
}

func (e *twinEntry) end() time.Time           { return e.stored.Add(time.Duration(e.ttl) * time.Second) }
func (e *twinEntry) fresh(now time.Time) bool { return now.Before(e.end()) }

// remembered entries are fresh or stale.
func (m *twin) remembered(e twinEntry, now time.Time) bool {
	if e.status == Bogus {
		return e.fresh(now)
	}
	return e.stored != time.Time{} && now.Before(e.end().Add(m.stale))
}

// wins reports whether e may be stored over old.
func (m *twin) wins(e, old twinEntry, now time.Time) bool {
	switch {
	case !m.remembered(old, now):
		return true
	case old.fresh(now):
		return replaces(e.rank, old.rank, e.status, old.status)
	}
	return e.status != Bogus || old.status == Bogus
}

func (m *twin) put(set rrset.Set, rank Rank, status Status, now time.Time) bool {
	e := twinEntry{set: set, rank: rank, status: status, stored: now, ttl: min(set.TTL, 86400)}
	if status == Bogus {
		e.ttl = min(e.ttl, 60)
	}
	k := twinKey{set.Name, set.Type}
	old := m.rr[k]
	judged := status == Bogus && m.remembered(old, now) && old.status == Unjudged && old.denial == nil &&
		string(old.set.RData) == string(set.RData) && string(old.set.Sigs) == string(set.Sigs)
	if !m.wins(e, old, now) && !judged || !m.wins(e, m.nx[set.Name], now) {
		return false
	}
	delete(m.nx, set.Name)
	delete(m.rr, k)
	if e.ttl == 0 {
		return false
	}
	m.rr[k] = e
	if status == Secure && rank >= RankAnswerNonAA {
		for p := set.Name.Parent(); !p.IsRoot(); p = p.Parent() {
			delete(m.nx, p)
		}
	}
	return true
}

func (m *twin) putDenial(d *Denial, now time.Time) bool {
	e := twinEntry{denial: d, rank: RankAnswerAA, status: d.Status, stored: now, ttl: min(d.SOA.TTL, 3600)}
	if d.Status == Bogus {
		e.ttl = min(e.ttl, 60)
	}
	if d.Type == wire.TypeNone {
		if !m.wins(e, m.nx[d.Name], now) {
			return false
		}
		delete(m.nx, d.Name)
		if e.ttl > 0 {
			m.nx[d.Name] = e
		}
		return e.ttl > 0
	}
	k := twinKey{d.Name, d.Type}
	if !m.wins(e, m.rr[k], now) || !m.wins(e, m.nx[d.Name], now) {
		return false
	}
	delete(m.nx, d.Name)
	delete(m.rr, k)
	if e.ttl > 0 {
		m.rr[k] = e
	}
	return e.ttl > 0
}

// what describes a look-up's result in words that the cache's are held to.
func (m *twin) what(e twinEntry, now time.Time, stale bool) string {
	ttl := e.ttl - uint32(now.Sub(e.stored)/time.Second)
	switch {
	case e.fresh(now):
	case stale && m.remembered(e, now):
		ttl = StaleTTL
	default:
		return "-"
	}
	if e.denial != nil {
		return fmt.Sprint("denied ", e.denial.Name, e.denial.Type, e.status, e.denial.Compact, ttl, !e.fresh(now))
	}
	return fmt.Sprint(e.set.RData, e.rank, e.status, ttl, !e.fresh(now))
}

func (m *twin) get(k twinKey, now time.Time, stale bool) string {
	e := m.rr[k]
	if !m.remembered(e, now) || e.denial != nil {
		return "-"
	}
	if nx := m.nx[k.name]; m.remembered(nx, now) && replaces(RankAnswerAA, e.rank, nx.status, e.status) {
		return "-"
	}
	return m.what(e, now, stale)
}

func (m *twin) getDenial(k twinKey, now time.Time, stale bool) string {
	e, nx := m.rr[k], m.nx[k.name]
	if m.remembered(e, now) && e.denial != nil &&
		!(m.remembered(nx, now) && replaces(RankAnswerAA, RankAnswerAA, nx.status, e.status)) {
		return m.what(e, now, stale)
	}
	if !m.remembered(nx, now) {
		return "-"
	}
	return m.what(nx, now, stale)
}

func (m *twin) getAbove(n domain.Name, now time.Time) string {
	for p := n.Parent(); !p.IsRoot(); p = p.Parent() {
		if e, ok := m.nx[p]; ok && e.fresh(now) && e.status == Secure && !e.denial.Compact {
			return m.what(e, now, false)
		}
	}
	return "-"
}

func (m *twin) putFailure(k twinKey, now time.Time) Failure {
	f, ok := m.failure[k]
	switch {
	case ok && now.Before(f.Until):
		return f
	case !ok || !now.Before(f.Until.Add(5*time.Minute)):
		f = Failure{}
	}
	f = Failure{Code: ede.Other, Text: "why", Count: f.Count + 1}
	lasts := 5 * time.Minute
	if f.Count < 9 {
		lasts = time.Second << (f.Count - 1)
	}
	f.Until = now.Add(lasts)
	m.failure[k] = f
	return f
}

func (m *twin) flush(is func(domain.Name) bool) {
	for k := range m.rr {
		if is(k.name) {
			delete(m.rr, k)
		}
	}
	for n := range m.nx {
		if is(n) {
			delete(m.nx, n)
		}
	}
	for k := range m.failure {
		if is(k.name) {
			delete(m.failure, k)
		}
	}
}

// FuzzTwin runs four octets a step on the cache and its twin, and compares all
// that can be read.
func FuzzTwin(f *testing.F) {
	f.Add([]byte("\x00\x00\x00\x60\x01\x00\x00\x60\x02\x00\x00\x08\x00\x51\x00\x60"))
	f.Add([]byte("\x00\x3e\x00\x60\x01\x4e\x00\x05\x05\xff\x00\x00\x00\x12\x00\x60\x03\x00\x00\x00\x03\x00\x00\x00"))
	f.Add([]byte("\x01\x30\x04\x60\x00\x36\x06\x60\x05\xff\x00\xff\x04\x00\x00\x00"))
	f.Fuzz(runTwin)
}

func TestTwin(t *testing.T) {
	// RFC: 2181.3, 2181.4, 2308.1, 2308.2, 8020.1, 9520.2
	r := rand.New(rand.NewPCG(1, 2))
	stories := 80
	if raceDetector { // one goroutine tells them all
		stories = 25
	}
	for range stories {
		steps := make([]byte, 4*100)
		for i := range steps {
			steps[i] = byte(r.Uint32())
		}
		runTwin(t, steps)
	}
}

func runTwin(t *testing.T, steps []byte) {
	const stale = 2 * time.Minute
	names := []domain.Name{name("example."), name("www.example."), name("a.www.example."), name("b.a.www.example."), name("w.example."), name("www.test.")}
	types := []wire.Type{wire.TypeA, wire.TypeTXT}
	c, m := newCache(Options{Size: 1 << 20, MaxStale: stale}), newTwin(stale)
	now := start()
	var story []string
	for n := 0; len(steps) >= 4 && n < 200; n++ {
		op, a, b, v := steps[0], steps[1], steps[2], steps[3]
		steps = steps[4:]
		k := twinKey{names[int(b>>1)%len(names)], types[b&1]}
		rank, status := ranks()[int(a&7)%5], Status(a>>4&3)-1
		ttl := uint32(v&0x0f) * uint32(v>>4)
		var got, want any
		switch op % 8 {
		case 0, 1:
			s := rrset.New(k.name, k.t, ttl, []byte{3, a & 0x80, b >> 6, 0})
			got, want = c.Put(&s, rank, status, now), m.put(s, rank, status, now)
			story = append(story, fmt.Sprintf("put %v %v %v %v TTL %d", k.name, k.t, rank, status, ttl))
		case 2:
			d := &Denial{Name: k.name, SOA: soa(t, ".", ttl, ttl), Status: status, Compact: a&0x40 != 0}
			if a&0x80 != 0 {
				d.Type = k.t
			}
			got, want = c.PutDenial(d, now), m.putDenial(d, now)
			story = append(story, fmt.Sprintf("deny %v %v %v TTL %d", d.Name, d.Type, status, ttl))
		case 3:
			got, want = c.PutFailure(k.name, k.t, Failure{Text: "why"}, now), m.putFailure(k, now)
			story = append(story, fmt.Sprintf("fail %v %v", k.name, k.t))
		case 4:
			c.ClearFailure(k.name, k.t)
			delete(m.failure, k)
		case 5:
			now = now.Add(time.Duration(a) * 100 * time.Millisecond * time.Duration(v&0x0f))
			story = append(story, "at "+now.Sub(start()).String())
		case 6:
			switch a % 8 {
			case 0:
				c.FlushTree(k.name)
				m.flush(func(n domain.Name) bool { return n.Within(k.name) })
			case 1:
				c.Flush(k.name)
				m.flush(func(n domain.Name) bool { return n == k.name })
			case 2:
				c.FlushAll()
				m.flush(func(domain.Name) bool { return true })
			}
			story = append(story, fmt.Sprintf("flush %d %v", a%8, k.name))
		}
		if got != want {
			t.Fatalf("%s\ngave %+v, want %+v", strings.Join(story, "\n"), got, want)
		}
		for _, n := range names {
			for _, typ := range types {
				m.compare(t, c, twinKey{n, typ}, now, &story)
			}
		}
	}
}

// compare reads everything about k from both.
func (m *twin) compare(t *testing.T, c *Cache, k twinKey, now time.Time, story *[]string) {
	t.Helper()
	entry := func(e Entry, ok bool) string {
		if !ok {
			return "-"
		}
		return fmt.Sprint(e.Set.RData, e.Rank, e.Status, e.Set.TTL, e.Stale)
	}
	denial := func(d Denial, ok bool) string {
		if !ok {
			return "-"
		}
		return fmt.Sprint("denied ", d.Name, d.Type, d.Status, d.Compact, d.SOA.TTL, d.Stale)
	}
	f, failed := c.GetFailure(k.name, k.t, now)
	want := m.failure[k]
	if failed != now.Before(want.Until) || failed && f != want {
		t.Fatalf("%s\nfailure of %v: %t %+v, want %+v", strings.Join(*story, "\n"), k, failed, f, want)
	}
	for _, r := range []struct{ what, got, want string }{
		{"Get", entry(c.Get(k.name, k.t, now)), m.get(k, now, false)},
		{"GetStale", entry(c.GetStale(k.name, k.t, now)), m.get(k, now, true)},
		{"GetDenial", denial(c.GetDenial(k.name, k.t, now)), m.getDenial(k, now, false)},
		{"GetStaleDenial", denial(c.GetStaleDenial(k.name, k.t, now)), m.getDenial(k, now, true)},
		{"GetAbove", denial(c.GetAbove(k.name, now)), m.getAbove(k.name, now)},
	} {
		if r.got != r.want {
			t.Fatalf("%s\n%s(%v, %v) = %s, want %s", strings.Join(*story, "\n"), r.what, k.name, k.t, r.got, r.want)
		}
	}
}
