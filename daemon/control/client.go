package control

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
)

// ErrReply says that what came back is no reply.
var ErrReply = errors.New("no reply that is understood")

// Refused is what the resolver said against a request.
type Refused struct{ Text string }

// Error implements error.
func (r *Refused) Error() string { return r.Text }

// Ask has the resolver at a socket do what the words say, and returns what there
// is to be read. The error is a *Refused where the resolver would not.
func Ask(ctx context.Context, path string, words []string) (string, error) {
	var d net.Dialer
	conn, err := d.DialContext(ctx, "unix", path)
	if err != nil {
		return "", fmt.Errorf("no resolver to speak to: %w", err)
	}
	defer func() { _ = conn.Close() }()
	defer context.AfterFunc(ctx, func() { _ = conn.Close() })()
	if _, err := fmt.Fprintln(conn, strings.Join(words, " ")); err != nil {
		return "", fmt.Errorf("speaking to %s: %w", path, err)
	}
	reply, err := io.ReadAll(conn)
	if err != nil {
		return "", fmt.Errorf("listening to %s: %w", path, err)
	}
	head, text, _ := strings.Cut(string(reply), "\n")
	switch head {
	case "ok":
		return text, nil
	case "error":
		return "", &Refused{strings.TrimSuffix(text, "\n")}
	default:
		return "", fmt.Errorf("%s: %w", path, ErrReply)
	}
}
