//go:build unix

package udp

import (
	"errors"
	"math"

	"golang.org/x/sys/unix"
)

// descriptors is how many the process may have open. The runtime has raised
// the soft limit to the hard one already.
func descriptors() int {
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		return 1024 // what POSIX systems grant at the very least in practice
	}
	return int(min(limit.Cur, math.MaxInt32))
}

// taken: the port belongs to another program, or may not be bound (security
// modules reserve ports by name).
func taken(err error) bool {
	return errors.Is(err, unix.EADDRINUSE) || errors.Is(err, unix.EACCES)
}

// passing: the error concerns a packet and not the exchange. With
// IP_PMTUDISC_OMIT an ICMP message «fragmentation needed» still surfaces once,
// as an error of the socket; it is nobody's word (RFC 9715 §3.1).
func passing(err error) bool {
	return errors.Is(err, unix.EMSGSIZE)
}
