package sig_test

import (
	"encoding/base64"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/miekg/dns"

	"recursor/dns/rrset"
	"recursor/dns/wire"
	"recursor/validate/sig"
)

// The tables obey the registries: what must or should be implemented for
// validation is, and what must not be is not. Nothing is in between but what
// MAY be.
//
// RFC: 8624.1, 8624.2, 8624.3, 9906.1, 9558.1
func TestTables(t *testing.T) {
	if _, err := time.Parse(time.DateOnly, sig.TableDate); err != nil {
		t.Error(err)
	}
	var p sig.Policy
	listed := map[sig.Algorithm]bool{}
	for _, i := range sig.Algorithms() {
		listed[i.Algorithm] = true
		if got, want := p.Supports(i.Algorithm), i.Implement >= sig.Recommended; got != want {
			t.Errorf("%s: supported %t, registry %s", i.Name, got, i.Implement)
		}
		if i.Algorithm.String() != i.Name {
			t.Errorf("%d is %q, want %q", i.Algorithm, i.Algorithm, i.Name)
		}
		// The library's mnemonics are the registry's, where it has them.
		if name, ok := dns.AlgorithmToString[uint8(i.Algorithm)]; ok && name != i.Name {
			t.Errorf("%d is %s, the library's %s", i.Algorithm, i.Name, name)
		}
	}
	for a := range 256 {
		if !listed[sig.Algorithm(a)] {
			if p.Supports(sig.Algorithm(a)) {
				t.Errorf("algorithm %d is supported", a)
			}
			if got := sig.Algorithm(a).String(); got != fmt.Sprint(a) {
				t.Errorf("algorithm %d is %q", a, got)
			}
		}
	}
	for _, i := range sig.Digests() {
		if got, want := i.Digest.Supported(), i.Implement >= sig.Recommended; got != want || i.Digest.String() != i.Name {
			t.Errorf("%s (%s): supported %t, registry %s", i.Name, i.Digest, got, i.Implement)
		}
	}
	for d := 7; d < 256; d++ {
		if sig.Digest(d).Supported() || sig.Digest(d).String() != fmt.Sprint(d) {
			t.Errorf("digest %s is supported: %t", sig.Digest(d), sig.Digest(d).Supported())
		}
	}
	for number, want := range map[sig.Algorithm]string{17: "SM2SM3", 23: "ECC-GOST12", 252: "INDIRECT", 253: "PRIVATEDNS", 254: "PRIVATEOID"} {
		if number.String() != want {
			t.Errorf("algorithm %d is %s, want %s", uint8(number), number, want)
		}
	}
	words := map[sig.Need]string{sig.MustNot: "MUST NOT", sig.May: "MAY", sig.Recommended: "RECOMMENDED", sig.Must: "MUST"}
	for need, word := range words {
		if need.String() != word {
			t.Errorf("%d is %q", need, need)
		}
	}
}

// RFC: 9905.1, 9905.2
func TestPolicySwitches(t *testing.T) {
	for name, tt := range map[string]struct {
		policy   sig.Policy
		supports string
	}{
		"default":      {sig.Policy{}, "5 7 8 10 13 14 15 16"},
		"without SHA1": {sig.Policy{RefuseSHA1: true}, "8 10 13 14 15 16"},
		"refused":      {sig.Policy{Refused: []sig.Algorithm{10, 16, 3}}, "5 7 8 13 14 15"},
		"recorded":     {sig.Policy{Recorded: true}, "3 5 6 7 8 10 13 14 15 16"},
	} {
		var got []string
		for a := range 256 {
			if tt.policy.Supports(sig.Algorithm(a)) {
				got = append(got, fmt.Sprint(a))
			}
		}
		if s := strings.Join(got, " "); s != tt.supports {
			t.Errorf("%s: supports %s, want %s", name, s, tt.supports)
		}
	}
	// A delegation whose only DS records are for refused algorithms has none.
	p := sig.Policy{RefuseSHA1: true}
	usable, fault := p.Usable(one(t, "e. DS 1 5 2 00\ne. DS 1 7 2 00").RData)
	if len(usable) != 0 || fault != sig.AlgorithmUnsupported {
		t.Errorf("%d usable, %s", len(usable), fault)
	}
}

