package validate_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/miekg/dns"

	"recursor/dns/domain"
	"recursor/dns/rrset"
	"recursor/dns/text"
	"recursor/dns/wire"
	"recursor/testbed/sim"
	"recursor/validate"
	"recursor/validate/denial"
	"recursor/validate/sig"
)

// outsideZone has one of everything that a zone can have.
const outsideZone = `$ORIGIN z.example.
$TTL 3600
@ IN SOA ns admin 1 7200 3600 1209600 300
@ IN NS ns
@ IN MX 10 Mail.z.example.
@ IN TXT "some text" "and more"
ns IN A 192.0.2.53
www 600 IN A 192.0.2.1
www 600 IN A 192.0.2.2
www IN AAAA 2001:db8::1
WWW IN TYPE65400 \# 3 010203
_sip._udp IN SRV 1 2 5060 www
svc IN HTTPS 1 . alpn="h2"
hinfo IN HINFO "PC" "Unix"
rp IN RP admin.z.example. www
a.b.c.deep IN A 192.0.2.3
*.wild IN TXT "made of a wildcard"
*.wild IN MX 10 www
x.wild IN A 192.0.2.4
alias IN CNAME www
*.cw IN CNAME www
tree IN DNAME other
leaf.other IN A 192.0.2.5
secure IN NS ns.secure
ns.secure IN A 192.0.2.6
secure IN DS 12345 13 2 49FD46E6C4B45C55D4AC69CBD3CD34AC1AFE51DE49FD46E6C4B45C55D4AC69CB
plain IN NS ns.plain
ns.plain IN A 192.0.2.7
hidden.below IN NS ns.plain
\000.www IN TXT "a zero"
`

// outside is a signer of others.
type outside struct {
	programs []string
	// sign signs the zone in dir/zone and returns the text of the signed one.
	sign func(t *testing.T, dir string, m mode) string
	// cannot tells that the program has no such mode.
	cannot func(m mode) bool
}

// mode is how to sign.
type mode struct {
	algorithm string // the mnemonic of the registry, but for Ed448 and the like as the programs have it
	nsec3     bool
	optOut    bool
}

func (m mode) String() string {
	switch {
	case m.optOut:
		return m.algorithm + " opt-out"
	case m.nsec3:
		return m.algorithm + " NSEC3"
	}
	return m.algorithm + " NSEC"
}

// stride is how many questions there are to one that is asked: what an algorithm
// changes are the signatures, and each of those is checked once in any case.
func (m mode) stride() int {
	switch m.algorithm {
	case "ECDSAP256SHA256", "RSASHA256":
		return 1
	case "ECDSAP384SHA384": // very slow where it is not in assembler
		return 29
	}
	return 5
}

const (
	outsideInception  = "20260101000000"
	outsideExpiration = "20360101000000"
)

func run(t *testing.T, dir, program string, args ...string) string {
	t.Helper()
	cmd := exec.Command(program, args...)
	cmd.Dir = dir
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s%s", program, strings.Join(args, " "), err, out, stderr.String())
	}
	return strings.TrimSpace(string(out))
}

