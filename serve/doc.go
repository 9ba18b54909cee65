// Package serve is the pipeline that a client's query goes through: who may
// ask, what the message says, what is answered here, what is resolved, and what
// of the answer the client gets to see.
//
// The route stands in serve.go, one call a line. Steps that need no resolution
// are functions of the query and the Handler's settings; they run in Hit, in
// the goroutine that read the packet. Only Miss waits, for its Resolver.
//
// What was resolved before and can be given to others is kept as octets
// (cache/answer), and goes out as such: finished.go. It is the same, octet by
// octet, as what the rest of the route would make, and the tests hold both
// together.
//
// # Concurrency
//
// A Handler serves any number of goroutines. It starts none. Its settings never
// change; other settings are another Handler.
//
// # Resources
//
// Hit allocates nothing, but for events where there is an Observer, for a query
// whose OPT record is broken, and for the addresses of localhost. Resolutions
// in progress are bounded, in all and per client.
//
// # Security
//
// Recursion is for those whom Options name, and else for nobody (RFC 5358 §4).
// Nothing of a query but the ID, the question and
// the flags RD and CD comes back in a response, and no response is longer than
// the sender said it takes. A panic costs one query, which gets SERVFAIL.
//
// # Standards
//
// RFC 1035 §4.1, RFC 3225, RFC 4035 §3.2, RFC 4892, RFC 5001, RFC 6840 §5.7,
// RFC 6891, RFC 7828, RFC 7830, RFC 7873 §5.2, RFC 8467, RFC 8482, RFC 8490
// §5.1, RFC 8906, RFC 8914, RFC 9018, RFC 9619, RFC 9715, RFC 9824 §3.5.
package serve
