package observe

// Interest is a kind of events that an Observer may have no use for, because
// they come by the hundred thousand a second. Failures are told to everybody.
type Interest uint8

// Interests, to be added up.
const (
	// Hits are Answered of queries that needed no resolution.
	Hits Interest = 1 << iota
	// Answers are Answered of queries that were resolved and did not fail.
	Answers
	// Steps are what a resolution does: Sent, Received, Stored and Judged.
	Steps
)

// Choosy is an Observer that says what it has a use for. Others want every
// event.
type Choosy interface {
	Observer
	// Wants is what it wants to be told of. It always says the same.
	Wants() Interest
}

// Wants reports whether o is to be told of events of the kind i.
func Wants(o Observer, i Interest) bool {
	c, choosy := o.(Choosy)
	return !choosy || c.Wants()&i != 0
}

// Wants implements Choosy.
func (t Tee) Wants() Interest {
	var all Interest
	for _, o := range t {
		for _, i := range [...]Interest{Hits, Answers, Steps} {
			if Wants(o, i) {
				all |= i
			}
		}
	}
	return all
}
