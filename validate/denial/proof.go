package denial

import (
	"errors"

	"recursor/dns/domain"
	"recursor/dns/rrset"
	"recursor/dns/wire"
)

// MaxHashes is how many names are hashed for one proof, where Records.Limit says
// nothing else. A name has at most 127
// labels, each of which may have to be hashed to find the closest encloser
// (CVE-2023-50868).
const MaxHashes = 150

// ErrHashes tells that a proof would take more than MaxHashes.
var ErrHashes = errors.New("denial: too many hashes for one proof")

// Work is the budget that hashes are computed from. An error says that it is
// spent.
type Work interface {
	// Hashes tells that n names are about to be hashed.
	Hashes(n int) error
}

// Finding is what records prove of a claim.
type Finding struct {
	// Proven: the claim is true, or, where OptOut is set, as good as it gets.
	Proven bool
	// OptOut tells that the proof rests on a span that may hide delegations
	// which are not signed (RFC 5155 §6): what lies there is insecure.
	OptOut bool
	// Cut tells, where the absence of DS is proven, that the name is delegated
	// all the same, or may be (RFC 5155 §8.9): an unsigned zone begins there.
	// Without it the name is no cut.
	Cut bool
	// NXName tells that the name does not exist, though a record has it for its
	// owner (RFC 9824 §3): nothing else may be concluded from that record.
	NXName bool
	// Wildcard tells that the name does not exist itself; a wildcard above it
	// has no records of the type.
	Wildcard bool
}

// Records are the NSEC and NSEC3 records of one zone that a proof may use. Their
// signatures hold, and were made over their owners, not over a wildcard.
type Records struct {
	Zone  domain.Name
	nsec  []NSEC
	nsec3 []NSEC3
	work  Work
	// Limit is how many names are hashed at most; 0 is MaxHashes.
	Limit int

	hashes []hashed
}

// hashed is a name with its hash.
type hashed struct {
	name domain.Name
	hash Hash
}

// NewRecords makes Records for the zone.
func NewRecords(zone domain.Name, work Work) *Records { return &Records{Zone: zone, work: work} }

// Add adds the record of an RRset and reports whether it is one of the zone's.
// NSEC3 records must have the parameters of the first one (RFC 5155 §8.2).
func (r *Records) Add(set *rrset.Set) bool {
	if n, ok := ParseNSEC(set); ok && n.In(r.Zone) {
		r.nsec = append(r.nsec, n)
		return true
	}
	n, ok := ParseNSEC3(r.Zone, set)
	if !ok || len(r.nsec3) > 0 && r.nsec3[0].Params != n.Params {
		return false
	}
	r.nsec3 = append(r.nsec3, n)
	return true
}

// Len counts the records.
func (r *Records) Len() int { return len(r.nsec) + len(r.nsec3) }

// Params are the parameters of the NSEC3 records; false where there are none.
func (r *Records) Params() (Params, bool) {
	if len(r.nsec3) == 0 {
		return Params{}, false
	}
	return r.nsec3[0].Params, true
}

// NameError holds the claim that name does not exist, nor a wildcard for it,
// against the records (RFC 4035 §5.4, RFC 5155 §8.4).
func (r *Records) NameError(name domain.Name) (Finding, error) {
	if f := r.nsecNameError(name); f.Proven || len(r.nsec3) == 0 {
		return f, nil
	}
	return r.nsec3NameError(name)
}

// NoData holds the claim against the records that name exists, or a wildcard
// for it, without records of type t (RFC 4035 §5.4, RFC 5155 §8.5-8.7, §8.9).
func (r *Records) NoData(name domain.Name, t wire.Type) (Finding, error) {
	if t == wire.TypeDS && name == r.Zone && !name.IsRoot() {
		return Finding{}, nil // the parent must say so
	}
	if f := r.nsecNoData(name, t); f.Proven || len(r.nsec3) == 0 {
		return f, nil
	}
	return r.nsec3NoData(name, t)
}

// Expansion holds the claim against the records that nothing closer to name
// exists than encloser, so that its wildcard was rightly used
// (RFC 4035 §5.3.4, RFC 5155 §8.8). name is below encloser.
func (r *Records) Expansion(name, encloser domain.Name) (Finding, error) {
	closer := name.NextCloser(encloser)
	for i := range r.nsec {
		if n := &r.nsec[i]; n.speaksOf(r.Zone, closer) && !n.Next.Within(closer) {
			return Finding{Proven: true}, nil
		}
	}
	covering, err := r.covering(closer)
	if covering == nil {
		return Finding{}, err
	}
	return Finding{Proven: true, OptOut: covering.OptOut}, nil
}

// at is what a record proves of its own owner.
func at(owner domain.Name, types Bitmap, t wire.Type) Finding {
	switch {
	case absentName(types):
		return Finding{Proven: true, NXName: true}
	case !types.lacks(owner, t):
		return Finding{}
	}
	return Finding{Proven: true, Cut: t == wire.TypeDS && types.Has(wire.TypeNS) && !owner.IsRoot()}
}

// absentName reports whether the bits say that their owner does not exist
// (RFC 9824 §3.1). Beside a type that it has they say nothing.
func absentName(types Bitmap) bool { return types.Has(wire.TypeNXNAME) && types.bare() }

// atWildcard is what a record proves of its own owner, a wildcard, for a name
// that it would be used for. A delegation there is nothing that could be used
// (RFC 4592 §4.2).
func atWildcard(owner domain.Name, types Bitmap, t wire.Type) Finding {
	f := at(owner, types, t)
	ok := f.Proven && !f.NXName && !f.Cut
	return Finding{Proven: ok, Wildcard: ok}
}

// wildcard is the source of synthesis at the closest encloser of a name
// (RFC 4592 §3.3.1). It is never too long: the name has a label of at least one
// octet more than the encloser, too.
func wildcard(encloser domain.Name) domain.Name {
	w, _ := encloser.Wildcard()
	return w
}
