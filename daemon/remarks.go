package daemon

import (
	"fmt"
	"strings"
	"time"

	"recursor/clock"
	"recursor/daemon/config"
	"recursor/trust/follow"
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
