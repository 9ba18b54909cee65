package scenario

import (
	"net/netip"
	"time"

	"recursor/dns/domain"
	"recursor/dns/rrset"
	"recursor/dns/wire"
)

// Dialect is whose reading of the format a file follows.
type Dialect uint8

// Dialects. They differ in how a range is chosen and in what a step waits for.
const (
	// Unbound is the dialect of testbound, and of this project's own files.
	Unbound Dialect = iota
	// Deckard is that of Knot Resolver's test suite.
	Deckard
)

// String is the dialect's name.
func (d Dialect) String() string {
	if d == Deckard {
		return "deckard"
	}
	return "unbound"
}

// Scenario is a parsed file.
type Scenario struct {
	File    string
	Dialect Dialect
	Title   string
	// Story is the comment that the file opens with.
	Story   string
	Options []Option
	// Texts are the files that the configuration section holds, by their names.
	Texts  map[string]string
	Ranges []*Range
	Steps  []*Step

	ownClause bool // there is one, perhaps empty
}

// Option is one option of the configuration section.
type Option struct {
	Line int
	// Clause is the kind of section it stands in, "" at the top; Group numbers
	// the sections of the file, so that options of one are told from another's.
	Clause string
	Group  int
	Name   string
	Values []string
}

// Range is what a server answers while the story is between two steps.
type Range struct {
	Line        int
	First, Last int
	// Addresses are where it answers; none is everywhere.
	Addresses []netip.AddrPort
	Entries   []*Entry
}

// Kind is the kind of a Step.
type Kind uint8

// Kinds of steps.
const (
	StepQuery Kind = iota
	StepCheckAnswer
	StepCheckOutQuery
	StepReply
	StepTimeout
	StepError
	StepTimePasses
	StepTraffic
	StepNothing
	StepInfraRTT
	StepFlushMessage
	StepExpireMessage
	StepAssign
	StepCheckAutotrust
	StepCheckTempfile
)

// keyword is the step type as files write it.
func (k Kind) keyword() string {
	return [...]string{
		"QUERY", "CHECK_ANSWER", "CHECK_OUT_QUERY", "REPLY", "TIMEOUT", "ERROR", "TIME_PASSES", "TRAFFIC", "NOTHING",
		"INFRA_RTT", "FLUSH_MESSAGE", "EXPIRE_MESSAGE", "ASSIGN", "CHECK_AUTOTRUST", "CHECK_TEMPFILE",
	}[k]
}

// String is the step type as files write it.
func (k Kind) String() string { return k.keyword() }

// hasEntry reports whether an entry follows the step.
func (k Kind) hasEntry() bool { return k <= StepReply }

// Step is one thing that happens or must have happened.
type Step struct {
	Line int
	ID   int
	Kind Kind
	// Args are the words after the type.
	Args  []string
	Entry *Entry
	// Client asks in a QUERY; Server is where a CHECK_OUT_QUERY must go; the
	// zero Addr is the usual one, or any.
	Address netip.Addr
	// Elapse is how long TIME_PASSES lasts; Expression is for EVAL and ASSIGN.
	Elapse     time.Duration
	Variable   string
	Expression string
	// Lines are the file that a CHECK_AUTOTRUST or CHECK_TEMPFILE expects.
	Lines []string
}

// Entry is a message and the rules for its use: as an answer, as a query, or as
// what is expected.
type Entry struct {
	Line   int
	Match  Match
	Adjust Adjust
	// Mandatory entries must have answered at least once.
	Mandatory bool
	Message
	// More are the further messages of an answer (EXTRA_PACKET).
	More []Message
}

// Message is a message as it is written.
type Message struct {
	Flags wire.Flags
	RCode wire.RCode
	// EDNS tells that it has an OPT record; EDNSData is its options.
	EDNS, DO, CO bool
	EDNSData     []byte
	Question     *Question
	Sections     [3][]rrset.Record
	// Raw, where not nil, is the whole message in octets.
	Raw []byte
}

// Question is the question section.
type Question struct {
	Owner []byte // as written, uncompressed
	Name  domain.Name
	Type  wire.Type
	Class wire.Class
}

// Adjust tells how an entry becomes the answer to a query.
type Adjust struct {
	CopyID, CopyQuery, DoNotAnswer, RawID bool
	// CopyCookie gives the client's cookie back with one of a server (RFC 7873
	// §5.2); it is a word of ours.
	CopyCookie bool
	// Unreachable has the network fail, instead of an answer; ours as well.
	Unreachable bool
}

// Match tells which messages an entry is for, and what of a message must be as
// the entry has it.
type Match struct {
	// Given tells that there was a MATCH line.
	Given bool
	Words Words
	// EDE are the codes that the message must have; AnyEDE is ede=any.
	EDE    []uint16
	AnyEDE bool
}

// Words is a set of MATCH words.
type Words uint32

// The MATCH words.
const (
	Opcode Words = 1 << iota
	QType
	QName
	QCase
	Subdomain
	QuestionSection
	RCode
	HeaderFlags
	Answer
	Authority
	Additional
	All
	AllNoEDNS
	TTL
	DO
	CO
	NoEDNS
	EDNSData
	EDNS
	NSID
	ClientCookie
	ServerCookie
	UDP
	TCP
)

// Has reports whether all words of w are in the set.
func (s Words) Has(w Words) bool { return s&w == w }

// word is the set of a MATCH word, false where there is no such word.
func word(s string) (Words, bool) {
	switch s {
	case "opcode":
		return Opcode, true
	case "qtype":
		return QType, true
	case "qname":
		return QName, true
	case "qcase":
		return QCase, true
	case "subdomain":
		return Subdomain, true
	case "question":
		return QuestionSection, true
	case "rcode":
		return RCode, true
	case "flags":
		return HeaderFlags, true
	case "answer":
		return Answer, true
	case "authority":
		return Authority, true
	case "additional":
		return Additional, true
	case "all":
		return All, true
	case "all_noedns":
		return AllNoEDNS, true
	case "ttl":
		return TTL, true
	case "DO":
		return DO, true
	case "CO":
		return CO, true
	case "noedns":
		return NoEDNS, true
	case "ednsdata":
		return EDNSData, true
	case "edns":
		return EDNS, true
	case "nsid":
		return NSID, true
	case "client_cookie":
		return ClientCookie, true
	case "server_cookie":
		return ServerCookie, true
	case "UDP":
		return UDP, true
	case "TCP":
		return TCP, true
	}
	return 0, false
}
