package domain_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"recursor/dns/domain"
)

func name(s string) domain.Name { return domain.MustParse(s) }

// long is a name of exactly n octets.
func long(t *testing.T, n int) domain.Name {
	t.Helper()
	out := domain.Root()
	for out.Len() < n {
		size := min(n-out.Len()-1, domain.MaxLabel)
		if left := n - out.Len() - 1 - size; left == 1 {
			size-- // a label needs two octets
		}
		var err error
		if out, err = out.Prepend(strings.Repeat("x", size)); err != nil {
			t.Fatal(err)
		}
	}
	return out
}

// RFC: 1034.6
// RFC: 9267.2
func TestFromWire(t *testing.T) {
	label := "\x3f" + strings.Repeat("a", 63)
	for _, tc := range []struct {
		name string
		wire string
		want string
		n    int
		err  error
	}{
		{"root", "\x00", ".", 1, nil},
		{"name with more behind it", "\x03www\x07example\x00more", "www.example.", 13, nil},
		{"upper case", "\x03WwW\x07EXAMPLE\x00", "www.example.", 13, nil},
		{"label of 63", label + "\x00", strings.Repeat("a", 63) + ".", 65, nil},
		{"255 octets", label + label + label + "\x3d" + strings.Repeat("a", 61) + "\x00", "", 255, nil},
		{"256 octets", label + label + label + "\x3e" + strings.Repeat("a", 62) + "\x00", "", 0, domain.ErrNameLength},
		{"255 octets without end", label + label + label + "\x3e" + strings.Repeat("a", 62), "", 0, domain.ErrNameLength},
		{"127 labels", strings.Repeat("\x01a", 127) + "\x00", "", 255, nil},
		{"128 labels", strings.Repeat("\x01a", 128) + "\x00", "", 0, domain.ErrNameLength},
		{"label of 64", "\x40" + strings.Repeat("a", 64) + "\x00", "", 0, domain.ErrLabelType},
		{"a pointer", "\x03www\xc0\x0c", "", 0, domain.ErrLabelType},
		{"nothing", "", "", 0, domain.ErrUnended},
		{"no end", "\x03www", "", 0, domain.ErrUnended},
		{"label beyond the end", "\x04www", "", 0, domain.ErrUnended},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, n, err := domain.FromWire([]byte(tc.wire))
			if !errors.Is(err, tc.err) || n != tc.n {
				t.Fatalf("%d octets, error %v, want %d, %v", n, err, tc.n, tc.err)
			}
			if err != nil {
				if !got.IsZero() {
					t.Errorf("name %v with an error", got)
				}
				return
			}
			if tc.want != "" && got.String() != tc.want {
				t.Errorf("name %v, want %s", got, tc.want)
			}
			if again := domain.FromValid([]byte(tc.wire[:n])); again != got || got.Len() != n {
				t.Errorf("FromValid makes %v", again)
			}
			if again := domain.FromLowered([]byte(got.Wire())); again != got || string(got.AppendWire(nil)) != got.Wire() {
				t.Errorf("FromLowered makes %v", again)
			}
		})
	}
}

// Only A to Z fold; no other octet, not even beside them, nor in a length.
//
// RFC: 4343.1
func TestFolding(t *testing.T) {
	for c := range 256 {
		want := byte(c)
		if c >= 'A' && c <= 'Z' {
			want += 32
		}
		n, _, err := domain.FromWire([]byte{1, byte(c), 0})
		if err != nil || n.Wire() != "\x01"+string([]byte{want})+"\x00" {
			t.Errorf("octet %d became %q, %v", c, n.Wire(), err)
		}
	}
	if name("Y\\221.example") == name("y\\253.example") {
		t.Error("Ý and ý of ISO 8859-1 are one") // RFC 4343 §3
	}
	if name("WWW.Example") != name("www.eXAMPLE.") {
		t.Error("case tells names apart")
	}
	// A label of 65 octets would have the length "A": 63 is "?", so none does.
	if got := domain.AppendLower(nil, []byte("\x1aABC")); string(got) != "\x1aabc" {
		t.Errorf("lower-cased to %q", got)
	}
}

