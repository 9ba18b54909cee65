package doh

import (
	"context"
	"errors"
	"net/http"
	"strconv"

	"github.com/quic-go/quic-go"
	"github.com/quic-go/quic-go/http3"

	"recursor/frontend"
	"recursor/frontend/doq"
)

// uniStreams is what HTTP/3 needs: a control stream and two of QPACK, and room
// for a kind that is not known.
const uniStreams = 4

func (l *Listener) newEndpoint() *doq.Endpoint {
	return doq.NewEndpoint(doq.EndpointOptions{
		Addrs: l.addrs, Clock: l.o.Clock, TLS: l.o.QUIC, Limits: l.o.Limits, Connections: l.o.Connections, Seeds: l.o.Seeds,
		Key: l.o.Key, Transport: frontend.DoH, UniStreams: uniStreams, Refused: uint64(http3.ErrCodeExcessiveLoad),
	})
}

// serve3 serves HTTP/3 until ctx ends.
func (l *Listener) serve3(ctx context.Context) error {
	acceptors, err := l.endpoint.Start()
	if err != nil {
		l.endpoint.Close()
		return err
	}
	server := &http3.Server{
		Handler:        http.HandlerFunc(l.overQUIC),
		MaxHeaderBytes: maxHeader,
		ConnContext: func(ctx context.Context, conn *quic.Conn) context.Context {
			return context.WithValue(ctx, guestKey{}, guest{doq.GuestOf(conn.Context()), l.single.Counters(), conn})
		},
	}
	ended := make(chan error, len(acceptors))
	for _, a := range acceptors {
		l.o.Clock.Go("doh listener (HTTP/3)", func() {
			err := errors.New("doh: HTTP/3 stopped by a panic")
			defer func() { ended <- err }()
			err = server.ServeListener(a)
		})
	}
	running := len(acceptors)
	select {
	case <-ctx.Done():
	case err = <-ended:
		running--
	}
	l.shutdown3(server)
	for range running {
		err = errors.Join(err, <-ended)
	}
	for _, a := range acceptors {
		a.Stop()
	}
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}

// shutdown3 lets requests in progress end, for a while.
func (l *Listener) shutdown3(server *http3.Server) {
	patience, cancel := context.WithCancel(context.Background())
	defer cancel()
	// Clients may keep their connections when told to go, so what counts is the
	// requests; Guest.End tells of the last one.
	defer l.o.Clock.AfterFunc(grace, cancel).Stop()
	_ = server.Shutdown(patience) // where it takes too long, the rest is closed
}

// guest is a connection of HTTP/3.
type guest struct {
	*doq.Guest
	counters *frontend.Counters
	conn     *quic.Conn
}

type guestKey struct{}

// overQUIC serves a request over HTTP/3.
func (l *Listener) overQUIC(w http.ResponseWriter, r *http.Request) {
	g, ok := r.Context().Value(guestKey{}).(guest)
	if !ok {
		http.Error(w, "no connection", http.StatusInternalServerError)
		return
	}
	// The library gives a body no time of its own. It gives none to a header either:
	// that is bounded by the number of streams, and by the time of the connection.
	// Where it cannot be set the stream is closed, and reading says so.
	_ = http.NewResponseController(w).SetReadDeadline(l.o.Clock.Now().TTL.Add(l.o.Limits.FirstQuery))
	client, local := g.Client()
	l.request(w, r, peer{client: client, local: local, place: g.Guest, counters: g.counters})
}

// alternative announces HTTP/3 on the same port for a day (RFC 7838 §3).
func alternative(port uint16) string {
	return `h3=":` + strconv.Itoa(int(port)) + `"; ma=86400`
}
