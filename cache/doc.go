// Package cache holds what the resolver learnt: ranked RRsets, denials,
// failures and delegation points, all in one bounded store.
//
// A name and type have one entry: an RRset or the statement that there is
// none. What may take its place is decided by standing (Rank and Status) while
// it is fresh, and by nothing once its TTL has run out; records of two
// responses are never put together. That a name does not exist is an entry of
// the name alone, which hides what was stored for the name before. An RRset that a
// wildcard was expanded to has the proof of that with it, in one entry.
//
// Times are those of the caller's now, which must all come from one clock and
// are read relative to the first of them, so that a step of the wall clock
// ages nothing where now has a monotonic reading. They are kept in
// milliseconds; TTLs count down in whole seconds from the moment of storing.
//
// # Concurrency
//
// Any number of goroutines may use a Cache. What Get and its like return is
// the caller's own. Whoever writes holds the lock of the name's stripe, so that
// looking at the standing entry and replacing it are one step; readers take
// only the locks inside cache/shard. Nothing blocks but those.
//
// # Resources
//
// Options.Size bounds all memory that grows with use, overhead included; it is
// reserved by New and becomes resident as it is used. A plain A record under a
// name of twenty octets takes about 65 octets in all, one with an ECDSA
// signature about 180. Get makes two allocations at most, three where the
// entry is large. Flush, FlushTree, FlushBogus and FlushNegative read the whole
// cache, with no lock held for long. Of one name a hundred types are kept.
//
// # Security
//
// A flood of names that are asked for once passes through a tenth of the
// memory. An RRset is refused above 500 records or 64 KiB; types of a name are
// entries of their own, so that no list of them can be made long
// (CVE-2024-1737). Only a Secure denial speaks for the names below its own.
// Bogus data is kept for a minute at most and never past its TTL.
//
// # Standards
//
// RFC 2181 §5, RFC 2308, RFC 8020, RFC 8767, RFC 9520; RFC 1035 §7.4.
package cache