func read(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func outsiders() map[string]outside {
	return map[string]outside{
		"ldns-signzone": {
			programs: []string{"ldns-keygen", "ldns-signzone"},
			sign: func(t *testing.T, dir string, m mode) string {
				ksk := run(t, dir, "ldns-keygen", "-a", m.algorithm, "-b", "1024", "-k", "z.example")
				zsk := run(t, dir, "ldns-keygen", "-a", m.algorithm, "-b", "1024", "z.example")
				args := []string{"-i", outsideInception, "-e", outsideExpiration, "-f", "signed"}
				if m.nsec3 {
					args = append(args, "-n", "-t", "3", "-s", "aabbcc")
				}
				if m.optOut {
					args = append(args, "-p")
				}
				run(t, dir, "ldns-signzone", append(args, "zone", ksk, zsk)...)
				return read(t, filepath.Join(dir, "signed"))
			},
		},
		"dnssec-signzone": {
			programs: []string{"dnssec-keygen", "dnssec-signzone"},
			sign: func(t *testing.T, dir string, m mode) string {
				algorithm := m.algorithm
				if algorithm == "RSASHA1-NSEC3-SHA1" {
					algorithm = "NSEC3RSASHA1"
				}
				for _, role := range [][]string{{"-f", "KSK"}, nil} {
					args := append([]string{"-q", "-a", algorithm}, role...)
					if strings.HasPrefix(m.algorithm, "RSA") {
						args = append(args, "-b", "1024")
					}
					run(t, dir, "dnssec-keygen", append(args, "z.example")...)
				}
				args := []string{"-S", "-s", outsideInception, "-e", outsideExpiration, "-o", "z.example", "-f", "signed"}
				if m.nsec3 {
					args = append(args, "-3", "aabbcc", "-H", "3")
				}
				if m.optOut {
					args = append(args, "-A")
				}
				run(t, dir, "dnssec-signzone", append(args, "zone")...)
				return read(t, filepath.Join(dir, "signed"))
			},
			cannot: func(m mode) bool { return m.nsec3 && m.algorithm == "RSASHA1" },
		},
		"kzonesign": {
			programs: []string{"kzonesign"},
			sign: func(t *testing.T, dir string, m mode) string {
				onOff := map[bool]string{true: "on", false: "off"}
				conf := fmt.Sprintf("server:\n  rundir: %[1]q\ndatabase:\n  storage: %[1]q\npolicy:\n  - id: p\n    algorithm: %[2]s\n    ksk-size: %[3]d\n"+
					"    zsk-size: %[3]d\n    nsec3: %[4]s\n    nsec3-opt-out: %[5]s\n    nsec3-iterations: 3\n    rrsig-lifetime: 3650d\n    rrsig-refresh: 1d\n"+
					"zone:\n  - domain: z.example\n    file: %[6]q\n    dnssec-signing: on\n    dnssec-policy: p\n",
					dir, strings.ToLower(m.algorithm), knotSize(m.algorithm), onOff[m.nsec3], onOff[m.optOut], filepath.Join(dir, "zone"))
				if err := os.WriteFile(filepath.Join(dir, "conf"), []byte(conf), 0o600); err != nil {
					t.Fatal(err)
				}
				if err := os.Mkdir(filepath.Join(dir, "out"), 0o700); err != nil {
					t.Fatal(err)
				}
				run(t, dir, "kzonesign", "-c", filepath.Join(dir, "conf"), "-o", filepath.Join(dir, "out"), "z.example")
				files, err := filepath.Glob(filepath.Join(dir, "out", "*"))
				if err != nil || len(files) != 1 {
					t.Fatal(files, err)
				}
				return read(t, files[0])
			},
			cannot: func(m mode) bool { return m.nsec3 && m.algorithm == "RSASHA1" },
		},
	}
}

func knotSize(algorithm string) int {
	switch algorithm {
	case "ECDSAP384SHA384":
		return 384
	case "ED448":
		return 456
	case "ECDSAP256SHA256", "ED25519":
		return 256
	}
	return 1024
}

// outsideModes are all algorithms, each with both kinds of denial and opt-out.
func outsideModes() (modes []mode) {
	for _, a := range []string{"RSASHA1", "RSASHA1-NSEC3-SHA1", "RSASHA256", "RSASHA512", "ECDSAP256SHA256", "ECDSAP384SHA384", "ED25519", "ED448"} {
		modes = append(modes, mode{a, false, false}, mode{a, true, false}, mode{a, true, true})
	}
	return modes
}

// signOutside signs the zone with a program of others, or skips.
func signOutside(t *testing.T, program string, m mode) string {
	t.Helper()
	o := outsiders()[program]
	for _, p := range o.programs {
		if _, err := exec.LookPath(p); err != nil {
			if os.Getenv("REQUIRE_PEERS") == "1" {
				t.Fatalf("peer missing, and REQUIRE_PEERS is set: %s", p)
			}
			t.Skipf("peer missing: %s is not installed", p)
		}
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "zone"), []byte(outsideZone), 0o600); err != nil {
		t.Fatal(err)
	}
	return o.sign(t, dir, m)
}

