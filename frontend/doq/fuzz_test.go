package doq

import (
	"bytes"
	"errors"
	"testing"

	"recursor/frontend"
)

// Whatever a stream carries, it is one query behind its length, or an error.
func FuzzStream(f *testing.F) {
	f.Add(framed(query(0, 'h')))
	f.Add(framed(query(0, 'h'), query(0, 'h')))
	f.Add([]byte{0, 13, 0})
	f.Add(framed(append(query(0), 0, 0, 41, 4, 208, 0, 0, 0, 0, 0, 4, 0, 11, 0, 0)))
	f.Fuzz(func(t *testing.T, octets []byte) {
		msg, err := read(bytes.NewReader(octets), new(frontend.Unfinished))
		if err == nil {
			err = judge(msg)
		}
		if err != nil {
			var broken violation
			if !errors.As(err, &broken) {
				t.Errorf("%v of octets that all arrived", err)
			}
			return
		}
		if !bytes.Equal(framed(msg), octets) || frontend.Judge(msg) != frontend.IsQuery || msg[0]|msg[1] != 0 {
			t.Errorf("%x was read as %x", octets, msg)
		}
	})
}
