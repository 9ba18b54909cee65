package stream

import (
	"bytes"
	"errors"
	"io"
	"testing"
	"testing/iotest"
)

// segments hands out a stream cut at the offsets given, each piece in a read
// of its own.
type segments struct {
	stream []byte
	cuts   []int
	off    int
}

func (s *segments) Read(p []byte) (int, error) {
	if s.off == len(s.stream) {
		return 0, io.EOF
	}
	end := len(s.stream)
	for _, cut := range s.cuts {
		if cut > s.off && cut < end {
			end = cut
		}
	}
	n := copy(p, s.stream[s.off:end])
	s.off += n
	return n, nil
}

// all reads a stream to its end.
func all(r io.Reader) (messages [][]byte, err error) {
	in := newFrames(r)
	for {
		m, err := in.next()
		if err != nil {
			return messages, err
		}
		messages = append(messages, m)
	}
}

// RFC: 7766.6, 1034.6
func TestFramesAreReadHoweverTheyAreCut(t *testing.T) {
	first, second := question(1, "a"), question(2, "bb")
	stream := append(framed(first), framed(second)...)
	for cut := range stream {
		got, err := all(&segments{stream: stream, cuts: []int{cut}})
		if len(got) != 2 || !bytes.Equal(got[0], first) || !bytes.Equal(got[1], second) || !errors.Is(err, ErrLost) {
			t.Errorf("cut at %d: %x, %v", cut, got, err)
		}
	}
	if got, _ := all(iotest.OneByteReader(bytes.NewReader(stream))); len(got) != 2 {
		t.Errorf("octet by octet: %x", got)
	}
}

func TestHowFramesEnd(t *testing.T) {
	whole := framed(question(1, "a"))
	for n := range whole {
		want := ErrHalf
		if n == 0 {
			want = ErrLost
		}
		if got, err := all(bytes.NewReader(whole[:n])); !errors.Is(err, want) || !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) || got != nil {
			t.Errorf("%d octets: %x, %v; want %v", n, got, err, want)
		}
		r := io.MultiReader(bytes.NewReader(whole[:n]), iotest.ErrReader(errors.ErrUnsupported))
		if _, err := all(r); !errors.Is(err, want) || !errors.Is(err, errors.ErrUnsupported) {
			t.Errorf("%d octets and an error: %v; want %v", n, err, want)
		}
	}
	for length := range 12 {
		if _, err := all(bytes.NewReader(append([]byte{0, byte(length)}, whole...))); !errors.Is(err, ErrGarbage) {
			t.Errorf("a message of %d octets: %v", length, err)
		}
	}
}

func TestTheLongestMessage(t *testing.T) {
	long := append(question(1, "a"), make([]byte, maxMessage)...)[:maxMessage]
	got, err := all(bytes.NewReader(appendFrame(nil, long, 1)))
	if len(got) != 1 || !bytes.Equal(got[0], long) || !errors.Is(err, ErrLost) {
		t.Errorf("%d messages, %v", len(got), err)
	}
}

func TestAppendFrame(t *testing.T) {
	message := question(0x1234, "a")
	kept := bytes.Clone(message)
	got := appendFrame([]byte("x"), message, 0xabcd)
	want := append([]byte("x"), framed(question(0xabcd, "a"))...)
	if !bytes.Equal(got, want) || !bytes.Equal(message, kept) {
		t.Errorf("%x, want %x; the message is now %x", got, want, message)
	}
}

// A stream gives the same messages and the same end, whether it comes whole,
// octet by octet, or cut anywhere; and what it gives, framed, is the stream.
func FuzzFrames(f *testing.F) {
	f.Add(append(framed(question(1, "a")), framed(question(2, "bb"))...), 3)
	f.Add(framed(question(1, "a"))[:5], 1)
	f.Add([]byte{0, 3, 1, 2, 3}, 2)
	f.Add([]byte{0}, 0)
	f.Add([]byte{0xff, 0xff, 0}, 2)
	f.Fuzz(func(t *testing.T, stream []byte, cut int) {
		want, wantErr := all(bytes.NewReader(stream))
		kind := func(err error) string {
			for _, k := range []error{ErrLost, ErrHalf, ErrGarbage} {
				if errors.Is(err, k) {
					return k.Error()
				}
			}
			t.Fatalf("an error of no kind: %v", err)
			return ""
		}
		for name, r := range map[string]io.Reader{
			"octet by octet": iotest.OneByteReader(bytes.NewReader(stream)),
			"cut":            &segments{stream: stream, cuts: []int{cut, cut * 2, cut * 3}},
			"halves":         iotest.HalfReader(bytes.NewReader(stream)),
		} {
			got, err := all(r)
			if len(got) != len(want) || kind(err) != kind(wantErr) {
				t.Fatalf("%s: %d messages and %v, whole: %d and %v", name, len(got), err, len(want), wantErr)
			}
			for i := range got {
				if !bytes.Equal(got[i], want[i]) {
					t.Fatalf("%s: message %d differs", name, i)
				}
			}
		}
		var again []byte
		for _, m := range want {
			again = appendFrame(again, m, uint16(m[0])<<8|uint16(m[1]))
		}
		if !bytes.HasPrefix(stream, again) {
			t.Fatalf("%x, framed again: %x", stream, again)
		}
		if rest := stream[len(again):]; (len(rest) == 0) != errors.Is(wantErr, ErrLost) {
			t.Fatalf("%x is left and the error is %v", rest, wantErr)
		}
	})
}
