package doh

import (
	"crypto/tls"
	"errors"
	"io"
	"log" //nolint:depguard // net/http writes its complaints to one of these: here to nobody
	"net"
	"net/http"
	"time"

	"recursor/frontend/tcp"
)

const (
	// maxHeader is room for a query of some 12 KiB in the path; longer ones come
	// in a body.
	maxHeader = 16 << 10
	// window is what a client may send ahead, over HTTP/2: a query is 64 KiB at
	// most.
	window = 128 << 10
)

// newServer is the server of HTTP/1.1 and HTTP/2.
func (l *Listener) newServer() *http.Server {
	o := &l.o
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	protocols.SetHTTP2(o.TLS != nil)
	protocols.SetUnencryptedHTTP2(o.TLS == nil && o.HTTP2 == Library)
	s := &http.Server{
		Handler:   http.HandlerFunc(l.overTCP),
		TLSConfig: o.TLS,
		Protocols: protocols,
		// The time for a header is the time for the handshake before it too.
		ReadHeaderTimeout: o.Limits.FirstQuery,
		ReadTimeout:       o.Limits.FirstQuery,
		IdleTimeout:       o.idleness(),
		MaxHeaderBytes:    maxHeader,
		ErrorLog:          log.New(io.Discard, "", 0),
		ConnContext:       withVisitor,
		ConnState:         told,
		HTTP2: &http.HTTP2Config{
			MaxConcurrentStreams:          o.Limits.Outstanding,
			MaxReceiveBufferPerConnection: window,
			MaxReceiveBufferPerStream:     window / 2,
			MaxDecoderHeaderTableSize:     4096,
			MaxEncoderHeaderTableSize:     4096,
			WriteByteTimeout:              o.Limits.Write,
		},
	}
	if o.HTTP2 == Responder {
		s.TLSNextProto = map[string]func(*http.Server, *tls.Conn, http.Handler){"h2": l.overTLS}
	}
	return s
}

// idleness is for how long the library keeps an idle connection: what is no time,
// it takes for ever. Of HTTP/2 it would end those at once that have yet to ask.
func (o *Options) idleness() time.Duration {
	switch {
	case o.Limits.Idle >= 0:
		return o.Limits.Idle
	case o.HTTP2 == Library:
		return 300 * time.Millisecond
	default:
		return time.Millisecond
	}
}

// overTCP serves a request over HTTP/1.1 or HTTP/2.
func (l *Listener) overTCP(w http.ResponseWriter, r *http.Request) {
	v, ok := r.Context().Value(visitorKey{}).(*visitor)
	if !ok {
		http.Error(w, "no connection", http.StatusInternalServerError)
		return
	}
	v.reach(serving)
	if isPreface(r) && l.o.TLS == nil && l.o.HTTP2 == Responder {
		l.overPlain(w, v)
		return
	}
	if l.endpoint != nil {
		w.Header().Set("Alt-Svc", alternative(v.local.Port()))
	}
	l.request(w, r, peer{client: v.client, local: v.local, place: room{v.slot, &v.unfinished}, lane: v.lane, counters: v.counters})
	v.stage.CompareAndSwap(tooLate, settled) // a body that was wanted is counted already
}

// admission admits the connections of a listener.
type admission struct {
	net.Listener
	to *Listener
}

// Accept implements net.Listener.
func (a admission) Accept() (net.Conn, error) {
	for {
		conn, err := a.Listener.Accept()
		if err != nil {
			if !errors.Is(err, net.ErrClosed) {
				// Out of descriptors, perhaps: an idle connection has one. The library
				// rests before it tries again.
				a.to.o.Connections.Relieve()
			}
			return nil, err
		}
		v := &visitor{
			Socket: tcp.NewSocket(conn, a.to.o.Clock), to: a.to,
			client: addrPort(conn.RemoteAddr()), local: addrPort(conn.LocalAddr()),
		}
		v.lane, v.counters = a.to.single.Worker()
		if slot, ok := a.to.o.Connections.Admit(v.client.Addr(), a.to.o.Clock.Now().TTL, v, &a.to.tally); ok {
			v.slot = slot
			a.to.open.Add(1)
			if a.to.o.TLS == nil || slot.Shake() {
				return v, nil
			}
			_ = v.Close() // it has given way already
			continue
		}
		_ = conn.Close() // it was never used
	}
}
