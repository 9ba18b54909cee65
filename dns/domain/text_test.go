package domain_test

import (
	"errors"
	"strings"
	"testing"

	"recursor/dns/domain"
)

func TestParse(t *testing.T) {
	long63 := strings.Repeat("a", 63)
	for _, tc := range []struct {
		text, wire, back string
	}{
		{".", "\x00", "."},
		{"com", "\x03com\x00", "com."},
		{"Example.COM.", "\x07example\x03com\x00", "example.com."},
		{"xn--nxasmq6b.example", "\x0cxn--nxasmq6b\x07example\x00", "xn--nxasmq6b.example."},
		{"_dmarc.a-b.example", "\x06_dmarc\x03a-b\x07example\x00", "_dmarc.a-b.example."},
		// RFC 4343 §2.2
		{`Donald\032E\.\032Eastlake\0323rd.example.`, "\x16donald e. eastlake 3rd\x07example\x00", `donald\032e\.\032eastlake\0323rd.example.`},
		{`a\000\\\255z.example.`, "\x05a\x00\\\xffz\x07example\x00", `a\000\\\255z.example.`},
		{`\046.`, "\x01.\x00", `\..`},   // RFC 4343 §2.1
		{`\0651.`, "\x02a1\x00", "a1."}, // four digits are two octets
		{`\@\$\(\)\;\".`, "\x06@$();\"\x00", `\@\$\(\)\;\".`},
		{"@$();\"'.", "\x07@$();\"'\x00", `\@\$\(\)\;\"'.`},
		{`\A\b.`, "\x02ab\x00", "ab."},
		{long63, "\x3f" + long63 + "\x00", long63 + "."},
		{strings.Repeat("a.", 127), strings.Repeat("\x01a", 127) + "\x00", ""},
		{strings.Repeat("a.", 126) + "a", strings.Repeat("\x01a", 127) + "\x00", ""},
		{strings.Repeat(`\000`, 63), "\x3f" + strings.Repeat("\x00", 63) + "\x00", ""},
	} {
		got, err := domain.Parse(tc.text)
		if err != nil || got.Wire() != tc.wire {
			t.Errorf("%s: %q, %v, want %q", tc.text, got.Wire(), err, tc.wire)
			continue
		}
		if tc.back != "" && got.String() != tc.back {
			t.Errorf("%s comes back as %s, want %s", tc.text, got, tc.back)
		}
		if again, err := domain.Parse(got.String()); err != nil || again != got {
			t.Errorf("%s comes back as %v, %v", got, again, err)
		}
	}
	for _, tc := range []struct {
		text string
		err  error
	}{
		{"", domain.ErrEmptyLabel},
		{"..", domain.ErrEmptyLabel},
		{".com", domain.ErrEmptyLabel},
		{"a..b", domain.ErrEmptyLabel},
		{"a..", domain.ErrEmptyLabel},
		{long63 + "a", domain.ErrLabelLength},
		{long63 + "a.", domain.ErrLabelLength},
		{strings.Repeat("a.", 128), domain.ErrNameLength},
		{strings.Repeat("a.", 127) + "a", domain.ErrNameLength},
		{strings.Repeat(long63+".", 3) + strings.Repeat("a", 62), domain.ErrNameLength},
		{strings.Repeat(long63+".", 3) + strings.Repeat("a", 62) + ".", domain.ErrNameLength},
		{strings.Repeat(long63+".", 4), domain.ErrNameLength},
		{`a\`, domain.ErrEscape},
		{`a\1`, domain.ErrEscape},
		{`a\12`, domain.ErrEscape},
		{`a\12x.`, domain.ErrEscape},
		{`a\1x2.`, domain.ErrEscape},
		{`a\256`, domain.ErrEscape},
		{`a\999`, domain.ErrEscape},
		{"a b.", domain.ErrUnescaped},
		{"www.example. ", domain.ErrUnescaped},
		{"a\n", domain.ErrUnescaped},
		{"zürich.example.", domain.ErrUnescaped},
		{"a\x7f", domain.ErrUnescaped},
	} {
		if got, err := domain.Parse(tc.text); !errors.Is(err, tc.err) || !got.IsZero() {
			t.Errorf("%q: %v, %v, want %v", tc.text, got, err, tc.err)
		}
	}
}

func TestMustParse(t *testing.T) {
	defer func() {
		if r := recover(); r == nil || !strings.Contains(r.(string), "a..b") {
			t.Errorf("panic %v, want one that tells the name", r)
		}
	}()
	domain.MustParse("a..b")
}

// What a name prints as may stand in any log.
func TestStringIsPrintable(t *testing.T) {
	for c := range 256 {
		n, _, err := domain.FromWire([]byte{1, byte(c), 0})
		if err != nil {
			t.Fatal(err)
		}
		s := n.String()
		for _, b := range []byte(s) {
			if b <= ' ' || b > '~' {
				t.Errorf("octet %d prints as %q", c, s)
			}
		}
		if again, err := domain.Parse(s); err != nil || again != n {
			t.Errorf("octet %d prints as %s and comes back as %v, %v", c, s, again, err)
		}
	}
}
