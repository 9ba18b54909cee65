package validate

import (
	"fmt"
	"net/netip"
	"strings"
	"time"

	"recursor/dns/domain"
	"recursor/dns/ede"
	"recursor/validate/sig"
)

// Status is what data is worth (RFC 4033 §5). The order is that of worth: an
// answer is worth no more than the least of its parts. The zero Status is
// Bogus, so that what nobody judged is not believed.
type Status uint8

// Statuses.
const (
	// Bogus: it should be secure and is not.
	Bogus Status = iota
	// Indeterminate: no anchor says whether it should be secure.
	Indeterminate
	// Insecure: an anchor's chain proves that it need not be.
	Insecure
	// Secure: a chain of signatures leads from an anchor to it.
	Secure
)

// String is the word of RFC 4033 §5.
func (s Status) String() string {
	switch s {
	case Secure:
		return "secure"
	case Insecure:
		return "insecure"
	case Indeterminate:
		return "indeterminate"
	default:
		return "bogus"
	}
}

// Verdict is a status with its reason and evidence.
type Verdict struct {
	Status Status
	Reason Reason
	// Zone, KeyTag, Algorithm and Server are the evidence: whose signature or
	// delegation decided, and where the data came from. Each may be zero.
	Zone      domain.Name
	KeyTag    uint16
	Algorithm sig.Algorithm
	Server    netip.Addr
	// Expires is when the first of the signatures ends that the verdict rests
	// on; the zero time where it rests on none.
	Expires time.Time
	// TTL is how long, in seconds, the data may be kept (RFC 4035 §5.3.3). What
	// is not secure has the TTL it came with.
	TTL uint32
	// Wildcard tells that the answer was made of a wildcard, OptOut that it
	// rests on a span of opt-out and is insecure for that, Compact that a
	// denial is of RFC 9824 and nothing may be concluded from it but itself.
	Wildcard, OptOut, Compact bool
	// Encloser is, of a Wildcard, the name that it stands below.
	Encloser domain.Name
}

// Note is the verdict for a client (RFC 8914): a code and one line that names
// the zone, the key and the cause. False: there is nothing to tell.
func (v *Verdict) Note() (ede.Note, bool) {
	code, ok := v.Reason.Code()
	if !ok {
		return ede.Note{}, false
	}
	return ede.Note{Code: code, Text: v.String()}, true
}

// String is the verdict in one line.
func (v *Verdict) String() string {
	var b strings.Builder
	if v.Reason == None {
		b.WriteString(v.Status.String())
	} else {
		b.WriteString(v.Reason.String())
	}
	if !v.Zone.IsZero() {
		fmt.Fprintf(&b, ", zone %s", v.Zone)
	}
	if v.Algorithm != 0 {
		fmt.Fprintf(&b, ", key %d (%s)", v.KeyTag, v.Algorithm)
	}
	if v.Server.IsValid() {
		fmt.Fprintf(&b, ", from %s", v.Server)
	}
	return b.String()
}

// until makes the verdict end no later than o does.
func (v *Verdict) until(o time.Time) {
	if !o.IsZero() && (v.Expires.IsZero() || o.Before(v.Expires)) {
		v.Expires = o
	}
}
