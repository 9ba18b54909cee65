package daemon

import (
	"fmt"
	"os"
	"time"

	"recursor/daemon/config"
	"recursor/dns/domain"
	"recursor/trust"
	"recursor/validate"
)

// anchors reads the trust anchors of the files; without any, the root's keys
// that come with the program (RFC 9718).
func anchors(paths []string) (*trust.Anchors, error) {
	if len(paths) == 0 {
		return trust.New(trust.Root()...), nil
	}
	var keys []trust.Key
	for _, path := range paths {
		data, err := os.ReadFile(path)
		if err != nil {
			return nil, fmt.Errorf("trust-anchors: %w; name a file that exists and that this user may read", err)
		}
		found, err := trust.Parse(data)
		if err != nil {
			return nil, fmt.Errorf("trust-anchors: %s: %w; write DS or DNSKEY records such as `. DS 20326 8 2 E06D…`, "+
				"or remove the key for the embedded root keys", path, err)
		}
		keys = append(keys, found...)
	}
	return trust.New(keys...), nil
}

// judge makes the validator of a configuration, nil where validation is off.
func judge(c *config.Config, w *World) *validate.Judge {
	if c.Validation.Mode == config.ValidationOff {
		return nil
	}
	o := validate.Options{
		Anchors: func(name domain.Name, now time.Time) (validate.Anchor, bool) {
			a, ok := w.Anchors.Closest(name, now)
			return validate.Anchor{Zone: a.Zone, DS: a.DS, DNSKEY: a.DNSKEY}, ok
		},
		Policy:             w.Policy,
		Skew:               c.Validation.ClockSkew,
		InsecureIterations: uint16(c.Limits.NSEC3Iterations),
		BogusIterations:    uint16(c.Limits.NSEC3IterationsRefused),
	}
	if o.Policy.MinRSA == 0 {
		o.Policy.MinRSA, o.Policy.MaxRSA = c.Limits.RSABitsLeast, c.Limits.RSABitsMost
	}
	if w.Negatives != nil {
		o.NegativeAnchors = func(name domain.Name, now time.Time) (domain.Name, bool) {
			n, ok := w.Negatives.Closest(name, now)
			return n.Zone, ok
		}
	}
	return validate.New(o)
}
