package follow_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/miekg/dns"

	"recursor/dns/domain"
	"recursor/dns/rrset"
	"recursor/dns/text"
	"recursor/dns/wire"
	"recursor/observe"
	"recursor/testbed/sim"
	"recursor/trust"
	"recursor/trust/follow"
	"recursor/trust/rfc5011"
)

const day = 24 * time.Hour

// owner is the root's: what its servers say.
type owner struct {
	t        *testing.T
	keys, by string // "A B'": published, and signing; B' is B with its REVOKE flag
	// from and to bound signatures, seen from the moment of signing.
	from, to time.Duration
	ttl      uint32
	silent   error
	old      *rrset.Set // said instead
}

func (o *owner) key(name string) (*dns.DNSKEY, ed25519.PrivateKey) {
	plain := strings.TrimSuffix(name, "'")
	priv := ed25519.NewKeyFromSeed(bytes.Repeat([]byte(plain), ed25519.SeedSize))
	k := &dns.DNSKEY{
		Hdr:   dns.RR_Header{Name: ".", Rrtype: dns.TypeDNSKEY, Class: dns.ClassINET, Ttl: o.ttl},
		Flags: dns.ZONE | dns.SEP, Protocol: 3, Algorithm: dns.ED25519,
		PublicKey: base64.StdEncoding.EncodeToString(priv.Public().(ed25519.PublicKey)),
	}
	if name != plain {
		k.Flags |= dns.REVOKE
	}
	return k, priv
}

func (o *owner) tag(name string) uint16 {
	k, _ := o.key(name)
	return k.KeyTag()
}

// set is the DNSKEY RRset as it is signed at a moment.
func (o *owner) set(now time.Time) *rrset.Set {
	var rrs []dns.RR
	for name := range strings.FieldsSeq(o.keys) {
		k, _ := o.key(name)
		rrs = append(rrs, k)
	}
	all := rrs
	for name := range strings.FieldsSeq(o.by) {
		k, priv := o.key(name)
		s := &dns.RRSIG{
			Hdr: dns.RR_Header{Ttl: o.ttl}, Algorithm: dns.ED25519, KeyTag: k.KeyTag(), SignerName: ".",
			Inception: uint32(now.Add(o.from).Unix()), Expiration: uint32(now.Add(o.to).Unix()), OrigTtl: o.ttl,
		}
		if err := s.Sign(priv, rrs); err != nil {
			o.t.Fatal(err)
		}
		all = append(all, s)
	}
	sets, err := text.FromRRs(all)
	if err != nil || len(sets) != 1 {
		o.t.Fatal(len(sets), err)
	}
	return &sets[0]
}

// story is a Follower of the root in simulated time, and what it does.
type story struct {
	*owner
	clock  *sim.Clock
	o      follow.Options
	f      *follow.Follower
	lines  []string
	truth  time.Duration // how far the true time is ahead of the clock
	signed []string
}

func newStory(t *testing.T) *story {
	t.Helper()
	s := &story{
		owner: &owner{t: t, keys: "A", by: "A", from: -day, to: 20 * day, ttl: 172800},
		clock: sim.NewClock(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)),
	}
	t.Cleanup(s.clock.Close)
	anchor, _ := s.key("A")
	sets, err := text.FromRRs([]dns.RR{anchor})
	if err != nil {
		t.Fatal(err)
	}
	s.o = follow.Options{
		Clock: s.clock, Watch: s,
		Keys:    []trust.Key{{Zone: domain.Root(), Type: wire.TypeDNSKEY, RData: sets[0].RData.First()}},
		File:    &trust.StateFile{Path: filepath.Join(t.TempDir(), "state")},
		Built:   s.clock.Now().Signature.Add(-100 * day),
		Ask:     s.ask,
		Signal:  func(_ context.Context, name domain.Name) { s.signed = append(s.signed, name.String()) },
		Changed: func(zone domain.Name) { s.say("forget %s", zone) },
	}
	return s
}

func (s *story) ask(_ context.Context, zone domain.Name) (rrset.Set, error) {
	if !zone.IsRoot() {
		s.t.Errorf("asked for %s", zone)
	}
	s.say("asked")
	switch {
	case s.silent != nil:
		return rrset.Set{}, s.silent
	case s.old != nil:
		return *s.old, nil
	}
	return *s.set(s.clock.Now().Signature.Add(s.truth)), nil
}

