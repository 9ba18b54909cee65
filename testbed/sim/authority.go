package sim

import (
	"slices"
	"sync"

	"github.com/miekg/dns"

	"recursor/dns/domain"
	"recursor/random"
	"recursor/transport"
)

// Authority is an authoritative server: a Node that answers from its zones,
// as well or as badly as its Faults say.
type Authority struct {
	// Name is for people; it is the NSID too (RFC 5001).
	Name string
	// Faults may be changed between queries; on a Loopback, before it runs.
	Faults Faults
	// Payload is the largest datagram it sends and says it takes; 0 is 1232.
	Payload uint16

	mu     sync.Mutex
	zones  map[domain.Name]*Zone
	stream *random.Stream
	asked  int
}

// NewAuthority is a server without zones. The seed decides what it loses.
func NewAuthority(name string, seed uint64) *Authority {
	return &Authority{Name: name, zones: map[domain.Name]*Zone{}, stream: (&random.Replay{Seed: seed}).Stream()}
}

// Serve adds a zone, or replaces the one of the same origin.
func (a *Authority) Serve(z *Zone) {
	z.collect()
	a.mu.Lock()
	defer a.mu.Unlock()
	a.zones[z.Origin] = z
}

// Drop removes a zone, so that delegations to this server are lame.
func (a *Authority) Drop(origin domain.Name) {
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.zones, origin)
}

// Asked counts the queries that reached the server.
func (a *Authority) Asked() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.asked
}

// Connect implements Door.
func (a *Authority) Connect() Welcome { return a.Faults.TCP }

// Answer implements Node.
func (a *Authority) Answer(p Packet) []Reply {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.asked++
	q := new(dns.Msg)
	if err := q.Unpack(p.Message); err != nil || q.Response {
		return a.unreadable(p.Message, q.Response)
	}
	if a.Faults.Instead != nil {
		if all, ok := a.Faults.Instead(p, q); ok {
			return all
		}
	}
	asked := q.Copy() // early takes OPT records away
	m, done := a.early(p, q)
	if !done {
		m = a.respond(p, q)
	}
	if m == nil {
		return nil
	}
	a.late(p, m)
	if a.Faults.Hook != nil && !a.Faults.Hook(p, asked, m) {
		return nil
	}
	message, err := m.Pack()
	if err != nil {
		message, _ = plain(q, dns.RcodeServerFailure).Pack() // a question that came packed can be packed
	}
	return a.wires(p, message)
}

// unreadable answers what is no query: FORMERR where there is a header.
func (a *Authority) unreadable(message []byte, response bool) []Reply {
	if len(message) < 12 || response || message[2]&0x80 != 0 || a.Faults.Silence {
		return nil
	}
	m := new(dns.Msg)
	m.Id = uint16(message[0])<<8 | uint16(message[1])
	m.Response, m.Opcode, m.Rcode = true, int(message[2]>>3&0xf), dns.RcodeFormatError
	b, err := m.Pack()
	if err != nil {
		return nil
	}
	return []Reply{{Message: b, Delay: a.Faults.Delay}}
}

