package ede

import (
	"errors"
	"net/netip"
	"strings"

	"recursor/dns/domain"
)

// Error is a failure with the code that tells a client why. Every error that
// leaves package recursor or validate is one, perhaps wrapped.
type Error struct {
	Code Code
	// Zone is the zone that failed, Server the address; each may be zero.
	Zone   domain.Name
	Server netip.Addr
	// Upstream tells that a server's answer or silence is the evidence, so
	// that the failure may be cached (RFC 9520 §2). A spent budget, a deadline
	// or a cancellation is none.
	Upstream bool
	Err      error
}

// Error is one line: the cause with zone and server.
func (e *Error) Error() string {
	var b strings.Builder
	if !e.Zone.IsZero() {
		b.WriteString(e.Zone.String())
		b.WriteString(": ")
	}
	if e.Err != nil {
		b.WriteString(e.Err.Error())
	} else {
		b.WriteString(e.Code.String())
	}
	if e.Server.IsValid() {
		b.WriteString(" (from ")
		b.WriteString(e.Server.String())
		b.WriteString(")")
	}
	return b.String()
}

// Unwrap is the cause.
func (e *Error) Unwrap() error { return e.Err }

// CodeOf is the code that err carries, Other where it carries none.
func CodeOf(err error) Code {
	var e *Error
	if errors.As(err, &e) {
		return e.Code
	}
	return Other
}

// Note is one extended error for a client: a code and a text of one line.
type Note struct {
	Code Code
	Text string
}
