package integration_test

import (
	"net"
	"os"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/miekg/dns"

	"recursor/clock"
)

// testLife starts and ends the daemon as operators do.
func testLife(t *testing.T, w *world, r *resolver) {
	t.Run("port taken", func(t *testing.T) {
		second := w.serve(t, settings{listen: []string{r.addr}}, r.port)
		second.wait(t)
		for _, part := range []string{"recursor serve: listen.dns: cannot listen on " + r.addr + ":" + r.port, "address already in use", "choose another port in listen.dns"} {
			if said := second.said.String(); second.cmd.ProcessState.ExitCode() != 1 || !strings.Contains(said, part) || strings.Contains(said, `"ready"`) {
				t.Errorf("exit code %d, want 1 and %q:\n%s", second.cmd.ProcessState.ExitCode(), part, said)
			}
		}
		want{args: "www.alpha.com", answer: []string{"www.alpha.com. IN A 192.0.2.11"}}.check(t, r.dig(t, "www.alpha.com"))
	})
	t.Run("interrupt", func(t *testing.T) {
		own := w.resolve(t, settings{})
		if !own.end(os.Interrupt) || own.cmd.ProcessState.ExitCode() != 0 {
			t.Errorf("exit code %d", own.cmd.ProcessState.ExitCode())
		}
		// Everything was given back: the next one takes the same port at once.
		next := w.serve(t, settings{listen: []string{own.addr}}, own.port)
		if !next.waitFor(`"ready"`) {
			logTail(t, next)
			t.Error("the port is not free again")
		}
	})
	t.Run("SIGTERM while a client waits", func(t *testing.T) {
		own := w.resolve(t, settings{more: "workers: 1\n" + quick})
		conn := dial(t, own)
		waiting := question("www.dead.org.", dns.TypeA)
		send(t, conn, pack(t, waiting))
		send(t, conn, pack(t, question("localhost.", dns.TypeA))) // when it is answered, the first is under way
		if m := receive(t, conn); m == nil || m.Question[0].Name != "localhost." {
			t.Fatalf("received %v", m)
		}
		if err := own.cmd.Process.Signal(syscall.SIGTERM); err != nil {
			t.Fatal(err)
		}
		if m := receive(t, conn); m == nil || m.Id != waiting.Id || m.Rcode != dns.RcodeServerFailure {
			t.Errorf("who waited received %v", m)
		}
		own.wait(t) // a second SIGTERM would not wait
		own.finish(t)
	})
}

// testNoQuery sends what is no query, or none that can be answered. Nobody is answered who might answer back.
func testNoQuery(t *testing.T, _ *world, r *resolver) {
	good := pack(t, question("localhost.", dns.TypeA))
	response := pack(t, question("localhost.", dns.TypeA))
	response[2] |= 0x80
	two := question("localhost.", dns.TypeA)
	two.Question = append(two.Question, two.Question[0])
	conn := dial(t, r) // one socket: what was answered out of turn would be received out of turn
	for _, junk := range [][]byte{{}, {1}, good[:11], response, response[:12]} {
		send(t, conn, junk)
	}
	for _, row := range []struct {
		what    string
		message []byte
		rcode   int
	}{
		{"two questions", pack(t, two), dns.RcodeFormatError},
		{"half a question", good[:14], dns.RcodeFormatError},
		{"octets behind", append(append([]byte(nil), good...), 1, 2, 3), dns.RcodeFormatError},
		{"a header alone", append(append([]byte(nil), good[:5]...), make([]byte, 7)...), dns.RcodeFormatError},
		{"a good one", good, dns.RcodeSuccess},
	} {
		send(t, conn, row.message)
		m := receive(t, conn)
		if m == nil || m.Rcode != row.rcode || m.Id != uint16(row.message[0])<<8|uint16(row.message[1]) || !m.Response || m.Zero {
			t.Errorf("%s: %v, want %s", row.what, m, dns.RcodeToString[row.rcode])
		}
	}
}

func dial(t *testing.T, r *resolver) net.Conn {
	t.Helper()
	conn, err := net.Dial("udp", net.JoinHostPort(r.addr, r.port))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

func question(name string, qtype uint16) *dns.Msg { return new(dns.Msg).SetQuestion(name, qtype) }

func pack(t *testing.T, m *dns.Msg) []byte {
	t.Helper()
	b, err := m.Pack()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func send(t *testing.T, conn net.Conn, message []byte) {
	t.Helper()
	if _, err := conn.Write(message); err != nil {
		t.Fatal(err)
	}
}

// receive is the next message, nil where none comes.
func receive(t *testing.T, conn net.Conn) *dns.Msg {
	t.Helper()
	if err := conn.SetReadDeadline(clock.NewReal().Now().TTL.Add(8 * time.Second)); err != nil {
		t.Fatal(err)
	}
	buf := make([]byte, 1500)
	n, err := conn.Read(buf)
	if err != nil {
		t.Logf("nothing received: %v", err)
		return nil
	}
	m := new(dns.Msg)
	if err := m.Unpack(buf[:n]); err != nil {
		t.Fatal(strconv.Quote(string(buf[:n])), err)
	}
	return m
}
