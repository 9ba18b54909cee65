package wire_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/miekg/dns"

	"recursor/dns/wire"
)

// chain is a message of n pointers, each to the one before, the first to a name.
func chain(n int) (msg []byte, last int) {
	msg = append(make([]byte, wire.HeaderLen), "\x01a\x00"...)
	last = wire.HeaderLen
	for range n {
		msg = append(msg, 0xc0|byte(last>>8), byte(last))
		last = len(msg) - 2
	}
	return msg, last
}

// ladder is a name of labels of one octet, each followed by a pointer to the
// label before.
func ladder(n int) (msg []byte, last int) {
	msg = append(make([]byte, wire.HeaderLen), "\x01a\x00"...)
	last = wire.HeaderLen
	for range n - 1 {
		at := len(msg)
		msg = append(msg, 1, 'a', 0xc0|byte(last>>8), byte(last))
		last = at
	}
	return msg, last
}

// The inputs of RFC 9267 and others like them.
//
// RFC: 1034.6
// RFC: 9267.1
// RFC: 9267.2
func TestAppendName(t *testing.T) {
	label := "\x3f" + strings.Repeat("a", 63)
	h := strings.Repeat("\x00", wire.HeaderLen)
	for _, tc := range []struct {
		name string
		msg  string
		off  int
		want string
		next int
		err  error
	}{
		{"plain", h + "\x03www\x07example\x00", 12, "\x03www\x07example\x00", 25, nil},
		{"case kept", h + "\x03WwW\x00", 12, "\x03WwW\x00", 17, nil},
		{"pointer", h + "\x03www\x00\xc0\x0c", 17, "\x03www\x00", 19, nil},
		{"labels and pointer", h + "\x03www\x00\x01a\xc0\x0c", 17, "\x01a\x03www\x00", 21, nil},
		{"pointer into a name", h + "\x01a\x03www\x00\xc0\x0e", 19, "\x03www\x00", 21, nil},
		{"pointer to the root", h + "\x00\xc0\x0c", 13, "\x00", 15, nil},
		{"RFC 9267 §2: pointer to itself", h + "\xc0\x0c", 12, "", 0, wire.ErrPointer},
		{"RFC 9267 §2: pointer to its own name", h + "\x04test\xc0\x0c", 12, "", 0, wire.ErrPointer},
		{"pointer into its own name", h + "\x01a\x01b\xc0\x0e", 12, "", 0, wire.ErrPointer},
		{"pointer into its own label", h + "\x03\x01a\x00\xc0\x0d", 12, "", 0, wire.ErrPointer},
		{"two pointers in a circle", h + "\xc0\x0e\xc0\x0c", 14, "", 0, wire.ErrPointer},
		{"pointer forward", h + "\xc0\x0e\x01a\x00", 12, "", 0, wire.ErrPointer},
		{"forward by way of backward", h + "\x01a\xc0\x12\xc0\x0c\x01b\x00", 16, "", 0, wire.ErrPointer},
		{"forward, but before the name", h + "\x01a\xc0\x10\x01b\x00\xc0\x0c", 19, "", 0, wire.ErrPointer},
		{"in a circle before the name", h + "\xc0\x0e\xc0\x0c\xc0\x0e", 16, "", 0, wire.ErrPointer},
		{"RFC 9267 §2: pointer beyond the message", h + "\xff\xff", 12, "", 0, wire.ErrPointer},
		{"pointer into the header", h + "\xc0\x00", 12, "", 0, wire.ErrPointer},
		{"pointer to the last octet of the header", h + "\x01a\xc0\x0b", 12, "", 0, wire.ErrPointer},
		{"half a pointer", h + "\xc0", 12, "", 0, wire.ErrShort},
		{"RFC 9267 §2: label type 01", h + "\x41" + strings.Repeat("a", 65) + "\x00", 12, "", 0, wire.ErrLabelType},
		{"label type 10", h + "\x80\x0c\x00", 12, "", 0, wire.ErrLabelType},
		{"RFC 9267 §4: no end", h + "\x03www", 12, "", 0, wire.ErrShort},
		{"label beyond the message", h + "\x04www", 12, "", 0, wire.ErrShort},
		{"nothing", h, 12, "", 0, wire.ErrShort},
		{"beyond the message", h, 13, "", 0, wire.ErrShort},
		{"255 octets", h + label + label + label + "\x3d" + strings.Repeat("a", 61) + "\x00", 12, label + label + label + "\x3d" + strings.Repeat("a", 61) + "\x00", 267, nil},
		{"256 octets", h + label + label + label + "\x3e" + strings.Repeat("a", 62) + "\x00", 12, "", 0, wire.ErrNameLength},
		{"257 octets", h + label + label + label + "\x3f" + strings.Repeat("a", 63) + "\x00", 12, "", 0, wire.ErrNameLength},
		{"256 octets by a pointer", h + label + label + label + "\x00" + "\x3e" + strings.Repeat("a", 62) + "\xc0\x0c", 12 + 193, "", 0, wire.ErrNameLength},
		{"255 octets by a pointer", h + label + label + label + "\x00" + "\x3d" + strings.Repeat("a", 61) + "\xc0\x0c", 12 + 193, "\x3d" + strings.Repeat("a", 61) + label + label + label + "\x00", 12 + 193 + 64, nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, next, err := wire.AppendName([]byte("before"), []byte(tc.msg), tc.off)
			if !errors.Is(err, tc.err) || next != tc.next {
				t.Fatalf("next %d, error %v, want %d, %v", next, err, tc.next, tc.err)
			}
			if err == nil && string(got) != "before"+tc.want {
				t.Errorf("got %q, want %q", got, tc.want)
			}
			if skipped, skipErr := wire.SkipName([]byte(tc.msg), tc.off); err == nil && (skipped != next || skipErr != nil) {
				t.Errorf("skipped to %d, %v, want %d", skipped, skipErr, next)
			}
			_, _, theirErr := dns.UnpackDomainName([]byte(tc.msg), tc.off)
			if err == nil && theirErr != nil {
				t.Errorf("the library refuses it: %v", theirErr)
			}
		})
	}
}

