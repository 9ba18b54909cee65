package follow

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"os"
	"slices"
	"sync/atomic"
	"time"

	"recursor/clock"
	"recursor/dns/domain"
	"recursor/dns/rrset"
	"recursor/observe"
	"recursor/trust"
	"recursor/trust/rfc5011"
	"recursor/validate/sig"
)

// Options are what a Follower works with.
type Options struct {
	Clock clock.Clock
	Keys  []trust.Key // what is configured
	// Ask brings the DNSKEY RRset of a zone from its servers, unjudged.
	Ask func(ctx context.Context, zone domain.Name) (rrset.Set, error)
	// Signal asks for a name, so that the zone's servers learn which keys are
	// trusted here (RFC 8145 §5.1). Nil: they do not.
	Signal func(ctx context.Context, name domain.Name)
	// File keeps the state; nil: it ends with the process.
	File *trust.StateFile
	// Policy is what the validator accepts.
	Policy sig.Policy
	// Built is when the program was: no clock reads less. The zero time is
	// unknown.
	Built time.Time
	Watch observe.Observer // nil: nobody watches
	// Changed is called when other keys of a zone are trusted than before.
	Changed func(zone domain.Name)
}

// Times of the Follower.
const (
	// pause is the longest time between two looks at the clock: timers stand
	// still while a machine sleeps, and clocks are set.
	pause = 10 * time.Minute
	// hurry is the same while the clock is wrong.
	hurry = time.Minute
	// seldom is the least time between two questions (RFC 5011 §2.3), often
	// the greatest.
	seldom = time.Hour
	often  = 15 * 24 * time.Hour
)

// Follower follows trust points. Make it with New.
type Follower struct {
	o       Options
	points  []rfc5011.Point
	asked   []time.Time // by point, on the clock that is not set
	file    error       // why the state could not be read
	anchors atomic.Pointer[trust.Anchors]
	shown   atomic.Pointer[[]rfc5011.Point]
	check   check
}

// FileName is the name of the file for the state of anchors: other anchors have
// another one, so that those of a testbed and the Internet's stay apart.
func FileName(keys []trust.Key) string {
	lines := make([]string, 0, len(keys))
	for i := range keys {
		k := &keys[i]
		lines = append(lines, k.Zone.Wire()+string([]byte{byte(k.Type >> 8), byte(k.Type)})+string(k.RData))
	}
	slices.Sort(lines)
	sum := sha256.New()
	for _, line := range slices.Compact(lines) {
		sum.Write([]byte(line))
	}
	return "anchors-" + hex.EncodeToString(sum.Sum(nil)[:4])
}

// New is a Follower of what is configured, as far as the file knows how it went
// on. It starts nothing.
func New(o Options) *Follower {
	f := &Follower{o: o}
	now := o.Clock.Now().Signature
	known := f.read()
	for _, zone := range trust.New(o.Keys...).Zones() {
		i := slices.IndexFunc(known, func(p rfc5011.Point) bool { return p.Zone == zone })
		if i < 0 {
			f.points = append(f.points, rfc5011.New(zone, o.Keys, now))
			continue
		}
		f.points = append(f.points, known[i])
		f.check.saw(known[i].Updated)
	}
	f.check.built = o.Built
	f.asked = make([]time.Time, len(f.points))
	f.publish()
	return f
}

// read is the state in the file.
func (f *Follower) read() []rfc5011.Point {
	if f.o.File == nil {
		return nil
	}
	data, err := f.o.File.Read()
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	var points []rfc5011.Point
	if err == nil {
		points, err = rfc5011.Decode(data)
	}
	f.file = err
	return points
}

// Anchors are what is trusted now.
func (f *Follower) Anchors() *trust.Anchors { return f.anchors.Load() }

// Points are the trust points with the states of their keys.
func (f *Follower) Points() []rfc5011.Point { return *f.shown.Load() }

// Err is why the state in the file could not be read.
func (f *Follower) Err() error { return f.file }

// publish makes what is known what is used.
func (f *Follower) publish() {
	f.anchors.Store(anchorsOf(f.points, f.o.Keys))
	points := slices.Clone(f.points)
	f.shown.Store(&points)
}

// anchorsOf are the anchors that points come to. A zone stays one without keys.
func anchorsOf(points []rfc5011.Point, configured []trust.Key) *trust.Anchors {
	var keys []trust.Key
	var zones []domain.Name
	for i := range points {
		zones = append(zones, points[i].Zone)
		keys = append(keys, points[i].Trusted(configured)...)
	}
	return trust.New(keys...).With(zones...)
}

// Run follows until ctx ends.
func (f *Follower) Run(ctx context.Context) error {
	wake := f.o.Clock.NewSignal()
	defer context.AfterFunc(ctx, wake.Set)()
	f.begin()
	for ctx.Err() == nil {
		f.round(ctx)
		if ctx.Err() == nil {
			wake.Wait(f.rest())
		}
	}
	return nil
}

