package serve_test

import (
	"bytes"
	"context"
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/miekg/dns"

	"recursor/dns/domain"
	"recursor/dns/ede"
	"recursor/frontend"
	"recursor/observe"
	"recursor/serve"
)

// TestResolutionsAreBounded: who comes when there is no place gets an answer that
// says so, never silence.
// RFC: 8914.4
func TestResolutionsAreBounded(t *testing.T) {
	for _, tc := range []struct {
		what     string
		client   func(n int) string
		admitted int
		rcode    int
	}{
		// One client alone gets half of the places, though its share is less.
		{"one client", func(int) string { return "127.0.0.1" }, 4, dns.RcodeRefused},
		{"many clients", func(n int) string { return fmt.Sprintf("127.0.0.%d", n) }, 8, dns.RcodeServerFailure},
	} {
		var w *world
		var refused *dns.Msg
		inProgress := 0
		ask := func() *dns.Msg {
			packed, err := withEDNS(question("a.example.", dns.TypeA)).Pack()
			if err != nil {
				t.Fatal(err)
			}
			q := query(packed)
			q.Client = addrPort(tc.client(inProgress) + ":5")
			reply, _ := w.serve(q)
			return read(t, reply)
		}
		w = newWorld(func(serve.Question) (serve.Answer, error) {
			inProgress++
			if got := ask(); refused == nil { // another comes while this one is in progress
				refused = got
			}
			return serve.Answer{}, nil
		}, func(o *serve.Options) { o.Resolutions, o.ResolutionsPerClient = 8, 3 })
		if got := ask(); got.Rcode != dns.RcodeSuccess || inProgress != tc.admitted {
			t.Errorf("%s: %d admitted, %v", tc.what, inProgress, got)
		}
		if code, text := note(refused); refused.Rcode != tc.rcode || code != 0 || text == "" {
			t.Errorf("%s: %v", tc.what, refused)
		}
		w.resolver.answer = func(serve.Question) (serve.Answer, error) { return serve.Answer{}, nil }
		if got := ask(); got.Rcode != dns.RcodeSuccess {
			t.Errorf("%s: the places are not given back: %v", tc.what, got)
		}
	}
}

// nested is a Resolver that does something while a query is in progress.
type nested func(ctx context.Context, name string) error

func (n nested) Resolve(ctx context.Context, q serve.Question) (serve.Answer, error) {
	return serve.Answer{}, n(ctx, q.Name.String())
}

// TestSlowResolutionsGiveWay: where all places are taken, who waits for a slow server makes room for who comes, and is told.
func TestSlowResolutionsGiveWay(t *testing.T) {
	var w *world
	ask := func(name string) *dns.Msg {
		packed, err := withEDNS(question(name, dns.TypeA)).Pack()
		if err != nil {
			t.Fatal(err)
		}
		var reply []byte
		w.Miss(query(packed), func(msg []byte) { reply = bytes.Clone(msg) })
		return read(t, reply)
	}
	var early, late *dns.Msg
	w = newWorld(nil, func(o *serve.Options) {
		o.Resolutions, o.ResolutionsPerClient, o.GiveWay = 2, 9, 500*time.Millisecond
		o.Resolver = nested(func(ctx context.Context, name string) error {
			switch name {
			case "slow.example.":
				ask("between.example.")
				return ctx.Err()
			case "between.example.":
				early = ask("third.example.") // nobody has waited for long
				w.clock.at = w.clock.at.Add(600 * time.Millisecond)
				late = ask("fourth.example.")
				return ctx.Err()
			}
			return nil
		})
	})
	slow := ask("slow.example.")
	if _, text := note(slow); slow.Rcode != dns.RcodeServerFailure || !strings.Contains(text, "given up for others") {
		t.Errorf("who waited: %v", slow)
	}
	if _, text := note(early); early.Rcode != dns.RcodeServerFailure || !strings.Contains(text, "too many queries") {
		t.Errorf("who came too early: %v", early)
	}
	if late.Rcode != dns.RcodeSuccess {
		t.Errorf("who came for the place: %v", late)
	}
	if again := ask("other.example."); again.Rcode != dns.RcodeSuccess {
		t.Errorf("the places are not given back: %v", again)
	}
}

