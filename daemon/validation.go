package daemon

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"time"

	"recursor/daemon/config"
	"recursor/dns/domain"
	"recursor/trust"
	"recursor/validate"
	"recursor/validate/sig"
)

// anchors reads the trust anchors of the files; without any, the root's keys
// that come with the program (RFC 9718).
func anchors(paths []string) ([]trust.Key, error) {
	if len(paths) == 0 {
		return trust.Root(), nil
	}
	var keys []trust.Key
	for _, path := range paths {
		found, p := anchorsOf(path)
		if p != nil {
			return nil, fmt.Errorf("trust-anchors: %s; %s", p.Text, strings.Join(p.Remedies, "; "))
		}
		keys = append(keys, found...)
	}
	return keys, nil
}

// anchorsOf reads one file, or tells what is wrong with it.
func anchorsOf(path string) ([]trust.Key, *config.Problem) {
	data, err := trust.StateFile{Path: path}.Read()
	var file *fs.PathError
	if errors.As(err, &file) {
		return nil, &config.Problem{
			Text: path + " cannot be read: " + file.Err.Error(), Remedies: []string{"name a file that exists and that this user may read"},
		}
	}
	var keys []trust.Key
	if err == nil {
		keys, err = trust.Parse(data)
	}
	if err == nil {
		return keys, nil
	}
	text := strings.TrimPrefix(strings.TrimPrefix(err.Error(), "trust: "), "text: ")
	if line, rest, ok := strings.Cut(strings.TrimPrefix(text, "line "), ": "); ok && strings.HasPrefix(text, "line ") {
		path, text = path+":"+line, rest
	}
	return nil, &config.Problem{
		Text: path + ": " + text,
		Remedies: []string{"write DS or DNSKEY records such as `. DS 20326 8 2 E06D…`, or root-anchors.xml as the IANA publishes it, " +
			"or remove the key for the embedded root keys"},
	}
}

// checkTrust reads the files of anchors, as serving does, and tells what is
// wrong with them, and with negative anchors.
func checkTrust(c *config.Config, path string, now time.Time) error {
	e := &config.Error{File: path}
	for i, file := range c.TrustAnchors {
		if _, p := anchorsOf(file); p != nil {
			p.Key = fmt.Sprintf("trust-anchors[%d]", i)
			e.Problems = append(e.Problems, *p)
		}
	}
	if !now.Before(built()) { // else who knows what a week is
		e.Problems = append(e.Problems, longNegatives(c, now)...)
	}
	if len(e.Problems) == 0 {
		return nil
	}
	return e
}

// policy is what the validator accepts.
func policy(c *config.Config, w *World) sig.Policy {
	p := w.Policy
	if p.MinRSA == 0 {
		p.MinRSA, p.MaxRSA = c.Limits.RSABitsLeast, c.Limits.RSABitsMost
	}
	p.RefuseSHA1 = p.RefuseSHA1 || c.Validation.RefuseSHA1
	l := &c.Limits
	p.MaxExponent, p.Checks, p.Tagged, p.DS = l.RSAExponentBits, l.SignatureChecksPerRRset, l.KeysPerTag, l.DSPerZone
	return p
}

// judge makes the validator of a configuration, nil where validation is off.
// Who is trusted is asked for each time, since it changes.
func judge(c *config.Config, w *World, anchors func() *trust.Anchors, negatives func() *trust.Negatives) *validate.Judge {
	if c.Validation.Mode == config.ValidationOff {
		return nil
	}
	return validate.New(validate.Options{
		Anchors: func(name domain.Name, now time.Time) (validate.Anchor, bool) {
			a, ok := anchors().Closest(name, now)
			return validate.Anchor{Zone: a.Zone, DS: a.DS, DNSKEY: a.DNSKEY}, ok
		},
		NegativeAnchors: func(name domain.Name, now time.Time) (domain.Name, bool) {
			n, ok := negatives().Closest(name, now)
			return n.Zone, ok
		},
		Policy:             policy(c, w),
		Skew:               c.Validation.ClockSkew,
		InsecureIterations: none(c.Limits.NSEC3Iterations),
		BogusIterations:    c.Limits.NSEC3IterationsRefused,
		ProofHashes:        c.Limits.NSEC3HashesPerProof,
	})
}
