package cache

import (
	"strings"
	"testing"
	"time"

	"recursor/dns/ede"
	"recursor/dns/wire"
)

func TestFailureBacksOff(t *testing.T) {
	// RFC: 9520.2, 4697.4
	for _, tc := range []struct {
		what string
		o    Options
		want []float64 // seconds that each lasts
	}{
		{"default", Options{}, []float64{1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300}},
		{"configured", Options{FailureFirst: 5 * time.Second, FailureCeiling: 12 * time.Second}, []float64{5, 10, 12, 12}},
		{"a second at least", Options{FailureFirst: time.Millisecond}, []float64{1, 2}},
		{"five minutes at most", Options{FailureFirst: time.Hour, FailureCeiling: time.Hour}, []float64{300, 300}},
	} {
		c := newCache(tc.o)
		n, at := name("www.example."), 0.0
		for i, lasts := range tc.want {
			f := c.PutFailure(n, wire.TypeA, Failure{Code: ede.NetworkError, Text: "no route"}, after(at))
			if f.Count != i+1 || !f.Until.Equal(after(at+lasts)) || f.Code != ede.NetworkError || f.Text != "no route" {
				t.Errorf("%s, failure %d: %+v, want it to last %v s", tc.what, i+1, f, lasts)
			}
			if got, ok := c.GetFailure(n, wire.TypeA, after(at+lasts-0.1)); !ok || got != f {
				t.Errorf("%s, failure %d: %t %+v before its end, want %+v", tc.what, i+1, ok, got, f)
			}
			if _, ok := c.GetFailure(n, wire.TypeA, after(at+lasts)); ok {
				t.Errorf("%s, failure %d: found at its end", tc.what, i+1)
			}
			at += lasts + 0.5
		}
	}
}

func TestFailureStands(t *testing.T) {
	// RFC: 9520.2
	c := newCache(Options{})
	n := name("www.example.")
	first := c.PutFailure(n, wire.TypeA, Failure{Code: ede.DNSSECBogus, Text: "why"}, start())
	if got := c.PutFailure(n, wire.TypeA, Failure{Code: ede.Other}, after(0.5)); got != first {
		t.Errorf("a failure that lasts became %+v", got)
	}
	if _, ok := c.GetFailure(n, wire.TypeAAAA, start()); ok {
		t.Error("a failure of another type")
	}
	if _, ok := c.GetFailure(name("example."), wire.TypeA, start()); ok {
		t.Error("a failure of another name")
	}
}

func TestFailureIsForgotten(t *testing.T) {
	n := name("www.example.")
	for _, tc := range []struct {
		what  string
		then  func(*Cache)
		at    float64
		count int
	}{
		{"soon after", func(*Cache) {}, 1.5, 2},
		{"within five minutes of the end", func(*Cache) {}, 300.9, 2},
		{"later", func(*Cache) {}, 301, 1},
		{"after success", func(c *Cache) { c.ClearFailure(n, wire.TypeA) }, 1.5, 1},
		{"success of another type", func(c *Cache) { c.ClearFailure(n, wire.TypeMX) }, 1.5, 2},
	} {
		c := newCache(Options{})
		c.PutFailure(n, wire.TypeA, Failure{}, start())
		tc.then(c)
		if f := c.PutFailure(n, wire.TypeA, Failure{}, after(tc.at)); f.Count != tc.count {
			t.Errorf("%s: count %d, want %d", tc.what, f.Count, tc.count)
		}
	}
}

// TestFailureLeavesData: a failure is no news of the data (RFC 8767 §4).
func TestFailureLeavesData(t *testing.T) {
	// RFC: 8767.3
	c := newCache(Options{})
	s := a(t, "www.example.", 60, "192.0.2.1")
	c.Put(&s, RankAnswerAA, Unjudged, start())
	c.PutFailure(s.Name, s.Type, Failure{Code: ede.NoReachableAuthority}, after(61))
	if _, ok := c.GetStale(s.Name, s.Type, after(61)); !ok {
		t.Error("the stale data is gone")
	}
	if _, ok := c.GetFailure(s.Name, s.Type, after(61)); !ok {
		t.Error("the failure is not there")
	}
}

func TestFailureText(t *testing.T) {
	c := newCache(Options{})
	n := name("www.example.")
	f := c.PutFailure(n, wire.TypeA, Failure{Text: strings.Repeat("x", 1000)}, start())
	if len(f.Text) != maxText {
		t.Errorf("%d octets of text", len(f.Text))
	}
	for range 300 {
		f = c.PutFailure(n, wire.TypeA, f, f.Until)
	}
	if f.Count != maxCount {
		t.Errorf("count %d", f.Count)
	}
}

// TestFailureOfALaterTime: where the clock is set back, failures do not wait for it
// to come there again.
func TestFailureOfALaterTime(t *testing.T) {
	c := newCache(Options{})
	n := name("www.example.")
	c.PutFailure(n, wire.TypeA, Failure{Text: "silence"}, start())
	if f, ok := c.GetFailure(n, wire.TypeA, start().Add(-24*time.Hour)); ok {
		t.Errorf("a day earlier: %+v", f)
	}
	if f := c.PutFailure(n, wire.TypeA, Failure{Text: "silence"}, start().Add(-24*time.Hour)); f.Count != 1 {
		t.Errorf("count %d", f.Count)
	}
}

// TestFailuresAreBounded: a flood of failing names is bounded by the store.
func TestFailuresAreBounded(t *testing.T) {
	// RFC: 9520.2
	c := newCache(Options{Size: 1 << 20})
	for i := range 50_000 {
		n, err := name("example.").Prepend(strings.Repeat("x", i%50+1) + string([]byte{byte('a' + i%26), byte('a' + i/26%26), byte('a' + i/676%26)}))
		if err != nil {
			t.Fatal(err)
		}
		c.PutFailure(n, wire.Type(i), Failure{Text: "no reachable authority"}, start())
	}
	if st := c.Stats(); st.Reserved > st.Size || st.Used > st.Reserved || st.Evicted == 0 {
		t.Errorf("%+v", st)
	}
}

func TestPoints(t *testing.T) {
	c := newCache(Options{})
	zone := name("example.")
	if _, _, ok := c.GetPoint(zone, start()); ok {
		t.Error("an empty cache has a point")
	}
	if !c.PutPoint(zone, []byte("first"), after(60), start()) {
		t.Error("refused")
	}
	blob, until, ok := c.GetPoint(zone, after(59.9))
	if !ok || blob != "first" || !until.Equal(after(60)) {
		t.Errorf("%q %v %t", blob, until, ok)
	}
	c.PutPoint(zone, []byte("second"), after(30), start())
	if blob, until, ok := c.GetPoint(zone, start()); !ok || blob != "second" || !until.Equal(after(30)) {
		t.Errorf("%q %v %t", blob, until, ok)
	}
	if _, _, ok := c.GetPoint(zone, after(30)); ok {
		t.Error("found at its end")
	}
	if c.PutPoint(zone, nil, start(), start()) {
		t.Error("a point that has ended was stored")
	}
	if c.PutPoint(zone, make([]byte, MaxOctets+1), after(60), start()) {
		t.Error("a point of more than 64 KiB was stored")
	}
	if !c.PutPoint(name("."), nil, after(60), start()) {
		t.Error("an empty point of the root was refused")
	}
	if blob, _, ok := c.GetPoint(name("."), start()); !ok || len(blob) != 0 {
		t.Errorf("%q %t", blob, ok)
	}
}
