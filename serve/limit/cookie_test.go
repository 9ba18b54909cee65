package limit_test

import (
	"encoding/hex"
	"net/netip"
	"testing"
	"time"

	"recursor/dns/edns"
	"recursor/random"
	"recursor/serve/limit"
)

func unhex(t *testing.T, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func secret(t *testing.T, s string) limit.Secret { return limit.Secret(unhex(t, s)) }

// RFC: 9018.2, 9018.3, 9018.4
func TestCookieVectors(t *testing.T) {
	const first = "e5e973e5a6b2a43f48e7dc849e37bfcf"
	for _, tc := range []struct {
		name         string
		secrets      []string
		client       string
		now          int64
		sent, answer string
		renew        bool
	}{
		{
			"A.1 learning",
			[]string{first},
			"198.51.100.100", 1559731985,
			"2464c4abcf10c957", "2464c4abcf10c957010000005cf79f111f8130c3eee29480", false,
		},
		{
			"A.2 renewed after 40 minutes",
			[]string{first},
			"198.51.100.100", 1559734385,
			"2464c4abcf10c957010000005cf79f111f8130c3eee29480", "2464c4abcf10c957010000005cf7a871d4a564a1442aca77", true,
		},
		{
			"A.3 reserved octets set",
			[]string{first},
			"203.0.113.203", 1559727985 + 1800 - 1,
			"fc93fc62807ddb8601abcdef5cf78f71a314227b6679ebf5", "", false,
		},
		{
			// The RFC calls the cookie valid 6715 s after it was made, beyond the
			// hour of its own §4.3; what the server returns is the same for us.
			"A.3 renewed",
			[]string{first},
			"203.0.113.203", 1559734700,
			"fc93fc62807ddb86", "fc93fc62807ddb86010000005cf7a9acf73a7810aca2381e", false,
		},
		{
			"A.4 IPv6 with the secret before",
			[]string{"445536bcd2513298075a5d379663c962", "dd3bdf9344b678b185a6f5cb60fca715"},
			"2001:db8:220:1:59de:d0f4:8769:82b8", 1559741961,
			"22681ab97d52c298010000005cf7c57926556bd0934c72f8", "22681ab97d52c298010000005cf7c609a6bb79d16625507a", true,
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var secrets []limit.Secret
			for _, s := range tc.secrets {
				secrets = append(secrets, secret(t, s))
			}
			c := limit.NewCookies(nil, secrets...)
			addr, now := netip.MustParseAddr(tc.client), time.Unix(tc.now, 0)
			client, server, err := edns.ParseCookie(unhex(t, tc.sent))
			if err != nil {
				t.Fatal(err)
			}
			if server != nil {
				if !c.Judge(client, server, addr, now) {
					t.Fatal("the cookie is refused")
				}
				if got := c.Renew(client, server, addr, now); got != tc.renew {
					t.Errorf("renew %t, want %t", got, tc.renew)
				}
			}
			if got := hex.EncodeToString(c.Make(nil, client, addr, now)); tc.answer != "" && got != tc.answer {
				t.Errorf("%s, want %s", got, tc.answer)
			}
		})
	}
}

// RFC: 9018.2, 9018.3, 1982.1
func TestJudge(t *testing.T) {
	key := secret(t, "000102030405060708090a0b0c0d0e0f")
	addr := netip.MustParseAddr("192.0.2.1")
	client := edns.ClientCookie{1, 2, 3, 4, 5, 6, 7, 8}
	for _, made := range []int64{1559731985, 1<<32 + 100, 1<<31 - 10} { // the last two about a wrap
		c := limit.NewCookies(nil, key)
		at := time.Unix(made, 0)
		server := c.Make(nil, client, addr, at)[8:]
		for _, tc := range []struct {
			after       time.Duration
			good, renew bool
		}{
			{0, true, false},
			{30 * time.Minute, true, false},
			{30*time.Minute + time.Second, true, true},
			{time.Hour, true, true},
			{time.Hour + time.Second, false, true},
			{-5 * time.Minute, true, true},
			{-5*time.Minute - time.Second, false, true},
			{1 << 31 * time.Second, false, true},
		} {
			now := at.Add(tc.after)
			if got := c.Judge(client, server, addr, now); got != tc.good {
				t.Errorf("%d after %v: %t", made, tc.after, got)
			}
			if got := c.Renew(client, server, addr, now); tc.good && got != tc.renew {
				t.Errorf("%d after %v: renew %t", made, tc.after, got)
			}
		}
		other := client
		other[0]++
		longer := append(server[:len(server):len(server)], 0)
		changed := append([]byte{}, server...)
		changed[15] ^= 1
		wrong := append([]byte{}, server...)
		wrong[0] = 2
		for what, good := range map[string]bool{
			"another client cookie": c.Judge(other, server, addr, at),
			"another address":       c.Judge(client, server, netip.MustParseAddr("192.0.2.2"), at),
			"a longer cookie":       c.Judge(client, longer, addr, at),
			"a shorter cookie":      c.Judge(client, server[:15], addr, at),
			"no cookie":             c.Judge(client, nil, addr, at),
			"another hash":          c.Judge(client, changed, addr, at),
			"another version":       c.Judge(client, wrong, addr, at),
			"another secret":        limit.NewCookies(nil, limit.Secret{1}).Judge(client, server, addr, at),
		} {
			if good {
				t.Errorf("%d: %s passes", made, what)
			}
		}
		if !c.Judge(client, server, netip.MustParseAddr("::ffff:192.0.2.1"), at) {
			t.Error("IPv4 in IPv6 is another address")
		}
	}
}

