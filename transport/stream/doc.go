// Package stream is the way out by TCP: connections that are kept, shared and
// pipelined.
//
// A query goes on the first connection to its server that has room, else on a
// new one, else it waits. Replies are matched by ID and question in whatever
// order they come. The letters' case of the question is not judged: sequence
// numbers protect a connection better than case does, so that a reply by TCP
// tells whether a server folds the case.
//
// # Concurrency
//
// An Exchanger serves any number of goroutines. Queries started before Run
// wait for it. Each connection has two goroutines, which connect and write,
// and read; Run waits for all of them. What happens to queries and connections is
// decided under one lock and carried out after it is released.
//
// # Resources
//
// At most Options.MaxConns connections, the one longest idle giving way to a
// new one; per server at most Options.MaxPerServer, each with at most
// Options.MaxOutstanding queries. Beyond that queries wait in order of
// arrival, at most Options.MaxWaiting. An idle connection has a timer. A
// connection holds 4 KiB of buffer and at most one message of 64 KiB that has
// not ended.
//
// # Security
//
// How long a query may take is the caller's to say (Cancel), so a server that
// drips octets keeps a connection only for as long as somebody waits, and then
// until it is idle too long. Ten messages that answer nothing asked end a
// connection.
//
// # Standards
//
// RFC 7766, RFC 1035 §4.2.2, RFC 7828 §3.2.2, RFC 9210 §3 and §4.2.
package stream
