package denial

import (
	"cmp"

	"recursor/dns/domain"
	"recursor/dns/wire"
)

// hash is the hash of name with the parameters of the records.
func (r *Records) hash(name domain.Name) (Hash, error) { return r.HashWith(&r.nsec3[0].Params, name) }

// HashWith is the hash of name with parameters that are those of the records or
// of the first to be added. It is computed once, and paid for.
func (r *Records) HashWith(p *Params, name domain.Name) (Hash, error) {
	for i := range r.hashes {
		if r.hashes[i].name == name {
			return r.hashes[i].hash, nil
		}
	}
	if len(r.hashes) >= cmp.Or(r.Limit, MaxHashes) {
		return Hash{}, ErrHashes
	}
	if err := r.work.Hashes(1); err != nil {
		return Hash{}, err
	}
	h := p.Hash(name)
	r.hashes = append(r.hashes, hashed{name, h})
	return h, nil
}

// find is the first record of which is says so, nil where there is none.
func (r *Records) find(name domain.Name, is func(*NSEC3, Hash) bool) (*NSEC3, error) {
	if len(r.nsec3) == 0 || !name.Within(r.Zone) {
		return nil, nil
	}
	h, err := r.hash(name)
	if err != nil {
		return nil, err
	}
	for i := range r.nsec3 {
		if is(&r.nsec3[i], h) {
			return &r.nsec3[i], nil
		}
	}
	return nil, nil
}

// of is the record that matches name (RFC 5155 §1.3).
func (r *Records) of(name domain.Name) (*NSEC3, error) {
	return r.find(name, func(n *NSEC3, h Hash) bool { return n.Owner == h })
}

// covering is a record that covers name (RFC 5155 §1.3).
func (r *Records) covering(name domain.Name) (*NSEC3, error) {
	return r.find(name, func(n *NSEC3, h Hash) bool { return n.Covers(h) })
}

// encloser is what the closest encloser proof of a name that does not exist
// shows (RFC 5155 §8.3).
type encloser struct {
	name  domain.Name
	cover *NSEC3 // of the next closer name
}

// encloser finds the closest provable encloser of name, which is below it: a
// name that a record matches, with the next closer name covered. It is nil
// where that is not shown.
func (r *Records) encloser(name domain.Name) (*encloser, error) {
	closer := name
	for above := name.Parent(); above.Within(r.Zone); closer, above = above, above.Parent() {
		match, err := r.of(above)
		if err != nil {
			return nil, err
		}
		if match != nil {
			if match.Types.blind() {
				return nil, nil
			}
			cover, err := r.covering(closer)
			if cover == nil {
				return nil, err
			}
			return &encloser{above, cover}, nil
		}
		if above.IsRoot() {
			break
		}
	}
	return nil, nil
}

func (r *Records) nsec3NameError(name domain.Name) (Finding, error) {
	match, err := r.of(name)
	if match != nil || err != nil {
		nx := match != nil && absentName(match.Types)
		return Finding{Proven: nx, NXName: nx}, err
	}
	e, err := r.encloser(name)
	if e == nil {
		return Finding{}, err
	}
	cover, err := r.covering(wildcard(e.name))
	return Finding{Proven: cover != nil, OptOut: cover != nil && e.cover.OptOut}, err
}

func (r *Records) nsec3NoData(name domain.Name, t wire.Type) (Finding, error) {
	match, err := r.of(name)
	if err != nil {
		return Finding{}, err
	}
	if match != nil {
		return at(name, match.Types, t), nil
	}
	e, err := r.encloser(name)
	if e == nil {
		return Finding{}, err
	}
	if e.cover.OptOut {
		// A delegation that is not signed, or a name above some, needs no
		// record of its own (RFC 5155 §8.6, §8.9, §7.1).
		return Finding{Proven: true, OptOut: true, Cut: t == wire.TypeDS}, nil
	}
	source := wildcard(e.name)
	if match, err = r.of(source); match == nil {
		return Finding{}, err
	}
	return atWildcard(source, match.Types, t), nil
}
