package config

import (
	"fmt"
	"math"
	"net/url"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"recursor/daemon/spelling"
)

// scalar reads the text of a single value: reports and false where n is none of
// the kinds wanted.
func (r *reader) scalar(at string, n *node, wanted string, kinds ...kind) (string, bool) {
	if slices.Contains(kinds, n.kind) {
		return n.text, true
	}
	what, remedies := "is "+n.kind.String(), []string{"allowed: " + wanted}
	if n.kind == text {
		what = fmt.Sprintf("%q is text", n.text)
		if digits(n.text) || slices.Contains([]string{"true", "false"}, n.text) {
			remedies = append(remedies, "remove the quotes")
		}
	}
	r.report(n, at, what, remedies...)
	return "", false
}

// rangeValue is a number with a unit and a range.
type rangeValue[T ~int | ~int64 | ~uint16] struct {
	at               *T
	least, def, most T
	unit, such       string
	kinds            []kind // of YAML scalars
	parse            func(string) (T, error)
	print            func(T) string
}

func (b *rangeValue[T]) reset()      { *b.at = b.def }
func (b *rangeValue[T]) target() any { return b.at }

func (b *rangeValue[T]) magnitude() int64 { return int64(*b.at) }
func (b *rangeValue[T]) lower(to int64)   { *b.at = T(to) }

func (b *rangeValue[T]) lines() []string { return []string{b.print(*b.at)} }

func (b *rangeValue[T]) describe() string { return b.unit + b.bounds() }

func (b *rangeValue[T]) bounds() string {
	return fmt.Sprintf("; min %s, default %s, max %s", b.print(b.least), b.print(b.def), b.print(b.most))
}

func (b *rangeValue[T]) read(r *reader, at string, n *node) {
	allowed := b.unit + b.such + b.bounds()
	word, ok := r.scalar(at, n, allowed, b.kinds...)
	if !ok {
		return
	}
	v, err := b.parse(word)
	switch {
	case err != nil:
		r.report(n, at, fmt.Sprintf("%q %s", word, err), "allowed: "+allowed)
	case v < b.least || v > b.most:
		r.report(n, at, fmt.Sprintf("%q %s", word, errRange), "allowed: "+allowed)
	default:
		*b.at = v
	}
}

func number[T ~int | ~int64 | ~uint16](at *T, least, def, most T) value {
	return &rangeValue[T]{
		at: at, least: least, def: def, most: most, unit: "a whole number", kinds: []kind{numeral},
		parse: func(s string) (T, error) {
			// A leading zero means eight to some and ten to others.
			if !digits(strings.TrimPrefix(s, "-")) || len(s) > 1 && s[0] == '0' {
				return 0, errNoNumber
			}
			v, err := strconv.ParseInt(s, 10, 64)
			if err != nil || v < 0 || v > int64(most) {
				return 0, errRange // and may be too large for T
			}
			return T(v), nil
		},
		print: func(v T) string { return strconv.FormatInt(int64(v), 10) },
	}
}

func port(at *uint16, def uint16) value { return number(at, 1, def, math.MaxUint16) }

func duration(at *time.Duration, least, def, most time.Duration) value {
	return &rangeValue[time.Duration]{
		at: at, least: least, def: def, most: most, unit: "a time", such: " such as 500ms, 30s, 5m, 1h, 1d", kinds: []kind{text, numeral},
		parse: parseDuration, print: formatDuration,
	}
}

func size(at *Size, least, def, most Size) value {
	return &rangeValue[Size]{
		at: at, least: least, def: def, most: most, unit: "a size", such: " such as 256MB, 256MiB, 1GB, or octets", kinds: []kind{text, numeral},
		parse: parseSize, print: Size.String,
	}
}

// count, span and octets are the rows of the table of limits.
func count(path string, at *int, least, def, most int, doc string) key {
	return key{path: path, doc: doc, value: number(at, least, def, most)}
}

func span(path string, at *time.Duration, least, def, most time.Duration, doc string) key {
	return key{path: path, doc: doc, value: duration(at, least, def, most)}
}

func octets(path string, at *Size, least, def, most Size, doc string) key {
	return key{path: path, doc: doc, value: size(at, least, def, most)}
}

// toggle is the default of a switch.
type toggle bool

const (
	off toggle = false
	on  toggle = true
)

// boolValue is true or false.
type boolValue struct {
	at  *bool
	def toggle
}

func truth(at *bool, def toggle) value { return &boolValue{at, def} }

func (f *boolValue) reset()           { *f.at = bool(f.def) }
func (f *boolValue) target() any      { return f.at }
func (f *boolValue) lines() []string  { return []string{strconv.FormatBool(*f.at)} }
func (f *boolValue) describe() string { return fmt.Sprintf("true or false; default %t", bool(f.def)) }

func (f *boolValue) read(r *reader, at string, n *node) {
	if said, ok := r.scalar(at, n, f.describe(), boolean); ok {
		*f.at = strings.EqualFold(said, "true")
	}
}

// choiceValue is one of a few words.
type choiceValue[T ~string] struct {
	at      *T
	def     T
	allowed []T
}

func choice[T ~string](at *T, def T, allowed ...T) value {
	return &choiceValue[T]{at, def, allowed}
}

func (w *choiceValue[T]) reset()          { *w.at = w.def }
func (w *choiceValue[T]) target() any     { return w.at }
func (w *choiceValue[T]) lines() []string { return []string{string(*w.at)} }

