package sim

import (
	"encoding/base64"
	"fmt"
	"strings"
	"time"

	"github.com/miekg/dns"

	"recursor/dns/domain"
)

// zoneOptions are the words of $ZONE.
type zoneOptions struct {
	signed bool
	SignOptions
	validity validity
	noDS     bool // the parent has no DS record: an island of security
	wrongDS  bool // the parent's DS record is that of another key
	noGlue   bool // the parent has no glue
	anchor   bool // the zone's DS is a trust anchor
	breaks   []breakage
}

// validity is where the present lies between inception and expiration.
type validity uint8

const (
	valid validity = iota
	expired
	future
)

// breakage is an RRset whose signatures do not survive.
type breakage struct {
	name, rrtype string
	corrupt      bool // they stay, but wrong
}

// zoneWord is one word of $ZONE. An algorithm signs the zone; the rest says how.
func (o *zoneOptions) zoneWord(word string) error {
	key, value, _ := strings.Cut(word, "=")
	var err error
	switch key {
	case "rsasha1", "rsasha1-nsec3-sha1", "rsasha256", "rsasha512", "ecdsap256sha256", "ecdsap384sha384", "ed25519":
		o.signed, o.Algorithm = true, dns.StringToAlgorithm[strings.ToUpper(key)]
	case "nsec":
	case "nsec3":
		o.NSEC3 = true
	case "opt-out":
		o.NSEC3, o.OptOut = true, true
	case "compact":
		o.Compact = true
	case "iterations":
		err = number(value, &o.Iterations)
	case "salt":
		o.Salt = value
	case "bits":
		err = number(value, &o.Bits)
	case "seed":
		o.Seed = value
	case "one-key":
		o.OneKey = true
	case "expired":
		o.validity = expired
	case "future":
		o.validity = future
	case "no-ds":
		o.noDS = true
	case "wrong-ds":
		o.wrongDS = true
	case "no-glue":
		o.noGlue = true
	case "anchor":
		o.anchor = true
	case "strip", "corrupt": // strip=www/A
		name, rrtype, _ := strings.Cut(value, "/")
		if _, ok := dns.StringToType[rrtype]; !ok {
			return fmt.Errorf("%s: %w: %s", word, ErrWord, rrtype)
		}
		o.breaks = append(o.breaks, breakage{name, rrtype, key == "corrupt"})
	default:
		return fmt.Errorf("%w: %s", ErrWord, word)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", word, err)
	}
	return nil
}

// sign signs the zone as the words have it.
func (o *zoneOptions) sign(p *place, general InternetOptions) error {
	if !o.signed {
		return nil
	}
	so := o.SignOptions
	so.Inception, so.Expiration = general.Inception, general.Expiration
	if so.Inception.IsZero() {
		so.Inception = defaultInception()
	}
	if so.Expiration.IsZero() {
		so.Expiration = defaultExpiration()
	}
	const month = 30 * 24 * time.Hour
	switch o.validity {
	case valid:
	case expired:
		so.Inception, so.Expiration = so.Inception.Add(-2*month), so.Inception.Add(-month)
	case future:
		so.Inception, so.Expiration = so.Expiration.Add(month), so.Expiration.Add(2*month)
	}
	z, err := Sign(p.zone, so)
	if err != nil {
		return err
	}
	p.zone = z
	for _, b := range o.breaks {
		if err := b.apply(z); err != nil {
			return err
		}
	}
	return nil
}

// apply breaks the signatures of an RRset.
func (b breakage) apply(z *Zone) error {
	name := z.Origin
	if b.name != "@" {
		var err error
		if name, err = domain.Parse(b.name + "." + strings.TrimPrefix(z.Origin.String(), ".")); err != nil {
			return err
		}
	}
	n, t := z.nodes[name], dns.StringToType[b.rrtype]
	if n == nil || len(n.sigs[t]) == 0 {
		return fmt.Errorf("%w: %s has no signed %s", ErrWord, name, b.rrtype)
	}
	if !b.corrupt {
		delete(n.sigs, t)
		return nil
	}
	for _, rr := range n.sigs[t] {
		sig := rr.(*dns.RRSIG)
		raw, err := base64.StdEncoding.DecodeString(sig.Signature)
		if err != nil {
			return err
		}
		raw[len(raw)/2] ^= 1
		sig.Signature = base64.StdEncoding.EncodeToString(raw)
	}
	return nil
}

// ds are the DS records that the parent has of the zone.
func (o *zoneOptions) ds(p *place) []dns.RR {
	if !o.signed || o.noDS {
		return nil
	}
	set := p.zone.DS()
	if o.wrongDS {
		for _, rr := range set {
			ds := rr.(*dns.DS)
			ds.Digest = strings.Repeat("0", len(ds.Digest))
		}
	}
	return set
}
