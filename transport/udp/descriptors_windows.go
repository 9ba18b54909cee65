package udp

import (
	"errors"

	"golang.org/x/sys/windows"
)

// descriptors is how many sockets to have open at most; the system has no
// limit of its own but memory.
func descriptors() int { return 16_384 }

// taken: the port belongs to another program, or to a range that the system
// keeps for itself.
func taken(err error) bool {
	return errors.Is(err, windows.WSAEADDRINUSE) || errors.Is(err, windows.WSAEACCES)
}

// passing: the error concerns a packet and not the exchange: one longer than
// the buffer.
func passing(err error) bool {
	return errors.Is(err, windows.WSAEMSGSIZE)
}
