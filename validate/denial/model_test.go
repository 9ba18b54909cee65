package denial_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"

	"recursor/dns/domain"
	"recursor/dns/rrset"
	"recursor/dns/wire"
	"recursor/validate/denial"
)

// kind is what a name of a model zone owns.
type kind uint8

const (
	nothing  kind = iota // no name, or an empty non-terminal
	data                 // A
	alias                // CNAME
	unsigned             // NS
	secure               // NS, DS
	redirect             // DNAME
	kinds
)

func (k kind) types() []wire.Type {
	switch k {
	case data:
		return []wire.Type{wire.TypeA}
	case alias:
		return []wire.Type{wire.TypeCNAME}
	case unsigned:
		return []wire.Type{wire.TypeNS}
	case secure:
		return []wire.Type{wire.TypeNS, wire.TypeDS}
	case redirect:
		return []wire.Type{wire.TypeDNAME}
	}
	return nil
}

// cuts reports whether names below are not the zone's to speak of.
func (k kind) cuts() bool { return k == unsigned || k == secure || k == redirect }

// zone is a whole zone: what each name owns, the apex apart.
type zone struct {
	apex  domain.Name
	names map[domain.Name]kind
}

func (z *zone) String() string {
	var b strings.Builder
	for _, n := range z.sorted() {
		fmt.Fprintf(&b, "%s %v; ", n, z.names[n].types())
	}
	return b.String()
}

func (z *zone) sorted() []domain.Name {
	var out []domain.Name
	for n, k := range z.names {
		if k != nothing {
			out = append(out, n)
		}
	}
	slices.SortFunc(out, domain.Compare)
	return out
}

// exists reports whether name is in the zone: it owns something, or something
// below it does.
func (z *zone) exists(name domain.Name) bool {
	if name == z.apex || z.names[name] != nothing {
		return true
	}
	for n, k := range z.names {
		if k != nothing && n.Below(name) {
			return true
		}
	}
	return false
}

// occluded reports whether name lies below a cut or a DNAME.
func (z *zone) occluded(name domain.Name) bool {
	for n := name.Parent(); n.Below(z.apex); n = n.Parent() {
		if z.names[n].cuts() {
			return true
		}
	}
	return false
}

// truth is what RFC 1034 §4.3.2 finds for a question.
type truth uint8

const (
	elsewhere truth = iota // a referral, or a DNAME's business
	positive               // data, or an alias
	noData
	nxDomain
)

// ask answers a question of a name in the zone, naively. source is the wildcard
// that was used.
func (z *zone) ask(name domain.Name, t wire.Type) (what truth, source domain.Name) {
	if z.occluded(name) {
		return elsewhere, domain.Name{}
	}
	owner := name
	if !z.exists(name) {
		encloser := name.Parent()
		for !z.exists(encloser) {
			encloser = encloser.Parent()
		}
		source, _ = encloser.Wildcard()
		if !z.exists(source) {
			return nxDomain, domain.Name{}
		}
		owner = source
	}
	switch k := z.names[owner]; {
	case name == z.apex:
		if t == wire.TypeDS {
			return elsewhere, source
		}
		if t == wire.TypeSOA || t == wire.TypeNS {
			return positive, source
		}
		return noData, source
	case slices.Contains(k.types(), t) || k == alias:
		return positive, source
	case k == unsigned || k == secure:
		if t == wire.TypeDS && owner == name {
			return noData, source
		}
		return elsewhere, source
	}
	return noData, source
}

// cut reports whether an unsigned delegation is at name.
func (z *zone) cut(name domain.Name) bool { return !z.occluded(name) && z.names[name] == unsigned }

// bitmap is the field for types.
func bitmap(types ...wire.Type) []byte {
	slices.Sort(types)
	var out []byte
	for len(types) > 0 {
		window := types[0] >> 8
		field := make([]byte, 32)
		n := 0
		for len(types) > 0 && types[0]>>8 == window {
			low := types[0] & 0xff
			field[low/8] |= 0x80 >> (low & 7)
			n = int(low/8) + 1
			types = types[1:]
		}
		out = append(append(out, byte(window), byte(n)), field[:n]...)
	}
	return out
}

// apexTypes are those of the apex.
func apexTypes() []wire.Type {
	return []wire.Type{wire.TypeNS, wire.TypeSOA, wire.TypeDNSKEY, wire.TypeRRSIG}
}

