package serve

import (
	"time"

	"recursor/dns/domain"
	"recursor/dns/rrset"
	"recursor/dns/wire"
)

// chaosAnswer is what is said of this server under one name.
type chaosAnswer struct {
	name string // lower-cased wire form
	sets []rrset.Set
}

// chaosAnswers are the names of RFC 4892 and those that BIND has made known.
func chaosAnswers(identity, version string) []chaosAnswer {
	var all []chaosAnswer
	for _, about := range []struct {
		text  string
		names [2]string
	}{
		{identity, [2]string{"id.server.", "hostname.bind."}},
		{version, [2]string{"version.server.", "version.bind."}},
	} {
		if about.text == "" {
			continue
		}
		for _, name := range about.names {
			n := domain.MustParse(name)
			set := rrset.New(n, wire.TypeTXT, 0, characterStrings(about.text)) // TTL 0: RFC 4892 §2.1
			set.Class = wire.ClassCH
			all = append(all, chaosAnswer{n.Wire(), []rrset.Set{set}})
		}
	}
	return all
}

// characterStrings is text as the RDATA of TXT.
func characterStrings(text string) []byte {
	var rd []byte
	for len(text) > 0 {
		n := min(len(text), 255)
		rd = append(append(rd, byte(n)), text[:n]...)
		text = text[n:]
	}
	return rd
}

// chaosAnswer is the answer to a question of class CH, nil where there is none.
func (h *Handler) chaosAnswer(r *request) []rrset.Set {
	if r.qtype != wire.TypeTXT && r.qtype != wire.TypeANY {
		return nil
	}
	for i := range h.chaos {
		if h.chaos[i].name == string(r.lowered()) {
			return h.chaos[i].sets
		}
	}
	return nil
}

// anyRecord is the answer to type ANY (RFC 8482 §4.2). It has no owner: the name
// asked for owns it.
func anyRecord(ttl time.Duration) rrset.Set {
	set := rrset.Set{Type: wire.TypeHINFO, Class: wire.ClassIN, TTL: uint32(ttl / time.Second)}
	set.RData = set.RData.Append([]byte("\x07RFC8482\x00"))
	return set
}

// minimalAny: type ANY is asked by few, and of use to attackers most.
func (h *Handler) minimalAny(r *request, o *outcome) bool {
	if r.qtype != wire.TypeANY || h.set.Any != AnyMinimal {
		return false
	}
	*o = outcome{answer: h.any, from: "local"}
	return true
}
