package validate_test

import (
	"testing"

	"recursor/dns/domain"
	"recursor/dns/wire"
	"recursor/validate"
)

// BenchmarkJudge judges answers whose zone's keys are known, and one from the
// anchor down.
func BenchmarkJudge(b *testing.B) {
	for what, q := range map[string]question{
		"answer": {"www.example.com.", wire.TypeA}, "nxdomain": {"nobody.example.com.", wire.TypeA},
		"nsec3": {"nobody.n3.com.", wire.TypeA}, "insecure": {"www.plain.com.", wire.TypeA},
	} {
		for _, kept := range []bool{true, false} {
			name := what + "/known"
			if !kept {
				name = what + "/cold"
			}
			b.Run(name, func(b *testing.B) {
				w := internet(b)
				w.verdict(q.name, q.t)
				r, err := w.ask(domain.MustParse(q.name), q.t)
				if err != nil {
					b.Fatal(err)
				}
				responses := map[validate.Want]validate.Fetched{}
				for want, f := range w.kept {
					if !kept {
						f.Known, f.Verdict = false, validate.Verdict{}
					}
					responses[want] = f
				}
				f := fixed{responses, w}
				j := w.judge()
				b.ReportAllocs()
				for b.Loop() {
					if p, err := j.Judge(&r, w.now, f, f); err != nil || p.Final.Status < validate.Insecure {
						b.Fatal(p.Final, err)
					}
				}
			})
		}
	}
}

// fixed is a Fetcher that has everything at hand.
type fixed struct {
	responses map[validate.Want]validate.Fetched
	*world
}

func (f fixed) Fetch(w validate.Want) (*validate.Fetched, error) {
	got := f.responses[w]
	return &got, nil
}

func (fixed) Kept(validate.Want) (*validate.Fetched, bool) { return nil, false }

func (fixed) Keep(*validate.Fetched, validate.Verdict) {}
