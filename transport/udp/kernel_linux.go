package udp

import (
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// kernel is the system calls of this package, one a method, so that tests can
// count them and let them fail. None of them blocks.
type kernel interface {
	socket(domain int) (fd int, err error)
	omitPMTU(fd, domain int) error
	bind(fd int, local *sockaddr) error
	connect(fd int, server *sockaddr) error
	send(fd int, message []byte) error
	watch(poll, fd int, gen uint32) error
	wait(poll int, ready []unix.EpollEvent) (int, error)
	receive(fd int, in *inbox) (int, error)
	close(fd int)
}

// inbox is what a datagram is received into.
type inbox struct {
	from sockaddr
	buf  [MaxReply + 1]byte // one more, to tell a datagram that is too long
}

// syscalls is the kernel itself. It does not tell the scheduler of its calls:
// they never block, and telling costs more than it gives.
type syscalls struct{}

// failure is what a call came to.
func failure(errno syscall.Errno) error {
	if errno == 0 {
		return nil
	}
	return errno
}

func (syscalls) socket(domain int) (int, error) {
	fd, _, errno := unix.RawSyscall(unix.SYS_SOCKET, uintptr(domain),
		unix.SOCK_DGRAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, unix.IPPROTO_UDP)
	return int(fd), failure(errno)
}

// omitPMTU is what the portable way does in control.
func (syscalls) omitPMTU(fd, domain int) error {
	level, option, value := optionPMTU(domain)
	v := int32(value) // an int in C
	_, _, errno := unix.RawSyscall6(unix.SYS_SETSOCKOPT, uintptr(fd), uintptr(level), uintptr(option),
		uintptr(unsafe.Pointer(&v)), unsafe.Sizeof(v), 0)
	return failure(errno)
}

func (syscalls) bind(fd int, local *sockaddr) error {
	_, _, errno := unix.RawSyscall(unix.SYS_BIND, uintptr(fd), uintptr(unsafe.Pointer(local)), local.size())
	return failure(errno)
}

func (syscalls) connect(fd int, server *sockaddr) error {
	_, _, errno := unix.RawSyscall(unix.SYS_CONNECT, uintptr(fd), uintptr(unsafe.Pointer(server)), server.size())
	return failure(errno)
}

func (syscalls) send(fd int, message []byte) error {
	_, _, errno := unix.RawSyscall(unix.SYS_WRITE, uintptr(fd),
		uintptr(unsafe.Pointer(unsafe.SliceData(message))), uintptr(len(message)))
	return failure(errno)
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

func (syscalls) receive(fd int, in *inbox) (int, error) {
	size := uint32(unsafe.Sizeof(in.from))
	n, _, errno := unix.RawSyscall6(unix.SYS_RECVFROM, uintptr(fd),
		uintptr(unsafe.Pointer(&in.buf)), uintptr(len(in.buf)), 0,
		uintptr(unsafe.Pointer(&in.from)), uintptr(unsafe.Pointer(&size)))
	return int(n), failure(errno)
}

func (syscalls) close(fd int) { _, _, _ = unix.RawSyscall(unix.SYS_CLOSE, uintptr(fd), 0, 0) }
