package wire

import (
	"encoding/binary"

	"recursor/dns/domain"
)

// AppendRData appends the RDATA of rr with its names decompressed
// (RFC 3597 §4). A known type whose fields do not fit is ErrRData; an unknown
// type, meta types among them, is copied as it is.
func AppendRData(dst, msg []byte, rr RR) ([]byte, error) {
	fields, known := layout(rr.Type)
	if !known {
		return append(dst, msg[rr.Start:rr.End]...), nil
	}
	return appendFields(dst, msg[:rr.End], rr.Start, fields)
}

// CheckRData reports whether the uncompressed RDATA fits its type; unknown
// types always do.
func CheckRData(t Type, rdata []byte) error {
	fields, known := layout(t)
	if !known {
		return nil
	}
	var buf [domain.MaxName]byte
	for off, f := 0, 0; ; f++ {
		if f == len(fields) {
			if off != len(rdata) {
				return ErrRData
			}
			return nil
		}
		var err error
		switch fields[f] {
		case 'n', 'u', 'l':
			_, off, err = appendPlainName(buf[:0], rdata, off)
		default:
			off, err = skipField(rdata, off, fields[f])
		}
		if err != nil {
			return err
		}
	}
}

// appendFields copies fields from off to the end of msg, which is the end of
// the RDATA. Names may point back anywhere in msg.
func appendFields(dst, msg []byte, off int, fields string) ([]byte, error) {
	for i := range len(fields) {
		var err error
		switch fields[i] {
		case 'n':
			dst, off, err = AppendName(dst, msg, off)
		case 'u', 'l':
			dst, off, err = appendPlainName(dst, msg, off)
		default:
			var end int
			if end, err = skipField(msg, off, fields[i]); err == nil {
				dst = append(dst, msg[off:end]...)
				off = end
			}
		}
		if err != nil {
			return dst, err
		}
	}
	if off != len(msg) {
		return dst, ErrRData
	}
	return dst, nil
}

// appendPlainName appends a name that may hold no pointer (RFC 3597 §4).
func appendPlainName(dst, b []byte, off int) ([]byte, int, error) {
	start := off
	for {
		if off >= len(b) {
			return dst, 0, ErrRData
		}
		c := int(b[off])
		if c > domain.MaxLabel {
			return dst, 0, ErrRData
		}
		off += 1 + c
		if off-start > domain.MaxName || off > len(b) {
			return dst, 0, ErrRData
		}
		if c == 0 {
			return append(dst, b[start:off]...), off, nil
		}
	}
}

// skipField returns the offset after the field f at off; b ends where the
// RDATA does.
func skipField(b []byte, off int, f byte) (int, error) {
	left := len(b) - off
	var n int
	switch f {
	case '1', '2', '4', '6', '8':
		n = int(f - '0')
	case 'A':
		n = 16
	case 's', 'h', 'H':
		if left < 1 {
			return 0, ErrRData
		}
		if n = 1 + int(b[off]); n == 1 && f == 'H' {
			return 0, ErrRData
		}
	case 'S':
		return skipStrings(b, off)
	case 'T':
		if left == 0 {
			return off, nil
		}
		n = 1 + int(b[off])
	case 'b':
		return skipBitmap(b, off)
	case 'p':
		return skipParams(b, off)
	case 'R':
		if left < 1 {
			return 0, ErrRData
		}
		n = left
	default: // 'r'
		n = left
	}
	if n > left {
		return 0, ErrRData
	}
	return off + n, nil
}

func skipStrings(b []byte, off int) (int, error) {
	if off == len(b) {
		return 0, ErrRData
	}
	for off < len(b) {
		off += 1 + int(b[off])
	}
	if off != len(b) {
		return 0, ErrRData
	}
	return off, nil
}

// skipBitmap checks that windows ascend and hold 1 to 32 octets
// (RFC 4034 §4.1.2). An empty bitmap is legal in NSEC3 (RFC 5155 §7.1).
func skipBitmap(b []byte, off int) (int, error) {
	for last := -1; off < len(b); {
		if len(b)-off < 2 {
			return 0, ErrRData
		}
		window, n := int(b[off]), int(b[off+1])
		if window <= last || n < 1 || n > 32 || off+2+n > len(b) {
			return 0, ErrRData
		}
		last = window
		off += 2 + n
	}
	return off, nil
}

// skipParams checks that SvcParamKeys ascend and values fit (RFC 9460 §2.2).
func skipParams(b []byte, off int) (int, error) {
	for last := -1; off < len(b); {
		if len(b)-off < 4 {
			return 0, ErrRData
		}
		key, n := int(binary.BigEndian.Uint16(b[off:])), int(binary.BigEndian.Uint16(b[off+2:]))
		if key <= last || off+4+n > len(b) {
			return 0, ErrRData
		}
		last = key
		off += 4 + n
	}
	return off, nil
}

// AppendCanonical appends uncompressed RDATA in canonical form: names lower-cased
// where RFC 4034 §6.2 and RFC 6840 §5.1 say so. What does not fit its type is
// appended as it is from there on.
func AppendCanonical(dst []byte, t Type, rdata []byte) []byte {
	fields, _ := layout(t)
	off := 0
	for i := range len(fields) {
		var end int
		var err error
		switch fields[i] {
		case 'n', 'l':
			start := len(dst)
			if dst, end, err = appendPlainName(dst, rdata, off); err == nil {
				domain.AppendLower(dst[:start], dst[start:])
			}
		case 'u':
			dst, end, err = appendPlainName(dst, rdata, off)
		default:
			if end, err = skipField(rdata, off, fields[i]); err == nil {
				dst = append(dst, rdata[off:end]...)
			}
		}
		if err != nil {
			break
		}
		off = end
	}
	return append(dst, rdata[off:]...)
}

// NameAt is the name that begins at off of uncompressed, checked RDATA: the
// target of NS, CNAME, DNAME, MX (off 2), SRV (off 6), the signer of RRSIG
// (off 18). The error is that of domain.FromWire.
func NameAt(rdata []byte, off int) (domain.Name, error) {
	if off > len(rdata) {
		return domain.Name{}, ErrRData
	}
	n, _, err := domain.FromWire(rdata[off:])
	return n, err
}
