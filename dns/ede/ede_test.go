package ede_test

import (
	"errors"
	"fmt"
	"io"
	"net/netip"
	"strings"
	"testing"

	"github.com/miekg/dns"

	"recursor/dns/domain"
	"recursor/dns/ede"
)

// The library has the registry's names too, but for letter case and the first,
// which it calls as the RFC's heading does (RFC 8914 §4.1, §5.2).
func TestCodeNames(t *testing.T) {
	if got := ede.Other.String(); got != "Other Error" {
		t.Errorf("code 0 is %q", got)
	}
	for c := ede.UnsupportedDNSKEY; c <= ede.InvalidQueryType; c++ {
		if theirs := dns.ExtendedErrorCodeToString[uint16(c)]; !strings.EqualFold(c.String(), theirs) {
			t.Errorf("code %d is %q, the library says %q", c, c, theirs)
		}
	}
	if got := ede.Code(49152).String(); got != "code 49152" {
		t.Errorf("a private code is %q", got)
	}
}

// The codes of failures of validation, which do not concern clients that set CD.
//
// RFC: 8914.1
func TestValidationCodes(t *testing.T) {
	if got := ede.NegativeTrustAnchor.String(); got != "Negative Trust Anchor" {
		t.Errorf("code 33 is %q", got)
	}
	var got []ede.Code
	for c := range ede.Code(100) {
		if c.Validation() {
			got = append(got, c)
		}
	}
	if s := fmt.Sprintf("%d", got); s != "[5 6 7 8 9 10 11 12 25 27]" {
		t.Error(s)
	}
}

func TestError(t *testing.T) {
	zone := domain.MustParse("example.")
	server := netip.MustParseAddr("192.0.2.53")
	for _, tc := range []struct {
		err  ede.Error
		want string
	}{
		{ede.Error{Code: ede.DNSSECBogus}, "DNSSEC Bogus"},
		{ede.Error{Code: ede.NetworkError, Zone: zone}, "example.: Network Error"},
		{ede.Error{Code: ede.NetworkError, Err: io.ErrUnexpectedEOF}, "unexpected EOF"},
		{ede.Error{Code: ede.InvalidData, Zone: zone, Server: server, Err: io.EOF}, "example.: EOF (from 192.0.2.53)"},
	} {
		if got := tc.err.Error(); got != tc.want {
			t.Errorf("%q, want %q", got, tc.want)
		}
		wrapped := fmt.Errorf("fetching DS for example.: %w", &tc.err)
		if got := ede.CodeOf(wrapped); got != tc.err.Code {
			t.Errorf("code of %v is %v, want %v", wrapped, got, tc.err.Code)
		}
		if tc.err.Err != nil && !errors.Is(wrapped, tc.err.Err) {
			t.Errorf("%v does not lead to its cause", wrapped)
		}
	}
	if got := ede.CodeOf(io.EOF); got != ede.Other {
		t.Errorf("code of a plain error is %v", got)
	}
}
