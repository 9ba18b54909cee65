package rfc5011

import (
	"encoding/base64"
	"errors"
	"fmt"
	"hash/crc32"
	"strconv"
	"strings"
	"time"

	"recursor/dns/domain"
)

// Errors of a state that was stored.
var (
	ErrVersion  = errors.New("rfc5011: not a state of version 1")
	ErrChecksum = errors.New("rfc5011: checksum does not match")
	ErrLine     = errors.New("rfc5011: line that cannot be read")
)

const version = "recursor rfc5011 1"

// Encode writes points as text, with a checksum in its last line.
func Encode(points []Point) []byte {
	var b strings.Builder
	b.WriteString(version + "\n")
	for i := range points {
		p := &points[i]
		fmt.Fprintf(&b, "point %s updated %s next %s retry %d\n", p.Zone, stamp(p.Updated), stamp(p.Next), int64(p.Retry/time.Second))
		for rd := range p.DS.All() {
			fmt.Fprintf(&b, "ds %s\n", base64.StdEncoding.EncodeToString(rd))
		}
		for j := range p.Keys {
			k := &p.Keys[j]
			fmt.Fprintf(&b, "key %s tag %d since %s until %s seen %s by %s rdata %s\n", k.State, k.Tag(),
				stamp(k.Since), stamp(k.Until), stamp(k.Seen), tags(k.By), base64.StdEncoding.EncodeToString(k.RData))
		}
	}
	fmt.Fprintf(&b, "checksum %08x\n", crc32.ChecksumIEEE([]byte(b.String())))
	return []byte(b.String())
}

// stamp writes a time to the second, "-" for the zero time.
func stamp(t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return t.UTC().Format(time.RFC3339)
}

func tags(list []uint16) string {
	words := make([]string, 0, len(list))
	for _, t := range list {
		words = append(words, strconv.Itoa(int(t)))
	}
	if len(words) == 0 {
		return "-"
	}
	return strings.Join(words, ",")
}

// Decode reads what Encode wrote. An error means that nothing of it is to be
// believed.
func Decode(data []byte) ([]Point, error) {
	body, sum, ok := strings.Cut(string(data), "checksum ")
	if !strings.HasPrefix(body, version+"\n") {
		return nil, ErrVersion
	}
	if !ok || sum != fmt.Sprintf("%08x\n", crc32.ChecksumIEEE([]byte(body))) {
		return nil, ErrChecksum
	}
	var points []Point
	for i, line := range strings.Split(strings.TrimSuffix(body, "\n"), "\n")[1:] {
		if err := decodeLine(&points, line); err != nil {
			return nil, fmt.Errorf("line %d: %w", i+2, err)
		}
	}
	return points, nil
}

func decodeLine(points *[]Point, line string) error {
	word, rest, _ := strings.Cut(line, " ")
	r := reader{words: strings.Fields(rest)}
	if word == "point" {
		p := Point{Zone: r.zone(), Updated: r.time("updated"), Next: r.time("next"), Retry: time.Duration(r.number("retry", 1<<31)) * time.Second}
		*points = append(*points, p)
		return r.end()
	}
	if len(*points) == 0 {
		return ErrLine
	}
	p := &(*points)[len(*points)-1]
	switch word {
	case "ds":
		p.DS = p.DS.Append(r.octets(""))
	case "key":
		k := Key{State: r.state()}
		r.number("tag", 1<<16) // for people
		k.Since, k.Until, k.Seen, k.By = r.time("since"), r.time("until"), r.time("seen"), r.tags("by")
		k.RData = r.octets("rdata")
		p.Keys = append(p.Keys, k)
	default:
		return ErrLine
	}
	return r.end()
}

// reader takes the words of a line in order; the first that does not fit makes
// the line unreadable.
type reader struct {
	words []string
	err   error
}

// next is the next word, behind the one given, which must come first.
func (r *reader) next(before string) string {
	if before != "" && r.next("") != before {
		r.err = ErrLine
	}
	if len(r.words) == 0 {
		r.err = ErrLine
		return ""
	}
	w := r.words[0]
	r.words = r.words[1:]
	return w
}

func (r *reader) end() error {
	if len(r.words) > 0 {
		return ErrLine
	}
	return r.err
}

func (r *reader) note(err error) {
	if err != nil && r.err == nil {
		r.err = fmt.Errorf("%w: %w", ErrLine, err)
	}
}

func (r *reader) zone() domain.Name {
	n, err := domain.Parse(r.next(""))
	r.note(err)
	return n
}

func (r *reader) time(word string) time.Time {
	s := r.next(word)
	if s == "-" {
		return time.Time{}
	}
	t, err := time.Parse(time.RFC3339, s)
	r.note(err)
	return t
}

func (r *reader) number(word string, below int64) int64 {
	n, err := strconv.ParseInt(r.next(word), 10, 64)
	r.note(err)
	if n < 0 || n >= below {
		r.note(strconv.ErrRange)
	}
	return n
}

func (r *reader) state() State {
	s := r.next("")
	for state := AddPend; state <= Removed; state++ {
		if s == state.String() {
			return state
		}
	}
	r.note(ErrLine)
	return 0
}

func (r *reader) tags(word string) (list []uint16) {
	s := r.next(word)
	if s == "-" {
		return nil
	}
	for t := range strings.SplitSeq(s, ",") {
		n, err := strconv.ParseUint(t, 10, 16)
		r.note(err)
		list = append(list, uint16(n))
	}
	return list
}

// octets reads a DNSKEY's or DS's RDATA, which has four octets before the rest.
func (r *reader) octets(word string) []byte {
	b, err := base64.StdEncoding.DecodeString(r.next(word))
	r.note(err)
	if len(b) < 4 || len(b) > 0xffff {
		r.note(ErrLine)
		return make([]byte, 4)
	}
	return b
}
