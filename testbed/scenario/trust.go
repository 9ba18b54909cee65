package scenario

import (
	"encoding/asn1"
	"encoding/binary"
	"math/big"
	"strings"
	"time"

	"recursor/dns/domain"
	"recursor/dns/rrset"
	"recursor/dns/wire"
	"recursor/trust"
)

// trust makes the anchors and the negative ones. Where there are none, they are
// those of the configuration.
func (s *Scenario) trust(c *Settings, now time.Time) (*trust.Anchors, *trust.Negatives, error) {
	z := zone{origin: ".", ttl: defaultTTL}
	var keys []trust.Key
	for _, o := range c.Anchors {
		line := strings.Join(o.Values, " ")
		line = strings.NewReplacer("(", " ", ")", " ", "\t", " ").Replace(uncommented(line, ";"))
		r, err := z.record(line)
		if err != nil || r.Type != wire.TypeDS && r.Type != wire.TypeDNSKEY {
			return nil, nil, &Error{File: s.File, Line: o.Line, Want: "a DS or DNSKEY record", Have: clipped(line)}
		}
		keys = append(keys, trust.Key{Zone: domain.FromValid(r.Owner), Type: r.Type, RData: r.RData})
	}
	var negatives []trust.Negative
	for _, o := range c.Insecure {
		name, err := domain.Parse(strings.TrimSuffix(one(&o), ".") + ".")
		if err != nil {
			return nil, nil, &Error{File: s.File, Line: o.Line, Want: "a domain name", Have: one(&o)}
		}
		until := now.Add(longest * time.Second)
		if c.Signature.After(now) {
			until = c.Signature.Add(longest * time.Second)
		}
		negatives = append(negatives, trust.Negative{Zone: name, Until: until, Reason: "the scenario says so"})
	}
	var anchors *trust.Anchors
	if len(keys) > 0 {
		anchors = trust.New(keys...)
	}
	if len(negatives) == 0 {
		return anchors, nil, nil
	}
	return anchors, trust.NewNegatives(negatives...), nil
}

// latest is the time at which the last of the file's signatures becomes valid.
func (s *Scenario) latest() time.Time {
	var last uint32
	for _, r := range s.Ranges {
		for _, e := range r.Entries {
			for _, section := range e.Sections {
				for _, rr := range section {
					if rr.Type == wire.TypeRRSIG && len(rr.RData) > sigInception+4 {
						last = max(last, binary.BigEndian.Uint32(rr.RData[sigInception:]))
					}
				}
			}
		}
	}
	return time.Unix(int64(last), 0).UTC()
}

// Offsets into the RDATA of an RRSIG (RFC 4034 §3.1).
const (
	sigAlgorithm = 2
	sigInception = 12
	sigSigner    = 18
)

// mendDSA brings a DSA signature that is written in ASN.1, as one signer did,
// into the form of RFC 2536 §3.
func mendDSA(r rrset.Record) rrset.Record {
	if r.Type != wire.TypeRRSIG || len(r.RData) <= sigSigner || r.RData[sigAlgorithm] != 3 && r.RData[sigAlgorithm] != 6 {
		return r
	}
	n, err := wire.NameAt(r.RData, sigSigner)
	if err != nil {
		return r
	}
	start := sigSigner + n.Len()
	var pair struct{ R, S *big.Int }
	if rest, err := asn1.Unmarshal(r.RData[start:], &pair); err != nil || len(rest) > 0 || pair.R.BitLen() > 160 || pair.S.BitLen() > 160 {
		return r
	}
	var form [41]byte
	pair.R.FillBytes(form[1:21])
	pair.S.FillBytes(form[21:])
	r.RData = append(append([]byte(nil), r.RData[:start]...), form[:]...)
	return r
}
