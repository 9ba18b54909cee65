package main

import (
	"bytes"
	"context"
	"slices"
	"strings"
	"testing"
)

// TestDispatch finds the command and hands it the arguments that are its own.
func TestDispatch(t *testing.T) {
	var called string
	var with []string
	fake := func(name string) command {
		return command{name, "help of " + name, func(_ context.Context, args []string, _ stdio) int {
			called, with = name, args
			return 7
		}}
	}
	table := []command{fake("serve"), fake("check"), fake("version")}
	for _, tt := range []struct {
		line string
		name string
		args []string
	}{
		{"", "serve", nil},
		{"--config a.yaml", "serve", []string{"--config", "a.yaml"}},
		{"serve --config a.yaml", "serve", []string{"--config", "a.yaml"}},
		{"check a b", "check", []string{"a", "b"}},
		{"--version", "version", nil},
		{"help check", "check", []string{"--help"}},
		{"--help check", "check", []string{"--help"}},
	} {
		called, with = "", nil
		var out, errs bytes.Buffer
		code := dispatch(t.Context(), table, strings.Fields(tt.line), stdio{nil, &out, &errs})
		if code != 7 || called != tt.name || !slices.Equal(with, tt.args) {
			t.Errorf("%q ran %s %q, exit %d; want %s %q", tt.line, called, with, code, tt.name, tt.args)
		}
		if out.Len()+errs.Len() > 0 {
			t.Errorf("%q printed %s%s", tt.line, &out, &errs)
		}
	}
}

// TestTable: names are distinct and each command has its line of help.
func TestTable(t *testing.T) {
	seen := map[string]bool{}
	for _, c := range commands() {
		if seen[c.name] || c.help == "" || strings.ContainsAny(c.help, "\n") || c.run == nil {
			t.Errorf("%+v", c)
		}
		seen[c.name] = true
	}
	for _, reserved := range []string{"help", ""} {
		if seen[reserved] {
			t.Errorf("%q is taken", reserved)
		}
	}
}
