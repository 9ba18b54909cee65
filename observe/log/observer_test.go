package log_test

import (
	"bytes"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"recursor/clock"
	"recursor/dns/domain"
	"recursor/dns/ede"
	"recursor/dns/wire"
	"recursor/observe"
	"recursor/observe/log"
	"recursor/testbed/sim"
)

// logger writes console lines without time.
func logger(level zapcore.Level) (*zap.Logger, *bytes.Buffer) {
	var out bytes.Buffer
	encoder := zap.NewProductionEncoderConfig()
	encoder.TimeKey, encoder.EncodeDuration = "", zapcore.StringDurationEncoder
	return zap.New(zapcore.NewCore(zapcore.NewConsoleEncoder(encoder), zapcore.Lock(zapcore.AddSync(&out)), level)), &out
}

func simulated(t *testing.T) *sim.Clock {
	t.Helper()
	c := sim.NewClock(time.Unix(1_800_000_000, 0))
	t.Cleanup(c.Close)
	return c
}

// answered is an answer to a client whose address must not be told to everybody.
func answered(name domain.Name, rcode wire.RCode, notes ...ede.Note) observe.Answered {
	return observe.Answered{
		Client: netip.MustParseAddrPort("192.0.2.77:4711"), Transport: "udp", Name: name, Type: uint16(wire.TypeA),
		RCode: uint16(rcode), Took: 1500 * time.Millisecond, From: "upstream", Notes: notes, Sends: 6,
	}
}

func TestLines(t *testing.T) {
	www, moment := domain.MustParse("www.example.com."), time.Unix(1_800_000_000, 0)
	cached := ede.Note{Code: ede.CachedError}
	silent := ede.Note{Code: ede.NoReachableAuthority, Text: "example.com.: 192.0.2.1 timed out"}
	odd := answered(www, wire.ServFail)
	odd.Type = 65280
	for _, tc := range []struct {
		event observe.Event
		info  string
		debug string // the same as info where empty
	}{
		{
			event: answered(www, wire.ServFail, silent),
			info: "warn\tSERVFAIL <www.example.com. A>: No Reachable Authority: example.com.: 192.0.2.1 timed out\t" +
				`{"transport": "udp", "took": "1.5s", "sent": 6}` + "\n",
		},
		{
			event: answered(www, wire.ServFail, cached, silent),
			info: "warn\tSERVFAIL <www.example.com. A>: Cached Error: No Reachable Authority: example.com.: 192.0.2.1 timed out\t" +
				`{"transport": "udp", "took": "1.5s", "sent": 6}` + "\n",
		},
		{
			event: odd,
			info:  "warn\tSERVFAIL <www.example.com. TYPE65280>\t" + `{"transport": "udp", "took": "1.5s", "sent": 6}` + "\n",
		},
		{
			event: answered(www, wire.NoError),
			debug: "debug\tNOERROR <www.example.com. A>\t" +
				`{"client": "192.0.2.77:4711", "transport": "udp", "from": "upstream", "took": "1.5s", "sent": 6}` + "\n",
		},
		{
			event: answered(www, wire.Refused, ede.Note{Code: ede.Prohibited, Text: "not in the access list"}),
			debug: "debug\tREFUSED <www.example.com. A>: Prohibited: not in the access list\t" +
				`{"client": "192.0.2.77:4711", "transport": "udp", "from": "upstream", "took": "1.5s", "sent": 6}` + "\n",
		},
		{
			event: observe.Panicked{What: "walk", Recovered: errors.New("index\nout of range"), Stack: []byte("a\nb")},
			info: "error\ta broken invariant cost one query; please report it\t" +
				`{"in": "walk", "panic": "index\nout of range", "stack": "a\nb"}` + "\n",
		},
		{
			event: observe.Following{Zone: domain.Root(), Keys: []string{"20326 Valid", "38696 AddPend"}},
			info:  "info\ttrust anchors of .\t" + `{"keys": ["20326 Valid", "38696 AddPend"]}` + "\n",
		},
		{
			event: observe.Following{Zone: domain.Root(), Keys: []string{"1 DS"}, Next: moment},
			info:  "info\ttrust anchors of .\t" + `{"keys": ["1 DS"], "asked-again": 1800000000}` + "\n",
		},
		{
			event: observe.Anchored{At: moment, Zone: domain.Root(), Tag: 38696, From: "Start", To: "AddPend", Until: moment.Add(time.Hour)},
			info:  "info\ttrust anchor 38696 of .: AddPend, was Start\t" + `{"at": 1800000000, "trusted-from": 1800003600}` + "\n",
		},
		{
			event: observe.Anchored{At: moment, Zone: domain.Root(), Tag: 38696, From: "AddPend", To: "Valid"},
			info:  "info\ttrust anchor 38696 of .: Valid, was AddPend\t" + `{"at": 1800000000}` + "\n",
		},
		{
			event: observe.Anchored{At: moment, Zone: domain.Root(), Tag: 1, From: "Valid", To: "Revoked", Last: true},
			info: "error\ttrust anchor 1 of .: Revoked, was Valid; no key is trusted any more, and everything below is bogus until anchors are configured\t" +
				`{"at": 1800000000}` + "\n",
		},
		{
			event: observe.Unfollowed{Zone: domain.Root(), Next: moment, Err: errors.New("no servers")},
			info: "warn\ttrust anchors of . stay as they are: their zone could not be asked for its keys, or what came does not count\t" +
				`{"asked-again": 1800000000, "error": "no servers"}` + "\n",
		},
		{
			event: observe.Kept{File: "f", What: "written", Err: errors.New("disk full")},
			info:  "error\tthe state of trust anchors could not be written\t" + `{"file": "f", "error": "disk full"}` + "\n",
		},
		{
			event: observe.Clocked{At: moment, Wrong: true, Off: -48 * time.Hour, Than: "the build"},
			info: "error\tthe clock is wrong: signatures cannot be judged, and trust anchors stay as they are until it is set\t" +
				`{"clock": 1800000000, "at-least": "48h0m0s", "behind": "the build"}` + "\n",
		},
		{
			event: observe.Clocked{At: moment, Wrong: true, Off: time.Hour, Than: "the root"},
			info: "error\tthe clock is wrong: signatures cannot be judged, and trust anchors stay as they are until it is set\t" +
				`{"clock": 1800000000, "at-least": "1h0m0s", "ahead of": "the root"}` + "\n",
		},
		{
			event: observe.Clocked{At: moment},
			info:  "info\tthe clock is right again\t" + `{"clock": 1800000000}` + "\n",
		},
		{
			event: observe.Disabled{Zone: domain.MustParse("example."), Until: moment, Reason: "ticket", What: "in effect"},
			info:  "warn\tnegative trust anchor of example.: in effect\t" + `{"until": 1800000000, "reason": "ticket"}` + "\n",
		},
		{event: observe.Sent{Name: www}},
		{event: observe.Stored{Name: www}},
	} {
		if tc.debug == "" {
			tc.debug = tc.info
		}
		for level, want := range map[zapcore.Level]string{zap.InfoLevel: tc.info, zap.DebugLevel: tc.debug} {
			l, out := logger(level)
			log.New(l, simulated(t)).Observe(tc.event)
			if out.String() != want {
				t.Errorf("level %s: %q, want %q", level, out, want)
			}
		}
	}
}

