package serve_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/miekg/dns"

	"recursor/dns/wire"
	"recursor/frontend"
	"recursor/serve"
)

// refreshing is a world whose Resolver has every name, fetched fifty minutes ago
// with a TTL of an hour, until it is refreshed.
type refreshing struct {
	*world
	began     time.Time
	fetched   map[string]time.Time
	refreshed []string
	refuses   bool
	done      []func()
}

func newRefreshing(t *testing.T, change func(*serve.Options)) *refreshing {
	t.Helper()
	f := &refreshing{fetched: map[string]time.Time{}}
	f.world = finishing(t, func(o *serve.Options) {
		o.Refresh = func(q serve.Question, done func()) bool {
			if q.Type != wire.TypeA || q.Class != wire.ClassIN {
				t.Errorf("refresh of %+v", q)
			}
			f.refreshed = append(f.refreshed, q.Name.String())
			f.done = append(f.done, func() {
				f.fetched[q.Name.String()] = f.clock.at
				done()
			})
			return !f.refuses
		}
		if change != nil {
			change(o)
		}
	})
	f.began = f.clock.at
	f.resolver.answer = func(q serve.Question) (serve.Answer, error) {
		since, ok := f.fetched[q.Name.String()]
		if !ok {
			since = f.began
		}
		ttl := 3600 - int(f.clock.at.Sub(since)/time.Second)
		a := serve.Answer{Answer: sets(t, fmt.Sprintf("%s %d IN A 192.0.2.1", q.Name, ttl))}
		a.Due, a.Window = ttl <= 360, 6*time.Minute
		return a, nil
	}
	return f
}

// Whoever asks for something in the last tenth of its time makes it fetched anew,
// be it a finished answer or one of the Resolver's, and once in a while only.
func TestRefreshOfWhatIsAskedFor(t *testing.T) {
	f := newRefreshing(t, nil)
	m := question("www.example.", dns.TypeA)
	ask := func() uint32 { return f.ask(t, m).Answer[0].Header().Ttl }
	for range 3 {
		ask()
	}
	f.clock.at = f.began.Add(53 * time.Minute)
	if ask(); f.count(serve.Finished) != 2 || len(f.refreshed) != 0 {
		t.Fatalf("%d finished, refreshed %q: too early", f.count(serve.Finished), f.refreshed)
	}
	f.clock.at = f.began.Add(54*time.Minute + time.Second)
	for range 5 {
		if ttl := ask(); ttl != 359 {
			t.Errorf("TTL %d", ttl)
		}
	}
	if len(f.refreshed) != 1 || f.refreshed[0] != "www.example." {
		t.Fatalf("refreshed %q", f.refreshed)
	}
	f.done[0]()
	if ttl := ask(); ttl != 3600 {
		t.Errorf("after it was fetched anew: TTL %d", ttl)
	}
	finished := f.count(serve.Finished)
	if ask(); f.count(serve.Finished) != finished+1 {
		t.Error("what is new must be finished at once: it is known to be wanted")
	}
	// Of what is asked for the first time, the Resolver's word counts.
	f.ask(t, question("other.example.", dns.TypeA))
	if len(f.refreshed) != 2 {
		t.Errorf("refreshed %q", f.refreshed)
	}
	// Where nothing comes of it, it is tried again after half a minute.
	f.clock.at = f.clock.at.Add(29 * time.Second)
	f.ask(t, question("other.example.", dns.TypeA))
	if len(f.refreshed) != 2 {
		t.Errorf("again after 29 seconds: %q", f.refreshed)
	}
	f.clock.at = f.clock.at.Add(time.Second)
	f.ask(t, question("other.example.", dns.TypeA))
	if len(f.refreshed) != 3 {
		t.Errorf("not again after 30 seconds: %q", f.refreshed)
	}
}

// However many answers are soon over, no more than a tenth of the queries makes
// one of them fetched, but for a few.
func TestRefreshesAreATenth(t *testing.T) {
	f := newRefreshing(t, nil)
	f.clock.at = f.began.Add(55 * time.Minute)
	const queries = 2000
	for i := range queries {
		f.clock.at = f.clock.at.Add(100 * time.Millisecond)
		f.ask(t, question(fmt.Sprintf("n%d.example.", i), dns.TypeA))
		if n := len(f.refreshed); n > (i+1)/10+16 {
			t.Fatalf("%d refreshes after %d queries", n, i+1)
		}
	}
	if n := len(f.refreshed); n < queries/10 {
		t.Errorf("%d refreshes of %d queries: less than may be", n, queries)
	}
}

// A refresh on the way of a finished answer waits for nobody, and the hits around
// it cost no allocation.
func TestRefreshCostsOtherHitsNothing(t *testing.T) {
	if raceDetector {
		t.Skip("the race detector allocates")
	}
	f := newRefreshing(t, nil)
	f.refuses = true
	q := query(pack(t, question("www.example.", dns.TypeA)))
	f.finish(q)
	f.clock.at = f.began.Add(55 * time.Minute)
	dst := make([]byte, frontend.MaxMessage)
	f.Hit(q, dst)
	if n := testing.AllocsPerRun(1000, func() {
		if n, ok := f.Hit(q, dst); n == 0 || !ok {
			t.Fatal("no hit")
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
	if len(f.refreshed) != 1 {
		t.Errorf("refreshed %q", f.refreshed)
	}
}
