package recursor_test

import (
	"encoding/binary"
	"testing"
	"time"

	"recursor/cache"
	"recursor/dns/domain"
	"recursor/dns/ede"
	"recursor/dns/rrset"
	"recursor/dns/wire"
	"recursor/testbed/sim"
	"recursor/validate"
)

// staleWorld has a name whose TTL is a minute, asked for once and run out, and
// the server of it.
func staleWorld(t *testing.T, change func(*world)) (*world, *sim.Authority) {
	t.Helper()
	w := newWorld(t, exampleAt1, "")
	if change != nil {
		change(w)
	}
	w.start()
	a := w.serve("192.0.2.1", "example.com.", "@ SOA ns host 1 1800 900 604800 60\n@ NS ns\nns A 192.0.2.1\n"+
		"www 60 A 192.0.2.80\nalias 60 CNAME www\n")
	w.wantA(w.ask("www.example.com.", wire.TypeA), "192.0.2.80")
	w.wantA(w.ask("alias.example.com.", wire.TypeA), "192.0.2.80")
	w.wantRCode(w.ask("none.example.com.", wire.TypeA), wire.NXDomain)
	w.wantRCode(w.ask("www.example.com.", wire.TypeMX), wire.NoError)
	w.clock.Advance(2 * time.Minute)
	w.sent()
	return w, a
}

// RFC: 8767.4
func TestAnAttemptToRefreshThatFailedIsNotRepeatedForHalfAMinute(t *testing.T) {
	for what, fail := range map[string]func(*sim.Authority){
		"SERVFAIL": func(a *sim.Authority) { a.Faults.RCode = 2 },
		"silence":  func(a *sim.Authority) { a.Faults.Silence = true },
	} {
		w, a := staleWorld(t, nil)
		fail(a)
		var attempts []time.Duration
		for range 200 {
			began := w.clock.Elapsed()
			o := w.ask("www.example.com.", wire.TypeA)
			w.wantA(o, "192.0.2.80")
			if !o.Stale || o.took > 1800*time.Millisecond {
				t.Fatalf("%s: stale %t after %v", what, o.Stale, o.took)
			}
			w.clock.Advance(time.Second)
			if len(w.sent()) > 0 && (len(attempts) == 0 || began-attempts[len(attempts)-1] > 12*time.Second) {
				attempts = append(attempts, began) // what is sent within one flight is one attempt
			}
		}
		if len(attempts) < 4 {
			t.Errorf("%s: attempts at %v: it is never tried again", what, attempts)
		}
		for i := 1; i < len(attempts); i++ {
			if pause := attempts[i] - attempts[i-1]; pause < 30*time.Second {
				t.Errorf("%s: attempts at %v", what, attempts)
				break
			}
		}
		a.Faults = sim.Faults{}
		w.clock.Advance(5 * time.Minute)
		if o := w.ask("www.example.com.", wire.TypeA); o.Stale || o.addrs() == nil {
			t.Errorf("%s: what works again must be asked again: %+v, %v", what, o.Answer, o.err)
		}
	}
}

// RFC: 8767.2 RFC: 8767.5
func TestWhatIsServedStale(t *testing.T) {
	for _, tc := range []struct {
		what, name string
		t          wire.Type
		rcode      wire.RCode
		code       ede.Code
		ttl        uint32
		authority  int
	}{
		{"an RRset", "www.example.com.", wire.TypeA, wire.NoError, ede.StaleAnswer, 30, 0},
		{"an alias and what it leads to", "alias.example.com.", wire.TypeA, wire.NoError, ede.StaleAnswer, 30, 0},
		{"that a name does not exist", "none.example.com.", wire.TypeA, wire.NXDomain, ede.StaleNXDomain, 30, 1},
		{"that there is no such type", "www.example.com.", wire.TypeMX, wire.NoError, ede.StaleAnswer, 30, 1},
	} {
		w, a := staleWorld(t, nil)
		a.Faults.Silence = true
		o := w.ask(tc.name, tc.t)
		if o.err != nil || !o.Stale || o.RCode != tc.rcode || len(o.Notes) != 1 || o.Notes[0].Code != tc.code || len(o.Authority) != tc.authority {
			t.Errorf("%s: %+v, %v", tc.what, o.Answer, o.err)
			continue
		}
		for _, set := range append(o.Answer.Answer, o.Authority...) {
			if set.TTL != tc.ttl {
				t.Errorf("%s: TTL %d, want %d", tc.what, set.TTL, tc.ttl)
			}
		}
		// RD=0 never gets it.
		q := recursorQuery(tc.name, tc.t)
		q.CacheOnly = true
		if o := w.query(q); o.Stale {
			t.Errorf("%s: stale data for a query without RD", tc.what)
		}
	}
}

