package domain

import "strings"

// Parse reads presentation form (RFC 1035 §5.1): dots between labels, \DDD and
// \X escapes. A missing final dot is supplied; "" is refused, and so is a blank
// or anything else but printable ASCII that no backslash stands before: it is a
// slip, or a name in another script that needs its A-label (RFC 5890 §2.3.2.1).
func Parse(s string) (Name, error) {
	if s == "." {
		return Root(), nil
	}
	if s == "" {
		return Name{}, ErrEmptyLabel
	}
	var buf [MaxName + 1]byte
	out := append(buf[:0], 0)
	start := 0 // of the label being written
	for i := 0; i < len(s); {
		c := s[i]
		i++
		switch {
		case c == '.':
			if len(out)-start-1 == 0 {
				return Name{}, ErrEmptyLabel
			}
			out[start] = byte(len(out) - start - 1)
			start = len(out)
			out = append(out, 0)
			continue
		case c == '\\':
			var n int
			if c, n = unescape(s[i:]); n == 0 {
				return Name{}, ErrEscape
			}
			i += n
		case c <= ' ' || c > '~':
			return Name{}, ErrUnescaped
		}
		if len(out)-start-1 == MaxLabel {
			return Name{}, ErrLabelLength
		}
		if len(out) >= MaxName {
			return Name{}, ErrNameLength
		}
		out = append(out, c)
	}
	if n := len(out) - start - 1; n > 0 {
		out[start] = byte(n)
		out = append(out, 0)
	}
	if len(out) > MaxName {
		return Name{}, ErrNameLength
	}
	return Name{lowerString(out)}, nil
}

// unescape reads what follows a backslash and tells how many octets it took.
func unescape(s string) (c byte, n int) {
	switch {
	case s == "":
		return 0, 0
	case s[0] < '0' || s[0] > '9':
		return s[0], 1
	case len(s) < 3:
		return 0, 0
	}
	v := 0
	for _, d := range []byte(s[:3]) {
		if d < '0' || d > '9' {
			return 0, 0
		}
		v = v*10 + int(d-'0')
	}
	if v > 255 {
		return 0, 0
	}
	return byte(v), 3
}

// MustParse is Parse for literals: it panics on an error.
func MustParse(s string) Name {
	n, err := Parse(s)
	if err != nil {
		panic("domain: " + s + ": " + err.Error())
	}
	return n
}

// String is the presentation form with its final dot; "" for the zero Name.
// Everything but printable ASCII is escaped, so that it may stand in a log.
func (n Name) String() string {
	if n.IsZero() {
		return ""
	}
	if n.IsRoot() {
		return "."
	}
	var b strings.Builder
	b.Grow(len(n.wire) + 8)
	for off := 0; n.wire[off] != 0; {
		end := off + 1 + int(n.wire[off])
		for _, c := range []byte(n.wire[off+1 : end]) {
			writeEscaped(&b, c)
		}
		b.WriteByte('.')
		off = end
	}
	return b.String()
}

func writeEscaped(b *strings.Builder, c byte) {
	switch {
	case c == '.' || c == '\\' || c == '"' || c == '(' || c == ')' || c == ';' || c == '@' || c == '$':
		b.WriteByte('\\')
		b.WriteByte(c)
	case c <= ' ' || c > '~':
		b.WriteByte('\\')
		b.WriteByte('0' + c/100)
		b.WriteByte('0' + c/10%10)
		b.WriteByte('0' + c%10)
	default:
		b.WriteByte(c)
	}
}
