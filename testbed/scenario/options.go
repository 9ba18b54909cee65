package scenario

import (
	"encoding/hex"
	"net/netip"
	"strconv"
	"strings"
	"time"
)

// optionMapping is a row of the tables: an option of theirs and what it is with us.
type optionMapping struct {
	clause, name string
	// ours is our key, or in words why there is nothing to be done.
	ours string
	// apply does it; nil: nothing is to be done.
	apply func(*settings, *Option) error
}

// mapping finds the row of an option, false where this resolver has no such
// thing.
func mapping(d Dialect, clause, name string) (optionMapping, bool) {
	table := unboundOptions()
	if d == Deckard {
		table = deckardOptions()
	}
	for _, m := range table {
		if m.clause == clause && m.name == name {
			return m, true
		}
	}
	return optionMapping{}, false
}

// unboundOptions is the table for the options of unbound.conf. What is not in
// it is not supported.
func unboundOptions() []optionMapping {
	const (
		server    = "server"
		logging   = "logging has no part in a replay"
		always    = "always so"
		elsewhere = "changes but the authority and additional sections of positive answers, which `core` does not compare"
	)
	return append(zoneOptions(), []optionMapping{
		{server, "access-control", "access.allow, access.snoop", accessControl},
		{server, "qname-minimisation", "upstream.minimise", minimisation},
		{server, "qname-minimisation-strict", "upstream.minimise: strict", only("no")},
		{server, "do-ip4", "upstream.ipv4", truth("upstream.ipv4")},
		{server, "do-ip6", "upstream.ipv6", truth("upstream.ipv6")},
		{server, "do-not-query-localhost", "upstream.allow-special-addresses", localhost},
		{server, "local-zone", "local-zones.except, for `nodefault`", localZone},
		{server, "identity", "identity", words("identity")},
		{server, "version", "version", words("version")},
		{server, "hide-identity", "identity: \"\"", hide("identity")},
		{server, "hide-version", "version: \"\"", hide("version")},
		{server, "nsid", "nsid", nsid},
		{server, "edns-tcp-keepalive", always, only("yes")},
		{server, "edns-tcp-keepalive-timeout", "limits.tcp-idle", milliseconds("limits.tcp-idle")},
		{server, "answer-cookie", "cookies.mode", answerCookie},
		{server, "cookie-secret", "cookies.secrets", list("cookies.secrets")},

		{server, "cache-max-ttl", "limits.max-ttl", seconds("limits.max-ttl")},
		{server, "cache-max-negative-ttl", "limits.max-negative-ttl", seconds("limits.max-negative-ttl")},
		{server, "msg-cache-size", "cache.size, 1 MB at least", number("cache.size", 1_000_000)},
		{server, "rrset-cache-size", "the same", number("cache.size", 1_000_000)},
		{server, "cache-min-ttl", "limits.min-ttl", seconds("limits.min-ttl")},
		{server, "cache-min-negative-ttl", "limits.min-negative-ttl", seconds("limits.min-negative-ttl")},
		{server, "max-global-quota", "limits.upstream-sends", number("limits.upstream-sends", 10)},
		{server, "max-query-restarts", "limits.aliases", number("limits.aliases", 1)},
		{server, "num-queries-per-thread", "limits.resolutions, 10 at least", number("limits.resolutions", 10)},
		{server, "val-max-restart", "limits.servers-after-bogus", number("limits.servers-after-bogus", 0)},

		{server, "module-config", "validation.mode", modules},
		{server, "trust-anchor", "trust-anchors", anchor},
		{server, "domain-insecure", "negative trust anchors", insecure},
		{server, "val-override-date", "validation.fixed-time; -1 is a time at which the file's signatures are valid", overrideDate},
		{server, "fake-sha1", "keys of old recordings are admitted, and signatures verified", recorded},
		{server, "trust-anchor-signaling", "not part of an answer", only("no")},
		{server, "harden-below-nxdomain", always, only("yes")},
		{server, "harden-dnssec-stripped", always, only("yes")},
		{server, "harden-glue", always, only("yes")},
		{server, "harden-algo-downgrade", "never (RFC 6840 §5.11)", only("no")},
		{server, "harden-referral-path", "always so: name servers are taken of the parent alone", nil},
		{server, "harden-unknown-additional", elsewhere, nil},
		{server, "iter-scrub-promiscuous", "minimal-responses: false for `no`, where nothing else is said of that", promiscuous},
		{server, "minimal-responses", "minimal-responses", truth("minimal-responses")},
		{server, "aggressive-nsec", "cache.aggressive", truth("cache.aggressive")},
		{server, "prefetch", "cache.prefetch", truth("cache.prefetch")},
		{server, "prefetch-key", "keys are fetched while a walk goes down", nil},
		{server, "serve-expired", "serve-stale.enabled", truth("serve-stale.enabled")},
		{server, "serve-expired-client-timeout", "serve-stale.client-timeout", milliseconds("serve-stale.client-timeout")},
		{server, "serve-expired-reply-ttl", "serve-stale.answer-ttl", seconds("serve-stale.answer-ttl")},
		{server, "serve-expired-ttl", "serve-stale.max-age", seconds("serve-stale.max-age")},
		{server, "ede-serve-expired", "errors are always explained", nil},
		{server, "outbound-msg-retry", "limits.sends-per-question, 1 at least", number("limits.sends-per-question", 1)},
		{server, "ede", "errors are always explained", nil},
		{server, "tcp-upstream", "never by TCP alone", only("no")},

		{server, "discard-timeout", "clients are answered within limits.answer-time", only("0")},
		{server, "target-fetch-policy", "addresses are looked for on demand", nil},
		{server, "rrset-roundrobin", "sections are compared as sets", nil},
		{server, "log-servfail", logging, nil},
		{server, "log-time-ascii", logging, nil},
		{server, "val-log-level", logging, nil},
		{server, "verbosity", logging, nil},
		{server, "directory", "no files are read", nil},
		{server, "msg-cache-slabs", "not part of an answer", nil},
		{server, "chroot", "no files are read", nil},
		{server, "username", "no files are read", nil},
	}...)
}

