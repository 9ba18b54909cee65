package validate

import (
	"strconv"

	"recursor/dns/ede"
	"recursor/validate/sig"
)

// Reason is why a verdict is what it is.
type Reason uint8

// Reasons.
const (
	// None: it is secure, and there is nothing to explain.
	None Reason = iota

	// Why something is insecure or indeterminate.

	// NoAnchor: no anchor is configured at or above the name.
	NoAnchor
	// NegativeAnchor: a negative anchor is (RFC 7646).
	NegativeAnchor
	// Unsigned: a delegation without DS is proven (RFC 4035 §5.2).
	Unsigned
	// OptOut: a span of opt-out may hold such a delegation (RFC 5155 §6).
	OptOut
	// AlgorithmUnsupported: no DS record leads to a key that can be used here;
	// where the data itself is bogus, no signature does.
	AlgorithmUnsupported
	// DigestUnsupported: no DS record has a digest that is known here.
	DigestUnsupported
	// IterationsHigh: the proof takes more NSEC3 iterations than we make
	// (RFC 9276 §3.2).
	IterationsHigh
	// NotSignable: signatures are not signed themselves (RFC 4035 §2.2).
	NotSignable

	// Why something is bogus.

	// NoDSMatch: the DS records or the anchor stand for none of the keys.
	NoDSMatch
	// DNSKEYMissing: the zone shows no DNSKEY RRset, or none with the key.
	DNSKEYMissing
	// SignatureMissing: what must be signed is not.
	SignatureMissing
	// SignatureWrong: it does not verify, or is malformed.
	SignatureWrong
	// SignatureExpired: its expiration lies behind.
	SignatureExpired
	// SignatureEarly: its inception lies ahead.
	SignatureEarly
	// SignatureInverted: it expires before its inception.
	SignatureInverted
	// SignerWrong: the signer is not the zone of the data.
	SignerWrong
	// LabelsWrong: the label count is out of range.
	LabelsWrong
	// ZoneKeyBit: the key is no zone key (RFC 4034 §2.1.1).
	ZoneKeyBit
	// KeyRevoked: the key is revoked (RFC 5011 §2.1).
	KeyRevoked
	// KeyUnusable: the key is malformed.
	KeyUnusable
	// DenialMissing: nothing came that could prove the denial.
	DenialMissing
	// DenialIncomplete: what came does not prove it.
	DenialIncomplete
	// WildcardUnproven: the answer was made of a wildcard, and nothing proves
	// that no closer name exists.
	WildcardUnproven
	// SynthesisWrong: the CNAME is not what the DNAME makes (RFC 6672 §5.3.1).
	SynthesisWrong
	// BudgetSpent: the work allowed for one query was done before the end. It
	// says nothing of the data, and is not to be cached.
	BudgetSpent
	// FetchFailed: keys or DS records could not be had; the error that comes
	// with the verdict says why.
	FetchFailed

	reasons
)

// row is what is said of a reason.
type row struct {
	text string
	code ede.Code
	tell bool // the client
}

// table has a row for each Reason.
//
//nolint:gochecknoglobals // immutable table
var table = [reasons]row{
	None:                 {"", 0, false},
	NoAnchor:             {"no trust anchor", ede.DNSSECIndeterminate, true},
	NegativeAnchor:       {"negative trust anchor", ede.NegativeTrustAnchor, true},
	Unsigned:             {"delegation not signed", 0, false},
	OptOut:               {"perhaps in an opt-out span", 0, false},
	AlgorithmUnsupported: {"algorithm unsupported", ede.UnsupportedDNSKEY, true},
	DigestUnsupported:    {"DS digest unsupported", ede.UnsupportedDSDigest, true},
	IterationsHigh:       {"too many NSEC3 iterations", ede.UnsupportedNSEC3Iter, true},
	NotSignable:          {"signatures are not signed", 0, false},
	NoDSMatch:            {"no key matches the DS records", ede.DNSKEYMissing, true},
	DNSKEYMissing:        {"DNSKEY missing", ede.DNSKEYMissing, true},
	SignatureMissing:     {"signature missing", ede.RRSIGsMissing, true},
	SignatureWrong:       {"signature does not verify", ede.DNSSECBogus, true},
	SignatureExpired:     {"signature expired", ede.SignatureExpired, true},
	SignatureEarly:       {"signature not yet valid", ede.SignatureNotYetValid, true},
	SignatureInverted:    {"signature expires before its inception", ede.SignatureExpiredEarly, true},
	SignerWrong:          {"signer is not the zone", ede.DNSSECBogus, true},
	LabelsWrong:          {"label count of the signature out of range", ede.DNSSECBogus, true},
	ZoneKeyBit:           {"key is no zone key", ede.NoZoneKeyBit, true},
	KeyRevoked:           {"key revoked", ede.DNSSECBogus, true},
	KeyUnusable:          {"key malformed", ede.DNSSECBogus, true},
	DenialMissing:        {"proof of denial missing", ede.NSECMissing, true},
	DenialIncomplete:     {"proof of denial incomplete", ede.DNSSECBogus, true},
	WildcardUnproven:     {"wildcard expansion unproven", ede.NSECMissing, true},
	SynthesisWrong:       {"CNAME is not what its DNAME makes", ede.DNSSECBogus, true},
	BudgetSpent:          {"work for validation spent", ede.Other, true},
	FetchFailed:          {"keys could not be fetched", ede.NoReachableAuthority, true},
}

// Code is the INFO-CODE for the reason (RFC 8914 §4); false where a client need
// not be told.
func (r Reason) Code() (ede.Code, bool) {
	if r >= reasons {
		return ede.Other, false
	}
	return table[r].code, table[r].tell
}

// String says it in a few words.
func (r Reason) String() string {
	if r >= reasons {
		return "reason " + strconv.Itoa(int(r))
	}
	return table[r].text
}

// reasonOf is the reason that a signature's fault makes.
func reasonOf(f sig.Fault) Reason {
	switch f {
	case sig.Sound:
		return None
	case sig.Missing:
		return SignatureMissing
	case sig.Foreign:
		return SignerWrong
	case sig.Labels:
		return LabelsWrong
	case sig.DigestUnsupported:
		return DigestUnsupported
	case sig.AlgorithmUnsupported, sig.KeySize:
		return AlgorithmUnsupported
	case sig.KeyMissing:
		return DNSKEYMissing
	case sig.NotZoneKey:
		return ZoneKeyBit
	case sig.Revoked:
		return KeyRevoked
	case sig.Inverted:
		return SignatureInverted
	case sig.Expired:
		return SignatureExpired
	case sig.Early:
		return SignatureEarly
	case sig.KeyMalformed:
		return KeyUnusable
	case sig.Spent:
		return BudgetSpent
	default: // malformed, of another type, or simply wrong
		return SignatureWrong
	}
}
