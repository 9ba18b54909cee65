package recursor_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/miekg/dns"

	"recursor/dns/domain"
	"recursor/dns/wire"
	"recursor/testbed/sim"
)

// TestMixedCaseStaysUpstream: the letters that 0x20 mixes into a question come back in every name that a server
// compresses onto it. None of them reaches a client.
func TestMixedCaseStaysUpstream(t *testing.T) {
	w := newWorld(t, "example NS ns.example\nns.example A 192.0.2.1\n", "")
	w.options.Walk.Case = true
	mixed := 0
	a := w.example("192.0.2.1", "example.com.", "alias CNAME www")
	a.Faults.Hook = func(_ sim.Packet, q, m *dns.Msg) bool {
		asked := q.Question[0].Name
		if strings.ToLower(asked) != asked {
			mixed++
		}
		own := asked[max(0, strings.Index(strings.ToLower(asked), "example.com.")):]
		for _, rr := range append(m.Answer, m.Ns...) {
			h := rr.Header()
			h.Name = strings.Replace(h.Name, "example.com.", own, 1)
			switch rr := rr.(type) {
			case *dns.CNAME:
				rr.Target = "www." + own
			case *dns.SOA:
				rr.Ns, rr.Mbox = "ns."+own, "host."+own
			}
		}
		m.Compress = true
		return true
	}
	w.start()
	for _, q := range []struct {
		name string
		t    wire.Type
	}{{"alias.example.com.", wire.TypeA}, {"www.example.com.", wire.TypeTXT}, {"missing.example.com.", wire.TypeA}} {
		o := w.ask(q.name, q.t)
		if o.err != nil {
			t.Fatal(o.err)
		}
		for _, s := range append(o.Answer.Answer, o.Authority...) {
			for rr := range s.Records() {
				names := bytes.Clone(rr.Owner)
				if rr.Type != wire.TypeA {
					names = append(names, rr.RData...)
				}
				if !bytes.Equal(names, domain.AppendLower(nil, names)) {
					t.Errorf("%s: the %v record has %q", q.name, rr.Type, names)
				}
			}
		}
	}
	if mixed < 3 {
		t.Errorf("%d questions were mixed", mixed)
	}
}
