package daemon

import (
	"fmt"
	"strings"
	"time"

	"recursor/clock"
	"recursor/daemon/config"
	"recursor/observe/metrics"
	"recursor/trust/follow"
	"recursor/trust/rfc5011"
)

// Remarks are what an operator should know of a good configuration, a line each.
func Remarks(c *config.Config) []string {
	k := clock.NewReal()
	now := k.Now().Signature
	return append(trustRemarks(c, k, now), remarks(c, now)...)
}

// trustRemarks tell what validation starts from.
func trustRemarks(c *config.Config, k clock.Clock, now time.Time) []string {
	if c.Validation.Mode == config.ValidationOff {
		return []string{"validation.mode: off, so answers are not judged, and no trust anchor counts"}
	}
	keys, err := anchors(c.TrustAnchors)
	if err != nil {
		return nil // Check has told
	}
	o := follow.Options{Clock: k, Keys: keys}
	var said []string
	if follows(c) {
		state, err := stateOf(c)
		file, kept := state.File(follow.FileName(keys))
		switch {
		case err != nil:
			said = append(said, err.Error())
		case !kept:
			said = append(said, "state: off, so trust anchors are followed from what is configured, at each start anew")
		default:
			o.File = &file
			said = append(said, "state: "+file.Path)
		}
	}
	f := follow.New(o)
	if f.Err() != nil {
		said = append(said, fmt.Sprintf("state: cannot be read, so trust anchors are those configured: %v", f.Err()))
	}
	points := f.Points()
	for i := range points {
		p := &points[i]
		line := fmt.Sprintf("trust anchors of %s: %s", p.Zone, strings.Join(p.Describe(), ", "))
		switch {
		case !follows(c):
			line += "; not followed"
		case p.Updated.IsZero():
			line += "; not asked yet"
		default:
			line += fmt.Sprintf("; seen %s, asked again %s", date(p.Updated), date(p.Next))
		}
		said = append(said, line)
	}
	for _, n := range negatives(c, now) {
		tense := "until"
		if !now.Before(n.Until) {
			tense = "ended"
		}
		said = append(said, fmt.Sprintf("negative trust anchor of %s: %s %s: %s", n.Zone, tense, date(n.Until), n.Reason))
	}
	return said
}

// trustFigures are what is trusted, for operators.
func (e *Engine) trustFigures() (all []metrics.Figure) {
	now := e.world.Clock.Now()
	for _, p := range e.Points() {
		count := map[rfc5011.State]int{}
		for i := range p.Keys {
			count[p.Keys[i].State]++
		}
		for state := rfc5011.AddPend; state <= rfc5011.Removed; state++ {
			all = append(all, figure("trust_anchors", "Keys of trust anchors, by their states (RFC 5011).", metrics.Gauge,
				float64(count[state]), "zone", p.Zone.String(), "state", state.String()))
		}
	}
	for _, n := range e.trust.negatives.Load().All(now.Signature) {
		all = append(all, figure("negative_trust_anchor_seconds", "For how long a zone is not validated (RFC 7646).", metrics.Gauge,
			n.Until.Sub(now.Signature).Seconds(), "zone", n.Zone.String()))
	}
	if e.trust.Follower == nil {
		return all
	}
	off, _ := e.trust.Off(now)
	return append(all, figure("clock_off_seconds", "How far the clock is ahead at least, as far as is known; negative: behind.",
		metrics.Gauge, off.By.Seconds()))
}
