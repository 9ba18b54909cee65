package udp

import (
	"encoding/binary"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// envelope is the memory of the system call that sends a reply. Like that of a
// batch, the scheduler is not told of it.
type envelope struct {
	msg   []byte
	to    unix.RawSockaddrInet6 // or an Inet4, which is shorter
	size  uintptr
	errno syscall.Errno
	post  func(fd uintptr) // e.send, made once
}

func (e *envelope) send(fd uintptr) {
	_, _, e.errno = unix.RawSyscall6(unix.SYS_SENDTO, fd,
		uintptr(unsafe.Pointer(unsafe.SliceData(e.msg))), uintptr(len(e.msg)), unix.MSG_DONTWAIT,
		uintptr(unsafe.Pointer(&e.to)), e.size)
}

// quick sends the reply of m, where that takes an address and nothing else. Where
// it returns false nothing was sent: package net waits where a queue is full, and
// says what is wrong.
func (m *miss) quick(msg []byte) bool {
	client := m.client.Addr()
	if m.origin.addr.IsValid() || client.Zone() != "" || len(msg) == 0 {
		return false
	}
	e := &m.envelope
	if e.post == nil {
		e.post = e.send
	}
	e.msg, e.errno = msg, 0
	if client.Is4() {
		to := (*unix.RawSockaddrInet4)(unsafe.Pointer(&e.to))
		*to = unix.RawSockaddrInet4{Family: unix.AF_INET, Addr: client.As4(), Port: network(m.client.Port())}
		e.size = unsafe.Sizeof(*to)
	} else {
		e.to = unix.RawSockaddrInet6{Family: unix.AF_INET6, Addr: client.As16(), Port: network(m.client.Port())}
		e.size = unsafe.Sizeof(e.to)
	}
	err := m.socket.raw.Control(e.post)
	e.msg = nil
	return err == nil && e.errno == 0
}

// network is a port as it stands in memory in network order.
func network(port uint16) uint16 {
	var b [2]byte
	binary.BigEndian.PutUint16(b[:], port)
	return binary.NativeEndian.Uint16(b[:])
}
