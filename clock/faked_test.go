package clock_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"recursor/clock"
)

// What the file says is the time at which the process began, from the next look
// on.
func TestFaked(t *testing.T) {
	path := filepath.Join(t.TempDir(), "now")
	say := func(text string) {
		t.Helper()
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	// The test itself takes no minute.
	near := func(got time.Time, want string) {
		t.Helper()
		at, err := time.Parse("2006-01-02 15:04:05", want)
		if err != nil {
			t.Fatal(err)
		}
		if d := got.Sub(at); d < 0 || d > time.Minute {
			t.Errorf("%v, want %v", got, at)
		}
	}
	say("@2007-09-16 13:42:26\n")
	c, err := clock.NewFaked(clock.NewReal(), path)
	if err != nil {
		t.Fatal(err)
	}
	near(c.Now().TTL, "2007-09-16 13:42:26")
	near(c.Now().Signature, "2007-09-16 13:42:26")
	say("# an hour later\n@2007-09-16 13:42:26\n\n@2007-09-16 14:42:26")
	near(c.Now().TTL, "2007-09-16 13:42:26") // nobody looked
	if err := c.Look(); err != nil {
		t.Fatal(err)
	}
	near(c.Now().TTL, "2007-09-16 14:42:26")
	for _, text := range []string{"2007-09-16 13:42:26", "@2007-09-16", "@2007-13-16 13:42:26", "@2007-09-16 13:42:26 CET"} {
		say(text)
		if err := c.Look(); !errors.Is(err, clock.ErrNoDate) {
			t.Errorf("%q: %v", text, err)
		}
		near(c.Now().TTL, "2007-09-16 14:42:26")
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if err := c.Look(); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("%v", err)
	}
	// Whoever writes the file may come after the process.
	late, err := clock.NewFaked(clock.NewReal(), path)
	if !errors.Is(err, clock.ErrNotWritten) {
		t.Errorf("no file: %v", err)
	}
	for _, text := range []string{"", "\n"} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := late.Look(); !errors.Is(err, clock.ErrNotWritten) {
			t.Errorf("%q: %v", text, err)
		}
	}
	if err := os.WriteFile(path, []byte("@2033-01-01 00:00:00\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := late.Look(); err != nil {
		t.Error(err)
	}
	near(late.Now().TTL, "2033-01-01 00:00:00")
}

// Signatures may be judged at a fixed time all the same, and timers are real.
func TestFakedIsRealOtherwise(t *testing.T) {
	path := filepath.Join(t.TempDir(), "now")
	if err := os.WriteFile(path, []byte("@2033-01-01 00:00:00"), 0o600); err != nil {
		t.Fatal(err)
	}
	r := clock.NewReal()
	r.FixedSignature = time.Date(2020, 1, 2, 3, 4, 5, 0, time.UTC)
	c, err := clock.NewFaked(r, path)
	if err != nil {
		t.Fatal(err)
	}
	now := c.Now()
	if !now.Signature.Equal(r.FixedSignature) || now.TTL.Year() != 2033 {
		t.Errorf("%v", now)
	}
	if c.NewSignal().Wait(time.Millisecond) {
		t.Error("a signal that nobody set")
	}
}