// begin tells where things stand.
func (f *Follower) begin() {
	if f.file != nil {
		f.tell(observe.Kept{File: f.o.File.Path, What: "read", Err: f.file})
	}
	for i := range f.points {
		p := &f.points[i]
		f.tell(observe.Following{Zone: p.Zone, Keys: p.Describe(), Next: p.Next})
	}
}

func (f *Follower) tell(e observe.Event) {
	if f.o.Watch != nil {
		f.o.Watch.Observe(e)
	}
}

// rest is how long nothing is to be done.
func (f *Follower) rest() time.Duration {
	if f.check.wrong {
		return hurry
	}
	now := f.o.Clock.Now().Signature
	least := pause
	for i := range f.points {
		least = min(least, f.points[i].Next.Sub(now))
	}
	return max(least, time.Second)
}

// round asks whom it is time to ask.
func (f *Follower) round(ctx context.Context) {
	righted := f.look()
	for i := range f.points {
		p, now := &f.points[i], f.o.Clock.Now()
		again := now.TTL.Sub(f.asked[i]) >= seldom
		// A time to ask that was set by a wrong clock may be far off.
		due := p.Due(now.Signature) || p.Next.Sub(now.Signature) > often || f.check.wrong
		if ctx.Err() == nil && (righted || f.asked[i].IsZero() && due || again && due) {
			f.asked[i] = now.TTL
			f.ask(ctx, i)
		}
	}
	f.look()
}

// ask asks one zone for its keys and takes what comes.
func (f *Follower) ask(ctx context.Context, i int) {
	p := f.points[i]
	set, err := f.o.Ask(ctx, p.Zone)
	if ctx.Err() != nil {
		return
	}
	now := f.o.Clock.Now()
	if err == nil && p.Zone.IsRoot() && !f.o.Built.IsZero() {
		if from, until, ok := p.Times(&set, &f.o.Policy); ok {
			f.check.learn(from, until, now)
			f.look()
		}
	}
	off, wrong := f.Off(now)
	switch {
	case err == nil && wrong:
		err = off
	case err == nil:
		err = f.step(i, &set, now.Signature)
	}
	if err != nil {
		f.points[i] = p.Failed(now.Signature)
		f.tell(observe.Unfollowed{Zone: p.Zone, Next: f.points[i].Next, Err: err})
	}
	if f.o.Signal != nil && ctx.Err() == nil {
		if name, ok := f.Anchors().Signal(p.Zone, now.Signature); ok {
			f.o.Signal(ctx, name)
		}
	}
}

// ErrUnsigned says that an answer counts for nothing.
var ErrUnsigned = errors.New("no trusted key signed the DNSKEY records that came")

// step steps one point: what is new is on the disk before it is used.
func (f *Follower) step(i int, set *rrset.Set, now time.Time) error {
	p := f.points[i]
	first := p.Configure(f.o.Keys, now)
	next, changes, ok := p.Step(set, &f.o.Policy, now)
	if !ok {
		return ErrUnsigned
	}
	before := anchorsOf(f.points[i:i+1], f.o.Keys)
	f.points[i] = next
	f.write()
	f.publish()
	f.check.saw(next.Updated)
	for _, c := range append(first, changes...) {
		e := observe.Anchored{At: now, Zone: next.Zone, Tag: c.Tag, From: c.From.String(), To: c.To.String()}
		if c.To == rfc5011.AddPend {
			e.Until = next.HeldUntil(c.Tag)
		}
		e.Last = !next.Vouches()
		f.tell(e)
	}
	if !before.Equal(anchorsOf(f.points[i:i+1], f.o.Keys)) && f.o.Changed != nil {
		f.o.Changed(next.Zone)
	}
	return nil
}

// write brings the state to the disk. Where it cannot, following goes on: a
// zone that rolls its keys does not wait for ours to be repaired.
func (f *Follower) write() {
	if f.o.File == nil {
		return
	}
	if err := f.o.File.Write(rfc5011.Encode(f.points)); err != nil {
		f.tell(observe.Kept{File: f.o.File.Path, What: "written", Err: err})
	}
}

// look tells when the clock becomes wrong or right, and reports whether it has
// become right.
func (f *Follower) look() (righted bool) {
	now := f.o.Clock.Now()
	off, wrong := f.Off(now)
	if wrong == f.check.wrong {
		return false
	}
	f.check.wrong = wrong
	f.tell(observe.Clocked{At: now.Signature, Wrong: wrong, Off: off.By, Than: off.Than})
	for i := range f.points {
		if !wrong && f.o.Changed != nil { // what failed for it is to be judged anew
			f.o.Changed(f.points[i].Zone)
		}
	}
	return !wrong
}
