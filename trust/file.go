package trust

import (
	"bytes"
	"errors"
	"fmt"
	"slices"

	"recursor/dns/domain"
	"recursor/dns/rrset"
	"recursor/dns/text"
	"recursor/dns/wire"
	"recursor/validate/sig"
)

// MaxFile is how large a file of anchors may be.
const MaxFile = 1 << 20

// Errors of what is read.
var (
	ErrTooLarge = errors.New("trust: larger than 1 MiB")
	ErrEmpty    = errors.New("trust: no anchor in it")
	ErrType     = errors.New("neither a DS nor a DNSKEY record")
	ErrClass    = errors.New("not of class IN")
	ErrNotZone  = errors.New("not a zone key (RFC 4034 §2.1.1)")
	ErrRevoked  = errors.New("revoked (RFC 5011 §2.1)")
	ErrDigest   = errors.New("digest of a length that its type does not have")
)

// Parse reads a file of anchors: root-anchors.xml, which begins with "<", or
// else lines of a zone file with DS and DNSKEY records.
func Parse(data []byte) ([]Key, error) {
	if len(data) > MaxFile {
		return nil, ErrTooLarge
	}
	if bytes.HasPrefix(bytes.TrimSpace(bytes.TrimPrefix(data, []byte("\ufeff"))), []byte("<")) {
		return ParseXML(data)
	}
	return ParseLines(string(data))
}

// ParseLines reads lines of a zone file (RFC 1035 §5.1) with DS and DNSKEY
// records, and no others.
func ParseLines(lines string) ([]Key, error) {
	if len(lines) > MaxFile {
		return nil, ErrTooLarge
	}
	var keys []Key
	err := text.EachRR(lines, domain.Root(), func(line int, r rrset.Record) error {
		k := Key{Zone: domain.FromValid(r.Owner), Type: r.Type, RData: slices.Clone(r.RData)}
		err := ErrClass
		if r.Class == wire.ClassIN {
			err = k.check()
		}
		if err != nil {
			return fmt.Errorf("line %d: %s %s: %w", line, k.Zone, k.Type, err)
		}
		keys = append(keys, k)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("trust: %w", err)
	}
	if len(keys) == 0 {
		return nil, ErrEmpty
	}
	return keys, nil
}

// check refuses what can never be an anchor. An algorithm or digest that is not
// supported is none of that: what it leads to is judged by the validator.
func (k *Key) check() error {
	switch k.Type {
	case wire.TypeDNSKEY:
		key, err := sig.ParseKey(k.RData)
		switch {
		case err != nil:
			return err
		case key.Flags&sig.FlagZone == 0:
			return ErrNotZone
		case key.Revoked():
			return ErrRevoked
		}
		return nil
	case wire.TypeDS:
		ds, err := sig.ParseDS(k.RData)
		if err == nil && ds.Digest.Supported() && len(ds.Value) != len(sig.DigestOf(ds.Digest, k.Zone, nil)) {
			err = ErrDigest
		}
		return err
	}
	return ErrType
}