// zoneOptions is the part of it about stub and forward zones.
func zoneOptions() []optionMapping {
	return []optionMapping{
		{"stub-zone", "name", "root hints where \".\", else zones.stub", beginZone},
		{"stub-zone", "stub-addr", "the same", zoneAddress},
		{"stub-zone", "stub-first", "zones.stub first", zoneFirst},
		{"stub-zone", "stub-prime", "upstream.priming", zonePrime},
		{"forward-zone", "name", "zones.forward", beginZone},
		{"forward-zone", "forward-addr", "zones.forward to", zoneAddress},
		{"forward-zone", "forward-first", "zones.forward first", zoneFirst},
		{"forward-zone", "forward-tcp-upstream", "zones.forward tcp", zoneTCP},
		{"stub-zone", "stub-tcp-upstream", "zones.stub tcp", zoneTCP},
	}
}

// deckardOptions is the table for Deckard's keys.
func deckardOptions() []optionMapping {
	return []optionMapping{
		{"", "stub-addr", "root hints", rootAddress},
		{"", "stub-name", "root hints", rootName},
		{"", "forward-addr", "zones.forward of the root", forwardAll},
		{"", "do-ip4", "upstream.ipv4", truth("upstream.ipv4")},
		{"", "do-ip6", "upstream.ipv6", truth("upstream.ipv6")},
		{"", "do-not-query-localhost", "upstream.allow-special-addresses", localhost},
		{"", "query-minimization", "upstream.minimise", minimisation},
		{"", "trust-anchor", "trust-anchors", anchor},
		{"", "domain-insecure", "negative trust anchors", insecure},
		{"", "val-override-date", "the date at which the story begins", overrideDate},
		{"", "val-override-timestamp", "the same", overrideTimestamp},
		{"", "features", "limits.min-ttl, limits.max-ttl", features},
		{"", "harden-glue", "glue is taken within the zone asked (RFC 5452 §6)", nil},
	}
}

// one is the only value of an option.
func one(o *Option) string {
	if len(o.Values) == 0 {
		return ""
	}
	return o.Values[0]
}

// isTrue reads yes and no; ok is false for anything else.
func isTrue(s string) (yes, ok bool) {
	switch s {
	case "yes", "on", "true":
		return true, true
	case "no", "off", "false":
		return false, true
	}
	return false, false
}