// TestStages has the three stages of RFC 9018 §5 between two servers.
// RFC: 9018.4
func TestStages(t *testing.T) {
	before, after := limit.Secret{1}, limit.Secret{2}
	addr, now := netip.MustParseAddr("2001:db8::1"), time.Unix(1559731985, 0)
	stages := []*limit.Cookies{
		limit.NewCookies(nil, before),
		limit.NewCookies(nil, before, after),
		limit.NewCookies(nil, after, before),
		limit.NewCookies(nil, after),
	}
	for i, from := range stages {
		server := from.Make(nil, edns.ClientCookie{}, addr, now)[8:]
		for j, to := range stages {
			// The old secret makes cookies in the first two stages and counts in
			// the first three, the new one the other way round.
			want := j <= 2
			if i >= 2 {
				want = j >= 1
			}
			if got := to.Judge(edns.ClientCookie{}, server, addr, now); got != want {
				t.Errorf("a cookie of stage %d is %t in stage %d", i, got, j)
			}
		}
	}
}

// TestOwnSecretRolls: without a configured secret the process has one of its
// own, which makes cookies for about a day, and whose cookies are good for
// their hour after that.
// RFC: 7873.4
func TestOwnSecretRolls(t *testing.T) {
	addr, client := netip.MustParseAddr("192.0.2.1"), edns.ClientCookie{9}
	spans := map[int]bool{}
	for seed := range uint64(8) {
		c := limit.NewCookies(&random.Replay{Seed: seed})
		start := time.Unix(1559731985, 0)
		last, rolls := time.Time{}, 0
		for at := start; at.Sub(start) < 72*time.Hour; at = at.Add(time.Minute) {
			server := c.Make(nil, client, addr, at)[8:]
			if next := at.Add(time.Minute); c.Renew(client, server, addr, next) { // only a new secret can be why
				rolls++
				if !last.IsZero() {
					span := at.Sub(last)
					spans[int(span/time.Hour)] = true
					if span > 24*time.Hour+time.Minute || span < 24*time.Hour*6/10 {
						t.Errorf("seed %d: a secret for %v", seed, span)
					}
				}
				last = at
			}
			if !c.Judge(client, server, addr, at.Add(time.Hour)) {
				t.Fatalf("seed %d: a cookie is refused within its hour", seed)
			}
		}
		if rolls < 2 {
			t.Errorf("seed %d: %d secrets in three days", seed, rolls+1)
		}
	}
	if len(spans) < 3 {
		t.Errorf("spans of %v hours: no jitter", spans)
	}
	at := time.Unix(1559731985, 0)
	a, b := limit.NewCookies(random.Secure{}), limit.NewCookies(random.Secure{})
	if b.Judge(client, a.Make(nil, client, addr, at)[8:], addr, at) {
		t.Error("two processes share a secret")
	}
}

func TestCookiesAllocate(t *testing.T) {
	c := limit.NewCookies(&random.Replay{})
	addr, now := netip.MustParseAddr("2001:db8::1"), time.Unix(1559731985, 0)
	client := edns.ClientCookie{1}
	dst := make([]byte, 0, limit.CookieLen)
	if n := testing.AllocsPerRun(100, func() {
		server := c.Make(dst, client, addr, now)[8:]
		if !c.Judge(client, server, addr, now) || c.Renew(client, server, addr, now) {
			t.Error("a fresh cookie is refused")
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkJudge(b *testing.B) {
	c := limit.NewCookies(&random.Replay{})
	addr, now := netip.MustParseAddr("192.0.2.1"), time.Unix(1559731985, 0)
	server := c.Make(nil, edns.ClientCookie{}, addr, now)[8:]
	b.ReportAllocs()
	for b.Loop() {
		c.Judge(edns.ClientCookie{}, server, addr, now)
	}
}
