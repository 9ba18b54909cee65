package text_test

import (
	"testing"

	"recursor/dns/domain"
	"recursor/dns/rrset"
	"recursor/dns/text"
)

// FuzzText: what is read as zone file, is written as lines that read as the same
// Sets.
func FuzzText(f *testing.F) {
	f.Add("@ 300 IN SOA ns host 1 2 3 4 5\nwww A 192.0.2.1\nwww RRSIG A 13 2 300 20260131000000 20260101000000 370 @ QUJD")
	f.Add(`a\.b\000\"\@ TXT "x\"y" \;z` + "\n" + `* CLASS32 TYPE731 \# 3 abcdef`)
	f.Add("x HTTPS 1 . alpn=h2,h3 ipv4hint=192.0.2.1\nx CAA 0 issue \"ca.example\"\nx NAPTR 1 2 \"u\" \"E2U+sip\" \"!^.*$!sip:a@example!\" .")
	f.Add("x NSEC3 1 0 10 aabb 2t7b4g4vsa5smi47k61mv5bv1a22bojr A RRSIG\nx LOC 52 22 23.000 N 4 53 32.000 E -2.00m 0.00m 10000m 10m")
	f.Fuzz(func(t *testing.T, zone string) {
		sets, err := text.ParseRRs(zone, domain.MustParse("example."))
		if err != nil {
			return
		}
		var lines string
		for i := range sets {
			lines += text.SetString(&sets[i])
		}
		again, err := text.ParseRRs(lines, domain.Name{})
		if err != nil {
			t.Fatalf("%v in\n%s", err, lines)
		}
		if len(again) != len(sets) {
			t.Fatalf("%d sets came back as %d:\n%s", len(sets), len(again), lines)
		}
		for i := range sets {
			if !same(&sets[i], &again[i]) {
				t.Fatalf("set %d came back as another:\n%s%s", i, text.SetString(&sets[i]), text.SetString(&again[i]))
			}
		}
	})
}

func same(a, b *rrset.Set) bool {
	return a.Name == b.Name && string(a.Owner) == string(b.Owner) && a.Type == b.Type && a.Class == b.Class &&
		a.TTL == b.TTL && string(a.RData) == string(b.RData) && string(a.Sigs) == string(b.Sigs)
}
