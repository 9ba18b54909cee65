package serve_test

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"github.com/miekg/dns"

	"recursor/dns/ede"
	"recursor/dns/wire"
	"recursor/frontend"
	"recursor/observe"
	"recursor/serve"
)

// finishedAfter asks m so often, and reports whether the last answer was
// finished before.
func (w *world) finishedAfter(t *testing.T, m *dns.Msg, times int) bool {
	t.Helper()
	before := uint64(0)
	for range times {
		before = w.count(serve.Finished)
		w.ask(t, m)
	}
	return w.count(serve.Finished) > before
}

// TestWhatIsFinished: what comes a second time is kept, if others may have it.
// RFC: 4035.1, 8767.2, 8906.3
func TestWhatIsFinished(t *testing.T) {
	a := func(ttl string) serve.Answer {
		return serve.Answer{Answer: sets(t, "a.example. "+ttl+" IN A 192.0.2.1")}
	}
	with := func(change func(*serve.Answer)) serve.Answer {
		ans := a("300")
		change(&ans)
		return ans
	}
	cd := func(m *dns.Msg) { m.CheckingDisabled = true }
	for _, tc := range []struct {
		what   string
		answer serve.Answer
		err    error
		change func(*dns.Msg)
		kept   bool
	}{
		{"data", a("300"), nil, nil, true},
		{"secure data", with(func(a *serve.Answer) { a.Secure = true }), nil, nil, true},
		{"secure data with CD", with(func(a *serve.Answer) { a.Secure = true }), nil, cd, true},
		{"data that may be bogus", a("300"), nil, cd, false},
		{"NXDOMAIN", serve.Answer{RCode: wire.NXDomain, Authority: sets(t, soaRecord)}, nil, nil, true},
		{"NODATA", serve.Answer{Authority: sets(t, soaRecord)}, nil, nil, true},
		{"NODATA without SOA", serve.Answer{}, nil, nil, false},
		{"TTL 0", a("0"), nil, nil, false},
		{"stale data", with(func(a *serve.Answer) { a.Stale = true }), nil, nil, false},
		{"data with a note", with(func(a *serve.Answer) { a.Notes = []ede.Note{{Code: ede.Other, Text: "look"}} }), nil, func(m *dns.Msg) { withEDNS(m) }, false},
		{"SERVFAIL", serve.Answer{RCode: wire.ServFail}, nil, nil, false},
		{"a failure", serve.Answer{}, &ede.Error{Code: ede.Other, Err: errors.New("broken")}, nil, false},
		{"data beside a failure", a("300"), &ede.Error{Code: ede.Other, Err: errors.New("broken")}, nil, false},
		{"NXDOMAIN beside a failure", serve.Answer{RCode: wire.NXDomain, Authority: sets(t, soaRecord)}, errors.New("broken"), nil, false},
		{"REFUSED", serve.Answer{RCode: wire.Refused, Authority: sets(t, soaRecord)}, nil, nil, false},
		{"data of the cache alone", a("300"), nil, func(m *dns.Msg) { m.RecursionDesired = false }, false},
	} {
		t.Run(tc.what, func(t *testing.T) {
			w := finishing(t, func(o *serve.Options) { o.Snoop = o.Allow })
			w.resolver.answer = func(serve.Question) (serve.Answer, error) { return tc.answer, tc.err }
			m := question("a.example.", dns.TypeA)
			if tc.change != nil {
				tc.change(m)
			}
			if w.finishedAfter(t, m, 2) {
				t.Error("finished at the second time, having been asked for once")
			}
			if kept := w.finishedAfter(t, m, 1); kept != tc.kept {
				t.Errorf("kept %t", kept)
			}
			if tc.kept && len(w.resolver.asked) != 2 || !tc.kept && len(w.resolver.asked) != 3 {
				t.Errorf("resolved %d times", len(w.resolver.asked))
			}
		})
	}
}

// TestVariantsApart: no client gets what was finished for one of another kind.
// Whether there is an OPT makes no kind, since it is no part of what is kept.
// RFC: 8906.3, 3225.2
func TestVariantsApart(t *testing.T) {
	w := finishing(t, nil)
	variants := func() []*dns.Msg {
		cd := withDO(question("www.example.", dns.TypeA))
		cd.CheckingDisabled = true
		return []*dns.Msg{
			question("www.example.", dns.TypeA), withEDNS(question("www.example.", dns.TypeA)),
			withDO(question("www.example.", dns.TypeA)), cd,
			question("www.example.", dns.TypeMX), question("plain.example.", dns.TypeA),
		}
	}
	for i, m := range variants() {
		if i != 1 && w.finishedAfter(t, m, 2) {
			t.Errorf("variant %d has the answer of another", i)
		}
	}
	for i, m := range variants() {
		if !w.finishedAfter(t, m, 1) {
			t.Errorf("variant %d is not kept", i)
		}
		got := w.ask(t, m)
		if (got.IsEdns0() != nil) != (m.IsEdns0() != nil) || len(got.Answer) > 2 != (m.IsEdns0() != nil && m.IsEdns0().Do()) {
			t.Errorf("variant %d: %v", i, got)
		}
	}
	// With RD clear it is the resolver that is asked.
	m := question("www.example.", dns.TypeA)
	m.RecursionDesired = false
	if got := w.ask(t, m); got.Rcode != dns.RcodeRefused {
		t.Errorf("RD clear: %v", got)
	}
}

