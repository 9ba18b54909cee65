package edns_test

import (
	"errors"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"recursor/dns/domain"
	"recursor/dns/ede"
	"recursor/dns/edns"
	"recursor/dns/wire"
)

// wantBad checks that err blames the option and would be answered FORMERR.
func wantBad(t *testing.T, err error, code edns.Code) {
	t.Helper()
	var e *edns.Error
	if !errors.As(err, &e) || e.Kind != edns.BadOption || e.Code != code || e.RCode() != wire.FormErr {
		t.Errorf("error %v, want %v malformed", err, code)
	}
}

// The lengths of RFC 7873 §5.2.2: 8 and 16 to 40.
//
// RFC: 7873.1
func TestCookie(t *testing.T) {
	whole := unhex(t, "2464c4abcf10c957 010000005cf79f11 1f8130c3eee29480") // RFC 9018 A.1
	long := append(slices.Clone(whole), whole...)
	for n := range 49 {
		data := long[:n]
		client, server, err := edns.ParseCookie(data)
		if n != 8 && (n < 16 || n > 40) {
			wantBad(t, err, edns.Cookie)
			continue
		}
		if err != nil {
			t.Errorf("%d octets: %v", n, err)
			continue
		}
		if string(client[:]) != string(data[:8]) || string(server) != string(data[8:]) || (server == nil) != (n == 8) {
			t.Errorf("%d octets: client %x server %x", n, client, server)
		}
		if got := edns.AppendCookie(nil, client, server); string(got) != string(data) {
			t.Errorf("%d octets came back as %x", n, got)
		}
	}
}

// RFC: 7871.3
func TestECS(t *testing.T) {
	for _, tc := range []struct {
		name string
		hex  string
		want edns.Subnet
	}{
		{"RFC 7871 §A step 5", "0002 38 00 20010db8fd1342", edns.Subnet{Prefix: netip.MustParsePrefix("2001:db8:fd13:4200::/56")}},
		{"RFC 7871 §A step 8", "0002 38 30 20010db8fd1342", edns.Subnet{Prefix: netip.MustParsePrefix("2001:db8:fd13:4200::/56"), Scope: 48}},
		{"a /24", "0001 18 00 c00002", edns.Subnet{Prefix: netip.MustParsePrefix("192.0.2.0/24")}},
		{"a /25", "0001 19 00 c0000280", edns.Subnet{Prefix: netip.MustParsePrefix("192.0.2.128/25")}},
		{"a /32 with scope", "0001 20 18 c0000201", edns.Subnet{Prefix: netip.MustParsePrefix("192.0.2.1/32"), Scope: 24}},
		{"a /1", "0001 01 00 80", edns.Subnet{Prefix: netip.MustParsePrefix("128.0.0.0/1")}},
		{"source 0", "0001 00 00", edns.Subnet{Prefix: netip.MustParsePrefix("0.0.0.0/0")}},
		{"source 0, scope 32", "0001 00 20", edns.Subnet{Prefix: netip.MustParsePrefix("0.0.0.0/0"), Scope: 32}},
		{"source 0 of IPv6", "0002 00 00", edns.Subnet{Prefix: netip.MustParsePrefix("::/0")}},
		{"a /128", "0002 80 80 20010db8000000000000000000000001", edns.Subnet{Prefix: netip.MustParsePrefix("2001:db8::1/128"), Scope: 128}},
		{"family 0", "0000 00 00", edns.Subnet{}},
		{"an IPv4 address in IPv6", "0002 80 00 00000000000000000000ffffc0000201", edns.Subnet{Prefix: netip.PrefixFrom(netip.MustParseAddr("::ffff:192.0.2.1"), 128)}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			data := unhex(t, tc.hex)
			got, err := edns.ParseECS(data)
			if err != nil || got != tc.want {
				t.Errorf("got %v, %v, want %v", got, err, tc.want)
			}
			if back := edns.AppendECS(nil, got); string(back) != string(data) {
				t.Errorf("came back as %x, want %x", back, data)
			}
		})
	}
	for _, tc := range []struct{ name, hex string }{
		{"empty", ""},
		{"three octets", "0001 18"},
		{"address too short", "0001 18 00 c000"},
		{"address too long", "0001 18 00 c0000200"},
		{"address with source 0", "0001 00 00 00"},
		{"a bit beyond /23", "0001 17 00 c00003"},
		{"a bit beyond /25", "0001 19 00 c00002c0"},
		{"a bit beyond /1", "0001 01 00 c0"},
		{"source beyond IPv4", "0001 21 00 c000020100"},
		{"scope beyond IPv4", "0001 18 21 c00002"},
		{"source beyond IPv6", "0002 81 00 20010db800000000000000000000000100"},
		{"scope beyond IPv6", "0002 38 81 20010db8fd1342"},
		{"unknown family", "0003 08 00 ff"},
		{"unknown family without address", "0003 00 00"},
		{"family 0 with source", "0000 08 00 ff"},
		{"family 0 with scope", "0000 00 01"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, err := edns.ParseECS(unhex(t, tc.hex))
			wantBad(t, err, edns.ECS)
		})
	}
}

