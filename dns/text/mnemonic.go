package text

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"recursor/dns/wire"
)

// ErrMnemonic tells that a text names no type or class.
var ErrMnemonic = errors.New("text: no such mnemonic")

// Type reads a mnemonic in any case, or TYPEnnn (RFC 3597 §5).
func Type(s string) (wire.Type, error) {
	upper := strings.ToUpper(s)
	if t, ok := wire.TypeOf(upper); ok {
		return t, nil
	}
	if n, ok := number(upper, "TYPE"); ok {
		return wire.Type(n), nil
	}
	return wire.TypeNone, fmt.Errorf("%w: type %q", ErrMnemonic, s)
}

// Class reads a mnemonic in any case, or CLASSnnn (RFC 3597 §5).
func Class(s string) (wire.Class, error) {
	upper := strings.ToUpper(s)
	for _, c := range [...]wire.Class{wire.ClassIN, wire.ClassCH, wire.ClassHS, wire.ClassNONE, wire.ClassANY} {
		if c.String() == upper {
			return c, nil
		}
	}
	if n, ok := number(upper, "CLASS"); ok {
		return wire.Class(n), nil
	}
	return 0, fmt.Errorf("%w: class %q", ErrMnemonic, s)
}

// number reads the decimal number after prefix.
func number(s, prefix string) (uint16, bool) {
	digits, ok := strings.CutPrefix(s, prefix)
	if !ok {
		return 0, false
	}
	n, err := strconv.ParseUint(digits, 10, 16)
	return uint16(n), err == nil
}

// TypeString is the mnemonic of t, TYPEnnn where there is none.
func TypeString(t wire.Type) string { return t.String() }

// ClassString is the mnemonic of c, CLASSnnn where there is none.
func ClassString(c wire.Class) string { return c.String() }

// RCodeString is the mnemonic of rc, RCODEnnn where there is none.
func RCodeString(rc wire.RCode) string { return rc.String() }
