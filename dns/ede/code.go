package ede

import "strconv"

// Code is an INFO-CODE of RFC 8914 §4 or the registry.
type Code uint16

// Codes of the registry.
const (
	Other                   Code = 0
	UnsupportedDNSKEY       Code = 1
	UnsupportedDSDigest     Code = 2
	StaleAnswer             Code = 3
	ForgedAnswer            Code = 4
	DNSSECIndeterminate     Code = 5
	DNSSECBogus             Code = 6
	SignatureExpired        Code = 7
	SignatureNotYetValid    Code = 8
	DNSKEYMissing           Code = 9
	RRSIGsMissing           Code = 10
	NoZoneKeyBit            Code = 11
	NSECMissing             Code = 12
	CachedError             Code = 13
	NotReady                Code = 14
	Blocked                 Code = 15
	Censored                Code = 16
	Filtered                Code = 17
	Prohibited              Code = 18
	StaleNXDomain           Code = 19
	NotAuthoritative        Code = 20
	NotSupported            Code = 21
	NoReachableAuthority    Code = 22
	NetworkError            Code = 23
	InvalidData             Code = 24
	SignatureExpiredEarly   Code = 25
	TooEarly                Code = 26
	UnsupportedNSEC3Iter    Code = 27
	UnableToConformToPolicy Code = 28
	Synthesized             Code = 29
	InvalidQueryType        Code = 30
	NegativeTrustAnchor     Code = 33
)

// Validation reports whether the code is of a failure of validation, which does
// not concern clients that check for themselves (RFC 4035 §3.2.2).
func (c Code) Validation() bool {
	return c >= DNSSECIndeterminate && c <= NSECMissing || c == SignatureExpiredEarly || c == UnsupportedNSEC3Iter
}

// String is the name the registry gives the code.
func (c Code) String() string {
	switch c {
	case Other:
		return "Other Error"
	case UnsupportedDNSKEY:
		return "Unsupported DNSKEY Algorithm"
	case UnsupportedDSDigest:
		return "Unsupported DS Digest Type"
	case StaleAnswer:
		return "Stale Answer"
	case ForgedAnswer:
		return "Forged Answer"
	case DNSSECIndeterminate:
		return "DNSSEC Indeterminate"
	case DNSSECBogus:
		return "DNSSEC Bogus"
	case SignatureExpired:
		return "Signature Expired"
	case SignatureNotYetValid:
		return "Signature Not Yet Valid"
	case DNSKEYMissing:
		return "DNSKEY Missing"
	case RRSIGsMissing:
		return "RRSIGs Missing"
	case NoZoneKeyBit:
		return "No Zone Key Bit Set"
	case NSECMissing:
		return "NSEC Missing"
	case CachedError:
		return "Cached Error"
	case NotReady:
		return "Not Ready"
	case Blocked:
		return "Blocked"
	case Censored:
		return "Censored"
	case Filtered:
		return "Filtered"
	case Prohibited:
		return "Prohibited"
	case StaleNXDomain:
		return "Stale NXDOMAIN Answer"
	case NotAuthoritative:
		return "Not Authoritative"
	case NotSupported:
		return "Not Supported"
	case NoReachableAuthority:
		return "No Reachable Authority"
	case NetworkError:
		return "Network Error"
	case InvalidData:
		return "Invalid Data"
	case SignatureExpiredEarly:
		return "Signature Expired before Valid"
	case TooEarly:
		return "Too Early"
	case UnsupportedNSEC3Iter:
		return "Unsupported NSEC3 Iterations Value"
	case UnableToConformToPolicy:
		return "Unable to conform to policy"
	case Synthesized:
		return "Synthesized"
	case InvalidQueryType:
		return "Invalid Query Type"
	case NegativeTrustAnchor:
		return "Negative Trust Anchor"
	}
	return "code " + strconv.Itoa(int(c))
}