// RFC: 4509.1, 6840.3, 8624.2
func TestUsableDS(t *testing.T) {
	for name, tt := range map[string]struct {
		records string
		want    string // digest types left
		fault   sig.Fault
	}{
		"SHA-1 alone":                       {"1 8 1", "1", sig.Sound},
		"SHA-256":                           {"1 8 2", "2", sig.Sound},
		"SHA-384":                           {"1 8 4", "4", sig.Sound},
		"SHA-1 beside SHA-256":              {"1 8 1, 1 8 2", "2", sig.Sound},
		"SHA-1 of another key":              {"1 8 1, 2 13 2", "2", sig.Sound},
		"SHA-1 beside SHA-384":              {"1 8 4, 1 8 1", "4", sig.Sound},
		"SHA-256 and SHA-384":               {"1 8 4, 1 8 2, 1 8 1", "4 2", sig.Sound},
		"SHA-1 beside an unknown digest":    {"1 8 1, 1 8 200", "1", sig.Sound},
		"SHA-1 beside an unknown algorithm": {"1 8 1, 1 200 2", "1", sig.Sound},
		"unknown digest":                    {"1 8 200, 1 8 3", "", sig.DigestUnsupported},
		"unknown algorithm":                 {"1 200 2, 1 12 2", "", sig.AlgorithmUnsupported},
		"unknown both":                      {"1 8 200, 1 200 2", "", sig.AlgorithmUnsupported},
		"known beside unknown":              {"1 200 2, 1 8 200, 1 13 2", "2", sig.Sound},
		"digest 0":                          {"1 8 0", "", sig.DigestUnsupported},
	} {
		var lines []string
		for record := range strings.SplitSeq(tt.records, ", ") {
			lines = append(lines, "e. DS "+record+" 00")
		}
		usable, fault := new(sig.Policy).Usable(one(t, strings.Join(lines, "\n")).RData)
		var got []string
		for _, ds := range usable {
			got = append(got, fmt.Sprint(uint8(ds.Digest)))
		}
		if s := strings.Join(got, " "); s != tt.want || fault != tt.fault {
			t.Errorf("%s: left %q, %s; want %q, %s", name, s, fault, tt.want, tt.fault)
		}
	}
	if usable, fault := new(sig.Policy).Usable(nil); usable != nil || fault != sig.DigestUnsupported {
		t.Errorf("of nothing: %v, %s", usable, fault)
	}
	if _, err := sig.ParseDS([]byte{1, 2, 3}); err == nil {
		t.Error("DS of three octets")
	}
	if usable, _ := new(sig.Policy).Usable(rrset.List(nil).Append([]byte{1}).Append([]byte{0, 1, 8, 2})); len(usable) != 1 {
		t.Errorf("%d usable beside a malformed one", len(usable))
	}
}

