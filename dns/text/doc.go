// Package text is the presentation form of records, both ways, and the door to
// the DNS library, which reads and writes it.
//
// People and their files meet RRsets here: zone files, trust anchors, tools,
// tests. The engine itself works on octets and does not come by; mnemonics alone
// are methods of wire.Type and its like.
//
// # Concurrency
//
// Functions of their arguments.
//
// # Resources
//
// Cold: what is read or written is held in memory, several times over.
//
// # Security
//
// What the library made of a text is checked as if it came from the network.
// $INCLUDE is refused. A line written here is printable ASCII, whatever octets
// the record holds.
//
// # Standards
//
// RFC 1035 §5, RFC 2308 §4 ($TTL), RFC 3597 §5.
package text
