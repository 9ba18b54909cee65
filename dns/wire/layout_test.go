package wire_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/miekg/dns"

	"recursor/dns/wire"
)

// What canonical form does to the names of a type.
type names uint8

const (
	none       names = iota
	kept             // never compressed, case kept
	lowered          // never compressed, lower case
	compressed       // decompressed on receipt, lower case
)

// sample is a record of a type that has a layout. Every name in its RDATA is
// Host.EXAMPLE., so that a test can find it.
type sample struct {
	t     wire.Type
	line  string // the library reads it
	raw   string // or these are the octets
	names names
	open  bool // the RDATA may go on
}

const (
	host     = "\x04Host\x07EXAMPLE\x00"
	hostLow  = "\x04host\x07example\x00"
	times    = "20260131000000 20260101000000"
	key32    = "AwEAAcFcGsaxxdgiuuGmCkVImy4h99CqT7jwY3pexPGcnUFtR2Fh36BponcwtkZ4cAgtvd4Qs8PkxUdp6p/DlUmObdk="
	digest32 = "2BB183AF5F22588179A53B0A98631FAD1A292118"
)

func samples() []sample {
	return []sample{
		{t: wire.TypeA, line: "192.0.2.1"},
		{t: wire.TypeNS, line: "Host.EXAMPLE.", names: compressed},
		{t: wire.TypeMD, line: "Host.EXAMPLE.", names: compressed},
		{t: wire.TypeMF, line: "Host.EXAMPLE.", names: compressed},
		{t: wire.TypeCNAME, line: "Host.EXAMPLE.", names: compressed},
		{t: wire.TypeSOA, line: "Host.EXAMPLE. Host.EXAMPLE. 2026010100 7200 900 1209600 300", names: compressed},
		{t: wire.TypeMB, line: "Host.EXAMPLE.", names: compressed},
		{t: wire.TypeMG, line: "Host.EXAMPLE.", names: compressed},
		{t: wire.TypeMR, line: "Host.EXAMPLE.", names: compressed},
		{t: wire.TypeWKS, raw: "\xc0\x00\x02\x01\x06\x00\x01", open: true},
		{t: wire.TypePTR, line: "Host.EXAMPLE.", names: compressed},
		{t: wire.TypeHINFO, line: `"VAX-11/780" "Unix"`},
		{t: wire.TypeMINFO, line: "Host.EXAMPLE. Host.EXAMPLE.", names: compressed},
		{t: wire.TypeMX, line: "10 Host.EXAMPLE.", names: compressed},
		{t: wire.TypeTXT, line: `"Some Text" "" "more"`, open: true},
		{t: wire.TypeRP, line: "Host.EXAMPLE. Host.EXAMPLE.", names: compressed},
		{t: wire.TypeAFSDB, line: "1 Host.EXAMPLE.", names: compressed},
		{t: wire.TypeX25, line: "311061700956"},
		{t: wire.TypeISDN, line: `"150862028003217" "004"`},
		{t: wire.TypeISDN, raw: "\x03150", open: true},
		{t: wire.TypeRT, line: "10 Host.EXAMPLE.", names: compressed},
		{t: wire.TypeSIG, raw: "\x00\x00\x08\x00\x00\x00\x0e\x10\x69\x7d\x00\x00\x69\x55\x00\x00\x01\x02" + host + "sig", names: compressed, open: true},
		{t: wire.TypeKEY, line: "256 3 8 " + key32, open: true},
		{t: wire.TypePX, line: "50 Host.EXAMPLE. Host.EXAMPLE.", names: compressed},
		{t: wire.TypeAAAA, line: "2001:db8::1"},
		{t: wire.TypeNXT, raw: host + "\x40\x00\x00\x02", names: compressed, open: true},
		{t: wire.TypeSRV, line: "0 5 5060 Host.EXAMPLE.", names: compressed},
		{t: wire.TypeNAPTR, line: `100 10 "S" "SIP+D2U" "" Host.EXAMPLE.`, names: compressed},
		{t: wire.TypeKX, line: "10 Host.EXAMPLE.", names: compressed},
		{t: wire.TypeCERT, line: "1 12345 8 AQIDBA==", open: true},
		{t: wire.TypeDNAME, line: "Host.EXAMPLE.", names: compressed},
		{t: wire.TypeDS, line: "60485 5 1 " + digest32, open: true},
		{t: wire.TypeSSHFP, line: "2 1 123456789abcdef67890123456789abcdef67890", open: true},
		{t: wire.TypeRRSIG, line: "A 5 3 86400 " + times + " 2642 Host.EXAMPLE. " + key32, names: lowered, open: true},
		{t: wire.TypeNSEC, line: "Host.EXAMPLE. A MX RRSIG NSEC TYPE1234", names: kept},
		{t: wire.TypeDNSKEY, line: "256 3 5 " + key32, open: true},
		{t: wire.TypeNSEC3, line: "1 1 12 aabbccdd 2T7B4G4VSA5SMI47K61MV5BV1A22BOJR NS SOA MX RRSIG DNSKEY NSEC3PARAM"},
		{t: wire.TypeNSEC3, line: "1 0 0 - 2T7B4G4VSA5SMI47K61MV5BV1A22BOJR"},
		{t: wire.TypeNSEC3PARAM, line: "1 0 12 aabbccdd"},
		{t: wire.TypeTLSA, line: "3 1 1 d2abde240d7cd3ee6b4b28c54df034b97983a1d16e8a410e4561cb106618e971", open: true},
		{t: wire.TypeSMIMEA, line: "3 1 1 d2abde240d7cd3ee6b4b28c54df034b97983a1d16e8a410e4561cb106618e971", open: true},
		{t: wire.TypeCDS, line: "60485 5 1 " + digest32, open: true},
		{t: wire.TypeCDNSKEY, line: "257 3 13 " + key32, open: true},
		{t: wire.TypeOPENPGPKEY, line: "AQIDBA==", open: true},
		{t: wire.TypeCSYNC, line: "66 3 A NS AAAA"},
		{t: wire.TypeZONEMD, line: "2018031500 1 1 febe3d4ce2ec2ffa4ba99d46cd69d6d29711e55217057bee7eb1a7b641a47ba7fed2dd5b97ae499fafa4f22c6bd647de", open: true},
		{t: wire.TypeSVCB, line: `1 Host.EXAMPLE. alpn="h2,h3" port="853" ipv4hint="192.0.2.1"`, names: kept},
		{t: wire.TypeHTTPS, line: "0 Host.EXAMPLE.", names: kept},
		{t: wire.TypeSPF, line: `"v=spf1 -all"`, open: true},
		{t: wire.TypeNID, line: "10 0014:4fff:ff20:ee64"},
		{t: wire.TypeL32, line: "10 10.1.2.0"},
		{t: wire.TypeL64, line: "10 2001:0DB8:1140:1000"},
		{t: wire.TypeLP, line: "10 Host.EXAMPLE.", names: kept},
		{t: wire.TypeEUI48, line: "00-00-5e-00-53-2a"},
		{t: wire.TypeEUI64, line: "00-00-5e-ef-10-00-00-2a"},
		{t: wire.TypeURI, line: `10 1 "ftp://ftp1.example.com/public"`, open: true},
		{t: wire.TypeCAA, line: `0 issue "ca.example.net"`, open: true},
		{t: wire.TypeRESINFO, line: `"qnamemin" "exterr=15-17"`, open: true},
		{t: wire.TypeDLV, line: "60485 5 1 " + digest32, open: true},
	}
}

