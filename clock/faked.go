package clock

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"sync/atomic"
	"time"
)

// fakedForm is how a line of the file of a Faked clock is written, in UTC.
const fakedForm = "@2006-01-02 15:04:05"

// ErrNoDate tells that a file says no time.
var ErrNoDate = errors.New("has no line of the form @YYYY-MM-DD HH:MM:SS")

// ErrNotWritten tells that nobody has written into a file yet, or that it is
// not there.
var ErrNotWritten = errors.New("no time is written there yet")

// Faked is a Real clock whose readings another process sets: it writes into a
// file at what time this process is to believe that it began. Timers go on in
// real time. Make it with NewFaked.
type Faked struct {
	*Real
	path   string
	began  time.Time
	ahead  atomic.Int64 // nanoseconds
	signed time.Time    // where signatures are judged at a fixed time
}

// NewFaked is a Faked clock that begins now, and has read the file at path. With
// ErrNotWritten it is good all the same, and goes by the time of the system until
// the file is written.
func NewFaked(c *Real, path string) (*Faked, error) {
	f := &Faked{Real: c, path: path, began: time.Now(), signed: c.FixedSignature}
	return f, f.Look()
}

// Look reads the file again. Where there is no time in it, the one before stays.
func (f *Faked) Look() error {
	text, err := os.ReadFile(f.path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("%w: %w", ErrNotWritten, err)
	case err != nil:
		return err
	case len(bytes.TrimSpace(text)) == 0: // who writes it has just emptied it
		return fmt.Errorf("%s: %w", f.path, ErrNotWritten)
	}
	at, err := fakedTime(text)
	if err != nil {
		return fmt.Errorf("%s %w", f.path, err)
	}
	f.ahead.Store(int64(at.Sub(f.began)))
	return nil
}

// fakedTime is what the last line says that says a time.
func fakedTime(text []byte) (at time.Time, err error) {
	err = ErrNoDate
	for line := range bytes.Lines(text) {
		line = bytes.TrimSpace(line)
		if len(line) == 0 || line[0] == '#' {
			continue
		}
		if at, err = time.Parse(fakedForm, string(line)); err != nil {
			return at, ErrNoDate
		}
	}
	return at, err
}

// Now implements Clock.
func (f *Faked) Now() Instant {
	ahead := time.Duration(f.ahead.Load())
	now := time.Now().Add(ahead)
	i := Instant{TTL: now, Signature: now, Ahead: ahead}
	if !f.signed.IsZero() {
		i.Signature = f.signed
	}
	return i
}
