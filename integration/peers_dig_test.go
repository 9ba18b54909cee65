package integration_test

import (
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// reply is a response as a client of others understood it.
type reply struct {
	status, opcode string
	flags          string // as the client names them; a bit that must be zero shows here too
	edns           bool
	ednsFlags      string
	udp            string            // payload size
	options        map[string]string // by the client's name of each; EDE apart
	ede            []string          // "22 (No Reachable Authority): text", without quotes

	question, answer, authority, additional []string // records without TTL, in the order they came in
	ttls                                    []string // of the answer

	from    string // the address that answered, with port
	tcp     bool
	octets  string // of the message
	retried bool   // by TCP, after truncation
	askedAD bool   // the query wanted to know whether the answer is secure (RFC 6840 §5.7)
	text    string // all that the client printed
}

// dig asks with BIND's client, kdig with Knot's. Arguments that name no server ask at the resolver's first address.
func (r *resolver) dig(t *testing.T, args ...string) *reply {
	t.Helper()
	return r.asks(t, "dig", []string{"-r", "+tries=1", "+time=8"}, args)
}

func (r *resolver) kdig(t *testing.T, args ...string) *reply {
	t.Helper()
	return r.asks(t, "kdig", []string{"+retry=0", "+time=8"}, args)
}

func (r *resolver) asks(t *testing.T, client string, first, args []string) *reply {
	t.Helper()
	first = append(first, "-p", r.port)
	if !slices.ContainsFunc(args, func(a string) bool { return strings.HasPrefix(a, "@") }) {
		first = append(first, "@"+r.addr)
	}
	args = append(first, args...)
	cmd := exec.CommandContext(t.Context(), program(t, client), args...)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", client, strings.Join(args, " "), err, out)
	}
	a, ok := parseReply(string(out))
	if !ok {
		t.Fatalf("%s %s: no reply\n%s", client, strings.Join(args, " "), out)
	}
	// Both clients set AD unless told not to.
	a.askedAD = !slices.ContainsFunc(args, func(a string) bool { return strings.HasPrefix(a, "+noad") }) || slices.Contains(args, "+dnssec")
	return a
}

// parseReply reads what dig or kdig print, false where there is no response in it.
func parseReply(out string) (*reply, bool) {
	a := &reply{text: out, options: map[string]string{}, retried: strings.Contains(out, "Truncated, retrying") ||
		strings.Contains(out, "truncated reply from")}
	find := func(into *string, pattern string) bool {
		m := regexp.MustCompile("(?m)" + pattern).FindStringSubmatch(out)
		if m != nil {
			*into = strings.TrimSpace(m[1])
		}
		return m != nil
	}
	ok := find(&a.status, `->>HEADER<<-.* status: (\w+)[,;]`) &&
		find(&a.opcode, `->>HEADER<<- opcode: (\w+)[,;]`) &&
		find(&a.flags, `^;; [Ff]lags:(.*); QUERY: `) &&
		find(&a.from, `^;; (?:SERVER:|From) (\S+?)\(`)
	a.from = strings.Replace(a.from, "@", "#", 1)
	a.tcp = regexp.MustCompile(`(?m)^;; (SERVER|From).*\(TCP\)`).MatchString(out)
	find(&a.octets, `^;; (?:MSG SIZE  rcvd:|Received) (\d+)`)
	a.edns = find(&a.ednsFlags, `^; EDNS: version: 0, flags:(.*); udp`) || find(&a.ednsFlags, `^;; Version: 0; flags:(.*); UDP size`)
	find(&a.udp, `(?:; udp:|; UDP size:) (\d+)`)
	for _, m := range regexp.MustCompile(`(?m)^;;? (COOKIE|NSID|TCP KEEPALIVE|PAD|CLIENT-SUBNET): (.*)$`).FindAllStringSubmatch(out, -1) {
		a.options[m[1]] = m[2]
	}
	for _, m := range regexp.MustCompile(`(?m)^;;? EDE: (\d+)(?: \(([^)]*)\))?(?:: ['(](.*)[')])?$`).FindAllStringSubmatch(out, -1) {
		a.ede = append(a.ede, strings.TrimSpace(m[1]+" "+m[3]))
	}
	a.sections(out)
	return a, ok
}

