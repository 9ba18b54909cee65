// Package trust holds what validation starts from: anchors, the keys of zones
// that are trusted without a chain, and negative anchors, zones that are not to
// be validated for a while. It reads the forms that they are published in.
//
// # Concurrency
//
// Anchors and Negatives are immutable; a change makes new ones.
//
// # Resources
//
// A file is read from memory, MaxFile octets at most.
//
// # Security
//
// A zone whose anchors have all run out stays an anchor without keys: nothing
// there verifies, where forgetting it would make it insecure. A file with one
// record that is no anchor is refused as a whole. root-anchors.xml is believed
// as it is: whoever hands it over has checked where it came from
// (RFC 9718 §3).
//
// # Standards
//
// RFC 4035 §4.4, RFC 6840 §5.10, RFC 7646, RFC 7958 and RFC 9718 §2.
package trust