// rdata is the sample's RDATA in wire form, as the library packs it.
func (s sample) rdata(tb testing.TB) string {
	tb.Helper()
	if s.line == "" {
		return s.raw
	}
	rr, err := dns.NewRR("owner.test. 3600 IN " + s.t.String() + " " + s.line)
	if err != nil {
		tb.Fatal(err)
	}
	buf := make([]byte, 1000)
	n, err := dns.PackRR(rr, buf, 0, nil, false)
	if err != nil {
		tb.Fatal(err)
	}
	cur := wire.Cursor{Msg: buf[:n]}
	r, err := cur.RR()
	if err != nil || r.Type != s.t {
		tb.Fatalf("%v: type %v, %v", s.t, r.Type, err)
	}
	return string(buf[r.Start:r.End])
}

// record is a message whose question is Host.EXAMPLE. and whose one answer has
// the RDATA.
func record(t wire.Type, rdata string) []byte {
	msg := wire.Header{QD: 1, AN: 1}.Append(nil)
	msg = append(msg, host+"\x00\x01\x00\x01"...)
	msg = append(msg, 0xc0, 12, byte(t>>8), byte(t), 0, 1, 0, 0, 0, 60, byte(len(rdata)>>8), byte(len(rdata)))
	return append(msg, rdata...)
}

