package sim

import (
	"slices"
	"strings"
	"time"

	"github.com/miekg/dns"

	"recursor/transport"
)

// Faults is what is wrong with a server. The zero Faults is a good one.
type Faults struct {
	Silence bool          // answers nothing
	Delay   time.Duration // before each answer
	Loss    float64       // share of UDP queries that it does not see

	EDNS      EDNSFault
	Cookies   CookiePolicy
	RCode     int // where not 0, the answer to everything: REFUSED, SERVFAIL, …
	TypeRCode map[uint16]int
	DropTypes []uint16 // query types that it does not answer
	Lame      Lame

	FoldCase      bool // sends the question back in lower case
	WrongQuestion bool // answers another question, under the right ID
	Garbage       bool // answers with octets that are no message
	Spoofs        int  // packets with a wrong ID before each answer
	SpoofedFirst  int  // where not 0, only this many queries are spoofed

	TruncateUDP bool // TC over UDP, always, with nothing in it
	DropBigUDP  int  // where not 0, larger datagrams get lost: a path MTU black hole
	TCP         Welcome
	TCPMidway   bool // connections end in the middle of the answer

	StripSignatures bool // leaves RRSIG, NSEC and NSEC3 records out
	NoDS            bool // leaves DS records and their denial out of referrals
	NXDomainForENT  bool // says that empty non-terminals do not exist
	NoGlue          bool // leaves glue out
	MinimalANY      bool // one RRset for ANY (RFC 8482 §4.1)
	ZoneNS          bool // the zone's NS set in the authority section of answers
	Extra           Extra

	// Hook, where set, has the last word on each message: it may change m, or
	// return false to send nothing.
	Hook func(q Packet, query, m *dns.Msg) bool
	// Instead, where set and true with it, answers in place of everything else.
	Instead func(q Packet, query *dns.Msg) ([]Reply, bool)
}

// Extra are records that a server adds to its answers, as one does that wants
// to poison caches.
type Extra struct {
	Answer, Authority, Additional []dns.RR
}

// EDNSFault is how a server fails at EDNS (RFC 6891 §7, RFC 8906 §3.2).
type EDNSFault uint8

// EDNSFaults.
const (
	// EDNSWorks: it does not fail.
	EDNSWorks EDNSFault = iota
	// EDNSSilence: queries with an OPT record get no answer.
	EDNSSilence
	// EDNSFormErr: they get FORMERR, header and question only.
	EDNSFormErr
	// EDNSFormErrBare: they get FORMERR, the header alone.
	EDNSFormErrBare
	// EDNSFormErrOPT: they get FORMERR with an OPT record.
	EDNSFormErrOPT
	// EDNSNotImp: they get NOTIMP.
	EDNSNotImp
	// EDNSBadVers: they get BADVERS, whatever the version.
	EDNSBadVers
	// EDNSIgnored: they get an answer without OPT record, without DNSSEC.
	EDNSIgnored
	// EDNSOptions: those with options get FORMERR.
	EDNSOptions
	// EDNSSilentOptions: those with options get no answer.
	EDNSSilentOptions
)

// Lame is how a server does not serve the zones it was delegated.
type Lame uint8

// Lames.
const (
	// NotLame: it serves what it has, and refuses the rest.
	NotLame Lame = iota
	// LameRefused: REFUSED to everything.
	LameRefused
	// LameUpward: a referral to the root.
	LameUpward
	// LameNoAA: answers without the AA bit.
	LameNoAA
	// LameEmpty: NOERROR with nothing in it.
	LameEmpty
)

// early answers, or does not, before a zone is looked at. done is false where
// the query goes on.
func (a *Authority) early(p Packet, q *dns.Msg) (m *dns.Msg, done bool) {
	f := &a.Faults
	opt := q.IsEdns0()
	var qtype uint16
	if len(q.Question) > 0 {
		qtype = q.Question[0].Qtype
	}
	switch {
	case f.Silence, slices.Contains(f.DropTypes, qtype):
		return nil, true
	case p.Proto == transport.UDP && a.chance(f.Loss):
		return nil, true
	case f.RCode != 0:
		return a.refusal(q, f.RCode), true
	case f.TypeRCode[qtype] != 0:
		return a.refusal(q, f.TypeRCode[qtype]), true
	case opt == nil:
		return nil, false
	}
	return a.earlyEDNS(q, opt)
}

