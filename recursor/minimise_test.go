package recursor_test

import (
	"strings"
	"testing"

	"github.com/miekg/dns"

	"recursor/dns/wire"
	"recursor/recursor/iterate"
	"recursor/testbed/sim"
)

const exampleAt1 = "example NS ns.example\nns.example A 192.0.2.1"

// RFC: 9156.4 RFC: 9156.5
func TestMinimisedQuestionsGoLabelByLabel(t *testing.T) {
	w := newWorld(t, exampleAt1, "").start()
	w.example("192.0.2.1", "example.com.", "a.b.c A 192.0.2.81", "z.b.c A 192.0.2.82")
	w.wantA(w.ask("a.b.c.example.com.", wire.TypeA), "192.0.2.81")
	w.wantSent(rootAddr+" com. A", comAddr+" example.com. A",
		"192.0.2.1 c.example.com. A", "192.0.2.1 b.c.example.com. A", "192.0.2.1 a.b.c.example.com. A")
	// What the cache knows of the names between is not asked again.
	w.wantA(w.ask("z.b.c.example.com.", wire.TypeA), "192.0.2.82")
	w.wantSent("192.0.2.1 z.b.c.example.com. A")
}

func TestMinimisationOff(t *testing.T) {
	w := newWorld(t, exampleAt1, "")
	w.options.Walk.Minimise = iterate.Off
	w.start()
	w.example("192.0.2.1", "example.com.")
	w.wantA(w.ask("www.example.com.", wire.TypeA), "192.0.2.80")
	w.wantSent(rootAddr+" www.example.com. A", comAddr+" www.example.com. A", "192.0.2.1 www.example.com. A")
}

// RFC: 9156.2
func TestMinimisedQuestionsAreFew(t *testing.T) {
	w := newWorld(t, exampleAt1, "").start()
	name := strings.Repeat("x.", 40) + "example.com."
	w.example("192.0.2.1", "example.com.", strings.TrimSuffix(name, ".example.com.")+" A 192.0.2.81")
	w.wantA(w.ask(name, wire.TypeA), "192.0.2.81")
	sent := w.sent()
	if len(sent) != 10 {
		t.Errorf("%d queries, want ten, the last for the whole name:\n%s", len(sent), strings.Join(sent, "\n"))
	}
	for i, labels := range []int{1, 2, 3, 4} {
		if got := strings.Count(sent[i], "."); got-3 != labels { // three dots stand in the address
			t.Errorf("query %d shows %d labels: %s", i+1, got-3, sent[i])
		}
	}
}

func TestNoCutIsSoughtAtUnderscores(t *testing.T) {
	w := newWorld(t, exampleAt1, "").start()
	w.example("192.0.2.1", "example.com.", "_sip._tcp SRV 0 0 5060 www")
	w.wantRCode(w.ask("_sip._tcp.example.com.", wire.TypeSRV), wire.NoError)
	w.wantSent(rootAddr+" com. A", comAddr+" example.com. A", "192.0.2.1 _sip._tcp.example.com. SRV")
}

// RFC: 9156.3 RFC: 4035.3
func TestDSIsAskedOfTheParent(t *testing.T) {
	w := newWorld(t, exampleAt1, "").start()
	w.example("192.0.2.1", "example.com.", "sub NS ns.sub", "ns.sub A 192.0.2.2", "sub DS 1 13 2 "+strings.Repeat("00", 32))
	w.example("192.0.2.2", "sub.example.com.")
	w.wantA(w.ask("www.sub.example.com.", wire.TypeA), "192.0.2.80")
	w.sent()
	o := w.ask("sub.example.com.", wire.TypeDS)
	if o.err != nil || len(o.Answer.Answer) != 1 || o.Answer.Answer[0].Type != wire.TypeDS {
		t.Errorf("%+v", o)
	}
	w.wantSent("192.0.2.1 sub.example.com. DS")
}

func TestBrokenEmptyNonTerminal(t *testing.T) {
	for _, c := range []struct {
		mode iterate.Minimise
		want wire.RCode
		last string
	}{
		{iterate.Relaxed, wire.NoError, "192.0.2.1 www.sub.example.com. A"},
		{iterate.Strict, wire.NXDomain, "192.0.2.1 sub.example.com. A"},
	} {
		w := newWorld(t, exampleAt1, "")
		w.options.Walk.Minimise = c.mode
		w.start()
		w.example("192.0.2.1", "example.com.", "www.sub A 192.0.2.81").Faults.NXDomainForENT = true
		w.wantRCode(w.ask("www.sub.example.com.", wire.TypeA), c.want)
		sent := w.sent()
		if got := sent[len(sent)-1]; got != c.last {
			t.Errorf("mode %d: last query %q, want %q", c.mode, got, c.last)
		}
	}
}

func TestAServerThatRefusesMinimisedQuestions(t *testing.T) {
	w := newWorld(t, exampleAt1, "").start()
	a := w.example("192.0.2.1", "example.com.", "txt.sub TXT hello")
	a.Faults.Hook = func(_ sim.Packet, query, m *dns.Msg) bool {
		if query.Question[0].Qtype == dns.TypeA {
			m.Answer, m.Ns, m.Rcode = nil, nil, dns.RcodeServerFailure
		}
		return true
	}
	w.wantRCode(w.ask("txt.sub.example.com.", wire.TypeTXT), wire.NoError)
	w.wantSent(rootAddr+" com. A", comAddr+" example.com. A",
		"192.0.2.1 sub.example.com. A", "192.0.2.1 txt.sub.example.com. TXT")
}

// RFC: 8020.1
func TestNXDomainOfTheRootSettlesEverythingBelow(t *testing.T) {
	w := newWorld(t, "", "").start()
	w.wantRCode(w.ask("www.printer.lan.", wire.TypeA), wire.NXDomain)
	w.wantSent(rootAddr + " lan. A")
}

func TestDNAMEAtAMinimisedName(t *testing.T) {
	w := newWorld(t, exampleAt1, "").start()
	w.example("192.0.2.1", "example.com.", "old DNAME new", "x.y.new A 192.0.2.81")
	o := w.ask("x.y.old.example.com.", wire.TypeA)
	w.wantA(o, "192.0.2.81")
	if len(o.Answer.Answer) != 3 || o.Answer.Answer[0].Type != wire.TypeDNAME || o.Answer.Answer[1].Type != wire.TypeCNAME {
		t.Errorf("the chain must show the DNAME and the CNAME made of it: %+v", o.Answer.Answer)
	}
}
