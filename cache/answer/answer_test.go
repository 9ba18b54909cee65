package answer_test

import (
	"bytes"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/miekg/dns"

	"recursor/cache/answer"
	"recursor/dns/wire"
)

func start() time.Time { return time.Unix(1_700_000_000, 0) }

func small() *answer.Cache { return answer.New(answer.Options{Size: 1 << 20, Seed: 1}) }

// message is a response with records in presentation form: answer, a line "--",
// authority, a line "--", additional.
func message(t testing.TB, name string, records ...string) []byte {
	t.Helper()
	m := new(dns.Msg)
	m.SetQuestion(name, dns.TypeA)
	m.Id, m.Response, m.Compress = 0, true, true
	sections := []*[]dns.RR{&m.Answer, &m.Ns, &m.Extra}
	for _, r := range records {
		if r == "--" {
			sections = sections[1:]
			continue
		}
		rr, err := dns.NewRR(r)
		if err != nil {
			t.Fatal(err)
		}
		*sections[0] = append(*sections[0], rr)
	}
	packed, err := m.Pack()
	if err != nil {
		t.Fatal(err)
	}
	return packed
}

// key is the key of a name in presentation form for type A.
func key(t testing.TB, name string, v answer.Variant) *answer.Key {
	t.Helper()
	raw := make([]byte, 256)
	n, err := dns.PackDomainName(name, raw, 0, nil, false)
	if err != nil {
		t.Fatal(err)
	}
	k := new(answer.Key)
	k.SetName(raw[:n])
	k.Set(wire.TypeA, v, 0)
	return k
}

// questionEnd is where the body of a message begins.
func questionEnd(t testing.TB, msg []byte) int {
	t.Helper()
	c := wire.NewCursor(msg)
	if _, err := c.FirstQuestion(); err != nil {
		t.Fatal(err)
	}
	return c.Off
}

func put(c *answer.Cache, k *answer.Key, msg []byte, at time.Time) bool {
	c.Stamp(k)
	return c.Put(k, &answer.Answer{Message: msg, At: at})
}

// get is the message as a caller makes it of what is kept: with the header and
// question of the original.
func get(t testing.TB, c *answer.Cache, k *answer.Key, original []byte, now time.Time) ([]byte, answer.Found, bool) {
	t.Helper()
	dst := bytes.Repeat([]byte{0xee}, 6000)
	off := questionEnd(t, original)
	f, ok := c.Get(k, dst, off, now)
	if !ok {
		return nil, f, false
	}
	copy(dst, original[:off])
	return dst[:f.End], f, true
}

func sample(t testing.TB) []byte {
	return message(t, "www.example.", "www.example. 300 CNAME a.example.", "a.example. 60 A 192.0.2.1", "a.example. 60 A 192.0.2.2",
		"--", "example. 86400 NS ns.example.", "--", "ns.example. 4000000000 AAAA 2001:db8::1")
}

// RFC: 2308.1
func TestGetCountsDown(t *testing.T) {
	c, msg, k := small(), sample(t), key(t, "www.example.", 0)
	if !put(c, k, msg, start()) {
		t.Fatal("not kept")
	}
	for _, tc := range []struct {
		after time.Duration
		age   uint32
		ok    bool
	}{
		{-time.Hour, 0, true}, // a clock that was read a little earlier
		{0, 0, true},
		{999 * time.Microsecond, 0, true},
		{time.Millisecond, 1, true}, // rounded, so that nothing is given for too long
		{time.Second, 1, true},
		{1001 * time.Millisecond, 2, true},
		{59 * time.Second, 59, true},
		{59*time.Second + time.Millisecond, 60, false},
		{60 * time.Second, 60, false},
		{time.Hour, 3600, false},
		{math.MaxInt64, 0, false},
	} {
		got, f, ok := get(t, c, k, msg, start().Add(tc.after))
		if ok != tc.ok {
			t.Fatalf("after %v: found %t", tc.after, ok)
		}
		if !ok {
			continue
		}
		if f.Answer != 3 || f.Authority != 1 || f.Additional != 1 || f.RCode != wire.NoError || f.Secure || f.End != len(msg) {
			t.Errorf("after %v: %+v", tc.after, f)
		}
		want, have := new(dns.Msg), new(dns.Msg)
		if err := want.Unpack(msg); err != nil {
			t.Fatal(err)
		}
		if err := have.Unpack(got); err != nil {
			t.Fatalf("after %v: %x: %v", tc.after, got, err)
		}
		for _, section := range [][]dns.RR{want.Answer, want.Ns, want.Extra} {
			for _, rr := range section {
				rr.Header().Ttl -= tc.age
			}
		}
		if have.String() != want.String() {
			t.Errorf("after %v:\n%s\nwant\n%s", tc.after, have, want)
		}
	}
	if s := c.Stats(); s.Stored != 1 || s.Hits < 7 {
		t.Errorf("%+v", s)
	}
}

