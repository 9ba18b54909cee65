package sig

import (
	"bytes"
	"crypto"
	"encoding/binary"
	"strconv"

	"recursor/dns/domain"
	"recursor/dns/rrset"
	"recursor/dns/wire"
)

// Digest is a number of the registry "Digest Algorithms" of DS records.
type Digest uint8

// Digests that this package tells from others.
const (
	SHA1   Digest = 1
	SHA256 Digest = 2
	GOST94 Digest = 3
	SHA384 Digest = 4
	GOST12 Digest = 5
	SM3    Digest = 6
)

// DigestInfo is what is known of a digest.
type DigestInfo struct {
	Digest Digest
	Name   string
	// Implement is the registry's column "Implement for DNSSEC Validation".
	Implement Need
}

// Digests is the registry, as of TableDate. 0 is for CDS records only
// (RFC 8078 §4).
func Digests() []DigestInfo {
	return []DigestInfo{
		{0, "NULL", MustNot},
		{SHA1, "SHA-1", Must},
		{SHA256, "SHA-256", Must},
		{GOST94, "GOST R 34.11-94", MustNot},
		{SHA384, "SHA-384", Recommended},
		{GOST12, "GOST R 34.11-2012", May},
		{SM3, "SM3", May},
	}
}

// hash is the function of the digest, 0 where it is not supported.
func (d Digest) hash() crypto.Hash {
	switch d {
	case SHA1:
		return crypto.SHA1
	case SHA256:
		return crypto.SHA256
	case SHA384:
		return crypto.SHA384
	default:
		return 0
	}
}

// Supported reports whether DS records of the digest can be judged. An unknown
// digest counts as an unknown algorithm does (RFC 6840 §5.2).
func (d Digest) Supported() bool { return d.hash() != 0 }

// String is the name of the registry, the number where there is none.
func (d Digest) String() string {
	for _, i := range Digests() {
		if i.Digest == d {
			return i.Name
		}
	}
	return strconv.Itoa(int(d))
}

// DS is a view of the RDATA of a DS record (RFC 4034 §5.1).
type DS struct {
	KeyTag    uint16
	Algorithm Algorithm
	Digest    Digest
	Value     []byte
}

// ParseDS reads RDATA; the view shares its octets.
func ParseDS(rdata []byte) (DS, error) {
	if len(rdata) < 4 {
		return DS{}, wire.ErrRData
	}
	return DS{
		KeyTag: binary.BigEndian.Uint16(rdata), Algorithm: Algorithm(rdata[2]),
		Digest: Digest(rdata[3]), Value: rdata[4:],
	}, nil
}

// DigestOf computes the digest of a key of zone: the zone's name in canonical
// form and the DNSKEY RDATA (RFC 4034 §5.1.4). It is nil where the digest is
// not supported.
func DigestOf(d Digest, zone domain.Name, rdata []byte) []byte {
	if !d.Supported() {
		return nil
	}
	h := d.hash().New()
	h.Write(zone.AppendWire(make([]byte, 0, domain.MaxName)))
	h.Write(rdata)
	return h.Sum(nil)
}

// Vouches reports whether the record's digest is that of the key.
func (d *DS) Vouches(zone domain.Name, key *Key) bool {
	return d.Digest.Supported() && bytes.Equal(d.Value, DigestOf(d.Digest, zone, key.rdata))
}

// Usable picks the DS records that can lead to a key: algorithm and digest
// supported, and none with SHA-1 where one of the others has a stronger digest
// (RFC 4509 §3). Where none is left, fault says what was not supported.
func (p *Policy) Usable(rdata rrset.List) (usable []DS, fault Fault) {
	strong := false
	fault = DigestUnsupported
	for rd := range rdata.All() {
		ds, err := ParseDS(rd)
		if err != nil {
			continue // what is parsed of a message is long enough
		}
		switch {
		case !p.Supports(ds.Algorithm):
			fault = AlgorithmUnsupported
		case ds.Digest.Supported():
			usable = append(usable, ds)
			strong = strong || ds.Digest != SHA1
		}
	}
	if len(usable) == 0 {
		return nil, fault
	}
	if strong {
		kept := usable[:0]
		for _, ds := range usable {
			if ds.Digest != SHA1 {
				kept = append(kept, ds)
			}
		}
		usable = kept
	}
	return usable, Sound
}