// TestLateAnswersUnderPressure: what comes late is sent where there is no pressure, over TCP, and to clients with a cookie.
//
// RFC: X.7
func TestLateAnswersUnderPressure(t *testing.T) {
	for _, tc := range []struct {
		what            string
		places          int
		transport       frontend.Transport
		cookie, expects bool
	}{
		{"pressure", 2, frontend.UDP, false, false},
		{"pressure, over TCP", 2, frontend.TCP, false, true},
		{"pressure, a cookie", 2, frontend.UDP, true, true},
		{"no pressure", 9, frontend.UDP, false, true},
	} {
		t.Run(tc.what, func(t *testing.T) {
			var w *world
			ask := func(name string, change func(m *dns.Msg, q *frontend.Query)) (reply []byte) {
				m := withEDNS(question(name, dns.TypeA))
				q := &frontend.Query{}
				if change != nil {
					change(m, q)
				}
				packed, err := m.Pack()
				if err != nil {
					t.Fatal(err)
				}
				of := query(packed)
				of.Transport = q.Transport
				w.Miss(of, func(msg []byte) { reply = bytes.Clone(msg) })
				return reply
			}
			var late []byte
			var known *dns.EDNS0_COOKIE // a cookie of ours
			w = newWorld(nil, func(o *serve.Options) {
				o.Resolutions, o.ResolutionsPerClient = tc.places, 9
				o.Resolver = nested(func(_ context.Context, name string) error {
					switch name {
					case "outer.example.":
						late = ask("late.example.", func(m *dns.Msg, q *frontend.Query) {
							q.Transport = tc.transport
							if tc.cookie {
								m.IsEdns0().Option = append(m.IsEdns0().Option, known)
							}
						})
					case "late.example.":
						w.clock.at = w.clock.at.Add(2100 * time.Millisecond)
					}
					return nil
				})
			})
			first := read(t, ask("first.example.", func(m *dns.Msg, _ *frontend.Query) {
				m.IsEdns0().Option = append(m.IsEdns0().Option, &dns.EDNS0_COOKIE{Code: dns.EDNS0COOKIE, Cookie: "0102030405060708"})
			}))
			for _, o := range first.IsEdns0().Option {
				if c, ok := o.(*dns.EDNS0_COOKIE); ok {
					known = c
				}
			}
			if ask("outer.example.", nil) == nil && tc.transport == frontend.UDP && tc.places > 2 {
				t.Error("the other query is not answered")
			}
			if (late != nil) != tc.expects {
				t.Errorf("sent: %t", late != nil)
			}
		})
	}
}

// TestPanic: a broken resolver costs the query, not the client its answer.
func TestPanic(t *testing.T) {
	w := newWorld(func(serve.Question) (serve.Answer, error) { panic("broken invariant") }, func(o *serve.Options) { o.Resolutions = 1 })
	packed, err := withEDNS(question("a.example.", dns.TypeA)).Pack()
	if err != nil {
		t.Fatal(err)
	}
	for range 3 { // more than there are places
		var got []byte
		func() {
			defer func() {
				if recover() == nil {
					t.Error("the panic is hidden from whoever started the goroutine")
				}
			}()
			w.Miss(query(packed), func(msg []byte) { got = msg })
		}()
		m := read(t, got)
		if code, text := note(m); m.Rcode != dns.RcodeServerFailure || code != 0 || text != "internal error" || len(m.Question) != 1 {
			t.Errorf("%v", m)
		}
	}
}

// TestDeadline: over UDP there is less time, since stubs give up after five
// seconds.
func TestDeadline(t *testing.T) {
	for _, tc := range []struct {
		change    func(*serve.Options)
		udp, rest time.Duration
	}{
		{nil, 4500 * time.Millisecond, 5 * time.Second},
		{func(o *serve.Options) { o.UDPDeadline, o.Deadline = time.Second, 2*time.Second }, time.Second, 2 * time.Second},
	} {
		w := newWorld(example(t), tc.change)
		for i, over := range []frontend.Transport{frontend.UDP, frontend.TCP, frontend.DoT, frontend.DoH, frontend.DoQ} {
			w.askOver(t, question("a.example.", dns.TypeA), over)
			want := tc.rest
			if over == frontend.UDP {
				want = tc.udp
			}
			if q := w.resolver.asked[i]; q.Deadline != want || q.Transport != over || q.ID != uint64(i+1) || q.Client != addrPort("127.0.0.1:4711") {
				t.Errorf("%s: asked %+v", over, q)
			}
		}
	}
}

