package config

import (
	"slices"
	"strings"
	"testing"
)

func TestChanged(t *testing.T) {
	if c := Default().Changed(); len(c) != 0 {
		t.Errorf("the defaults have changed: %q", c)
	}
	const text = `workers: 3
root-hints: a
access: {snoop: [192.0.2.0/24]}
upstream: {minimise: strict, ipv6: false}
zones: {forward: [{name: corp.example, to: ["192.0.2.53"], first: true}, {name: b.example, to: ["192.0.2.54", "[2001:db8::1]:5353"]}]}
limits: {work-time: 20s}
`
	c, err := Parse("a.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"access.snoop: [\"192.0.2.0/24\"]",
		"workers: 3",
		"upstream.ipv6: false",
		"upstream.minimise: strict",
		`zones.forward: [{name: "corp.example.", to: ["192.0.2.53:53"], first: true, tcp: false}, {name: "b.example.", to: ["192.0.2.54:53", "[2001:db8::1]:5353"], first: false, tcp: false}]`,
		"limits.work-time: 20s",
	}
	if got := c.Changed(); !slices.Equal(got, want) {
		t.Errorf("%s", strings.Join(got, "\n"))
	}
}
