package stream

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"recursor/dns/wire"
)

// maxMessage is what the length field can say (RFC 1035 §4.2.2).
const maxMessage = 1<<16 - 1

// Errors of outcomes of the kind Broken.
var (
	// ErrLost: the connection ended between two messages.
	ErrLost = errors.New("stream: the connection ended")
	// ErrHalf: the connection ended within a message.
	ErrHalf = errors.New("stream: the connection ended within a message")
	// ErrGarbage: what came is no DNS message, or nothing that was asked for.
	ErrGarbage = errors.New("stream: the server sends garbage")
)

// appendFrame appends a message with its length before it and its ID replaced.
func appendFrame(dst, message []byte, id uint16) []byte {
	dst = binary.BigEndian.AppendUint16(dst, uint16(len(message)))
	dst = binary.BigEndian.AppendUint16(dst, id)
	return append(dst, message[2:]...)
}

// frames reads messages from a stream, however it was cut into segments
// (RFC 7766 §8).
type frames struct{ r *bufio.Reader }

func newFrames(r io.Reader) frames { return frames{bufio.NewReader(r)} }

// next is the next message, in memory of its own. The error is an ErrLost,
// ErrHalf or ErrGarbage.
func (f frames) next() ([]byte, error) {
	high, err := f.r.ReadByte()
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrLost, err)
	}
	low, err := f.r.ReadByte()
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrHalf, err)
	}
	n := int(high)<<8 | int(low)
	if n < wire.HeaderLen {
		return nil, fmt.Errorf("%w: a message of %d octets", ErrGarbage, n)
	}
	message := make([]byte, n)
	if _, err := io.ReadFull(f.r, message); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrHalf, err)
	}
	return message, nil
}
