// Package control lets an operator speak to a resolver that runs: over a Unix
// socket, one command a connection, a line each way and what follows it.
//
// A request is a line of words. The reply begins with the line "ok" or "error",
// and the rest of it is text for people.
//
// # Concurrency
//
// A Server runs each command in the goroutine of its connection.
//
// # Resources
//
// As many connections as maxConnections are served at a time, each for one line
// of at most maxLine octets and for no longer than patience.
//
// # Security
//
// Who may open the socket may do all that the commands can. It is made for its
// owner alone, before anybody can connect.
//
// # Standards
//
// None.
package control
