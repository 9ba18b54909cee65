package sim

import (
	"bufio"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/miekg/dns"

	"recursor/dns/domain"
)

// Errors of ParseInternet.
var (
	ErrWord   = errors.New("unknown word")
	ErrServer = errors.New("server without $SERVER before")
	ErrOutlaw = errors.New("record before the first $ZONE")
	ErrHost   = errors.New("want a host name with its final dot")
)

// read takes the directives apart.
func (in *Internet) read(text string, o InternetOptions) error {
	lines := bufio.NewScanner(strings.NewReader(text))
	for n := 1; lines.Scan(); n++ {
		line := lines.Text()
		fields := strings.Fields(strings.SplitN(line, ";", 2)[0])
		var err error
		switch {
		case strings.HasPrefix(line, "$SERVER "):
			err = in.readServer(fields[1:], o)
		case strings.HasPrefix(line, "$ZONE "):
			err = in.readZone(n, fields[1:])
		case len(in.zones) > 0:
			in.zones[len(in.zones)-1].text.WriteString(line + "\n")
		case len(fields) > 0:
			err = ErrOutlaw
		}
		if err != nil {
			return fmt.Errorf("line %d: %q: %w", n, line, err)
		}
	}
	return lines.Err()
}

func (in *Internet) readServer(fields []string, o InternetOptions) error {
	if len(fields) == 0 || !strings.HasSuffix(fields[0], ".") {
		return ErrHost
	}
	host, err := domain.Parse(fields[0])
	if err != nil {
		return err
	}
	s := &Server{Host: host, Authority: NewAuthority(host.String(), o.Seed+uint64(len(in.Servers)))}
	for _, word := range fields[1:] {
		if a, err := netip.ParseAddr(word); err == nil {
			s.Addrs = append(s.Addrs, a)
		} else if err := s.faultWord(word); err != nil {
			return err
		}
	}
	in.Servers = append(in.Servers, s)
	return nil
}

func (in *Internet) readZone(line int, fields []string) error {
	if len(fields) == 0 {
		return ErrHost
	}
	name, err := domain.Parse(fields[0])
	if err != nil {
		return err
	}
	p := &place{line: line, origin: dns.Fqdn(fields[0]), name: name}
	p.text.WriteString(strings.Repeat("\n", line)) // errors count lines of the whole description
	for _, word := range fields[1:] {
		if !strings.HasSuffix(word, ".") {
			if err := p.options.zoneWord(word); err != nil {
				return err
			}
			continue
		}
		host := strings.TrimLeft(word, "+-")
		s := in.Server(strings.ToLower(host))
		if s == nil {
			return fmt.Errorf("%s: %w", host, ErrServer)
		}
		p.servers = append(p.servers, delegated{server: s, listed: word[0] != '+', serves: word[0] != '-'})
	}
	in.zones = append(in.zones, p)
	return nil
}

// faultWord is one word of $SERVER: the field of Faults or Server that it sets
// is named alike.
func (s *Server) faultWord(word string) error {
	f := &s.Faults
	key, value, _ := strings.Cut(word, "=")
	var err error
	switch key {
	case "rtt":
		s.RTT, err = time.ParseDuration(value)
	case "dead":
		var a netip.Addr
		a, err = netip.ParseAddr(value)
		s.Dead = append(s.Dead, a)
	case "payload":
		err = number(value, &s.Payload)
	case "silence":
		f.Silence = true
	case "delay":
		f.Delay, err = time.ParseDuration(value)
	case "loss":
		f.Loss, err = strconv.ParseFloat(value, 64)
	case "edns":
		err = oneOf(value, &f.EDNS, "works", "silence", "formerr", "formerr-bare", "formerr-opt", "notimp", "badvers", "ignored", "options", "silent-options")
	case "cookies":
		err = oneOf(value, &f.Cookies, "ignored", "work", "required", "wrong", "lost")
	case "lame":
		err = oneOf(value, &f.Lame, "not", "refused", "upward", "noaa", "empty")
	case "tcp":
		if f.TCPMidway = value == "midway"; !f.TCPMidway {
			err = oneOf(value, &f.TCP, "accepts", "refuses", "ignores")
		}
	case "rcode":
		f.RCode, err = rcode(value)
	case "type-rcode":
		err = f.typeRCode(value)
	case "drop":
		f.DropTypes, err = rrTypes(value)
	case "spoofs":
		err = number(value, &f.Spoofs)
	case "drop-big-udp":
		err = number(value, &f.DropBigUDP)
	default:
		flag := f.flag(key)
		if flag == nil {
			return fmt.Errorf("%w: %s", ErrWord, word)
		}
		*flag = true
	}
	if err != nil {
		return fmt.Errorf("%s: %w", word, err)
	}
	return nil
}

// flag is the field of a word without value.
func (f *Faults) flag(word string) *bool {
	switch word {
	case "fold-case":
		return &f.FoldCase
	case "wrong-question":
		return &f.WrongQuestion
	case "garbage":
		return &f.Garbage
	case "truncate-udp":
		return &f.TruncateUDP
	case "strip-signatures":
		return &f.StripSignatures
	case "no-ds":
		return &f.NoDS
	case "nxdomain-for-ent":
		return &f.NXDomainForENT
	case "no-glue":
		return &f.NoGlue
	case "minimal-any":
		return &f.MinimalANY
	case "zone-ns":
		return &f.ZoneNS
	}
	return nil
}

func (f *Faults) typeRCode(value string) error {
	name, code, _ := strings.Cut(value, ":")
	t, err := rrTypes(name)
	if err != nil {
		return err
	}
	if f.TypeRCode == nil {
		f.TypeRCode = map[uint16]int{}
	}
	f.TypeRCode[t[0]], err = rcode(code)
	return err
}

func rcode(s string) (int, error) {
	if n, ok := dns.StringToRcode[s]; ok {
		return n, nil
	}
	return 0, fmt.Errorf("%w: %s", ErrWord, s)
}

// rrTypes reads types with commas between.
func rrTypes(s string) ([]uint16, error) {
	var types []uint16
	for name := range strings.SplitSeq(s, ",") {
		t, ok := dns.StringToType[name]
		if !ok {
			return nil, fmt.Errorf("%w: %s", ErrWord, name)
		}
		types = append(types, t)
	}
	return types, nil
}

// number reads a number that fits into what it is for.
func number[T int | uint16](s string, into *T) error {
	n, err := strconv.ParseUint(s, 10, 16)
	*into = T(n)
	return err
}

// oneOf sets into to the place of the word among the words.
func oneOf[T ~uint8](word string, into *T, words ...string) error {
	i := slices.Index(words, word)
	if i < 0 {
		return fmt.Errorf("%w; want one of %s", ErrWord, strings.Join(words, ", "))
	}
	*into = T(i)
	return nil
}
