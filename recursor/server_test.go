package recursor_test

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/miekg/dns"

	"recursor/dns/wire"
	"recursor/recursor/infra"
	"recursor/testbed/sim"
	"recursor/transport"
)

// tries lists the sends of one question: protocol and payload, 0 for plain.
func tries(w *world, question string) []string {
	var out []string
	for _, s := range w.net.Take() {
		if s.Query() != question {
			continue
		}
		payload := 0
		if s.EDNS {
			payload = int(s.Payload)
		}
		out = append(out, fmt.Sprintf("%s/%d", s.Proto, payload))
	}
	return out
}

func wantTries(t *testing.T, w *world, question, want string) {
	t.Helper()
	if got := strings.Join(tries(w, question), " "); got != want {
		t.Errorf("%s: sends %q, want %q", question, got, want)
	}
}

const bigTXT = "big TXT " // and strings that make it over 600 octets

func big() string {
	return bigTXT + strings.Repeat(`"`+strings.Repeat("x", 200)+`" `, 4)
}

// Each way in which a server fails at EDNS or at its path, and what is sent for
// it, with validation off.
func TestServersWithFaults(t *testing.T) {
	for _, c := range []struct {
		name   string
		faults sim.Faults
		link   sim.Link
		qname  string
		qtype  wire.Type
		first  string // sends of the first question
		second string // of a second one
	}{
		{
			name: "none", qname: "www", qtype: wire.TypeA, first: "udp/1232", second: "udp/1232",
		},
		{ // RFC: 2181.5 RFC: 1123.2
			name: "truncates", faults: sim.Faults{TruncateUDP: true},
			qname: "www", qtype: wire.TypeA, first: "udp/1232 tcp/1232", second: "udp/1232 tcp/1232",
		},
		{ // RFC: 6891.5
			name: "FORMERR to EDNS", faults: sim.Faults{EDNS: sim.EDNSFormErr},
			qname: "www", qtype: wire.TypeA, first: "udp/1232 udp/0", second: "udp/0",
		},
		{
			name: "FORMERR without question", faults: sim.Faults{EDNS: sim.EDNSFormErrBare},
			qname: "www", qtype: wire.TypeA, first: "udp/1232 udp/0", second: "udp/0",
		},
		{
			name: "NOTIMP to EDNS", faults: sim.Faults{EDNS: sim.EDNSNotImp},
			qname: "www", qtype: wire.TypeA, first: "udp/1232 udp/0", second: "udp/0",
		},
		{
			name: "BADVERS to version 0", faults: sim.Faults{EDNS: sim.EDNSBadVers},
			qname: "www", qtype: wire.TypeA, first: "udp/1232 udp/0", second: "udp/0",
		},
		{
			name: "silence to EDNS", faults: sim.Faults{EDNS: sim.EDNSSilence},
			qname: "www", qtype: wire.TypeA, first: "udp/1232 udp/1232 udp/0", second: "udp/0",
		},
		{
			name: "ignores EDNS", faults: sim.Faults{EDNS: sim.EDNSIgnored},
			qname: "www", qtype: wire.TypeA, first: "udp/1232", second: "udp/1232",
		},
		{ // RFC: 9715.4
			name: "path that loses large datagrams", link: sim.Link{MaxUDP: 600},
			qname: "big", qtype: wire.TypeTXT, first: "udp/1232 udp/1232 udp/0 tcp/1232", second: "tcp/1232",
		},
		{
			name: "answers nothing by UDP", faults: sim.Faults{Hook: func(p sim.Packet, _, _ *dns.Msg) bool { return p.Proto == transport.TCP }},
			qname: "www", qtype: wire.TypeA, first: "udp/1232 udp/1232 udp/0 tcp/1232", second: "tcp/1232",
		},
		{
			name: "folds the case", faults: sim.Faults{FoldCase: true},
			qname: "www", qtype: wire.TypeA, first: "udp/1232 tcp/1232", second: "udp/1232",
		},
		{ // RFC: 5452.4 RFC: 5452.1
			name: "ten forged replies first", faults: sim.Faults{Spoofs: 10, SpoofedFirst: 1},
			qname: "www", qtype: wire.TypeA, first: "udp/1232 tcp/1232", second: "udp/1232",
		},
		{
			name: "nine forged replies first", faults: sim.Faults{Spoofs: 9},
			qname: "www", qtype: wire.TypeA, first: "udp/1232", second: "udp/1232",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t, exampleAt1, "")
			w.options.Walk.Case = true
			w.start()
			w.example("192.0.2.1", "example.com.", big(), "www2 A 192.0.2.82", strings.Replace(big(), "big", "big2", 1)).Faults = c.faults
			*w.net.Link(netip.MustParseAddr("192.0.2.1")) = c.link
			o := w.query(recursorQuery(c.qname+".example.com.", c.qtype))
			if o.err != nil {
				t.Fatal(o.err)
			}
			qtype := dns.TypeToString[uint16(c.qtype)]
			wantTries(t, w, c.qname+".example.com. "+qtype, c.first)
			if o := w.query(recursorQuery(c.qname+"2.example.com.", c.qtype)); o.err != nil {
				t.Fatal(o.err)
			}
			wantTries(t, w, c.qname+"2.example.com. "+qtype, c.second)
		})
	}
}

