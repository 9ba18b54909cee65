// Package aggressive answers questions from the chains of denial that were
// validated for other questions (RFC 8198): that a name does not exist, that it
// has nothing of a type, that a wildcard stands for it.
//
// An Index holds the NSEC and NSEC3 records of zones in their order, so that the
// one that matches a name or covers it is found by search. Whether what is found
// proves anything is asked of validate/denial, by the rules that answers from
// the network are held to. Where any doubt is left, nothing is found, and the
// question is resolved as ever (RFC 8198 Appendix A).
//
// Records of opt-out spans do not come in (RFC 8198 §5.2), nor those of compact
// denial, which say nothing of other names (RFC 9824 §3). Each zone's records
// are used within the zone only. Only what was Secure may be added.
//
// # Concurrency
//
// Any number of goroutines may use an Index. A zone lies in one shard; look-ups
// share its lock, and no callback runs under it.
//
// # Resources
//
// Options.Size bounds the memory: records lie in pages of 8 KiB without
// pointers, an octet more per record than their own by some fifty. Above the
// bound the shard with most pages gives up one that was not read since the hand of its
// clock last passed. A look-up in a zone copies at most three records; of NSEC3
// it hashes at most maxDepth names, which the Work pays for.
//
// # Security
//
// A zone can make others' records leave no faster than it has its own validated,
// and none but its own are ever used for its names. A record that contradicts
// older ones, because it spans them, ends them.
//
// # Standards
//
// RFC 8198, RFC 9077 §3, RFC 4035 §5.4, RFC 4592, RFC 5155 §8, RFC 9824 §3.
package aggressive
