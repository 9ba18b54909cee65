// Package sig checks signatures: it reads RRSIG, DNSKEY and DS records as they
// are on the wire, makes the octets that were signed, and says of each
// signature exactly why it does not hold.
//
// # Concurrency
//
// Functions of their arguments. Keys remember what they computed, so one Keys
// belongs to one goroutine.
//
// # Resources
//
// Of one RRset at most Policy.Checks checks are made, with at most Policy.Tagged
// keys for a signature; of a DS RRset at most Policy.DS records are looked at. Each
// check and each failure is told to a Work, which may say stop. RSA takes
// moduli of 1024 to 4096 bits and exponents of up to 33 bits, so that a check
// costs what a check costs, whoever chose the key. A key is parsed once.
//
// # Security
//
// A signature holds only over data of its signer's own zone, label by label;
// the label count never reaches above the zone; times are serial numbers with
// hard bounds. A key that is revoked, that is no zone key or that is not usable
// verifies nothing.
//
// # Standards
//
// RFC 4034 §2-3, §5-6 and Appendix B, RFC 4035 §5.3, RFC 1982, RFC 3110,
// RFC 4509, RFC 5011 §2.1, RFC 5702, RFC 6605, RFC 6840 §5, RFC 8080, RFC 8624,
// RFC 9905, RFC 9906; for recorded scenarios RFC 2536.
package sig
