package world

import "fmt"

// Name is a name worth asking and what a validating resolver answers.
type Name struct {
	Name, Type string
	RCode      string
	Secure     bool   // AD, for who asks with DO or AD
	Data       string // of the last record of the answer section, signatures aside; "" where there is none, * for any
	// Unvalidated is the RCODE of a resolver that does not validate, where it
	// is another.
	Unvalidated string
	Why         string
}

const (
	ok       = "NOERROR"
	nxdomain = "NXDOMAIN"
	servfail = "SERVFAIL"
	anything = "*"
)

// Expect tells what to expect in a few words.
func (n Name) Expect() string {
	s := n.RCode
	if n.Secure {
		s += " ad"
	}
	if n.Data != "" && n.Data != anything {
		s += " " + n.Data
	}
	return s
}

// Dig is the command that asks the resolver at a host and port.
func (n Name) Dig(host string, port uint16) string {
	return fmt.Sprintf("dig @%s -p %d +dnssec %s %s", host, port, n.Name, n.Type)
}

// secure and insecure are answers that are good.
func secure(name, rrtype, data, why string) Name {
	return Name{Name: name, Type: rrtype, RCode: ok, Secure: true, Data: data, Why: why}
}

func insecure(name, rrtype, data, why string) Name {
	return Name{Name: name, Type: rrtype, RCode: ok, Data: data, Why: why}
}

// bogus are answers that a validator withholds.
func bogus(name, rrtype, why string) Name {
	return Name{Name: name, Type: rrtype, RCode: servfail, Unvalidated: ok, Why: why}
}

// names are the names of the world, the usual ones first.
func names() []Name {
	return append([]Name{
		secure("www.signed.com.", "A", "192.0.2.4", "ECDSA P-256, NSEC, below a parent with opt-out"),
		secure("www.signed.com.", "AAAA", "2001:db8::4", "the same name over IPv6"),
		secure("signed.com.", "MX", "10 mail.plain.com.", "signed, and points to a name that is not"),
		insecure("www.plain.com.", "A", "192.0.2.1", "no DS: a span of opt-out proves it"),
		insecure("anybody.users.plain.com.", "A", "192.0.2.3", "an unsigned wildcard"),
		secure("www.secure.signed.com.", "A", "192.0.2.5", "parent and child on the same servers; one key does all"),
		insecure("www.insecure.signed.com.", "A", "192.0.2.6", "parent and child on the same servers; no DS, by NSEC"),
		secure("www.rsa.org.", "A", "192.0.2.7", "RSA/SHA-256, NSEC3"),
		secure("www.rsa512.org.", "A", "192.0.2.8", "RSA/SHA-512, NSEC"),
		secure("www.p384.se.", "A", "192.0.2.9", "ECDSA P-384, NSEC3 with ten iterations"),
		secure("www.ed.se.", "A", "192.0.2.10", "Ed25519, NSEC3"),
		{Name: "missing.signed.com.", Type: "A", RCode: nxdomain, Secure: true, Why: "denied by NSEC"},
		{Name: "missing.ed.se.", Type: "A", RCode: nxdomain, Secure: true, Why: "denied by NSEC3"},
		secure("www.ed.se.", "TXT", "", "no such type, by NSEC3"),
		secure("ent.ed.se.", "A", "", "an empty non-terminal: it exists, and has nothing"),
		{Name: "no-such-tld.", Type: "A", RCode: nxdomain, Secure: true, Why: "a top-level domain that does not exist"},
		secure("anything.wild.se.", "A", "192.0.2.12", "a wildcard, with the proof that the name itself does not exist"),
		secure("here.wild.se.", "TXT", "", "the wildcard's type at a name that exists: no data"),
		secure("a.b.sub.wild3.org.", "A", "192.0.2.14", "a wildcard over two labels, NSEC3"),
		secure("www.chain.com.", "A", "192.0.2.15", "an alias to org., and on to se.: three zones, each judged"),
		insecure("plain.chain.com.", "A", "192.0.2.1", "a signed alias to an unsigned name: not secure as a whole"),
		bogus("broken.chain.com.", "A", "a signed alias to a bogus name: bogus as a whole"),
		{Name: "none.chain.com.", Type: "A", RCode: nxdomain, Secure: true, Data: "nothing.chain.se.", Why: "an alias to a name that does not exist"},
		{Name: "loop1.chain.com.", Type: "A", RCode: servfail, Why: "two aliases that point to each other"},
		secure("www.moved.org.", "A", "192.0.2.10", "DNAME to ed.se."),
		secure("a.b.ent.moved.org.", "A", "192.0.2.11", "DNAME, deeper"),
		{Name: "missing.compact.org.", Type: "A", RCode: ok, Secure: true, Why: "compact denial (RFC 9824): NOERROR, and NXNAME in the NSEC record"},
		insecure("www.xn--bcher-kva.zz.", "A", "192.0.2.17", "www.bücher.zz, in a top-level domain that is not signed"),
		secure("txt.big.se.", "TXT", anything, "an answer of more than 1232 octets: truncated, then by TCP"),
		secure("unknown.types.se.", "TYPE65280", `\# 4 0a000001`, "a type that nobody knows (RFC 3597)"),
		secure("types.se.", "HTTPS", `1 . alpn="h2"`, "HTTPS"),
		secure("_443._tcp.types.se.", "TLSA", "3 1 1 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef", "TLSA"),
		secure("se.", "DS", anything, "the parent is asked"),
		secure(".", "DS", "", "who has no parent says so"),
	}, wrongNames()...)
}

