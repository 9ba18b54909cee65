// Package tlsconf is the one TLS configuration of all encrypted transports: the
// certificates, read again when their files change, the ticket keys, and the
// protocol's parameters.
//
// # Concurrency
//
// A Source serves any number of handshakes at once; Run is called once. A
// configuration that Config made is never changed: what changes is what its
// functions look up, so that no connection is dropped for a new certificate.
//
// # Resources
//
// A file is read when its size or time has changed, which is looked at every
// few seconds; at most 1 MiB of it is read. There is one configuration for each
// listener, none for a client.
//
// # Security
//
// TLS 1.2 is the least version; suites and curves are the library's, the hybrid
// X25519MLKEM768 first. Ticket keys are made here, last a day, open tickets for
// a week, and are never stored. A pair of files that does not fit together, or
// cannot be read, changes nothing: the certificate that was served stays. A key
// that is made here is readable by its owner alone.
//
// # Standards
//
// RFC 5077 §5.5, RFC 7469 §2.4, RFC 6066 §3, RFC 8310 §8, RFC 8446 §4.6.1,
// RFC 9325 §3.1.1 and §4.2, RFC 9462 §4.2.
package tlsconf
