package observe

// Choosy is an Observer that may have no use for the answers that cost nothing.
// Others want every event.
type Choosy interface {
	Observer
	// WantsHits reports whether it wants Answered of queries that needed no
	// resolution, which come by the hundred thousand a second. It always says the
	// same.
	WantsHits() bool
}

// WantsHits reports whether o is to be told of queries that needed no
// resolution.
func WantsHits(o Observer) bool {
	c, choosy := o.(Choosy)
	return !choosy || c.WantsHits()
}

// WantsHits implements Choosy.
func (t Tee) WantsHits() bool {
	for _, o := range t {
		if WantsHits(o) {
			return true
		}
	}
	return false
}