func (w *choiceValue[T]) names() []string {
	names := make([]string, len(w.allowed))
	for i, a := range w.allowed {
		names[i] = string(a)
	}
	return names
}

func (w *choiceValue[T]) describe() string {
	return fmt.Sprintf("one of %s; default %s", strings.Join(w.names(), ", "), w.def)
}

func (w *choiceValue[T]) read(r *reader, at string, n *node) {
	said, ok := r.scalar(at, n, w.describe(), text, numeral, boolean)
	if !ok {
		return
	}
	if slices.Contains(w.allowed, T(said)) {
		*w.at = T(said)
		return
	}
	remedies := []string{"allowed: " + w.describe()}
	if meant, ok := spelling.Nearest(said, w.names()); ok {
		remedies = append([]string{fmt.Sprintf("did you mean %q?", meant)}, remedies...)
	}
	r.report(n, at, fmt.Sprintf("%q is not known", said), remedies...)
}

// textValue is a text that clients are told, "" by default.
type textValue struct{ at *string }

// maxWords is the longest character-string (RFC 1035 §3.3).
const maxWords = 255

func words(at *string) value { return &textValue{at} }

func (p *textValue) reset()           { *p.at = "" }
func (p *textValue) target() any      { return p.at }
func (p *textValue) lines() []string  { return []string{strconv.Quote(*p.at)} }
func (p *textValue) describe() string { return "printable ASCII, at most 255 octets; default \"\"" }

func (p *textValue) read(r *reader, at string, n *node) {
	said, ok := r.scalar(at, n, p.describe(), text, numeral)
	switch {
	case !ok:
	case len(said) > maxWords:
		r.report(n, at, fmt.Sprintf("has %d octets", len(said)), "allowed: "+p.describe())
	case strings.ContainsFunc(said, func(c rune) bool { return c < ' ' || c > '~' }):
		r.report(n, at, "has other characters than printable ASCII", "allowed: "+p.describe())
	default:
		*p.at = said
	}
}

// pathValue is the path of a file, "" by default; relative ones are resolved.
type pathValue struct{ at *string }

func file(at *string) value { return &pathValue{at} }

func (p *pathValue) reset()           { *p.at = "" }
func (p *pathValue) target() any      { return p.at }
func (p *pathValue) lines() []string  { return []string{strconv.Quote(filepath.ToSlash(*p.at))} }
func (p *pathValue) describe() string { return "the path of a file; default \"\"" }

func (p *pathValue) read(r *reader, at string, n *node) {
	said, ok := r.scalar(at, n, p.describe(), text, numeral)
	if ok && said != "" {
		*p.at = r.resolve(said)
	}
}

// StateOff is the folder for state that stands for none.
const StateOff = "off"

// folderValue is the path of a folder, "" by default, or off.
type folderValue struct{ at *string }

func folder(at *string) value { return &folderValue{at} }

func (p *folderValue) reset()           { *p.at = "" }
func (p *folderValue) target() any      { return p.at }
func (p *folderValue) lines() []string  { return []string{strconv.Quote(filepath.ToSlash(*p.at))} }
func (p *folderValue) describe() string { return "the path of a folder, or \"off\"; default \"\"" }

func (p *folderValue) read(r *reader, at string, n *node) {
	said, ok := r.scalar(at, n, p.describe(), text, numeral)
	switch {
	case !ok:
	case said == "", said == StateOff:
		*p.at = said
	default:
		*p.at = r.resolve(said)
	}
}

// urlPathValue is the path of a URL, or of a URI template for queries (RFC 8484 §3).
type urlPathValue struct {
	at  *string
	def string
}

func urlPath(at *string, def string) value { return &urlPathValue{at, def} }

func (p *urlPathValue) reset()          { *p.at = p.def }
func (p *urlPathValue) target() any     { return p.at }
func (p *urlPathValue) lines() []string { return []string{strconv.Quote(*p.at)} }
func (p *urlPathValue) describe() string {
	return fmt.Sprintf("a path that begins with / and needs no escaping; default %s", p.def)
}

func (p *urlPathValue) read(r *reader, at string, n *node) {
	said, ok := r.scalar(at, n, p.describe(), text)
	said = strings.TrimSuffix(said, "{?dns}")
	switch {
	case !ok:
	case !strings.HasPrefix(said, "/") || len(said) > maxWords || (&url.URL{Path: said}).EscapedPath() != said:
		r.report(n, at, fmt.Sprintf("%q is no such path", said), "allowed: "+p.describe())
	default:
		*p.at = said
	}
}

// timeValue is a point in time, none by default.
type timeValue struct{ at *time.Time }

func instant(at *time.Time) value { return &timeValue{at} }

func (m *timeValue) reset()      { *m.at = time.Time{} }
func (m *timeValue) target() any { return m.at }

func (m *timeValue) lines() []string {
	if m.at.IsZero() {
		return []string{`""`}
	}
	return []string{strconv.Quote(m.at.Format(time.RFC3339))}
}

func (m *timeValue) describe() string {
	return "2020-10-20T00:00:00Z (RFC 3339), 20201020000000 or seconds since 1970 (RFC 4034 §3.2), or \"\"; default \"\""
}

func (m *timeValue) read(r *reader, at string, n *node) {
	said, ok := r.scalar(at, n, m.describe(), text, numeral)
	if !ok {
		return
	}
	t, err := parseMoment(said)
	if err != nil {
		r.report(n, at, fmt.Sprintf("%q %s", said, err), "allowed: "+m.describe())
		return
	}
	*m.at = t
}
