// Package rfc5011 follows the keys of a trust point as its owner rolls them:
// new ones are trusted after they have been there long enough, and revoked ones
// never again. Step is the whole machine: what was known, what was seen, when;
// what is known now, and what changed.
//
// # Concurrency
//
// A Point is a value; nothing here waits or keeps anything.
//
// # Resources
//
// MaxKeys keys of a point are followed; of those that wait to be trusted the
// newest give way. A set is checked with each of a point's keys once.
//
// # Security
//
// A key becomes trusted only by a set that a trusted key signed, seen when the
// hold-down was over, without a set in between that lacked it, and not if the
// keys that brought it were revoked meanwhile. A revocation must be signed by
// the key itself. Where the clock makes signatures fail, or goes back, nothing
// changes. A point whose keys are all revoked is still one, without keys: it
// makes bogus what RFC 5011 §5 would make insecure.
//
// # Standards
//
// RFC 5011 §2-4; §5 but for the deletion of a point, see above.
package rfc5011
