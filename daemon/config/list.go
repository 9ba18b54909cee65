package config

import (
	"fmt"
	"net/netip"
	"path/filepath"
	"strconv"
	"strings"
)

// listValue is a list of values of one kind, none twice.
type listValue[T comparable] struct {
	at    *[]T
	def   []T
	least int    // how many there must be
	item  string // what an item is
	parse func(r *reader, s string) (T, error)
	print func(T) string
}

// reset leaves nil for an empty list, as reading one does.
func (l *listValue[T]) reset()      { *l.at = append([]T(nil), l.def...) }
func (l *listValue[T]) target() any { return l.at }

// maxInline is how long a list may be to stand on one line, in octets.
const maxInline = 90

func (l *listValue[T]) lines() []string {
	quoted := make([]string, len(*l.at))
	for i, v := range *l.at {
		quoted[i] = strconv.Quote(l.print(v))
	}
	if line := "[" + strings.Join(quoted, ", ") + "]"; len(line) <= maxInline {
		return []string{line}
	}
	lines := []string{""}
	for _, q := range quoted {
		lines = append(lines, "- "+q)
	}
	return lines
}

func (l *listValue[T]) describe() string {
	printed := make([]string, len(l.def))
	for i, v := range l.def {
		printed[i] = l.print(v)
	}
	if l.least > len(l.def) {
		return "a list of " + l.item
	}
	return fmt.Sprintf("a list of %s; default [%s]", l.item, strings.Join(printed, ", "))
}

func (l *listValue[T]) read(r *reader, at string, n *node) {
	if n.kind != list {
		r.report(n, at, "is "+n.kind.String(), "allowed: a list of "+l.item, "write it in brackets: ["+example(n)+"]")
		return
	}
	var values []T
	first := map[T]int{}
	for i, item := range n.items {
		where := fmt.Sprintf("%s[%d]", at, i)
		said, ok := r.scalar(where, item, l.item, text, numeral)
		if !ok {
			continue
		}
		v, err := l.parse(r, said)
		if err != nil {
			r.report(item, where, fmt.Sprintf("%q %s", said, err), "allowed: "+l.item)
			continue
		}
		if before, twice := first[v]; twice {
			r.report(item, where, fmt.Sprintf("%q is in the list already, as item %d", said, before), "remove one of the two")
			continue
		}
		first[v] = i
		values = append(values, v)
	}
	if len(n.items) < l.least {
		r.report(n, at, "the list is empty", "write at least one; allowed: a list of "+l.item)
	}
	*l.at = values
}

// example is what a lone value looks like within a list.
func example(n *node) string {
	if n.kind == text || n.kind == numeral {
		return strconv.Quote(n.text)
	}
	return "…"
}

const (
	addressPort = "addresses such as 127.0.0.1:53, 127.0.0.1@53, [::1]:53, ::1@53, or without a port"
	addressOnly = "addresses such as 192.0.2.1 or 2001:db8::1"
	prefixOnly  = "prefixes such as 192.0.2.0/24 or 2001:db8::/32, or addresses"
)

func listen(at *[]netip.AddrPort, def ...string) value {
	l := &listValue[netip.AddrPort]{
		at: at, least: 1, item: addressPort, print: netip.AddrPort.String,
		parse: func(_ *reader, s string) (netip.AddrPort, error) { return parseListener(s) },
	}
	for _, d := range def {
		l.def = append(l.def, netip.MustParseAddrPort(d))
	}
	return l
}

// offered is where a transport is served that needs not be.
func offered(at *[]netip.AddrPort, standard uint16) value {
	return &listValue[netip.AddrPort]{
		at: at, item: addressPort, print: netip.AddrPort.String,
		parse: func(_ *reader, s string) (netip.AddrPort, error) { return parseAddrPort(s, standard) },
	}
}

// servers are addresses to send queries to, at the port that standard points to
// where they have none of their own.
func servers(at *[]netip.AddrPort, standard *uint16) value {
	return &listValue[netip.AddrPort]{
		at: at, least: 1, item: addressPort, print: netip.AddrPort.String,
		parse: func(_ *reader, s string) (netip.AddrPort, error) { return parseServer(s, *standard) },
	}
}

func sources(at *[]netip.Addr) value {
	return &listValue[netip.Addr]{
		at: at, item: addressOnly, print: netip.Addr.String,
		parse: func(_ *reader, s string) (netip.Addr, error) { return parseSource(s) },
	}
}

func prefixes(at *[]netip.Prefix, def ...netip.Prefix) value {
	return &listValue[netip.Prefix]{
		at: at, def: def, item: prefixOnly, print: netip.Prefix.String,
		parse: func(_ *reader, s string) (netip.Prefix, error) { return parsePrefix(s) },
	}
}

func files(at *[]string) value {
	return &listValue[string]{
		at: at, item: "paths of files", print: filepath.ToSlash,
		parse: func(r *reader, s string) (string, error) {
			if s == "" {
				return "", errNoPath
			}
			return r.resolve(s), nil
		},
	}
}
