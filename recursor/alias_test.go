package recursor_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/miekg/dns"

	"recursor/dns/ede"
	"recursor/dns/wire"
)

// RFC: 1034.3
func TestAliasIsFollowedIntoAnotherZone(t *testing.T) {
	w := newWorld(t, exampleAt1, "other NS ns.other\nns.other A 192.0.2.2").start()
	a := w.example("192.0.2.1", "example.com.", "alias CNAME www.other.net.")
	a.Faults.Extra.Answer = []dns.RR{rr(t, "www.other.net. 300 A 192.0.2.66")}
	w.example("192.0.2.2", "other.net.")
	o := w.ask("alias.example.com.", wire.TypeA)
	w.wantA(o, "192.0.2.80")
	w.wantSent(rootAddr+" com. A", comAddr+" example.com. A", "192.0.2.1 alias.example.com. A",
		rootAddr+" net. A", comAddr+" other.net. A", "192.0.2.2 www.other.net. A")
	if len(o.Answer.Answer) != 2 || o.Answer.Answer[0].Type != wire.TypeCNAME {
		t.Errorf("the chain must be whole: %+v", o.Answer.Answer)
	}
}

func rr(t *testing.T, s string) dns.RR {
	t.Helper()
	r, err := dns.NewRR(s)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// RFC: 6604.1
func TestTheCodeIsThatOfTheLastName(t *testing.T) {
	w := newWorld(t, exampleAt1, "other NS ns.other\nns.other A 192.0.2.2").start()
	w.example("192.0.2.1", "example.com.", "alias CNAME no.other.net.")
	w.example("192.0.2.2", "other.net.")
	o := w.ask("alias.example.com.", wire.TypeA)
	w.wantRCode(o, wire.NXDomain)
	if len(o.Answer.Answer) != 1 || len(o.Authority) == 0 || o.Authority[0].Name.String() != "other.net." {
		t.Errorf("%+v", o.Answer)
	}
}

// The servers were reached and have a loop: the reason is that, and not EDE 22.
func TestAliasLoopWithinAZone(t *testing.T) {
	for zone, why := range map[string]string{
		"a CNAME b\nb CNAME a": "alias loop",
		"a CNAME a":            "alias loop",
	} {
		w := newWorld(t, exampleAt1, "").start()
		w.example("192.0.2.1", "example.com.", zone)
		o := w.ask("a.example.com.", wire.TypeA)
		w.wantRCode(o, wire.ServFail)
		if ede.CodeOf(o.err) != ede.Other || !strings.HasSuffix(o.err.Error(), "example.com.: "+why) {
			t.Errorf("%q: EDE %d, %v", zone, ede.CodeOf(o.err), o.err)
		}
		if sent := w.sent(); len(sent) != 3 {
			t.Errorf("%q: sent %v", zone, sent)
		}
	}
}

func TestAliasLoopAcrossZones(t *testing.T) {
	w := newWorld(t, exampleAt1, "other NS ns.other\nns.other A 192.0.2.2").start()
	w.example("192.0.2.1", "example.com.", "a CNAME b.other.net.")
	w.example("192.0.2.2", "other.net.", "b CNAME a.example.com.")
	o := w.ask("a.example.com.", wire.TypeA)
	w.wantRCode(o, wire.ServFail)
	if o.err == nil || !strings.Contains(o.err.Error(), "alias loop") {
		t.Errorf("error %v", o.err)
	}
}

// RFC: X.4
func TestAliasChainHasALimit(t *testing.T) {
	for _, c := range []struct {
		steps int
		want  wire.RCode
	}{{12, wire.NoError}, {13, wire.ServFail}} {
		w := newWorld(t, exampleAt1, "other NS ns.other\nns.other A 192.0.2.2").start()
		zones := []string{"example.com.", "other.net."}
		more := make([][]string, 2)
		for i := range c.steps {
			more[i%2] = append(more[i%2], fmt.Sprintf("c%d CNAME c%d.%s", i, i+1, zones[(i+1)%2]))
		}
		more[c.steps%2] = append(more[c.steps%2], fmt.Sprintf("c%d A 192.0.2.81", c.steps))
		w.example("192.0.2.1", zones[0], more[0]...)
		w.example("192.0.2.2", zones[1], more[1]...)
		o := w.ask("c0.example.com.", wire.TypeA)
		w.wantRCode(o, c.want)
		if c.want == wire.ServFail && !strings.Contains(o.err.Error(), "alias chain too long") {
			t.Errorf("error %v", o.err)
		}
	}
}

// RFC: 6672.2
func TestDNAMEOverflowIsYXDOMAIN(t *testing.T) {
	w := newWorld(t, exampleAt1, "").start()
	long := strings.Repeat(strings.Repeat("b", 60)+".", 3)
	w.example("192.0.2.1", "example.com.", "old DNAME "+long+"example.com.")
	o := w.ask(strings.Repeat("aaaaaaaaa.", 8)+"old.example.com.", wire.TypeA)
	w.wantRCode(o, wire.YXDomain)
	if len(o.Answer.Answer) != 1 || o.Answer.Answer[0].Type != wire.TypeDNAME {
		t.Errorf("%+v", o.Answer.Answer)
	}
}

// RFC: 6672.3 — an unvalidated DNAME redirects the name it was asked for, and
// no other from the cache.
func TestUnvalidatedDNAMEIsAskedForAgain(t *testing.T) {
	w := newWorld(t, exampleAt1, "").start()
	w.example("192.0.2.1", "example.com.", "old DNAME new", "x.new A 192.0.2.81", "y.new A 192.0.2.82")
	w.wantA(w.ask("x.old.example.com.", wire.TypeA), "192.0.2.81")
	w.sent()
	w.wantA(w.ask("y.old.example.com.", wire.TypeA), "192.0.2.82")
	if sent := w.sent(); len(sent) == 0 {
		t.Error("nothing was asked")
	}
}

// RFC: 2181.5 — a section holds an RRset once, also where a chain leads through
// one DNAME twice.
func TestOneDNAMETwice(t *testing.T) {
	w := newWorld(t, exampleAt1, "").start()
	w.example("192.0.2.1", "example.com.", "x DNAME example.com.")
	o := w.ask("www.x.x.example.com.", wire.TypeA)
	w.wantA(o, "192.0.2.80")
	var types []wire.Type
	for i := range o.Answer.Answer {
		types = append(types, o.Answer.Answer[i].Type)
	}
	want := []wire.Type{wire.TypeDNAME, wire.TypeCNAME, wire.TypeCNAME, wire.TypeA}
	if !slices.Equal(types, want) {
		t.Errorf("answer of %v, want %v", types, want)
	}
}