// TestNamesCannotForgeLines: a client may put any octet into a name.
func TestNamesCannotForgeLines(t *testing.T) {
	wireForm := []byte("\x2fevil\n2027-01-01\tERROR\tall is lost\t\x1b[31m\"{}\x7f\x00\xff\xc3\xa9 <.\\\x07example\x00")
	wireForm[0] = byte(len(wireForm) - 1 - 9)
	l, out := logger(zap.DebugLevel)
	o := log.New(l, simulated(t))
	for _, rcode := range []wire.RCode{wire.ServFail, wire.NXDomain} {
		out.Reset()
		o.Observe(answered(domain.FromLowered(domain.AppendLower(nil, wireForm)), rcode))
		text := strings.TrimSuffix(out.String(), "\n")
		if !strings.Contains(text, `\010`) || strings.ContainsFunc(text, func(c rune) bool { return c != '\t' && (c < ' ' || c > '~') }) {
			t.Errorf("%q", text)
		}
		if tabs := strings.Count(text, "\t"); tabs != 2 {
			t.Errorf("%d tabs in %q", tabs, text)
		}
	}
}

// TestSuppression: in each second so many failures are written; the next line tells how many were not.
func TestSuppression(t *testing.T) {
	c := simulated(t)
	l, out := logger(zap.InfoLevel)
	o := log.New(l, c)
	fail := func(n int) {
		for i := range n {
			o.Observe(answered(domain.MustParse(fmt.Sprintf("n%d.example.", i)), wire.ServFail))
			o.Observe(answered(domain.MustParse("good.example."), wire.NoError)) // counts for nothing
		}
	}
	lines := func() []string {
		defer out.Reset()
		return strings.Split(strings.TrimSpace(out.String()), "\n")
	}
	fail(30)
	if got := lines(); len(got) != 20 || !strings.Contains(got[19], "<n19.example. A>") || strings.Contains(strings.Join(got, ""), "left-out") {
		t.Errorf("%d lines: %q", len(got), got)
	}
	c.Advance(999 * time.Millisecond)
	fail(5)
	if out.Len() > 0 {
		t.Errorf("in the same second: %q", out)
	}
	c.Advance(time.Millisecond)
	fail(2)
	if got := lines(); len(got) != 2 || !strings.HasSuffix(got[0], `"lines-left-out": 15}`) || strings.Contains(got[1], "left-out") {
		t.Errorf("a second later: %q", got)
	}
	c.Advance(time.Hour)
	fail(20)
	if got := lines(); len(got) != 20 || strings.Contains(got[0], "left-out") {
		t.Errorf("an hour later: %d lines, first %q", len(got), got[0])
	}
}

// TestQuietAllocates: an answer that is not written costs nothing, for cached answers are many.
func TestQuietAllocates(t *testing.T) {
	l, out := logger(zap.InfoLevel)
	var o observe.Observer = log.New(l, clock.NewReal())
	for _, e := range []observe.Event{
		answered(domain.MustParse("www.example."), wire.NoError),
		answered(domain.MustParse("www.example."), wire.Refused, ede.Note{Code: ede.Prohibited, Text: "not in the access list"}),
	} {
		if n := testing.AllocsPerRun(100, func() { o.Observe(e) }); n > 0 {
			t.Errorf("%v allocations", n)
		}
	}
	if out.Len() > 0 {
		t.Errorf("written: %s", out)
	}
}

// TestMany: failures at once, for the race detector, are each written or counted.
func TestMany(t *testing.T) {
	l, out := logger(zap.InfoLevel)
	c := simulated(t)
	o := log.New(l, c)
	done := make(chan struct{})
	for range 4 {
		go func() {
			for range 50 {
				o.Observe(answered(domain.MustParse("www.example."), wire.ServFail))
			}
			done <- struct{}{}
		}()
	}
	for range 4 {
		<-done
	}
	c.Advance(time.Second)
	o.Observe(answered(domain.MustParse("www.example."), wire.ServFail))
	if n := strings.Count(out.String(), "\n"); n != 21 || !strings.Contains(out.String(), `"lines-left-out": 180}`) {
		t.Errorf("%d lines\n%s", n, out)
	}
}
