package edns

import "recursor/dns/wire"

// Kind is what is wrong with an OPT.
type Kind uint8

// Kinds.
const (
	// TwoOPT: more than one OPT record (RFC 6891 §6.1.1).
	TwoOPT Kind = iota + 1
	// Misplaced: an OPT outside the additional section.
	Misplaced
	// BadOwner: an owner other than the root (RFC 6891 §6.1.2).
	BadOwner
	// BadLength: an option reaches beyond the RDATA.
	BadLength
	// BadVersion: a version other than 0 (RFC 6891 §6.1.3).
	BadVersion
	// BadOption: the data of one option are not as its RFC has them.
	BadOption
)

// String names the kind for people.
func (k Kind) String() string {
	switch k {
	case TwoOPT:
		return "more than one OPT record"
	case Misplaced:
		return "OPT record outside the additional section"
	case BadOwner:
		return "OPT record with an owner other than the root"
	case BadLength:
		return "option longer than its OPT record"
	case BadVersion:
		return "unknown EDNS version"
	case BadOption:
		return "malformed option"
	default:
		return "sound"
	}
}

// Error is what is wrong with an OPT, or with the data of one of its options.
type Error struct {
	Kind Kind
	// Code is the option that is wrong, where Kind is BadOption.
	Code Code
}

// Error is one line.
func (e *Error) Error() string {
	if e.Kind == BadOption {
		return "edns: " + e.Kind.String() + " " + e.Code.String()
	}
	return "edns: " + e.Kind.String()
}

// RCode is the response code for whoever sent it (RFC 6891 §6.1.3, §7).
func (e *Error) RCode() wire.RCode {
	if e.Kind == BadVersion {
		return wire.BadVers
	}
	return wire.FormErr
}

func badOption(c Code) error { return &Error{Kind: BadOption, Code: c} }
