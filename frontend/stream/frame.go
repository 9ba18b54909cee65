package stream

import "encoding/binary"

// prefixLen is the length of the length (RFC 1035 §4.2.2).
const prefixLen = 2

// Next splits the first message off what was read; false while it is not all
// there.
func Next(octets []byte) (msg, rest []byte, whole bool) {
	if len(octets) < prefixLen {
		return nil, octets, false
	}
	end := prefixLen + int(binary.BigEndian.Uint16(octets))
	if len(octets) < end {
		return nil, octets, false
	}
	return octets[prefixLen:end:end], octets[end:], true
}

// Append appends msg behind its length. Both travel in one write, since there
// are clients that take the length alone for the whole (RFC 7766 §8). msg is at
// most frontend.MaxMessage octets long.
func Append(dst, msg []byte) []byte {
	dst = binary.BigEndian.AppendUint16(dst, uint16(len(msg))) //nolint:gosec // the caller's promise
	return append(dst, msg...)
}