// only passes the one value that says how things are here anyway.
func only(value string) func(*settings, *Option) error {
	want, isBool := isTrue(value)
	return func(c *settings, o *Option) error {
		if got, ok := isTrue(one(o)); isBool && ok && got == want || one(o) == value {
			return nil
		}
		return c.unsupported(o)
	}
}

// truth sets a key to true or false.
func truth(path string) func(*settings, *Option) error {
	return func(c *settings, o *Option) error {
		yes, ok := isTrue(one(o))
		if !ok {
			return c.wrong(o, "yes or no")
		}
		c.tree.set(path, strconv.FormatBool(yes))
		return nil
	}
}

func words(path string) func(*settings, *Option) error {
	return func(c *settings, o *Option) error {
		c.tree.set(path, strconv.Quote(strings.Join(o.Values, " ")))
		return nil
	}
}

func hide(path string) func(*settings, *Option) error {
	return func(c *settings, o *Option) error {
		if yes, _ := isTrue(one(o)); yes {
			c.hidden = append(c.hidden, path) // whatever else is said of it
		}
		return nil
	}
}

// number sets a key to a number, least at least.
func number(path string, least int) func(*settings, *Option) error {
	return func(c *settings, o *Option) error {
		n, err := strconv.Atoi(one(o))
		if err != nil {
			return c.wrong(o, "a number")
		}
		c.tree.set(path, strconv.Itoa(max(n, least)))
		return nil
	}
}

func seconds(path string) func(*settings, *Option) error { return span(path, time.Second) }

func milliseconds(path string) func(*settings, *Option) error { return span(path, time.Millisecond) }

func span(path string, unit time.Duration) func(*settings, *Option) error {
	return func(c *settings, o *Option) error {
		n, err := strconv.Atoi(one(o))
		if err != nil || n < 0 {
			return c.wrong(o, "a time")
		}
		c.tree.set(path, strconv.Quote((time.Duration(n) * unit).String()))
		return nil
	}
}

func minimisation(c *settings, o *Option) error {
	yes, ok := isTrue(one(o))
	if !ok {
		return c.wrong(o, "yes or no")
	}
	c.Minimise = true
	if c.tree.set("upstream.minimise", `"off"`); yes {
		c.tree.set("upstream.minimise", "relaxed")
	}
	return nil
}

func localhost(c *settings, o *Option) error {
	yes, ok := isTrue(one(o))
	if !ok {
		return c.wrong(o, "yes or no")
	}
	c.localhost = !yes
	return nil
}

// list adds to a list of words.
func list(path string) func(*settings, *Option) error {
	return func(c *settings, o *Option) error {
		c.tree.add(path, strconv.Quote(one(o)))
		return nil
	}
}

func answerCookie(c *settings, o *Option) error {
	yes, ok := isTrue(one(o))
	if !ok {
		return c.wrong(o, "yes or no")
	}
	if c.tree.set("cookies.mode", "given"); !yes {
		c.tree.set("cookies.mode", "ignored")
	}
	return nil
}

// features are `name = value`, parted by semicolons.
func features(c *settings, o *Option) error {
	for _, f := range strings.Split(strings.Join(o.Values, " "), ";") {
		name, value, _ := strings.Cut(f, "=")
		path := map[string]string{"min_ttl": "limits.min-ttl", "max_ttl": "limits.max-ttl"}[strings.TrimSpace(name)]
		if path == "" {
			return c.unsupported(o)
		}
		n, err := strconv.Atoi(strings.TrimSpace(value))
		if err != nil || n < 0 {
			return c.wrong(o, "a time")
		}
		c.tree.set(path, strconv.Quote((time.Duration(n) * time.Second).String()))
	}
	return nil
}

// promiscuous: with minimal responses, Unbound leaves beside the answer of a
// wildcard all that it kept.
func promiscuous(c *settings, o *Option) error {
	yes, ok := isTrue(one(o))
	if !ok {
		return c.wrong(o, "yes or no")
	}
	c.promiscuous = !yes
	return nil
}

func localZone(c *settings, o *Option) error {
	if len(o.Values) != 2 || o.Values[1] != "nodefault" {
		return c.unsupported(o)
	}
	c.tree.add("local-zones.except", strconv.Quote(o.Values[0]))
	return nil
}

