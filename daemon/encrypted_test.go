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

// One daemon answers the same question over all transports, whatever they
// negotiate, from the certificate that its configuration names.
func TestEveryTransportAnswers(t *testing.T) {
	t.Setenv("QUIC_GO_DISABLE_RECEIVE_BUFFER_WARNING", "true")
	path, _ := certified(t, clock.NewReal().Now().Signature)
	write(t, path, `listen: {dns: ["127.0.0.1:0"], dot: ["127.0.0.1:0"], doh: ["127.0.0.1:0"], doq: ["127.0.0.1:0"]}
tls: {certificate: self-signed.crt, key: self-signed.key}
doh: {path: /q}
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
	defer func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}()
	select {
	case <-ready:
	case err := <-ended:
		ended <- err
		t.Fatal(err)
	}
	at := map[frontend.Transport]string{}
	for _, l := range d.listeners.Listeners {
		at[l.Stats().Transport] = l.Addrs()[0].String()
	}
	trust := func(protocol string) *tls.Config {
		return &tls.Config{InsecureSkipVerify: true, ServerName: "dns.example", NextProtos: []string{protocol}} //nolint:gosec // what is shown is tested in frontend
	}
	q := new(dns.Msg)
	q.SetQuestion("localhost.", dns.TypeA)
	q.SetEdns0(1232, false)
	q.Id = 0 // as DoQ wants it
	query, err := q.Pack()
	if err != nil {
		t.Fatal(err)
	}
	framed := append(binary.BigEndian.AppendUint16(nil, uint16(len(query))), query...)
	exchange := func(c io.ReadWriter, end func() error) []byte {
		_, err := c.Write(framed)
		if err == nil {
			err = end()
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
			t.Error(err)
		}
		return msg
	}
	stays := func() error { return nil }
	post := func(client *http.Client) []byte {
		client.Timeout = 10 * time.Second
		r, err := client.Post("https://"+at[frontend.DoH]+"/q", "application/dns-message", bytes.NewReader(query))
		if err != nil {
			t.Error(err)
			return nil
		}
		defer r.Body.Close()
		msg, _ := io.ReadAll(r.Body)
		return msg
	}
	for name, ask := range map[string]func() []byte{
		"UDP": func() []byte {
			c, err := net.Dial("udp", at[frontend.UDP])
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			msg := make([]byte, 1500)
			_, _ = c.Write(query)
			n, _ := c.Read(msg)
			return msg[:n]
		},
		"TCP": func() []byte {
			c, err := net.Dial("tcp", at[frontend.TCP])
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			return exchange(c, stays)
		},
		"DoT": func() []byte {
			c, err := tls.Dial("tcp", at[frontend.DoT], trust("dot"))
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			return exchange(c, stays)
		},
		"DoH": func() []byte {
			transport := &http.Transport{TLSClientConfig: trust("h2"), ForceAttemptHTTP2: true}
			defer transport.CloseIdleConnections()
			return post(&http.Client{Transport: transport})
		},
		"DoH, HTTP/3": func() []byte {
			transport := &http3.Transport{TLSClientConfig: trust("h3")}
			defer transport.Close()
			return post(&http.Client{Transport: transport})
		},
		"DoQ": func() []byte {
			conn, err := quic.DialAddr(ctx, at[frontend.DoQ], trust("doq"), nil)
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = conn.CloseWithError(0, "") }()
			stream, err := conn.OpenStreamSync(ctx)
			if err != nil {
				t.Fatal(err)
			}
			return exchange(stream, stream.Close)
		},
	} {
		t.Run(name, func(t *testing.T) {
			m := new(dns.Msg)
			if err := m.Unpack(ask()); err != nil {
				t.Fatal(err)
			}
			if m.Rcode != dns.RcodeSuccess || len(m.Answer) != 1 || m.IsEdns0() == nil {
				t.Errorf("answered %v", m)
			}
		})
	}
}