// wrongNames are names of zones and servers with something wrong.
func wrongNames() []Name {
	return []Name{
		bogus("www.expired.com.", "A", "signatures expired"),
		bogus("away.expired.com.", "A", "the alias is bogus: where it leads to, an unsigned name, does not matter"),
		bogus("www.future.org.", "A", "signatures not yet valid"),
		bogus("www.stripped.com.", "A", "one signature missing"),
		secure("good.stripped.com.", "A", "192.0.2.23", "and its neighbour, sound"),
		bogus("www.corrupt.se.", "A", "one signature wrong"),
		bogus("www.wrongds.com.", "A", "the DS record is of another key"),
		bogus("www.stripper.com.", "A", "a server that leaves signatures out"),
		insecure("www.island.org.", "A", "192.0.2.28", "signed, but nobody vouches for it"),
		secure("www.iterations.org.", "A", "192.0.2.29", "NSEC3 with 200 iterations: answers need none of it"),
		{Name: "missing.iterations.org.", Type: "A", RCode: nxdomain, Why: "NSEC3 with 200 iterations: denials do not count as secure (RFC 9276)"},
		secure("www.halfdead.com.", "A", "192.0.2.40", "one of two servers never answers"),
		insecure("www.halflame.com.", "A", "192.0.2.41", "two of three servers are lame"),
		{Name: "www.lame.com.", Type: "A", RCode: servfail, Why: "the only server refuses"},
		{Name: "www.upward.com.", Type: "A", RCode: servfail, Why: "the only server refers to the root"},
		{Name: "www.dead.org.", Type: "A", RCode: servfail, Why: "the only server never answers"},
		secure("www.tconly.se.", "A", "192.0.2.42", "UDP answers are always truncated"),
		insecure("www.formerr.com.", "A", "192.0.2.43", "FORMERR to EDNS"),
		insecure("www.ednsdrop.zz.", "A", "192.0.2.44", "EDNS queries are dropped"),
		{Name: "missing.smallpath.com.", Type: "A", RCode: nxdomain, Secure: true, Why: "datagrams above 600 octets get lost"},
		secure("www.cookies.se.", "A", "192.0.2.46", "a server that wants a cookie first"),
		insecure("www.folds.zz.", "A", "192.0.2.47", "a server that folds the letters of the question"),
		insecure("www.slow.zz.", "A", "192.0.2.48", "a quarter of a second for each answer"),
		insecure("a.b.entless.zz.", "A", "192.0.2.49", "a server that denies empty non-terminals: minimised names meet NXDOMAIN"),
		insecure("www.poison.zz.", "A", "192.0.2.50", "its server tells of others' names too: ask www.plain.com. again"),
		insecure("www.six.com.", "AAAA", "2001:db8::51", "the server answers over IPv6 only"),
		secure("www.elsewhere.se.", "A", "192.0.2.61", "delegated without glue to a server in com."),
		{Name: "www.round-a.com.", Type: "A", RCode: servfail, Why: "its server is in a zone whose server is in this one"},
	}
}
