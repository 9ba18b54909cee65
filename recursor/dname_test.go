package recursor_test

import (
	"strings"
	"testing"

	"recursor/dns/wire"
)

// TestQuestionForTheCNAMEOfADNAME: it is answered by the CNAME that the DNAME makes, whatever is at its target
// (RFC 6672 §3.1).
func TestQuestionForTheCNAMEOfADNAME(t *testing.T) {
	w := newWorld(t, exampleAt1, "other NS ns.other\nns.other A 192.0.2.2").start()
	w.example("192.0.2.1", "example.com.", "in DNAME new", "out DNAME other.net.", "x.new A 192.0.2.81", "c.new CNAME www", "in.sub DNAME new")
	w.example("192.0.2.2", "other.net.")
	for name, want := range map[string]string{
		"x.in.example.com.":          "x.new.example.com.",
		"c.in.example.com.":          "c.new.example.com.",
		"missing.in.example.com.":    "missing.new.example.com.",
		"a.b.in.sub.example.com.":    "a.b.new.example.com.",
		"www.out.example.com.":       "www.other.net.",
		"a.b.c.d.e.out.example.com.": "a.b.c.d.e.other.net.",
	} {
		for range 2 {
			o := w.ask(name, wire.TypeCNAME)
			w.wantRCode(o, wire.NoError)
			var got []string
			for i := range o.Answer.Answer {
				target, _ := o.Answer.Answer[i].Target()
				got = append(got, o.Answer.Answer[i].Type.String()+" "+target.String())
			}
			if len(got) != 2 || !strings.HasPrefix(got[0], "DNAME ") || got[1] != "CNAME "+want || len(o.Authority) > 0 {
				t.Errorf("%s: %q, authority %+v; want a DNAME and the CNAME to %s", name, got, o.Authority, want)
			}
		}
	}
	for _, s := range w.sent() {
		if strings.HasPrefix(s, "192.0.2.2 ") {
			t.Errorf("where the CNAME leads was asked: %s", s)
		}
	}
}
