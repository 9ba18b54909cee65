package edns_test

import (
	"errors"
	"testing"

	"github.com/miekg/dns"

	"recursor/dns/edns"
	"recursor/dns/wire"
)

// FuzzEDNS takes an RDATA of OPT. What Parse lets through comes back octet by
// octet, and the library reads the same options; where one of our functions
// takes an option's data, the library takes them too and means the same.
func FuzzEDNS(f *testing.F) {
	f.Add([]byte{})
	f.Add([]byte("\x00\x0a\x00\x18\x24\x64\xc4\xab\xcf\x10\xc9\x57\x01\x00\x00\x00\x5c\xf7\x9f\x11\x1f\x81\x30\xc3\xee\xe2\x94\x80"))
	f.Add([]byte("\x00\x08\x00\x0b\x00\x02\x38\x00\x20\x01\x0d\xb8\xfd\x13\x42"))
	f.Add([]byte("\x00\x12\x00\x0f\x05agent\x07example\x00\x00\x0f\x00\x06\x00\x06why!\x00\x0b\x00\x02\x01\x2c"))
	f.Fuzz(func(t *testing.T, rdata []byte) {
		if len(rdata) > 0xffff {
			return
		}
		record := []byte{0, 0, 41, 4, 0xd0, 0, 0, 0x80, 0, byte(len(rdata) >> 8), byte(len(rdata))}
		msg := wire.Header{AR: 1}.Append(nil)
		msg = append(append(msg, record...), rdata...)

		v, err := edns.Parse(wire.OPT{Count: 1, RootOwner: true, Payload: 1232, TTL: 0x8000, RData: rdata})
		var theirs dns.Msg
		theirErr := theirs.Unpack(msg)
		var e *edns.Error
		if errors.As(err, &e) {
			if e.Kind == edns.BadLength && theirErr == nil {
				t.Fatal("we refuse a length that the library takes")
			}
			return
		}
		o := edns.OPT{Payload: v.Payload, DO: v.DO}
		strict := true
		for code, data := range v.All() {
			o.Options = append(o.Options, edns.Option{Code: code, Data: data})
			strict = strict && sound(code, data)
		}
		if len(o.Options) == edns.MaxOptions {
			return // there may be more, which nobody looks at
		}
		if got := o.Append(wire.Header{AR: 1}.Append(nil)); string(got) != string(msg) {
			t.Fatalf("%x came back as %x", msg, got)
		}
		if theirErr != nil {
			if strict {
				t.Fatalf("we take what the library refuses: %v", theirErr)
			}
			return
		}
		sameOptions(t, o.Options, theirs.Extra[0].(*dns.OPT).Option)
	})
}

// sound reports whether our own function takes the data. Options that this
// module never reads are octets to us; the library looks into these four.
func sound(code edns.Code, data []byte) bool {
	var err error
	switch code {
	case edns.ECS:
		_, err = edns.ParseECS(data)
	case edns.Cookie:
		_, _, err = edns.ParseCookie(data)
	case edns.Keepalive:
		_, _, err = edns.ParseKeepalive(data)
	case edns.EDE:
		_, err = edns.ParseEDE(data)
	case edns.ReportChannel:
		_, err = edns.ParseReportChannel(data)
	case edns.KeyTag:
		_, err = edns.ParseKeyTag(nil, data)
	case edns.LLQ, edns.UpdateLease, edns.Expire, edns.ZoneVersion:
		return false
	default: // octets to the library too
	}
	return err == nil
}

func sameOptions(t *testing.T, ours []edns.Option, theirs []dns.EDNS0) {
	t.Helper()
	if len(ours) != len(theirs) {
		t.Fatalf("%d options, the library sees %d", len(ours), len(theirs))
	}
	for i, o := range ours {
		if uint16(o.Code) != theirs[i].Option() {
			t.Fatalf("option %d is %v, the library sees %d", i, o.Code, theirs[i].Option())
		}
		switch their := theirs[i].(type) {
		case *dns.EDNS0_SUBNET:
			s, err := edns.ParseECS(o.Data)
			if err != nil || !s.Prefix.IsValid() {
				continue
			}
			if s.Prefix.Bits() != int(their.SourceNetmask) || s.Scope != their.SourceScope ||
				string(s.Prefix.Addr().AsSlice()) != string(their.Address[16-len(s.Prefix.Addr().AsSlice()):]) {
				t.Fatalf("subnet %v, the library sees %v", s, their)
			}
		case *dns.EDNS0_TCP_KEEPALIVE:
			d, _, err := edns.ParseKeepalive(o.Data)
			if err != nil || d.Milliseconds() != int64(their.Timeout)*100 {
				t.Fatalf("keepalive %v %v, the library sees %v", d, err, their)
			}
		case *dns.EDNS0_EDE:
			n, err := edns.ParseEDE(o.Data)
			if err != nil || uint16(n.Code) != their.InfoCode {
				t.Fatalf("EDE %v %v, the library sees %v", n, err, their)
			}
		case *dns.EDNS0_REPORTING:
			name, err := edns.ParseReportChannel(o.Data)
			if err == nil && name.Len() > 1 && len(their.AgentDomain) < 2 {
				t.Fatalf("agent %v, the library sees %v", name, their)
			}
		}
	}
}