// Pointers to pointers end, however many there are.
//
// RFC: 9267.1
func TestPointerChains(t *testing.T) {
	for _, tc := range []struct {
		n    int
		want error
	}{{1, nil}, {126, nil}, {127, wire.ErrHops}, {5000, wire.ErrHops}} {
		msg, last := chain(tc.n)
		got, _, err := wire.AppendName(nil, msg, last)
		if !errors.Is(err, tc.want) || err == nil && string(got) != "\x01a\x00" {
			t.Errorf("%d pointers: %q, %v, want %v", tc.n, got, err, tc.want)
		}
	}
	msg, last := ladder(127)
	if got, _, err := wire.AppendName(nil, msg, last); err != nil || string(got) != strings.Repeat("\x01a", 127)+"\x00" {
		t.Errorf("127 labels, each behind a pointer: %q, %v", got, err)
	}
	msg, last = ladder(128)
	if got, _, err := wire.AppendName(nil, msg, last); err == nil {
		t.Errorf("128 labels, each behind a pointer: %q", got)
	}
}

// SkipName follows nothing, so it may pass what AppendName refuses, but never
// beyond the message or a name's length.
//
// RFC: 9267.2
func TestSkipName(t *testing.T) {
	for _, tc := range []struct {
		name string
		msg  string
		next int
		err  error
	}{
		{"root", "\x00", 1, nil},
		{"pointer", "\x01a\xff\xff", 4, nil},
		{"half a pointer", "\x01a\xc0", 0, wire.ErrShort},
		{"no end", "\x01a", 0, wire.ErrShort},
		{"label beyond the end", "\x05a", 0, wire.ErrShort},
		{"nothing", "", 0, wire.ErrShort},
		{"label type 01", "\x40", 0, wire.ErrLabelType},
		{"label type 10", "\x80", 0, wire.ErrLabelType},
		{"127 labels", strings.Repeat("\x01a", 127) + "\x00", 255, nil},
		{"128 labels", strings.Repeat("\x01a", 128) + "\x00", 0, wire.ErrNameLength},
	} {
		if next, err := wire.SkipName([]byte(tc.msg), 0); next != tc.next || !errors.Is(err, tc.err) {
			t.Errorf("%s: %d, %v, want %d, %v", tc.name, next, err, tc.next, tc.err)
		}
	}
}

