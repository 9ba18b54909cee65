//go:build !linux

package udp

import "syscall"

// control has nothing to set: these systems do no path MTU discovery for UDP
// unless asked.
func control(string, string, syscall.RawConn) error { return nil }

func newSockets(x *Exchanger) sockets { return newPortable(x) }
