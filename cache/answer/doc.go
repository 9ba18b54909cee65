// Package answer keeps finished answers as octets, ready to be sent: what
// stands between question and OPT of a response, with the places of its TTLs.
//
// An entry is derived from what the resolver answered once and may be dropped
// at any time. It is found by everything that its octets depend on: the
// question, DO, CD, the view, and the generation of settings and data. Header,
// question and OPT are not kept but made for each client, and so is what depends
// on the rest of the query: RD, AD, the OPT with version and options, the size
// that the client takes, the transport (RFC 8906 §6). An OPT therefore does not
// tell entries apart, and clients with and without one share them. Pointers of
// the body that aim at the question give its spelling to every name that was
// compressed against it.
//
// TTLs count down from the moment that the caller gave, in whole seconds and
// rounded down, so that nothing is given for longer than it was had for. An
// entry ends with the first of its records.
//
// An entry is worth its room for a question that comes again. Wanted remembers
// a fingerprint of those that came once; callers finish and Put what comes a
// second time.
//
// # Concurrency
//
// Any number of goroutines may use a Cache. Get takes the one lock inside
// cache/shard and writes nothing that all processors share.
//
// # Resources
//
// Options.Size bounds all memory, fingerprints included; none of it is the
// collector's, and what is not used yet is not resident. An answer of one A
// record under a name of twenty octets takes about 80 octets. Get allocates
// nothing where dst has room for the entry; Put and Wanted allocate nothing.
//
// # Security
//
// The index is keyed by a secret (cache/shard). A name that is asked for once
// takes four octets that it shares with others. A Flush, of whatever, forgets
// everything: an answer holds data of other names than that which finds it, and
// all of it can be made again.
//
// # Standards
//
// RFC 1035 §4.1, RFC 2308 §5, RFC 4343 §4.1, RFC 8906 §6.
package answer