func (s *story) say(format string, args ...any) {
	s.lines = append(s.lines, fmt.Sprintf(format, args...))
}

// Observe implements observe.Observer.
func (s *story) Observe(e observe.Event) {
	switch e := e.(type) {
	case observe.Following:
		s.say("following %s", strings.Join(e.Keys, ", "))
	case observe.Anchored:
		line := fmt.Sprintf("%s %s", s.name(e.Tag), e.To)
		if !e.Until.IsZero() {
			line += " until " + e.Until.Format(time.DateOnly)
		}
		if e.Last {
			line += ", and none is left"
		}
		s.say("%s", line)
	case observe.Unfollowed:
		s.say("nothing: %v", e.Err)
	case observe.Kept:
		s.say("state not %s", e.What)
	case observe.Clocked:
		s.say("clock wrong %t by %v", e.Wrong, e.Off.Round(time.Hour))
	}
}

func (s *story) name(tag uint16) string {
	for _, n := range []string{"A", "B", "C"} {
		if s.tag(n) == tag {
			return n
		}
	}
	return fmt.Sprint(tag)
}

// run begins to follow, as after a start of the program.
func (s *story) run() {
	now := s.clock.Now()
	s.clock.Close()
	s.clock = sim.NewClock(now.TTL)
	s.clock.ShiftSignature(now.Signature.Sub(now.TTL))
	s.t.Cleanup(s.clock.Close)
	s.o.Clock = s.clock
	s.f = follow.New(s.o)
	s.clock.Go("follow", func() { _ = s.f.Run(context.Background()) })
	s.clock.Settle()
}

// told is what happened, and forgets it. Questions that bring nothing new are left out.
func (s *story) told() string {
	var out []string
	for _, l := range s.lines {
		if l != "asked" {
			out = append(out, l)
		}
	}
	s.lines = nil
	return strings.Join(out, "; ")
}

func (s *story) expect(want string) {
	s.t.Helper()
	if got := s.told(); got != want {
		s.t.Errorf("on %s: %s\nwant %s", s.clock.Now().TTL.Format(time.DateOnly), got, want)
	}
}

func (s *story) trusts(want string) {
	t := s.t
	t.Helper()
	var got []string
	for _, k := range s.f.Anchors().Keys(domain.Root()) {
		for _, n := range []string{"A", "B", "C"} {
			if key, _ := s.key(n); k.Type == wire.TypeDNSKEY && strings.Contains(string(k.RData), string(mustBase64(key.PublicKey))) {
				got = append(got, n)
			}
		}
	}
	if s := strings.Join(got, " "); s != want {
		t.Errorf("trusts %q, want %q", s, want)
	}
}

func mustBase64(s string) []byte {
	b, err := base64.StdEncoding.DecodeString(s)
	if err != nil {
		panic(err)
	}
	return b
}

// A roll-over from A to B: the hold-down is by the time that is kept, so that starts of the program do not begin it anew.
//
// RFC: 5011.1, 5011.2, 5011.4, 8145.2
func TestRollOver(t *testing.T) {
	s := newStory(t)
	s.run()
	s.expect(fmt.Sprintf("following %d Valid since 2026-01-01", s.tag("A")))
	s.clock.Advance(2 * day)
	s.keys = "A B"
	s.clock.Advance(day)
	s.expect("B AddPend until 2026-02-03")
	s.trusts("A")
	for range 4 { // starts
		s.clock.Advance(6 * day)
		s.run()
		s.expect(fmt.Sprintf("following %d Valid since 2026-01-01, %d AddPend since 2026-01-04 until 2026-02-03", s.tag("A"), s.tag("B")))
	}
	s.clock.Advance(5 * day)
	s.expect("")
	s.trusts("A")
	s.clock.Advance(2 * day)
	s.expect("B Valid; forget .")
	s.trusts("A B")
	s.keys, s.by = "A' B", "A' B"
	s.clock.Advance(day)
	s.expect("A Revoked; forget .")
	s.trusts("B")
	s.keys, s.by = "B", "B"
	s.run()
	s.told()
	s.clock.Advance(29 * day)
	s.expect("")
	s.clock.Advance(3 * day)
	s.expect("A Removed")
	if n := len(s.signed); n == 0 || s.signed[0] != fmt.Sprintf("_ta-%04x.", s.tag("A")) || s.signed[n-1] != fmt.Sprintf("_ta-%04x.", s.tag("B")) {
		t.Errorf("signalled %v", s.signed)
	}
	// Another set of anchors has another file, and begins anew.
	if follow.FileName(s.o.Keys) == follow.FileName(trust.Root()) || follow.FileName(nil) == follow.FileName(s.o.Keys) {
		t.Error("one file for different anchors")
	}
	twice := append(s.o.Keys, s.o.Keys...)
	if follow.FileName(twice) != follow.FileName(s.o.Keys) {
		t.Error("the same anchors, given twice, have another file")
	}
}

