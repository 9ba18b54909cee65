package wire

// OPT is an OPT record as it stood in a message, not yet judged: package edns
// does that (RFC 6891 §6.1).
type OPT struct {
	Count     int  // of OPT records in the additional section
	Misplaced bool // one stood in another section
	RootOwner bool // of the first
	Payload   uint16
	TTL       uint32 // extended RCODE, version, flags
	RData     []byte // of the first; a part of the message
}
