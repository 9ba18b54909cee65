package udp

import (
	"encoding/binary"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"
)

// controlOctets is what the kernel wrote behind packet i.
func (r *ring) controlOctets(i int) []byte {
	return unsafe.Slice((*byte)(unsafe.Pointer(&r.inControl[i])), int(r.in[i].hdr.Controllen))
}

// FuzzControl holds the reading and writing of control messages to
// golang.org/x/net: whatever the kernel says, both see the same origin, and
// what is sent back says the same.
func FuzzControl(f *testing.F) {
	f.Add(true, []byte("\x20\x01\x0d\xb8\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01\x02\x00\x00\x00"))
	f.Add(true, []byte("\xfe\x80\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01\x02\x00\x00\x00"))
	f.Add(true, []byte("\xff\x02\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01\x02\x00\x00\x00"))
	f.Add(false, []byte("\x02\x00\x00\x00\xc0\x00\x02\x01\xc0\x00\x02\x01"))
	f.Add(false, []byte("\x02\x00\x00\x00\xa9\xfe\x02\x01\xa9\xfe\x02\x01"))
	f.Add(false, []byte("\x02\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"))
	f.Fuzz(func(t *testing.T, v6 bool, data []byte) {
		r := newRing(v6, true)
		if len(data) < r.dataLen() {
			return
		}
		info := &r.inControl[0]
		copy(info.data[:r.dataLen()], data)
		if !v6 { // a unicast packet: they differ only for broadcasts, which x/net cannot tell
			copy(info.data[sentTo4At:], info.data[local4At:sentTo4At])
		}
		ifIndex := ifIndex4At
		if v6 {
			ifIndex = ifIndex6At
		}
		// Interfaces are counted from 1, in an int.
		binary.NativeEndian.PutUint32(info.data[ifIndex:], binary.NativeEndian.Uint32(info.data[ifIndex:])&(1<<31-1)|1)
		info.hdr.Level, info.hdr.Type = r.controlKind()
		info.hdr.SetLen(unix.CmsgLen(r.dataLen()))
		r.in[0].hdr.SetControllen(unix.CmsgSpace(r.dataLen()))

		from, ok := r.origin(0)
		plain, plainOK := parseOrigin(r.controlOctets(0), v6)
		if from != plain || ok != plainOK {
			t.Fatalf("%x: origin %v, %t; by x/net %v, %t", info.data, from, ok, plain, plainOK)
		}
		if !ok {
			return
		}
		r.address(0, 0, 20, from)
		ours := unsafe.Slice((*byte)(unsafe.Pointer(&r.outInfo[0])), unix.CmsgLen(r.dataLen()))
		theirs := from.control()[:unix.CmsgLen(r.dataLen())]
		if string(ours) != string(theirs) {
			t.Fatalf("from %v: control message %x, by x/net %x", from, ours, theirs)
		}
	})
}

// Without the control message that was asked for, nothing is answered.
func TestControlOfAnotherKind(t *testing.T) {
	for _, v6 := range []bool{false, true} {
		r := newRing(v6, true)
		info := &r.inControl[0]
		for i := range info.data {
			info.data[i] = 0x20 // a unicast address either way
		}
		info.hdr.Level, info.hdr.Type = r.controlKind()
		r.in[0].hdr.SetControllen(unix.CmsgSpace(r.dataLen()))
		if _, ok := r.origin(0); !ok {
			t.Errorf("v6 %t: the right kind has no origin", v6)
		}
		info.hdr.Type++
		if _, ok := r.origin(0); ok {
			t.Errorf("v6 %t: another type has an origin", v6)
		}
		info.hdr.Type--
		r.in[0].hdr.SetControllen(0)
		if _, ok := r.origin(0); ok {
			t.Errorf("v6 %t: nothing has an origin", v6)
		}
		r.rearm(1)
		if got := int(r.in[0].hdr.Controllen); got != int(unsafe.Sizeof(packetInfo{})) {
			t.Errorf("v6 %t: %d octets of room for the next control message", v6, got)
		}
	}
}
