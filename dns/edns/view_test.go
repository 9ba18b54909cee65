package edns_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"recursor/dns/edns"
	"recursor/dns/wire"
)

// opt is a sound OPT record as wire.OPT.Note leaves it.
func opt(payload uint16, ttl uint32, rdata string) wire.OPT {
	return wire.OPT{Count: 1, RootOwner: true, Payload: payload, TTL: ttl, RData: []byte(rdata)}
}

// RFC: 6891.1
// RFC: 6891.2
// RFC: 6891.3
// RFC: 6891.4
func TestParse(t *testing.T) {
	two := opt(1232, 0, "")
	two.Count = 2
	misplaced := opt(1232, 0, "")
	misplaced.Misplaced = true
	owner := opt(1232, 0, "")
	owner.RootOwner = false

	for _, tc := range []struct {
		name string
		opt  wire.OPT
		want edns.View
		kind edns.Kind
	}{
		{"no EDNS", wire.OPT{}, edns.View{Payload: 512}, 0},
		{"plain", opt(1232, 0, ""), edns.View{Present: true, Payload: 1232}, 0},
		{"payload 0 means 512", opt(0, 0, ""), edns.View{Present: true, Payload: 512}, 0},
		{"payload 511 means 512", opt(511, 0, ""), edns.View{Present: true, Payload: 512}, 0},
		{"payload 513", opt(513, 0, ""), edns.View{Present: true, Payload: 513}, 0},
		{"payload 65535", opt(65535, 0, ""), edns.View{Present: true, Payload: 65535}, 0},
		{"DO", opt(512, 0x8000, ""), edns.View{Present: true, Payload: 512, DO: true}, 0},
		{"CO", opt(512, 0x4000, ""), edns.View{Present: true, Payload: 512, CO: true}, 0},
		{"Z is ignored", opt(512, 0x3fff, ""), edns.View{Present: true, Payload: 512}, 0},
		{"extended RCODE", opt(512, 0x01000000, ""), edns.View{Present: true, Payload: 512, RCodeHigh: 1}, 0},
		{
			"unknown option", opt(512, 0, "\xfd\xe9\x00\x02hi"),
			edns.View{Present: true, Payload: 512, Raw: []byte("\xfd\xe9\x00\x02hi")},
			0,
		},
		{"two records", two, edns.View{Present: true, Payload: 1232}, edns.TwoOPT},
		{"in the answer section", misplaced, edns.View{Present: true, Payload: 1232}, edns.Misplaced},
		{"owner example.", owner, edns.View{Present: true, Payload: 1232}, edns.BadOwner},
		{"version 1", opt(512, 0x00018000, ""), edns.View{Present: true, Payload: 512, Version: 1, DO: true}, edns.BadVersion},
		{
			"version 255 with another option format", opt(512, 0x00ff0000, "\x00"),
			edns.View{Present: true, Payload: 512, Version: 255},
			edns.BadVersion,
		},
		{"half an option header", opt(512, 0, "\x00\x0a\x00"), edns.View{Present: true, Payload: 512}, edns.BadLength},
		{"option beyond the RDATA", opt(512, 0, "\x00\x0a\x00\x08abcdefg"), edns.View{Present: true, Payload: 512}, edns.BadLength},
		{
			"second option beyond the RDATA", opt(512, 0x8000, "\x00\x0c\x00\x00\x00\x0a\xff\xff"),
			edns.View{Present: true, Payload: 512, DO: true},
			edns.BadLength,
		},
		{
			"32 options", opt(512, 0, strings.Repeat("\x00\x0c\x00\x00", 32)),
			edns.View{Present: true, Payload: 512, Raw: []byte(strings.Repeat("\x00\x0c\x00\x00", 32))},
			0,
		},
		{
			"33 options", opt(512, 0, strings.Repeat("\x00\x0c\x00\x00", 33)),
			edns.View{Present: true, Payload: 512, Raw: []byte(strings.Repeat("\x00\x0c\x00\x00", 32))},
			0,
		},
		{
			"33 options and half of one", opt(512, 0, strings.Repeat("\x00\x0c\x00\x00", 33)+"\x00\x0c"),
			edns.View{Present: true, Payload: 512},
			edns.BadLength,
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, err := edns.Parse(tc.opt)
			if !sameView(got, tc.want) {
				t.Errorf("view %+v, want %+v", got, tc.want)
			}
			var e *edns.Error
			switch {
			case tc.kind == 0 && err != nil:
				t.Errorf("error %v, want none", err)
			case tc.kind != 0 && (!errors.As(err, &e) || e.Kind != tc.kind):
				t.Errorf("error %v, want kind %v", err, tc.kind)
			}
		})
	}
}

func sameView(a, b edns.View) bool {
	raw := string(a.Raw) == string(b.Raw)
	a.Raw, b.Raw = nil, nil
	return raw && a.Present == b.Present && a.Payload == b.Payload && a.Version == b.Version &&
		a.RCodeHigh == b.RCodeHigh && a.DO == b.DO && a.CO == b.CO
}