// read is the RDATA of the answer of msg, decompressed.
func read(tb testing.TB, msg []byte) ([]byte, error) {
	tb.Helper()
	cur := wire.NewCursor(msg)
	if _, _, err := cur.Question(nil); err != nil {
		tb.Fatal(err)
	}
	rr, err := cur.RR()
	if err != nil {
		tb.Fatal(err)
	}
	return wire.AppendRData([]byte("before"), msg, rr)
}

// Each type's RDATA comes through as the library packs it, whole or not at all.
func TestLayouts(t *testing.T) {
	for _, s := range samples() {
		rdata := s.rdata(t)
		got, err := read(t, record(s.t, rdata))
		if err != nil || string(got) != "before"+rdata {
			t.Errorf("%v: read %q, %v, want %q", s.t, got, err, rdata)
		}
		if err := wire.CheckRData(s.t, []byte(rdata)); err != nil {
			t.Errorf("%v: %v", s.t, err)
		}
		for n := range len(rdata) {
			_, err := read(t, record(s.t, rdata[:n]))
			if check := wire.CheckRData(s.t, []byte(rdata[:n])); (check == nil) != (err == nil) {
				t.Errorf("%v: %d octets of %d: reading says %v, checking %v", s.t, n, len(rdata), err, check)
			}
			if err == nil && !s.open && s.t != wire.TypeNSEC && s.t != wire.TypeNSEC3 && s.t != wire.TypeCSYNC && s.t != wire.TypeSVCB && s.t != wire.TypeISDN {
				t.Errorf("%v: %d octets of %d are taken", s.t, n, len(rdata))
			}
		}
		for _, more := range []string{"\x00", "\xff"} {
			check := wire.CheckRData(s.t, []byte(rdata+more))
			if _, err := read(t, record(s.t, rdata+more)); (check == nil) != (err == nil) || err == nil && !s.open {
				t.Errorf("%v: an octet more: reading says %v, checking %v", s.t, err, check)
			}
		}
	}
}

// Names in the RDATA of the types of RFC 3597 §4 are decompressed; in those of
// others a pointer is an error. Each is lower-cased in canonical form where
// RFC 4034 §6.2 says so, as amended: not in NSEC, but in RRSIG; HINFO has none.
//
// RFC: 3597.2
// RFC: 4034.5
// RFC: 6840.5
func TestNamesInRData(t *testing.T) {
	for _, s := range samples() {
		rdata := s.rdata(t)
		if has := strings.Contains(rdata, host); has != (s.names != none) {
			t.Errorf("%v: a name %t", s.t, has)
		}
		if s.names != none {
			packed := strings.ReplaceAll(rdata, host, "\xc0\x0c")
			got, err := read(t, record(s.t, packed))
			if s.names == compressed && (err != nil || string(got) != "before"+rdata) {
				t.Errorf("%v: decompressed to %q, %v, want %q", s.t, got, err, rdata)
			}
			if s.names != compressed && !errors.Is(err, wire.ErrRData) {
				t.Errorf("%v: a pointer gives %v, want %v", s.t, err, wire.ErrRData)
			}
			if err := wire.CheckRData(s.t, []byte(packed)); !errors.Is(err, wire.ErrRData) {
				t.Errorf("%v: a pointer in uncompressed RDATA gives %v, want %v", s.t, err, wire.ErrRData)
			}
		}
		want := rdata
		if s.names == lowered || s.names == compressed {
			want = strings.ReplaceAll(rdata, host, hostLow)
		}
		got := wire.AppendCanonical([]byte("before"), s.t, []byte(rdata))
		if string(got) != "before"+want {
			t.Errorf("%v: canonical form %q, want %q", s.t, got[6:], want)
		}
		lowerAll := bytes.ReplaceAll([]byte(rdata), []byte(host), []byte(hostLow))
		if same := wire.SameRData(s.t, []byte(rdata), lowerAll); same != (string(lowerAll) == rdata || want != rdata) {
			t.Errorf("%v: RDATA in another case is the same: %t", s.t, same)
		}
	}
}

