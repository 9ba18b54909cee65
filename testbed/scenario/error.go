package scenario

import "fmt"

// Error is what is wrong with a scenario's text, and where.
type Error struct {
	File string
	Line int
	// Want is what was expected there, Have what stands there.
	Want, Have string
}

// Error implements error.
func (e *Error) Error() string {
	where := fmt.Sprintf("%s:%d: ", e.File, e.Line)
	if e.Have == "" {
		return where + "expected " + e.Want
	}
	return fmt.Sprintf("%sexpected %s, not %q", where, e.Want, e.Have)
}

// Unsupported says why a scenario cannot be run here: it needs something that
// this resolver does not have. Nothing of the kind is passed over in silence.
type Unsupported struct {
	File string
	Line int
	What string
}

// Error implements error.
func (e *Unsupported) Error() string {
	return fmt.Sprintf("%s:%d: not supported: %s", e.File, e.Line, e.What)
}