// RFC: 4034.4, 4034.1
func TestVouchedBy(t *testing.T) {
	key := generate(t, "example.com.", dns.ECDSAP256SHA256, 256)
	other := generate(t, "example.com.", dns.ED25519, 256)
	small := signer{dns.Copy(key.DNSKEY).(*dns.DNSKEY), nil}
	small.Algorithm, small.PublicKey = dns.RSASHA256, "AwEAAcFcGsaxxdgiuuGmCkVImy4h99CqT7jwY3pexPGcnUFtR2Fh36BponcwtkZ4cAgtvd4Qs8PkxUdp6p/DlUmObdk="
	broken := signer{dns.Copy(key.DNSKEY).(*dns.DNSKEY), nil}
	broken.PublicKey = "AAAA" + broken.PublicKey[4:]
	flags := func(f uint16) signer {
		k := signer{dns.Copy(key.DNSKEY).(*dns.DNSKEY), nil}
		k.Flags = f
		return k
	}
	ds := func(k signer, change ...func(*dns.DS)) string {
		r := k.ToDS(dns.SHA256)
		for _, c := range change {
			c(r)
		}
		return r.String()
	}
	like := func(k signer) signer { // of the same tag
		c := signer{dns.Copy(k.DNSKEY).(*dns.DNSKEY), nil}
		rd := collide(t, one(t, k.DNSKEY.String()).RData.First(), 1)
		c.PublicKey = base64.StdEncoding.EncodeToString(rd[4:])
		return c
	}
	wrong := func(r *dns.DS) { r.Digest = another(r.Digest) }
	short := func(r *dns.DS) { r.Digest = r.Digest[2:] }
	tag := func(r *dns.DS) { r.KeyTag ^= 1 }
	algorithm := func(r *dns.DS) { r.Algorithm = dns.RSASHA256 }

	for name, tt := range map[string]struct {
		keys     []signer
		ds       []string
		want     int
		fault    sig.Fault
		unusable bool
	}{
		"one":                      {[]signer{key, other}, []string{ds(key)}, 1, sig.Sound, false},
		"two":                      {[]signer{key, other}, []string{ds(other), ds(key)}, 2, sig.Sound, false},
		"twice the same":           {[]signer{key}, []string{ds(key), strings.Replace(ds(key), " 2 ", " 2 ", 1), key.ToDS(dns.SHA384).String()}, 1, sig.Sound, false},
		"one of two":               {[]signer{key}, []string{ds(other), ds(key)}, 1, sig.Sound, false},
		"behind one of its tag":    {[]signer{like(key), key}, []string{ds(key)}, 1, sig.Sound, false},
		"another key":              {[]signer{key}, []string{ds(other)}, 0, sig.KeyMissing, false},
		"wrong digest":             {[]signer{key}, []string{ds(key, wrong)}, 0, sig.Mismatch, false},
		"short digest":             {[]signer{key}, []string{ds(key, short)}, 0, sig.Mismatch, false},
		"wrong tag":                {[]signer{key}, []string{ds(key, tag)}, 0, sig.KeyMissing, false},
		"wrong algorithm":          {[]signer{key}, []string{ds(key, algorithm)}, 0, sig.KeyMissing, false},
		"no SEP":                   {[]signer{flags(256)}, []string{ds(flags(256))}, 1, sig.Sound, false},
		"not a zone key":           {[]signer{flags(1)}, []string{ds(flags(1))}, 0, sig.NotZoneKey, false},
		"revoked":                  {[]signer{flags(0x181)}, []string{ds(flags(0x181))}, 0, sig.Revoked, false},
		"malformed":                {[]signer{broken}, []string{ds(broken)}, 0, sig.KeyMalformed, false},
		"small":                    {[]signer{small}, []string{ds(small)}, 0, sig.KeySize, true},
		"small beside none":        {[]signer{small, key}, []string{ds(small), ds(other)}, 0, sig.KeySize, false},
		"small beside a good one":  {[]signer{small, key}, []string{ds(small), ds(key)}, 1, sig.Sound, false},
		"small beside a wrong one": {[]signer{small, key}, []string{ds(small), ds(key, wrong)}, 0, sig.Mismatch, false},
		"a wrong one first":        {[]signer{small, key}, []string{ds(key, wrong), ds(small)}, 0, sig.Mismatch, false},
	} {
		t.Run(name, func(t *testing.T) {
			keys := tt.keys[0].keys(t, new(sig.Policy), tt.keys[1:]...)
			usable, _ := new(sig.Policy).Usable(one(t, strings.Join(tt.ds, "\n")).RData)
			v := keys.VouchedBy(usable)
			if v.Keys.Len() != tt.want || v.Fault != tt.fault || v.Unusable != tt.unusable {
				t.Errorf("%d keys, %s, unusable %t; want %d, %s, %t", v.Keys.Len(), v.Fault, v.Unusable, tt.want, tt.fault, tt.unusable)
			}
		})
	}
}

