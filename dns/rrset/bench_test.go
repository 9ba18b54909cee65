package rrset_test

import (
	"testing"

	"recursor/dns/rrset"
)

func BenchmarkParse(b *testing.B) {
	for _, tc := range []struct {
		name string
		msg  []byte
	}{
		{"referral", referral(b)},
		{"answer", aliasAnswer(b)},
	} {
		b.Run(tc.name, func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(tc.msg)))
			for b.Loop() {
				if _, err := rrset.Parse(tc.msg); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
