// Package ede holds the codes of Extended DNS Errors and the error type that
// carries one from where something failed to the client.
//
// # Concurrency
//
// Values only.
//
// # Resources
//
// None.
//
// # Security
//
// Text is made by this program from names in presentation form; what came from
// outside has been made printable by package edns.
//
// # Standards
//
// RFC 8914; the IANA registry "Extended DNS Error Codes" up to 30.
package ede