type contextual struct{ ctx context.Context }

func (c *contextual) Resolve(ctx context.Context, _ serve.Question) (serve.Answer, error) {
	c.ctx = ctx
	return serve.Answer{}, nil
}

func TestContext(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	r := &contextual{}
	w := newWorld(nil, nil)
	w.Handler = serve.New(ctx, serve.Options{
		Clock: w.clock, Resolver: r, Allow: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")},
		Cookies: serve.Cookies{Mode: serve.CookiesIgnored},
	})
	w.ask(t, question("a.example.", dns.TypeA))
	if r.ctx.Err() != nil {
		t.Error("canceled too early")
	}
	if cancel(); r.ctx.Err() == nil {
		t.Error("the end of the Handler's context does not end resolutions")
	}
}

// TestSmallBuffer: what does not fit the buffer of Hit is left to Miss, which
// says the same as Hit would have.
func TestSmallBuffer(t *testing.T) {
	w := newWorld(nil, nil)
	packed, err := withEDNS(question("localhost.", dns.TypeA)).Pack()
	if err != nil {
		t.Fatal(err)
	}
	whole, hit := w.serve(query(packed))
	if !hit {
		t.Fatal("not a hit")
	}
	for n := range whole {
		dst := make([]byte, len(whole))
		if _, ok := w.Hit(query(packed), dst[:n]); ok {
			t.Fatalf("%d octets hold a response of %d", n, len(whole))
		}
		if !bytes.Equal(dst[n:], make([]byte, len(whole)-n)) {
			t.Fatal("Hit writes behind its buffer")
		}
	}
	dst := make([]byte, len(whole))
	if n, ok := w.Hit(query(packed), dst); !ok || !bytes.Equal(dst[:n], whole) {
		t.Errorf("%x, want %x", dst[:n], whole)
	}
	w.Miss(query(packed), func(msg []byte) {
		if !bytes.Equal(msg, whole) {
			t.Errorf("%x, want %x", msg, whole)
		}
	})
}

func TestEvents(t *testing.T) {
	w := newWorld(func(serve.Question) (serve.Answer, error) {
		return serve.Answer{Sends: 3, Notes: []ede.Note{{Code: ede.StaleAnswer, Text: "servers are silent"}}, Stale: true}, nil
	}, nil)
	w.askOver(t, question("A.example.", dns.TypeMX), frontend.TCP)
	w.ask(t, question("localhost.", dns.TypeA))
	w.ask(t, question("b.example.", dns.TypeAXFR))
	w.serve(query([]byte("no query")))
	var got []string
	for _, e := range w.events.all {
		a := e.(observe.Answered)
		if a.Client != addrPort("127.0.0.1:4711") || !a.At.Equal(w.clock.at) {
			t.Errorf("%+v", a)
		}
		got = append(got, fmt.Sprintf("%d %s %s %d rcode %d from %s, %d sends, %v", a.Query, a.Transport, a.Name, a.Type, a.RCode, a.From, a.Sends, a.Notes))
	}
	want := []string{
		"1 tcp a.example. 15 rcode 0 from stale, 3 sends, [{Stale Answer servers are silent}]",
		"2 udp localhost. 1 rcode 0 from local, 0 sends, []",
		"3 udp b.example. 252 rcode 5 from refused, 0 sends, [{Not Supported no zone transfers here}]",
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// TestTook: an event says how long the answer took.
func TestTook(t *testing.T) {
	var w *world
	w = newWorld(func(serve.Question) (serve.Answer, error) {
		w.clock.at = w.clock.at.Add(70 * time.Millisecond)
		return serve.Answer{}, nil
	}, nil)
	w.ask(t, question("a.example.", dns.TypeA))
	if a := w.events.all[0].(observe.Answered); a.Took != 70*time.Millisecond || a.Name != domain.MustParse("a.example.") {
		t.Errorf("%+v", a)
	}
}
