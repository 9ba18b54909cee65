package denial

import (
	"recursor/dns/domain"
	"recursor/dns/wire"
)

// matching is the NSEC record of name, nil where there is none.
func (r *Records) matching(name domain.Name) *NSEC {
	for i := range r.nsec {
		if r.nsec[i].Owner == name {
			return &r.nsec[i]
		}
	}
	return nil
}

// absent reports whether the records show that name has none: neither a record
// of its own nor, as far as absent is not empty, names below it.
func (r *Records) absent(name domain.Name) (by *NSEC, empty bool) {
	for i := range r.nsec {
		if n := &r.nsec[i]; n.speaksOf(r.Zone, name) {
			// A next name below makes it an empty non-terminal
			// (RFC 4592 §2.2.2).
			return n, n.Next.Below(name)
		}
	}
	return nil, false
}

func (r *Records) nsecNameError(name domain.Name) Finding {
	if n := r.matching(name); n != nil {
		nx := absentName(n.Types)
		return Finding{Proven: nx, NXName: nx}
	}
	by, empty := r.absent(name)
	if by == nil || empty {
		return Finding{}
	}
	by, empty = r.absent(wildcard(by.Encloser(name)))
	return Finding{Proven: by != nil && !empty}
}

func (r *Records) nsecNoData(name domain.Name, t wire.Type) Finding {
	if n := r.matching(name); n != nil {
		return at(name, n.Types, t)
	}
	by, empty := r.absent(name)
	if by == nil || empty {
		return Finding{Proven: empty}
	}
	source := wildcard(by.Encloser(name))
	if n := r.matching(source); n != nil {
		return atWildcard(source, n.Types, t)
	}
	_, empty = r.absent(source)
	return Finding{Proven: empty, Wildcard: empty}
}
