package text_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/miekg/dns"

	"recursor/dns/text"
	"recursor/dns/wire"
)

// RFC: 3597.3
func TestType(t *testing.T) {
	for n := range 1 << 16 {
		want := wire.Type(n)
		s := text.TypeString(want)
		if got, err := text.Type(strings.ToLower(s)); err != nil || got != want {
			t.Fatalf("type %d is written %s and read as %d, %v", n, s, got, err)
		}
		theirs := dns.TypeToString[uint16(n)]
		if theirs == "" || n == 0 || n == 65535 {
			continue
		}
		if s != theirs {
			t.Errorf("type %d is %s, the library says %s", n, s, theirs)
		}
	}
	for _, bad := range []string{"", "TYPE", "TYPE65536", "TYPE-1", "TYPEx", "None", "NOSUCH", "CLASS1", "A "} {
		if got, err := text.Type(bad); !errors.Is(err, text.ErrMnemonic) {
			t.Errorf("%q is read as type %d, %v", bad, got, err)
		}
	}
}

// RFC: 3597.3
func TestClass(t *testing.T) {
	for n := range 1 << 16 {
		want := wire.Class(n)
		s := text.ClassString(want)
		if got, err := text.Class(strings.ToLower(s)); err != nil || got != want {
			t.Fatalf("class %d is written %s and read as %d, %v", n, s, got, err)
		}
	}
	for _, bad := range []string{"", "CLASS", "CLASS65536", "INN", "TYPE1"} {
		if got, err := text.Class(bad); !errors.Is(err, text.ErrMnemonic) {
			t.Errorf("%q is read as class %d, %v", bad, got, err)
		}
	}
}

func TestRCodeString(t *testing.T) {
	for n := range 4096 {
		got := text.RCodeString(wire.RCode(n))
		want := dns.RcodeToString[n]
		switch {
		case n == 16:
			want = "BADVERS"
		case want == "":
			want = "RCODE" + itoa(n)
		}
		if got != want {
			t.Errorf("RCODE %d is %s, want %s", n, got, want)
		}
	}
}

func itoa(n int) string {
	if n < 10 {
		return string(rune('0' + n))
	}
	return itoa(n/10) + string(rune('0'+n%10))
}
