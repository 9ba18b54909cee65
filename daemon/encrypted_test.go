package daemon

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/binary"
	"io"
	"net"
	"net/http"
	"net/netip"
	"testing"
	"time"

	"github.com/miekg/dns"
	"github.com/quic-go/quic-go"
	"github.com/quic-go/quic-go/http3"
	"go.uber.org/zap"

	"recursor/clock"
	"recursor/daemon/config"
	"recursor/frontend"
)

// suite is a daemon that serves all transports.
type suite struct {
	t  *testing.T
	d  *Daemon
	at map[frontend.Transport]string
}

// serveAll starts a daemon with all transports.
func serveAll(t *testing.T) *suite {
	t.Helper()
	t.Setenv("QUIC_GO_DISABLE_RECEIVE_BUFFER_WARNING", "true")
	path, _ := certified(t, clock.NewReal().Now().Signature)
	write(t, path, `listen: {dns: ["127.0.0.1:0"], dot: ["127.0.0.1:0"], doh: ["127.0.0.1:0"], doq: ["127.0.0.1:0"]}
tls: {certificate: self-signed.crt, key: self-signed.key}
doh: {path: /q}
identity: here
state: "off"
`)
	c, err := config.Load(path)
	if err != nil {
		t.Fatal(err)
	}
	ready := make(chan struct{})
	d, err := New(c, zap.NewNop(), func([]netip.AddrPort) { close(ready) })
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- d.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	select {
	case <-ready:
	case err := <-ended:
		ended <- err
		t.Fatal(err)
	}
	s := &suite{t, d, map[frontend.Transport]string{}}
	for _, l := range d.listeners.Listeners {
		s.at[l.Stats().Transport] = l.Addrs()[0].String()
	}
	return s
}

func (s *suite) trust(protocol string) *tls.Config {
	return &tls.Config{InsecureSkipVerify: true, ServerName: "dns.example", NextProtos: []string{protocol}} //nolint:gosec // what is shown is tested in frontend
}

// exchange sends a query with its length and reads the reply.
func (s *suite) exchange(c io.ReadWriter, query []byte, sent func() error) []byte {
	_, err := c.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(query))), query...))
	if err == nil {
		err = sent()
	}
	var length [2]byte
	if err == nil {
		_, err = io.ReadFull(c, length[:])
	}
	msg := make([]byte, binary.BigEndian.Uint16(length[:]))
	if err == nil {
		_, err = io.ReadFull(c, msg)
	}
	if err != nil {
		s.t.Error(err)
	}
	return msg
}

func (s *suite) post(client *http.Client, query []byte) []byte {
	client.Timeout = 10 * time.Second
	r, err := client.Post("https://"+s.at[frontend.DoH]+"/q", "application/dns-message", bytes.NewReader(query))
	if err != nil {
		s.t.Error(err)
		return nil
	}
	defer r.Body.Close()
	msg, err := io.ReadAll(r.Body)
	if err != nil || r.StatusCode != http.StatusOK {
		s.t.Errorf("%s, %v", r.Status, err)
	}
	return msg
}

// clients are one for each way of asking; each is asked any number of times and
// then ended.
func (s *suite) clients() map[string]func(query []byte) []byte {
	t := s.t
	stays := func() error { return nil }
	dial := func(network, at string) net.Conn {
		c, err := net.Dial(network, at)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = c.Close() })
		return c
	}
	overUDP, overTCP := dial("udp", s.at[frontend.UDP]), dial("tcp", s.at[frontend.TCP])
	overTLS := tls.Client(dial("tcp", s.at[frontend.DoT]), s.trust("dot"))
	t.Cleanup(func() { _ = overTLS.Close() })
	one := &http.Transport{TLSClientConfig: s.trust("http/1.1"), TLSNextProto: map[string]func(string, *tls.Conn) http.RoundTripper{}}
	two := &http.Transport{TLSClientConfig: s.trust("h2"), ForceAttemptHTTP2: true}
	three := &http3.Transport{TLSClientConfig: s.trust("h3")}
	overQUIC, err := quic.DialAddr(t.Context(), s.at[frontend.DoQ], s.trust("doq"), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		one.CloseIdleConnections()
		two.CloseIdleConnections()
		_ = three.Close()
		_ = overQUIC.CloseWithError(0, "")
	})
	return map[string]func(query []byte) []byte{
		"UDP": func(query []byte) []byte {
			msg := make([]byte, 1500)
			_, _ = overUDP.Write(query)
			n, _ := overUDP.Read(msg)
			return msg[:n]
		},
		"TCP":         func(query []byte) []byte { return s.exchange(overTCP, query, stays) },
		"DoT":         func(query []byte) []byte { return s.exchange(overTLS, query, stays) },
		"DoH, HTTP/1": func(query []byte) []byte { return s.post(&http.Client{Transport: one}, query) },
		"DoH, HTTP/2": func(query []byte) []byte { return s.post(&http.Client{Transport: two}, query) },
		"DoH, HTTP/3": func(query []byte) []byte { return s.post(&http.Client{Transport: three}, query) },
		"DoQ": func(query []byte) []byte {
			stream, err := overQUIC.OpenStreamSync(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			return s.exchange(stream, query, stream.Close)
		},
	}
}

