package config

import (
	"net/netip"
	"slices"
	"time"

	"recursor/dns/domain"
)

// Config is the whole configuration: a snapshot that nobody changes after
// Parse has made it. Its defaults are those of Default, not the zero value.
type Config struct {
	Listen       Listen
	TLS          TLS
	DoH          DoH
	DoQ          DoQ
	Access       Access
	Workers      int // UDP sockets and the goroutines that serve them; 0 = one per CPU
	Cache        Cache
	State        string   // path of a folder; "" = that of the system, StateOff = none
	RootHints    string   // path of a zone file; "" = the embedded hints
	TrustAnchors []string // paths of zone files with DS or DNSKEY lines; none = the embedded anchors
	Upstream     Upstream
	LocalZones   LocalZones
	Zones        Zones
	Validation   Validation
	ServeStale   ServeStale
	ServeAny     ServeAny
	Cookies      Cookies
	// MinimalResponses leaves the authority and additional sections empty where
	// nobody needs what could stand there.
	MinimalResponses bool
	Identity         string // "" = not told
	NSID             string // "" = not told
	Version          string // "" = not told
	Clock            Clock
	Log              Log
	Control          Control
	Metrics          Metrics
	Limits           Limits
}

// Listen tells where clients are served.
type Listen struct {
	DNS []netip.AddrPort // UDP and TCP
	DoT []netip.AddrPort
	DoH []netip.AddrPort // TCP, and UDP where HTTP/3 is on
	DoQ []netip.AddrPort
}

// Encrypted are the addresses of all encrypted transports.
func (l *Listen) Encrypted() []netip.AddrPort { return slices.Concat(l.DoT, l.DoH, l.DoQ) }

// DoH tells how DNS is served over HTTP.
type DoH struct {
	Path        string
	HTTP3       bool
	Plain       bool           // without TLS, behind a proxy
	Proxies     []netip.Prefix // believed when they name their clients
	ProxyHeader ProxyHeader
	HTTP2       HTTP2
}

// ProxyHeader is where a proxy names its client.
type ProxyHeader string

// Header fields.
const (
	ProxyXForwardedFor ProxyHeader = "x-forwarded-for"
	ProxyForwarded     ProxyHeader = "forwarded" // RFC 7239
)

// HTTP2 is who serves it.
type HTTP2 string

// Servers of HTTP/2.
const (
	HTTP2Responder HTTP2 = "responder"
	HTTP2Library   HTTP2 = "library"
)

// DoQ tells how DNS is served over QUIC.
type DoQ struct {
	EarlyData bool
}

// Access tells who is served.
type Access struct {
	Allow []netip.Prefix // may ask for recursion
	Snoop []netip.Prefix // may ask with RD=0, from the cache alone
}

// Cache sizes the cache.
type Cache struct {
	Size     Size // a hard ceiling
	Prefetch bool // what is asked for is fetched anew before it ends
	// Aggressive answers from the proofs of other denials (RFC 8198).
	Aggressive bool
}

// ServeStale tells how data past its TTL is served (RFC 8767).
type ServeStale struct {
	Enabled       bool
	ClientTimeout time.Duration // after which it is good enough
	AnswerTTL     time.Duration
	MaxAge        time.Duration // past the TTL
	Retry         time.Duration // between failed attempts to refresh it
}

// Upstream tells how authoritative servers are asked.
type Upstream struct {
	Port                  uint16
	AllowSpecialAddresses bool // servers at loopback, private and other special addresses
	IPv4                  bool
	IPv6                  bool
	Source                []netip.Addr // local addresses to ask from; none = the system chooses
	Minimise              Minimise
	CaseRandomisation     bool
	Priming               bool
	Payload               int // octets offered by EDNS over UDP
	Cookies               bool
}

// LocalZones tells what is answered here.
type LocalZones struct {
	SpecialUse bool
	Except     []domain.Name // resolved all the same
}

// Zones are the delegation points that the operator configures.
type Zones struct {
	Forward []Zone
	Stub    []Zone
}

// Zone is one configured delegation point.
type Zone struct {
	Name  domain.Name
	To    []netip.AddrPort
	First bool // where all of To fail, iterate as if the zone were not configured
	TCP   bool // ask over TCP alone
}

// Validation tells how answers are judged.
type Validation struct {
	Mode      ValidationMode
	ClockSkew time.Duration
	FixedTime time.Time // the time at which signatures are judged; zero = the clock's

	RefuseSHA1 bool // as a signing algorithm (RFC 9905)

	UpdateAnchors   bool // follow anchors as their zones roll them
	SignalAnchors   bool // tell their servers which are trusted
	RootKeySentinel bool
	NegativeAnchors []NegativeAnchor
}

// Clock tells what time it is.
type Clock struct {
	File string // path of a file that another process writes the time into; "" = the system's
}

// Log tells what is logged and how.
type Log struct {
	Level  LogLevel
	Format LogFormat
}

// Cookies tells what becomes of clients' cookies.
type Cookies struct {
	Mode    CookieMode
	Secrets []CookieSecret // none = one that nobody else knows
}

// CookieMode is what becomes of cookies.
type CookieMode string

// The modes.
const (
	CookiesGiven    CookieMode = "given"
	CookiesRequired CookieMode = "required"
	CookiesIgnored  CookieMode = "ignored"
)

// CookieSecret is a server secret (RFC 9018 §4.4).
type CookieSecret [16]byte

// Control tells how operators speak to the resolver while it runs.
type Control struct {
	Socket string // path; "" = there is none
}

// Metrics tells where figures are served.
type Metrics struct {
	Listen []netip.AddrPort // over HTTP
}

// Minimise is the mode of QNAME minimisation (RFC 9156).
type Minimise string

// The modes. Relaxed asks with the full name where a server breaks on a
// minimised one; strict does not.
const (
	MinimiseOff     Minimise = "off"
	MinimiseRelaxed Minimise = "relaxed"
	MinimiseStrict  Minimise = "strict"
)

// ValidationMode is what becomes of a bogus answer.
type ValidationMode string

// The modes. Strict withholds bogus answers, permissive judges and logs but
// serves them without AD, off judges nothing.
const (
	ValidationStrict     ValidationMode = "strict"
	ValidationPermissive ValidationMode = "permissive"
	ValidationOff        ValidationMode = "off"
)

// ServeAny is the answer to a query of type ANY.
type ServeAny string

// ServeAnyMinimal answers with a made-up HINFO record (RFC 8482 §4.2).
const ServeAnyMinimal ServeAny = "minimal"

// ServeAnyFull answers with what the servers of the name say, each time anew.
const ServeAnyFull ServeAny = "full"

// LogLevel is the least level that is logged.
type LogLevel string

// The levels, the most talkative first.
const (
	LogDebug LogLevel = "debug"
	LogInfo  LogLevel = "info"
	LogWarn  LogLevel = "warn"
	LogError LogLevel = "error"
)

// LogFormat is the form of a log line.
type LogFormat string

// The forms.
const (
	LogConsole LogFormat = "console"
	LogJSON    LogFormat = "json"
)

// Default is the configuration of a resolver that was given none: it serves
// loopback on high ports from embedded hints and anchors.
func Default() *Config {
	c := new(Config)
	for _, k := range c.keys() {
		k.value.reset()
	}
	return c
}
