package transport

import (
	"errors"
	"fmt"
	"syscall"
	"testing"

	"recursor/clock"
)

// recorder is an Exchanger that remembers what it was asked to send.
type recorder struct{ protos []Proto }

func (r *recorder) Start(q Query, done clock.Signal) Exchange {
	r.protos = append(r.protos, q.To.Proto)
	done.Set()
	return ended{Outcome{Kind: Reply}}
}

// RFC: 7766.1, 9210.1
func TestRouteTakesTheWayOfTheProtocol(t *testing.T) {
	var datagrams, streams recorder
	route := Route{UDP: &datagrams, TCP: &streams}
	done := clock.NewReal().NewSignal()
	// TCP is no fallback: it is taken when asked for, before any UDP.
	for _, proto := range []Proto{TCP, UDP, TCP} {
		route.Start(Query{To: Endpoint{Proto: proto}}, done)
	}
	if got := fmt.Sprint(datagrams.protos, streams.protos); got != "[udp] [tcp tcp]" {
		t.Errorf("went %s", got)
	}
}

func TestRouteWithoutWay(t *testing.T) {
	for _, proto := range []Proto{UDP, TCP} {
		done := clock.NewReal().NewSignal()
		e := Route{}.Start(Query{To: Endpoint{Proto: proto}}, done)
		if !done.Wait(0) {
			t.Errorf("%v: not signalled", proto)
		}
		e.Cancel() // of a finished exchange does nothing
		if o, ok := e.Outcome(); !ok || o.Kind != Exhausted || !errors.Is(o.Err, ErrNoRoute) {
			t.Errorf("%v: %+v, %t", proto, o, ok)
		}
	}
}

func TestFailureKind(t *testing.T) {
	for err, want := range map[error]Kind{
		syscall.EMFILE:       Exhausted,
		syscall.ENOBUFS:      Exhausted,
		syscall.ENOMEM:       Exhausted,
		syscall.ECONNREFUSED: Unreachable,
		syscall.ENETUNREACH:  Unreachable,
		syscall.EHOSTUNREACH: Unreachable,
		errors.New("other"):  Unreachable,
	} {
		if got := FailureKind(fmt.Errorf("sending: %w", err)); got != want {
			t.Errorf("%v: %d, want %d", err, got, want)
		}
	}
}
