package config

import (
	"net/netip"
	"strings"
	"time"
)

// key is one entry of the table: where it stands in the file, what it means,
// and the value it sets, which knows its default, its range and its text.
type key struct {
	path     string // "upstream.port"
	doc      string
	value    value
	required bool // within an item of a list: there is no default
}

// name is the last part of the path.
func (k key) name() string { return k.path[strings.LastIndexByte(k.path, '.')+1:] }

// value is the meeting of a key with the field that it sets.
type value interface {
	reset()                             // sets the default
	read(r *reader, at string, n *node) // sets what n says or reports why not; at is the full path
	lines() []string                    // the value in YAML: one line, or the items of a list
	describe() string                   // kind, default and range, for people
	target() any                        // the field, for the test that none is forgotten
}

// keys is the table, bound to c, in the order of the reference. Values are read
// in this order too: upstream comes before zones, whose servers use its port.
func (c *Config) keys() []key {
	table := []key{
		{
			path: "listen.dns", value: listen(&c.Listen.DNS, "127.0.0.1:5300"),
			doc: "Where queries are taken, over UDP and TCP. Without a port it is 53; port 0 is any free one. " +
				"Every address: \"0.0.0.0\" and \"[::]\".",
		},
		{
			path: "listen.dot", value: offered(&c.Listen.DoT, portDoT),
			doc: "Where queries are taken over TLS (DoT, RFC 7858). Without a port it is 853.",
		},
		{
			path: "listen.doh", value: offered(&c.Listen.DoH, portDoH),
			doc: "Where queries are taken over HTTPS (DoH, RFC 8484): HTTP/1.1 and HTTP/2 over TCP, HTTP/3 over UDP. Without a port it is 443.",
		},
		{
			path: "listen.doq", value: offered(&c.Listen.DoQ, portDoQ),
			doc: "Where queries are taken over QUIC (DoQ, RFC 9250). Without a port it is 853.",
		},
	}
	table = append(table, c.TLS.keys()...)
	table = append(table, []key{
		{
			path: "doh.path", value: urlPath(&c.DoH.Path, "/dns-query"),
			doc: "The path at which queries are taken; the URI template is https://NAME/dns-query{?dns}.",
		},
		{
			path: "doh.http3", value: truth(&c.DoH.HTTP3, on),
			doc: "Serve HTTP/3 on the same ports, over UDP, and announce it (Alt-Svc, RFC 7838).",
		},
		{
			path: "doh.plain", value: truth(&c.DoH.Plain, off),
			doc: "Serve HTTP without TLS, for a proxy on this host or a network of yours that speaks TLS with the clients.",
		},
		{
			path: "doh.proxies", value: prefixes(&c.DoH.Proxies),
			doc: "Proxies that are believed when they name their clients (doh.proxy-header). From others the header is ignored.",
		},
		{
			path: "doh.proxy-header", value: choice(&c.DoH.ProxyHeader, ProxyXForwardedFor, ProxyXForwardedFor, ProxyForwarded),
			doc: "The one header in which doh.proxies name their clients: x-forwarded-for, or forwarded (RFC 7239). The other is not " +
				"looked at, since a proxy may let it through as the client wrote it.",
		},
		{
			path: "doh.http2", value: choice(&c.DoH.HTTP2, HTTP2Responder, HTTP2Responder, HTTP2Library),
			doc: "Who serves HTTP/2: responder knows queries and nothing else; library is Go's net/http, for several times the " +
				"processor time.",
		},
		{
			path: "doq.early-data", value: truth(&c.DoQ.EarlyData, off),
			doc: "Answer queries that come before the handshake has ended (0-RTT): a round trip less, " +
				"but whoever records them can repeat them (RFC 9250 §4.5).",
		},
		{
			path: "access.allow", value: prefixes(&c.Access.Allow, localNetworks()...),
			doc: "Clients that may ask for recursion; others are REFUSED with EDE 18. " +
				"Default: loopback, link-local, private (RFC 1918) and unique local (RFC 4193) addresses.",
		},
		{
			path: "access.snoop", value: prefixes(&c.Access.Snoop),
			doc: "Clients that may ask with RD=0 and are answered from the cache alone; others are REFUSED.",
		},
		{
			path: "workers", value: number(&c.Workers, 0, 0, 1024),
			doc: "UDP sockets for each address, and the goroutines that serve them; 0 is one per CPU.",
		},
		{
			path: "cache.size", value: size(&c.Cache.Size, MB, 256*MB, TB),
			doc: "A hard ceiling for what is cached, index and overhead included. " +
				"Resident memory stays below 1.3 times it plus 64 MiB. Where a control group allows the process less than twice " +
				"as much, it is half of that.",
		},
		{
			path: "cache.prefetch", value: truth(&c.Cache.Prefetch, on),
			doc: "Fetch an answer anew when it is asked for in the last tenth of its TTL, so that those who ask later need " +
				"not wait. Such fetches are no more than a tenth of the queries.",
		},
		{
			path: "cache.aggressive", value: truth(&c.Cache.Aggressive, on),
			doc: "Answer that a name or type does not exist, or by a wildcard, where validated NSEC and NSEC3 records of other answers " +
				"prove it (RFC 8198), instead of asking again. Off, each name is asked for.",
		},
		{
			path: "state", value: folder(&c.State),
			doc: "Folder for what outlives the process: the states of the trust anchors (RFC 5011) and the certificate that " +
				"is made here. It is made where it is not there. Each resolver wants its own: one that was given another's does " +
				"not start, and in the usual folder the second keeps nothing. \"\" is $STATE_DIRECTORY as a " +
				"service manager sets it, else recursor in $XDG_STATE_HOME, else for root /var/lib/recursor, else " +
				"~/.local/state/recursor or what the system has instead; \"off\" keeps nothing.",
		},
		{
			path: "root-hints", value: file(&c.RootHints),
			doc: "Zone file with the names and addresses of the root servers (RFC 9609). \"\" is the embedded list. " +
				"Relative paths start from the folder of this file.",
		},
		{
			path: "trust-anchors", value: files(&c.TrustAnchors),
			doc: "Zone files with DS or DNSKEY records that answers are judged by. [] is the embedded root keys.",
		},
	}...)
	table = append(table, c.Upstream.keys()...)
	table = append(table,
		key{
			path: "local-zones.special-use", value: truth(&c.LocalZones.SpecialUse, on),
			doc: "Answer special-use names and the reverse zones of private addresses here instead of asking the " +
				"Internet (RFC 6303, RFC 6761, RFC 7686, RFC 8375, RFC 9462).",
		},
		key{
			path: "local-zones.except", value: domains(&c.LocalZones.Except),
			doc: "Of these, names that are resolved all the same, with what is below them. Zones under `zones` need not " +
				"be listed.",
		},
		key{
			path: "zones.forward", value: zones(&c.Zones.Forward, &c.Upstream.Port),
			doc: "Zones whose names are asked of recursive servers. Each item has `name`, `to` (addresses), `port` (for " +
				"those of `to` without one; default `upstream.port`), `first` (where all of `to` fail, iterate as if " +
				"the zone were not listed; default false) and `tcp` (ask over TCP alone; default false), such as\n" +
				"- {name: corp.example, to: [\"192.0.2.53\", \"[2001:db8::53]:5353\"], first: true}",
		},
		key{
			path: "zones.stub", value: zones(&c.Zones.Stub, &c.Upstream.Port),
			doc: "Zones whose authoritative servers are named here instead of found by delegation. Items as above.",
		},
		key{
			path: "validation.mode", value: choice(&c.Validation.Mode, ValidationStrict, ValidationStrict, ValidationPermissive, ValidationOff),
			doc: "What becomes of bogus answers (RFC 4033 §5): strict answers SERVFAIL, permissive logs them and serves them " +
				"without AD, off judges nothing.",
		},
		key{
			path: "validation.clock-skew", value: duration(&c.Validation.ClockSkew, 0, 5*time.Minute, day),
			doc: "How far the clock may be behind the inception of a signature.",
		},
		key{
			path: "validation.fixed-time", value: instant(&c.Validation.FixedTime),
			doc: "The time at which signatures are judged, for testbeds; \"\" is the clock's, which is held against the date of " +
				"this program and the signatures of the root. At a fixed time it is not, and anchors are not updated.",
		},
		key{
			path: "validation.refuse-sha1", value: truth(&c.Validation.RefuseSHA1, off),
			doc: "Treat the signing algorithms RSASHA1 and RSASHA1-NSEC3-SHA1 as unsupported, as RFC 9905 §2 has operators do: " +
				"zones that are signed by no other are insecure then (EDE 1). Some still are.",
		},
		key{
			path: "validation.update-anchors", value: truth(&c.Validation.UpdateAnchors, on),
			doc: "Follow trust anchors as their zones roll their keys (RFC 5011): a new key is trusted after 30 days, a revoked " +
				"one never again. What is known of them is kept under `state`; other anchors than before begin anew.",
		},
		key{
			path: "validation.signal-anchors", value: truth(&c.Validation.SignalAnchors, on),
			doc: "Tell the servers of an anchor's zone which of its keys are trusted, when they are asked for them " +
				"(RFC 8145 §5), so that its owner knows when to roll them.",
		},
		key{
			path: "validation.root-key-sentinel", value: truth(&c.Validation.RootKeySentinel, on),
			doc: "Let clients find out by the names root-key-sentinel-is-ta-NNNNN and root-key-sentinel-not-ta-NNNNN which " +
				"keys of the root are trusted (RFC 8509).",
		},
		key{
			path: "validation.negative-anchors", value: negativeAnchors(&c.Validation.NegativeAnchors),
			doc: "Zones that are known to be signed wrongly, and not validated until then, with what is below them (RFC 7646). " +
				"Each item has `name`, `until` (a time within a week), `reason` (for whoever reads this) and `test` (validate " +
				"the zone every five minutes, and remove the anchor as soon as that succeeds; default true), such as\n" +
				"- {name: broken.example, until: 2026-12-01T12:00:00Z, reason: \"their keys expired, ticket 4711\"}",
		},
	)
	table = append(table, c.ServeStale.keys()...)
	table = append(table,
		key{
			path: "serve-any", value: choice(&c.ServeAny, ServeAnyMinimal, ServeAnyMinimal, ServeAnyFull),
			doc: "The answer to type ANY: minimal is a made-up HINFO record, which costs nobody anything (RFC 8482 §4.2); full asks " +
				"the servers of the name each time, and is of use to attackers most.",
		},
		key{
			path: "minimal-responses", value: truth(&c.MinimalResponses, on),
			doc: "Leave off what nobody needs. Off, the name servers of the zone and their addresses stand beside " +
				"positive answers, as far as they were sent and there is room (RFC 2181 §9).",
		},
		key{
			path: "cookies.mode", value: choice(&c.Cookies.Mode, CookiesGiven, CookiesGiven, CookiesRequired, CookiesIgnored),
			doc: "given: clients that know cookies get one. required: those who know them and send none of ours over UDP get " +
				"BADCOOKIE and another try (RFC 7873 §5.2.3). ignored: there are none.",
		},
		key{
			path: "cookies.secrets", value: secrets(&c.Cookies.Secrets),
			doc: "Secrets that server cookies are made with, so that several servers behind one address know each other's: the " +
				"first makes them, all judge them (RFC 9018 §5). [] is one of this process, which changes by itself.",
		},
		key{
			path: "identity", value: words(&c.Identity),
			doc: "The answer to id.server and hostname.bind (class CH, type TXT); \"\" is REFUSED.",
		},
		key{
			path: "nsid", value: words(&c.NSID),
			doc: "The name server identifier told to those who ask for it by EDNS (RFC 5001); \"\" tells none.",
		},
		key{
			path: "version", value: words(&c.Version),
			doc: "The answer to version.server and version.bind (class CH, type TXT); \"\" is REFUSED.",
		},
		key{
			path: "clock.file", value: file(&c.Clock.File),
			doc: "A file with lines @YYYY-MM-DD HH:MM:SS, UTC, the last of which says at what time this process is to believe that it " +
				"began. It is read again with every query of a client, and moves TTLs and the validity of signatures, not the " +
				"time-outs of the network. For those who test resolvers; \"\" is the time of the system.",
		},
		key{
			path: "log.level", value: choice(&c.Log.Level, LogInfo, LogDebug, LogInfo, LogWarn, LogError),
			doc: "The least level that is logged.",
		},
		key{
			path: "log.format", value: choice(&c.Log.Format, LogConsole, LogConsole, LogJSON),
			doc: "console is for people, json for collectors: one object a line.",
		},
	)
	table = append(table,
		key{
			path: "control.socket", value: file(&c.Control.Socket),
			doc: "A Unix socket for `recursor ctl`, such as /run/recursor/control. Whoever may open it may do all of that; it is " +
				"made for the user alone that the resolver runs as. \"\" is none.",
		},
		key{
			path: "metrics.listen", value: offered(&c.Metrics.Listen, portMetrics),
			doc: "Where figures are served to Prometheus over HTTP, at /metrics. Without a port it is 9153. They tell nothing of " +
				"single clients or names, but are not for strangers.",
		},
	)
	for _, k := range c.Limits.keys() {
		k.path = "limits." + k.path
		table = append(table, k)
	}
	return table
}

