package zone

import (
	"encoding/binary"
	"net/netip"
	"slices"
	"sync/atomic"

	"recursor/dns/domain"
	"recursor/dns/rrset"
	"recursor/dns/wire"
)

// discoveryTTL is that of what this resolver says about itself: it changes with
// listeners and certificates.
const discoveryTTL = 300

// Designation is what clients that ask this resolver without encryption are told
// of its encrypted listeners (RFC 9462 §4), and of itself (RFC 9606).
type Designation struct {
	// Name is the name of the encrypted resolver. Without one, clients know it by
	// address alone, and the records name resolver.arpa, which they must not take
	// for its name (RFC 9462 §6.3).
	Name domain.Name
	// Endpoints, the preferred one first; none: nothing is designated, and nothing
	// is said of the resolver.
	Endpoints []Endpoint
	// Info are the keys of RESINFO with their values (RFC 9606 §5).
	Info []string
}

// Endpoint is a listener of one transport.
type Endpoint struct {
	Protocols []string // by their names in ALPN
	Port      uint16
	Standard  uint16 // the port that clients assume
	Template  string // of the URI, without host, such as /dns-query{?dns}; "" where it is no HTTP
	Addrs     []netip.Addr
}

// Discovery holds the Designation that a Table tells of. It may be changed while
// the Table is in use. The zero Discovery designates nothing.
type Discovery struct{ current atomic.Pointer[announced] }

// announced is a Designation as records.
type announced struct {
	name       []byte // of the resolver in wire form; nil where it has none
	designated []rrset.Set
	info       []rrset.Set // of resolver.arpa
	own        []rrset.Set // of the resolver's name
	addresses  []rrset.Set
}

// Set makes d what clients are told from now on.
func (d *Discovery) Set(to Designation) {
	if len(to.Endpoints) == 0 {
		d.current.Store(nil)
		return
	}
	apex := domain.MustParse(discoveryApex)
	target := to.Name
	a := &announced{info: []rrset.Set{resinfo(apex, to.Info)}}
	if target.IsZero() {
		target = apex
	} else {
		a.name = target.AppendWire(nil)
		a.own = []rrset.Set{resinfo(target, to.Info)}
	}
	var services [][]byte
	var addrs []netip.Addr
	for i, e := range to.Endpoints {
		services = append(services, e.service(uint16(i+1), target))
		addrs = append(addrs, e.Addrs...)
	}
	owner := domain.MustParse("_dns." + discoveryApex)
	a.designated = []rrset.Set{rrset.New(owner, wire.TypeSVCB, discoveryTTL, services...)}
	a.addresses = addresses(target, addrs)
	d.current.Store(a)
}

const discoveryApex = "resolver.arpa."

// answer is what is said of a name within resolver.arpa, false where nothing is.
func (d *Discovery) answer(name []byte, qtype wire.Type, atApex bool) (Answer, bool) {
	a := d.current.Load()
	switch {
	case a == nil:
	case atApex && qtype == wire.TypeRESINFO:
		return Answer{Answer: a.info}, true
	case qtype == wire.TypeSVCB && string(name) == a.designated[0].Name.Wire():
		// RFC 9462 §4: with the addresses, so that clients need not ask for them.
		return Answer{Answer: a.designated, Additional: a.addresses}, true
	}
	return Answer{}, false
}

// own is what is said of the resolver under its own name: this only, since its
// addresses and the rest are what its zone in the DNS says (RFC 9606 §3).
func (d *Discovery) own(name []byte, qtype wire.Type) (Answer, bool) {
	if d == nil || qtype != wire.TypeRESINFO {
		return Answer{}, false
	}
	a := d.current.Load()
	if a == nil || a.name == nil || string(name) != string(a.name) {
		return Answer{}, false
	}
	return Answer{Answer: a.own}, true
}

// Keys of SVCB parameters (RFC 9460 §14.3.2, RFC 9461 §5).
const (
	keyALPN     = 1
	keyPort     = 3
	keyIPv4Hint = 4
	keyIPv6Hint = 6
	keyDoHPath  = 7
)

// service is the RDATA of SVCB, keys ascending (RFC 9460 §2.2).
func (e *Endpoint) service(priority uint16, target domain.Name) []byte {
	rd := binary.BigEndian.AppendUint16(nil, priority)
	rd = target.AppendWire(rd)
	add := func(key uint16, value []byte) {
		if len(value) == 0 {
			return
		}
		rd = binary.BigEndian.AppendUint16(rd, key)
		rd = binary.BigEndian.AppendUint16(rd, uint16(len(value)))
		rd = append(rd, value...)
	}
	var protocols, four, six []byte
	for _, p := range e.Protocols {
		protocols = append(append(protocols, byte(len(p))), p...)
	}
	for _, addr := range e.Addrs {
		if addr.Is4() {
			four = append(four, addr.AsSlice()...)
		} else {
			six = append(six, addr.AsSlice()...)
		}
	}
	add(keyALPN, protocols)
	if e.Port != e.Standard {
		add(keyPort, binary.BigEndian.AppendUint16(nil, e.Port))
	}
	add(keyIPv4Hint, four)
	add(keyIPv6Hint, six)
	add(keyDoHPath, []byte(e.Template))
	return rd
}

// addresses are the A and AAAA RRsets of a name.
func addresses(owner domain.Name, addrs []netip.Addr) []rrset.Set {
	slices.SortFunc(addrs, netip.Addr.Compare)
	var four, six [][]byte
	for _, addr := range slices.Compact(addrs) {
		if addr.Is4() {
			four = append(four, addr.AsSlice())
		} else {
			six = append(six, addr.AsSlice())
		}
	}
	var sets []rrset.Set
	if four != nil {
		sets = append(sets, rrset.New(owner, wire.TypeA, discoveryTTL, four...))
	}
	if six != nil {
		sets = append(sets, rrset.New(owner, wire.TypeAAAA, discoveryTTL, six...))
	}
	return sets
}

// resinfo is the one record (RFC 9606 §3), in the form of TXT.
func resinfo(owner domain.Name, info []string) rrset.Set {
	var rd []byte
	for _, text := range info {
		rd = append(append(rd, byte(len(text))), text...)
	}
	return rrset.New(owner, wire.TypeRESINFO, discoveryTTL, rd)
}
