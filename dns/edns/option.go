package edns

import (
	"encoding/binary"
	"encoding/hex"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"recursor/dns/domain"
	"recursor/dns/ede"
)

// The functions here read and write the data of one option, without its code
// and length: put what an Append function made into an Option.

// keepaliveUnit is the unit of TIMEOUT (RFC 7828 §3.1).
const keepaliveUnit = 100 * time.Millisecond

// ParseKeepalive reads the data of an edns-tcp-keepalive option. given is false
// where TIMEOUT was omitted, as it is in queries.
func ParseKeepalive(data []byte) (timeout time.Duration, given bool, err error) {
	switch len(data) {
	case 0:
		return 0, false, nil
	case 2:
		return time.Duration(binary.BigEndian.Uint16(data)) * keepaliveUnit, true, nil
	default:
		return 0, false, badOption(Keepalive)
	}
}

// AppendKeepalive appends a TIMEOUT in units of 100 ms, cut to what sixteen bits
// hold. A query sends the option without data instead.
func AppendKeepalive(dst []byte, timeout time.Duration) []byte {
	units := min(max(timeout/keepaliveUnit, 0), 0xffff)
	return binary.BigEndian.AppendUint16(dst, uint16(units))
}

// AppendPadding appends n octets of padding, zero as RFC 7830 §3 wants them.
func AppendPadding(dst []byte, n int) []byte {
	for range n {
		dst = append(dst, 0)
	}
	return dst
}

// PaddingLen is how many octets of padding bring a message, that has length
// octets without the option, to a multiple of block (RFC 8467 §4.1) or, where
// that is beyond limit, to the limit. False: not even the empty option fits.
func PaddingLen(length, block, limit int) (n int, ok bool) {
	length += optionHeader
	if length > limit {
		return 0, false
	}
	n = (block - length%block) % block
	return min(n, limit-length), true
}

// ParseEDE reads the data of an Extended DNS Error. The text comes from outside:
// what is not printable UTF-8 is replaced, so that it may stand in a log or an
// answer, and a final NUL is no part of it (RFC 8914 §2).
func ParseEDE(data []byte) (ede.Note, error) {
	if len(data) < 2 {
		return ede.Note{}, badOption(EDE)
	}
	text := strings.TrimSuffix(string(data[2:]), "\x00")
	return ede.Note{Code: ede.Code(binary.BigEndian.Uint16(data)), Text: printable(text)}, nil
}

// AppendEDE appends the data of an Extended DNS Error.
func AppendEDE(dst []byte, n ede.Note) []byte {
	dst = binary.BigEndian.AppendUint16(dst, uint16(n.Code))
	return append(dst, n.Text...)
}

// printable replaces everything in s that is not one line of printable UTF-8.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return utf8.RuneError
	}, s)
}

// ParseReportChannel reads the agent domain of a Report-Channel option: one
// uncompressed name and nothing after it (RFC 9567 §5).
func ParseReportChannel(data []byte) (domain.Name, error) {
	name, n, err := domain.FromWire(data)
	if err != nil || n != len(data) {
		return domain.Name{}, badOption(ReportChannel)
	}
	return name, nil
}

// AppendReportChannel appends the agent domain.
func AppendReportChannel(dst []byte, agent domain.Name) []byte { return agent.AppendWire(dst) }

// ParseKeyTag appends the key tags of an edns-key-tag option to dst: one or more
// (RFC 8145 §4.1).
func ParseKeyTag(dst []uint16, data []byte) ([]uint16, error) {
	if len(data) == 0 || len(data)%2 != 0 {
		return dst, badOption(KeyTag)
	}
	for ; len(data) > 0; data = data[2:] {
		dst = append(dst, binary.BigEndian.Uint16(data))
	}
	return dst, nil
}

// AppendKeyTag appends key tags.
func AppendKeyTag(dst []byte, tags ...uint16) []byte {
	for _, tag := range tags {
		dst = binary.BigEndian.AppendUint16(dst, tag)
	}
	return dst
}

// NSIDText is a name server identifier for people: in hexadecimal, for its
// octets mean nothing (RFC 5001 §2.4), with the text behind it where all of
// them are printable ASCII.
func NSIDText(data []byte) string {
	text := hex.EncodeToString(data)
	for _, c := range data {
		if c < ' ' || c > '~' {
			return text
		}
	}
	if len(data) == 0 {
		return text
	}
	return text + ` ("` + string(data) + `")`
}
