package cache

import (
	"strings"
	"testing"

	"recursor/dns/wire"
)

// contents tells what of the fixture is left.
func contents(c *Cache) string {
	var left []string
	at := after(1)
	for _, n := range []string{".", "example.", "www.example.", "a.www.example.", "www\\007example.", "test."} {
		if _, ok := c.Get(name(n), wire.TypeA, at); ok {
			left = append(left, n+"A")
		}
		if _, ok := c.Get(name(n), 65280, at); ok {
			left = append(left, n+"TYPE65280")
		}
		if _, ok := c.GetDenial(name(n), wire.TypeMX, at); ok {
			left = append(left, n+"denied")
		}
		if _, ok := c.GetFailure(name(n), wire.TypeTXT, at); ok {
			left = append(left, n+"failed")
		}
		if _, _, ok := c.GetPoint(name(n), at); ok {
			left = append(left, n+"point")
		}
	}
	return strings.Join(left, " ")
}

func fixture(t *testing.T) *Cache {
	t.Helper()
	c := newCache(Options{FailureFirst: 60e9})
	for _, s := range []struct {
		owner  string
		status Status
	}{{"example.", Secure}, {"www.example.", Bogus}, {"a.www.example.", Unjudged}, {"www\\007example.", Unjudged}} {
		set := a(t, s.owner, 300, "192.0.2.1")
		c.Put(&set, RankAnswerAA, s.status, start())
	}
	odd := set(t, "www.example. 300 IN TYPE65280 \\# 1 00")
	c.Put(&odd, RankAnswerAA, Unjudged, start())
	c.PutDenial(nodata(t, "www.example.", wire.TypeMX, "example.", 300, Secure), start())
	c.PutDenial(nxdomain(t, "test.", ".", 300, Secure), start())
	c.PutFailure(name("www.example."), wire.TypeTXT, Failure{}, start())
	c.PutPoint(name("example."), []byte("point"), after(300), start())
	c.PutPoint(name("www.example."), []byte("point"), after(300), start())
	c.PutPoint(name("."), []byte("point"), after(300), start())
	return c
}

func TestFlush(t *testing.T) {
	const (
		root  = ".point"
		apex  = "example.A example.point"
		www   = "www.example.A www.example.TYPE65280 www.example.denied www.example.failed www.example.point"
		below = "a.www.example.A"
		like  = "www\\007example.A"
		nx    = "test.denied"
	)
	join := func(parts ...string) string { return strings.Join(parts, " ") }
	for _, tc := range []struct {
		what  string
		flush func(*Cache)
		want  string
	}{
		{"nothing", func(*Cache) {}, join(root, apex, www, below, like, nx)},
		{"name", func(c *Cache) { c.Flush(name("www.example.")) }, join(root, apex, below, like, nx)},
		{"name not there", func(c *Cache) { c.Flush(name("b.example.")) }, join(root, apex, www, below, like, nx)},
		{"tree", func(c *Cache) { c.FlushTree(name("WWW.example.")) }, join(root, apex, like, nx)},
		{"tree of a zone", func(c *Cache) { c.FlushTree(name("example.")) }, join(root, like, nx)},
		{"zone with one below", func(c *Cache) { c.FlushZone(name("example.")) }, join(root, www, below, like, nx)},
		{"zone with nothing below", func(c *Cache) { c.FlushZone(name("www.example.")) }, join(root, apex, like, nx)},
		{"the root's zone", func(c *Cache) { c.FlushZone(name(".")) }, join(apex, www, below)},
		{"denied tree", func(c *Cache) { c.FlushTree(name("test.")) }, join(root, apex, www, below, like)},
		{"root's tree", func(c *Cache) { c.FlushTree(name(".")) }, ""},
		{"all", func(c *Cache) { c.FlushAll() }, ""},
		{
			"type",
			func(c *Cache) { c.FlushType(name("www.example."), 65280) },
			join(root, apex, "www.example.A www.example.denied www.example.failed www.example.point", below, like, nx),
		},
		{"denied name", func(c *Cache) { c.FlushType(name("test."), wire.TypeA) }, join(root, apex, www, below, like)},
		{
			"bogus",
			func(c *Cache) { c.FlushBogus() },
			join(root, apex, "www.example.TYPE65280 www.example.denied www.example.point", below, like, nx),
		},
		{
			"negative",
			func(c *Cache) { c.FlushNegative() },
			join(root, apex, "www.example.A www.example.TYPE65280 www.example.point", below, like),
		},
	} {
		c := fixture(t)
		tc.flush(c)
		if got := contents(c); got != tc.want {
			t.Errorf("flush %s:\n%s\nleft, want\n%s", tc.what, got, tc.want)
		}
	}
}

// The DS of a zone below is the word of the zone above.
func TestFlushZoneTakesTheDS(t *testing.T) {
	c := newCache(Options{})
	ds := set(t, "sub.example. 300 IN DS 1 13 2 1111111111111111111111111111111111111111111111111111111111111111")
	of := a(t, "sub.example.", 300, "192.0.2.1")
	c.Put(&ds, RankAuthorityAA, Secure, start())
	c.Put(&of, RankAnswerAA, Secure, start())
	c.PutPoint(name("sub.example."), []byte("point"), after(300), start())
	c.FlushZone(name("example."))
	if _, ok := c.Get(ds.Name, ds.Type, start()); ok {
		t.Error("the DS is left")
	}
	if _, ok := c.Get(of.Name, of.Type, start()); !ok {
		t.Error("what the zone below says of itself is gone")
	}
}

func TestStats(t *testing.T) {
	c := fixture(t)
	st := c.Stats()
	if st.Entries != 12 || st.Stored != 7 || st.Refused != 0 || st.Hits != 0 || st.Used == 0 {
		t.Errorf("%+v", st)
	}
	contents(c)
	c.GetStale(name("example."), wire.TypeA, after(301))
	s := a(t, "example.", 300, "192.0.2.1")
	c.Put(&s, RankGlue, Unjudged, start())
	st = c.Stats()
	if st.Hits != 5 || st.Misses != 7 || st.Denials != 2 || st.Failures != 1 || st.Stale != 1 || st.Refused != 1 {
		t.Errorf("%+v", st)
	}
}
