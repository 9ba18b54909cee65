package config

import (
	"net/netip"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"

	"recursor/dns/domain"
)

// fields calls visit with a pointer to every field that is a value and not a
// section.
func fields(v reflect.Value, path string, visit func(path string, at any)) {
	switch v.Interface().(type) {
	case time.Time, netip.Addr, domain.Name:
		visit(path, v.Addr().Interface())
		return
	}
	if v.Kind() != reflect.Struct {
		visit(path, v.Addr().Interface())
		return
	}
	for i := range v.NumField() {
		fields(v.Field(i), path+"."+v.Type().Field(i).Name, visit)
	}
}

// TestEveryFieldHasItsKey walks the struct: a field without a key could not be
// set, two keys for a field would fight.
func TestEveryFieldHasItsKey(t *testing.T) {
	c := new(Config)
	keyOf := map[any]string{}
	paths := map[string]bool{}
	for _, k := range c.keys() {
		if before, twice := keyOf[k.value.target()]; twice {
			t.Errorf("%s and %s set the same field", before, k.path)
		}
		if paths[k.path] {
			t.Errorf("%s is in the table twice", k.path)
		}
		keyOf[k.value.target()], paths[k.path] = k.path, true
	}
	fields(reflect.ValueOf(c).Elem(), "Config", func(path string, at any) {
		name, ok := keyOf[at]
		if !ok {
			t.Errorf("%s has no key", path)
		}
		delete(keyOf, at)
		// upstream.allow-special-addresses sets Config.Upstream.AllowSpecialAddresses.
		want := strings.ToLower(strings.ReplaceAll(strings.TrimPrefix(path, "Config."), "-", ""))
		if got := strings.ReplaceAll(name, "-", ""); got != want {
			t.Errorf("%s is set by %s", path, name)
		}
	})
	for at, name := range keyOf {
		t.Errorf("%s sets something outside of Config: %v", name, at)
	}
}

func TestEveryFieldOfAZoneHasItsKey(t *testing.T) {
	z := new(Zone)
	targets := map[any]bool{}
	for _, k := range z.keys(new(uint16), 53) {
		targets[k.value.target()] = true
	}
	fields(reflect.ValueOf(z).Elem(), "Zone", func(path string, at any) {
		if !targets[at] {
			t.Errorf("%s has no key", path)
		}
	})
}

func TestKeysAreKebabCase(t *testing.T) {
	form := regexp.MustCompile(`^[a-z][a-z0-9]*(-[a-z0-9]+)*(\.[a-z][a-z0-9]*(-[a-z0-9]+)*)?$`)
	for _, k := range Default().keys() {
		if !form.MatchString(k.path) {
			t.Errorf("%s", k.path)
		}
		if !strings.HasSuffix(k.doc, ".") && !strings.HasSuffix(k.doc, "}") {
			t.Errorf("%s: its meaning is no sentence: %q", k.path, k.doc)
		}
	}
}

// ranged is what the tests want to know of a number with a range.
type ranged interface {
	extremes() (least, def, most int64)
	magnitude
}

func (b *rangeValue[T]) extremes() (least, def, most int64) {
	return int64(b.least), int64(b.def), int64(b.most)
}

func TestDefaultsAreInRange(t *testing.T) {
	for _, k := range Default().keys() {
		if v, ok := k.value.(ranged); ok {
			if least, def, most := v.extremes(); least > def || def > most || least >= most {
				t.Errorf("%s: min %d, default %d, max %d", k.path, least, def, most)
			}
		}
	}
}

// TestLimitsOfDesign holds the defaults against the table of the design, so that
// a change of one is a decision and not a slip.
func TestLimitsOfDesign(t *testing.T) {
	want := map[string]string{
		"upstream-sends": "100", "upstream-sends-per-name": "32", "sends-per-question": "3",
		"ns-per-delegation": "13", "ns-lookups-at-once": "5", "ns-lookups": "10",
		"depth": "6", "referrals": "30", "aliases": "12",
		"signature-checks": "64", "signature-checks-failed": "16",
		"rsa-bits-least": "1024", "rsa-bits-most": "4096",

		"nsec3-hashes": "400", "nsec3-iterations": "50", "nsec3-iterations-refused": "500",
		"servers-after-bogus": "5", "records-per-rrset": "500", "upstream-octets": "256KiB",
		"answer-time": "5s", "udp-answer-time": "4.5s", "work-time": "10s",
		"first-timeout": "400ms", "timeout-ceiling": "3s", "down-after": "4", "down-first": "5s", "down-ceiling": "5m",
		"max-ttl": "1d", "max-negative-ttl": "1h", "failure-ttl-first": "1s", "failure-ttl-ceiling": "5m",
		"resolutions": "10000", "resolutions-per-client": "250",
		"tcp-connections": "1000", "tcp-connections-per-client": "128", "tcp-first-query": "3s", "tcp-idle": "10s",
		"tcp-outstanding": "64",
	}
	c := Default()
	got := map[string]string{}
	for _, k := range c.Limits.keys() {
		got[k.path] = k.value.lines()[0]
	}
	for path, def := range want {
		if got[path] != def {
			t.Errorf("%s is %s by default, want %s", path, got[path], def)
		}
	}
}

// TestInnerLimitsFollow sets each outer limit to its least value: what it
// contains comes down with it and stays in its own range.
func TestInnerLimitsFollow(t *testing.T) {
	for _, pair := range limitsWithinLimits() {
		c := Default()
		table := map[string]key{}
		for _, k := range c.keys() {
			table[k.path] = k
		}
		outer := table[pair[1]].value.(ranged)
		least, _, _ := outer.extremes()
		outer.lower(least)
		text := strings.ReplaceAll(pair[1], ".", ": {") + ": " + table[pair[1]].value.lines()[0] + "}"
		got, err := Parse("follow.yaml", []byte(text))
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		for _, k := range got.keys() {
			if k.path != pair[0] {
				continue
			}
			inner := k.value.(ranged)
			if low, _, _ := inner.extremes(); inner.magnitude() > least || inner.magnitude() < low {
				t.Errorf("%s: %s is %s", text, pair[0], k.value.lines()[0])
			}
		}
	}
}
