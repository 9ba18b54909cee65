package scenario

import (
	"encoding/base64"
	"encoding/hex"
	"errors"
	"slices"
	"strconv"
	"strings"

	"github.com/miekg/dns"

	"recursor/dns/domain"
	"recursor/dns/rrset"
	"recursor/dns/text"
	"recursor/dns/wire"
)

// zone is what records are read relative to.
type zone struct {
	origin string
	ttl    uint32
}

// defaultTTL is that of a record which names none.
const defaultTTL = 3600

var errRecord = errors.New("a record: owner [ttl] [class] type rdata")

// record reads one line: by the DNS library, or else more leniently, since
// files hold records that are wrong on purpose.
func (z *zone) record(line string) (rrset.Record, error) {
	r, err := z.strict(line)
	if err != nil {
		if mended := mend(line); mended != line {
			r, err = z.strict(mended)
		}
	}
	if err != nil {
		r, err = z.lenient(line)
	}
	return mendDSA(r), err
}

// strict reads a line as the library does.
func (z *zone) strict(line string) (rrset.Record, error) {
	p := dns.NewZoneParser(strings.NewReader(line+"\n"), z.origin, "")
	p.SetDefaultTTL(z.ttl)
	rr, ok := p.Next()
	if !ok {
		return rrset.Record{}, errors.Join(errRecord, p.Err())
	}
	return fromLibrary(rr)
}

// mend writes what other parsers accept in the way of the library: the class
// ANY, fields too many in a SOA, base64 without its padding.
func mend(line string) string {
	words := fields(line)
	for i, w := range words {
		switch {
		case w == "ANY" && i > 0 && i+2 < len(words):
			words[i] = "CLASS255"
		case w == "SOA" && len(words) > i+8:
			return strings.Join(words[:i+8], " ")
		case w == "RRSIG" && len(words) > i+9:
			data := strings.Join(words[i+9:], "")
			for len(data)%4 != 0 {
				data += "="
			}
			return strings.Join(append(words[:i+9:i+9], data), " ")
		}
	}
	return strings.Join(words, " ")
}

// fromLibrary takes a record of the library's by way of its octets.
func fromLibrary(rr dns.RR) (rrset.Record, error) {
	switch rr := rr.(type) { // a bitmap has no order, but the library wants one
	case *dns.NSEC:
		slices.Sort(rr.TypeBitMap)
	case *dns.NSEC3:
		slices.Sort(rr.TypeBitMap)
	}
	buf := make([]byte, dns.Len(rr)+512)
	n, err := dns.PackRR(rr, buf, 0, nil, false)
	if err != nil {
		return rrset.Record{}, err
	}
	c := wire.Cursor{Msg: buf[:n]}
	r, err := c.RR()
	if err != nil {
		return rrset.Record{}, err
	}
	const fixed = 10 // type, class, TTL and length
	return rrset.Record{
		Owner: buf[:r.Start-fixed], Type: r.Type, Class: r.Class, TTL: r.TTL, RData: buf[r.Start:r.End],
	}, nil
}

// lenient reads the records that the library refuses: RDATA as octets
// (RFC 3597 §5) of any type, DS with a digest of the wrong length.
func (z *zone) lenient(line string) (rrset.Record, error) {
	words := fields(line)
	if len(words) < 2 {
		return rrset.Record{}, errRecord
	}
	owner, err := z.name(words[0])
	if err != nil {
		return rrset.Record{}, err
	}
	r := rrset.Record{Owner: owner, Class: wire.ClassIN, TTL: z.ttl}
	for i, w := range words[1:] {
		if n, err := strconv.ParseUint(w, 10, 32); err == nil {
			r.TTL = uint32(n)
		} else if c, err := text.Class(w); err == nil && w != "ANY" {
			r.Class = c
		} else if r.Type, err = text.Type(w); err == nil {
			r.RData, err = z.rdata(r.Type, words[i+2:])
			return r, err
		} else {
			return r, errRecord
		}
	}
	return r, errRecord
}

// rdata reads RDATA that is wrong on purpose.
func (z *zone) rdata(t wire.Type, words []string) ([]byte, error) {
	if len(words) >= 2 && words[0] == `\#` {
		b, err := hex.DecodeString(strings.Join(words[2:], ""))
		if err != nil || strconv.Itoa(len(b)) != words[1] {
			return nil, errors.New(`\# and as many octets in hexadecimal as it says`)
		}
		return b, nil
	}
	switch {
	case (t == wire.TypeDS || t == wire.TypeDNSKEY) && len(words) >= 3:
		n, err1 := strconv.ParseUint(words[0], 10, 16)
		a, err2 := strconv.ParseUint(words[1], 10, 8)
		d, err3 := strconv.ParseUint(words[2], 10, 8)
		decode := hex.DecodeString
		if t == wire.TypeDNSKEY {
			decode = base64.StdEncoding.DecodeString
		}
		b, err4 := decode(strings.Join(words[3:], ""))
		if err := errors.Join(err1, err2, err3, err4); err != nil {
			return nil, err
		}
		return append([]byte{byte(n >> 8), byte(n), byte(a), byte(d)}, b...), nil
	case t == wire.TypePX && len(words) == 3:
		n, err := strconv.ParseUint(words[0], 10, 16)
		if err != nil {
			return nil, err
		}
		rd := []byte{byte(n >> 8), byte(n)}
		for _, w := range words[1:] {
			name, err := z.name(w)
			if err != nil {
				return nil, err
			}
			rd = append(rd, name...)
		}
		return rd, nil
	}
	return nil, errRecord
}

// name is a domain name in wire form, in the case it is written in.
func (z *zone) name(s string) ([]byte, error) {
	s = z.absolute(s)
	if _, err := domain.Parse(s); err != nil {
		return nil, err
	}
	buf := make([]byte, 256)
	n, err := dns.PackDomainName(s, buf, 0, nil, false)
	if err != nil {
		return nil, err
	}
	return buf[:n], nil
}

// absolute completes a name that has no final dot.
func (z *zone) absolute(s string) string {
	switch {
	case s == "@":
		return z.origin
	case dns.IsFqdn(s):
		return s
	case z.origin == ".":
		return s + "."
	default:
		return s + "." + z.origin
	}
}

// question reads a line of a question section.
func (z *zone) question(line string) (*Question, error) {
	words := strings.Fields(line)
	if len(words) < 2 {
		return nil, errors.New("a question: name [class] type")
	}
	owner, err := z.name(words[0])
	if err != nil {
		return nil, errors.New("a domain name")
	}
	q := &Question{Owner: owner, Name: domain.FromValid(owner), Class: wire.ClassIN}
	for i, w := range words[1:] {
		if c, err := text.Class(w); err == nil && (w != "ANY" || i+2 < len(words)) {
			q.Class = c
			continue
		}
		if _, err := strconv.ParseUint(w, 10, 32); err == nil {
			continue // a TTL that has no place here
		}
		if q.Type, err = text.Type(w); err != nil {
			return nil, errors.New("a class or a type")
		}
		return q, nil
	}
	return nil, errors.New("a type")
}
