package udp

import (
	"net/netip"
	"unsafe"

	"golang.org/x/sys/unix"
)

// kernel is the system calls of this package, one a method, so that tests can
// count them and let them fail. None of them blocks.
type kernel interface {
	socket(domain int) (fd int, err error)
	omitPMTU(fd, domain int) error
	bind(fd int, local unix.Sockaddr) error
	connect(fd int, server unix.Sockaddr) error
	send(fd int, message []byte) error
	watch(poll, fd int, gen uint32) error
	wait(poll int, ready []unix.EpollEvent) (int, error)
	receive(fd int, in *inbox) (int, error)
	close(fd int)
}

// inbox is what a datagram is received into.
type inbox struct {
	from unix.RawSockaddrAny
	buf  [MaxReply + 1]byte // one more, to tell a datagram that is too long
}

// syscalls is the kernel itself.
type syscalls struct{}

func (syscalls) socket(domain int) (int, error) {
	return unix.Socket(domain, unix.SOCK_DGRAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, unix.IPPROTO_UDP)
}

func (syscalls) omitPMTU(fd, domain int) error { return omitPMTU(fd, domain) }

func (syscalls) bind(fd int, local unix.Sockaddr) error { return unix.Bind(fd, local) }

func (syscalls) connect(fd int, server unix.Sockaddr) error { return unix.Connect(fd, server) }

func (syscalls) send(fd int, message []byte) error {
	_, err := unix.Write(fd, message)
	return err
}

// watch reports a socket once per arrival (edge-triggered): the reader reads
// until nothing is left, and needs no second look at a socket it has closed.
func (syscalls) watch(poll, fd int, gen uint32) error {
	return unix.EpollCtl(poll, unix.EPOLL_CTL_ADD, fd, &unix.EpollEvent{
		Events: unix.EPOLLIN | unix.EPOLLET, Fd: int32(fd), Pad: int32(gen),
	})
}

func (syscalls) wait(poll int, ready []unix.EpollEvent) (int, error) {
	return unix.EpollWait(poll, ready, 0)
}

// receive is recvfrom(2). The one of package unix allocates the address anew
// for each datagram.
func (syscalls) receive(fd int, in *inbox) (int, error) {
	size := uint32(unsafe.Sizeof(in.from))
	n, _, errno := unix.RawSyscall6(unix.SYS_RECVFROM, uintptr(fd),
		uintptr(unsafe.Pointer(&in.buf)), uintptr(len(in.buf)), 0,
		uintptr(unsafe.Pointer(&in.from)), uintptr(unsafe.Pointer(&size)))
	if errno != 0 {
		return 0, errno
	}
	return int(n), nil
}

func (syscalls) close(fd int) { _ = unix.Close(fd) }

// sender is the source address of the datagram, as exchange.server has it.
func (in *inbox) sender() netip.AddrPort {
	switch in.from.Addr.Family {
	case unix.AF_INET:
		sa := (*unix.RawSockaddrInet4)(unsafe.Pointer(&in.from))
		return netip.AddrPortFrom(netip.AddrFrom4(sa.Addr), bigEndian(sa.Port))
	case unix.AF_INET6:
		sa := (*unix.RawSockaddrInet6)(unsafe.Pointer(&in.from))
		return netip.AddrPortFrom(netip.AddrFrom16(sa.Addr), bigEndian(sa.Port))
	default:
		return netip.AddrPort{}
	}
}

// bigEndian reads a port that stands in memory as it does on the wire.
func bigEndian(port uint16) uint16 {
	b := (*[2]byte)(unsafe.Pointer(&port))
	return uint16(b[0])<<8 | uint16(b[1])
}
