package spelling

import "testing"

func TestNearest(t *testing.T) {
	keys := []string{"port", "ipv4", "ipv6", "payload", "allow-special-addresses", "case-randomisation"}
	for _, tt := range []struct{ word, want string }{
		{"prot", "port"},
		{"Port", "port"},
		{"port", "port"},
		{"ip4", "ipv4"},
		{"payload-size", ""},
		{"paylod", "payload"},
		{"allow_special_addresses", "allow-special-addresses"},
		{"case-randomization", "case-randomisation"},
		{"por", "port"},
		{"", ""},
		{"x", ""},
		{"cookies", ""},
		{"allow", "allow-special-addresses"},
		{"ip", ""},
	} {
		got, ok := Nearest(tt.word, keys)
		if got != tt.want || ok != (tt.want != "") {
			t.Errorf("Nearest(%q) = %q, %v; want %q", tt.word, got, ok, tt.want)
		}
	}
}

func TestNearestOfShortWords(t *testing.T) {
	levels := []string{"of", "on"}
	if got, ok := Nearest("in", levels); !ok || got != "on" {
		t.Errorf("Nearest(in) = %q, %v; want on, the nearer one", got, ok)
	}
}

func TestDistance(t *testing.T) {
	for _, tt := range []struct {
		a, b string
		want int
	}{
		{"", "", 0},
		{"", "abc", 3},
		{"kitten", "sitting", 3},
		{"port", "prot", 1},
		{"ab", "ba", 1},
		{"abcd", "dcba", 3}, // swap b and c, replace a and d,
	} {
		if got := distance(tt.a, tt.b); got != tt.want {
			t.Errorf("distance(%q, %q) = %d; want %d", tt.a, tt.b, got, tt.want)
		}
		if got := distance(tt.b, tt.a); got != tt.want {
			t.Errorf("distance(%q, %q) = %d; want %d", tt.b, tt.a, got, tt.want)
		}
	}
}