// outsideWorld serves a signed zone and trusts its keys.
func outsideWorld(tb testing.TB, lines string) (*world, *sim.Zone) {
	tb.Helper()
	z, err := sim.ParseZone("z.example.", lines)
	if err != nil {
		tb.Fatal(err)
	}
	w := newWorld(tb)
	w.serve(z)
	var keys strings.Builder
	for _, rr := range z.Records(z.Origin, dns.TypeDNSKEY) {
		if rr.(*dns.DNSKEY).Flags&dns.SEP != 0 {
			keys.WriteString(rr.String() + "\n")
		}
	}
	w.trust(keys.String())
	for _, rr := range z.All() {
		if s, ok := rr.(*dns.RRSIG); ok && s.TypeCovered == dns.TypeSOA {
			w.now = time.Unix(int64(s.Inception), 0).Add(48 * time.Hour)
		}
	}
	return w, z
}

// Zones that others signed: each name, each that does not exist beside it, and
// each type, is found secure, but for what opt-out leaves open.
//
// RFC: 5702.1, 5702.2, 6605.1, 8080.1, 8624.1, 4035.4, 4035.5, 5155.3, 5155.5
func TestZonesSignedByOthers(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds")
	}
	for program, o := range outsiders() {
		for _, m := range outsideModes() {
			if o.cannot != nil && o.cannot(m) {
				continue
			}
			t.Run(program+" "+m.String(), func(t *testing.T) {
				t.Parallel() // the signers are programs of their own
				w, z := outsideWorld(t, signOutside(t, program, m))
				questions := 0
				hashes := nsec3Hashes(z)
				for _, q := range outsideQuestions(z) {
					for _, typ := range q.types {
						if questions++; questions%m.stride() > 0 {
							continue
						}
						v := w.verdict(q.name.String(), typ)
						want := validate.Secure
						if m.optOut && q.open && !hashes(q.name) { // ldns-signzone hashes delegations all the same
							want = validate.Insecure
						}
						if v.Status != want || v.OptOut != (want == validate.Insecure) {
							t.Errorf("%s %s: %s, want %s", q.name, typ, v.String(), want)
						}
					}
				}
				if questions < 150 {
					t.Errorf("only %d questions", questions)
				}
				secondOpinion(t, z, w)
			})
		}
	}
}

// nsec3Hashes tells which names have an NSEC3 record.
func nsec3Hashes(z *sim.Zone) func(domain.Name) bool {
	owners, params := map[string]bool{}, denial.Params{}
	sets, _ := text.FromRRs(z.All())
	for i := range sets {
		if n, ok := denial.ParseNSEC3(z.Origin, &sets[i]); ok {
			owners[sets[i].Name.FirstLabel()], params = true, n.Params
		}
	}
	return func(n domain.Name) bool { return owners[params.Hash(n).Label()] }
}

// outsideQuestion is a name with the types to ask for. open tells that an
// opt-out chain leaves it open.
type outsideQuestion struct {
	name  domain.Name
	types []wire.Type
	open  bool
}

func outsideQuestions(z *sim.Zone) (all []outsideQuestion) {
	usual := []wire.Type{wire.TypeA, wire.TypeTXT, wire.TypeMX, wire.TypeSOA, wire.TypeNSEC3PARAM, 65400}
	inZone := func(n domain.Name) bool {
		for _, cut := range []string{"secure", "plain", "hidden.below"} {
			if n.Within(name(cut + ".z.example.")) {
				return false
			}
		}
		return !n.Below(name("tree.z.example."))
	}
	seen := map[domain.Name]bool{}
	for _, n := range z.Names() {
		if inZone(n) {
			all = append(all, outsideQuestion{n, append(usual, wire.TypeCNAME, wire.TypeDNAME, wire.TypeAAAA), n == name("below.z.example.")})
			if n != z.Origin {
				all = append(all, outsideQuestion{n, []wire.Type{wire.TypeDS}, n == name("below.z.example.")})
			}
		}
		seen[n] = true
	}
	for _, n := range z.Names() {
		if !inZone(n) || n.Below(name("wild.z.example.")) || n.Below(name("cw.z.example.")) {
			continue
		}
		for _, label := range []string{"0", "zzz", "a.b"} {
			beside := name(label + "." + n.String())
			wild := n == name("wild.z.example.") || n == name("cw.z.example.")
			if !seen[beside] && beside.Within(z.Origin) && inZone(beside) {
				all = append(all, outsideQuestion{beside, []wire.Type{wire.TypeA, wire.TypeTXT}, true})
				if wild {
					all = append(all, outsideQuestion{beside, []wire.Type{wire.TypeMX, wire.TypeDS}, true})
				}
			}
		}
	}
	return append(
		all,
		outsideQuestion{name("plain.z.example."), []wire.Type{wire.TypeDS}, true},
		outsideQuestion{name("hidden.below.z.example."), []wire.Type{wire.TypeDS}, true},
		outsideQuestion{name("secure.z.example."), []wire.Type{wire.TypeDS}, false},
		outsideQuestion{name("leaf.tree.z.example."), []wire.Type{wire.TypeA, wire.TypeTXT, wire.TypeCNAME}, false},
		outsideQuestion{name("no.tree.z.example."), []wire.Type{wire.TypeA}, true},
	)
}