// RDATA of unknown types is octets: none is an error, none is changed, equality
// is octet by octet.
//
// RFC: 3597.1
// RFC: 3597.4
func TestUnknownTypes(t *testing.T) {
	for _, unknown := range []wire.Type{wire.TypeNULL, wire.TypeTSIG, wire.TypeANY, wire.TypeA6, wire.TypeHIP, 731, 65535} {
		for _, rdata := range []string{"", "\x00", "\xc0\x0c", "ABC\xff", host} {
			got, err := read(t, record(unknown, rdata))
			if err != nil || string(got) != "before"+rdata {
				t.Errorf("%v: %q came through as %q, %v", unknown, rdata, got, err)
			}
			if err := wire.CheckRData(unknown, []byte(rdata)); err != nil {
				t.Errorf("%v: %q: %v", unknown, rdata, err)
			}
			if got := wire.AppendCanonical(nil, unknown, []byte(rdata)); string(got) != rdata {
				t.Errorf("%v: canonical form of %q is %q", unknown, rdata, got)
			}
		}
		if wire.SameRData(unknown, []byte("ABC"), []byte("abc")) || !wire.SameRData(unknown, []byte("ABC"), []byte("ABC")) {
			t.Errorf("%v: equality is not bitwise", unknown)
		}
	}
}

func TestSameRData(t *testing.T) {
	for _, tc := range []struct {
		t    wire.Type
		a, b string
		want bool
	}{
		{wire.TypeMX, "\x00\x41\x01A\x00", "\x00\x41\x01a\x00", true},
		{wire.TypeMX, "\x00\x41\x01A\x00", "\x00\x61\x01a\x00", false}, // preference A is not a
		{wire.TypeMX, "\x00\x41\x01A\x00", "\x00\x41\x01b\x00", false},
		{wire.TypeTXT, "\x01A", "\x01a", false},
		{wire.TypeHINFO, "\x01A\x01B", "\x01a\x01b", false}, // RFC 6840 §5.1
		{wire.TypeA, "abcd", "abc", false},
		{wire.TypeA, "ABCD", "abcd", false},
		{wire.TypeNSEC, "\x01A\x00", "\x01a\x00", false},
		{wire.TypeRRSIG, "\x00\x018\x03\x00\x00\x00\x01\x00\x00\x00\x02\x00\x00\x00\x03\x00\x04\x01A\x00s", "\x00\x018\x03\x00\x00\x00\x01\x00\x00\x00\x02\x00\x00\x00\x03\x00\x04\x01a\x00s", true},
	} {
		if got := wire.SameRData(tc.t, []byte(tc.a), []byte(tc.b)); got != tc.want {
			t.Errorf("%v %q and %q: %t", tc.t, tc.a, tc.b, got)
		}
	}
}

// What the RFCs say of single fields.
func TestRDataFields(t *testing.T) {
	name256 := strings.Repeat("\x3f"+strings.Repeat("a", 63), 3) + "\x3e" + strings.Repeat("a", 62) + "\x00"
	nsec := func(bitmap string) string { return "\x00" + bitmap }
	nsec3 := "\x01\x00\x00\x00"
	for _, tc := range []struct {
		name  string
		t     wire.Type
		rdata string
		ok    bool
	}{
		{"NSEC without types", wire.TypeNSEC, nsec(""), true},
		{"NSEC: half a window", wire.TypeNSEC, nsec("\x00"), false},
		{"NSEC: an empty window", wire.TypeNSEC, nsec("\x00\x00"), false},
		{"NSEC: a window of 32", wire.TypeNSEC, nsec("\x00\x20" + strings.Repeat("\x01", 32)), true},
		{"NSEC: a window of 33", wire.TypeNSEC, nsec("\x00\x21" + strings.Repeat("\x01", 33)), false},
		{"NSEC: windows ascend", wire.TypeNSEC, nsec("\x00\x01\x40\x01\x01\x40"), true},
		{"NSEC: a window twice", wire.TypeNSEC, nsec("\x00\x01\x40\x00\x01\x40"), false},
		{"NSEC: windows descend", wire.TypeNSEC, nsec("\x01\x01\x40\x00\x01\x40"), false},
		{"NSEC: a window beyond the end", wire.TypeNSEC, nsec("\x00\x02\x40"), false},
		{"NSEC3 without salt", wire.TypeNSEC3, nsec3 + "\x00\x01h", true},
		{"NSEC3 without hash", wire.TypeNSEC3, nsec3 + "\x00\x00", false},
		{"NSEC3: salt beyond the end", wire.TypeNSEC3, nsec3 + "\x05salt", false},
		{"NSEC3: no length of the salt", wire.TypeNSEC3, nsec3, false},
		{"TXT without strings", wire.TypeTXT, "", false},
		{"TXT: an empty string", wire.TypeTXT, "\x00", true},
		{"TXT: a string beyond the end", wire.TypeTXT, "\x02a", false},
		{"ISDN: subaddress beyond the end", wire.TypeISDN, "\x01a\x02b", false},
		{"SVCB: keys ascend", wire.TypeSVCB, "\x00\x01\x00\x00\x01\x00\x00\x00\x02\x00\x00", true},
		{"SVCB: a key twice", wire.TypeSVCB, "\x00\x01\x00\x00\x01\x00\x00\x00\x01\x00\x00", false},
		{"SVCB: half a parameter", wire.TypeSVCB, "\x00\x01\x00\x00\x01\x00", false},
		{"SVCB: a value beyond the end", wire.TypeSVCB, "\x00\x01\x00\x00\x01\x00\x02x", false},
		{"URI without target", wire.TypeURI, "\x00\x01\x00\x01", false},
		{"MX: a name of 256", wire.TypeMX, "\x00\x01" + name256, false},
		{"NS: a name of 255", wire.TypeNS, name256[:192] + "\x3d" + strings.Repeat("a", 61) + "\x00", true},
		{"RRSIG: a name of 256", wire.TypeRRSIG, strings.Repeat("\x00", 18) + name256 + "sig", false},
		{"RRSIG: signer without end", wire.TypeRRSIG, strings.Repeat("\x00", 18) + "\x01", false},
		{"RRSIG: label type 01", wire.TypeRRSIG, strings.Repeat("\x00", 18) + "\x40a\x00s", false},
		{"RRSIG without signature", wire.TypeRRSIG, strings.Repeat("\x00", 18) + "\x00", false},
		{"NS: name without end", wire.TypeNS, "\x01a", false},
		{"NS: nothing", wire.TypeNS, "", false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if err := wire.CheckRData(tc.t, []byte(tc.rdata)); (err == nil) != tc.ok {
				t.Errorf("check: %v, want sound %t", err, tc.ok)
			}
			if got, err := read(t, record(tc.t, tc.rdata)); (err == nil) != tc.ok {
				t.Errorf("read %q, %v, want sound %t", got, err, tc.ok)
			}
		})
	}
}

