package wire_test

import (
	"errors"
	"math/rand/v2"
	"testing"

	"github.com/miekg/dns"

	"recursor/dns/wire"
)

// Each bit means what it means to the library.
func TestHeader(t *testing.T) {
	for bit := range 16 {
		h := wire.Header{ID: 0x1234, Flags: 1 << bit}
		msg := h.Append([]byte(nil))
		var m dns.Msg
		if err := m.Unpack(msg); err != nil {
			t.Fatal(err)
		}
		f := h.Flags
		if f.Has(wire.FlagQR) != m.Response || f.Has(wire.FlagAA) != m.Authoritative || f.Has(wire.FlagTC) != m.Truncated ||
			f.Has(wire.FlagRD) != m.RecursionDesired || f.Has(wire.FlagRA) != m.RecursionAvailable || f.Has(wire.FlagZ) != m.Zero ||
			f.Has(wire.FlagAD) != m.AuthenticatedData || f.Has(wire.FlagCD) != m.CheckingDisabled ||
			int(f.Opcode()) != m.Opcode || int(f.RCode()) != m.Rcode || m.Id != 0x1234 {
			t.Errorf("bit %d: we read %04x, the library %+v", bit, f, m.MsgHdr)
		}
	}
	h := wire.Header{ID: 1, Flags: 0x8180, QD: 2, AN: 3, NS: 4, AR: 0xfffe}
	msg := h.Append(nil)
	if string(msg) != "\x00\x01\x81\x80\x00\x02\x00\x03\x00\x04\xff\xfe" {
		t.Errorf("written as %x", msg)
	}
	if got, err := wire.ParseHeader(msg); err != nil || got != h {
		t.Errorf("read as %+v, %v", got, err)
	}
	for n := range wire.HeaderLen {
		if _, err := wire.ParseHeader(msg[:n]); !errors.Is(err, wire.ErrShort) {
			t.Errorf("%d octets: %v", n, err)
		}
	}
	wire.SetID(msg, 0xabcd)
	wire.SetFlags(msg, 0x0120)
	if got, _ := wire.ParseHeader(msg); got != (wire.Header{ID: 0xabcd, Flags: 0x0120, QD: 2, AN: 3, NS: 4, AR: 0xfffe}) {
		t.Errorf("patched to %+v", got)
	}
}

func TestFlags(t *testing.T) {
	for op := range 16 {
		f := wire.Flags(0xffff).WithOpcode(wire.Opcode(op))
		if int(f.Opcode()) != op || f|0x7800 != 0xffff {
			t.Errorf("opcode %d: %04x", op, f)
		}
	}
	for rc := range 4096 { // the upper bits are the OPT's
		f := wire.Flags(0xffff).WithRCode(wire.RCode(rc))
		if int(f.RCode()) != rc&0xf || f|0xf != 0xffff {
			t.Errorf("RCODE %d: %04x", rc, f)
		}
	}
	if !wire.Flags(0x0030).Has(wire.FlagAD|wire.FlagCD) || wire.Flags(0x0020).Has(wire.FlagAD|wire.FlagCD) {
		t.Error("Has is not all of them")
	}
}

func TestMnemonics(t *testing.T) {
	for n, want := range map[wire.Type]string{
		0: "TYPE0", 1: "A", 28: "AAAA", 41: "OPT", 46: "RRSIG", 48: "DNSKEY", 53: "SMIMEA", 54: "TYPE54", 55: "HIP",
		65: "HTTPS", 99: "SPF", 110: "TYPE110", 128: "NXNAME", 249: "TKEY", 255: "ANY", 256: "URI", 264: "IPN",
		265: "TYPE265", 32768: "TA", 32769: "DLV", 32770: "TYPE32770", 65535: "TYPE65535",
	} {
		if got := n.String(); got != want {
			t.Errorf("type %d is %s, want %s", uint16(n), got, want)
		}
		got, ok := wire.TypeOf(want)
		if known := want[:min(4, len(want))] != "TYPE"; ok != known || ok && got != n {
			t.Errorf("%s is type %d, %t", want, uint16(got), ok)
		}
	}
	if _, ok := wire.TypeOf(""); ok {
		t.Error("the empty mnemonic names a type")
	}
	for n, want := range map[wire.Class]string{1: "IN", 3: "CH", 4: "HS", 254: "NONE", 255: "ANY", 0: "CLASS0", 32: "CLASS32"} {
		if got := n.String(); got != want {
			t.Errorf("class %d is %s, want %s", uint16(n), got, want)
		}
	}
	for n, want := range map[wire.RCode]string{0: "NOERROR", 2: "SERVFAIL", 3: "NXDOMAIN", 12: "RCODE12", 16: "BADVERS", 23: "BADCOOKIE", 24: "RCODE24", 4095: "RCODE4095"} {
		if got := n.String(); got != want {
			t.Errorf("RCODE %d is %s, want %s", uint16(n), got, want)
		}
	}
	for n, want := range map[wire.Opcode]string{0: "QUERY", 1: "IQUERY", 2: "STATUS", 3: "OPCODE3", 4: "NOTIFY", 5: "UPDATE", 6: "DSO", 15: "OPCODE15"} {
		if got := n.String(); got != want {
			t.Errorf("opcode %d is %s, want %s", uint8(n), got, want)
		}
	}
}

