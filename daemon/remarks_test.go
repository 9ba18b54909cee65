package daemon

import (
	"strings"
	"testing"
	"time"

	"recursor/daemon/config"
	"recursor/observe/metrics"
	"recursor/random"
	"recursor/testbed/sim"
)

// What operators can read of trust: keys by their states, negative anchors that last, the clock.
//
// RFC: 7646.4
func TestTrustFigures(t *testing.T) {
	now := time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC)
	k := sim.NewClock(now)
	t.Cleanup(k.Close)
	c, err := config.Parse("c.yaml", []byte("validation: {negative-anchors: [{name: a.example, until: 2026-06-01T01:00:00Z, reason: x}, "+
		"{name: b.example, until: 2026-05-31T01:00:00Z, reason: x}]}\n"))
	if err != nil {
		t.Fatal(err)
	}
	e, err := NewEngine(c, World{Clock: k, Seeds: random.Secure{}, Built: now.Add(48 * time.Hour)})
	if err != nil {
		t.Fatal(err)
	}
	got := metrics.Text(e.trustFigures())
	for _, want := range []string{
		`recursor_trust_anchors{zone=".",state="Valid"} 2`,
		`recursor_trust_anchors{zone=".",state="AddPend"} 0`,
		`recursor_negative_trust_anchor_seconds{zone="a.example."} 3600`,
		`recursor_clock_off_seconds -172800`,
	} {
		if !strings.Contains(got, want+"\n") {
			t.Errorf("%s is not in\n%s", want, got)
		}
	}
	if strings.Contains(got, "b.example.") {
		t.Errorf("an anchor that is over counts\n%s", got)
	}
	c.Validation.UpdateAnchors = false
	if e, err = NewEngine(c, World{Clock: k, Seeds: random.Secure{}}); err != nil {
		t.Fatal(err)
	}
	if got := metrics.Text(e.trustFigures()); strings.Contains(got, "clock") || strings.Contains(got, "trust_anchors") {
		t.Errorf("not followed\n%s", got)
	}
}
