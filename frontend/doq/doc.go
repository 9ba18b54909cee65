// Package doq serves clients over dedicated QUIC connections (DoQ), a query a
// stream. Its Endpoint, which binds the sockets and admits the connections, is
// what HTTP/3 stands on too.
//
// # Concurrency
//
// A Listener is listened once and run once; Stats may be called at any time.
// Each connection has a goroutine that takes its streams, each stream one that
// serves it.
//
// # Resources
//
// frontend.Limits bounds connections, in all and per client, and the streams of
// one; a stream counts until its query is served, even where the client has
// reset it. What a client may send ahead is a window of 16 KiB for a stream and
// 128 KiB for a connection. Handshakes in progress are bounded.
//
// # Security
//
// While many handshakes are in progress, a client has to prove its address
// first (Retry), so that forged addresses cost neither keys nor answers to
// victims. 0-RTT data can be replayed: it is refused unless configured, and then
// only queries (opcode QUERY) are served before the handshake has ended. A
// client that breaks the protocol loses its connection.
//
// # Standards
//
// RFC 9000 §8.1, RFC 9250.
package doq
