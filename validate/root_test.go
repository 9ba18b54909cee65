package validate_test

import (
	"compress/gzip"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/miekg/dns"

	"recursor/dns/domain"
	"recursor/dns/rrset"
	"recursor/dns/wire"
	"recursor/testbed/sim"
	"recursor/trust"
	"recursor/validate"
)

// rootZone is the root zone of October 2020, as it was; the test skips where it
// is absent.
func rootZone(t *testing.T) *sim.Zone {
	t.Helper()
	shared := os.Getenv("RECURSOR_SHARED")
	if shared == "" {
		shared = filepath.Join("..", "..", "shared")
	}
	f, err := os.Open(filepath.Join(shared, "conformance", "root", "root-2020101902.zone.gz"))
	if err != nil {
		t.Skip("the shared root zone is absent (RECURSOR_SHARED, or ../shared beside the repository)")
	}
	defer f.Close()
	r, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	lines, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	z, err := sim.ParseZone(".", string(lines))
	if err != nil {
		t.Fatal(err)
	}
	return z
}

// The real root, from the embedded anchors: each top-level domain's DS records
// are secure or proven to be absent, what does not exist is denied, and a
// flipped bit of a signed set is seen.
//
// RFC: 9718.1, 4035.3, 4035.5
func TestRealRoot(t *testing.T) {
	z := rootZone(t)
	w := newWorld(t)
	w.serve(z)
	w.now = time.Date(2020, 10, 20, 0, 0, 0, 0, time.UTC)
	anchors := trust.New(trust.Root()...)
	a, ok := anchors.Closest(domain.Root(), w.now)
	if !ok {
		t.Fatal("no anchor")
	}
	w.anchors = []validate.Anchor{{Zone: a.Zone, DS: a.DS, DNSKEY: a.DNSKEY}}

	signed, unsignedTLDs := 0, 0
	var tlds []domain.Name
	for _, n := range z.Names() {
		if n.Labels() != 1 || z.Records(n, dns.TypeNS) == nil {
			continue
		}
		tlds = append(tlds, n)
		if v := w.want(n.String(), wire.TypeDS, "secure"); v.KeyTag == 0 {
			t.Errorf("%s: %s", n, v.String())
		}
		if z.Records(n, dns.TypeDS) != nil {
			signed++
		} else {
			unsignedTLDs++
			if _, v, err := w.judge().Zone(n, w.now, w, w); err != nil || said(v) != unsigned {
				t.Errorf("%s as a zone: %s, %v", n, v.String(), err)
			}
		}
	}
	if signed != 1372 || unsignedTLDs != 136 {
		t.Errorf("%d signed, %d unsigned top-level domains", signed, unsignedTLDs)
	}
	rng := rand.New(rand.NewPCG(20, 10))
	for range 300 {
		n := name(fmt.Sprintf("%c%x.", 'a'+rng.IntN(26), rng.Uint32()))
		if v := w.want(n.String(), wire.TypeA, "secure"); v.OptOut || v.Compact {
			t.Errorf("%s: %s", n, v.String())
		}
	}
	for range 200 {
		n := tlds[rng.IntN(len(tlds))]
		r, err := w.ask(n, wire.TypeDS)
		if err != nil {
			t.Fatal(err)
		}
		set := r.Set
		if set == nil {
			set = &r.Proof[0]
		}
		flipBit(rng, set)
		p, err := w.judge().Judge(&r, w.now, w, w)
		if v := p.Worst(); err != nil || v.Status != validate.Bogus {
			t.Errorf("%s with a bit flipped: %s, %v", n, v.String(), err)
		}
	}
}

// flipBit flips a bit of the data or of the signature, such that the parser
// would still take it.
func flipBit(rng *rand.Rand, set *rrset.Set) {
	list, t := &set.RData, set.Type
	if rng.IntN(2) == 0 {
		list, t = &set.Sigs, wire.TypeRRSIG
	}
	for {
		bad := append([]byte(nil), list.First()...)
		bad[rng.IntN(len(bad))] ^= 1 << rng.IntN(8)
		if wire.CheckRData(t, bad) == nil {
			*list = rrset.List(nil).Append(bad)
			return
		}
	}
}