// RFC: 4343.2
func TestQuestion(t *testing.T) {
	msg := append(make([]byte, wire.HeaderLen), "\x03wWw\x07eXample\x00\x00\x1c\x00\x01rest"...)
	cur := wire.NewCursor(msg)
	q, buf, err := cur.Question([]byte("before"))
	if err != nil || q.Name.String() != "www.example." || string(q.Raw) != "\x03wWw\x07eXample\x00" ||
		q.Type != wire.TypeAAAA || q.Class != wire.ClassIN || string(msg[cur.Off:]) != "rest" || string(buf) != "before"+string(q.Raw) {
		t.Errorf("question %+v, %v, at %d", q, err, cur.Off)
	}
	raw := wire.NewCursor(msg)
	r, _, err := raw.RawQuestion(nil)
	if err != nil || !r.Name.IsZero() || string(r.Raw) != string(q.Raw) || r.Type != q.Type || r.Class != q.Class || raw.Off != cur.Off {
		t.Errorf("raw question %+v, %v", r, err)
	}
	for n := wire.HeaderLen; n < cur.Off; n++ {
		short := wire.NewCursor(msg[:n])
		if q, buf, err := short.Question([]byte("before")); !errors.Is(err, wire.ErrShort) || short.Off != wire.HeaderLen || string(buf) != "before" || !q.Name.IsZero() {
			t.Errorf("%d octets: %+v, %v", n, q, err)
		}
	}
}

// RFC: 9267.3
func TestRR(t *testing.T) {
	fixed := "\x00\x01\x00\x01\x80\x00\x00\x01\x00\x04abcd"
	msg := append(make([]byte, wire.HeaderLen), "\x01a\x00"+fixed+"\xc0\x0c"+fixed...)
	cur := wire.NewCursor(msg)
	for _, want := range []wire.RR{
		{Off: 12, Type: 1, Class: 1, TTL: 0x80000001, Start: 25, End: 29},
		{Off: 29, Type: 1, Class: 1, TTL: 0x80000001, Start: 41, End: 45},
	} {
		rr, err := cur.RR()
		if err != nil || rr != want || cur.Off != want.End {
			t.Errorf("%+v, %v, want %+v", rr, err, want)
		}
	}
	if _, err := cur.RR(); !errors.Is(err, wire.ErrShort) {
		t.Errorf("a record beyond the end: %v", err)
	}
	for n := wire.HeaderLen; n < 29; n++ {
		short := wire.NewCursor(msg[:n])
		if rr, err := short.RR(); !errors.Is(err, wire.ErrShort) || short.Off != wire.HeaderLen {
			t.Errorf("%d octets: %+v, %v", n, rr, err)
		}
	}
}

func TestCursorAllocatesNothing(t *testing.T) {
	msg := record(wire.TypeMX, "\x00\x0a\xc0\x0c")
	want := "\x00\x0a" + host
	buf := make([]byte, 0, 512)
	bad := 0
	allocs := testing.AllocsPerRun(100, func() {
		cur := wire.NewCursor(msg)
		q, b, err := cur.RawQuestion(buf)
		rr, rrErr := cur.RR()
		if err != nil || rrErr != nil || string(q.Raw) != host {
			bad++
		}
		if b, _, err = wire.AppendName(b[:0], msg, rr.Off); err != nil || string(b) != host {
			bad++
		}
		if b, err = wire.AppendRData(b[:0], msg, rr); err != nil || string(b) != want || wire.CheckRData(rr.Type, b) != nil {
			bad++
		}
		canon := wire.AppendCanonical(b, rr.Type, b)[len(b):]
		if !wire.SameRData(rr.Type, b, canon) {
			bad++
		}
	})
	if allocs != 0 || bad != 0 {
		t.Errorf("%v allocations, %d failures", allocs, bad)
	}
}