func accessControl(c *settings, o *Option) error {
	if len(o.Values) != 2 {
		return c.wrong(o, "a network and an action")
	}
	net := o.Values[0]
	p, err := netip.ParsePrefix(net)
	if err != nil {
		addr, err := netip.ParseAddr(net)
		if err != nil {
			return c.wrong(o, "a network")
		}
		p = netip.PrefixFrom(addr, addr.BitLen())
	}
	p = p.Masked()
	switch o.Values[1] {
	case "allow":
		c.allow = append(c.allow, p)
	case "allow_snoop":
		c.allow, c.snoop = append(c.allow, p), append(c.snoop, p)
	case "refuse":
		c.refused = append(c.refused, p)
	default:
		return c.unsupported(o)
	}
	return nil
}

// nsid is text behind ascii_, or hexadecimal.
func nsid(c *settings, o *Option) error {
	v := strings.Join(o.Values, " ")
	if text, ok := strings.CutPrefix(v, "ascii_"); ok {
		c.tree.set("nsid", strconv.Quote(text))
		return nil
	}
	b, err := hex.DecodeString(v)
	if err != nil {
		return c.wrong(o, "ascii_ and text, or hexadecimal")
	}
	c.tree.set("nsid", strconv.Quote(string(b)))
	return nil
}

// modules: the list of modules tells whether there is validation.
func modules(c *settings, o *Option) error {
	for _, m := range strings.Fields(strings.Join(o.Values, " ")) {
		switch m {
		case "validator", "iterator":
		default:
			return &Unsupported{File: c.file, Line: o.Line, What: "module " + m}
		}
	}
	if !strings.Contains(strings.Join(o.Values, " "), "validator") {
		c.tree.set("validation.mode", `"off"`)
	}
	return nil
}

func anchor(c *settings, o *Option) error {
	c.Anchors = append(c.Anchors, *o)
	return nil
}

func insecure(c *settings, o *Option) error {
	c.Insecure = append(c.Insecure, *o)
	return nil
}

func recorded(c *settings, o *Option) error {
	c.Recorded, _ = isTrue(one(o))
	return nil
}

func overrideDate(c *settings, o *Option) error {
	v := one(o)
	if v == "-1" {
		c.AnyDate = true
		return nil
	}
	if t, err := time.Parse("20060102150405", v); err == nil {
		c.Signature = t
		return nil
	}
	return overrideTimestamp(c, o)
}

func overrideTimestamp(c *settings, o *Option) error {
	n, err := strconv.ParseInt(one(o), 10, 64)
	if err != nil {
		return c.wrong(o, "a date")
	}
	c.Signature = time.Unix(n, 0).UTC()
	return nil
}

func rootAddress(c *settings, o *Option) error {
	c.rootAddrs = append(c.rootAddrs, one(o))
	return nil
}

func rootName(c *settings, o *Option) error {
	c.rootName = append(c.rootName, one(o))
	return nil
}

func forwardAll(c *settings, o *Option) error {
	addr, err := server(one(o))
	if err != nil {
		return c.wrong(o, "an address")
	}
	c.zones = append(c.zones, &zoneClause{option: Option{Line: o.Line, Clause: "forward-zone", Name: o.Name}, name: ".", addrs: []netip.AddrPort{addr}})
	return nil
}

// clause is the zone of the section that the option stands in.
func (c *settings) clause(o *Option) *zoneClause {
	if n := len(c.zones); n > 0 && c.zones[n-1].option.Group == o.Group {
		return c.zones[n-1]
	}
	z := &zoneClause{option: *o}
	c.zones = append(c.zones, z)
	return z
}

func beginZone(c *settings, o *Option) error {
	c.clause(o).name = one(o)
	return nil
}

func zoneAddress(c *settings, o *Option) error {
	a, err := server(one(o))
	if err != nil {
		return c.wrong(o, "an address")
	}
	z := c.clause(o)
	z.addrs = append(z.addrs, a)
	return nil
}

func zoneFirst(c *settings, o *Option) error {
	yes, ok := isTrue(one(o))
	if !ok {
		return c.wrong(o, "yes or no")
	}
	c.clause(o).first = yes
	return nil
}

func zoneTCP(c *settings, o *Option) error {
	yes, ok := isTrue(one(o))
	if !ok {
		return c.wrong(o, "yes or no")
	}
	c.clause(o).tcp = yes
	return nil
}

func zonePrime(c *settings, o *Option) error {
	c.clause(o).prime = one(o)
	return nil
}
