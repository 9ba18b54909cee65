package wire

// Section is a section of a message after the question.
type Section uint8

// Sections.
const (
	Answer Section = iota
	Authority
	Additional
)

// OPT is an OPT record as it stood in a message, not yet judged: package edns
// does that (RFC 6891 §6.1).
type OPT struct {
	Count     int  // of OPT records in the message
	Misplaced bool // one stood outside the additional section
	RootOwner bool // of the first
	Payload   uint16
	TTL       uint32 // extended RCODE, version, flags
	RData     []byte // of the first; a part of the message
}

// Note takes down rr of msg, an OPT record that stood in section s.
func (o *OPT) Note(msg []byte, rr RR, s Section) {
	if s != Additional {
		o.Misplaced = true
	}
	if o.Count++; o.Count > 1 {
		return
	}
	// The owner must be one octet 0, not a pointer to one (RFC 6891 §6.1.2).
	o.RootOwner = msg[rr.Off] == 0
	o.Payload, o.TTL = uint16(rr.Class), rr.TTL
	o.RData = msg[rr.Start:rr.End:rr.End]
}