func TestIsMeta(t *testing.T) {
	for n := range 1 << 16 {
		want := n == 0 || n == 41 || n >= 128 && n <= 255
		if got := wire.Type(n).IsMeta(); got != want {
			t.Errorf("type %d: meta %t", n, got)
		}
	}
}

// RFC: 6891.1
// RFC: 6891.2
func TestNoteOPT(t *testing.T) {
	fixed := "\x00\x29\x04\xd0\x01\x00\x80\x00\x00\x04\xfd\xe9\x00\x00"
	for _, tc := range []struct {
		name    string
		records string
		section wire.Section
		want    wire.OPT
	}{
		{"sound", "\x00" + fixed, wire.Additional, wire.OPT{Count: 1, RootOwner: true}},
		{"in the answer", "\x00" + fixed, wire.Answer, wire.OPT{Count: 1, RootOwner: true, Misplaced: true}},
		{"in the authority", "\x00" + fixed, wire.Authority, wire.OPT{Count: 1, RootOwner: true, Misplaced: true}},
		{"another owner", "\x01a\x00" + fixed, wire.Additional, wire.OPT{Count: 1}},
		{"a pointer to the root", "\xc0\x05" + fixed, wire.Additional, wire.OPT{Count: 1}},
		{"two", "\x00" + fixed + "\x00\x00\x29\x02\x00\x00\x00\x00\x00\x00\x00", wire.Additional, wire.OPT{Count: 2, RootOwner: true}},
	} {
		msg := append(make([]byte, wire.HeaderLen), tc.records...)
		var o wire.OPT
		for cur := wire.NewCursor(msg); cur.Off < len(msg); {
			rr, err := cur.RR()
			if err != nil {
				t.Fatal(err)
			}
			o.Note(msg, rr, tc.section)
		}
		// Payload, flags and options are those of the first.
		if o.Count != tc.want.Count || o.RootOwner != tc.want.RootOwner || o.Misplaced != tc.want.Misplaced ||
			o.Payload != 1232 || o.TTL != 0x01008000 || string(o.RData) != "\xfd\xe9\x00\x00" || cap(o.RData) != 4 {
			t.Errorf("%s: %+v", tc.name, o)
		}
	}
}

// RFC: 1982.1
func TestSerialLess(t *testing.T) {
	for _, tc := range []struct {
		a, b          uint32
		less, defined bool
	}{
		{0, 0, false, true},
		{0, 1, true, true},
		{1, 0, false, true},
		{0, 44, true, true}, // RFC 1982 §5.2 has these, of 8 bits
		{0, 100, true, true},
		{44, 100, true, true},
		{100, 200, true, true},
		{0xffffffff, 0, true, true}, // over the end of the circle
		{0, 0xffffffff, false, true},
		{0xfffffff0, 10, true, true},
		{0, 0x7fffffff, true, true},
		{0x7fffffff, 0, false, true},
		{0, 0x80000000, false, false}, // half the circle: no answer
		{0x80000000, 0, false, false},
		{1, 0x80000001, false, false},
		{0, 0x80000001, false, true},
		{0x80000001, 0, true, true},
	} {
		if less, defined := wire.SerialLess(tc.a, tc.b); less != tc.less || defined != tc.defined {
			t.Errorf("%#x < %#x: %t, defined %t", tc.a, tc.b, less, defined)
		}
	}
	// RFC 1982 §3.2, word for word, over random pairs.
	rng := rand.New(rand.NewPCG(1, 2))
	for range 10000 {
		a, b := int64(rng.Uint32()), int64(rng.Uint32())
		want := a < b && b-a < 1<<31 || a > b && a-b > 1<<31
		less, defined := wire.SerialLess(uint32(a), uint32(b))
		if undefined := a-b == 1<<31 || b-a == 1<<31; less != want || defined == undefined {
			t.Fatalf("%#x < %#x: %t, defined %t", a, b, less, defined)
		}
	}
}
