package scrub_test

import (
	"strings"
	"testing"

	"github.com/miekg/dns"

	"recursor/dns/domain"
	"recursor/dns/rrset"
	"recursor/dns/wire"
	"recursor/recursor/scrub"
)

// A question of type ANY takes every Set of the name, and follows no alias but a DNAME.
//
// RFC: 8482.1
func TestAny(t *testing.T) {
	ask := func(answer string, most int) scrub.Response {
		m := parse(t, "www.example.", dns.TypeANY, response{aa: true, answer: answer})
		return scrub.Classify(m, scrub.Asked{
			Zone: domain.MustParse("example."), Name: domain.MustParse("www.example."), Type: wire.TypeANY, Aliases: 12, MaxRecords: most,
		})
	}
	r := ask("www.example. 300 A 192.0.2.1\nother.example. 300 A 192.0.2.9\nwww.example. 300 A 192.0.2.2\nwww.example. 300 TXT a\nwww.example. 300 MX 0 .\n", 2)
	if r.Kind != scrub.Answer || r.Set == nil || r.Set.Type != wire.TypeA || r.Set.Len() != 2 || len(r.Others) != 2 {
		t.Errorf("%v, %v, %d others", r.Kind, r.Set, len(r.Others))
	}
	if r := ask("www.example. 300 TXT a\nwww.example. 300 A 192.0.2.1\nwww.example. 300 A 192.0.2.2\n", 1); r.Kind != scrub.Useless || r.Why != "too many records in a set" {
		t.Errorf("%v (%s)", r.Kind, r.Why)
	}
	if r := ask("www.example. 300 CNAME a.example.\na.example. 300 A 192.0.2.1\n", 9); r.Kind != scrub.Answer || r.Set == nil || r.Set.Type != wire.TypeCNAME {
		t.Errorf("an alias: %v, %v", r.Kind, r.Set)
	}
	m := parse(t, "www.old.example.", dns.TypeANY, response{aa: true, answer: "old.example. 300 DNAME new.example.\nwww.new.example. 300 A 192.0.2.1\n"})
	r = scrub.Classify(m, scrub.Asked{
		Zone: domain.MustParse("example."), Name: domain.MustParse("www.old.example."), Type: wire.TypeANY, Aliases: 12, MaxRecords: 9,
	})
	if r.Kind != scrub.Alias || r.Set != nil || len(r.Chain) != 2 || r.Target != domain.MustParse("www.new.example.") {
		t.Errorf("below a DNAME: %v, %v, to %s", r.Kind, r.Set, r.Target)
	}
}

// What begins as an alias and has no name in it leads nowhere.
func TestAliasesWithoutTarget(t *testing.T) {
	m := parse(t, "www.example.", dns.TypeA, response{aa: true, answer: "www.example. 300 CNAME a.example.\n"})
	m.Answer[0].RData = rrset.List(nil).Append([]byte{9})
	r := scrub.Classify(m, scrub.Asked{
		Zone: domain.MustParse("example."), Name: domain.MustParse("www.example."), Type: wire.TypeA, Aliases: 12, MaxRecords: 500,
	})
	if r.Kind != scrub.Useless || r.Why != "alias without a target" {
		t.Errorf("%v (%s)", r.Kind, r.Why)
	}
	dname := rrset.New(domain.MustParse("example."), wire.TypeDNAME, 300, []byte{9})
	if _, err := scrub.Synthesise(&dname, domain.MustParse("www.example."), nil); err == nil {
		t.Error("a DNAME without a target makes a CNAME")
	}
}

// An NS Set may hold octets that are no name; they name nobody.
func TestGlueOfBrokenNS(t *testing.T) {
	m := parse(t, "www.example.", dns.TypeA, response{additional: "ns.example. 300 A 192.0.2.1\nother.example. 300 A 192.0.2.2\n"})
	ns := rrset.New(domain.MustParse("example."), wire.TypeNS, 300, []byte{1, 2, 3})
	ns.RData = ns.RData.Append(domain.MustParse("NS.example.").AppendWire(nil))
	if glue := scrub.Glue(m, &ns, domain.MustParse("example.")); len(glue) != 1 || !strings.HasPrefix(glue[0].Name.String(), "ns.") {
		t.Errorf("%v", glue)
	}
}