// keys is the part of the table about authoritative servers.
func (u *Upstream) keys() []key {
	return []key{
		{
			path: "upstream.port", value: port(&u.Port, 53),
			doc: "The port at which authoritative servers are asked; other than 53 in testbeds only.",
		},
		{
			path: "upstream.allow-special-addresses", value: truth(&u.AllowSpecialAddresses, off),
			doc: "Ask servers at loopback, private and other special addresses that delegations lead to. " +
				"Off, since such glue makes a resolver attack its own network; addresses under `zones` may always be special.",
		},
		{path: "upstream.ipv4", value: truth(&u.IPv4, on), doc: "Ask over IPv4."},
		{path: "upstream.ipv6", value: truth(&u.IPv6, on), doc: "Ask over IPv6."},
		{
			path: "upstream.source", value: sources(&u.Source),
			doc: "Local addresses to ask from, chosen at random within their family; [] leaves it to the system.",
		},
		{
			path: "upstream.minimise", value: choice(&u.Minimise, MinimiseRelaxed, MinimiseOff, MinimiseRelaxed, MinimiseStrict),
			doc: "Tell servers no more of a name than they need (RFC 9156): relaxed asks with the full name where a " +
				"server breaks on the shorter one, strict does not, off always sends the full name.",
		},
		{
			path: "upstream.case-randomisation", value: truth(&u.CaseRandomisation, on),
			doc: "Mix upper and lower case in questions, so that forged replies are harder to guess; servers that fold it are remembered.",
		},
		{
			path: "upstream.priming", value: truth(&u.Priming, on),
			doc: "Ask the root servers for their own list before the hints are relied on (RFC 9609).",
		},
		{
			path: "upstream.payload", value: number(&u.Payload, 512, 1232, 1400),
			doc: "Octets of a UDP reply that servers may send (EDNS, RFC 6891 §6.2.3). Larger ones would be fragmented, and fragments can be forged.",
		},
		{
			path: "upstream.cookies", value: truth(&u.Cookies, on),
			doc: "Send DNS cookies and return those of servers (RFC 7873), so that replies from others are told apart.",
		},
	}
}

