package recursor

import (
	"errors"
	"time"

	"recursor/cache"
	"recursor/dns/ede"
	"recursor/observe"
	"recursor/recursor/iterate"
	"recursor/validate"
)

// keepFailure stores why a name could not be resolved. When no server at all
// has answered since the walk began, by steady time, the network is the likely
// cause: then the failure is kept for the least time and does not grow, so that
// names come back as soon as the network does.
func (r *Resolver) keepFailure(k iterate.Key, err error, began time.Time) {
	now := r.Clock.Now().TTL
	f := cache.Failure{Code: ede.CodeOf(err), Text: err.Error()}
	f.Judging = !k.CD && judging(err)
	if !r.servers.AliveSince(began) {
		r.Cache.ClearFailure(k.Name, k.Type)
	}
	if r.hasStale(k) { // what is served meanwhile makes no hurry (RFC 8767 §5)
		f.Least = r.o.StaleRetry
	}
	f = r.Cache.PutFailure(k.Name, k.Type, f, now)
	if r.Watch != nil {
		r.Watch.Observe(observe.Stored{
			At: now, Name: k.Name, Type: uint16(k.Type), What: "failure",
			Status: f.Text, TTL: uint32(f.Until.Sub(now).Round(time.Second) / time.Second),
		})
	}
}

// judgingFailed reports whether a failure of validation is remembered.
func (r *Resolver) judgingFailed(k iterate.Key) bool {
	f, ok := r.Cache.GetFailure(k.Name, k.Type, r.Clock.Now().TTL)
	return ok && f.Judging
}

// judging reports whether a failure is one of validation, which does not concern
// clients that check for themselves (RFC 4035 §3.2.2).
func judging(err error) bool {
	var refused bogus
	return errors.As(err, &refused) || errors.Is(err, validate.ErrFetch) || validation(ede.CodeOf(err))
}

// validation reports whether a failure that others remembered was one of
// validation.
func validation(c ede.Code) bool {
	return c >= ede.DNSSECIndeterminate && c <= ede.NSECMissing || c == ede.SignatureExpiredEarly || c == ede.UnsupportedNSEC3Iter
}