// The last key is revoked: the zone stays one with anchors, and that is told.
//
// RFC: 5011.5
func TestNoneIsLeft(t *testing.T) {
	s := newStory(t)
	s.run()
	s.told()
	s.keys, s.by = "A'", "A'"
	s.clock.Advance(2 * day)
	s.trusts("")
	if got := s.told(); !strings.HasPrefix(got, "A Revoked, and none is left; forget .") {
		t.Error(got)
	}
	if a, ok := s.f.Anchors().Closest(domain.MustParse("example."), s.clock.Now().Signature); !ok || a.DNSKEY != nil {
		t.Errorf("%+v, %t", a, ok)
	}
}

// How often is asked: half the TTL where all is well, and an hour after a failure, whatever the clock does.
//
// RFC: 5011.3
func TestQuestions(t *testing.T) {
	s := newStory(t)
	asked := func(d time.Duration) (n int) {
		s.lines = nil
		s.clock.Advance(d)
		return strings.Count(strings.Join(s.lines, ";"), "asked")
	}
	s.run()
	if n := asked(10*day + time.Hour); n != 10 {
		t.Errorf("%d questions in ten days, with a TTL of two", n)
	}
	s.run() // what is due is kept
	if n := asked(time.Hour); n != 0 {
		t.Errorf("%d questions after a start", n)
	}
	s.silent = errors.New("no servers")
	if n := asked(2 * day); n < 5 || n > 25 { // an hour at least, a tenth of the TTL at most
		t.Errorf("%d questions in two days of silence", n)
	}
	if !strings.Contains(s.told(), "nothing: no servers") {
		t.Error("silence is not told")
	}
	s.silent, s.by = nil, "B" // signed by a stranger
	asked(day)
	if got := s.told(); !strings.Contains(got, follow.ErrUnsigned.Error()) {
		t.Error(got)
	}
}

// The clock: what is wrong is told once with its size, nothing changes meanwhile, and all goes on when it is right.
//
// RFC: X.8
func TestClock(t *testing.T) {
	for what, tt := range map[string]struct {
		off  time.Duration
		want string // told
		than string // in the error
	}{
		"the year 1970":             {-56 * 365 * day, "clock wrong true by -490", "behind the last time that trust anchors were seen"},
		"a year behind":             {-365 * day, "clock wrong true by -8", "behind the last time that trust anchors were seen"},
		"a day behind":              {-26 * time.Hour, "clock wrong true by -26h0m0s", "behind the last time"},
		"ten minutes behind":        {-10 * time.Minute, "", ""},
		"an hour ahead":             {time.Hour, "", ""},
		"a month ahead of the root": {50 * day, "clock wrong true by 720h0m0s; nothing: the clock is at least 30 days ahead of the signatures", "30 days ahead of the signatures of the root's keys"},
	} {
		t.Run(what, func(t *testing.T) {
			s := newStory(t)
			s.run()
			s.told()
			before, err := s.o.File.Read()
			if err != nil {
				t.Fatal(err)
			}
			s.keys = "A B"
			s.clock.ShiftSignature(tt.off)
			s.truth = -tt.off
			s.run()
			got := strings.Join(strings.Split(s.told(), "; ")[1:], "; ")
			if !strings.HasPrefix(got, tt.want) || tt.want == "" && got != "" && !strings.HasPrefix(got, "B AddPend") {
				t.Errorf("told %q, want %q", got, tt.want)
			}
			off, wrong := s.f.Off(s.clock.Now())
			if wrong != (tt.want != "") || wrong && !strings.Contains(off.Error(), tt.than) {
				t.Errorf("%v, %t; want %q", off, wrong, tt.than)
			}
			if !wrong {
				return
			}
			s.clock.Advance(3 * time.Hour)
			if after, err := s.o.File.Read(); err != nil || !bytes.Equal(before, after) {
				t.Errorf("the state has changed: %v\n%s", err, after)
			}
			if strings.Contains(s.told(), "clock wrong") {
				t.Error("told more than once")
			}
			s.clock.ShiftSignature(0)
			s.truth = 0
			s.clock.Advance(2 * time.Minute)
			if got := s.told(); !strings.HasPrefix(got, "clock wrong false by 0s; forget .; B AddPend") {
				t.Errorf("when it is right again: %q", got)
			}
		})
	}
}