// Only the bits of the prefix leave the house.
func TestAppendECSMasks(t *testing.T) {
	for prefix, want := range map[string]string{
		"192.0.2.77/24":            "0001 18 00 c00002",
		"192.0.2.255/25":           "0001 19 00 c0000280",
		"2001:db8:ffff:ffff::1/33": "0002 21 00 20010db880",
	} {
		if got := edns.AppendECS(nil, edns.Subnet{Prefix: netip.MustParsePrefix(prefix)}); string(got) != string(unhex(t, want)) {
			t.Errorf("%s: %x, want %s", prefix, got, want)
		}
	}
}

func TestKeepalive(t *testing.T) {
	for _, tc := range []struct {
		hex     string
		timeout time.Duration
		given   bool
	}{
		{"", 0, false},
		{"0000", 0, true},
		{"0001", 100 * time.Millisecond, true},
		{"012c", 30 * time.Second, true},
		{"ffff", 6553500 * time.Millisecond, true},
	} {
		timeout, given, err := edns.ParseKeepalive(unhex(t, tc.hex))
		if err != nil || timeout != tc.timeout || given != tc.given {
			t.Errorf("%q: %v %t %v, want %v %t", tc.hex, timeout, given, err, tc.timeout, tc.given)
		}
		if !tc.given {
			continue
		}
		if back := edns.AppendKeepalive(nil, timeout); string(back) != string(unhex(t, tc.hex)) {
			t.Errorf("%q came back as %x", tc.hex, back)
		}
	}
	for _, bad := range []string{"00", "000000", "00000000"} {
		_, _, err := edns.ParseKeepalive(unhex(t, bad))
		wantBad(t, err, edns.Keepalive)
	}
	for d, want := range map[time.Duration]string{
		-time.Second:             "0000",
		99 * time.Millisecond:    "0000",
		250 * time.Millisecond:   "0002",
		3 * time.Hour:            "ffff",
		time.Duration(1<<63 - 1): "ffff",
	} {
		if got := edns.AppendKeepalive(nil, d); string(got) != string(unhex(t, want)) {
			t.Errorf("%v: %x, want %s", d, got, want)
		}
	}
}

func TestPadding(t *testing.T) {
	if got := edns.AppendPadding([]byte("x"), 3); string(got) != "x\x00\x00\x00" {
		t.Errorf("padding %q", got)
	}
	if got := edns.AppendPadding(nil, -1); len(got) != 0 {
		t.Errorf("padding of -1: %q", got)
	}
	for _, tc := range []struct {
		length, block, limit int
		want                 int
		ok                   bool
	}{
		{100, 468, 1232, 364, true}, // 100 + 4 + 364
		{464, 468, 1232, 0, true},
		{465, 468, 1232, 467, true},
		{464 + 468, 468, 1232, 0, true},
		{937, 468, 1232, 291, true}, // 1404 would be beyond the limit
		{1228, 468, 1232, 0, true},
		{1229, 468, 1232, 0, false},
		{30, 128, 65535, 94, true},
	} {
		n, ok := edns.PaddingLen(tc.length, tc.block, tc.limit)
		if n != tc.want || ok != tc.ok {
			t.Errorf("PaddingLen(%d, %d, %d) = %d %t, want %d %t", tc.length, tc.block, tc.limit, n, ok, tc.want, tc.ok)
		}
	}
}