// TestFinishedWithoutRoom: who cannot take it whole goes the long way, and does
// not throw out what others can take.
// RFC: 6891.6, 2181.5
func TestFinishedWithoutRoom(t *testing.T) {
	w := finishing(t, nil)
	m := question("long.example.", dns.TypeTXT)
	for range 3 {
		if got := w.ask(t, m); !got.Truncated {
			t.Fatalf("%v", got)
		}
	}
	if s := w.answers.Stats(); s.Stored != 0 {
		t.Errorf("kept for a client that it does not fit")
	}
	for range 3 {
		if got := w.askOver(t, m, frontend.TCP); got.Truncated || len(got.Answer) != 12 {
			t.Fatalf("%v", got)
		}
	}
	if got := w.ask(t, m); !got.Truncated {
		t.Errorf("%v", got)
	}
	before := w.count(serve.Finished)
	if got := w.askOver(t, m, frontend.TCP); got.Truncated || w.count(serve.Finished) != before+1 {
		t.Errorf("not finished any more: %v", got)
	}
}

// TestFlushWhileResolving: an answer that was begun before a flush is not kept.
func TestFlushWhileResolving(t *testing.T) {
	w := finishing(t, nil)
	m := question("www.example.", dns.TypeA)
	w.ask(t, m)
	answer := w.resolver.answer
	w.resolver.answer = func(q serve.Question) (serve.Answer, error) {
		w.answers.FlushAll()
		return answer(q)
	}
	if w.finishedAfter(t, m, 3) {
		t.Error("kept across a flush")
	}
	w.resolver.answer = answer
	if !w.finishedAfter(t, m, 2) {
		t.Error("not kept without one")
	}
	w.answers.FlushTree(sets(t, soaRecord)[0].Name)
	if w.finishedAfter(t, m, 1) {
		t.Error("kept across a flush")
	}
}

// modest is an Observer that has no use for hits.
type modest struct{ events }

func (*modest) Wants() observe.Interest { return observe.Answers }

// TestModestObserver: who has no use for hits is told of misses alone, unless it
// shares the stream with somebody who has.
func TestModestObserver(t *testing.T) {
	for _, shared := range []bool{false, true} {
		o, other := &modest{}, &events{}
		w := finishing(t, func(s *serve.Options) {
			s.Observer = o
			if shared {
				s.Observer = observe.Tee{o, other}
			}
		})
		w.ask(t, question("localhost.", dns.TypeA))
		w.finishedAfter(t, question("www.example.", dns.TypeA), 4)
		want := 2 // misses
		if shared {
			want = 5
		}
		if len(o.all) != want || shared && len(other.all) != want {
			t.Errorf("shared %t: %d events", shared, len(o.all))
		}
	}
}

// TestStats counts by transport, source and RCODE, in whatever lane.
func TestStats(t *testing.T) {
	w := finishing(t, nil)
	lane := uint8(0)
	ask := func(times int, m *dns.Msg, transport frontend.Transport, from string) {
		for range times {
			q := query(pack(t, m))
			q.Transport, q.Client, q.Lane = transport, netip.MustParseAddrPort(from), lane
			lane += 77
			w.serve(q)
		}
	}
	ask(5, question("www.example.", dns.TypeA), frontend.UDP, "127.0.0.1:1")
	ask(4, question("no.example.", dns.TypeA), frontend.DoQ, "127.0.0.1:1")
	ask(3, question("www.example.", dns.TypeA), frontend.TCP, "192.0.2.1:1")
	version := withEDNS(question("www.example.", dns.TypeA))
	version.IsEdns0().SetVersion(1)
	ask(2, version, frontend.DoT, "127.0.0.1:1")
	w.resolver.answer = func(serve.Question) (serve.Answer, error) { return serve.Answer{Stale: true}, nil }
	ask(2, question("old.example.", dns.TypeA), frontend.UDP, "127.0.0.1:1")
	w.resolver.answer = func(serve.Question) (serve.Answer, error) { return serve.Answer{}, errors.New("broken") }
	ask(1, question("broken.example.", dns.TypeA), frontend.DoH, "127.0.0.1:1")
	var got []string
	for _, c := range w.Stats() {
		rcode := fmt.Sprint(uint16(c.RCode))
		if c.Other {
			rcode = "other"
		}
		got = append(got, fmt.Sprintf("%s %s %s: %d", c.Transport, c.Source, rcode, c.N))
	}
	want := []string{
		"udp finished 0: 3", "udp resolved 0: 2", "udp stale 0: 2",
		"tcp at-hand 5: 3", "dot at-hand other: 2", "doh resolved 2: 1",
		"doq finished 3: 2", "doq resolved 3: 2",
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}
