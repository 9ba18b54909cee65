package domain_test

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/miekg/dns"

	"recursor/dns/domain"
)

// FuzzName reads octets as a name and as presentation form, and holds both and
// all that is said of the name to the library's and to plain twins.
func FuzzName(f *testing.F) {
	f.Add([]byte("\x03www\x07example\x00"), "www.example.")
	f.Add([]byte("\x05a\x00\\\xffz\x07EXAMPLE\x00rest"), `a\000\\\255z.example`)
	f.Add(bytes.Repeat([]byte("\x01a"), 128), strings.Repeat("a.", 128))
	f.Fuzz(func(t *testing.T, octets []byte, text string) {
		n, size, err := domain.FromWire(octets)
		their, end, theirErr := dns.UnpackDomainName(octets, 0)
		// The library follows pointers, which an uncompressed name has none of.
		if err == nil && (theirErr != nil || end != size) {
			t.Fatalf("we read %v in %d octets, the library %s in %d, %v", n, size, their, end, theirErr)
		}
		if err == nil {
			check(t, n, octets[:size], their)
		}
		m, err := domain.Parse(text)
		if err != nil {
			return
		}
		buf := make([]byte, 300)
		off, theirErr := dns.PackDomainName(dns.Fqdn(text), buf, 0, nil, false)
		if theirErr != nil || m.Wire() != lower(buf[:off]) {
			t.Fatalf("%q: we read %q, the library %q, %v", text, m.Wire(), buf[:off], theirErr)
		}
		check(t, m, buf[:off], "")
		if !n.IsZero() {
			relate(t, n, m)
		}
	})
}

// check holds one name to its octets.
func check(t *testing.T, n domain.Name, octets []byte, their string) {
	t.Helper()
	if n.Wire() != lower(octets) {
		t.Fatalf("%q became %q", octets, n.Wire())
	}
	if again, err := domain.Parse(n.String()); err != nil || again != n {
		t.Fatalf("%s came back as %v, %v", n, again, err)
	}
	if their != "" && dns.CountLabel(their) != n.Labels() {
		t.Fatalf("%s has %d labels, the library counts %d", n, n.Labels(), dns.CountLabel(their))
	}
	if p := n.Parent(); !n.IsRoot() {
		if !n.Below(p) || p.Labels() != n.Labels()-1 || n.NextCloser(p) != n {
			t.Fatalf("%s has the parent %s", n, p)
		}
		if again, err := p.Prepend(n.FirstLabel()); err != nil || again != n {
			t.Fatalf("%s under %s is %s, %v", n.FirstLabel(), p, again, err)
		}
	}
}

// lower is AppendLower's plain twin.
func lower(b []byte) string {
	return string(slices.Collect(func(yield func(byte) bool) {
		for _, c := range b {
			if strings.IndexByte("ABCDEFGHIJKLMNOPQRSTUVWXYZ", c) >= 0 {
				c |= 0x20
			}
			if !yield(c) {
				return
			}
		}
	}))
}

// relate holds what two names are to each other to what their labels say.
func relate(t *testing.T, a, b domain.Name) {
	t.Helper()
	la, lb := labels(a), labels(b)
	common := 0
	for common < len(la) && common < len(lb) && la[common] == lb[common] {
		common++
	}
	if got := a.CommonAncestor(b); got.Labels() != common || !a.Within(got) || !b.Within(got) {
		t.Fatalf("common ancestor of %s and %s is %s", a, b, got)
	}
	if within := common == len(lb); a.Within(b) != within {
		t.Fatalf("%s within %s: %t", a, b, !within)
	}
	if got, want := domain.Compare(a, b), slices.Compare(la, lb); sign(got) != want || sign(domain.Compare(b, a)) != -want {
		t.Fatalf("%s against %s: %d, want %d", a, b, got, want)
	}
	target := domain.MustParse("target.test.")
	got, err := a.Substitute(b, target)
	if below := common == len(lb) && len(la) > len(lb); !below {
		if err == nil {
			t.Fatalf("%s by %s became %s", a, b, got)
		}
		return
	}
	if err != nil {
		if a.Len()-b.Len()+target.Len() <= domain.MaxName {
			t.Fatalf("%s by %s: %v", a, b, err)
		}
		return
	}
	if !slices.Equal(labels(got), append(labels(target), la[len(lb):]...)) {
		t.Fatalf("%s by %s became %s", a, b, got)
	}
}

// labels is the labels from the right.
func labels(n domain.Name) []string {
	var out []string
	for ; !n.IsRoot(); n = n.Parent() {
		out = append(out, n.FirstLabel())
	}
	slices.Reverse(out)
	return out
}
