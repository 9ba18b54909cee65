package edns_test

import (
	"encoding/hex"
	"testing"

	"github.com/miekg/dns"

	"recursor/dns/edns"
	"recursor/dns/wire"
)

func TestAppendOPT(t *testing.T) {
	for _, tc := range []struct {
		name string
		opt  edns.OPT
		want string
	}{
		{"plain", edns.OPT{Payload: 1232}, "00 0029 04d0 00000000 0000"},
		{"DO", edns.OPT{Payload: 1232, DO: true}, "00 0029 04d0 00008000 0000"},
		{"CO", edns.OPT{Payload: 1232, CO: true}, "00 0029 04d0 00004000 0000"},
		{"BADVERS", edns.OPT{Payload: 512, RCodeHigh: edns.High(wire.BadVers)}, "00 0029 0200 01000000 0000"},
		{"version", edns.OPT{Payload: 512, Version: 1}, "00 0029 0200 00010000 0000"},
		{
			"options",
			edns.OPT{Payload: 512, Options: []edns.Option{{edns.NSID, nil}, {65001, []byte{1, 2}}}},
			"00 0029 0200 00000000 000a 0003 0000 fde9 0002 0102",
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			want := unhex(t, tc.want)
			got := tc.opt.Append([]byte("before"))
			if string(got) != "before"+string(want) {
				t.Errorf("got %x, want %x", got, want)
			}
			if n := tc.opt.Len(); n != len(want) {
				t.Errorf("Len %d, want %d", n, len(want))
			}
		})
	}
}

// unhex reads hexadecimal with blanks.
func unhex(t *testing.T, s string) []byte {
	t.Helper()
	var digits []byte
	for _, c := range []byte(s) {
		if c != ' ' {
			digits = append(digits, c)
		}
	}
	b, err := hex.DecodeString(string(digits))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// No RDATA is longer than its length field can say.
func TestAppendOPTBounded(t *testing.T) {
	big := make([]byte, 65531-4)
	for _, tc := range []struct {
		name    string
		options []edns.Option
		rdata   int
	}{
		{"one that just fits", []edns.Option{{edns.Padding, make([]byte, 65531)}}, 65535},
		{"one too long", []edns.Option{{edns.Padding, make([]byte, 65532)}}, 0},
		{"two that just fit", []edns.Option{{edns.Padding, big}, {edns.NSID, nil}}, 65535},
		{"second does not fit", []edns.Option{{edns.Padding, big}, {edns.NSID, []byte{1}}}, 65531},
		{"nothing after the first left off", []edns.Option{{edns.Padding, big}, {edns.NSID, []byte{1}}, {edns.NSID, nil}}, 65531},
	} {
		t.Run(tc.name, func(t *testing.T) {
			o := edns.OPT{Payload: 512, Options: tc.options}
			got := o.Append(nil)
			if len(got) != 11+tc.rdata || o.Len() != len(got) {
				t.Errorf("%d octets and Len %d, want %d", len(got), o.Len(), 11+tc.rdata)
			}
			if field := int(got[9])<<8 | int(got[10]); field != tc.rdata {
				t.Errorf("RDLENGTH %d, want %d", field, tc.rdata)
			}
		})
	}
}

// The library reads our OPT as we meant it.
func TestAppendOPTAgainstLibrary(t *testing.T) {
	o := edns.OPT{Payload: 1400, RCodeHigh: 1, DO: true, CO: true, Options: []edns.Option{
		{edns.Cookie, unhex(t, "2464c4abcf10c957 010000005cf79f11 1f8130c3eee29480")},
		{65001, []byte("local")},
	}}
	msg := wire.Header{ID: 1, Flags: wire.FlagQR, AR: 1}.Append(nil)
	msg = o.Append(msg)
	var m dns.Msg
	if err := m.Unpack(msg); err != nil {
		t.Fatal(err)
	}
	got := m.IsEdns0()
	if got == nil {
		t.Fatal("the library sees no OPT")
	}
	if got.UDPSize() != 1400 || !got.Do() || !got.Co() || got.Version() != 0 || m.Rcode != 16 || len(got.Option) != 2 {
		t.Errorf("the library reads %v, RCODE %d", got, m.Rcode)
	}
	if c := got.Option[0].(*dns.EDNS0_COOKIE).Cookie; c != "2464c4abcf10c957010000005cf79f111f8130c3eee29480" {
		t.Errorf("cookie %s", c)
	}
	if d := got.Option[1].(*dns.EDNS0_LOCAL).Data; string(d) != "local" {
		t.Errorf("local option %q", d)
	}
}

func TestAppendOPTAllocatesNothing(t *testing.T) {
	buf := make([]byte, 0, 512)
	client := edns.ClientCookie{1, 2, 3, 4, 5, 6, 7, 8}
	var server [16]byte
	allocs := testing.AllocsPerRun(100, func() {
		var data [40]byte
		options := [1]edns.Option{{edns.Cookie, edns.AppendCookie(data[:0], client, server[:])}}
		buf = edns.OPT{Payload: 1232, DO: true, Options: options[:]}.Append(buf[:0])
	})
	if allocs != 0 || len(buf) != 11+4+24 {
		t.Errorf("%v allocations for %d octets, want none for 39", allocs, len(buf))
	}
}
