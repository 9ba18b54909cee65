package validate_test

import (
	"encoding/binary"
	"errors"
	"testing"

	"github.com/miekg/dns"

	"recursor/dns/ede"
	"recursor/dns/wire"
	"recursor/testbed/sim"
	"recursor/validate"
)

// Where the work is spent on asking other servers, what was found out before stands: it says more than that.
//
// RFC: X.1
func TestWorkSpentOnAskingAgain(t *testing.T) {
	one := sim.SignOptions{Algorithm: dns.ED25519, OneKey: true}
	for _, of := range []wire.Type{wire.TypeDNSKEY, wire.TypeDS} {
		w := tree(t, place{origin: ".", sign: one}, place{origin: "com.", sign: one}, place{origin: "example.com.", lines: rich, sign: one})
		said := 0
		w.change = func(r *validate.Response) {
			if r.Type != of || r.Name != name("example.com.") || r.Set == nil {
				return
			}
			said++ // each server lies in its own way
			r.Set.Sigs = flood(r.Set.Sigs.First(), 4)
			binary.BigEndian.PutUint16(r.Set.Sigs[len(r.Set.Sigs)-4:], uint16(said))
		}
		w.maxFailures = 7
		v := w.want("www.example.com.", a, "bogus signature does not verify")
		if v.Reason != validate.SignatureWrong || said != 2 || w.failures != 7 {
			t.Errorf("%s: %s, asked %d times, %d failures", of, v.String(), said, w.failures)
		}
	}
}

// Keys and DS records that cannot be had: whose fault it is, is told by the code.
//
// RFC: 8914.1
func TestCodesOfWhatCannotBeFetched(t *testing.T) {
	one := sim.SignOptions{Algorithm: dns.ED25519, OneKey: true}
	for _, tt := range []struct {
		of   wire.Type
		err  error
		want ede.Code
	}{
		{wire.TypeDNSKEY, errors.New("no idea"), ede.DNSSECIndeterminate},
		{wire.TypeDNSKEY, &ede.Error{Code: ede.Other}, ede.Other}, // our own limit
		{wire.TypeDS, &ede.Error{Code: ede.Other}, ede.Other},
		{wire.TypeDNSKEY, &ede.Error{Code: ede.NoReachableAuthority, Upstream: true}, ede.DNSKEYMissing},
		{wire.TypeDS, &ede.Error{Code: ede.NoReachableAuthority, Upstream: true}, ede.NetworkError},
	} {
		w := tree(t, place{origin: ".", sign: one}, place{origin: "com.", sign: one}, place{origin: "example.com.", lines: rich, sign: one})
		w.fail = map[validate.Want]error{{Name: name("example.com."), Type: tt.of}: tt.err}
		steps := w.resolve("www.example.com.", a)
		v, err := steps[0].parts.Worst(), steps[0].err
		var told *ede.Error
		if v.Reason != validate.FetchFailed || !errors.As(err, &told) || told.Code != tt.want || !errors.Is(err, tt.err) || !errors.Is(err, validate.ErrFetch) {
			t.Errorf("%s: %v: %s, %v; want code %d", tt.of, tt.err, v.String(), err, tt.want)
		}
	}
}
