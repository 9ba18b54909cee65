package scenario

import (
	"fmt"
	"slices"
	"strings"

	"recursor/dns/domain"
	"recursor/dns/edns"
	"recursor/dns/rrset"
	"recursor/dns/text"
	"recursor/dns/wire"
)

// Depth is how much of an answer is compared at most.
type Depth uint8

// Depths.
const (
	// Core is RCODE, flags, question and answer section, and the authority
	// section where the expected answer section is empty. The additional section
	// is left out whatever the words say.
	Core Depth = iota
	// Whole is all three sections.
	Whole
	// Code is the RCODE alone.
	Code
)

// Level is how answers are compared.
type Level struct {
	Depth Depth
	// TTL and EDE heed the words of that name where an entry has them.
	TTL, EDE bool
}

// ParseLevel reads a level: `core`, `sections` or `rcode`, perhaps with `+ttl`
// and `+ede`.
func ParseLevel(s string) (Level, error) {
	var l Level
	for i, w := range strings.Split(s, "+") {
		switch {
		case i == 0 && w == "core":
		case i == 0 && w == "sections":
			l.Depth = Whole
		case i == 0 && w == "rcode":
			l.Depth = Code
		case i > 0 && w == "ttl":
			l.TTL = true
		case i > 0 && w == "ede":
			l.EDE = true
		default:
			return l, fmt.Errorf("%q is no level: want core, sections or rcode, perhaps with +ttl and +ede", s)
		}
	}
	return l, nil
}

// exact is the level at which queries are compared with the entries of ranges.
func exact() Level { return Level{Depth: Whole, TTL: true, EDE: true} }

// fits reports whether the message is one that the entry is for.
func (e *Entry) fits(h *heard) bool { return len(e.differences(h, exact())) == 0 }

// differences says in what the message is not as the entry wants it.
func (e *Entry) differences(h *heard, l Level) []string {
	c := comparison{e: e, h: h, l: l, w: e.Match.Words}
	if l.Depth == Code {
		c.rcode()
		return c.out
	}
	if c.w.Has(AllNoEDNS) {
		c.w |= All
	}
	c.transport()
	c.header()
	c.question()
	c.sections()
	c.edns()
	return c.out
}

// comparison compares one message with one entry.
type comparison struct {
	e   *Entry
	h   *heard
	l   Level
	w   Words
	out []string
}

func (c *comparison) wants(w Words) bool { return c.w&w != 0 }

func (c *comparison) differ(what string, want, got any) {
	c.out = append(c.out, fmt.Sprintf("%s: expected %v, got %v", what, want, got))
}

func (c *comparison) transport() {
	if c.wants(TCP) && !c.h.tcp {
		c.differ("transport", "tcp", "udp")
	}
	if c.wants(UDP) && c.h.tcp {
		c.differ("transport", "udp", "tcp")
	}
}

// shown are the flags that are compared; QR is one: a query is no answer.
const shown = wire.FlagQR | wire.FlagAA | wire.FlagTC | wire.FlagRD | wire.FlagRA | wire.FlagAD | wire.FlagCD

func (c *comparison) header() {
	want, got := c.e.Flags, c.h.Flags
	if c.wants(Opcode|All) && want.Opcode() != got.Opcode() {
		c.differ("opcode", want.Opcode(), got.Opcode())
	}
	if c.wants(RCode | All) {
		c.rcode()
	}
	if c.wants(HeaderFlags|All) && want&shown != got&shown {
		c.differ("flags", strings.TrimSpace(flagNames(want)), strings.TrimSpace(flagNames(got)))
	}
}

func (c *comparison) rcode() {
	if got := c.h.rcode(); got != c.e.RCode {
		c.differ("RCODE", c.e.RCode, got)
	}
}