// RFC: 6891.3
// RFC: 6891.6
func TestErrorRCode(t *testing.T) {
	for _, tc := range []struct {
		err  edns.Error
		want wire.RCode
		text string
	}{
		{edns.Error{Kind: edns.TwoOPT}, wire.FormErr, "edns: more than one OPT record"},
		{edns.Error{Kind: edns.Misplaced}, wire.FormErr, "edns: OPT record outside the additional section"},
		{edns.Error{Kind: edns.BadOwner}, wire.FormErr, "edns: OPT record with an owner other than the root"},
		{edns.Error{Kind: edns.BadLength}, wire.FormErr, "edns: option longer than its OPT record"},
		{edns.Error{Kind: edns.BadVersion}, wire.BadVers, "edns: unknown EDNS version"},
		{edns.Error{Kind: edns.BadOption, Code: edns.ECS}, wire.FormErr, "edns: malformed option ECS"},
		{edns.Error{}, wire.FormErr, "edns: sound"},
	} {
		if got := tc.err.RCode(); got != tc.want {
			t.Errorf("%v: RCODE %d, want %d", tc.err.Kind, got, tc.want)
		}
		if got := tc.err.Error(); got != tc.text {
			t.Errorf("text %q, want %q", got, tc.text)
		}
	}
}

// RFC: 6891.3
func TestExtendedRCode(t *testing.T) {
	for _, rc := range []wire.RCode{wire.NoError, wire.ServFail, wire.BadVers, wire.BadCookie, 0xfff} {
		v := edns.View{RCodeHigh: edns.High(rc)}
		if got := v.RCode(wire.FlagQR.WithRCode(rc)); got != rc {
			t.Errorf("RCODE %d came back as %d", rc, got)
		}
	}
}

func TestOptions(t *testing.T) {
	v, err := edns.Parse(opt(512, 0, "\x00\x0a\x00\x08AAAAAAAA"+"\x00\x0c\x00\x00"+"\x00\x0a\x00\x08BBBBBBBB"+"\xff\xff\x00\x01z"))
	if err != nil {
		t.Fatal(err)
	}
	var codes []edns.Code
	for c := range v.All() {
		codes = append(codes, c)
	}
	if want := []edns.Code{edns.Cookie, edns.Padding, edns.Cookie, 65535}; !slices.Equal(codes, want) {
		t.Errorf("codes %v, want %v", codes, want)
	}
	// RFC 7873 §5.2: the first of several counts.
	if data, ok := v.Option(edns.Cookie); !ok || string(data) != "AAAAAAAA" {
		t.Errorf("COOKIE %q %t, want the first", data, ok)
	}
	if data, ok := v.Option(edns.Padding); !ok || len(data) != 0 {
		t.Errorf("PADDING %q %t, want it empty and there", data, ok)
	}
	if data, ok := v.Option(65535); !ok || string(data) != "z" {
		t.Errorf("OPT65535 %q %t, want z", data, ok)
	}
	if data, ok := v.Option(edns.NSID); ok {
		t.Errorf("NSID %q, want none", data)
	}
	// What is handed out cannot grow into the next option.
	data, _ := v.Option(edns.Cookie)
	_ = append(data, 'X')
	if c, ok := v.Option(edns.Padding); !ok || len(c) != 0 {
		t.Error("appending to an option's data wrote over the next option")
	}
}

func TestCodeString(t *testing.T) {
	for code, want := range map[edns.Code]string{
		edns.LLQ: "LLQ", edns.UpdateLease: "UPDATE-LEASE", edns.NSID: "NSID", edns.DAU: "DAU", edns.DHU: "DHU",
		edns.N3U: "N3U", edns.ECS: "ECS", edns.Expire: "EXPIRE", edns.Cookie: "COOKIE", edns.Keepalive: "KEEPALIVE",
		edns.Padding: "PADDING", edns.Chain: "CHAIN", edns.KeyTag: "KEY-TAG", edns.EDE: "EDE",
		edns.ClientTag: "CLIENT-TAG", edns.ServerTag: "SERVER-TAG", edns.ReportChannel: "REPORT-CHANNEL",
		edns.ZoneVersion: "ZONEVERSION", 65001: "OPT65001",
	} {
		if got := code.String(); got != want {
			t.Errorf("code %d is %q, want %q", uint16(code), got, want)
		}
	}
}

func TestParseAllocatesNothing(t *testing.T) {
	o := opt(1232, 0x8000, "\x00\x0a\x00\x08AAAAAAAA"+"\x00\x0c\x00\x04\x00\x00\x00\x00"+"\x00\x08\x00\x07\x00\x01\x18\x00\xc0\x00\x02")
	var bad int
	allocs := testing.AllocsPerRun(100, func() {
		v, err := edns.Parse(o)
		if err != nil {
			bad++
		}
		cookie, _ := v.Option(edns.Cookie)
		if _, _, err := edns.ParseCookie(cookie); err != nil {
			bad++
		}
		subnet, _ := v.Option(edns.ECS)
		if _, err := edns.ParseECS(subnet); err != nil {
			bad++
		}
		for c := range v.All() {
			if c == edns.NSID {
				bad++
			}
		}
	})
	if allocs != 0 || bad != 0 {
		t.Errorf("%v allocations, %d failures, want none", allocs, bad)
	}
}
