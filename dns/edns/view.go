package edns

import (
	"encoding/binary"
	"iter"

	"recursor/dns/wire"
)

const (
	// MinPayload is what every requestor takes over UDP; smaller values mean
	// this one (RFC 6891 §6.2.3).
	MinPayload = 512
	// MaxOptions is how many options of one OPT are looked at, the first ones. No
	// purpose needs more, and each costs work before any limit on the sender
	// applies.
	MaxOptions = 32
)

// Flags of the OPT's TTL field.
const (
	flagDO = 1 << 15 // RFC 3225 §3
	flagCO = 1 << 14 // RFC 9824 §5.1
)

// View is what an OPT record says.
type View struct {
	// Present tells that there was an OPT at all.
	Present bool
	// Payload is the sender's UDP payload size, at least MinPayload.
	Payload uint16
	// Version is the EDNS version of the sender.
	Version uint8
	// RCodeHigh is the upper eight bits of the response code.
	RCodeHigh uint8
	// DO asks for DNSSEC records, CO takes compact denial for an answer.
	DO, CO bool
	// Raw is the options, each whole and at most MaxOptions; a part of the message.
	Raw []byte
}

// Parse judges the OPT of a message. A message without one gives the View of a
// sender that knows no EDNS. With an error the View still holds what the fixed
// part of the first OPT said, so that the reply can carry an OPT (RFC 6891 §7),
// and no options. Any error is an *Error.
func Parse(o wire.OPT) (View, error) {
	if o.Count == 0 {
		return View{Payload: MinPayload}, nil
	}
	v := View{
		Present:   true,
		Payload:   max(o.Payload, MinPayload),
		Version:   uint8(o.TTL >> 16),
		RCodeHigh: uint8(o.TTL >> 24),
		DO:        o.TTL&flagDO != 0,
		CO:        o.TTL&flagCO != 0,
	}
	switch {
	case o.Count > 1: // RFC 6891 §6.1.1
		return v, &Error{Kind: TwoOPT}
	case o.Misplaced:
		return v, &Error{Kind: Misplaced}
	case !o.RootOwner: // RFC 6891 §6.1.2
		return v, &Error{Kind: BadOwner}
	case v.Version != 0:
		// What follows has the format of a version we do not know
		// (RFC 6891 §6.1.3), so its lengths are not judged.
		return v, &Error{Kind: BadVersion}
	}
	raw, ok := whole(o.RData)
	if !ok {
		return v, &Error{Kind: BadLength}
	}
	v.Raw = raw
	return v, nil
}

// ParseLone reads rest as one OPT record and nothing else, which is what follows
// upon the question in most queries that have an OPT. False: it is not that, or
// there is something wrong with it that Parse can name.
func ParseLone(rest []byte) (v View, ok bool) {
	const root, version = 0, 0
	if len(rest) < recordHeader || rest[0] != root || wire.Type(binary.BigEndian.Uint16(rest[1:])) != wire.TypeOPT ||
		rest[6] != version || int(binary.BigEndian.Uint16(rest[9:])) != len(rest)-recordHeader {
		return View{}, false
	}
	flags := binary.BigEndian.Uint16(rest[7:])
	v = View{
		Present:   true,
		Payload:   max(binary.BigEndian.Uint16(rest[3:]), MinPayload),
		RCodeHigh: rest[5],
		DO:        flags&flagDO != 0,
		CO:        flags&flagCO != 0,
	}
	if len(rest) == recordHeader {
		return v, true
	}
	v.Raw, ok = whole(rest[recordHeader:])
	return v, ok
}

// whole is the first MaxOptions options of a row, false where one of them all
// reaches beyond its end.
func whole(row []byte) (raw []byte, ok bool) {
	first := len(row)
	for at, n := 0, 0; at < len(row); n++ {
		if n == MaxOptions {
			first = at
		}
		end, ok := optionEnd(row[at:])
		if !ok {
			return nil, false
		}
		at += end
	}
	return row[:first:first], true
}

// optionEnd is where the option at the start of b ends.
func optionEnd(b []byte) (end int, ok bool) {
	if len(b) < optionHeader {
		return 0, false
	}
	end = optionHeader + int(binary.BigEndian.Uint16(b[2:]))
	return end, end <= len(b)
}

// All yields code and data of each option in the order sent. The data are
// parts of v.Raw.
func (v View) All() iter.Seq2[Code, []byte] {
	return func(yield func(Code, []byte) bool) {
		rest := v.Raw
		for {
			end, ok := optionEnd(rest)
			if !ok {
				return // the end: what Parse let through has whole options only
			}
			if !yield(Code(binary.BigEndian.Uint16(rest)), rest[optionHeader:end:end]) {
				return
			}
			rest = rest[end:]
		}
	}
}

// Option is the data of the first option with the code, which is the one that
// counts where an option came twice (RFC 7873 §5.2).
func (v View) Option(code Code) ([]byte, bool) {
	for c, data := range v.All() {
		if c == code {
			return data, true
		}
	}
	return nil, false
}

// RCode is the whole response code of a message with these header flags
// (RFC 6891 §6.1.3).
func (v View) RCode(f wire.Flags) wire.RCode {
	return wire.RCode(v.RCodeHigh)<<4 | f.RCode()
}
