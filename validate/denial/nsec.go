package denial

import (
	"recursor/dns/domain"
	"recursor/dns/rrset"
	"recursor/dns/wire"
)

// NSEC is a view of an NSEC record (RFC 4034 §4.1).
type NSEC struct {
	Owner, Next domain.Name
	Types       Bitmap
}

// ParseNSEC reads the one record of an NSEC RRset; a chain has no owner with
// two.
func ParseNSEC(set *rrset.Set) (NSEC, bool) {
	if set.Type != wire.TypeNSEC || set.Len() != 1 {
		return NSEC{}, false
	}
	rdata := set.RData.First()
	next, n, err := domain.FromWire(rdata)
	if err != nil {
		return NSEC{}, false
	}
	return NSEC{Owner: set.Name, Next: next, Types: Bitmap(rdata[n:])}, true
}

// In reports whether the record is one of the zone's chain. One whose next
// name lies outside would deny names of other zones.
func (r *NSEC) In(zone domain.Name) bool {
	return r.Owner.Within(zone) && r.Next.Within(zone)
}

// Spans reports whether the record leads on in the zone, or back to its start.
// One that does not covers nothing, and still tells the types of its owner.
func (r *NSEC) Spans(zone domain.Name) bool {
	return r.Next == zone || domain.Compare(r.Owner, r.Next) < 0
}

// Covers reports whether no name of the zone is between the record's owner and
// its next name but name would be (RFC 4034 §4.1.1, §6.1). The last record of
// the chain leads back to the zone.
func (r *NSEC) Covers(zone, name domain.Name) bool {
	return name.Within(zone) && domain.Compare(r.Owner, name) < 0 &&
		(r.Next == zone || domain.Compare(name, r.Next) < 0)
}

// speaksOf reports whether the record covers name and may speak of it.
func (r *NSEC) speaksOf(zone, name domain.Name) bool {
	return r.Covers(zone, name) && !(name.Below(r.Owner) && r.Types.blind())
}

// Encloser is the closest encloser of a name that the record covers: what it
// shares with the one or the other neighbour exists (RFC 4592 §3.3.1).
func (r *NSEC) Encloser(name domain.Name) domain.Name {
	a, b := name.CommonAncestor(r.Owner), name.CommonAncestor(r.Next)
	if b.Len() > a.Len() {
		return b
	}
	return a
}
