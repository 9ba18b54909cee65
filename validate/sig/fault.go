package sig

// Fault is why a signature or a key does not hold. The order is that of the
// checks: the greater one came further, and tells more of what is wrong.
type Fault uint8

// Faults.
const (
	// Sound: it holds.
	Sound Fault = iota
	// Missing: there is no signature.
	Missing
	// Malformed: the RDATA is not that of its type.
	Malformed
	// Foreign: the signer is not the zone of the data (RFC 4035 §5.3.1).
	Foreign
	// Covering: the type covered is another (RFC 4035 §5.3.1).
	Covering
	// Labels: more labels than the owner has, or fewer than the zone
	// (RFC 4034 §3.1.3, RFC 4035 §5.3.1).
	Labels
	// DigestUnsupported: no DS record has a digest that is known here.
	DigestUnsupported
	// AlgorithmUnsupported: the algorithm is unknown here or refused.
	AlgorithmUnsupported
	// KeyMissing: the DNSKEY RRset has no key of the tag and algorithm.
	KeyMissing
	// NotZoneKey: the key's Zone Key flag is clear or its protocol is not 3
	// (RFC 4034 §2.1.1-2.1.2).
	NotZoneKey
	// Revoked: the key has the REVOKE flag (RFC 5011 §2.1).
	Revoked
	// Inverted: it expires before its inception (RFC 4034 §3.1.5).
	Inverted
	// Expired: its expiration lies behind.
	Expired
	// Early: its inception lies ahead.
	Early
	// KeySize: the RSA modulus or exponent is beyond our limits.
	KeySize
	// KeyMalformed: the public key is not one of its algorithm.
	KeyMalformed
	// Mismatch: the key did not make the signature, or not over this data; or
	// the digest of a DS record is not the key's.
	Mismatch
	// Spent: the budget ended before a signature was found that holds.
	Spent
)

// String says it in a few words.
func (f Fault) String() string {
	switch f {
	case Sound:
		return "sound"
	case Missing:
		return "signature missing"
	case Malformed:
		return "malformed record"
	case Foreign:
		return "signer is not the zone"
	case Covering:
		return "other type covered"
	case Labels:
		return "label count out of range"
	case DigestUnsupported:
		return "digest unsupported"
	case AlgorithmUnsupported:
		return "algorithm unsupported"
	case KeyMissing:
		return "no key of its tag and algorithm"
	case NotZoneKey:
		return "not a zone key"
	case Revoked:
		return "key revoked"
	case Inverted:
		return "expiration before inception"
	case Expired:
		return "signature expired"
	case Early:
		return "signature not yet valid"
	case KeySize:
		return "key size unsupported"
	case KeyMalformed:
		return "malformed key"
	case Mismatch:
		return "signature does not verify"
	case Spent:
		return "budget spent"
	}
	return "unknown fault"
}
