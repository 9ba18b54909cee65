package recursor_test

import (
	"testing"
	"time"

	"recursor/cache"
	"recursor/dns/wire"
)

// RFC: 2308.4 RFC: 2308.1 — the bounds hold for who asks first, too.
func TestBoundsOfTTLs(t *testing.T) {
	w := newWorld(t, exampleAt1, "")
	w.cache = cache.New(cache.Options{
		Size: 8 << 20, MinTTL: 100 * time.Second, MaxTTL: 1000 * time.Second, MaxNegativeTTL: 60 * time.Second,
	})
	w.start()
	w.example("192.0.2.1", "example.com.", "long 5000 A 192.0.2.81", "short 5 A 192.0.2.82", "none 0 A 192.0.2.83", "alias 5 CNAME long")
	for name, want := range map[string]uint32{"long": 1000, "short": 100, "none": 0, "alias": 100} {
		for range 2 {
			o := w.ask(name+".example.com.", wire.TypeA)
			if len(o.Answer.Answer) == 0 || o.Answer.Answer[0].TTL != want {
				t.Errorf("%s: %+v, want TTL %d", name, o.Answer.Answer, want)
			}
		}
	}
	for range 2 {
		o := w.ask("no.example.com.", wire.TypeA)
		if len(o.Authority) != 1 || o.Authority[0].TTL != 60 {
			t.Errorf("%+v", o.Authority)
		}
	}
}