// sections reads the records.
func (a *reply) sections(out string) {
	var section string
	for line := range strings.Lines(out) {
		line = strings.TrimSpace(line)
		if m := regexp.MustCompile(`^;; (\w+) SECTION:$`).FindStringSubmatch(line); m != nil {
			section = m[1]
			continue
		}
		fields := strings.Fields(line)
		if line == "" || len(fields) < 3 || strings.HasPrefix(line, ";") && section != "QUESTION" {
			section = strings.TrimSuffix(section, "QUESTION") // ends at the first empty line
			continue
		}
		switch section {
		case "QUESTION":
			a.question = append(a.question, strings.Join(strings.Fields(strings.TrimLeft(line, "; ")), " "))
		case "ANSWER":
			a.ttls = append(a.ttls, fields[1])
			a.answer = append(a.answer, withoutTTL(fields))
		case "AUTHORITY":
			a.authority = append(a.authority, withoutTTL(fields))
		case "ADDITIONAL":
			a.additional = append(a.additional, withoutTTL(fields))
		}
	}
}

// withoutTTL is a record as `owner class type data`.
func withoutTTL(fields []string) string {
	return strings.Join(append(slices.Clone(fields[:1]), fields[2:]...), " ")
}

// owners are the records as `owner type`, signatures as `owner RRSIG(type)`.
func owners(records []string) []string {
	var all []string
	for _, r := range records {
		f := strings.Fields(r)
		what := f[2]
		if what == "RRSIG" {
			what += "(" + f[3] + ")"
		}
		all = append(all, f[0]+" "+what)
	}
	return all
}

func TestPeersParseReply(t *testing.T) {
	dig := `;; Truncated, retrying in TCP mode.

; <<>> DiG 9.18 <<>> www.alpha.com
;; Got answer:
;; ->>HEADER<<- opcode: QUERY, status: SERVFAIL, id: 7
;; flags: qr rd ra; MBZ: 0x4; QUERY: 1, ANSWER: 1, AUTHORITY: 0, ADDITIONAL: 1

;; OPT PSEUDOSECTION:
; EDNS: version: 0, flags: do; udp: 1232
; COOKIE: 0102030405060708 (good)
; EDE: 13 (Cached Error)
; EDE: 22 (No Reachable Authority): (dead.org.: (a) timed out)
; EDE: 30: (odd)
;; QUESTION SECTION:
;www.alpha.com.			IN	A

;; ANSWER SECTION:
www.alpha.com.		3600	IN	A	192.0.2.11

;; Query time: 40 msec
;; SERVER: ::1#53(::1) (TCP)
;; MSG SIZE  rcvd: 86
`
	kdig := `;; ->>HEADER<<- opcode: QUERY; status: NOERROR; id: 9
;; Flags: qr rd ra; QUERY: 1; ANSWER: 0; AUTHORITY: 1; ADDITIONAL: 1

;; EDNS PSEUDOSECTION:
;; Version: 0; flags: ; UDP size: 1232 B; ext-rcode: NOERROR
;; NSID: 68657265 "here"
;; EDE: 22 (No Reachable Authority): 'dead.org.: timed out'

;; QUESTION SECTION:
;; www.alpha.com.      		IN	A

;; AUTHORITY SECTION:
alpha.com.          	300	IN	SOA	ns1. host. 1 2 3 4 5

;; Received 70 B
;; From 127.0.0.1@53(UDP) in 1.3 ms
`
	for text, want := range map[string][]string{
		dig: {
			"SERVFAIL", "QUERY", "qr rd ra; MBZ: 0x4", "do", "1232", "0102030405060708 (good)", "",
			"13,22 dead.org.: (a) timed out,30 odd", "www.alpha.com. IN A", "www.alpha.com. IN A 192.0.2.11", "", "3600", "::1#53 TCP retried", "86",
		},
		kdig: {
			"NOERROR", "QUERY", "qr rd ra", "", "1232", "", `68657265 "here"`,
			"22 dead.org.: timed out", "www.alpha.com. IN A", "", "alpha.com. IN SOA ns1. host. 1 2 3 4 5", "", "127.0.0.1#53", "70",
		},
	} {
		a, ok := parseReply(text)
		from := a.from
		if a.tcp {
			from += " TCP"
		}
		if a.retried {
			from += " retried"
		}
		got := []string{
			a.status, a.opcode, a.flags, a.ednsFlags, a.udp, a.options["COOKIE"], a.options["NSID"],
			strings.Join(a.ede, ","), strings.Join(a.question, ","), strings.Join(a.answer, ","), strings.Join(a.authority, ","),
			strings.Join(a.ttls, ","), from, a.octets,
		}
		if !ok || !a.edns || !slices.Equal(got, want) {
			t.Errorf("got  %q\nwant %q", got, want)
		}
	}
	if _, ok := parseReply(";; communications error to 127.0.0.1#53: timed out\n"); ok {
		t.Error("no reply is taken for one")
	}
}
