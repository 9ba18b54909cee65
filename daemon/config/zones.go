package config

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"recursor/dns/domain"
)

// zonesValue is a list of configured delegation points.
type zonesValue struct {
	at       *[]Zone
	upstream *uint16 // upstream.port, the standard port
}

func zones(at *[]Zone, upstream *uint16) value { return &zonesValue{at, upstream} }

func (z *zonesValue) reset()      { *z.at = nil }
func (z *zonesValue) target() any { return z.at }
func (z *zonesValue) describe() string {
	return "a list of zones with name, to, port, first, tcp; default []"
}

func (z *zonesValue) lines() []string {
	if len(*z.at) == 0 {
		return []string{"[]"}
	}
	lines := []string{""}
	for _, zone := range *z.at {
		indent := "- "
		for _, k := range zone.keys(new(uint16), *z.upstream) {
			if k.path == "port" {
				continue // every address of `to` has its own
			}
			for i, line := range k.value.lines() {
				if i == 0 {
					line = strings.TrimRight(k.path+": "+line, " ")
				} else {
					line = "  " + line
				}
				lines = append(lines, indent+line)
				indent = "  "
			}
		}
	}
	return lines
}

// keys is the table of an item. The port is read before `to`, which needs it.
func (z *Zone) keys(at *uint16, standard uint16) []key {
	return []key{
		{path: "name", value: &nameValue{&z.Name}, required: true},
		{path: "port", value: port(at, standard)},
		{path: "to", value: servers(&z.To, at), required: true},
		{path: "first", value: truth(&z.First, off)},
		{path: "tcp", value: truth(&z.TCP, off)},
	}
}

func (z *zonesValue) read(r *reader, at string, n *node) {
	if n.kind != list {
		r.report(n, at, "is "+n.kind.String(), "allowed: "+z.describe(), "begin each zone with a dash: - name: …")
		return
	}
	lines := map[domain.Name]int{}
	var read []Zone
	for i, item := range n.items {
		where := fmt.Sprintf("%s[%d]", at, i)
		var zone Zone
		var standard uint16
		table := zone.keys(&standard, *z.upstream)
		for _, k := range table {
			k.value.reset()
		}
		r.fill(where, item, table)
		if line, twice := lines[zone.Name]; twice && !zone.Name.IsZero() {
			r.report(item, where, fmt.Sprintf("%s is in the list already, on line %d", zone.Name, line), "write its servers into one `to`")
		}
		lines[zone.Name] = item.line
		read = append(read, zone)
	}
	*z.at = read
}

// domains is a list of domain names.
func domains(at *[]domain.Name) value {
	return &listValue[domain.Name]{
		at: at, item: "domain names such as corp.example", print: domain.Name.String,
		parse: func(_ *reader, s string) (domain.Name, error) { return parseDomain(s) },
	}
}

var (
	errNotASCII = errors.New("has other characters than printable ASCII; write international names in their xn-- form")
	errNoDomain = errors.New("is not a domain name")
)

// parseDomain reads a name. The ASCII form is what servers know; which one is
// meant is not for us to guess.
func parseDomain(s string) (domain.Name, error) {
	if strings.ContainsFunc(s, func(c rune) bool { return c <= ' ' || c > '~' }) {
		return domain.Name{}, errNotASCII
	}
	n, err := domain.Parse(s)
	if err != nil {
		return domain.Name{}, fmt.Errorf("%w: %s", errNoDomain, strings.TrimPrefix(err.Error(), "domain: "))
	}
	return n, nil
}

// nameValue is the name of a zone, without a default.
type nameValue struct{ at *domain.Name }

func (d *nameValue) reset()          { *d.at = domain.Name{} }
func (d *nameValue) target() any     { return d.at }
func (d *nameValue) lines() []string { return []string{strconv.Quote(d.at.String())} }
func (d *nameValue) describe() string {
	return "a domain name such as corp.example, or \".\" for everything"
}

func (d *nameValue) read(r *reader, at string, n *node) {
	said, ok := r.scalar(at, n, d.describe(), text, numeral)
	if !ok {
		return
	}
	parsed, err := parseDomain(said)
	if err != nil {
		r.report(n, at, fmt.Sprintf("%q %s", said, err), "allowed: "+d.describe())
		return
	}
	*d.at = parsed
}
