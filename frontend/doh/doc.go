// Package doh serves clients over HTTPS (DoH): HTTP/1.1 and HTTP/2 by the
// standard library, HTTP/3 by quic-go, each request a query.
//
// # Concurrency
//
// A Listener is listened once and run once; Stats may be called at any time. A
// request has a goroutine of its own, which serves hits; a miss has another.
//
// # Resources
//
// frontend.Limits bounds connections, in all and per client, and the requests of
// one; a request counts until its query is served, even where the client has
// reset it. A header has at most 16 KiB, a body 64 KiB.
//
// # Security
//
// A request has to be there within the time of a first query, header and body
// together, and a response has to be taken within the time for writing: however
// slow the client, its parts do not prolong either. Floods of frames that ask
// for nothing are the library's to end, and it does. What a proxy says of its
// client is believed of the proxies that are configured, of nobody else.
//
// # Standards
//
// RFC 7838 §3, RFC 8484, RFC 9110 §15, RFC 9113 §10.5, RFC 9114.
package doh
