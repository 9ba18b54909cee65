package infra

import (
	"testing"
	"time"

	"recursor/random"
	"recursor/transport"
)

// bench plays one question against one server.
type bench struct {
	t   *testing.T
	s   Server
	h   History
	now time.Time
	n   Need
}

func newBench(t *testing.T) *bench {
	return &bench{t: t, now: time.Unix(1_800_000_000, 0), n: Need{Payload: 1232, Case: true, Cookies: true}}
}

// try plans the next send, which must be there.
func (b *bench) try() Try {
	b.t.Helper()
	try, ok := b.s.Plan(&b.h, b.n, b.now, DefaultTiming())
	if !ok {
		b.t.Fatal("nothing more to send")
	}
	b.h.Sent(try)
	return try
}

// outcome lets the time pass and observes.
func (b *bench) outcome(try Try, r Result, took time.Duration) {
	b.now = b.now.Add(took)
	b.s.Observe(&b.h, Observation{
		Try: try, Result: r, Took: took, Sent: b.now.Add(-took), Heard: b.now, MayPlain: b.n.MayPlain,
	}, b.now, DefaultTiming())
}

// fresh begins another question.
func (b *bench) fresh() { b.h = History{} }

// lose sends and gets nothing.
func (b *bench) lose() Try {
	try := b.try()
	b.outcome(try, TimedOut, try.Timeout)
	return try
}

func rung(try Try) string {
	switch {
	case try.Proto == transport.TCP:
		return "tcp"
	case try.Payload == 0:
		return "plain"
	case try.Payload == 512:
		return "small"
	default:
		return "full"
	}
}

// RFC: 9715.4 RFC: 9520.1 RFC: 6891.4
func TestLadderGoesDownWithinTheLimits(t *testing.T) {
	b := newBench(t)
	var got []string
	for {
		try, ok := b.s.Plan(&b.h, b.n, b.now, DefaultTiming())
		if !ok {
			break
		}
		b.h.Sent(try)
		got = append(got, rung(try))
		b.outcome(try, TimedOut, try.Timeout)
	}
	want := []string{"full", "full", "small", "tcp", "tcp"}
	if len(got) != len(want) {
		t.Fatalf("sends %v, want %v", got, want)
	}
	for i := range want {
		if got[i] != want[i] {
			t.Fatalf("sends %v, want %v", got, want)
		}
	}
	if !b.h.Spent() {
		t.Error("the server has more to give")
	}
}

func TestALowerRungIsRememberedOnlyIfAHigherFailedTwice(t *testing.T) {
	b := newBench(t)
	b.lose()
	b.lose()
	try := b.try()
	b.outcome(try, Answered, 20*time.Millisecond)
	b.fresh()
	if got := rung(b.try()); got != "small" {
		t.Fatalf("the next question starts at %s, want small", got)
	}

	b = newBench(t)
	b.lose()
	b.outcome(b.try(), Answered, 20*time.Millisecond) // the second at the full payload
	b.fresh()
	if got := rung(b.try()); got != "full" {
		t.Fatalf("one loss taught %s", got)
	}
}

func TestTheLadderIsProbedUpwardAgain(t *testing.T) {
	b := newBench(t)
	b.lose()
	b.lose()
	b.outcome(b.try(), Answered, 20*time.Millisecond)
	b.fresh()
	b.now = b.now.Add(rungAge)
	try := b.try()
	if rung(try) != "full" {
		t.Fatalf("aged memory: %s", rung(try))
	}
	b.outcome(try, TimedOut, try.Timeout)
	if got := rung(b.try()); got != "small" {
		t.Fatalf("a failed probe goes on with %s, want small", got)
	}
	b.fresh()
	b.now = b.now.Add(rungAge)
	b.outcome(b.try(), Answered, 20*time.Millisecond)
	b.fresh()
	if got := rung(b.try()); got != "full" {
		t.Fatalf("a probe that succeeded teaches %s, want full", got)
	}
}