// keys is the part of the table about stale data.
func (s *ServeStale) keys() []key {
	return []key{
		{
			path: "serve-stale.enabled", value: truth(&s.Enabled, on),
			doc: "Give clients what there was, with the remark that it is stale (EDE 3, EDE 19), where the servers of a name " +
				"fail or are silent.",
		},
		{
			path: "serve-stale.client-timeout", value: duration(&s.ClientTimeout, 0, 1800*time.Millisecond, 30*time.Second),
			doc: "How long a client waits for the servers before stale data is good enough; what it waited for goes on. " +
				"0s is not at all.",
		},
		{
			path: "serve-stale.answer-ttl", value: duration(&s.AnswerTTL, time.Second, 30*time.Second, time.Hour),
			doc: "The TTL of stale data.",
		},
		{
			path: "serve-stale.max-age", value: duration(&s.MaxAge, time.Second, day, 7*day),
			doc: "For how long past its TTL data may be served.",
		},
		{
			path: "serve-stale.retry", value: duration(&s.Retry, time.Second, 30*time.Second, 5*time.Minute),
			doc: "How long after an attempt that failed nothing is asked, and stale data served at once.",
		},
	}
}

// sectionDoc introduces a section in the reference.
func sectionDoc(section string) string {
	switch section {
	case "tls":
		return "What clients of DoT, DoH and DoQ are shown. `certificate` and `key` are both set, or none."
	case "doh":
		return "How DNS is served over HTTP."
	case "doq":
		return "How DNS is served over QUIC."
	case "access":
		return "Who is served. Prefixes or single addresses."
	case "upstream":
		return "How authoritative servers are asked."
	case "cookies":
		return "DNS cookies for clients (RFC 7873, RFC 9018), so that nobody can ask in another's name."
	case "zones":
		return "Zones that are resolved by other servers than those which the delegations from the root lead to."
	case "serve-stale":
		return "What becomes of data past its TTL (RFC 8767)."
	case "control":
		return "How the resolver is spoken to while it runs."
	case "metrics":
		return "What the resolver tells of its work. It counts in any case."
	case "clock":
		return "What time it is."
	case "limits":
		return "Bounds to what anybody can make the resolver do. Each says what it answers."
	default:
		return ""
	}
}

// localNetworks are the clients that are served unless told otherwise.
func localNetworks() []netip.Prefix {
	return []netip.Prefix{
		netip.MustParsePrefix("127.0.0.0/8"),
		netip.MustParsePrefix("::1/128"),
		netip.MustParsePrefix("169.254.0.0/16"),
		netip.MustParsePrefix("fe80::/10"),
		netip.MustParsePrefix("10.0.0.0/8"),
		netip.MustParsePrefix("172.16.0.0/12"),
		netip.MustParsePrefix("192.168.0.0/16"),
		netip.MustParsePrefix("fc00::/7"),
	}
}
