package sim

import (
	"container/heap"
	"time"
)

// event is something that happens at an instant.
type event struct {
	at  time.Time
	seq uint64 // of its making: breaks ties
	do  func()
	pos int // in the queue; -1 once it fired or was taken out
}

// eventQueue is a heap of events, the earliest first; of those at one instant,
// the one that was scheduled first.
type eventQueue []*event

func (q eventQueue) Len() int { return len(q) }

func (q eventQueue) Less(i, j int) bool {
	if !q[i].at.Equal(q[j].at) {
		return q[i].at.Before(q[j].at)
	}
	return q[i].seq < q[j].seq
}

func (q eventQueue) Swap(i, j int) {
	q[i], q[j] = q[j], q[i]
	q[i].pos, q[j].pos = i, j
}

// Push implements heap.Interface.
func (q *eventQueue) Push(x any) {
	e := x.(*event)
	e.pos = len(*q)
	*q = append(*q, e)
}

// Pop implements heap.Interface.
func (q *eventQueue) Pop() any {
	old := *q
	e := old[len(old)-1]
	old[len(old)-1] = nil
	*q = old[:len(old)-1]
	e.pos = -1
	return e
}

// at schedules do, which runs on the driver and must not wait.
func (c *Clock) at(t time.Time, do func()) *event {
	c.seq++
	e := &event{at: t, seq: c.seq, do: do}
	heap.Push(&c.events, e)
	return e
}

// drop takes an event out before it fired; it reports whether it did.
func (c *Clock) drop(e *event) bool {
	if e == nil || e.pos < 0 {
		return false
	}
	heap.Remove(&c.events, e.pos)
	return true
}
