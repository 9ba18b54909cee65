package trust

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/xml"
	"errors"
	"fmt"
	"strings"
	"time"

	"recursor/dns/domain"
	"recursor/dns/wire"
	"recursor/validate/sig"
)

// Errors of root-anchors.xml.
var (
	ErrValidity  = errors.New("validUntil is not after validFrom")
	ErrPublicKey = errors.New("PublicKey and Flags are not of the key that the digest is of")
)

// document is root-anchors.xml (RFC 9718 §2.1.1).
type document struct {
	XMLName xml.Name    `xml:"TrustAnchor"`
	Zone    string      `xml:"Zone"`
	Digests []keyDigest `xml:"KeyDigest"`
}

// keyDigest is a key (RFC 9718 §2.1.2). PublicKey and Flags are optional, and
// RFC 7958 did not have them.
type keyDigest struct {
	ID         string `xml:"id,attr"`
	ValidFrom  string `xml:"validFrom,attr"`
	ValidUntil string `xml:"validUntil,attr"`
	KeyTag     uint16 `xml:"KeyTag"`
	Algorithm  uint8  `xml:"Algorithm"`
	DigestType uint8  `xml:"DigestType"`
	Digest     string `xml:"Digest"`
	PublicKey  string `xml:"PublicKey"`
	Flags      uint16 `xml:"Flags"`

	line int
}

// UnmarshalXML implements xml.Unmarshaler: it notes where the element begins.
func (d *keyDigest) UnmarshalXML(in *xml.Decoder, start xml.StartElement) error {
	type plain keyDigest // without this method
	line, _ := in.InputPos()
	err := in.DecodeElement((*plain)(d), &start)
	d.line = line
	var syntax *xml.SyntaxError
	if err != nil && !errors.As(err, &syntax) { // which names a line
		err = fmt.Errorf("line %d: %w", line, err)
	}
	return err
}

// ParseXML reads root-anchors.xml. Keys whose time has not come or is over are
// read with the others: time goes on.
func ParseXML(data []byte) ([]Key, error) {
	if len(data) > MaxFile {
		return nil, ErrTooLarge
	}
	var d document
	if err := xml.Unmarshal(data, &d); err != nil {
		return nil, fmt.Errorf("trust: %w", err)
	}
	zone, err := domain.Parse(strings.TrimSpace(d.Zone))
	if err != nil {
		return nil, fmt.Errorf("trust: element Zone: %w", err)
	}
	keys := make([]Key, 0, len(d.Digests))
	for i := range d.Digests {
		k, err := d.Digests[i].key(zone)
		if err != nil {
			return nil, fmt.Errorf("trust: line %d: KeyDigest %q: %w", d.Digests[i].line, d.Digests[i].ID, err)
		}
		keys = append(keys, k)
	}
	if len(keys) == 0 {
		return nil, ErrEmpty
	}
	return keys, nil
}

func (d *keyDigest) key(zone domain.Name) (Key, error) {
	k := Key{Zone: zone, Type: wire.TypeDS}
	var err error
	if k.From, err = moment(d.ValidFrom); err != nil {
		return Key{}, fmt.Errorf("attribute validFrom: %w", err)
	}
	if d.ValidUntil != "" {
		if k.Until, err = moment(d.ValidUntil); err != nil {
			return Key{}, fmt.Errorf("attribute validUntil: %w", err)
		}
		if !k.Until.After(k.From) {
			return Key{}, ErrValidity
		}
	}
	digest, err := hex.DecodeString(strings.Join(strings.Fields(d.Digest), ""))
	if err != nil {
		return Key{}, fmt.Errorf("element Digest: %w", err)
	}
	k.RData = append(binary.BigEndian.AppendUint16(nil, d.KeyTag), d.Algorithm, d.DigestType)
	k.RData = append(k.RData, digest...)
	if err := k.check(); err != nil {
		return Key{}, err
	}
	return k, d.agrees(k)
}

// agrees reports whether the public key, where there is one, is that of the
// digest.
func (d *keyDigest) agrees(k Key) error {
	if d.PublicKey == "" {
		return nil
	}
	public, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(d.PublicKey), ""))
	if err != nil {
		return fmt.Errorf("element PublicKey: %w", err)
	}
	const protocol = 3
	rdata := append(binary.BigEndian.AppendUint16(nil, d.Flags), protocol, d.Algorithm)
	key, err := sig.ParseKey(append(rdata, public...))
	ds, dsErr := sig.ParseDS(k.RData)
	if err := errors.Join(err, dsErr); err != nil {
		return err
	}
	if key.Tag != ds.KeyTag || ds.Digest.Supported() && !ds.Vouches(k.Zone, &key) {
		return ErrPublicKey
	}
	return nil
}

// moment reads an xsd:dateTime, which is a time of RFC 3339 whose zone may be
// left out; it is UTC then.
func moment(s string) (time.Time, error) {
	s = strings.TrimSpace(s)
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		if bare, bareErr := time.Parse("2006-01-02T15:04:05", s); bareErr == nil {
			return bare, nil
		}
	}
	return t.UTC(), err
}
