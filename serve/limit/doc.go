// Package limit decides whom to serve: the access list, DNS cookies, and how
// many resolutions may be in progress.
//
// # Concurrency
//
// A List and Cookies never change once made. Resolutions counts under a mutex
// that nothing waits or calls out under.
//
// # Resources
//
// Resolutions holds an entry for each client with a resolution in progress,
// hence no more than it admits. Cookies keep no state of clients at all.
//
// # Security
//
// Recursion is for those the list names, so that nobody else can use it to
// reflect or to probe (RFC 5358 §4). A server cookie shows that a client
// receives what is sent to its address (RFC 7873 §6); its hash is compared in
// constant time. The secret is 128 bits of the system's CSPRNG and changes by
// itself each day, unless one is configured.
//
// # Standards
//
// RFC 1982 §3.2, RFC 5358 §4, RFC 7873 §5.2, §7.1, RFC 9018 §4, §5.
package limit