func (c *comparison) question() {
	want, got := c.e.Question, c.h.question
	if want == nil || got == nil {
		if c.wants(QType|QName|QCase|Subdomain|QuestionSection|All) && (want == nil) != (got == nil) {
			c.differ("question", want, got)
		}
		return
	}
	switch {
	case c.wants(QType|QuestionSection|All) && want.Type != got.Type,
		c.wants(QName|QuestionSection|All) && want.Name != got.Name,
		c.wants(QuestionSection|All) && want.Class != got.Class,
		c.wants(QCase) && string(want.Owner) != string(got.Owner),
		c.wants(Subdomain) && !got.Name.Within(want.Name):
		c.differ("question", want, got)
	}
}

func (c *comparison) sections() {
	want := c.e.Sections
	if c.wants(Answer | All) {
		c.section("answer", want[wire.Answer], c.h.sections[wire.Answer])
	}
	if c.wants(Authority|All) && (c.l.Depth == Whole || len(want[wire.Answer]) == 0) {
		c.section("authority", want[wire.Authority], c.h.sections[wire.Authority])
	}
	if c.wants(Additional|All) && c.l.Depth == Whole {
		c.section("additional", want[wire.Additional], c.h.sections[wire.Additional])
	}
}

// section compares two sections as multisets.
func (c *comparison) section(name string, want, got []rrset.Record) {
	ttl := c.wants(TTL) && c.l.TTL
	left := make(map[string]int)
	for _, r := range got {
		left[identity(r, ttl)]++
	}
	for _, r := range want {
		k := identity(r, ttl)
		if left[k]--; left[k] < 0 {
			c.out = append(c.out, fmt.Sprintf("%s: missing %s", name, recordText(r)))
		}
	}
	for _, r := range slices.Backward(got) {
		k := identity(r, ttl)
		if left[k] > 0 {
			left[k]--
			c.out = append(c.out, fmt.Sprintf("%s: unexpected %s", name, recordText(r)))
		}
	}
}

// identity is what makes two records the same: letters in names do not count.
func identity(r rrset.Record, ttl bool) string {
	b := appendRecord(nil, rrset.Record{Type: r.Type, Class: r.Class})
	b = domain.AppendLower(b, r.Owner)
	b = wire.AppendCanonical(b, r.Type, r.RData)
	if ttl {
		b = fmt.Appendf(b, " %d", r.TTL)
	}
	return string(b)
}

// recordText is the record in one line, its fields parted by single blanks.
func recordText(r rrset.Record) string { return strings.Join(strings.Fields(text.Line(r)), " ") }

func (c *comparison) edns() {
	v := c.h.edns()
	if c.wants(DO) && !v.DO {
		c.differ("DO", "set", "clear")
	}
	if c.wants(CO) && !v.CO {
		c.differ("CO", "set", "clear")
	}
	if c.wants(NoEDNS) && v.Present {
		c.differ("OPT", "none", "one")
	}
	if c.wants(EDNS) && (!v.Present || v.Version != 0) {
		c.differ("OPT", "version 0", "another or none")
	}
	if c.wants(EDNSData) || c.wants(All) && !c.wants(AllNoEDNS) && len(c.e.EDNSData) > 0 {
		// We always explain errors; others can be told not to.
		if want, got := c.e.EDNSData, c.h.otherOptions(); string(want) != string(got) {
			c.differ("EDNS options", fmt.Sprintf("%x", want), fmt.Sprintf("%x", got))
		}
	}
	if c.wants(NSID) && c.h.optionLen(edns.NSID) < 0 {
		c.differ("NSID", "one", "none")
	}
	if c.wants(ClientCookie) && c.h.optionLen(edns.Cookie) != 8 {
		c.differ("cookie", "8 octets", c.h.optionLen(edns.Cookie))
	}
	if c.wants(ServerCookie) && c.h.optionLen(edns.Cookie) != 24 {
		c.differ("cookie", "24 octets", c.h.optionLen(edns.Cookie))
	}
	if c.l.EDE {
		c.extended()
	}
}

// extended compares the extended errors: those of the entry must be there.
func (c *comparison) extended() {
	got := c.h.errors()
	if c.e.Match.AnyEDE && len(got) == 0 {
		c.differ("extended error", "any", "none")
	}
	for _, want := range c.e.Match.EDE {
		if !slices.Contains(got, want) {
			c.differ("extended error", want, fmt.Sprint(got))
		}
	}
}
