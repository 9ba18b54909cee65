package scenario

import (
	"net/netip"
	"strconv"
	"strings"
)

// parser reads one file.
type parser struct {
	*lines
	sc   *Scenario
	zone zone
}

// Limits of what a file may hold; no scenario comes near.
const (
	maxText    = 16 << 20
	maxEntries = 100_000
)

// Parse reads a scenario. file names it in errors, which are of type *Error.
// Whatever can be understood is accepted: files hold records that are wrong on
// purpose.
func Parse(file, text string) (*Scenario, error) {
	p := &parser{lines: newLines(file, text), sc: &Scenario{File: file}, zone: zone{origin: ".", ttl: defaultTTL}}
	if len(text) > maxText {
		return nil, p.fail("a file of 16 MiB at most", "")
	}
	if err := p.configuration(); err != nil {
		return nil, err
	}
	if err := p.title(); err != nil {
		return nil, err
	}
	for {
		line, ok := p.next()
		if !ok {
			return nil, p.fail("SCENARIO_END", "")
		}
		if rest, ok := after(line, "SCENARIO_END"); ok {
			_ = rest // whatever follows is no part of the scenario
			break
		}
		if err := p.item(line); err != nil {
			return nil, err
		}
	}
	if len(p.sc.Steps) == 0 {
		return nil, p.fail("a STEP before SCENARIO_END", "")
	}
	return p.sc, nil
}

func (p *parser) title() error {
	for {
		raw, ok := p.raw()
		if !ok {
			return p.fail("SCENARIO_BEGIN", "")
		}
		line := strings.TrimSpace(raw)
		if title, ok := after(line, "SCENARIO_BEGIN"); ok {
			p.sc.Title = title
			return nil
		}
		if line != "" && line[0] != ';' && line[0] != '#' {
			return p.fail("SCENARIO_BEGIN", line)
		}
		if p.sc.Story == "" && line != "" {
			p.sc.Story = strings.TrimSpace(strings.TrimLeft(line, "#;"))
		}
	}
}

// item reads a range or a step.
func (p *parser) item(line string) error {
	if rest, ok := after(line, "RANGE_BEGIN"); ok {
		return p.rangeOf(rest)
	}
	if rest, ok := after(line, "STEP"); ok {
		return p.step(rest)
	}
	if ok, err := p.directive(line); ok || err != nil {
		return err
	}
	return p.fail("RANGE_BEGIN, STEP or SCENARIO_END", line)
}

// directive reads $ORIGIN and $TTL.
func (p *parser) directive(line string) (bool, error) {
	if rest, ok := after(line, "$ORIGIN"); ok {
		name, err := p.zone.name(rest)
		if err != nil || len(name) == 0 {
			return false, p.fail("a domain name", rest)
		}
		p.zone.origin = p.zone.absolute(rest)
		return true, nil
	}
	if rest, ok := after(line, "$TTL"); ok {
		n, err := strconv.ParseUint(rest, 10, 32)
		if err != nil {
			return false, p.fail("a number of seconds", rest)
		}
		p.zone.ttl = uint32(n)
		return true, nil
	}
	return false, nil
}

// rangeOf reads a range up to RANGE_END.
func (p *parser) rangeOf(rest string) error {
	words := strings.Fields(rest)
	r := &Range{Line: p.at}
	if len(words) < 2 {
		return p.fail("the first and the last step of the range", rest)
	}
	var err1, err2 error
	r.First, err1 = strconv.Atoi(words[0])
	r.Last, err2 = strconv.Atoi(words[1])
	if err1 != nil || err2 != nil {
		return p.fail("the first and the last step of the range", rest)
	}
	addresses := words[2:]
	for {
		for _, a := range addresses {
			addr, err := server(a)
			if err != nil {
				return p.fail("an address", a)
			}
			if p.sc.Dialect == Unbound && !p.sc.own() {
				r.Addresses = nil // the last one counts
			}
			r.Addresses = append(r.Addresses, addr)
		}
		line, ok := p.next()
		if !ok {
			return p.fail("RANGE_END", "")
		}
		addresses = nil
		switch {
		case line == "RANGE_END":
			p.sc.Ranges = append(p.sc.Ranges, r)
			return nil
		case strings.HasPrefix(line, "ADDRESS"):
			addresses = strings.Fields(line)[1:]
		case line == "ENTRY_BEGIN":
			e, err := p.entry()
			if err != nil {
				return err
			}
			e.normalise()
			if r.Entries = append(r.Entries, e); len(r.Entries) > maxEntries {
				return p.fail("fewer entries", "")
			}
		default:
			if ok, err := p.directive(line); err != nil {
				return err
			} else if !ok {
				return p.fail("ADDRESS, ENTRY_BEGIN or RANGE_END", line)
			}
		}
	}
}

// own reports whether this is one of the project's own files, which hold our
// configuration.
func (s *Scenario) own() bool { return s.ownClause }

// server is an address, perhaps with a port after an at sign.
func server(s string) (netip.AddrPort, error) {
	host, port, ok := strings.Cut(s, "@")
	addr, err := netip.ParseAddr(host)
	if err != nil {
		return netip.AddrPort{}, err
	}
	n := uint64(53)
	if ok {
		port, _, _ = strings.Cut(port, "#") // a name for TLS
		if n, err = strconv.ParseUint(port, 10, 16); err != nil {
			return netip.AddrPort{}, err
		}
	}
	return netip.AddrPortFrom(addr.Unmap(), uint16(n)), nil
}