// RFC: 9520.1
func TestAtMostThreeSendsByUDPAndTwoByTCP(t *testing.T) {
	for downAfter, want := range map[int]string{
		4: "udp/1232 udp/1232 udp/0 tcp/1232", // then it is down
		9: "udp/1232 udp/1232 udp/0 tcp/1232 tcp/1232",
	} {
		w := newWorld(t, exampleAt1, "")
		w.options.Timing = infra.DefaultTiming()
		w.options.Timing.DownAfter = downAfter
		w.start()
		w.example("192.0.2.1", "example.com.").Faults.Silence = true
		o := w.ask("www.example.com.", wire.TypeA)
		w.wantRCode(o, wire.ServFail)
		w.clock.Advance(time.Minute)
		wantTries(t, w, "www.example.com. A", want)
	}
}

func TestQueriesAskForSignaturesAndNothingOfTheClients(t *testing.T) {
	// RFC: 4035.2 RFC: 3225.1 RFC: 6840.4 RFC: 9715.3
	w := newWorld(t, exampleAt1, "").start()
	w.example("192.0.2.1", "example.com.")
	w.ask("www.example.com.", wire.TypeA)
	for _, s := range w.net.Take() {
		if !s.DO || !s.CD || s.AD || s.RD || s.Payload != 1232 || len(s.Options) != 0 {
			t.Errorf("%v", s)
		}
	}
}

func TestSourcePortsAndIDsDiffer(t *testing.T) {
	// RFC: 5452.2
	w := newWorld(t, exampleAt1, "").start()
	w.example("192.0.2.1", "example.com.")
	ids := map[string]bool{}
	n := 200
	for i := range n {
		w.ask(fmt.Sprintf("n%d.example.com.", i), wire.TypeA)
	}
	for _, s := range w.net.Take() {
		ids[string(s.Message[:2])+s.From.String()] = true
	}
	if len(ids) < n {
		t.Errorf("only %d different pairs of ID and port in %d queries", len(ids), n+2)
	}
}

// RFC: 7873.2 RFC: 9018.1
func TestCookiesAreLearntAndEchoed(t *testing.T) {
	w := newWorld(t, exampleAt1, "")
	w.options.Walk.Cookies = true
	w.start()
	w.example("192.0.2.1", "example.com.", "a A 192.0.2.81").Faults.Cookies = sim.CookiesRequired
	w.wantA(w.ask("www.example.com.", wire.TypeA), "192.0.2.80")
	wantTries(t, w, "www.example.com. A", "udp/1232 udp/1232") // BADCOOKIE, then with the server's
	w.wantA(w.ask("a.example.com.", wire.TypeA), "192.0.2.81")
	wantTries(t, w, "a.example.com. A", "udp/1232")
}

func TestAServerThatDislikesCookiesIsAskedWithout(t *testing.T) {
	w := newWorld(t, exampleAt1, "")
	w.options.Walk.Cookies = true
	w.start()
	w.example("192.0.2.1", "example.com.", "a A 192.0.2.81").Faults.EDNS = sim.EDNSOptions
	w.wantA(w.ask("www.example.com.", wire.TypeA), "192.0.2.80")
	wantTries(t, w, "www.example.com. A", "udp/1232 udp/1232")
	w.wantA(w.ask("a.example.com.", wire.TypeA), "192.0.2.81")
	wantTries(t, w, "a.example.com. A", "udp/1232")
}
