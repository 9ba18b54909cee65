package serve

import (
	"cmp"
	"errors"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"recursor/dns/ede"
	"recursor/dns/rrset"
	"recursor/dns/wire"
)

// maxText bounds the text of a note: a line, so that it costs no answer its
// place (RFC 8914 §3).
const maxText = 200

// finish makes of an answer what the client gets to see of it.
func finish(r *request, ans *Answer, err error) outcome {
	o := outcome{
		rcode: ans.RCode,
		from:  from(ans),
		sends: ans.Sends,
		notes: notes(ans.Notes, err),
	}
	if err != nil && o.rcode == wire.NoError {
		o.rcode = wire.ServFail
	}
	if o.rcode > 0xf && !r.edns.Present {
		o.rcode = wire.ServFail // the rest of it goes into the OPT (RFC 6891 §6.1.3)
	}
	do := r.edns.DO
	// With CD it means the same: we have validated, though we need not have
	// (RFC 4035 §3.2.3).
	o.secure = ans.Secure && err == nil && o.rcode != wire.ServFail
	o.answer = keep(ans.Answer, func(t wire.Type) bool { return do || t == r.qtype || !authenticates(t) })
	if o.source = Resolved; ans.Stale {
		o.source = Stale
	}
	o.due, o.window = ans.Due, ans.Window
	o.lasting = lasting(r, ans, err) && len(o.notes) == 0
	// Nothing is wanted of the authority section but the SOA that lets a negative
	// answer be cached (RFC 2308 §3), and proofs.
	positive := answered(r, ans)
	o.authority = keep(ans.Authority, func(t wire.Type) bool {
		return do && authenticates(t) || t == wire.TypeSOA && !positive
	})
	o.servers = ans.Servers
	o.additional = keep(ans.Additional, func(t wire.Type) bool { return !authenticates(t) })
	return o
}

// lasting reports whether the answer is as good for the next who asks the same:
// no failure, not stale, and not kept from others by what only this client said.
// Data that nobody here holds to be valid goes to those who set CD, each time as
// the resolver has it, since it may be bogus (RFC 4035 §4.7).
func lasting(r *request, ans *Answer, err error) bool {
	return err == nil && !ans.Stale && (ans.RCode == wire.NoError || ans.RCode == wire.NXDomain) &&
		r.class == wire.ClassIN && r.has(wire.FlagRD) && (ans.Secure || !r.has(wire.FlagCD))
}

// from is where the answer is from, for observe.Answered.
func from(ans *Answer) string {
	if ans.Stale {
		return cmp.Or(ans.From, "stale")
	}
	return cmp.Or(ans.From, "upstream")
}

// authenticates reports whether a type is there for DNSSEC alone, and so left
// off for clients without DO that did not ask for it (RFC 4035 §3.2.1). DS and
// DNSKEY stand in no section but as the answer.
func authenticates(t wire.Type) bool {
	return t == wire.TypeRRSIG || t == wire.TypeNSEC || t == wire.TypeNSEC3
}

// answered reports whether the answer ends in what was asked for.
func answered(r *request, ans *Answer) bool {
	return ans.RCode == wire.NoError && slices.ContainsFunc(ans.Answer, func(s rrset.Set) bool {
		return s.Type == r.qtype || r.qtype == wire.TypeANY
	})
}

// keep is the Sets of the types wanted; sets itself is not touched.
func keep(sets []rrset.Set, wanted func(wire.Type) bool) []rrset.Set {
	var kept []rrset.Set
	for i := range sets {
		if wanted(sets[i].Type) {
			kept = append(kept, sets[i])
		}
	}
	return kept
}

// notes are those of the answer, and what the error has to say beside them.
func notes(given []ede.Note, err error) []ede.Note {
	var all []ede.Note
	for _, n := range given {
		all = append(all, ede.Note{Code: n.Code, Text: line(n.Text)})
	}
	if err == nil {
		return all
	}
	failure := ede.Note{Code: ede.Other, Text: "the resolver failed"}
	var e *ede.Error
	if errors.As(err, &e) {
		failure = ede.Note{Code: e.Code, Text: line(e.Error())}
	}
	if slices.ContainsFunc(all, func(n ede.Note) bool { return n.Code == failure.Code }) {
		return all
	}
	return append(all, failure)
}

// line is text as one line of bounded length.
func line(text string) string {
	text = strings.Map(func(c rune) rune {
		if unicode.IsPrint(c) {
			return c
		}
		return utf8.RuneError
	}, text)
	if len(text) <= maxText {
		return text
	}
	const more = "…"
	cut := maxText - len(more)
	for !utf8.RuneStart(text[cut]) {
		cut--
	}
	return text[:cut] + more
}