// One daemon says the same over all transports, octet for octet, whatever is
// asked: what is answered here, refused, and not understood.
//
// RFC: 9250.1
func TestEveryTransportAnswers(t *testing.T) {
	s := serveAll(t)
	ask := func(name string, qtype uint16, change func(m *dns.Msg)) *dns.Msg {
		m := new(dns.Msg).SetQuestion(name, qtype)
		m.SetEdns0(1232, false)
		m.Id = 0 // as DoQ wants it
		if change != nil {
			change(m)
		}
		return m
	}
	type question struct {
		name    string
		query   *dns.Msg
		rcode   int
		answers int
	}
	questions := []question{
		{"an address", ask("localhost.", dns.TypeA, nil), dns.RcodeSuccess, 1},
		{"another case", ask("LocalHost.", dns.TypeAAAA, nil), dns.RcodeSuccess, 1},
		{"no such type", ask("localhost.", dns.TypeTXT, nil), dns.RcodeSuccess, 0},
		{"no such name", ask("x.invalid.", dns.TypeA, nil), dns.RcodeNameError, 0},
		{"a zone", ask("10.in-addr.arpa.", dns.TypeSOA, nil), dns.RcodeSuccess, 1},
		{"without EDNS", ask("localhost.", dns.TypeA, func(m *dns.Msg) { m.Extra = nil }), dns.RcodeSuccess, 1},
		{"DO, CD and AD", ask("localhost.", dns.TypeA, func(m *dns.Msg) {
			m.IsEdns0().SetDo()
			m.CheckingDisabled, m.AuthenticatedData = true, true
		}), dns.RcodeSuccess, 1},
		{"who this is", ask("id.server.", dns.TypeTXT, func(m *dns.Msg) { m.Question[0].Qclass = dns.ClassCHAOS }), dns.RcodeSuccess, 1},
		{"anything", ask("example.", dns.TypeANY, nil), dns.RcodeSuccess, 1},
		{"without RD", ask("example.", dns.TypeA, func(m *dns.Msg) { m.RecursionDesired = false }), dns.RcodeRefused, 0},
		{"a transfer", ask("example.", dns.TypeAXFR, nil), dns.RcodeRefused, 0},
		{"another class", ask("example.", dns.TypeA, func(m *dns.Msg) { m.Question[0].Qclass = dns.ClassHESIOD }), dns.RcodeRefused, 0},
		{"another opcode", ask("example.", dns.TypeSOA, func(m *dns.Msg) { m.Opcode = dns.OpcodeNotify }), dns.RcodeNotImplemented, 0},
		{"two questions", ask("localhost.", dns.TypeA, func(m *dns.Msg) { m.Question = append(m.Question, m.Question[0]) }), dns.RcodeFormatError, 0},
		{"another EDNS", ask("localhost.", dns.TypeA, func(m *dns.Msg) { m.IsEdns0().SetVersion(1) }), dns.RcodeBadVers, 0},
		{"the encrypted listeners", ask("_dns.resolver.arpa.", dns.TypeSVCB, nil), dns.RcodeSuccess, 3},
		{"the resolver", ask("resolver.arpa.", dns.TypeRESINFO, nil), dns.RcodeSuccess, 1},
	}
	clients := s.clients()
	for _, q := range questions {
		t.Run(q.name, func(t *testing.T) {
			query, err := q.query.Pack()
			if err != nil {
				t.Fatal(err)
			}
			want := clients["TCP"](query)
			m := new(dns.Msg)
			if err := m.Unpack(want); err != nil || m.Rcode != q.rcode || len(m.Answer) != q.answers {
				t.Fatalf("%v, %v", m, err)
			}
			for name, ask := range clients {
				if got := ask(query); !bytes.Equal(got, want) {
					t.Errorf("over %s\n%x, over TCP\n%x", name, got, want)
				}
			}
		})
	}
}