// The question is the caller's: names that were compressed against it take its
// spelling, whatever its place in dst.
// RFC: 4343.2
func TestSpelling(t *testing.T) {
	c, msg := small(), sample(t)
	put(c, key(t, "www.example.", 0), msg, start())
	asked := bytes.Replace(msg, []byte("\x03www\x07example"), []byte("\x03wWw\x07EXample"), 1)
	got, _, ok := get(t, c, key(t, "wWw.EXample.", 0), asked, start())
	if !ok || !bytes.Equal(got, asked) {
		t.Fatalf("%x, want %x", got, asked)
	}
	m := new(dns.Msg)
	if err := m.Unpack(got); err != nil {
		t.Fatal(err)
	}
	if m.Answer[0].Header().Name != "wWw.EXample." || m.Answer[1].Header().Name != "a.EXample." {
		t.Errorf("%v", m)
	}
}

// RFC: 8906.3
func TestKeyedApart(t *testing.T) {
	c := small()
	type question struct {
		name string
		t    wire.Type
		v    answer.Variant
		view uint16
	}
	var all []question
	for _, name := range []string{".", "a.", "example.", "a.example.", "b.example.", strings.Repeat("a.", 127)} {
		for _, typ := range []wire.Type{wire.TypeA, wire.TypeAAAA, wire.TypeCAA} {
			for v := range answer.Variant(4) {
				for view := range uint16(6) {
					all = append(all, question{name, typ, v, view * 51})
				}
			}
		}
	}
	keyOf := func(q question) *answer.Key {
		k := key(t, q.name, 0)
		k.Set(q.t, q.v, q.view)
		return k
	}
	body := func(i int) []byte {
		return message(t, all[i].name, fmt.Sprintf("%s 60 A 192.0.%d.%d", all[i].name, i/256, i%256))
	}
	for i := range all {
		msg := body(i)
		if _, _, ok := get(t, c, keyOf(all[i]), msg, start()); ok {
			t.Fatalf("%+v is found before it is kept", all[i])
		}
		if !put(c, keyOf(all[i]), msg, start()) {
			t.Fatalf("%+v is not kept", all[i])
		}
	}
	for i := range all {
		if got, _, ok := get(t, c, keyOf(all[i]), body(i), start()); !ok || !bytes.Equal(got, body(i)) {
			t.Fatalf("%+v: %x", all[i], got)
		}
	}
}