// At most eight DS records are looked at, and what lies behind them is never
// taken for unusable.
//
// RFC: X.1
func TestManyDS(t *testing.T) {
	key := generate(t, "example.com.", dns.ED25519, 256)
	good := one(t, key.ToDS(dns.SHA256).String()).RData.First()
	for n, want := range map[int]int{7: 1, 8: 0} {
		var list rrset.List
		for i := range n {
			bad := append([]byte(nil), good...)
			bad[4], bad[5] = byte(i), 0
			list = list.Append(bad)
		}
		usable, _ := new(sig.Policy).Usable(list.Append(good))
		v := key.keys(t, new(sig.Policy)).VouchedBy(usable)
		if v.Keys.Len() != want || v.Unusable {
			t.Errorf("behind %d others: %d keys, unusable %t", n, v.Keys.Len(), v.Unusable)
		}
	}
	for n, want := range map[int]int{1: 1, 2: 0} {
		var list rrset.List
		for i := range n {
			bad := append([]byte(nil), good...)
			bad[4], bad[5] = byte(i), 0
			list = list.Append(bad)
		}
		two := &sig.Policy{DS: 2}
		usable, _ := two.Usable(list.Append(good))
		if v := key.keys(t, two).VouchedBy(usable); v.Keys.Len() != want || v.Unusable {
			t.Errorf("where two are looked at, behind %d others: %d keys, unusable %t", n, v.Keys.Len(), v.Unusable)
		}
	}
	// Eight DS of keys beyond our limits lead nowhere; of nine, one may.
	small := signer{dns.Copy(key.DNSKEY).(*dns.DNSKEY), nil}
	small.Algorithm, small.PublicKey = dns.RSASHA256, "AwEAAcFcGsaxxdgiuuGmCkVImy4h99CqT7jwY3pexPGcnUFtR2Fh36BponcwtkZ4cAgtvd4Qs8PkxUdp6p/DlUmObdk="
	ds, _ := sig.ParseDS(one(t, small.ToDS(dns.SHA256).String()).RData.First())
	for n, want := range map[int]bool{1: true, 8: true, 9: false} {
		records := make([]sig.DS, n)
		for i := range records {
			records[i] = ds
		}
		if v := small.keys(t, new(sig.Policy)).VouchedBy(records); v.Unusable != want {
			t.Errorf("%d records: unusable %t", n, v.Unusable)
		}
	}
}

func TestHolding(t *testing.T) {
	key := generate(t, "example.com.", dns.ED25519, 256)
	other := generate(t, "example.com.", dns.ED25519, 256)
	revoked := signer{dns.Copy(other.DNSKEY).(*dns.DNSKEY), nil}
	revoked.Flags |= dns.REVOKE
	keys := key.keys(t, new(sig.Policy), other, revoked)
	for name, tt := range map[string]struct {
		lines string
		want  int
	}{
		"one":     {key.String(), 1},
		"both":    {other.String() + "\n" + key.String(), 2},
		"other":   {generate(t, "example.com.", dns.ED25519, 256).String(), 0},
		"revoked": {revoked.String(), 0},
	} {
		if held := keys.Holding(one(t, tt.lines).RData); held.Len() != tt.want || held.Zone != keys.Zone {
			t.Errorf("%s: %d keys, want %d", name, held.Len(), tt.want)
		}
	}
}

func TestKeyRecords(t *testing.T) {
	if _, err := sig.ParseKey([]byte{1, 0, 3}); err == nil {
		t.Error("DNSKEY of three octets")
	}
	keys := sig.NewKeys(one(t, www).Name, rrset.List(nil).Append([]byte{1}).Append([]byte{1, 1, 3, 15}), new(sig.Policy))
	if keys.Len() != 1 || !keys.All()[0].SEP() || string(keys.All()[0].RData()) != "\x01\x01\x03\x0f" {
		t.Errorf("%d keys", keys.Len())
	}
	for f := sig.Sound; f <= sig.Spent; f++ {
		if s := f.String(); s == "" || s == "unknown fault" {
			t.Errorf("fault %d is %q", f, s)
		}
	}
	if s := (sig.Spent + 1).String(); s != "unknown fault" {
		t.Errorf("no fault is %q", s)
	}
	if sig.DigestOf(sig.GOST94, keys.Zone, nil) != nil {
		t.Error("digest of an unsupported function")
	}
	ds := sig.DS{Digest: 200}
	if ds.Vouches(keys.Zone, &keys.All()[0]) {
		t.Error("a DS of an unknown digest vouches")
	}
}