func TestTCPIsRememberedWhereNoDatagramComes(t *testing.T) {
	b := newBench(t)
	b.lose()
	b.lose()
	b.lose()
	try := b.try()
	if rung(try) != "tcp" {
		t.Fatal(rung(try))
	}
	b.outcome(try, Answered, 40*time.Millisecond)
	b.fresh()
	if got := rung(b.try()); got != "tcp" {
		t.Fatalf("next question by %s, want tcp", got)
	}
}

// RFC: 1123.2
func TestTruncatedGoesToTCPAndTeachesNothing(t *testing.T) {
	b := newBench(t)
	b.outcome(b.try(), Truncated, 20*time.Millisecond)
	try := b.try()
	if rung(try) != "tcp" {
		t.Fatalf("after TC: %s", rung(try))
	}
	b.outcome(try, Answered, 20*time.Millisecond)
	b.fresh()
	if got := rung(b.try()); got != "full" {
		t.Fatalf("TC taught %s", got)
	}
}

// RFC: 6891.5
func TestEDNSRefused(t *testing.T) {
	for _, c := range []struct {
		name     string
		mayPlain bool
		want     string
	}{{"where DNSSEC is needed", false, ""}, {"where it is not", true, "plain"}} {
		t.Run(c.name, func(t *testing.T) {
			b := newBench(t)
			b.n.MayPlain = c.mayPlain
			b.outcome(b.try(), Rejected, time.Millisecond)
			try := b.try()
			if try.Cookie || rung(try) != "full" {
				t.Fatalf("the second try must leave the cookie out and keep EDNS: %+v", try)
			}
			b.outcome(try, Rejected, time.Millisecond)
			next, ok := b.s.Plan(&b.h, b.n, b.now, DefaultTiming())
			if ok != (c.want != "") || ok && rung(next) != c.want {
				t.Fatalf("third try %v %v", ok, rung(next))
			}
			if !ok {
				return
			}
			b.h.Sent(next)
			b.outcome(next, Answered, time.Millisecond)
			b.fresh()
			if got := rung(b.try()); got != "plain" {
				t.Errorf("the next question starts with %s, want plain", got)
			}
			b.n.MayPlain = false
			b.fresh()
			if got := rung(b.try()); got == "plain" {
				t.Error("plain DNS where DNSSEC is needed")
			}
			b.n.MayPlain = true
			b.fresh()
			b.now = b.now.Add(ednsAge)
			if got := rung(b.try()); got != "full" {
				t.Errorf("after an hour: %s, want full", got)
			}
		})
	}
}

func TestCaseFolderIsAskedByTCPAndThenPlainly(t *testing.T) {
	b := newBench(t)
	try := b.try()
	if !try.Case {
		t.Fatal("no mixed case")
	}
	b.outcome(try, Folded, time.Millisecond)
	if got := rung(b.try()); got != "tcp" {
		t.Fatalf("after a folded reply: %s", got)
	}
	b.fresh()
	if b.try().Case {
		t.Error("the folder is asked in mixed case again")
	}
	b.fresh()
	b.now = b.now.Add(foldAge)
	if !b.try().Case {
		t.Error("not probed again after a day")
	}
}

// RFC: 1123.4
func TestTimeoutsFollowTheMeasuredTimeAndBackOff(t *testing.T) {
	b := newBench(t)
	if first := b.try().Timeout; first != 400*time.Millisecond {
		t.Fatalf("unmeasured: %v", first)
	}
	for range 40 {
		b.fresh()
		b.outcome(b.try(), Answered, 50*time.Millisecond)
	}
	b.fresh()
	one := b.lose().Timeout
	two := b.lose().Timeout
	if one > 200*time.Millisecond || one < 100*time.Millisecond || two != 2*one {
		t.Errorf("time-outs %v, %v for a server of 50 ms", one, two)
	}
	b = newBench(t)
	b.outcome(b.try(), Answered, 2*time.Second)
	b.fresh()
	if d := b.try().Timeout; d != 3*time.Second {
		t.Errorf("ceiling: %v", d)
	}
}

