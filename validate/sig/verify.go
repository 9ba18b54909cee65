package sig

import (
	"crypto/sha256"
	"encoding/binary"

	"recursor/dns/domain"
	"recursor/dns/rrset"
	"recursor/dns/wire"
)

// MaxSignatures is how many checks are made for one RRset, where Policy.Checks
// says nothing else.
const MaxSignatures = 8

// Work is the budget that checks are made from. An error says that it is spent:
// then nothing more is checked.
type Work interface {
	// Signature tells that a check is about to be made. It may wait for its
	// turn.
	Signature() error
	// Checked tells that the check is made: it is another's turn.
	Checked()
	// Failed tells that a check failed, or that a key could not be read.
	Failed() error
	// Held reports whether Hold was told of the check before: then it is not made
	// again.
	Held(*Sum) bool
	// Hold tells that the signature of a check holds, by a key that the Policy
	// allows. Whoever remembers it does so for one Policy.
	Hold(*Sum)
}

// Sum stands for a check: SHA-256 of the key, the signature and the octets that
// were signed. None of it depends on the time, nor on who has the key, which are
// looked at for each RRset.
type Sum [sha256.Size]byte

// Result says what became of the signatures of an RRset.
type Result struct {
	// Fault is Sound where one signature holds; otherwise it is that of the
	// signature that came furthest.
	Fault Fault
	// Signature is the one that holds or came furthest; Tag and Algorithm are
	// in it. It is zero where there is none.
	Signature RRSIG
	// Absent tells that a signature, in order otherwise, is of a key that the
	// Keys do not have: there may be newer ones (RFC 8901 §9).
	Absent bool
	// Encloser is the closest encloser that the signature claims where the
	// RRset was made of a wildcard, which then is to be proven
	// (RFC 4035 §5.3.4); the zero Name where it was not.
	Encloser domain.Name
	// TTL is how long the RRset may be kept (RFC 4035 §5.3.3).
	TTL uint32
	// Checks counts the signatures that were checked, those not that were known
	// to hold.
	Checks int
	// Err is the budget's, where the Fault is Spent.
	Err error
}

// Verify looks for a signature over set by one of the keys that holds at the
// moment: one is enough (RFC 4035 §5.3, RFC 6840 §5.4). Signatures by others
// than the zone of the keys, or by algorithms or keys that are not there, do
// not matter beside it (RFC 6840 §5.11-5.12).
func Verify(set *rrset.Set, keys *Keys, at Window, work Work) Result {
	v := verifier{set: set, keys: keys, at: at, work: work}
	v.Fault = Missing
	for rd := range set.Sigs.All() {
		if v.signature(rd) {
			break
		}
	}
	return v.Result
}

// Revokes reports whether the zone's DNSKEY RRset is signed by key, a revoked
// one: that alone makes a revocation, and is all that such a key is good for
// (RFC 5011 §2.1).
func Revokes(set *rrset.Set, key *Key, p *Policy, at Window, work Work) bool {
	if !key.Revoked() || set.Type != wire.TypeDNSKEY {
		return false
	}
	self := *key
	self.unto = true
	keys := &Keys{Zone: set.Name, keys: []Key{self}, policy: p}
	r := Verify(set, keys, at, work)
	return r.Fault == Sound
}

type verifier struct {
	set  *rrset.Set
	keys *Keys
	at   Window
	work Work

	canonical [][]byte // RDATA, once needed
	buf       []byte
	tried     int // keys, for all signatures: to read one counts as much as to check
	Result
}

// signature judges one signature and reports whether to look no further.
func (v *verifier) signature(rdata []byte) (done bool) {
	s, err := ParseRRSIG(rdata)
	if err != nil {
		v.note(&RRSIG{}, Malformed)
		return false
	}
	if f := s.fits(v.set, v.keys.Zone); f != Sound {
		v.note(&s, f)
		return false
	}
	if !v.keys.policy.Supports(s.Algorithm) {
		v.note(&s, AlgorithmUnsupported)
		return false
	}
	when := v.at.judge(&s)
	found, fault := v.keys.tagged(s.KeyTag, s.Algorithm)
	if len(found) == 0 {
		v.Absent = v.Absent || fault == KeyMissing && when == Sound
		v.note(&s, fault)
		return false
	}
	if when != Sound {
		v.note(&s, when)
		return false
	}
	for _, k := range found {
		if v.try(&s, k) {
			return true
		}
	}
	return false
}

