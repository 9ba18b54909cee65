package sig

import (
	"crypto"
	_ "crypto/sha1"   // RSASHA1, DS digest 1
	_ "crypto/sha256" // RSASHA256, ECDSAP256SHA256, DS digest 2
	_ "crypto/sha512" // RSASHA512, ECDSAP384SHA384, DS digest 4
	"strconv"
)

// Algorithm is a number of the registry "DNS Security Algorithm Numbers".
type Algorithm uint8

// Algorithms that this package tells from others.
const (
	RSAMD5          Algorithm = 1
	DSA             Algorithm = 3
	RSASHA1         Algorithm = 5
	DSANSEC3SHA1    Algorithm = 6
	RSASHA1NSEC3    Algorithm = 7
	RSASHA256       Algorithm = 8
	RSASHA512       Algorithm = 10
	ECCGOST         Algorithm = 12
	ECDSAP256SHA256 Algorithm = 13
	ECDSAP384SHA384 Algorithm = 14
	Ed25519         Algorithm = 15
	Ed448           Algorithm = 16
	SM2SM3          Algorithm = 17
	ECCGOST12       Algorithm = 23
)

// TableDate is the day of the registries that the tables of this package were
// taken from: after RFC 9904, RFC 9905 and RFC 9906 had changed them.
const TableDate = "2025-11-30"

// Need is a word of RFC 2119 in the registries' columns.
type Need uint8

// Needs.
const (
	MustNot Need = iota
	May
	Recommended
	Must
)

// String is the word.
func (n Need) String() string {
	switch n {
	case May:
		return "MAY"
	case Recommended:
		return "RECOMMENDED"
	case Must:
		return "MUST"
	default:
		return "MUST NOT"
	}
}

// kind is how signatures of an algorithm are verified here.
type kind uint8

const (
	unsupported  kind = iota
	rsaPKCS1          // RFC 3110, RFC 5702
	ecdsaP256         // RFC 6605
	ecdsaP384         // RFC 6605
	edwards25519      // RFC 8080
	edwards448        // RFC 8080
	dsaSHA1           // RFC 2536, in recorded scenarios only
)

// Info is what is known of an algorithm.
type Info struct {
	Algorithm Algorithm
	Name      string
	// Implement is the registry's column "Implement for DNSSEC Validation".
	Implement Need
	kind      kind
	hash      crypto.Hash
}

// Algorithms is the registry, as of TableDate; numbers that it does not assign
// are not in it. An algorithm that need not be implemented and is not is
// treated as if it were unknown (RFC 4035 §5.2).
func Algorithms() []Info {
	return []Info{
		{RSAMD5, "RSAMD5", MustNot, unsupported, 0},
		{2, "DH", MustNot, unsupported, 0},
		{DSA, "DSA", MustNot, dsaSHA1, crypto.SHA1},
		{RSASHA1, "RSASHA1", Must, rsaPKCS1, crypto.SHA1},
		{DSANSEC3SHA1, "DSA-NSEC3-SHA1", MustNot, dsaSHA1, crypto.SHA1},
		{RSASHA1NSEC3, "RSASHA1-NSEC3-SHA1", Must, rsaPKCS1, crypto.SHA1},
		{RSASHA256, "RSASHA256", Must, rsaPKCS1, crypto.SHA256},
		{RSASHA512, "RSASHA512", Must, rsaPKCS1, crypto.SHA512},
		{ECCGOST, "ECC-GOST", MustNot, unsupported, 0},
		{ECDSAP256SHA256, "ECDSAP256SHA256", Must, ecdsaP256, crypto.SHA256},
		{ECDSAP384SHA384, "ECDSAP384SHA384", Recommended, ecdsaP384, crypto.SHA384},
		{Ed25519, "ED25519", Recommended, edwards25519, 0},
		{Ed448, "ED448", Recommended, edwards448, 0},
		{SM2SM3, "SM2SM3", May, unsupported, 0},
		{ECCGOST12, "ECC-GOST12", May, unsupported, 0},
		{252, "INDIRECT", MustNot, unsupported, 0},
		{253, "PRIVATEDNS", May, unsupported, 0},
		{254, "PRIVATEOID", May, unsupported, 0},
	}
}

// table is Algorithms by number.
//
//nolint:gochecknoglobals // immutable table
var table = func() (t [256]Info) {
	for _, i := range Algorithms() {
		t[i.Algorithm] = i
	}
	return t
}()

// String is the mnemonic of the registry, the number where there is none.
func (a Algorithm) String() string {
	if name := table[a].Name; name != "" {
		return name
	}
	return strconv.Itoa(int(a))
}

// Policy says what is accepted. The zero Policy is the default: everything that
// validators must or should implement.
type Policy struct {
	// RefuseSHA1 treats RSASHA1 and RSASHA1-NSEC3-SHA1 as unsupported. RFC 9905
	// §2 has every implementation go on supporting them and lets operators
	// choose; the peers accept them, and zones are still signed with them.
	RefuseSHA1 bool
	// Refused are further algorithms to be treated as unsupported.
	Refused []Algorithm
	// MinRSA and MaxRSA bound the modulus in bits; 0 is 1024 and 4096. Keys
	// outside are unsupported, so that nobody's key is a burden and nobody's
	// weak key is an assurance. No setting goes below 512 or above 4096.
	MinRSA, MaxRSA int
	// MaxExponent bounds the exponent of RSA keys in bits; 0 is 33, which admits
	// 2^32+1. Zones have used that. Longer ones make checks slow.
	MaxExponent int
	// Checks is how many checks are made for one RRset, Tagged how many keys of
	// one tag and algorithm are tried, DS how many DS records are looked at; 0
	// is MaxSignatures, MaxTagged and MaxDS.
	Checks, Tagged, DS int
	// Recorded admits what no validator may: DSA, and RSA keys of 512 bits. It
	// is for scenarios that were recorded when such keys were in use, and for
	// nothing that serves.
	Recorded bool
}

// Supports reports whether signatures of the algorithm can be judged.
func (p *Policy) Supports(a Algorithm) bool {
	switch i := table[a]; {
	case i.kind == unsupported,
		i.kind == dsaSHA1 && !p.Recorded,
		i.kind == rsaPKCS1 && i.hash == crypto.SHA1 && p.RefuseSHA1:
		return false
	}
	for _, refused := range p.Refused {
		if a == refused {
			return false
		}
	}
	return true
}

// Limits of RSA (RFC 3110 §2, RFC 5702 §2): what OpenSSL and others take from a
// stranger, within which one check costs at most a millisecond.
const (
	leastRSA    = 512
	defaultRSA  = 1024
	greatestRSA = 4096
	// exponentBits is the default of Policy.MaxExponent.
	exponentBits = 33
)

// or is n, or the default where n is zero.
func or(n, standard int) int {
	if n <= 0 {
		return standard
	}
	return n
}

func (p *Policy) checks() int   { return or(p.Checks, MaxSignatures) }
func (p *Policy) tagged() int   { return or(p.Tagged, MaxTagged) }
func (p *Policy) ds() int       { return or(p.DS, MaxDS) }
func (p *Policy) exponent() int { return or(p.MaxExponent, exponentBits) }

// rsaBits is the range of the modulus.
func (p *Policy) rsaBits() (least, greatest int) {
	least, greatest = p.MinRSA, p.MaxRSA
	if least == 0 {
		least = defaultRSA
	}
	if greatest == 0 {
		greatest = greatestRSA
	}
	if p.Recorded {
		least = leastRSA
	}
	return max(least, leastRSA), min(greatest, greatestRSA)
}
