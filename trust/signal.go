package trust

import (
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"time"

	"recursor/dns/domain"
	"recursor/dns/wire"
	"recursor/validate/sig"
)

// tags are the tags of the keys of a zone that may be used now, in order.
func (a *Anchors) tags(zone domain.Name, now time.Time) []uint16 {
	var tags []uint16
	for i := range a.zones[zone] {
		switch k := &a.zones[zone][i]; {
		case !k.Valid(now):
		case k.Type == wire.TypeDS:
			tags = append(tags, binary.BigEndian.Uint16(k.RData))
		default:
			tags = append(tags, sig.Tag(k.RData))
		}
	}
	slices.Sort(tags)
	return slices.Compact(tags)
}

// maxTags is how many tags a label has room for beside "_ta".
const maxTags = 12

// Signal is the name that tells the servers of a zone which of its keys are
// trusted (RFC 8145 §5.1); false where none is, or there are too many.
func (a *Anchors) Signal(zone domain.Name, now time.Time) (domain.Name, bool) {
	tags := a.tags(zone, now)
	if len(tags) == 0 || len(tags) > maxTags {
		return domain.Name{}, false
	}
	var b strings.Builder
	b.WriteString("_ta")
	for _, t := range tags {
		fmt.Fprintf(&b, "-%04x", t)
	}
	name, err := zone.Prepend(b.String())
	return name, err == nil // too long a name is none
}

// Sentinel is what the root key sentinel (RFC 8509) makes of the answer to a
// question: Fails where a validator is to answer SERVFAIL.
type Sentinel bool

// What it comes to.
const (
	Passes Sentinel = false
	Fails  Sentinel = true
)

// Sentinel looks at the name of a question for A or AAAA whose answer is secure
// (RFC 8509 §2.2). Only keys that are trusted count.
func (a *Anchors) Sentinel(name domain.Name, now time.Time) Sentinel {
	const prefix, is, not, digits = "root-key-sentinel-", "is-ta-", "not-ta-", 5
	label, begins := strings.CutPrefix(name.FirstLabel(), prefix)
	if !begins {
		return Passes
	}
	number, asksIs := strings.CutPrefix(label, is)
	if !asksIs {
		var asksNot bool
		if number, asksNot = strings.CutPrefix(label, not); !asksNot {
			return Passes
		}
	}
	tag := 0
	for i := range len(number) {
		if number[i] < '0' || number[i] > '9' {
			return Passes
		}
		tag = tag*10 + int(number[i]-'0')
	}
	if len(number) != digits || tag > 0xffff {
		return Passes
	}
	return Sentinel(slices.Contains(a.tags(domain.Root(), now), uint16(tag)) != asksIs)
}
