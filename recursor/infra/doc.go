// Package infra is what is known of servers, and how to ask one.
//
// Plan says how to send a question to a server next, Observe what its outcome
// teaches. Both are functions of their arguments, now included; Table keeps the
// Servers of all walks behind a lock. Traffic counts what is under way to zones
// and servers.
//
// # Concurrency
//
// Server and History belong to their caller. Table serves any number of
// goroutines.
//
// # Resources
//
// Table keeps a bounded number of servers and lame marks; the oldest go first.
// Traffic bounds the questions to one zone and the sends to one server, to fewer
// where they fail, and keeps no more than 10,000 of each.
//
// # Security
//
// Nothing of a reply is believed here but its kind and its time. Loss alone
// teaches nothing about payload sizes. Silence makes a server stand behind others
// only while these answer, and its back-off grow only where somebody answered
// since; four silences declare it down in any case.
//
// # Standards
//
// RFC 1123 §6.1.3.3, RFC 4697 §2.2, RFC 6298, RFC 6891 §6.2, RFC 7873 §5,
// RFC 8906, RFC 9018 §3, RFC 9520 §3.1, RFC 9715.
package infra
