package clock

import "testing"

// Where nobody listens, a panic is not hidden: it ends the process.
func TestPanicWithoutListener(t *testing.T) {
	defer func() {
		if r := recover(); r != "broken invariant" {
			t.Errorf("recovered %v, want the panic", r)
		}
	}()
	c := NewReal()
	defer c.recovered("query")
	panic("broken invariant")
}