// Without a state only the build and the root tell; a program of unknown age does not look at the clock.
//
// RFC: X.8
func TestFreshClock(t *testing.T) {
	for what, tt := range map[string]struct {
		off   time.Duration
		built bool
		than  string
	}{
		"before the build":  {-120 * day, true, "119 days behind the signatures of the root's keys"},
		"before the root":   {-50 * day, true, "49 days behind the signatures of the root's keys"},
		"behind the root":   {50 * day, true, "30 days ahead of the signatures of the root's keys"},
		"of an unknown age": {-120 * day, false, ""},
		"right":             {0, true, ""},
		"within the minute": {30 * time.Second, true, ""},
	} {
		s := newStory(t)
		s.o.File = nil
		if !tt.built {
			s.o.Built = time.Time{}
		}
		s.clock.ShiftSignature(tt.off)
		s.truth = -tt.off
		s.keys = "A B"
		s.run()
		off, wrong := s.f.Off(s.clock.Now())
		if wrong != (tt.than != "") || wrong && !strings.Contains(off.Error(), tt.than) {
			t.Errorf("%s: %v, %t; want %q", what, off, wrong, tt.than)
		}
		if states := len(s.f.Points()[0].Keys); wrong && states != 1 {
			t.Errorf("%s: %d keys are known", what, states)
		}
	}
	// The build tells where the root is silent.
	silent := newStory(t)
	silent.silent = errors.New("no network")
	silent.clock.ShiftSignature(-120 * day)
	silent.run()
	if off, wrong := silent.f.Off(silent.clock.Now()); !wrong || off.Error() != "the clock is at least 20 days behind the build of this program" {
		t.Errorf("%v, %t", off, wrong)
	}
	silent.clock.ShiftSignature(-100*day - 30*time.Minute) // clocks and builds differ a little
	if off, wrong := silent.f.Off(silent.clock.Now()); wrong {
		t.Error(off)
	}
	// What the root said long ago says nothing of now.
	s := newStory(t)
	s.run()
	s.silent = errors.New("no network")
	s.clock.Advance(100 * day)
	if off, wrong := s.f.Off(s.clock.Now()); wrong {
		t.Error(off)
	}
	// An old answer says that the clock is ahead; a new one that it was not.
	s.silent, s.old = nil, s.set(s.clock.Now().Signature.Add(-60*day))
	s.clock.Advance(day)
	if off, wrong := s.f.Off(s.clock.Now()); !wrong {
		t.Error(off)
	}
	s.old = nil
	s.clock.Advance(day)
	if off, wrong := s.f.Off(s.clock.Now()); wrong {
		t.Error(off)
	}
}

// A state that cannot be read is told, and what is configured holds; one that cannot be written, too.
//
// RFC: 5011.4
func TestStateThatIsBroken(t *testing.T) {
	s := newStory(t)
	s.run()
	s.told()
	if err := os.WriteFile(s.o.File.Path, []byte("recursor rfc5011 1\nnonsense\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if f := follow.New(s.o); !errors.Is(f.Err(), rfc5011.ErrChecksum) {
		t.Errorf("%v", f.Err())
	}
	s.run()
	s.expect(fmt.Sprintf("state not read; following %d Valid since 2026-01-01", s.tag("A")))
	if f := follow.New(s.o); f.Err() != nil || len(f.Points()) != 1 { // it was written anew
		t.Errorf("%v", f.Err())
	}
	s.o.File.Path = filepath.Join(t.TempDir(), "gone", "state")
	s.keys = "A B"
	s.run()
	s.expect(fmt.Sprintf("following %d Valid since 2026-01-01; state not written; B AddPend until 2026-01-31", s.tag("A")))
}
