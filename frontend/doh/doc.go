// Package doh serves clients over HTTPS (DoH), each request a query: HTTP/1.1 by
// the standard library, HTTP/3 by quic-go, and HTTP/2 by a responder that knows
// queries and nothing else, on the framer and the header compression of
// golang.org/x/net/http2. The standard library serves HTTP/2 too where it is told
// to.
//
// # Concurrency
//
// A Listener is listened once and run once; Stats may be called at any time. A
// connection of HTTP/2 has one goroutine that reads and serves hits: all requests
// that a read brought are answered in one write. A miss has a goroutine of its
// own. Of those with something to write, the first writes, and takes along what
// the others bring meanwhile. Over HTTP/1.1 and HTTP/3 each request has a
// goroutine, and a miss another.
//
// # Resources
//
// frontend.Limits bounds connections, in all and per client, and the requests of
// one; a request counts until its query is served, even where the client has
// reset it. A header has at most 16 KiB, a body 64 KiB. Over HTTP/2 all bodies of
// a connection have 256 KiB, and so have the answers that wait for windows or for
// the client to read.
//
// # Security
//
// A request has to be there within the time of a first query, header and body
// together, and a response has to be taken within the time for writing: however
// slow the client, its parts do not prolong either. A connection that sends more
// of what asks for nothing (resets, PING, SETTINGS, WINDOW_UPDATE, empty frames)
// than its queries pay for is ended. What a proxy says of its client is believed
// of the proxies that are configured, of nobody else, and in one header field.
//
// # Standards
//
// RFC 7239 §4, RFC 7541, RFC 7838 §3, RFC 8484, RFC 9110 §15, RFC 9113, RFC 9114.
package doh