func TestNameAt(t *testing.T) {
	for _, tc := range []struct {
		rdata string
		off   int
		want  string
	}{
		{host, 0, "host.example."},
		{"\x00\x0a" + host, 2, "host.example."},
		{"\x00\x0a\x00", 2, "."},
	} {
		if got, err := wire.NameAt([]byte(tc.rdata), tc.off); err != nil || got.String() != tc.want {
			t.Errorf("%q at %d: %v, %v, want %s", tc.rdata, tc.off, got, err, tc.want)
		}
	}
	for off := range 4 {
		if got, err := wire.NameAt([]byte("\x01a"), off); err == nil {
			t.Errorf("at %d: %v, want an error", off, got)
		}
	}
}

// FuzzRData: reading and checking agree for every type, and canonical form
// changes letters only, and those once.
func FuzzRData(f *testing.F) {
	for _, s := range samples() {
		f.Add(uint16(s.t), []byte(s.rdata(f)))
	}
	f.Fuzz(func(t *testing.T, n uint16, rdata []byte) {
		if len(rdata) > 0xffff {
			return
		}
		typ := wire.Type(n)
		err := wire.CheckRData(typ, rdata)
		got, readErr := read(t, record(typ, string(rdata)))
		canon := wire.AppendCanonical(nil, typ, rdata)
		if !onlyLowered(rdata, canon) {
			t.Fatalf("%v %q: canonical form %q", typ, rdata, canon)
		}
		if err != nil {
			if readErr == nil && string(got[6:]) == string(rdata) {
				t.Fatalf("%v %q: refused, but read without change", typ, rdata)
			}
			return
		}
		if readErr != nil || string(got[6:]) != string(rdata) {
			t.Fatalf("%v %q: read as %q, %v", typ, rdata, got, readErr)
		}
		if again := wire.AppendCanonical(nil, typ, canon); string(again) != string(canon) {
			t.Fatalf("%v %q: canonical form %q becomes %q", typ, rdata, canon, again)
		}
		if !wire.SameRData(typ, rdata, canon) || wire.CheckRData(typ, canon) != nil {
			t.Fatalf("%v %q: not the same as its canonical form %q", typ, rdata, canon)
		}
	})
}

// onlyLowered reports whether b is a but for letters in lower case.
func onlyLowered(a, b []byte) bool {
	for i := range a {
		lower := a[i] >= 'A' && a[i] <= 'Z' && b[i] == a[i]|0x20
		if a[i] != b[i] && !lower {
			return false
		}
	}
	return len(a) == len(b)
}
