package udp

import (
	"errors"
	"slices"
	"syscall"
	"testing"

	"recursor/random"
	"recursor/transport"
)

// Each port of the range is as likely as any other.
//
// RFC: 5452.2
func TestPortsAreSpreadEvenly(t *testing.T) {
	const draws, buckets = 1 << 18, (1<<16 - firstPort) / 1024
	p := newPorts([]uint16{})
	stream := (&random.Replay{Seed: 1}).Stream()
	var hits [buckets]int
	lowest, highest := uint16(65535), uint16(0)
	seen := map[uint16]bool{}
	for range draws {
		port, ok := p.take(stream)
		if !ok || port < firstPort {
			t.Fatalf("port %d, %t", port, ok)
		}
		p.giveBack(port)
		hits[(port-firstPort)/1024]++
		lowest, highest = min(lowest, port), max(highest, port)
		seen[port] = true
	}
	chi2 := 0.0
	const want = float64(draws) / buckets
	for _, n := range hits {
		chi2 += (float64(n) - want) * (float64(n) - want) / want
	}
	// 62 degrees of freedom: one fair generator in 10,000 is above 109.
	if chi2 > 109 {
		t.Errorf("chi-square %.1f over %d buckets", chi2, buckets)
	}
	if lowest > firstPort+10 || highest < 65525 {
		t.Errorf("ports from %d to %d", lowest, highest)
	}
	// A draw misses a given port 262,144 times with probability e^-4.06: 1,110 of 64,512.
	if n := len(seen); n < 63_100 || n > 63_700 {
		t.Errorf("%d different ports", n)
	}
}

func TestPortsAreTakenOnce(t *testing.T) {
	p := newPorts([]uint16{})
	stream := (&random.Replay{Seed: 2}).Stream()
	seen := map[uint16]bool{}
	for range p.count() / 2 {
		port, ok := p.take(stream)
		if !ok || seen[port] {
			t.Fatalf("port %d, %t, again: %t", port, ok, seen[port])
		}
		seen[port] = true
	}
}

// RFC: 5452.2
func TestAvoidedPorts(t *testing.T) {
	var all []uint16
	for port := firstPort; port < 1<<16; port++ {
		all = append(all, uint16(port))
	}
	stream := (&random.Replay{Seed: 3}).Stream()
	if port, ok := newPorts(all).take(stream); ok {
		t.Errorf("port %d, though all are avoided", port)
	}
	half := len(all) / 2
	p := newPorts(all[:half])
	for range 2000 {
		port, ok := p.take(stream)
		if !ok || port < all[half] {
			t.Fatalf("port %d, %t", port, ok)
		}
		p.giveBack(port)
	}
	x := New(Options{Avoid: all})
	if n := x.ports.count(); n != 0 || x.maxOpen != 1 {
		t.Errorf("%d ports, %d open", n, x.maxOpen)
	}
}

// Queries that go out over real sockets come from ports all over the range.
//
// RFC: 5452.2
func TestPortsOnTheWire(t *testing.T) {
	for name, way := range ways() {
		t.Run(name, func(t *testing.T) {
			ports := make(chan uint16, 1)
			s := serve(t, "127.0.0.1", func(s *server, p packet) { ports <- p.from.Port(); echo(s, p) })
			x := build(Options{}, way)
			run(t, x)
			stream := (&random.Replay{Seed: 4}).Stream()
			var sixteenth [16]int
			seen := map[uint16]bool{}
			for range 400 {
				q := transport.Query{To: transport.Endpoint{Addr: s.at}, Message: question(1), Random: stream}
				start(x, q).outcome(t)
				port := <-ports
				seen[port] = true
				sixteenth[port>>12]++
			}
			if len(seen) < 390 || slices.Min(sixteenth[:]) < 5 || slices.Max(sixteenth[:]) > 60 {
				t.Errorf("%d different ports, by sixteenth of the range %v", len(seen), sixteenth)
			}
		})
	}
}

func TestBindPort(t *testing.T) {
	x := New(Options{})
	ask := func(failures int, with error) (tried []uint16, e *exchange, err error) {
		q := transport.Query{Random: (&random.Replay{Seed: 5}).Stream()}
		e = newExchange(x, q, nil)
		err = e.bindPort(func(port uint16) error {
			if tried = append(tried, port); len(tried) <= failures {
				return with
			}
			return nil
		})
		return tried, e, err
	}
	all := x.ports.count()
	tried, e, err := ask(maxBinds-1, syscall.EADDRINUSE)
	if err != nil || e.port != tried[len(tried)-1] || len(tried) != maxBinds {
		t.Errorf("a port at the last try: %d of %v, %v", e.port, tried, err)
	}
	if n := x.ports.count(); n != all-1 {
		t.Errorf("%d ports free of %d", n, all)
	}
	if tried, _, err = ask(100, syscall.EADDRINUSE); !errors.Is(err, ErrPorts) || len(tried) != maxBinds {
		t.Errorf("no port: %d tries, %v", len(tried), err)
	}
	if tried, _, err = ask(100, syscall.EADDRNOTAVAIL); !errors.Is(err, syscall.EADDRNOTAVAIL) || len(tried) != 1 {
		t.Errorf("an error that another port does not cure: %d tries, %v", len(tried), err)
	}
	if n := x.ports.count(); n != all-1 {
		t.Errorf("%d ports free of %d", n, all)
	}
}

func TestMaxOpen(t *testing.T) {
	most := New(Options{}).maxOpen
	if most > descriptors()*8/10 || most > (1<<16-firstPort)/2 || most < 1 {
		t.Errorf("%d sockets with %d descriptors", most, descriptors())
	}
	if got := New(Options{MaxOpen: 1 << 30}).maxOpen; got != most {
		t.Errorf("%d where %d is most", got, most)
	}
	if got := New(Options{MaxOpen: 7}).maxOpen; got != 7 {
		t.Errorf("%d where 7 was asked for", got)
	}
}