// note keeps the fault that came furthest.
func (v *verifier) note(s *RRSIG, f Fault) {
	if f > v.Fault {
		v.Fault, v.Signature = f, *s
	}
}

// try checks a signature with a key and reports whether to look no further.
func (v *verifier) try(s *RRSIG, k *Key) (done bool) {
	if v.tried++; v.tried > v.keys.policy.checks() {
		return true
	}
	data, sum := v.data(s, k)
	if v.work.Held(&sum) {
		v.hold(s)
		return true
	}
	pub, fault := k.material(v.keys.policy)
	if fault == Sound {
		if v.spent(v.work.Signature()) {
			return true
		}
		v.Checks++
		if v.check(s, pub, data) {
			v.work.Hold(&sum)
			v.hold(s)
			return true
		}
		fault = Mismatch
	}
	v.note(s, fault)
	// A key that cannot be read counts too: reading it over and over must not
	// be free (CVE-2025-8677).
	return v.spent(v.work.Failed())
}

func (v *verifier) check(s *RRSIG, pub public, data []byte) bool {
	defer v.work.Checked()
	return pub.verify(table[s.Algorithm].hash, data, s.Signature)
}

func (v *verifier) spent(err error) bool {
	if err != nil {
		v.Fault, v.Err = Spent, err
	}
	return err != nil
}

// hold takes down that s holds.
func (v *verifier) hold(s *RRSIG) {
	v.Fault, v.Signature = Sound, *s
	v.Encloser, _ = s.Expanded(v.set.Name)
	v.TTL = min(v.set.TTL, s.OriginalTTL, v.at.Left(s))
}

// fits makes the checks of RFC 4035 §5.3.1 that need no key.
func (s *RRSIG) fits(set *rrset.Set, zone domain.Name) Fault {
	switch labels := int(s.Labels); {
	case s.Signer != zone || !set.Name.Within(zone):
		return Foreign
	case s.Covered != set.Type:
		return Covering
	case labels > ownerLabels(set.Name) || labels < zone.Labels():
		// Fewer labels than the zone would make a wildcard above it, with names
		// that are not the signer's to speak of.
		return Labels
	}
	return Sound
}

// data is the octets that s was made over (RFC 4034 §3.1.8.1), valid until the
// next call, and the Sum of the check with k.
func (v *verifier) data(s *RRSIG, k *Key) (data []byte, sum Sum) {
	if v.canonical == nil {
		v.canonical = v.set.Canonical()
	}
	if v.buf == nil {
		check := 2 + len(k.rdata) + 2 + len(s.Signature) + fixed + s.Signer.Len()
		records := len(v.set.RData) + len(v.canonical)*(v.set.Name.Len()+8)
		v.buf = make([]byte, 0, check+records)
	}
	v.buf = binary.BigEndian.AppendUint16(v.buf[:0], uint16(len(k.rdata)))
	v.buf = append(v.buf, k.rdata...)
	v.buf = binary.BigEndian.AppendUint16(v.buf, uint16(len(s.Signature)))
	v.buf = append(v.buf, s.Signature...)
	before := len(v.buf)
	v.buf = AppendSigned(v.buf, s, v.set, v.canonical)
	return v.buf[before:], sha256.Sum256(v.buf)
}

// AppendSigned appends the octets that s signs: its RDATA without the
// signature, then each record of the set in canonical form and order, the
// owner a wildcard where the label count says so (RFC 4034 §3.1.8.1,
// RFC 4035 §5.3.2). canonical is set.Canonical().
func AppendSigned(dst []byte, s *RRSIG, set *rrset.Set, canonical [][]byte) []byte {
	dst = s.appendPrefix(dst)
	var fixed [domain.MaxName + 8]byte
	head := fixed[:0]
	if encloser, expanded := s.Expanded(set.Name); expanded {
		// Shorter than the owner by at least a label, so there is room.
		head = encloser.AppendWire(append(head, 1, '*'))
	} else {
		head = set.Name.AppendWire(head)
	}
	head = binary.BigEndian.AppendUint16(head, uint16(set.Type))
	head = binary.BigEndian.AppendUint16(head, uint16(set.Class))
	head = binary.BigEndian.AppendUint32(head, s.OriginalTTL)
	for _, rd := range canonical {
		dst = append(dst, head...)
		dst = binary.BigEndian.AppendUint16(dst, uint16(len(rd)))
		dst = append(dst, rd...)
	}
	return dst
}