// respond is RFC 1034 §4.3.2 with what EDNS adds.
func (a *Authority) respond(p Packet, q *dns.Msg) *dns.Msg {
	switch {
	case q.Opcode != dns.OpcodeQuery:
		return a.refusal(q, dns.RcodeNotImplemented)
	case len(q.Question) != 1:
		return a.refusal(q, dns.RcodeFormatError)
	}
	if m := a.needCookie(p, q); m != nil {
		return m
	}
	question := q.Question[0]
	sname, err := domain.Parse(question.Name)
	if err != nil {
		return a.refusal(q, dns.RcodeFormatError)
	}
	z := a.zoneFor(sname, question.Qtype)
	if z == nil || question.Qclass != dns.ClassINET {
		return a.lame(q, a.refusal(q, dns.RcodeRefused))
	}
	r := &response{qtype: question.Qtype, faults: &a.Faults}
	if opt := q.IsEdns0(); opt != nil {
		r.do, r.compactOK = opt.Do(), opt.Co()
	}
	z.lookup(r, question.Name, sname)
	if a.Faults.ZoneNS && r.aa && r.rcode == dns.RcodeSuccess && len(r.answer) > 0 && len(r.authority) == 0 && question.Qtype != dns.TypeNS {
		apex := z.nodes[z.Origin]
		if apex.has(dns.TypeNS) {
			r.put(&r.authority, apex, dns.TypeNS, z.Origin.String())
			r.addresses(z, hosts(apex.sets[dns.TypeNS]))
		}
	}
	m := plain(q, r.rcode)
	m.Authoritative, m.Compress = r.aa, true
	m.Answer, m.Ns, m.Extra = r.answer, r.authority, r.additional
	a.addOPT(q, m)
	a.echoCookie(p, q, m)
	a.fit(p, q, m, r.glue)
	return a.lame(q, m)
}

// zoneFor is the zone nearest to the name (RFC 1034 §4.3.2 step 2). DS belongs
// to the parent's side of a cut, where the parent is here (RFC 4035 §3.1.4.1).
func (a *Authority) zoneFor(sname domain.Name, qtype uint16) *Zone {
	var at *Zone
	for name := sname; ; name = name.Parent() {
		if z := a.zones[name]; z != nil {
			if qtype != dns.TypeDS || name != sname || name.IsRoot() {
				return z
			}
			at = z // the child's side, unless the parent turns up
		}
		if name.IsRoot() {
			return at
		}
	}
}

func (a *Authority) payload() uint16 {
	if a.Payload != 0 {
		return a.Payload
	}
	return 1232
}

// addOPT gives the response an OPT record where the query had one
// (RFC 6891 §6.1.1).
func (a *Authority) addOPT(q, m *dns.Msg) {
	opt := q.IsEdns0()
	if opt == nil || m.IsEdns0() != nil {
		return
	}
	m.SetEdns0(a.payload(), opt.Do())
	if slices.ContainsFunc(opt.Option, func(o dns.EDNS0) bool { return o.Option() == dns.EDNS0NSID }) {
		mine := m.IsEdns0()
		mine.Option = append(mine.Option, &dns.EDNS0_NSID{Code: dns.EDNS0NSID, Nsid: hexOf(a.Name)})
	}
}

// fit truncates what does not fit into a datagram: additional records go RRset
// by RRset, but a referral without its glue says so (RFC 9471 §3.1); where the
// rest does not fit, TC comes with nothing (RFC 2181 §9).
func (a *Authority) fit(p Packet, q, m *dns.Msg, glue []dns.RR) {
	if p.Proto == transport.TCP {
		return
	}
	size := 512
	if opt := q.IsEdns0(); opt != nil {
		size = int(max(512, min(opt.UDPSize(), a.payload())))
	}
	for m.Len() > size {
		last := len(m.Extra) - 1
		for last >= 0 && m.Extra[last].Header().Rrtype == dns.TypeOPT {
			last--
		}
		if last < 0 {
			truncate(m)
			return
		}
		if slices.Contains(glue, m.Extra[last]) {
			m.Truncated = true
		}
		gone := m.Extra[last].Header()
		m.Extra = slices.DeleteFunc(m.Extra, func(rr dns.RR) bool {
			return rr.Header().Name == gone.Name && rr.Header().Rrtype == gone.Rrtype && gone.Rrtype != dns.TypeOPT
		})
	}
}

// truncate empties a message but for question and OPT record, and sets TC.
func truncate(m *dns.Msg) {
	m.Truncated = true
	m.Answer, m.Ns = nil, nil
	m.Extra = slices.DeleteFunc(m.Extra, func(rr dns.RR) bool { return rr.Header().Rrtype != dns.TypeOPT })
}

// chance is true with the probability p; the stream is not touched for 0.
func (a *Authority) chance(p float64) bool {
	return p > 0 && float64(a.stream.Uint64()>>11)/(1<<53) < p
}
