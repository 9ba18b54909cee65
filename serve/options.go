package serve

import (
	"cmp"
	"net/netip"
	"time"

	"recursor/cache/answer"
	"recursor/clock"
	"recursor/dns/wire"
	"recursor/observe"
	"recursor/random"
	"recursor/serve/limit"
	"recursor/zone"
)

// Options are the settings of a Handler. Clock and Resolver must be there, and
// Random unless Cookies needs none; any other zero value has its default.
type Options struct {
	Clock    clock.Clock
	Resolver Resolver
	Observer observe.Observer
	// Answers keeps finished answers; nil: none are kept. It belongs to the
	// Handler, since what it keeps was made under these Options: who makes a
	// Handler of other Options over the same data gives it another, or this one
	// after FlushAll.
	Answers *answer.Cache
	// Refresh, where there is one, is told of answers that are asked for shortly
	// before they end. It fetches anew what of an answer is soon over, without
	// waiting for it; done is called when that is there. False: it does not, for
	// now. What goes to it is no more than a tenth of what is asked here.
	Refresh func(q Question, done func()) bool
	// Touch, where there is one, is told now and then that a finished answer was
	// given, so that what it was made of is not taken for forgotten. It must not
	// block.
	Touch func(k answer.Key, t wire.Type, now time.Time)
	// Random gives the cookie secret where none is configured.
	Random random.Seeder

	// Allow are the clients that may ask for recursion; without them nobody may.
	// Snoop may ask with RD clear, and are answered from the cache alone.
	Allow, Snoop []netip.Prefix
	// Zones are answered here; nil: none are.
	Zones *zone.Table
	// Identity answers id.server and hostname.bind, Version version.server and
	// version.bind (class CH, type TXT, RFC 4892); "" is REFUSED.
	Identity, Version string
	// NSID, where not empty, is told to those who ask (RFC 5001); at most 128
	// octets of it.
	NSID []byte

	// Any is the answer to type ANY; AnyTTL, default an hour, the TTL of the
	// record that AnyMinimal makes up (RFC 8482 §4.2).
	Any    Any
	AnyTTL time.Duration
	// UDPPayload bounds responses over UDP and is what we say we take; default
	// 1232, at least 512, at most 1400 (RFC 9715 §3).
	UDPPayload int
	// UDPDeadline and Deadline are the times within which a client is answered,
	// with SERVFAIL if there is nothing better; default 4.5 s, since stubs give
	// up after five, and 5 s. They answer servers that do not.
	UDPDeadline, Deadline time.Duration
	// Idle is what clients on TCP and TLS are told to expect (RFC 7828 §3.3.2);
	// default 10 s. It should be what the listeners are set to.
	Idle time.Duration
	// Resolutions in progress, in all and for one client under pressure; default
	// 10,000 and 250. They answer floods of questions that take long.
	Resolutions, ResolutionsPerClient int
	// Late is how long after a query over UDP its answer is sent at the latest, while
	// half of these are in progress; default 2 s. Those with a cookie always are.
	Late time.Duration
	// GiveWay is how long one must have waited to give its place to another, where
	// all are taken; default 500 ms.
	GiveWay time.Duration

	Cookies Cookies
}

// Cookies are the settings for server cookies.
type Cookies struct {
	Mode CookieMode
	// Secrets: the first makes cookies, all of them judge (RFC 9018 §5). Where
	// there is none, the Handler draws one and changes it each day.
	Secrets []limit.Secret
}

// CookieMode is what becomes of cookies.
type CookieMode uint8

// Modes.
const (
	// CookiesGiven: who sends a COOKIE option gets one.
	CookiesGiven CookieMode = iota
	// CookiesRequired: under pressure, who knows cookies and sends none of ours
	// gets BADCOOKIE over UDP (RFC 7873 §5.2.3). Who knows none is served.
	CookiesRequired
	// CookiesIgnored: as if there were no such option.
	CookiesIgnored
)

// Any is the answer to type ANY.
type Any uint8

// Answers to ANY.
const (
	// AnyMinimal is a made-up HINFO record (RFC 8482 §4.2), which costs nobody
	// anything and is of no use for amplification.
	AnyMinimal Any = iota
	// AnyResolved leaves it to the Resolver.
	AnyResolved
)

const (
	maxNSID    = 128
	minPayload = 512
	maxPayload = 1400
)

// withDefaults fills in the defaults.
func (o Options) withDefaults() Options {
	o.NSID = o.NSID[:min(len(o.NSID), maxNSID)]
	o.AnyTTL = cmp.Or(o.AnyTTL, time.Hour)
	o.UDPPayload = min(max(cmp.Or(o.UDPPayload, 1232), minPayload), maxPayload)
	o.UDPDeadline = cmp.Or(o.UDPDeadline, 4500*time.Millisecond)
	o.Deadline = cmp.Or(o.Deadline, 5*time.Second)
	o.Idle = cmp.Or(o.Idle, 10*time.Second)
	o.Resolutions = cmp.Or(o.Resolutions, 10_000)
	o.ResolutionsPerClient = cmp.Or(o.ResolutionsPerClient, 250)
	o.Late = cmp.Or(o.Late, 2*time.Second)
	o.GiveWay = cmp.Or(o.GiveWay, 500*time.Millisecond)
	return o
}
