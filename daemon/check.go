package daemon

import (
	"errors"
	"strings"
	"time"

	"recursor/clock"
	"recursor/daemon/config"
)

// Check reads the configuration at path and the files that it names and returns
// what is in effect. The error tells everything that is wrong, where and what to
// do about it.
func Check(path string) (*config.Config, error) {
	c, err := config.Load(path)
	if err != nil {
		return nil, err
	}
	now, err := today(c)
	if err != nil {
		return nil, err
	}
	if err := errors.Join(c.CheckFiles(path), checkCertificates(c, path, now), checkTrust(c, path, now)); err != nil {
		return nil, err
	}
	if _, err := hints(c.RootHints, usable(c), c.Upstream.Port); err != nil {
		text, remedy, _ := strings.Cut(strings.TrimPrefix(err.Error(), "root-hints: "), "; ")
		return nil, &config.Error{File: path, Problems: []config.Problem{{Key: "root-hints", Text: text, Remedies: []string{remedy}}}}
	}
	return c, nil
}

// today is the date by the configured clock.
func today(c *config.Config) (time.Time, error) {
	system := clock.NewReal()
	if c.Clock.File == "" {
		return system.Now().Signature, nil
	}
	faked, err := newFaked(c, system)
	if err != nil && !errors.Is(err, clock.ErrNotWritten) {
		return time.Time{}, err
	}
	return faked.Now().Signature, nil
}

// Reference is the default configuration with every key explained.
func Reference() string { return config.Reference() }

// Parse reads a configuration from text; name stands for it in errors. Files
// that it names are not looked at.
func Parse(name string, text []byte) (*config.Config, error) { return config.Parse(name, text) }
