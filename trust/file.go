package trust

import (
	"bytes"
	"errors"
	"fmt"

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
	ErrType     = errors.New("trust: neither a DS nor a DNSKEY record")
	ErrClass    = errors.New("trust: not of class IN")
	ErrNotZone  = errors.New("trust: not a zone key (RFC 4034 §2.1.1)")
	ErrRevoked  = errors.New("trust: revoked (RFC 5011 §2.1)")
	ErrDigest   = errors.New("trust: digest of a length that its type does not have")
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
	sets, err := text.ParseRRs(lines, domain.Root())
	if err != nil {
		return nil, fmt.Errorf("trust: %w", err)
	}
	var keys []Key
	for i := range sets {
		found, err := ofSet(&sets[i])
		if err != nil {
			return nil, fmt.Errorf("%s %s: %w", sets[i].Name, sets[i].Type, err)
		}
		keys = append(keys, found...)
	}
	if len(keys) == 0 {
		return nil, ErrEmpty
	}
	return keys, nil
}

func ofSet(set *rrset.Set) ([]Key, error) {
	if set.Class != wire.ClassIN {
		return nil, ErrClass
	}
	var keys []Key
	for rd := range set.RData.All() {
		k := Key{Zone: set.Name, Type: set.Type, RData: rd}
		if err := k.check(); err != nil {
			return nil, err
		}
		keys = append(keys, k)
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