func TestParts(t *testing.T) {
	n := name("a.b.example.")
	if n.Labels() != 3 || n.FirstLabel() != "a" || n.Parent() != name("b.example.") {
		t.Errorf("%d labels, first %q, parent %v", n.Labels(), n.FirstLabel(), n.Parent())
	}
	root := domain.Root()
	if !root.IsRoot() || root.Labels() != 0 || root.FirstLabel() != "" || root.Parent() != root || root.IsZero() {
		t.Error("the root is not as it should be")
	}
	var zero domain.Name
	if !zero.IsZero() || zero.IsRoot() || zero.Labels() != 0 || zero.FirstLabel() != "" || zero.Parent() != zero || zero.Len() != 0 || zero.String() != "" {
		t.Error("the zero Name is not as it should be")
	}
	for k, want := range map[int]string{-1: ".", 0: ".", 1: "example.", 2: "b.example.", 3: "a.b.example.", 4: "a.b.example."} {
		if got := n.Ancestor(k); got != name(want) {
			t.Errorf("the last %d labels are %v, want %s", k, got, want)
		}
	}
	if got := n.NextCloser(name("example.")); got != name("b.example.") {
		t.Errorf("next closer name %v", got)
	}
}

func TestWithin(t *testing.T) {
	for _, tc := range []struct {
		n, zone       string
		within, below bool
	}{
		{"www.example.com.", "example.com.", true, true},
		{"example.com.", "example.com.", true, false},
		{"www.example.com.", ".", true, true},
		{".", ".", true, false},
		{".", "com.", false, false},
		{"example.com.", "ample.com.", false, false}, // a suffix of octets, not of labels
		{"x.example.com.", "y.example.com.", false, false},
		{"com.", "example.com.", false, false},
		{`a\003com.`, "com.", false, false}, // the octet 3 before com is no length
	} {
		n, zone := name(tc.n), name(tc.zone)
		if n.Within(zone) != tc.within || n.Below(zone) != tc.below {
			t.Errorf("%s in %s: within %t, below %t", tc.n, tc.zone, n.Within(zone), n.Below(zone))
		}
		if got, ok := n.Suffix([]byte(zone.Wire())); ok != tc.within || ok && got != zone {
			t.Errorf("%s has the suffix %s: %v %t", tc.n, tc.zone, got, ok)
		}
	}
	var zero domain.Name
	if zero.Within(domain.Root()) || domain.Root().Within(zero) || zero.Within(zero) || name("a.").Below(zero) {
		t.Error("something is within the zero Name, or it within something")
	}
	if _, ok := name("a.").Suffix(nil); ok {
		t.Error("nothing is a suffix")
	}
}

func TestCommonAncestor(t *testing.T) {
	for _, tc := range []struct{ a, b, want string }{
		{"a.b.example.", "c.b.example.", "b.example."},
		{"a.b.example.", "b.example.", "b.example."},
		{"example.", "a.b.example.", "example."},
		{"example.", "test.", "."},
		{"a.example.", "a.test.", "."},
		{"same.example.", "same.example.", "same.example."},
		{".", "example.", "."},
	} {
		if got := name(tc.a).CommonAncestor(name(tc.b)); got != name(tc.want) {
			t.Errorf("%s and %s: %v, want %s", tc.a, tc.b, got, tc.want)
		}
	}
	var zero domain.Name
	if got := zero.CommonAncestor(domain.Root()); !got.IsZero() {
		t.Errorf("zero Name and root: %v", got)
	}
	if got := domain.Root().CommonAncestor(zero); !got.IsZero() {
		t.Errorf("root and zero Name: %v", got)
	}
}

func TestPrepend(t *testing.T) {
	if got, err := name("example.").Prepend("WwW"); err != nil || got != name("www.example.") {
		t.Errorf("www + example.: %v, %v", got, err)
	}
	if got, err := name("example.").Wildcard(); err != nil || got.String() != "*.example." || !got.IsWildcard() {
		t.Errorf("wildcard of example.: %v, %v", got, err)
	}
	if got, err := name("example.").Prepend("a.b"); err != nil || got.String() != `a\.b.example.` || got.Labels() != 2 {
		t.Errorf("a label with a dot: %v, %v", got, err)
	}
	for _, tc := range []struct {
		n     domain.Name
		label string
		err   error
	}{
		{name("example."), "", domain.ErrEmptyLabel},
		{name("example."), strings.Repeat("a", 64), domain.ErrLabelLength},
		{long(t, 254), "a", domain.ErrNameLength},
		{long(t, 192), strings.Repeat("a", 63), domain.ErrNameLength},
		{domain.Name{}, "a", domain.ErrUnended},
	} {
		if got, err := tc.n.Prepend(tc.label); !errors.Is(err, tc.err) || !got.IsZero() {
			t.Errorf("%q + %v: %v, %v, want %v", tc.label, tc.n, got, err, tc.err)
		}
	}
	if got, err := long(t, 253).Prepend("a"); err != nil || got.Len() != 255 {
		t.Errorf("255 octets: %v", err)
	}
	for _, s := range []string{"a.*.example.", "**.example.", `\*a.example.`, ".", "*a.", "a."} {
		if name(s).IsWildcard() {
			t.Errorf("%s is a wildcard", s)
		}
	}
	if name("*.").IsWildcard() != true {
		t.Error("*. is no wildcard")
	}
}

