// Package validate judges answers: it builds chains of trust from configured
// anchors and says of each part of a response whether it is secure, insecure,
// bogus or indeterminate, and why.
//
// A Judge is given one step of an answer and asks for the keys and DS records
// that it needs through a Fetcher. A chain goes from the signer of the data up
// by DS records, each signed by the zone above, to the closest anchor; what has
// no signature is looked at from the nearest zone known downward, until an
// unsigned delegation is proven or there is none.
//
// # Concurrency
//
// A Judge is immutable and may be shared. One call runs in one goroutine and
// starts none; it waits where the Fetcher and the Work do.
//
// # Resources
//
// Signature checks, failures and hashes are told to a Work before they are
// made. Of an RRset eight signatures are checked, of a proof eight records
// looked at, with one key of a tag or four, eight DS records, the signatures of
// two signers, and five more servers asked in one call. A chain goes upward
// only, so it is as long as a name has labels.
//
// # Security
//
// Nothing is secure or insecure but by proof. Signatures by anyone but the
// zone count as none; where the anchor says that data must be signed, their
// absence is bogus. Unknown algorithms make insecure what no known one leads
// to, and never what one does. A negative anchor is named in the verdict.
//
// # Standards
//
// RFC 4033 §5, RFC 4035 §4-5, RFC 4509, RFC 5155 §8-9, RFC 6672 §5.3, RFC 6840,
// RFC 7646, RFC 8901 §9, RFC 8914 §4, RFC 9276 §3.2, RFC 9824.
package validate
