package cache

import (
	"fmt"
	"testing"

	"recursor/dns/wire"
)

// What is touched outlives a flood of names, be it an RRset, an alias or the
// denial of a name; what is not does not.
func TestTouch(t *testing.T) {
	for _, touched := range []bool{true, false} {
		c := newCache(Options{Size: 256 << 10})
		flood := func(from int, between func()) {
			for i := range 10_000 {
				if i%100 == 0 {
					between()
				}
				s := a(t, fmt.Sprintf("n%d.example.", from+i), 3600, "192.0.2.1")
				c.Put(&s, RankAnswerAA, Insecure, start())
			}
		}
		flood(0, func() {}) // until there is no room left
		set, alias := a(t, "www.example.", 3600, "192.0.2.1"), set(t, "alias.example. 3600 IN CNAME www.example.")
		c.Put(&set, RankAnswerAA, Insecure, start())
		c.Put(&alias, RankAnswerAA, Insecure, start())
		c.PutDenial(nxdomain(t, "none.example.", "example.", 3600, Insecure), start())
		touch := func() {
			for _, n := range []string{"www.example.", "alias.example.", "none.example."} {
				c.Touch([]byte(name(n).Wire()), wire.TypeA, start())
			}
		}
		flood(10_000, func() {
			if touched {
				touch()
			}
		})
		_, has := c.Get(set.Name, wire.TypeA, start())
		_, leads := c.Get(alias.Name, wire.TypeCNAME, start())
		_, denied := c.GetDenial(name("none.example."), wire.TypeA, start())
		if has != touched || leads != touched || denied != touched {
			t.Errorf("touched %t: RRset %t, alias %t, denial %t are there", touched, has, leads, denied)
		}
		if n := testing.AllocsPerRun(100, touch); touched && n > 6 && !raceDetector {
			t.Errorf("%v allocations", n) // of the names, not of Touch
		}
	}
}
