package iterate

import (
	"errors"
	"sync/atomic"
	"time"

	"recursor/dns/ede"
)

// Limits bound the work of one client query. The zero value of a field is its
// default; DESIGN and the reference configuration give ranges and reasons.
type Limits struct {
	Sends            int           // upstream, everything included; 100
	SendsPerName     int           // for each name fetched; 32
	Octets           int           // from upstream; 256 KiB
	Depth            int           // nested look-ups; 6
	Referrals        int           // of one walk; 30
	Aliases          int           // CNAME and DNAME steps; 12
	NSLookups        int           // of addressless name servers per client query; 10
	NSLookupsBeside  int           // of them at a time; 5
	Servers          int           // kept of a delegation; 13
	Records          int           // in an RRset; 500
	BogusServers     int           // others asked after a bogus answer; 5, negative for none
	Signatures       int           // verified; 64
	FailedSignatures int           // of them that may fail; 16
	Hashes           int           // of NSEC3; 400
	Minimised        int           // minimised questions of one walk; 10
	OneLabel         int           // of them that reveal one label each; 4, negative for none
	Work             time.Duration // 10 s
}

// WithDefaults fills in what is zero.
func (l Limits) WithDefaults() Limits {
	set := func(p *int, v int) {
		if *p == 0 {
			*p = v
		}
	}
	set(&l.Sends, 100)
	set(&l.SendsPerName, 32)
	set(&l.Octets, 256<<10)
	set(&l.Depth, 6)
	set(&l.Referrals, 30)
	set(&l.Aliases, 12)
	set(&l.NSLookups, 10)
	set(&l.NSLookupsBeside, 5)
	set(&l.Servers, 13)
	set(&l.Records, 500)
	set(&l.BogusServers, 5)
	set(&l.Signatures, 64)
	set(&l.FailedSignatures, 16)
	set(&l.Hashes, 400)
	set(&l.Minimised, 10)
	set(&l.OneLabel, 4)
	if l.Work == 0 {
		l.Work = 10 * time.Second
	}
	return l
}

// Errors of spent budgets. None is evidence about a name (RFC 9520 §2).
var (
	ErrSends      = errors.New("limit of upstream queries reached")
	ErrOctets     = errors.New("limit of octets from upstream reached")
	ErrDepth      = errors.New("look-ups nested too deep")
	ErrReferrals  = errors.New("too many referrals")
	ErrNSLookups  = errors.New("limit of name server look-ups reached")
	ErrSignatures = errors.New("limit of signature checks reached")
	ErrHashes     = errors.New("limit of NSEC3 hashes reached")
	ErrAgain      = errors.New("enough servers asked after bogus keys")
	ErrDeadline   = errors.New("time for the query is over")
	ErrAliases    = errors.New("alias chain too long")
	ErrAliasLoop  = errors.New("alias loop")
	ErrFetches    = errors.New("too many questions to the zone are under way")
)

// Budget is what is left for one client query; all its sub-queries share it.
type Budget struct {
	sends, octets, lookups     atomic.Int64
	signatures, failed, hashes atomic.Int64
	again                      atomic.Int64
	limits                     *Limits
	end                        time.Time
	trouble                    atomic.Pointer[string]
}

// NewBudget is a whole budget that ends at end.
func NewBudget(l *Limits, end time.Time) *Budget { return &Budget{limits: l, end: end} }

// Sends counts what was sent so far.
func (b *Budget) Sends() int { return int(b.sends.Load()) }

// Trouble is what the latest search for the client met so far, "" where it met
// nothing.
func (b *Budget) Trouble() string {
	if s := b.trouble.Load(); s != nil {
		return *s
	}
	return ""
}

// send takes one send, an error where there is none left.
func (b *Budget) send(now time.Time) error {
	if !now.Before(b.end) {
		return spent(ErrDeadline)
	}
	if b.sends.Add(1) > int64(b.limits.Sends) {
		b.sends.Add(-1)
		return spent(ErrSends)
	}
	return nil
}

// receive takes the octets of a reply.
func (b *Budget) receive(n int) error {
	if b.octets.Add(int64(n)) > int64(b.limits.Octets) {
		return spent(ErrOctets)
	}
	return nil
}

// lookup takes one look-up of a name server's address.
func (b *Budget) lookup() error {
	if b.lookups.Add(1) > int64(b.limits.NSLookups) {
		return spent(ErrNSLookups)
	}
	return nil
}

// Signature takes one signature check.
func (b *Budget) Signature() error { return take(&b.signatures, 1, b.limits.Signatures, ErrSignatures) }

// Again takes one more question for keys or DS records that were bogus. All the
// answers that are judged for a client share what one may cost: or each of them
// would have the servers of its zone asked once more ("Roll Over and Die").
func (b *Budget) Again() error { return take(&b.again, 1, b.limits.BogusServers, ErrAgain) }

// ample reports whether more than half of the signature checks are left.
func (b *Budget) ample() bool { return b.signatures.Load()*2 < int64(b.limits.Signatures) }

// Failed takes one signature check that failed (KeyTrap, CVE-2023-50387).
func (b *Budget) Failed() error {
	return take(&b.failed, 1, b.limits.FailedSignatures, ErrSignatures)
}

// Hashes takes n NSEC3 hashes (CVE-2023-50868).
func (b *Budget) Hashes(n int) error { return take(&b.hashes, n, b.limits.Hashes, ErrHashes) }

func take(from *atomic.Int64, n, limit int, err error) error {
	if from.Add(int64(n)) > int64(limit) {
		return spent(err)
	}
	return nil
}

// spent makes the error of a spent budget.
func spent(err error) error { return &ede.Error{Code: ede.Other, Err: err} }