// secondOpinion holds each signature of the zone against the library, which is
// right about those that hold.
func secondOpinion(t *testing.T, z *sim.Zone, w *world) {
	t.Helper()
	sets, err := text.FromRRs(z.All())
	if err != nil {
		t.Fatal(err)
	}
	var keys *sig.Keys
	policy := new(sig.Policy)
	for i := range sets {
		if sets[i].Type == wire.TypeDNSKEY {
			keys = sig.NewKeys(z.Origin, sets[i].RData, policy)
		}
	}
	signed := 0
	for i := range sets {
		s := &sets[i]
		if len(s.Sigs) == 0 {
			continue
		}
		signed++
		if r := sig.Verify(s, keys, sig.Window{Now: w.now}, w); r.Fault != sig.Sound {
			t.Errorf("%s %s: %s", s.Name, s.Type, r.Fault)
		}
		rrs, err := text.ToRRs(s)
		if err != nil {
			t.Fatal(err)
		}
		plain := slices.DeleteFunc(slices.Clone(rrs), func(rr dns.RR) bool { return rr.Header().Rrtype == dns.TypeRRSIG })
		for _, rr := range rrs {
			sg, ok := rr.(*dns.RRSIG)
			if !ok || sg.Algorithm == dns.ED448 { // which the library does not know
				continue
			}
			for _, k := range z.Records(z.Origin, dns.TypeDNSKEY) {
				if k := k.(*dns.DNSKEY); k.KeyTag() == sg.KeyTag && sg.Verify(k, plain) != nil {
					t.Errorf("%s %s: the library does not agree", s.Name, s.Type)
				}
			}
		}
	}
	if signed < 20 {
		t.Errorf("%d signed RRsets", signed)
	}
}

// mutations are an RRSIG with one field changed, each in the ways it can be.
func mutations(rdata []byte) map[string][]byte {
	out := map[string][]byte{}
	change := func(what string, f func(b []byte) []byte) { out[what] = f(append([]byte(nil), rdata...)) }
	put16 := func(at int, v uint16) func([]byte) []byte {
		return func(b []byte) []byte { binary.BigEndian.PutUint16(b[at:], v); return b }
	}
	add32 := func(at int, d uint32) func([]byte) []byte {
		return func(b []byte) []byte { binary.BigEndian.PutUint32(b[at:], binary.BigEndian.Uint32(b[at:])+d); return b }
	}
	covered, tag := binary.BigEndian.Uint16(rdata), binary.BigEndian.Uint16(rdata[16:])
	change("covers the next type", put16(0, covered+1))
	change("covers A6", put16(0, 38))
	for _, a := range []byte{0, 1, 3, 5, 7, 8, 10, 12, 13, 14, 15, 16, 253, 255} {
		if a != rdata[2] {
			change(fmt.Sprintf("algorithm %d", a), func(b []byte) []byte { b[2] = a; return b })
		}
	}
	for d := -3; d <= 3; d++ {
		if d != 0 {
			change(fmt.Sprintf("labels %+d", d), func(b []byte) []byte { b[3] += byte(d); return b })
		}
	}
	change("labels 255", func(b []byte) []byte { b[3] = 255; return b })
	for _, d := range []uint32{1, 0xffffffff, 0x80000000} {
		change(fmt.Sprintf("original TTL %+d", int32(d)), add32(4, d))
		change(fmt.Sprintf("expiration %+d", int32(d)), add32(8, d))
		change(fmt.Sprintf("inception %+d", int32(d)), add32(12, d))
	}
	change("times swapped", func(b []byte) []byte {
		return append(append(append(b[:8:8], b[12:16]...), b[8:12]...), b[16:]...)
	})
	change("tag + 1", put16(16, tag+1))
	change("tag 0", put16(16, 0))
	signer, n, _ := domain.FromWire(rdata[18:])
	named := func(s domain.Name) func([]byte) []byte {
		return func(b []byte) []byte { return append(s.AppendWire(b[:18:18]), b[18+n:]...) }
	}
	change("signer above", named(signer.Parent()))
	change("signer the root", named(domain.Root()))
	for _, label := range []string{"www", "0", "plain", "a"} {
		below, _ := signer.Prepend(label)
		change("signer "+label+" below", named(below))
	}
	change("signer elsewhere", named(domain.MustParse("ample.")))
	for _, at := range []int{18 + n, len(rdata) - 1, (18 + n + len(rdata)) / 2} {
		change(fmt.Sprintf("signature octet %d", at), func(b []byte) []byte { b[at] ^= 0x10; return b })
	}
	change("signature shorter", func(b []byte) []byte { return b[:len(b)-1] })
	change("signature longer", func(b []byte) []byte { return append(b, 0) })
	change("signature longer before", func(b []byte) []byte { return append(append(b[:18+n:18+n], 0), b[18+n:]...) })
	change("signature of zeros", func(b []byte) []byte { return append(b[:18+n:18+n], make([]byte, len(b)-18-n)...) })
	change("signature of one octet", func(b []byte) []byte { return b[:18+n+1] })
	return out
}

