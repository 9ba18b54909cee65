package text

import (
	"fmt"
	"strings"

	"github.com/miekg/dns"

	"recursor/dns/domain"
	"recursor/dns/rrset"
	"recursor/dns/wire"
)

// defaultTTL stands in for a TTL that neither the line, nor one before it, nor
// $TTL gives. Zone files say one; what people type in tests does not.
const defaultTTL = 3600

// ParseRRs reads lines of a zone file (RFC 1035 §5.1) and makes Sets of them, in
// the order of each Set's first record; RRSIGs go to the Set they cover. Names
// without final dot are relative to origin, which may be the zero Name where
// there are none. A type that the library does not know is read as RFC 3597 §5
// writes it. $INCLUDE is an error.
func ParseRRs(text string, origin domain.Name) ([]rrset.Set, error) {
	p := dns.NewZoneParser(strings.NewReader(text), origin.String(), "")
	p.SetDefaultTTL(defaultTTL)
	var f folder
	for rr, ok := p.Next(); ok; rr, ok = p.Next() {
		if err := f.fold(rr); err != nil {
			return nil, err
		}
	}
	if err := p.Err(); err != nil {
		return nil, fmt.Errorf("text: %w", err)
	}
	return f.sets.Sets(), nil
}

// EachRR hands the records of a zone file to f, each with the line on which it
// ends. It stops at the first error, of f or of the file, which is as ParseRRs
// has it.
func EachRR(text string, origin domain.Name, f func(line int, r rrset.Record) error) error {
	in := &lines{Reader: strings.NewReader(text)}
	p := dns.NewZoneParser(in, origin.String(), "")
	p.SetDefaultTTL(defaultTTL)
	for rr, ok := p.Next(); ok; rr, ok = p.Next() {
		line := in.ended
		if in.more { // the newline was read too
			line++
		}
		var one folder
		if err := one.fold(rr); err != nil {
			return fmt.Errorf("line %d: %s", line, strings.TrimPrefix(err.Error(), "text: "))
		}
		for _, set := range one.sets.Sets() {
			for r := range set.Records() {
				if err := f(line, r); err != nil {
					return err
				}
			}
		}
	}
	if err := p.Err(); err != nil {
		return fmt.Errorf("text: %w", err)
	}
	return nil
}

// lines counts the lines that are read. The library reads octet by octet where
// it can, and no further than to the end of a record.
type lines struct {
	*strings.Reader
	ended int
	more  bool // the last octet was not the end of a line
}

// ReadByte implements io.ByteReader.
func (l *lines) ReadByte() (byte, error) {
	c, err := l.Reader.ReadByte()
	if err == nil {
		if l.more = c != '\n'; !l.more {
			l.ended++
		}
	}
	return c, err
}

// FromRRs makes Sets of the library's records.
func FromRRs(rrs []dns.RR) ([]rrset.Set, error) {
	var f folder
	for _, rr := range rrs {
		if err := f.fold(rr); err != nil {
			return nil, err
		}
	}
	return f.sets.Sets(), nil
}

// ToRRs makes the library's records of s: its records, then its signatures.
func ToRRs(s *rrset.Set) ([]dns.RR, error) {
	var rrs []dns.RR
	for r := range s.Records() {
		rr, err := unpack(r)
		if err != nil {
			return nil, fmt.Errorf("text: %s %s: %w", s.Name, r.Type, err)
		}
		rrs = append(rrs, rr)
	}
	return rrs, nil
}

// SetString is the records of s and then its signatures, one a line, in the
// order in which the Set holds them.
func SetString(s *rrset.Set) string {
	var b strings.Builder
	for r := range s.Records() {
		b.WriteString(Line(r))
		b.WriteByte('\n')
	}
	return b.String()
}

// Line is one record in presentation form, fields parted by tabs, without end of
// line. Where the library does not know the type, or would not read back what it
// writes, it is the form of RFC 3597 §5.
func Line(r rrset.Record) string {
	rr, err := unpack(r)
	if _, unknown := rr.(*dns.RFC3597); err == nil && !unknown {
		if line := rr.String(); printable(line) && readsBack(line, r) {
			return line
		}
	}
	owner, _, _ := dns.UnpackDomainName(r.Owner, 0) // the owner of a Set is a name
	class := r.Class.String()
	if r.Class > wire.ClassHS { // ANY is a type too, where people write lines
		class = fmt.Sprintf("CLASS%d", r.Class)
	}
	return fmt.Sprintf("%s\t%d\t%s\tTYPE%d\t\\# %d %X", owner, r.TTL, class, r.Type, len(r.RData), r.RData)
}

// RDataString is the RDATA of a record in presentation form.
func RDataString(r rrset.Record) string {
	line := Line(r)
	for range 4 { // owner, TTL, class and type
		_, line, _ = strings.Cut(line, "\t")
	}
	return line
}

// printable reports whether s is one line; what the library makes of NULL and
// OPT is not.
func printable(s string) bool {
	return strings.IndexFunc(s, func(c rune) bool { return (c < ' ' || c > '~') && c != '\t' }) < 0
}

// readsBack reports whether the library makes r of line.
func readsBack(line string, r rrset.Record) bool {
	rr, err := dns.NewRR(line)
	if err != nil || rr == nil {
		return false
	}
	var f folder
	again, err := f.pack(rr)
	return err == nil && string(again) == string(appendRecord(nil, r))
}
