package scrub

import (
	"recursor/dns/domain"
	"recursor/dns/rrset"
	"recursor/dns/wire"
	"recursor/recursor/delegation"
)

// Kind is what a response is.
type Kind uint8

// Kinds.
const (
	// Useless: an error, or nothing that answers the question.
	Useless Kind = iota
	// Lame: the server does not serve the zone it was asked as.
	Lame
	// Answer: Set holds the records asked for, perhaps behind aliases.
	Answer
	// NoData: the last name of the chain exists without the type.
	NoData
	// NXDomain: the last name of the chain does not exist.
	NXDomain
	// Referral: Child is served by others.
	Referral
	// Alias: the chain leads to Target, which must be asked for anew.
	Alias
	// Overflow: a DNAME makes a name that is too long; the chain ends with it
	// (YXDOMAIN, RFC 6672 §2.2).
	Overflow
)

// String is the kind's name in transcripts.
func (k Kind) String() string {
	switch k {
	case Lame:
		return "lame"
	case Answer:
		return "answer"
	case NoData:
		return "nodata"
	case NXDomain:
		return "nxdomain"
	case Referral:
		return "referral"
	case Alias:
		return "alias"
	case Overflow:
		return "overflow"
	default:
		return "useless"
	}
}

// Asked is the question as it was sent, and to whom.
type Asked struct {
	// Zone is the zone the server was asked as a server of: the bailiwick.
	Zone domain.Name
	Kind delegation.Kind
	Name domain.Name
	Type wire.Type
	// Aliases is how many alias steps a chain may take; MaxRecords how many
	// records a Set may hold.
	Aliases, MaxRecords int
}

// Response is the usable part of a message.
type Response struct {
	Kind  Kind
	RCode wire.RCode
	AA    bool
	// LastResort tells that nothing better than this server's word should be
	// at hand before it is used: it answers without authority.
	LastResort bool
	// Chain holds the CNAME and DNAME Sets from the question's name to Target,
	// each DNAME followed by the CNAME synthesised of it (RFC 6672 §3.1).
	Chain []rrset.Set
	// Loop tells that the last alias of the chain leads back into it.
	Loop bool
	// Forged is a CNAME of the message in whose place the chain has the one that
	// a DNAME makes.
	Forged *rrset.Set
	// Target is the last name of the chain; the question's where there is none.
	Target domain.Name
	Set    *rrset.Set
	// Others are further Sets of an answer to type ANY.
	Others []rrset.Set
	SOA    *rrset.Set
	// Proof holds the NSEC and NSEC3 Sets of the authority section.
	Proof []rrset.Set
	// Child, NS, DS and Glue are a referral's.
	Child domain.Name
	NS    *rrset.Set
	DS    *rrset.Set
	Glue  []rrset.Set
	// Why says in a few words why a response is lame, useless or a last resort.
	Why string
	// Broken tells that a useless response is the zone's data as its owner has
	// it: the server is well, and others will hardly say otherwise.
	Broken bool
}

// Classify decides what m, which matches the question, means.
func Classify(m *rrset.Message, a Asked) Response {
	r := Response{RCode: m.RCode(), AA: m.Flags.Has(wire.FlagAA), Target: a.Name}
	switch r.RCode {
	case wire.NoError, wire.NXDomain, wire.YXDomain:
	case wire.Refused, wire.NotAuth:
		return r.is(Lame, "refused")
	default:
		return r.is(Useless, "error response")
	}
	if why := r.follow(m, a); why != "" {
		r.Broken = true
		return r.is(Useless, why)
	}
	// A resolver that answers from its cache is no authority for the zone; the
	// same holds for records whose TTLs disagree (RFC 2181 §5.2).
	r.LastResort = a.Kind != delegation.Forward && !r.AA &&
		(m.Flags.Has(wire.FlagRA) || r.Set != nil && r.Set.Mismatch)
	if r.LastResort {
		r.Why = "answers without authority"
	}
	r.authority(m, a)

	switch {
	case r.Kind == Overflow:
	case r.Loop: // whatever else is said of that name (RFC 1034 §3.6.2)
		r.Kind = Alias
	case r.Set != nil && r.RCode != wire.YXDomain:
		r.Kind = Answer
	case !r.Target.Within(a.Zone):
		// The RCODE speaks of a name this server may not speak of (RFC 6604 §3).
		r.Kind = Alias
	case r.RCode == wire.YXDomain:
		return r.is(Useless, "YXDOMAIN without the DNAME that overflows")
	case r.RCode == wire.NXDomain:
		r.Kind = NXDomain
		if len(r.Chain) > 0 && r.SOA == nil {
			r.Kind = Alias // RFC 2308 §2.1: nothing says that it is the target
		}
	case len(r.Chain) > 0 && r.SOA == nil:
		r.Kind = Alias
	case r.SOA != nil:
		r.Kind = NoData
	default:
		r.referral(m, a)
	}
	if a.Type == wire.TypeDS && !a.Name.IsRoot() && len(r.Chain) == 0 && (r.Kind == NoData || r.Kind == NXDomain) &&
		r.SOA != nil && r.SOA.Name == a.Name {
		// The child speaks of itself; only the parent knows (RFC 4035 §3.1.4.1).
		// The root has none.
		return r.is(Lame, "the child's answer to a question for its DS")
	}
	return r
}

func (r *Response) is(k Kind, why string) Response {
	r.Kind, r.Why = k, why
	return *r
}

// authority takes SOA and proofs of denial. The SOA must be that of a zone
// between the one asked and the name denied (RFC 2308 §2).
func (r *Response) authority(m *rrset.Message, a Asked) {
	for i := range m.Authority {
		s := &m.Authority[i]
		if s.Class != wire.ClassIN || !s.Name.Within(a.Zone) {
			continue
		}
		switch s.Type {
		case wire.TypeSOA:
			if r.SOA == nil && r.Target.Within(s.Name) {
				r.SOA = s
			}
		case wire.TypeNSEC, wire.TypeNSEC3:
			r.Proof = append(r.Proof, *s)
		}
	}
}

// find is the Set of the answer section with the name and type.
func find(sets []rrset.Set, name domain.Name, t wire.Type) *rrset.Set {
	for i := range sets {
		if sets[i].Type == t && sets[i].Name == name && sets[i].Class == wire.ClassIN {
			return &sets[i]
		}
	}
	return nil
}