// The table of RFC 6672 §2.2, but for the last rows, which show loops.
func TestSubstitute(t *testing.T) {
	short := long(t, 250)
	for _, tc := range []struct {
		qname, owner, target, want string
		err                        error
	}{
		{"com.", "example.com.", "example.net.", "", domain.ErrNotBelow},
		{"example.com.", "example.com.", "example.net.", "", domain.ErrNotBelow},
		{"a.example.com.", "example.com.", "example.net.", "a.example.net.", nil},
		{"a.b.example.com.", "example.com.", "example.net.", "a.b.example.net.", nil},
		{"ab.example.com.", "b.example.com.", "example.net.", "", domain.ErrNotBelow},
		{"foo.example.com.", "example.com.", "example.net.", "foo.example.net.", nil},
		{"a.x.example.com.", "x.example.com.", "example.net.", "a.example.net.", nil},
		{"a.example.com.", "example.com.", "y.example.net.", "a.y.example.net.", nil},
		{"cyc.example.com.", "example.com.", "example.com.", "cyc.example.com.", nil},
		{"cyc.example.com.", "example.com.", "c.example.com.", "cyc.c.example.com.", nil},
		{"shortloop.x.x.", "x.", ".", "shortloop.x.", nil},
		{"shortloop.x.", "x.", ".", "shortloop.", nil},
	} {
		got, err := name(tc.qname).Substitute(name(tc.owner), name(tc.target))
		if !errors.Is(err, tc.err) || tc.err == nil && got != name(tc.want) {
			t.Errorf("%s by %s DNAME %s: %v, %v, want %s, %v", tc.qname, tc.owner, tc.target, got, err, tc.want, tc.err)
		}
	}
	if got, err := name("abcd.x.").Substitute(name("x."), short); err != nil || got.Len() != 255 {
		t.Errorf("255 octets: %v", err)
	}
	if got, err := name("abcde.x.").Substitute(name("x."), short); !errors.Is(err, domain.ErrNameLength) || !got.IsZero() {
		t.Errorf("256 octets: %v, %v", got, err)
	}
}

// The list of RFC 4034 §6.1.
//
// RFC: 4034.5
func TestCompare(t *testing.T) {
	var list []domain.Name
	for _, s := range []string{
		"example", "a.example", "yljkjljk.a.example", "Z.a.example", "zABC.a.EXAMPLE", "z.example",
		`\001.z.example`, "*.z.example", `\200.z.example`,
	} {
		list = append(list, name(s))
	}
	for i, a := range list {
		for j, b := range list {
			if got := domain.Compare(a, b); sign(got) != sign(i-j) {
				t.Errorf("%v against %v: %d", a, b, got)
			}
		}
	}
	shuffled := slices.Clone(list)
	slices.Reverse(shuffled)
	shuffled[1], shuffled[5] = shuffled[5], shuffled[1]
	slices.SortFunc(shuffled, domain.Compare)
	if !slices.Equal(shuffled, list) {
		t.Errorf("sorted to %v", shuffled)
	}
	for _, tc := range []struct{ less, more string }{
		{".", "a."},
		{"a.", "aa."},       // a missing octet first
		{"b.a.", "aa."},     // labels from the right, not octets
		{`\000.a.`, "0.a."}, // octets unsigned
		{`\127.a.`, `\128.a.`},
		{"a.", `\000.a.`},
		{strings.Repeat("a.", 126), strings.Repeat("a.", 127)},
	} {
		if domain.Compare(name(tc.less), name(tc.more)) >= 0 || domain.Compare(name(tc.more), name(tc.less)) <= 0 {
			t.Errorf("%s is not before %s", tc.less, tc.more)
		}
	}
}

func sign(n int) int { return max(-1, min(1, n)) }

func TestNamesAllocateNothing(t *testing.T) {
	a, b := name("www.sub.example.com."), name("mail.example.com.")
	zone := []byte(name("example.com.").Wire())
	n := 0
	allocs := testing.AllocsPerRun(100, func() {
		n += domain.Compare(a, b) + a.CommonAncestor(b).Labels() + a.Parent().Len() + a.NextCloser(b.Parent()).Labels()
		if z, ok := a.Suffix(zone); ok && a.Within(z) && b.Below(z) {
			n++
		}
	})
	if allocs != 0 {
		t.Errorf("%v allocations", allocs)
	}
}