func TestPutRefuses(t *testing.T) {
	good := sample(t)
	edit := func(f func(m *dns.Msg)) []byte {
		m := new(dns.Msg)
		if err := m.Unpack(good); err != nil {
			t.Fatal(err)
		}
		m.Compress = true
		f(m)
		packed, err := m.Pack()
		if err != nil {
			t.Fatal(err)
		}
		return packed
	}
	text := func(n int) string { return `www.example. 60 TXT "` + strings.Repeat("x", n) + `"` }
	var long []string
	for range answer.MaxBody / 256 {
		long = append(long, text(256-13)) // twelve octets before the RDATA, one in it
	}
	fits := message(t, "www.example.", long...)
	if len(fits)-questionEnd(t, fits) != answer.MaxBody {
		t.Fatalf("the body has %d octets", len(fits)-questionEnd(t, fits))
	}
	for _, tc := range []struct {
		what string
		msg  []byte
		ok   bool
	}{
		{"good", good, true},
		{"the longest", fits, true},
		{"a TTL of 2", edit(func(m *dns.Msg) { m.Extra[0].Header().Ttl = 2 }), true},
		{"a TTL of 1", edit(func(m *dns.Msg) { m.Extra[0].Header().Ttl = 1 }), false},
		{"a TTL of 0", edit(func(m *dns.Msg) { m.Ns[0].Header().Ttl = 0 }), false},
		{"too long", message(t, "www.example.", append(long, text(1))...), false},
		{"truncated", edit(func(m *dns.Msg) { m.Truncated = true }), false},
		{"an OPT", edit(func(m *dns.Msg) { m.SetEdns0(1232, false) }), false},
		{"no record", message(t, "www.example."), false},
		{"no question", edit(func(m *dns.Msg) { m.Question = nil }), false},
		{"two questions", edit(func(m *dns.Msg) { m.Question = append(m.Question, m.Question[0]) }), false},
		{"no end", good[:len(good)-1], false},
		{"more than the end", append(bytes.Clone(good), 0), false},
		{"no header", good[:11], false},
		{"nothing", nil, false},
	} {
		c, k := small(), key(t, "www.example.", 0)
		if ok := put(c, k, tc.msg, start()); ok != tc.ok {
			t.Errorf("%s: kept %t", tc.what, ok)
		}
		if got, _, ok := get(t, c, k, good, start()); ok != tc.ok || ok && !bytes.Equal(got[12:], tc.msg[12:]) {
			t.Errorf("%s: found %t, %x", tc.what, ok, got)
		}
	}
}

// A buffer that is too small is told, and nothing is written behind it.
func TestGetWithoutRoom(t *testing.T) {
	c, msg, k := small(), sample(t), key(t, "www.example.", 0)
	put(c, k, msg, start())
	off, least := questionEnd(t, msg), 0
	for n := off; n <= len(msg)+20; n++ {
		dst := make([]byte, len(msg)+40)
		f, ok := c.Get(k, dst[:n], off, start())
		if !bytes.Equal(dst[n:], make([]byte, len(dst)-n)) {
			t.Fatalf("%d octets: written behind them", n)
		}
		if ok && least == 0 {
			least = n
		}
		if ok != (least > 0) || ok && (f.End != len(msg) || !bytes.Equal(dst[off:f.End], msg[off:])) {
			t.Fatalf("%d octets for %d: %t", n, len(msg), ok)
		}
	}
	if least < len(msg) || least > len(msg)+2*5 {
		t.Errorf("%d octets are enough for %d", least, len(msg))
	}
}

func TestSecureAndRCode(t *testing.T) {
	for _, secure := range []bool{false, true} {
		for _, rcode := range []wire.RCode{wire.NoError, wire.NXDomain} {
			c, k, msg := small(), key(t, "www.example.", 0), sample(t)
			msg[3] = msg[3]&^0xf | byte(rcode)
			c.Stamp(k)
			c.Put(k, &answer.Answer{Message: msg, At: start(), Secure: secure})
			if _, f, ok := get(t, c, k, msg, start()); !ok || f.Secure != secure || f.RCode != rcode {
				t.Errorf("%t, %d: %+v", secure, rcode, f)
			}
		}
	}
}

// A Flush takes what is kept and what is being made.
func TestFlush(t *testing.T) {
	msg := sample(t)
	for what, flush := range flushes(t) {
		c, kept, making := small(), key(t, "www.example.", 0), key(t, "other.example.", 0)
		put(c, kept, msg, start())
		c.Stamp(making)
		flush(c)
		c.Put(making, &answer.Answer{Message: msg, At: start()})
		for _, k := range []*answer.Key{kept, making} {
			if _, _, ok := get(t, c, k, msg, start()); ok {
				t.Errorf("%s: %q is found", what, k.Name())
			}
			if !put(c, k, msg, start()) {
				t.Errorf("%s: %q cannot be kept again", what, k.Name())
			}
			if _, _, ok := get(t, c, k, msg, start()); !ok {
				t.Errorf("%s: %q is not kept again", what, k.Name())
			}
		}
	}
}
