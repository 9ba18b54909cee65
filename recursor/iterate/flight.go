package iterate

import (
	"slices"
	"sync"

	"recursor/clock"
	"recursor/dns/domain"
	"recursor/dns/wire"
)

// Key names a flight: equal questions under way are one (RFC 5452 §5).
type Key struct {
	Name domain.Name
	Type wire.Type
	// CD keeps questions of clients that check for themselves apart.
	CD bool
	// Again asks past the cache: what is there did not convince (RFC 8901 §5).
	Again bool
	// Avoid is set where the servers of that zone, which Name is in, have no
	// address but behind themselves: the search begins above them.
	Avoid domain.Name
	// Cut is set on a minimised step: the zone asked. It is zero on a whole
	// resolution.
	Cut domain.Name
}

// Flight is a resolution under way, or a step of one, that others wait for.
type Flight struct {
	key      Key
	waiters  []clock.Signal
	first    [1]clock.Signal // room for the usual number of waiters
	waitsFor []*Flight       // flights that this one's leader waits for, as often as it does
	done     bool
	mark     uint64
	// Result and Err are a whole resolution's; they stand once Finish is called.
	Result Result
	Err    error
	reply  *reply // of a minimised step
}

// Key is the question of the flight.
func (fl *Flight) Key() Key { return fl.key }

// Flights are all flights of a resolver.
type Flights struct {
	mu   sync.Mutex
	m    map[Key]*Flight
	mark uint64
}

// NewFlights is an empty table.
func NewFlights() *Flights { return &Flights{m: make(map[Key]*Flight)} }

// Joining is what became of an attempt to join.
type Joining uint8

// Joinings.
const (
	// Leads: the flight is new, and the caller must see to it that it flies.
	Leads Joining = iota
	// Follows: somebody leads it already.
	Follows
	// Cycles: the flight waits, perhaps through others, for the one that wants
	// to wait for it. Waiting would be for ever, so the caller works alone, in
	// a flight that nobody else can find.
	Cycles
)

// Join finds the flight of key or makes it, and notes that from waits for it;
// from may be nil. signal is set when the flight is done.
func (f *Flights) Join(key Key, from *Flight, signal clock.Signal) (*Flight, Joining) {
	f.mu.Lock()
	defer f.mu.Unlock()
	how := Follows
	fl, ok := f.m[key]
	switch {
	case !ok:
		fl, how = &Flight{key: key}, Leads
		f.m[key] = fl
	case from != nil:
		f.mark++
		if fl.reaches(from, f.mark) {
			fl, how = &Flight{key: key}, Cycles
		}
	}
	if from != nil {
		from.wait(fl)
		if how == Leads && !key.Cut.IsZero() {
			fl.wait(from) // a step is led by the walk it is a step of
		}
	}
	if fl.waiters == nil {
		fl.waiters = fl.first[:0]
	}
	fl.waiters = append(fl.waiters, signal)
	return fl, how
}

// Leave takes back what Join noted.
func (f *Flights) Leave(from, fl *Flight) {
	if from == nil {
		return
	}
	f.mu.Lock()
	if i := slices.Index(from.waitsFor, fl); i >= 0 {
		from.waitsFor = slices.Delete(from.waitsFor, i, i+1)
	}
	f.mu.Unlock()
}

func (fl *Flight) wait(other *Flight) { fl.waitsFor = append(fl.waitsFor, other) }

// reaches reports whether fl is other or waits for it, through however many.
// Flights seen under this mark are not walked again: a walk and its step wait
// for each other.
func (fl *Flight) reaches(other *Flight, mark uint64) bool {
	if fl == other {
		return true
	}
	if fl.mark == mark {
		return false
	}
	fl.mark = mark
	for _, next := range fl.waitsFor {
		if next.reaches(other, mark) {
			return true
		}
	}
	return false
}

// Finish ends the flight and wakes who waits for it. Later questions start
// anew: by then the cache answers them.
func (f *Flights) Finish(fl *Flight) {
	f.mu.Lock()
	fl.done = true
	if f.m[fl.key] == fl {
		delete(f.m, fl.key)
	}
	waiters := fl.waiters
	fl.waiters = nil
	f.mu.Unlock()
	for _, w := range waiters {
		w.Set()
	}
}

// Done reports whether the flight has ended, after which its results stand.
func (f *Flights) Done(fl *Flight) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return fl.done
}

// Await waits until fl is done or the time of t is over and reports which.
func (f *Flights) Await(fl *Flight, signal clock.Signal, t *Task, c clock.Clock) bool {
	for !f.Done(fl) {
		left := t.left(t.Now(c))
		if left <= 0 || !signal.Wait(left) {
			return f.Done(fl)
		}
	}
	return true
}