// earlyEDNS is early for queries with an OPT record.
func (a *Authority) earlyEDNS(q *dns.Msg, opt *dns.OPT) (m *dns.Msg, done bool) {
	fault := a.Faults.EDNS
	if len(opt.Option) == 0 && (fault == EDNSOptions || fault == EDNSSilentOptions) {
		return nil, false
	}
	switch fault {
	case EDNSWorks:
	case EDNSSilence, EDNSSilentOptions:
		return nil, true
	case EDNSFormErr, EDNSOptions:
		return plain(q, dns.RcodeFormatError), true
	case EDNSFormErrBare:
		m = plain(q, dns.RcodeFormatError)
		m.Question = nil
		return m, true
	case EDNSFormErrOPT:
		return a.refusal(q, dns.RcodeFormatError), true
	case EDNSNotImp:
		return plain(q, dns.RcodeNotImplemented), true
	case EDNSBadVers:
		return a.refusal(q, dns.RcodeBadVers), true
	case EDNSIgnored:
		q.Extra = slices.DeleteFunc(q.Extra, func(rr dns.RR) bool { return rr.Header().Rrtype == dns.TypeOPT })
		return nil, false
	}
	if opt.Version() != 0 {
		return a.refusal(q, dns.RcodeBadVers), true // RFC 6891 §6.1.3
	}
	return nil, false
}

// plain is a response without OPT record.
func plain(q *dns.Msg, rcode int) *dns.Msg {
	m := new(dns.Msg)
	m.SetRcode(q, rcode)
	m.CheckingDisabled = q.CheckingDisabled
	return m
}

// refusal is a response with nothing but an RCODE, and OPT to those who sent
// one.
func (a *Authority) refusal(q *dns.Msg, rcode int) *dns.Msg {
	m := plain(q, rcode)
	a.addOPT(q, m)
	return m
}

// lame spoils m as the server's lameness has it.
func (a *Authority) lame(q, m *dns.Msg) *dns.Msg {
	switch a.Faults.Lame {
	case NotLame:
	case LameRefused:
		return a.refusal(q, dns.RcodeRefused)
	case LameUpward:
		return a.upward(q)
	case LameNoAA:
		m.Authoritative = false
	case LameEmpty:
		return a.refusal(q, dns.RcodeSuccess)
	}
	return m
}

// upward refers to the root, as some servers do for zones they do not have.
func (a *Authority) upward(q *dns.Msg) *dns.Msg {
	m := a.refusal(q, dns.RcodeSuccess)
	m.Ns = []dns.RR{&dns.NS{
		Hdr: dns.RR_Header{Name: ".", Rrtype: dns.TypeNS, Class: dns.ClassINET, Ttl: 518400},
		Ns:  "a.root-servers.net.",
	}}
	return m
}

// late spoils a finished message.
func (a *Authority) late(p Packet, m *dns.Msg) {
	f := &a.Faults
	m.Answer = append(m.Answer, f.Extra.Answer...)
	m.Ns = append(m.Ns, f.Extra.Authority...)
	m.Extra = append(slices.Clone(f.Extra.Additional), m.Extra...)
	if f.StripSignatures || f.NoDS {
		strip := func(rrs []dns.RR) []dns.RR {
			return slices.DeleteFunc(slices.Clone(rrs), func(rr dns.RR) bool { return f.strips(rr, !m.Authoritative) })
		}
		m.Answer, m.Ns, m.Extra = strip(m.Answer), strip(m.Ns), strip(m.Extra)
	}
	if f.TruncateUDP && p.Proto == transport.UDP {
		truncate(m)
	}
	if f.FoldCase && len(m.Question) > 0 {
		m.Question[0].Name = strings.ToLower(m.Question[0].Name)
	}
	if f.WrongQuestion && len(m.Question) > 0 {
		m.Question[0].Name = "wrong." + m.Question[0].Name
	}
}

// strips reports whether the server leaves a record out.
func (f *Faults) strips(rr dns.RR, referral bool) bool {
	switch rr.(type) {
	case *dns.RRSIG, *dns.NSEC, *dns.NSEC3:
		return f.StripSignatures || f.NoDS && referral
	case *dns.DS:
		return f.NoDS && referral
	}
	return false
}

// wires turns the message into what leaves the server.
func (a *Authority) wires(p Packet, message []byte) []Reply {
	f := &a.Faults
	if f.Garbage {
		return []Reply{{Message: []byte("\x00garbage\xff"), Delay: f.Delay}}
	}
	var all []Reply
	if f.SpoofedFirst == 0 || a.asked <= f.SpoofedFirst {
		for i := range f.Spoofs {
			forged := slices.Clone(message)
			forged[0] ^= byte((i + 1) >> 8) // another ID
			forged[1] ^= byte(i + 1)
			all = append(all, Reply{Message: forged, Delay: f.Delay})
		}
	}
	if f.DropBigUDP > 0 && p.Proto == transport.UDP && len(message) > f.DropBigUDP {
		return all
	}
	return append(all, Reply{Message: message, Delay: f.Delay, Midway: f.TCPMidway && p.Proto == transport.TCP})
}
