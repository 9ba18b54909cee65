// Package iterate is the walk: from the closest known zone cut down to the
// servers that know, as RFC 1034 §5.3.3 tells it.
//
// A Walker holds what all walks share. Walk resolves one question for a Task
// and gives back Steps: one for each zone that an alias led through, each with
// the records, the proofs and the verdict on them. Flights see to it that equal
// questions are asked once.
//
// # Concurrency
//
// A Walker serves any number of goroutines. A walk runs in its caller's
// goroutine; look-ups of name server addresses and of keys run beside it, each
// in a goroutine of the Clock.
//
// # Resources
//
// Everything a client query causes is charged to the one Budget of its Task:
// sends, octets, referrals, look-ups of name servers, depth and time.
//
// # Security
//
// Whatever servers say, a walk ends: each turn of its loop spends budget. A
// spent budget is the client's misfortune, never cached under a name.
//
// # Standards
//
// RFC 1034 §5.3.3, RFC 2308, RFC 6672, RFC 7873, RFC 8020, RFC 9156, RFC 9520,
// RFC 9609.
package iterate