// The length of the text is the option's, not what a NUL says.
//
// RFC: 8914.1
func TestEDE(t *testing.T) {
	for _, tc := range []struct {
		name string
		data string
		want ede.Note
	}{
		{"code alone", "\x00\x07", ede.Note{Code: ede.SignatureExpired}},
		{"with text", "\x00\x16no address of ns1.example. answers", ede.Note{Code: ede.NoReachableAuthority, Text: "no address of ns1.example. answers"}},
		{"with a final NUL", "\x00\x00abc\x00", ede.Note{Text: "abc"}},
		{"NUL within", "\x00\x00a\x00b", ede.Note{Text: "a\uFFFDb"}},
		{"UTF-8", "\x00\x0fgesperrt für Zürich", ede.Note{Code: ede.Blocked, Text: "gesperrt für Zürich"}},
		{"not UTF-8", "\x00\x00a\xffb", ede.Note{Text: "a\uFFFDb"}},
		{"new line and escape", "\x00\x00a\nb\x1b[2J", ede.Note{Text: "a\uFFFDb\uFFFD[2J"}},
		{"unknown code", "\xc0\x00x", ede.Note{Code: 49152, Text: "x"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, err := edns.ParseEDE([]byte(tc.data))
			if err != nil || got != tc.want {
				t.Errorf("got %+v, %v, want %+v", got, err, tc.want)
			}
			if again, err := edns.ParseEDE(edns.AppendEDE(nil, got)); err != nil || again != got {
				t.Errorf("came back as %+v, %v", again, err)
			}
		})
	}
	for _, bad := range []string{"", "\x00"} {
		_, err := edns.ParseEDE([]byte(bad))
		wantBad(t, err, edns.EDE)
	}
	if got := edns.AppendEDE(nil, ede.Note{Code: ede.DNSSECBogus, Text: "why"}); string(got) != "\x00\x06why" {
		t.Errorf("EDE 6 is sent as %q", got)
	}
}

func TestReportChannel(t *testing.T) {
	agent := domain.MustParse("agent.example.")
	data := edns.AppendReportChannel(nil, agent)
	if string(data) != "\x05agent\x07example\x00" {
		t.Errorf("sent as %q", data)
	}
	if got, err := edns.ParseReportChannel(data); err != nil || got != agent {
		t.Errorf("read %v, %v", got, err)
	}
	for _, bad := range []string{"", "\x05agent", "\x05agent\x00\x00", "\xc0\x00", strings.Repeat("\x01a", 128) + "\x00"} {
		_, err := edns.ParseReportChannel([]byte(bad))
		wantBad(t, err, edns.ReportChannel)
	}
}

func TestKeyTag(t *testing.T) {
	data := edns.AppendKeyTag(nil, 20326, 38696)
	if string(data) != "\x4f\x66\x97\x28" {
		t.Errorf("sent as %x", data)
	}
	if got, err := edns.ParseKeyTag([]uint16{7}, data); err != nil || !slices.Equal(got, []uint16{7, 20326, 38696}) {
		t.Errorf("read %v, %v", got, err)
	}
	for _, bad := range []string{"", "\x01", "\x01\x02\x03"} {
		_, err := edns.ParseKeyTag(nil, []byte(bad))
		wantBad(t, err, edns.KeyTag)
	}
}

func TestNSIDText(t *testing.T) {
	for data, want := range map[string]string{
		"":         "",
		"ns1.fra":  `6e73312e667261 ("ns1.fra")`,
		"\x00\x01": "0001",
		"a\x7f":    "617f",
	} {
		if got := edns.NSIDText([]byte(data)); got != want {
			t.Errorf("%q: %s, want %s", data, got, want)
		}
	}
}
