package sig

import (
	"encoding/binary"

	"recursor/dns/domain"
	"recursor/dns/rrset"
	"recursor/dns/wire"
)

// Flags of a DNSKEY record (RFC 4034 §2.1.1, RFC 5011 §7). All others are
// ignored.
const (
	FlagZone   uint16 = 0x0100
	FlagRevoke uint16 = 0x0080
	FlagSEP    uint16 = 0x0001
)

// protocol is the one value of the Protocol field (RFC 4034 §2.1.2).
const protocol = 3

// Key is a view of a DNSKEY record, with what is computed of it once.
type Key struct {
	Flags     uint16
	Protocol  uint8
	Algorithm Algorithm
	PublicKey []byte
	Tag       uint16

	rdata  []byte
	public public
	fault  Fault // of public, once read
	read   bool
	// unto lets a revoked key verify: its own revocation (RFC 5011 §2.1).
	unto bool
}

// ParseKey reads the RDATA of a DNSKEY record; the view shares its octets. The
// public key in it is looked at when it is needed.
func ParseKey(rdata []byte) (Key, error) {
	if len(rdata) < 4 {
		return Key{}, wire.ErrRData
	}
	return Key{
		Flags:     binary.BigEndian.Uint16(rdata),
		Protocol:  rdata[2],
		Algorithm: Algorithm(rdata[3]),
		PublicKey: rdata[4:],
		Tag:       Tag(rdata),
		rdata:     rdata,
	}, nil
}

// Tag is the key tag of DNSKEY RDATA (RFC 4034 Appendix B).
func Tag(rdata []byte) uint16 {
	if len(rdata) > 3 && Algorithm(rdata[3]) == RSAMD5 {
		// Appendix B.1: the upper 16 of the lowest 24 bits of the modulus, with
		// which the record ends.
		if len(rdata) < 4+3 {
			return 0
		}
		return binary.BigEndian.Uint16(rdata[len(rdata)-3:])
	}
	var sum uint32
	for i, c := range rdata {
		if i&1 == 0 {
			sum += uint32(c) << 8
		} else {
			sum += uint32(c)
		}
	}
	return uint16(sum + sum>>16)
}

// SEP reports the flag that tells people, not validators, that the key signs
// keys (RFC 4034 §2.1.1).
func (k *Key) SEP() bool { return k.Flags&FlagSEP != 0 }

// Revoked reports the flag of RFC 5011 §2.1.
func (k *Key) Revoked() bool { return k.Flags&FlagRevoke != 0 }

// RData is the record's RDATA.
func (k *Key) RData() []byte { return k.rdata }

// mayVerify reports whether the record's fixed fields allow it to verify data
// of a zone.
func (k *Key) mayVerify() Fault {
	switch {
	case k.Flags&FlagZone == 0 || k.Protocol != protocol:
		return NotZoneKey
	case k.Revoked() && !k.unto:
		return Revoked
	}
	return Sound
}

// material is the public key, read on first use.
func (k *Key) material(p *Policy) (public, Fault) {
	if !k.read {
		k.public, k.fault = readPublic(k.Algorithm, k.PublicKey, p)
		k.read = true
	}
	return k.public, k.fault
}

// Keys are keys of one zone.
type Keys struct {
	Zone   domain.Name
	keys   []Key
	policy *Policy
}

// NewKeys reads a DNSKEY RRset. A record that is none is left out.
func NewKeys(zone domain.Name, rdata rrset.List, p *Policy) *Keys {
	ks := &Keys{Zone: zone, policy: p}
	for rd := range rdata.All() {
		if k, err := ParseKey(rd); err == nil {
			ks.keys = append(ks.keys, k)
		}
	}
	return ks
}

// Len counts the keys.
func (ks *Keys) Len() int { return len(ks.keys) }

// All is the keys, in the order of the RRset.
func (ks *Keys) All() []Key { return ks.keys }

const (
	// MaxTagged is how many keys of one tag and algorithm are tried. Tags
	// collide by chance, and for zones with two such keys that must not matter;
	// more collide by intent only (CVE-2023-50387). Policy.Tagged may say
	// otherwise.
	MaxTagged = 4
	// MaxDS is how many DS records are looked at; Policy.DS may say otherwise.
	MaxDS = 8
)

// tagged yields the keys that a record with the tag and algorithm may mean: at
// most Policy.Tagged that may verify. Where there is none, fault says what is wrong
// with those that were passed over.
func (ks *Keys) tagged(tag uint16, a Algorithm) (found []*Key, fault Fault) {
	fault = KeyMissing
	for i := range ks.keys {
		k := &ks.keys[i]
		if k.Tag != tag || k.Algorithm != a {
			continue
		}
		if f := k.mayVerify(); f != Sound {
			fault = max(fault, f)
			continue
		}
		if found = append(found, k); len(found) == ks.policy.tagged() {
			break
		}
	}
	return found, fault
}

// Vouched are the keys that DS records stand for.
type Vouched struct {
	// Keys verify the DNSKEY RRset they were found in.
	Keys *Keys
	// Fault says, where there are no Keys, how far it came, and KeyTag and
	// Algorithm with which DS record.
	Fault     Fault
	KeyTag    uint16
	Algorithm Algorithm
	// Unusable tells that each DS record stands for a key that is beyond our
	// limits: nothing that we support leads to the zone's keys, as if the
	// algorithm were unknown.
	Unusable bool
}

// VouchedBy picks the keys that the DS records, as Policy.Usable gives them,
// stand for (RFC 4035 §5.2). The SEP flag does not matter.
func (ks *Keys) VouchedBy(records []DS) Vouched {
	most := ks.policy.ds()
	v := Vouched{Keys: &Keys{Zone: ks.Zone, policy: ks.policy}, Fault: KeyMissing, Unusable: len(records) <= most}
	for i := range records[:min(len(records), most)] {
		ds := &records[i]
		found, fault := ks.tagged(ds.KeyTag, ds.Algorithm)
		unusable := false
		for _, k := range found {
			if !ds.Vouches(ks.Zone, k) {
				fault = max(fault, Mismatch)
				continue
			}
			_, f := k.material(ks.policy)
			fault = max(fault, f)
			unusable = unusable || f == KeySize
			if f == Sound {
				v.Keys.add(k)
			}
		}
		if i == 0 || fault > v.Fault {
			v.Fault, v.KeyTag, v.Algorithm = max(v.Fault, fault), ds.KeyTag, ds.Algorithm
		}
		v.Unusable = v.Unusable && unusable
	}
	if v.Keys.Len() > 0 {
		v.Fault, v.Unusable = Sound, false
	}
	return v
}

// Holding picks the keys that are the same records as those of the list, which
// is how anchors in the form of keys are held against a zone's RRset.
func (ks *Keys) Holding(rdata rrset.List) *Keys {
	held := &Keys{Zone: ks.Zone, policy: ks.policy}
	for rd := range rdata.All() {
		for i := range ks.keys {
			if k := &ks.keys[i]; string(k.rdata) == string(rd) && k.mayVerify() == Sound {
				held.add(k)
			}
		}
	}
	return held
}

// And is the keys of both.
func (ks *Keys) And(o *Keys) *Keys {
	both := &Keys{Zone: ks.Zone, policy: ks.policy}
	for _, part := range []*Keys{ks, o} {
		for i := range part.keys {
			both.add(&part.keys[i])
		}
	}
	return both
}

// add adds a key that is not there yet.
func (ks *Keys) add(k *Key) {
	for i := range ks.keys {
		if string(ks.keys[i].rdata) == string(k.rdata) {
			return
		}
	}
	ks.keys = append(ks.keys, *k)
}