// Every change of one field of an RRSIG makes the answer that it is needed for
// bogus: never secure, and never insecure.
//
// RFC: 4034.2, 4035.4
func TestMutatedSignatures(t *testing.T) {
	type target struct {
		name string
		t    wire.Type
		// pick is the set of the response whose signature is changed.
		pick func(r *validate.Response) *rrset.Set
	}
	answer := func(r *validate.Response) *rrset.Set { return r.Set }
	proof := func(i int) func(r *validate.Response) *rrset.Set {
		return func(r *validate.Response) *rrset.Set { return &r.Proof[i] }
	}
	targets := []target{
		{"www.z.example.", wire.TypeA, answer},
		{"q.wild.z.example.", wire.TypeTXT, answer},
		{"q.wild.z.example.", wire.TypeTXT, proof(0)},
		{"z.example.", wire.TypeDNSKEY, answer},
		{"secure.z.example.", wire.TypeDS, answer},
		{"alias.z.example.", wire.TypeA, func(r *validate.Response) *rrset.Set { return &r.Chain[0] }},
		{"leaf.tree.z.example.", wire.TypeA, func(r *validate.Response) *rrset.Set { return &r.Chain[0] }},
		{"www.z.example.", wire.TypeMX, proof(0)},
		{"www.z.example.", wire.TypeMX, func(r *validate.Response) *rrset.Set { return r.SOA }},
		{"zz.z.example.", wire.TypeA, proof(0)},
		{"plain.z.example.", wire.TypeDS, proof(0)},
	}
	for _, m := range []mode{{"ECDSAP256SHA256", false, false}, {"ED25519", true, false}, {"RSASHA256", true, false}} {
		for program := range outsiders() {
			t.Run(program+" "+m.String(), func(t *testing.T) {
				w, _ := outsideWorld(t, signOutside(t, program, m))
				for _, tt := range targets {
					r, err := w.ask(name(tt.name), tt.t)
					if err != nil {
						t.Fatal(err)
					}
					judge := func() validate.Verdict {
						p, err := w.judge().Judge(&r, w.now, w, w)
						if err != nil {
							t.Fatal(err)
						}
						return p.Worst()
					}
					if v := judge(); v.Status != validate.Secure {
						t.Fatalf("%s %s: %s", tt.name, tt.t, v.String())
					}
					set := tt.pick(&r)
					good := set.Sigs
					for what, bad := range mutations(good.First()) {
						// All signatures, or another would do.
						set.Sigs = nil
						for rd := range good.All() {
							if string(rd) == string(good.First()) {
								rd = bad
							} else if set.Type == wire.TypeDNSKEY {
								continue
							}
							set.Sigs = set.Sigs.Append(rd)
						}
						clear(w.kept)
						if v := judge(); v.Status != validate.Bogus || v.Reason == validate.None {
							t.Errorf("%s %s, %s %s with %s: %s", tt.name, tt.t, set.Name, set.Type, what, v.String())
						}
					}
					set.Sigs = good
				}
			})
		}
	}
}
