package validate_test

import (
	"encoding/binary"
	"slices"
	"testing"

	"github.com/miekg/dns"

	"recursor/dns/domain"
	"recursor/dns/rrset"
	"recursor/dns/wire"
	"recursor/testbed/sim"
	"recursor/validate"
)

// question is one that is asked of the zones of FuzzJudge.
type question struct {
	name string
	t    wire.Type
}

func fuzzQuestions() (all []question) {
	for _, zone := range []string{"example.com.", "n3.com.", "out.com."} {
		all = append(
			all,
			question{"www." + zone, wire.TypeA}, question{"www." + zone, wire.TypeMX}, question{"nobody." + zone, wire.TypeA},
			question{"q.wild." + zone, wire.TypeTXT}, question{"q.wild." + zone, wire.TypeA}, question{"empty." + zone, wire.TypeA},
			question{"alias." + zone, wire.TypeA}, question{"x.d." + zone, wire.TypeA}, question{"y.d." + zone, wire.TypeA},
			question{zone, wire.TypeDNSKEY}, question{zone, wire.TypeDS}, question{"q.cw." + zone, wire.TypeMX}, question{"ghost." + zone, wire.TypeA},
		)
	}
	return append(all, question{"plain.com.", wire.TypeDS}, question{"bare.n3.com.", wire.TypeDS}, question{"bare.out.com.", wire.TypeDS})
}

// honest asks for the octets of an answer.
func (w *world) honest(q question) []byte {
	w.tb.Helper()
	n := name(q.name)
	m := new(dns.Msg)
	m.SetQuestion(n.String(), uint16(q.t))
	m.SetEdns0(4096, true)
	b, err := m.Pack()
	if err != nil {
		w.tb.Fatal(err)
	}
	return w.servers[w.zoneFor(n, q.t)][0].Answer(sim.Packet{Message: b})[0].Message
}

// FuzzJudge changes octets of honest answers, and takes records away or from
// elsewhere: what is then still called secure is what the zone says.
func FuzzJudge(f *testing.F) {
	w := internet(f)
	questions := fuzzQuestions()
	for i := range questions {
		f.Add(uint8(i), uint8(0), uint8(0), uint8(0), []byte{})
	}
	f.Add(uint8(1), uint8(2), uint8(0), uint8(0), []byte{0, 60, 0xff})
	f.Add(uint8(2), uint8(0), uint8(1), uint8(3), []byte{0, 3, 3})
	f.Add(uint8(20), uint8(0), uint8(2), uint8(1), []byte{0, 3, 1, 0, 80, 7})
	f.Fuzz(func(t *testing.T, which, other, drop, take uint8, edits []byte) {
		w.tb = t
		q := questions[int(which)%len(questions)]
		msg := slices.Clone(w.honest(q))
		if drop > 0 || take > 0 {
			msg = mixed(msg, w.honest(questions[int(other)%len(questions)]), drop, take)
		}
		for ; len(edits) >= 3; edits = edits[3:] {
			msg[int(binary.BigEndian.Uint16(edits))%len(msg)] ^= edits[2]
		}
		m, err := rrset.Parse(msg)
		if err != nil {
			return
		}
		n := name(q.name)
		r, ok := respond(m, w.zoneFor(n, q.t), n, q.t)
		if !ok {
			return
		}
		clear(w.kept)
		p, err := w.judge().Judge(&r, w.now, w, w)
		if err != nil {
			t.Fatal(err)
		}
		for i := range r.Chain {
			if set := &r.Chain[i]; p.Chain[i].Status == validate.Secure {
				w.mustSay(set, &p.Chain[i])
			}
		}
		if p.Final.Status != validate.Secure || r.Leads {
			return
		}
		if r.Set != nil {
			w.mustSay(r.Set, &p.Final)
			return
		}
		truth, err := w.ask(r.Target, r.Type)
		if err != nil || truth.Set != nil || len(truth.Chain) > 0 || truth.NXDomain != r.NXDomain {
			t.Errorf("%s %s denied, NXDOMAIN %t: %s\nin truth %+v, %v", r.Target, r.Type, r.NXDomain, p.Final.String(), truth, err)
		}
	})
}

// mixed takes records of a message away and adds some of another.
func mixed(msg, more []byte, drop, take uint8) []byte {
	m, o := new(dns.Msg), new(dns.Msg)
	if m.Unpack(msg) != nil || o.Unpack(more) != nil {
		return msg
	}
	foreign := append(slices.Clone(o.Answer), o.Ns...)
	for i := range foreign {
		if take&(1<<(i%8)) != 0 {
			if foreign[i].Header().Rrtype == dns.TypeA {
				m.Answer = append(m.Answer, foreign[i])
			} else {
				m.Ns = append(m.Ns, foreign[i])
			}
		}
	}
	at := 0
	lose := func(dns.RR) bool {
		at++
		return drop&(1<<((at-1)%8)) != 0
	}
	m.Answer = slices.DeleteFunc(m.Answer, lose)
	m.Ns = slices.DeleteFunc(m.Ns, lose)
	b, err := m.Pack()
	if err != nil {
		return msg
	}
	return b
}

// mustSay wants the zone to say what the set says, for as long.
func (w *world) mustSay(set *rrset.Set, v *validate.Verdict) {
	w.tb.Helper()
	truth, err := w.ask(set.Name, set.Type)
	said := truth.Set
	for i := range truth.Chain { // a CNAME below a DNAME
		if said == nil && truth.Chain[i].Type == set.Type && truth.Chain[i].Name == set.Name {
			said = &truth.Chain[i]
		}
	}
	if err != nil || said == nil || !said.Same(set) || v.TTL > said.TTL {
		w.tb.Errorf("secure for %d s, by %s:\n%+v\nin truth\n%+v (%v)", v.TTL, v.String(), set, said, err)
	}
	if set.Type != wire.TypeDS && !set.Name.Within(v.Zone) || v.Zone == (domain.Name{}) {
		w.tb.Errorf("%s %s: zone %s", set.Name, set.Type, v.Zone)
	}
}