// Public keys of the wrong length or off the curve are malformed, and no octet
// of them makes anything panic.
//
// RFC: 6605.1, 8080.1
func TestMalformedPublicKeys(t *testing.T) {
	for _, algorithm := range []uint8{dns.ECDSAP256SHA256, dns.ECDSAP384SHA384, dns.ED25519} {
		key := generate(t, "example.com.", algorithm, map[uint8]int{dns.ECDSAP384SHA384: 384}[algorithm]|256)
		set := key.sign(t, www, nil)
		rd := one(t, key.String()).RData.First()
		for name, public := range map[string][]byte{
			"none":  nil,
			"short": rd[4 : len(rd)-1],
			"long":  append(rd[4:len(rd):len(rd)], 0),
			"zero":  make([]byte, len(rd)-4),
		} {
			bad := append([]byte{1, 1, 3, algorithm}, public...)
			s := edit(set, func(b []byte) []byte { b[16], b[17] = byte(sig.Tag(bad)>>8), byte(sig.Tag(bad)); return b })
			r := sig.Verify(s, sig.NewKeys(set.Name.Parent(), rrset.List(nil).Append(bad), new(sig.Policy)), middle(), new(work))
			if name == "zero" && algorithm == dns.ED25519 {
				continue // a point of small order is one all the same
			}
			if r.Fault != sig.KeyMalformed {
				t.Errorf("%s, %s: %s", dns.AlgorithmToString[algorithm], name, r.Fault)
			}
		}
	}
	for _, a := range []sig.Algorithm{sig.Ed448, sig.RSASHA256} {
		rd := []byte{1, 1, 3, byte(a), 1, 2}
		set := one(t, www)
		set.Sigs = set.Sigs.Append(append([]byte{0, 1, byte(a), 3, 0, 0, 1, 44, 0x6b, 0x49, 0xd2, 0, 0x65, 0x53, 0xf1, 0, byte(sig.Tag(rd) >> 8), byte(sig.Tag(rd))},
			append(set.Name.Parent().AppendWire(nil), 1, 2, 3)...))
		r := sig.Verify(set, sig.NewKeys(set.Name.Parent(), rrset.List(nil).Append(rd), new(sig.Policy)), middle(), new(work))
		if r.Fault != sig.KeyMalformed || set.Type != wire.TypeA {
			t.Errorf("%s: %s", a, r.Fault)
		}
	}
}

// RFC: 5011.2
func TestRevokes(t *testing.T) {
	revoked := generate(t, "example.com.", dns.ED25519, 256)
	revoked.Flags |= dns.REVOKE
	other := generate(t, "example.com.", dns.ED25519, 256)
	lines := revoked.String() + "\n" + other.String()
	set := func(by signer) *rrset.Set { return by.sign(t, lines, nil) }
	keyOf := func(s signer) *sig.Key {
		k, err := sig.ParseKey(one(t, s.String()).RData.First())
		if err != nil {
			t.Fatal(err)
		}
		return &k
	}
	p := new(sig.Policy)
	if !sig.Revokes(set(revoked), keyOf(revoked), p, middle(), new(work)) {
		t.Error("signed by itself: not revoked")
	}
	if sig.Revokes(set(other), keyOf(revoked), p, middle(), new(work)) {
		t.Error("signed by another: revoked")
	}
	if sig.Revokes(set(other), keyOf(other), p, middle(), new(work)) {
		t.Error("without the flag: revoked")
	}
	if sig.Revokes(revoked.sign(t, www, nil), keyOf(revoked), p, middle(), new(work)) {
		t.Error("by an RRset of another type: revoked")
	}
	if sig.Revokes(set(revoked), keyOf(revoked), p, sig.Window{Now: time.Unix(expiration+1, 0)}, new(work)) {
		t.Error("by a signature that expired: revoked")
	}
	// It verifies nothing else, not even the same set.
	k := revoked.keys(t, p, other)
	sig.Revokes(set(revoked), &k.All()[0], p, middle(), new(work))
	if r := sig.Verify(set(revoked), k, middle(), new(work)); r.Fault != sig.Revoked {
		t.Errorf("by a revoked key: %s", r.Fault)
	}
}

// another is a digest that differs in its first octet.
func another(digest string) string {
	if strings.HasPrefix(digest, "00") {
		return "01" + digest[2:]
	}
	return "00" + digest[2:]
}
