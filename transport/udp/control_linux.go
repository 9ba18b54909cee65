package udp

import (
	"syscall"

	"golang.org/x/sys/unix"
)

// control sets the options of a socket of the portable way before it is bound.
func control(network, _ string, c syscall.RawConn) error {
	domain := unix.AF_INET
	if network == "udp6" {
		domain = unix.AF_INET6
	}
	var failure error
	level, option, value := optionPMTU(domain)
	if err := c.Control(func(fd uintptr) { failure = unix.SetsockoptInt(int(fd), level, option, value) }); err != nil {
		return err
	}
	return failure
}

// optionPMTU makes the system ignore what it is told about the path's MTU and
// leave DF clear, so that a forged «fragmentation needed» neither shrinks our
// packets nor shows which ports are open (RFC 9715 §3.1).
func optionPMTU(domain int) (level, option, value int) {
	if domain == unix.AF_INET6 {
		return unix.IPPROTO_IPV6, unix.IPV6_MTU_DISCOVER, unix.IPV6_PMTUDISC_OMIT
	}
	return unix.IPPROTO_IP, unix.IP_MTU_DISCOVER, unix.IP_PMTUDISC_OMIT
}
