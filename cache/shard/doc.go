// Package shard is a bounded store of blobs under short keys. It knows no DNS.
//
// Entries lie one behind the other in rings of memory, not in size classes:
// each shard has a small ring for newcomers and a main ring for what was asked
// for again. Room is made at the tail of a ring, entry by entry, so that an
// entry of any size fits where others of any size were, and a change of the
// workload from small to large values leaves no memory stuck in the wrong
// class. What an overwritten or deleted entry leaves behind is counted and
// reclaimed when the tail comes by; above an eighth of the main ring, entries
// that nobody asked for are kept in its place (see shard.compacting).
//
// The order of eviction is S3-FIFO: an entry that leaves the small ring
// without a hit is forgotten but for a 16-bit fingerprint; if it comes back
// while that is remembered, it goes to the main ring at once; entries of the
// main ring that were hit get another round. Names that are asked for once
// thus pass through a tenth of the memory and wash nothing out.
//
// # Concurrency
//
// Any number of goroutines may use a Store. A shard is locked for one lookup,
// one insertion or one batch of a walk; no callback runs under the lock, and
// nothing returned is part of the store's memory.
//
// # Resources
//
// All memory is reserved by New and never grows: index, fingerprints, rings
// and the shards themselves together are at most Options.Size. It is mapped
// outside the collector's heap where the system has that, and becomes resident
// as it is first used; the index doubles as entries come, so that a large ceiling
// costs nothing until it is reached. An entry costs its key and value, a header
// of 8 octets, padding to the next 8, and 5 to 11 octets of index. An insertion
// moves at most 64 other entries, but for the few in the life of a shard that
// double its index.
//
// # Security
//
// Hashing is keyed with a secret of the process, so that nobody outside can
// choose keys that fall together; the index degrades to a longer search, never
// to an unbounded one.
//
// # Standards
//
// None.
package shard
