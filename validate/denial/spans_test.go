package denial_test

import (
	"testing"

	"recursor/dns/domain"
	"recursor/validate/denial"
)

// A record spans what is between its owner and its next name, or the end of the zone.
func TestSpans(t *testing.T) {
	for _, c := range []struct {
		owner, next string
		want        bool
	}{
		{"a.example.", "b.example.", true},
		{"b.example.", "a.example.", false},
		{"b.example.", "b.example.", false},
		{"b.example.", "example.", true},
		{"example.", "example.", true},
	} {
		n := denial.NSEC{Owner: domain.MustParse(c.owner), Next: domain.MustParse(c.next)}
		if got := n.Spans(domain.MustParse("example.")); got != c.want {
			t.Errorf("%s to %s: %t", c.owner, c.next, got)
		}
	}
}
