package iterate

import (
	"testing"

	"recursor/clock"
	"recursor/dns/domain"
	"recursor/dns/wire"
)

func key(name string) Key { return Key{Name: domain.MustParse(name), Type: wire.TypeA} }

func TestEqualQuestionsShareAFlight(t *testing.T) {
	// RFC: 5452.5
	f, c := NewFlights(), clock.NewReal()
	s1, s2 := c.NewSignal(), c.NewSignal()
	one, how := f.Join(key("a."), nil, s1)
	if how != Leads {
		t.Fatal("the first must lead")
	}
	two, how := f.Join(key("a."), nil, s2)
	if how != Follows || two != one {
		t.Fatal("the second must follow the first")
	}
	if f.Done(one) {
		t.Fatal("done before it is finished")
	}
	f.Finish(one)
	if !s1.Wait(0) || !s2.Wait(0) || !f.Done(one) {
		t.Error("who waits must be woken")
	}
	if _, how := f.Join(key("a."), nil, s1); how != Leads {
		t.Error("a later question starts anew")
	}
}

func TestAJoinThatWouldWaitForItselfIsRefused(t *testing.T) {
	f, c := NewFlights(), clock.NewReal()
	s := c.NewSignal()
	a, _ := f.Join(key("a."), nil, s)
	b, _ := f.Join(key("b."), nil, s)
	sub, how := f.Join(key("sub."), a, s)
	if how != Leads {
		t.Fatal("a new flight below a")
	}
	if _, how := f.Join(key("b."), sub, s); how != Follows {
		t.Fatal("sub may wait for b")
	}
	own, how := f.Join(key("a."), b, s)
	if how != Cycles {
		t.Fatal("b must not wait for a, which waits for b through sub")
	}
	if own == a || own == nil {
		t.Fatal("who is refused works alone")
	}
	if _, how := f.Join(key("b."), b, s); how != Cycles {
		t.Error("b must not wait for itself")
	}
	f.Leave(sub, b)
	if _, how := f.Join(key("a."), b, s); how != Follows {
		t.Error("once sub no longer waits for b, b may wait for a")
	}
}

func TestAStepIsLedByTheWalkItIsAStepOf(t *testing.T) {
	f, c := NewFlights(), clock.NewReal()
	s := c.NewSignal()
	w, _ := f.Join(key("www."), nil, s)
	step := Key{Name: domain.MustParse("com."), Type: wire.TypeA, Cut: domain.Root()}
	if _, how := f.Join(step, w, s); how != Leads {
		t.Fatal("the walk leads its step")
	}
	x, _ := f.Join(key("x."), w, s) // the walk waits for x
	if _, how := f.Join(step, x, s); how != Cycles {
		t.Error("x must not wait for the step of the walk that waits for x")
	}
}
