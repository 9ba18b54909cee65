package sim

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/miekg/dns"

	"recursor/transport"
)

// State is how far an exchange is.
type State uint8

// States.
const (
	// Pending: nothing came yet.
	Pending State = iota
	// Done: there is an outcome.
	Done
	// Cancelled: who asked gave up.
	Cancelled
)

// Sent is a query that was sent, and what came of it.
type Sent struct {
	At       time.Duration // since the clock began
	To, From netip.AddrPort
	Proto    transport.Proto
	Message  []byte

	Name        string // as sent, letter by letter
	Type, Class uint16
	RD, AD, CD  bool
	EDNS        bool
	DO          bool
	Payload     uint16
	Options     []dns.EDNS0

	State   State
	Outcome transport.Outcome // where Done
	Took    time.Duration     // where not Pending
}

// read fills the fields that say what the message asks.
func (s *Sent) read() {
	var m dns.Msg
	if err := m.Unpack(s.Message); err != nil {
		s.Name = "unreadable"
		return
	}
	s.RD, s.AD, s.CD = m.RecursionDesired, m.AuthenticatedData, m.CheckingDisabled
	if len(m.Question) > 0 {
		q := m.Question[0]
		s.Name, s.Type, s.Class = q.Name, q.Qtype, q.Qclass
	}
	if o := m.IsEdns0(); o != nil {
		s.EDNS, s.DO, s.Payload, s.Options = true, o.Do(), o.UDPSize(), o.Option
	}
}

// Query is the question in lower case with its type: `www.example. A`.
func (s Sent) Query() string { return strings.ToLower(s.Name) + " " + dns.Type(s.Type).String() }

// String is the query and its outcome in one line without times, made to be
// compared:
//
//	192.0.2.53 udp www.example. A do cd 1232: NOERROR aa 1/0/0
func (s Sent) String() string {
	return fmt.Sprintf("%s %s %s%s: %s", s.To.Addr(), s.Proto, s.Query(), s.flags(), s.result())
}

// Timed is String with when it was sent and how long it took.
func (s Sent) Timed() string {
	if s.State == Pending {
		return fmt.Sprintf("+%v %s", s.At, s)
	}
	return fmt.Sprintf("+%v %s after %v", s.At, s, s.Took)
}

func (s Sent) flags() string {
	var b strings.Builder
	flag := func(set bool, name string) {
		if set {
			b.WriteString(" " + name)
		}
	}
	flag(s.Class != dns.ClassINET, dns.Class(s.Class).String())
	flag(s.RD, "rd")
	flag(s.AD, "ad")
	flag(s.DO, "do")
	flag(s.CD, "cd")
	if !s.EDNS {
		return b.String() + " plain"
	}
	fmt.Fprintf(&b, " %d", s.Payload)
	for _, o := range s.Options {
		fmt.Fprintf(&b, " opt%d", o.Option())
	}
	return b.String()
}

func (s Sent) result() string {
	switch s.State {
	case Pending:
		return "pending"
	case Cancelled:
		return "cancelled"
	case Done:
	}
	switch s.Outcome.Kind {
	case transport.Reply:
		return Summary(s.Outcome.Message)
	case transport.Folded:
		return "folded"
	case transport.Flooded:
		return "flooded"
	case transport.Unreachable:
		return "unreachable"
	case transport.Broken:
		return "broken"
	case transport.Exhausted:
		return "exhausted"
	}
	return "?"
}

// Summary is a response in a few words: the RCODE, flags that are set, and how
// many records each section has, the OPT record not counted.
func Summary(message []byte) string {
	var m dns.Msg
	if err := m.Unpack(message); err != nil {
		return "unreadable"
	}
	var b strings.Builder
	extra := len(m.Extra)
	if m.IsEdns0() != nil {
		extra--
	}
	if m.Rcode == dns.RcodeBadVers {
		b.WriteString("BADVERS") // the library knows the number as that of TSIG
	} else {
		b.WriteString(dns.RcodeToString[m.Rcode])
	}
	if m.Authoritative {
		b.WriteString(" aa")
	}
	if m.Truncated {
		b.WriteString(" tc")
	}
	fmt.Fprintf(&b, " %d/%d/%d", len(m.Answer), len(m.Ns), extra)
	return b.String()
}

// Sent lists the queries sent so far, the oldest first.
func (n *Network) Sent() []Sent {
	all := make([]Sent, len(n.log))
	for i, x := range n.log {
		all[i] = x.sent
	}
	return all
}

// Take is Sent that empties the log.
func (n *Network) Take() []Sent {
	all := n.Sent()
	n.log = nil
	return all
}

// Pending lists the exchanges without an outcome, the oldest first.
func (n *Network) Pending() []*Exchange { return slices.Clone(n.open) }

// Lines is a log as text, a line for each query.
func Lines(log []Sent) string {
	var b strings.Builder
	for _, s := range log {
		b.WriteString(s.String() + "\n")
	}
	return b.String()
}
