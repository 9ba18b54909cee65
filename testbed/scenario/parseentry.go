package scenario

import (
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"

	"recursor/dns/wire"
)

// entry reads an entry up to ENTRY_END.
func (p *parser) entry() (*Entry, error) {
	e := &Entry{Line: p.at}
	r := entryReader{parser: p, e: e, m: &e.Message, section: noSection}
	for {
		line, ok := p.next()
		if !ok {
			return nil, p.fail("ENTRY_END", "")
		}
		if line == "ENTRY_END" {
			return e, nil
		}
		if err := r.line(line); err != nil {
			return nil, err
		}
	}
}

// entryReader reads the lines of one entry.
type entryReader struct {
	*parser
	e       *Entry
	m       *Message // the message at hand: EXTRA_PACKET begins another
	section int
}

// Sections as entryReader counts them; those from 0 on are those of Message.
const (
	noSection       = -2
	questionSection = -1
)

func (r *entryReader) line(line string) error {
	word, rest, _ := strings.Cut(strings.ReplaceAll(line, "\t", " "), " ")
	rest = strings.TrimSpace(rest)
	switch word {
	case "MATCH":
		return r.match(rest)
	case "ADJUST":
		return r.adjust(rest)
	case "REPLY", "FLAGS":
		return r.reply(rest)
	case "SECTION":
		return r.newSection(rest)
	case "EXTRA_PACKET":
		r.e.More = append(r.e.More, Message{})
		r.m, r.section = &r.e.More[len(r.e.More)-1], noSection
		return nil
	case "MANDATORY":
		r.e.Mandatory = true
		return nil
	case "HEX_ANSWER_BEGIN":
		var err error
		r.m.Raw, err = r.octets("HEX_ANSWER_END")
		return err
	case "HEX_EDNSDATA_BEGIN":
		var err error
		r.m.EDNS = true
		r.m.EDNSData, err = r.octets("HEX_EDNSDATA_END")
		return err
	case "RAW":
		hexLine, _ := r.next()
		var err error
		if r.m.Raw, err = unhex(hexLine); err != nil {
			return r.fail("octets in hexadecimal", hexLine)
		}
		return nil
	case "TSIG":
		return r.fail("no TSIG: it is not supported", "")
	}
	return r.record(line)
}

// record reads a line of a section.
func (r *entryReader) record(line string) error {
	if ok, err := r.directive(line); ok || err != nil {
		return err
	}
	switch r.section {
	case noSection:
		return r.fail("MATCH, ADJUST, REPLY, SECTION or ENTRY_END", line)
	case questionSection:
		q, err := r.zone.question(line)
		if err != nil {
			return r.fail(err.Error(), line)
		}
		r.m.Question = q
		return nil
	}
	rr, err := r.zone.record(line)
	if err != nil {
		return r.fail("a record: owner [ttl] [class] type rdata", line)
	}
	r.m.Sections[r.section] = append(r.m.Sections[r.section], rr)
	return nil
}

func (r *entryReader) newSection(name string) error {
	switch name {
	case "QUESTION":
		r.section = questionSection
	case "ANSWER":
		r.section = int(wire.Answer)
	case "AUTHORITY":
		r.section = int(wire.Authority)
	case "ADDITIONAL":
		r.section = int(wire.Additional)
	default:
		return r.fail("QUESTION, ANSWER, AUTHORITY or ADDITIONAL", name)
	}
	return nil
}

func (r *entryReader) match(rest string) error {
	m := &r.e.Match
	m.Given = true
	for _, s := range strings.Fields(rest) {
		if code, ok := cutAny(s, "ede=", "ede:"); ok {
			if code == "any" {
				m.AnyEDE = true
				continue
			}
			n, err := strconv.ParseUint(code, 10, 16)
			if err != nil {
				return r.fail("the number of an extended error", code)
			}
			m.EDE = append(m.EDE, uint16(n))
			continue
		}
		w, ok := word(s)
		if !ok {
			return r.fail("a MATCH word", s)
		}
		m.Words |= w
	}
	return nil
}

func cutAny(s string, prefixes ...string) (string, bool) {
	for _, p := range prefixes {
		if rest, ok := strings.CutPrefix(s, p); ok {
			return rest, true
		}
	}
	return "", false
}

func (r *entryReader) adjust(rest string) error {
	a := &r.e.Adjust
	for _, w := range strings.Fields(rest) {
		switch {
		case w == "copy_cookie":
			a.CopyCookie = true
		case w == "unreachable":
			a.Unreachable = true
		case w == "copy_id":
			a.CopyID = true
		case w == "copy_query":
			a.CopyQuery = true
		case w == "do_not_answer":
			a.DoNotAnswer = true
		case w == "raw_id":
			a.RawID = true
		case strings.HasPrefix(w, "sleep=") || strings.HasPrefix(w, "packet_sleep="):
			// Of the standalone tool: here no time passes by itself.
		case w == "copy_ednsdata_assume_clientsubnet" || w == "increment_ecs_scope":
			return &Unsupported{File: r.file, Line: r.at, What: "ADJUST " + w}
		default:
			return r.fail("an ADJUST word", w)
		}
	}
	return nil
}

// reply reads the header of the message.
func (r *entryReader) reply(rest string) error {
	for _, w := range strings.Fields(rest) {
		if f, ok := flag(w); ok {
			r.m.Flags |= f
		} else if op, ok := opcode(w); ok {
			r.m.Flags = r.m.Flags.WithOpcode(op)
		} else if rc, ok := rcode(w); ok {
			r.m.RCode = rc
			r.m.Flags = r.m.Flags.WithRCode(rc)
		} else if w == "DO" {
			r.m.EDNS, r.m.DO = true, true
		} else if w == "CO" {
			r.m.EDNS, r.m.CO = true, true
		} else {
			return r.fail("a flag, RCODE or opcode", w)
		}
	}
	return nil
}

func flag(s string) (wire.Flags, bool) {
	switch s {
	case "QR":
		return wire.FlagQR, true
	case "AA":
		return wire.FlagAA, true
	case "TC":
		return wire.FlagTC, true
	case "RD":
		return wire.FlagRD, true
	case "RA":
		return wire.FlagRA, true
	case "AD":
		return wire.FlagAD, true
	case "CD":
		return wire.FlagCD, true
	}
	return 0, false
}

func opcode(s string) (wire.Opcode, bool) {
	switch s {
	case "QUERY":
		return wire.OpQuery, true
	case "IQUERY":
		return wire.OpIQuery, true
	case "STATUS":
		return wire.OpStatus, true
	case "NOTIFY":
		return wire.OpNotify, true
	case "UPDATE":
		return wire.OpUpdate, true
	}
	return 0, false
}

func rcode(s string) (wire.RCode, bool) {
	if s == "NOTIMPL" {
		s = "NOTIMP"
	}
	for rc := wire.NoError; rc <= wire.BadCookie; rc++ {
		if rc.String() == s {
			return rc, true
		}
	}
	return 0, false
}

// octets reads hexadecimal lines up to end.
func (r *entryReader) octets(end string) ([]byte, error) {
	all := []byte{}
	for {
		line, ok := r.next()
		if !ok {
			return nil, r.fail(end, "")
		}
		if line == end {
			return all, nil
		}
		b, err := unhex(line)
		if err != nil {
			return nil, r.fail("octets in hexadecimal", line)
		}
		if all = append(all, b...); len(all) > 0xffff {
			return nil, r.fail(fmt.Sprintf("%d octets at most", 0xffff), "")
		}
	}
}

func unhex(s string) ([]byte, error) { return hex.DecodeString(strings.Join(strings.Fields(s), "")) }
