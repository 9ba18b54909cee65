// Package denial decides what NSEC and NSEC3 records prove: that a name does
// not exist, that it has no records of a type, that no closer name stands in
// the way of a wildcard, that a delegation is not signed.
//
// Records holds the verified records of one zone; its methods answer one claim
// each with a Finding. Nothing is proven by default.
//
// # Concurrency
//
// Records remembers the hashes it computed and belongs to one goroutine.
// Everything else is values.
//
// # Resources
//
// A name is hashed once for a proof, at most MaxHashes names are, and each is
// told to a Work first, which may say stop. Iterations are the caller's to
// bound, before: Records.Params.
//
// # Security
//
// A record counts only where owner and next name lie in the zone that signed
// it. Records from the parent's side of a cut prove nothing but the absence of
// DS, those above a DNAME nothing of what is below it. NSEC3 records of other
// parameters than the first one's are not looked at.
//
// # Standards
//
// RFC 4034 §4 and §6.1, RFC 4035 §5.4, RFC 4592 §2.2, RFC 5155 §3-8, RFC 6840
// §4, RFC 9824 §3. RFC 9276 §3.2 is for the caller.
package denial
