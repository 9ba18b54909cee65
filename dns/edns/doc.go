// Package edns reads and writes the OPT record.
//
// Parse judges the OPT record that a message came with and gives a View of it,
// or an Error that knows its RCODE. Options stay octets until somebody asks for
// one by its code; a function for each option of use to a resolver reads and
// writes its data. An OPT is built anew for each hop and never forwarded.
//
// # Concurrency
//
// Functions of their arguments. A View is valid as long as the message.
//
// # Resources
//
// Parse and View allocate nothing; of a message's options the first MaxOptions
// are looked at.
//
// # Security
//
// Every option's length is checked against the octets left before a View is
// handed out. Text that came from outside is made fit for a log before it
// leaves as a string.
//
// # Standards
//
// RFC 6891, RFC 3225, RFC 5001, RFC 7828, RFC 7830, RFC 7871 §6, RFC 7873 §4,
// RFC 8145 §4.1, RFC 8467 §4.1, RFC 8914 §2, RFC 9567 §5, RFC 9824 §5.1.
package edns
