package cache

import (
	"testing"
	"time"

	"recursor/dns/wire"
)

func TestExists(t *testing.T) {
	c := New(Options{Size: 1 << 20})
	now := start()
	a := set(t, "www.example. 60 IN A 192.0.2.1")
	c.Put(&a, RankAnswerAA, Insecure, now)
	c.PutDenial(&Denial{Name: name("ent.example."), Type: wire.TypeA, SOA: soa(t, "example.", 60, 60), Status: Insecure}, now)
	c.PutDenial(&Denial{Name: name("no.example."), SOA: soa(t, "example.", 60, 60), Status: Insecure}, now)
	for _, tc := range []struct {
		name  string
		after time.Duration
		want  bool
	}{
		{"www.example.", 0, true},
		{"www.example.", time.Minute, false},
		{"ent.example.", 0, true},
		{"no.example.", 0, false},
		{"unknown.example.", 0, false},
	} {
		if got := c.Exists(name(tc.name), wire.TypeA, now.Add(tc.after)); got != tc.want {
			t.Errorf("%s after %v: %v", tc.name, tc.after, got)
		}
	}
}