// RFC: 8767.4
func TestTheSettingsOfStaleData(t *testing.T) {
	w, a := staleWorld(t, func(w *world) {
		w.options.StaleAfter, w.options.StaleTTL = -1, 5*time.Second
	})
	a.Faults.Silence = true
	if o := w.ask("www.example.com.", wire.TypeA); !o.Stale || o.took != 0 || o.Answer.Answer[0].TTL != 5 {
		t.Errorf("at once: %+v after %v", o.Answer, o.took)
	}
	w, a = staleWorld(t, func(w *world) { w.options.NoStale = true })
	a.Faults.Silence = true
	if o := w.ask("www.example.com.", wire.TypeA); o.Stale || o.RCode != wire.ServFail {
		t.Errorf("off: %+v", o.Answer)
	}
	w, a = staleWorld(t, func(w *world) { w.cache = cache.New(cache.Options{Size: 8 << 20, MaxStale: 30 * time.Second}) })
	a.Faults.Silence = true
	if o := w.ask("www.example.com.", wire.TypeA); o.Stale || o.RCode != wire.ServFail {
		t.Errorf("past the greatest age: %+v", o.Answer)
	}
}

// What was validated keeps AD while it is stale, as long as its signatures last.
// RFC: 8767.5
func TestStaleDataIsSecureUntilASignatureEnds(t *testing.T) {
	w := newWorld(t, exampleAt1, "")
	w.options.Judge = validate.New(validate.Options{
		Anchors: func(domain.Name, time.Time) (validate.Anchor, bool) { return validate.Anchor{}, false },
	})
	w.start()
	now := w.clock.Now().TTL
	ends := now.Add(time.Hour)
	rrsig := func(ends time.Time) []byte {
		rd := append([]byte{0, 1, 13, 3, 0, 0, 0, 60}, make([]byte, 10+13+64)...)
		binary.BigEndian.PutUint32(rd[8:], uint32(ends.Unix()))
		return rd
	}
	set := rrset.New(name("www.example.com."), wire.TypeA, 60, []byte{192, 0, 2, 80})
	set.Sigs = rrset.List(nil).Append(rrsig(ends)).Append(rrsig(ends.Add(time.Hour)))
	if !w.cache.Put(&set, cache.RankAnswerAA, cache.Secure, now) {
		t.Fatal("not stored")
	}
	w.servers[rootAddr].Faults.Silence = true
	for _, tc := range []struct {
		at     time.Duration
		secure bool
	}{
		{2 * time.Minute, true},
		{time.Hour - 10*time.Second, true},
		{time.Hour + time.Second, false},
		{3 * time.Hour, false},
	} {
		w.clock.Advance(tc.at - w.clock.Elapsed())
		o := w.ask("www.example.com.", wire.TypeA)
		if w.wantA(o, "192.0.2.80"); !o.Stale || o.Secure != tc.secure {
			t.Errorf("after %v: stale %t, secure %t", tc.at, o.Stale, o.Secure)
		}
	}
}

// What a wildcard was expanded to keeps its proof when it is stale (RFC 4035 §3.1.3.3).
func TestAStaleWildcardHasItsProof(t *testing.T) {
	w := newWorld(t, exampleAt1, "").start()
	now := w.clock.Now().TTL
	set := rrset.New(name("any.example.com."), wire.TypeA, 60, []byte{192, 0, 2, 80})
	proof := []rrset.Set{rrset.New(name("*.example.com."), wire.TypeNSEC, 60, append(name("mail.example.com.").AppendWire(nil), 0, 1, 0x40))}
	if !w.cache.PutEntry(&cache.Entry{Set: set, Proof: proof, Rank: cache.RankAnswerAA, Status: cache.Insecure}, now) {
		t.Fatal("not stored")
	}
	w.servers[rootAddr].Faults.Silence = true
	w.clock.Advance(2 * time.Minute)
	o := w.ask("any.example.com.", wire.TypeA)
	if w.wantA(o, "192.0.2.80"); !o.Stale || len(o.Authority) != 1 || o.Authority[0].Type != wire.TypeNSEC || o.Authority[0].TTL != 30 {
		t.Errorf("%+v", o.Answer)
	}
}