// nsec is the NSEC chain.
func (z *zone) nsec() []rrset.Set {
	owners := []domain.Name{z.apex}
	for _, n := range z.sorted() {
		if !z.occluded(n) {
			owners = append(owners, n)
		}
	}
	chain := make([]rrset.Set, 0, len(owners))
	for i, owner := range owners {
		types := append(z.names[owner].types(), wire.TypeRRSIG, wire.TypeNSEC)
		if owner == z.apex {
			types = append(apexTypes(), wire.TypeNSEC)
		}
		next := owners[(i+1)%len(owners)]
		chain = append(chain, rrset.New(owner, wire.TypeNSEC, 300, append(next.AppendWire(nil), bitmap(types...)...)))
	}
	return chain
}

// shown reports whether name has an NSEC3 record; where there is opt-out,
// delegations that are not signed have none, nor names that exist for them
// alone.
func (z *zone) shown(name domain.Name, optOut bool) bool {
	switch {
	case name == z.apex:
		return true
	case z.occluded(name) || !z.exists(name):
		return false
	case !optOut:
		return true
	case z.names[name] != nothing:
		return z.names[name] != unsigned
	}
	for n, k := range z.names {
		if k != nothing && k != unsigned && n.Below(name) && !z.occluded(n) {
			return true
		}
	}
	return false
}

// params are the model's; the salt makes the order of hashes vary.
func params(salt string) denial.Params { return denial.Params{Algorithm: denial.SHA1, Salt: salt} }

// nsec3 is the NSEC3 chain.
func (z *zone) nsec3(optOut bool, salt string) []rrset.Set {
	p := params(salt)
	type entry struct {
		hash denial.Hash
		name domain.Name
	}
	var entries []entry
	seen := map[domain.Name]bool{}
	for _, n := range append(z.sorted(), z.apex) {
		for ; n.Within(z.apex) && !seen[n]; n = n.Parent() {
			seen[n] = true
			if z.shown(n, optOut) {
				entries = append(entries, entry{p.Hash(n), n})
			}
		}
	}
	slices.SortFunc(entries, func(a, b entry) int { return strings.Compare(string(a.hash[:]), string(b.hash[:])) })
	chain := make([]rrset.Set, 0, len(entries))
	for i, e := range entries {
		types := z.names[e.name].types()
		if e.name == z.apex {
			types = append(apexTypes(), wire.TypeNSEC3PARAM)
		} else if k := z.names[e.name]; k != nothing && k != unsigned {
			types = append(types, wire.TypeRRSIG)
		}
		rd := []byte{denial.SHA1, 0, 0, 0, byte(len(salt))}
		if optOut {
			rd[1] = 1
		}
		next := entries[(i+1)%len(entries)].hash
		rd = append(append(append(rd, salt...), byte(len(next))), next[:]...)
		owner, _ := z.apex.Prepend(e.hash.Label())
		chain = append(chain, rrset.New(owner, wire.TypeNSEC3, 300, append(rd, bitmap(types...)...)))
	}
	return chain
}

// randomZone owns some of the names.
func randomZone(rng *rand.Rand, apex domain.Name, universe []domain.Name) *zone {
	z := &zone{apex: apex, names: map[domain.Name]kind{}}
	for _, n := range universe {
		if rng.IntN(5) < 2 {
			z.names[n] = kind(rng.IntN(int(kinds)))
		}
	}
	return z
}

// universe is every name of the labels below apex, down to depth.
func universe(apex domain.Name, labels []string, depth int) []domain.Name {
	var out []domain.Name
	level := []domain.Name{apex}
	for range depth {
		var next []domain.Name
		for _, above := range level {
			for _, l := range labels {
				n, err := above.Prepend(l)
				if err != nil {
					panic(err)
				}
				next = append(next, n)
			}
		}
		out = append(out, next...)
		level = next
	}
	return out
}

// free is a Work without limit that counts.
type free struct{ hashes int }

func (f *free) Hashes(n int) error {
	f.hashes += n
	return nil
}

// records makes Records of the sets.
func records(apex domain.Name, sets []rrset.Set) *denial.Records {
	r := denial.NewRecords(apex, new(free))
	for i := range sets {
		r.Add(&sets[i])
	}
	return r
}
