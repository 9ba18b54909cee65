package scenario

import (
	"encoding/hex"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"
	"time"

	"recursor/dns/domain"
	"recursor/dns/ede"
	"recursor/dns/text"
	"recursor/dns/wire"
)

// Recording is one resolution that really happened, to be written as a
// scenario.
type Recording struct {
	Title string
	// Settings are ours that differ from the defaults, `path: value` each.
	Settings []string
	// Roots are the addresses of the hints, where they are not the built-in ones.
	Roots []netip.Addr
	// Anchors are lines of trust anchors, where they are not the built-in ones.
	Anchors []string
	// When it happened: signatures are judged at this time when it is played.
	When time.Time
	// Query and Reply are the client's message and what it was told.
	Query, Reply []byte
}

// Write is the scenario that replays what r heard, with the same outcome.
func (r *Recorder) Write(rec Recording) (string, error) {
	query, err := hear(rec.Query, true)
	if err != nil {
		return "", fmt.Errorf("the recorded query: %w", err)
	}
	reply, err := hear(rec.Reply, true)
	if err != nil {
		return "", fmt.Errorf("the recorded reply: %w", err)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	var b strings.Builder
	fmt.Fprintf(&b, "; This is what happened when %s was asked for on %s.\n", query.question, rec.When.UTC().Format("2006-01-02 at 15:04:05 UTC"))
	b.WriteString("recursor:\n")
	for _, s := range rec.Settings {
		b.WriteString("\t" + s + "\n")
	}
	fmt.Fprintf(&b, "server:\n\tval-override-date: %q\n", rec.When.UTC().Format("20060102150405"))
	for _, a := range rec.Anchors {
		fmt.Fprintf(&b, "\ttrust-anchor: %q\n", a)
	}
	if len(rec.Roots) > 0 {
		b.WriteString("stub-zone:\n\tname: \".\"\n")
		for _, a := range rec.Roots {
			fmt.Fprintf(&b, "\tstub-addr: %s\n", a)
		}
	}
	fmt.Fprintf(&b, "CONFIG_END\n\nSCENARIO_BEGIN %s\n\n", rec.Title)
	for _, zone := range r.asked() {
		b.WriteString(r.rangeOf(zone))
	}
	b.WriteString(r.rangeBeyond())
	b.WriteString("STEP 1 QUERY\nENTRY_BEGIN\nMATCH TCP\n" + header(query) + "SECTION QUESTION\n" + questionText(query.question) + "\nENTRY_END\n\n")
	b.WriteString("STEP 2 CHECK_ANSWER\nENTRY_BEGIN\nMATCH all" + expected(reply) + "\n" + message(reply) + "ENTRY_END\n\nSCENARIO_END\n")
	return b.String(), nil
}

// asked are the zones whose servers were asked, from the root downward.
func (r *Recorder) asked() []domain.Name {
	var zones []domain.Name
	for i := range r.heard {
		if !slices.Contains(zones, r.heard[i].zone) {
			zones = append(zones, r.heard[i].zone)
		}
	}
	slices.SortFunc(zones, domain.Compare)
	return zones
}

// rangeOf is what the servers of a zone say. The walk may choose another server
// next time, so that any of them says what one of them said last; one that said
// something else has a range of its own behind, which comes first.
func (r *Recorder) rangeOf(zone domain.Name) string {
	var b strings.Builder
	fmt.Fprintf(&b, "; the servers of %s\nRANGE_BEGIN 0 100\n", zone)
	addresses := r.servers(zone)
	for _, a := range addresses {
		b.WriteString(addressLine(a))
	}
	last := r.last(zone, netip.AddrPort{})
	b.WriteString(entries(last))
	b.WriteString("RANGE_END\n\n")
	for _, a := range addresses {
		own := r.last(zone, a)
		own = slices.DeleteFunc(own, func(s *said) bool {
			return slices.ContainsFunc(last, func(l *said) bool { return l.same(s) && string(l.reply[2:]) == string(s.reply[2:]) })
		})
		if len(own) > 0 {
			fmt.Fprintf(&b, "RANGE_BEGIN 0 100\n%s%sRANGE_END\n\n", addressLine(a), entries(own))
		}
	}
	return b.String()
}

// rangeBeyond is of the servers that the network never reached.
func (r *Recorder) rangeBeyond() string {
	for i := range r.heard {
		delete(r.beyond, r.heard[i].server)
	}
	if len(r.beyond) == 0 {
		return ""
	}
	var b strings.Builder
	b.WriteString("; servers that the network did not reach\nRANGE_BEGIN 0 100\n")
	for _, a := range slices.SortedFunc(maps.Keys(r.beyond), netip.AddrPort.Compare) {
		b.WriteString(addressLine(a))
	}
	b.WriteString("ENTRY_BEGIN\nMATCH opcode\nADJUST unreachable\nREPLY QR\nENTRY_END\nRANGE_END\n\n")
	return b.String()
}

func addressLine(a netip.AddrPort) string {
	if a.Port() == 53 {
		return fmt.Sprintf("\tADDRESS %s\n", a.Addr())
	}
	return fmt.Sprintf("\tADDRESS %s@%d\n", a.Addr(), a.Port())
}

// last are the last replies to each question to servers of the zone: to one of
// them, or where that is the zero AddrPort to any.
func (r *Recorder) last(zone domain.Name, server netip.AddrPort) []*said {
	var out []*said
	for i := range r.heard {
		s := &r.heard[i]
		if s.zone != zone || server.IsValid() && s.server != server {
			continue
		}
		out = append(slices.DeleteFunc(out, s.same), s)
	}
	return out
}

// same reports whether both are replies to the same question, asked in the same
// way.
func (s *said) same(o *said) bool {
	a, b := s.query, o.query
	return a.question.Name == b.question.Name && a.question.Type == b.question.Type && a.tcp == b.tcp && a.edns().DO == b.edns().DO
}

// entries are the replies as entries. The transport is told where the reply
// depends on it.
func entries(all []*said) string {
	var b strings.Builder
	for _, s := range all {
		words := "opcode qtype qname"
		if slices.ContainsFunc(all, func(o *said) bool {
			return o.query.tcp != s.query.tcp && o.query.question.Name == s.query.question.Name && o.query.question.Type == s.query.question.Type
		}) {
			words += map[bool]string{false: " UDP", true: " TCP"}[s.query.tcp]
		}
		if s.query.edns().DO {
			words += " DO"
		} else {
			words += " noedns"
		}
		b.WriteString(s.entry("MATCH " + words + "\nADJUST copy_id"))
	}
	return b.String()
}

// servers are the addresses that were asked as servers of a zone, and those
// that referrals give for them.
func (r *Recorder) servers(zone domain.Name) []netip.AddrPort {
	var out []netip.AddrPort
	add := func(a netip.AddrPort) {
		if !slices.Contains(out, a) {
			out = append(out, a)
		}
	}
	names := map[domain.Name]bool{}
	port := uint16(53)
	for i := range r.heard {
		s := &r.heard[i]
		if s.zone == zone {
			add(s.server)
			port = s.server.Port()
		}
		m, err := hear(s.reply, false)
		if err != nil {
			continue
		}
		for _, rr := range slices.Concat(m.sections[0], m.sections[1]) {
			if rr.Type == wire.TypeNS && domain.FromValid(rr.Owner) == zone {
				if n, err := wire.NameAt(rr.RData, 0); err == nil {
					names[n] = true
				}
			}
		}
	}
	for i := range r.heard {
		m, err := hear(r.heard[i].reply, false)
		if err != nil {
			continue
		}
		for _, rr := range slices.Concat(m.sections[0], m.sections[2]) {
			if a, ok := netip.AddrFromSlice(rr.RData); ok && names[domain.FromValid(rr.Owner)] &&
				(rr.Type == wire.TypeA || rr.Type == wire.TypeAAAA) {
				add(netip.AddrPortFrom(a, port))
			}
		}
	}
	return out
}

// entry is the reply as an entry; what cannot be read is written in octets.
func (s *said) entry(match string) string {
	m, err := hear(s.reply, false)
	if err != nil {
		return "ENTRY_BEGIN\n" + match + "\nSECTION QUESTION\n" + questionText(s.query.question) +
			"\nHEX_ANSWER_BEGIN\n" + hex.EncodeToString(s.reply) + "\nHEX_ANSWER_END\nENTRY_END\n"
	}
	if m.question == nil {
		m.question = s.query.question
	}
	return "ENTRY_BEGIN\n" + match + "\n" + message(m) + "ENTRY_END\n"
}

// message is a message as the lines of an entry.
func message(m *heard) string {
	var b strings.Builder
	b.WriteString(header(m) + "SECTION QUESTION\n" + questionText(m.question) + "\n")
	for i, name := range [...]string{"ANSWER", "AUTHORITY", "ADDITIONAL"} {
		if len(m.sections[i]) == 0 {
			continue
		}
		b.WriteString("SECTION " + name + "\n")
		for _, rr := range m.sections[i] {
			b.WriteString(text.Line(rr) + "\n")
		}
	}
	return b.String()
}

// header is the REPLY line.
func header(m *heard) string {
	s := "REPLY" + strings.ToUpper(flagNames(m.Flags)) + " " + m.rcode().String()
	if m.edns().DO {
		s += " DO"
	}
	return s + "\n"
}

// expected are the extended errors of a reply as MATCH words. Which limit a search
// that finds nobody comes to first depends on its pace.
func expected(m *heard) string {
	var s string
	for _, code := range m.errors() {
		switch ede.Code(code) {
		case ede.Other, ede.NoReachableAuthority, ede.NetworkError:
			return " ede=any"
		default:
		}
		s += fmt.Sprintf(" ede=%d", code)
	}
	return s
}

// questionText is the question as a line of a scenario.
func questionText(q *Question) string {
	return fmt.Sprintf("%s %s %s", q.Name, text.ClassString(q.Class), text.TypeString(q.Type))
}

// NewQuery is a client's question with RD and DO, in octets.
func NewQuery(name domain.Name, t wire.Type) []byte {
	m := Message{
		Flags: wire.FlagRD, EDNS: true, DO: true,
		Question: &Question{Owner: name.AppendWire(nil), Name: name, Type: t, Class: wire.ClassIN},
	}
	return m.query(Unbound, 0)
}
