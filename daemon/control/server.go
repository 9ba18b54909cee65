package control

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"sync"
	"time"

	"recursor/clock"
)

const (
	maxConnections = 8
	maxLine        = 1024
	patience       = 30 * time.Second
)

// ErrInUse says that another resolver answers at the socket.
var ErrInUse = errors.New("another resolver listens there")

// Run does what the words of a request say and returns what the operator is to
// read.
type Run func(words []string) (string, error)

// Server serves a control socket. Make it with New.
type Server struct {
	path     string
	clock    clock.Clock
	run      Run
	listener *net.UnixListener
}

// New is a Server for the socket at path, which need not be there.
func New(path string, c clock.Clock, run Run) *Server {
	return &Server{path: path, clock: c, run: run}
}

// Listen makes the socket, for its owner alone. One that a resolver left behind
// is replaced, one that is in use is not.
func (s *Server) Listen() error {
	if info, err := os.Lstat(s.path); err == nil && info.Mode()&os.ModeSocket != 0 {
		if conn, err := net.Dial("unix", s.path); err == nil {
			_ = conn.Close()
			return fmt.Errorf("control.socket: %s: %w", s.path, ErrInUse)
		}
		if err := os.Remove(s.path); err != nil {
			return fmt.Errorf("control.socket: %w", err)
		}
	}
	restore := ownerOnly()
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: s.path, Net: "unix"})
	restore()
	if err != nil {
		return fmt.Errorf("control.socket: %w", err)
	}
	s.listener = l
	return nil
}

// Run serves until ctx ends, and removes the socket.
func (s *Server) Run(ctx context.Context) error {
	defer context.AfterFunc(ctx, func() { _ = s.listener.Close() })()
	var connections sync.WaitGroup
	defer connections.Wait()
	room := make(chan struct{}, maxConnections)
	for {
		conn, err := s.listener.AcceptUnix()
		if ctx.Err() != nil {
			if err == nil {
				_ = conn.Close() // it came too late
			}
			_ = s.listener.Close() // which who waits for the end of ctx may not have done yet, and now does not
			return nil
		}
		if err != nil {
			_ = s.listener.Close()
			return fmt.Errorf("control.socket: %w", err)
		}
		room <- struct{}{}
		connections.Add(1)
		s.clock.Go("control", func() {
			defer connections.Done()
			defer func() { <-room }()
			s.serve(conn)
		})
	}
}

// serve answers one request.
func (s *Server) serve(conn net.Conn) {
	defer func() { _ = conn.Close() }()
	if conn.SetDeadline(s.clock.Now().TTL.Add(patience)) != nil {
		return
	}
	line, err := bufio.NewReader(io.LimitReader(conn, maxLine)).ReadString('\n')
	if err != nil {
		return // gone, or not a line
	}
	text, err := s.run(strings.Fields(line))
	if err != nil {
		_, _ = fmt.Fprintf(conn, "error\n%v\n", err)
		return
	}
	_, _ = fmt.Fprintf(conn, "ok\n%s", text)
}