func TestDownAfterFourAndBack(t *testing.T) {
	b := newBench(t)
	for i := range 4 {
		if b.s.Down(b.now) {
			t.Fatalf("down after %d", i)
		}
		b.lose()
	}
	if !b.s.Down(b.now) || b.s.Down(b.now.Add(5*time.Second)) {
		t.Fatal("four silent sends must make it down for five seconds")
	}
	b.now = b.now.Add(6 * time.Second)
	b.fresh()
	b.lose()
	if !b.s.Down(b.now.Add(9 * time.Second)) {
		t.Error("the back-off does not grow")
	}
	b.fresh()
	b.outcome(b.try(), Answered, time.Millisecond)
	if b.s.Down(b.now) || b.s.silent != 0 {
		t.Error("a reply must bring it back")
	}
}

// Where nobody answers the network is the likely cause: a server is left alone for five seconds, and never for longer,
// so that it is back within seconds of the network.
func TestSilenceOfAllMakesNoBackOffGrow(t *testing.T) {
	b := newBench(t)
	silent := func() {
		b.fresh()
		try := b.try()
		sent := b.now
		b.now = b.now.Add(try.Timeout)
		b.s.Observe(&b.h, Observation{Try: try, Result: TimedOut, Took: try.Timeout, Sent: sent}, b.now, DefaultTiming())
	}
	for i := range 10 {
		silent()
		down := b.s.Down(b.now) && !b.s.Down(b.now.Add(5*time.Second))
		if down != (i >= 3) {
			t.Fatalf("after %d: down for five seconds: %t", i+1, down)
		}
		if b.s.Down(b.now) {
			b.now = b.now.Add(5 * time.Second)
		}
	}
	if b.s.silent != 0 {
		t.Error("what the network does is held against the server when servers are chosen")
	}
}

// One question at a time probes a server whose back-off has ended.
func TestAProbeKeepsOthersAway(t *testing.T) {
	b := newBench(t)
	for range 4 {
		b.fresh()
		b.lose()
	}
	b.now = b.now.Add(5 * time.Second)
	b.fresh()
	try := b.try()
	if !b.s.Down(b.now) {
		t.Error("a second question would probe it, too")
	}
	b.outcome(try, TimedOut, try.Timeout)
	if !b.s.Down(b.now.Add(9*time.Second)) || b.s.Down(b.now.Add(10*time.Second)) {
		t.Error("a probe in vain does not double the back-off")
	}
}

// RFC: 7873.2 RFC: 9018.1
func TestCookies(t *testing.T) {
	stream := (&random.Replay{Seed: 1}).Stream()
	now := time.Unix(1_800_000_000, 0)
	var a, b Server
	ca, cb := string(a.Cookie(stream, nil)), string(b.Cookie(stream, nil))
	if len(ca) != 8 || ca == cb {
		t.Fatal("client cookies must have 8 octets and differ by server")
	}
	server := "12345678"
	if !a.CookieReply([]byte(ca+server), now) {
		t.Fatal("a right reply is refused")
	}
	if got := string(a.Cookie(stream, nil)); got != ca+server {
		t.Errorf("the server cookie is not echoed: %x", got)
	}
	for name, option := range map[string][]byte{
		"wrong client cookie": []byte("xxxxxxxx" + server),
		"none":                nil,
		"too short":           []byte(ca + "1234567"),
		"too long":            append([]byte(ca), make([]byte, 33)...),
	} {
		if a.CookieReply(option, now) {
			t.Errorf("%s: believed", name)
		}
	}
	if !b.CookieReply(nil, now) {
		t.Fatal("a server that never had cookies is refused")
	}
	if b.cookie.worth(now.Add(cookieAge-1)) || !b.cookie.worth(now.Add(cookieAge)) {
		t.Error("a server without cookies must be left alone for five minutes")
	}
	if again := string(b.Cookie(stream, nil)); again == cb {
		t.Error("the same cookie is sent again to a server that does not support them")
	}
}

func TestBadCookieOnceThenTCP(t *testing.T) {
	b := newBench(t)
	b.outcome(b.try(), BadCookie, time.Millisecond)
	try := b.try()
	if rung(try) != "full" {
		t.Fatalf("after BADCOOKIE: %s", rung(try))
	}
	b.outcome(try, BadCookie, time.Millisecond)
	if got := rung(b.try()); got != "tcp" {
		t.Fatalf("after a second BADCOOKIE: %s", got)
	}
}
