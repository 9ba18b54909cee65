package client

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"recursor/dns/domain"
	"recursor/dns/text"
	"recursor/dns/wire"
)

// Form is how a reply is to be shown.
type Form uint8

// Forms.
const (
	Full Form = iota
	Short
	JSON
)

// DefaultServer is where a resolver without configuration listens.
const DefaultServer = "127.0.0.1:5300"

// ParseArguments reads a question as dig does: `@server name type +option`.
// An error says what is not understood.
func ParseArguments(args []string) (Question, Form, error) {
	q := Question{RD: true, AD: true, Server: netip.MustParseAddrPort(DefaultServer)}
	p := arguments{q: &q}
	for i := 0; i < len(args); i++ {
		a := args[i]
		var err error
		switch {
		case strings.HasPrefix(a, "@"):
			err = p.server(a[1:])
		case strings.HasPrefix(a, "+"):
			err = p.option(a[1:])
		case a == "-p" || a == "-x" || a == "-t" || a == "-q" || a == "-c":
			if i++; i == len(args) {
				return q, 0, fmt.Errorf("%s needs a value", a)
			}
			err = p.flag(a, args[i])
		case strings.HasPrefix(a, "-") && len(a) > 1:
			err = fmt.Errorf("unknown flag %q", a)
		default:
			err = p.word(a)
		}
		if err != nil {
			return q, 0, err
		}
	}
	if p.port != 0 {
		q.Server = netip.AddrPortFrom(q.Server.Addr(), p.port)
	}
	if q.Name.IsZero() {
		q.Name = domain.Root()
		if q.Type == wire.TypeNone {
			q.Type = wire.TypeNS
		}
	}
	if q.Type == wire.TypeNone {
		q.Type = wire.TypeA
	}
	for option, wanted := range map[string]bool{"dnssec": q.DO, "nsid": q.NSID, "bufsize": q.Payload > 0} {
		if wanted && q.NoEDNS {
			return q, 0, fmt.Errorf("+%s needs EDNS, which +noedns turns off", option)
		}
	}
	return q, p.form, nil
}

// arguments are read one by one.
type arguments struct {
	q    *Question
	port uint16
	form Form
}

func (p *arguments) server(s string) error {
	if at, err := netip.ParseAddrPort(s); err == nil {
		p.q.Server = at
		return nil
	}
	addr, err := netip.ParseAddr(strings.Trim(s, "[]"))
	if err != nil {
		return fmt.Errorf("@%s: want an address, such as @127.0.0.1 or @[::1]:53", s)
	}
	p.q.Server = netip.AddrPortFrom(addr, 53)
	return nil
}

func (p *arguments) flag(name, value string) error {
	switch name {
	case "-p":
		n, err := strconv.ParseUint(value, 10, 16)
		if err != nil || n == 0 {
			return fmt.Errorf("-p %s: want a port", value)
		}
		p.port = uint16(n)
		return nil
	case "-x":
		addr, err := netip.ParseAddr(value)
		if err != nil {
			return fmt.Errorf("-x %s: want an address", value)
		}
		p.q.Name, p.q.Type = domain.Reverse(addr), wire.TypePTR
		return nil
	case "-t":
		t, err := text.Type(value)
		p.q.Type = t
		return err
	case "-c":
		c, err := text.Class(value)
		p.q.Class = c
		return err
	default:
		return p.name(value)
	}
}

// word is a type, a class or the name, whichever fits first: a name that looks
// like a type needs its dot, as with dig.
func (p *arguments) word(s string) error {
	if !strings.Contains(s, ".") {
		if t, err := text.Type(s); err == nil {
			p.q.Type = t
			return nil
		}
		if c, err := text.Class(s); err == nil {
			p.q.Class = c
			return nil
		}
	}
	if !p.q.Name.IsZero() {
		return fmt.Errorf("%q is neither a type nor a class, and there is a name already", s)
	}
	return p.name(s)
}

func (p *arguments) name(s string) error {
	n, err := domain.Parse(s)
	if err != nil {
		return fmt.Errorf("%q is no domain name: %w", s, err)
	}
	p.q.Name = n
	return nil
}

func (p *arguments) option(s string) error {
	word, value, _ := strings.Cut(s, "=")
	on := true
	if rest, ok := strings.CutPrefix(word, "no"); ok {
		word, on = rest, false
	}
	q := p.q
	switch word {
	case "dnssec", "do":
		q.DO = on
	case "cd", "cdflag":
		q.CD = on
	case "ad", "adflag":
		q.AD = on
	case "rec", "recurse", "rd":
		q.RD = on
	case "tcp", "vc":
		q.TCP = on
	case "edns":
		q.NoEDNS = !on
	case "nsid":
		q.NSID = on
	case "ignore":
		q.KeepTruncated = on
	case "short", "json":
		p.form = Full
		if on {
			p.form = map[string]Form{"short": Short, "json": JSON}[word]
		}
	case "bufsize":
		n, err := strconv.ParseUint(value, 10, 16)
		if err != nil {
			return fmt.Errorf("+bufsize=%s: want a number of octets", value)
		}
		q.Payload = uint16(n)
	case "time", "timeout":
		n, err := strconv.ParseUint(value, 10, 8)
		if err != nil || n == 0 {
			return fmt.Errorf("+%s: want seconds", s)
		}
		q.Timeout = time.Duration(n) * time.Second
	case "tries":
		n, err := strconv.ParseUint(value, 10, 8)
		if err != nil || n == 0 {
			return fmt.Errorf("+%s: want a number", s)
		}
		q.Tries = int(n)
	default:
		return fmt.Errorf("unknown option +%s; there are +dnssec +cd +ad +rec +tcp +edns +nsid +ignore +short +json "+
			"+bufsize=N +time=S +tries=N, most with a +no form", s)
	}
	return nil
}
