package validate_test

import (
	"os"
	"strings"
	"testing"

	"recursor/dns/domain"
	"recursor/dns/rrset"
	"recursor/dns/text"
	"recursor/dns/wire"
	"recursor/validate"
	"recursor/validate/sig"
)

func file(tb testing.TB, path string) string {
	tb.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		tb.Fatal(err)
	}
	return string(b)
}

// message reads a message of an RFC's appendix: comments name the sections.
func message(tb testing.TB, path string) *rrset.Message {
	tb.Helper()
	m := new(rrset.Message)
	sections := map[string]*[]rrset.Set{"Answer": &m.Answer, "Authority": &m.Authority, "Additional": &m.Additional}
	content := file(tb, path)
	for part := range strings.SplitSeq(content, "\n;; ") {
		head, body, _ := strings.Cut(part, "\n")
		switch section := sections[strings.TrimSpace(head)]; {
		case strings.HasPrefix(head, "Header:"):
			m.Flags = wire.FlagQR
			if strings.Contains(head, " AA ") {
				m.Flags |= wire.FlagAA
			}
			if strings.Contains(head, "RCODE=3") {
				m.Flags = m.Flags.WithRCode(wire.NXDomain)
			}
		case head == "Question":
			f := strings.Fields(strings.TrimPrefix(body, ";"))
			t, ok := wire.TypeOf(f[2])
			if !ok {
				tb.Fatal(f)
			}
			m.Question = wire.Question{Name: name(f[0]), Type: t, Class: wire.ClassIN}
		case section != nil:
			sets, err := text.ParseRRs("$TTL 3600\n"+body, domain.Root())
			if err != nil {
				tb.Fatalf("%s, %s: %v", path, head, err)
			}
			*section = append(*section, sets...)
		case head != "" && strings.Contains(body, " NSEC3 "): // a comment between the records of the section before
			sets, err := text.ParseRRs("$TTL 3600\n"+body, domain.Root())
			if err != nil {
				tb.Fatalf("%s, %s: %v", path, head, err)
			}
			m.Authority = append(m.Authority, sets...)
		}
	}
	return m
}

// rfcZone is the zone of an appendix: the DNSKEY RRset is all it serves.
type rfcZone struct {
	world
	keys *rrset.Set
}

// Fetch implements validate.Fetcher.
func (z *rfcZone) Fetch(want validate.Want) (*validate.Fetched, error) {
	if want.Name != z.keys.Name || want.Type != wire.TypeDNSKEY {
		z.tb.Errorf("%s %s is fetched", want.Name, want.Type)
		return nil, errBudget
	}
	return &validate.Fetched{Response: validate.Response{Name: want.Name, Type: want.Type, Target: want.Name, Set: z.keys}}, nil
}

// The messages of RFC 4035 Appendix B and RFC 5155 Appendix B, judged in full,
// at their time, from an anchor for their keys.
//
// RFC: 4035.4, 4035.5, 5155.3, 5155.4, 5155.5, 5702.2, 6840.1
func TestRFCMessages(t *testing.T) {
	type want struct {
		answer, denial string
		wildcard       bool
	}
	const optOut = "insecure perhaps in an opt-out span"
	for rfc, tt := range map[string]struct {
		path, now string
		policy    sig.Policy
		messages  map[string]want
	}{
		"4035": {
			path: "testdata/rfc4035/", now: "2004-04-20",
			messages: map[string]want{
				"B.1": {answer: "secure"},
				"B.2": {denial: "secure"},
				"B.3": {denial: "secure"},
				"B.4": {answer: "secure"},
				"B.5": {denial: "secure"},
				"B.6": {answer: "secure", wildcard: true},
				"B.7": {denial: "secure"},
				// The child's answer: its zone has no anchor above.
				"B.8": {denial: "indeterminate no trust anchor"},
			},
		},
		"5155": {
			path: "testdata/rfc5155/", now: "2010-01-01", policy: sig.Policy{Recorded: true},
			messages: map[string]want{
				"B.1":   {denial: optOut},
				"B.2":   {denial: "secure"},
				"B.2.1": {denial: "secure"},
				"B.3":   {denial: optOut},
				"B.4":   {answer: optOut, wildcard: true},
				"B.5":   {denial: optOut},
				"B.6":   {denial: "indeterminate no trust anchor"},
			},
		},
	} {
		for file, want := range tt.messages {
			t.Run("RFC "+rfc+" "+file, func(t *testing.T) {
				z := rfcWorld(t, tt.path, tt.now, tt.policy)
				m := message(t, tt.path+file+".txt")
				r := rfcResponse(t, m)
				p, err := z.judge().Judge(&r, z.now, z, z)
				if err != nil {
					t.Fatal(err)
				}
				expected := want.answer
				if r.Set == nil {
					expected = want.denial
				}
				if got := said(p.Final); got != expected || expected == "" || p.Final.Wildcard != want.wildcard {
					t.Errorf("%s, wildcard %t; want %s, %t", got, p.Final.Wildcard, expected, want.wildcard)
				}
				if p.Final.Status == validate.Secure && (p.Final.TTL != 3600 || p.Final.Expires.IsZero()) {
					t.Errorf("TTL %d until %s", p.Final.TTL, p.Final.Expires)
				}
				// A month after, nothing holds.
				late, err := z.judge().Judge(&r, z.now.AddDate(12, 0, 0), z, z)
				if err != nil || p.Final.Status >= validate.Insecure && late.Final.Reason != validate.SignatureExpired {
					t.Errorf("twelve years after: %s, %v", said(late.Final), err)
				}
			})
		}
	}
}

func rfcWorld(t *testing.T, path, now string, policy sig.Policy) *rfcZone {
	t.Helper()
	zone, err := text.ParseRRs(file(t, path+"example.zone"), domain.Root())
	if err != nil {
		t.Fatal(err)
	}
	z := &rfcZone{world: *newWorld(t)}
	z.now, z.options.Policy, z.keeps = instant(now), policy, false
	for i := range zone {
		if zone[i].Type == wire.TypeDNSKEY {
			z.keys = &zone[i]
		}
	}
	for rd := range z.keys.RData.All() {
		if key, err := sig.ParseKey(rd); err == nil && key.SEP() {
			z.anchors = []validate.Anchor{{Zone: z.keys.Name, DNSKEY: rrset.List(nil).Append(rd)}}
		}
	}
	return z
}

// rfcResponse makes a Response of the message; of a referral, one about the DS
// records of the delegation.
func rfcResponse(t *testing.T, m *rrset.Message) validate.Response {
	t.Helper()
	zone := name("example.")
	for i := range m.Authority {
		ns := &m.Authority[i]
		if ns.Type != wire.TypeNS || ns.Name == zone || m.Flags.Has(wire.FlagAA) {
			continue
		}
		r := validate.Response{Zone: zone, Name: ns.Name, Type: wire.TypeDS, Target: ns.Name}
		for j := range m.Authority {
			switch s := &m.Authority[j]; s.Type {
			case wire.TypeDS:
				r.Set = s
			case wire.TypeNSEC, wire.TypeNSEC3:
				r.Proof = append(r.Proof, *s)
			}
		}
		return r
	}
	q := m.Question
	r, ok := respond(m, zone, q.Name, q.Type)
	if !ok && q.Type != wire.TypeDS {
		t.Fatalf("%s %s is useless", q.Name, q.Type)
	}
	return r
}
