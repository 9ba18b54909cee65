package daemon

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"

	"recursor/clock"
	"recursor/daemon/config"
	"recursor/dns/domain"
	"recursor/dns/ede"
	"recursor/dns/rrset"
	"recursor/dns/wire"
	"recursor/recursor"
	"recursor/serve"
	"recursor/trust"
	"recursor/trust/follow"
	"recursor/trust/rfc5011"
)

// trusted is what validation starts from: anchors, which are followed as their
// zones roll their keys, and negative anchors, which end.
type trusted struct {
	*follow.Follower                // nil: the anchors stay as they are
	fixed            *trust.Anchors // where they do
	negatives        atomic.Pointer[trust.Negatives]
}

// newTrusted reads anchors and what is known of them.
func (e *Engine) newTrusted() error {
	c, w := e.c, &e.world
	now := w.Clock.Now().Signature
	e.trust.negatives.Store(w.Negatives)
	if w.Negatives == nil {
		e.trust.negatives.Store(trust.NewNegatives(negatives(c, now)...))
	}
	if e.trust.fixed = w.Anchors; w.Anchors != nil {
		return nil
	}
	keys, err := anchors(c.TrustAnchors)
	if err != nil {
		return err
	}
	if e.trust.fixed = trust.New(keys...); !follows(c) {
		return nil
	}
	o := follow.Options{
		Clock: w.Clock, Keys: keys, Policy: policy(c, w), Watch: w.Watch, Built: w.Built,
		Ask: func(ctx context.Context, zone domain.Name) (rrset.Set, error) {
			return e.Resolver.Anew(ctx, zone, wire.TypeDNSKEY)
		},
		Changed: e.distrust,
	}
	if c.Validation.SignalAnchors {
		o.Signal = func(ctx context.Context, name domain.Name) {
			// What comes of it is of no interest here (RFC 8145 §5.1).
			_, _ = e.Resolver.Resolve(ctx, recursor.Query{Name: name, Type: wire.TypeNULL, Class: wire.ClassIN})
		}
	}
	if file, ok := w.State.File(follow.FileName(keys)); ok {
		o.File = &file
	}
	e.trust.Follower = follow.New(o)
	return nil
}

// follows reports whether the keys of anchors are followed: not where nothing is
// judged, or at a time that stands still or is made up.
func follows(c *config.Config) bool {
	return c.Validation.UpdateAnchors && c.Validation.Mode != config.ValidationOff && c.Validation.FixedTime.IsZero() && c.Clock.File == ""
}

// Anchors are the anchors in use.
func (t *trusted) Anchors() *trust.Anchors {
	if t.Follower == nil {
		return t.fixed
	}
	return t.Follower.Anchors()
}

// Points are the trust points with the states of their keys; none where anchors
// are not followed.
func (e *Engine) Points() []rfc5011.Point {
	if e.trust.Follower == nil {
		return nil
	}
	return e.trust.Points()
}

// distrust forgets what rests on the keys of a zone, and what failed for want of
// them.
func (e *Engine) distrust(zone domain.Name) {
	e.Cache.FlushType(zone, wire.TypeDNSKEY)
	e.Cache.FlushBogus()
	e.Answers.FlushAll()
}

// forget forgets all of a tree (RFC 7646 §4).
func (e *Engine) forget(zone domain.Name) {
	e.Cache.FlushTree(zone)
	e.Cache.FlushBogus()
	e.Answers.FlushAll()
}

// Keep keeps trust up to date until ctx ends: it follows anchors and tests
// whether negative ones are still needed.
func (e *Engine) Keep(ctx context.Context) error {
	if e.c.Validation.Mode == config.ValidationOff {
		return nil
	}
	ended := e.world.Clock.NewSignal()
	e.world.Clock.Go("negative anchors", func() {
		defer ended.Set()
		e.keepNegatives(ctx)
	})
	var err error
	if e.trust.Follower != nil {
		err = e.trust.Run(ctx)
	}
	ended.Wait(clock.Forever)
	return err
}

// amend is what trust has to say to an answer: which negative anchor it owes
// itself to, the root key sentinel, and whether the clock is why it failed.
func (e *Engine) amend(q serve.Question, ans *serve.Answer, err error) error {
	if e.c.Validation.Mode == config.ValidationOff {
		return err
	}
	now := e.world.Clock.Now()
	if err != nil {
		return e.blameClock(ans, err, now)
	}
	if !ans.Secure {
		e.noteNegative(q, ans, now)
		return nil
	}
	if e.c.Validation.RootKeySentinel && !q.CD && (q.Type == wire.TypeA || q.Type == wire.TypeAAAA) &&
		e.trust.Anchors().Sentinel(q.Name, now.Signature) == trust.Fails {
		*ans = serve.Answer{RCode: wire.ServFail, Sends: ans.Sends, From: ans.From}
		return errSentinel
	}
	return nil
}

// errSentinel is the answer to a question that only asks for it (RFC 8509 §2.2).
var errSentinel error = &ede.Error{Code: ede.Other, Err: errors.New("root key sentinel (RFC 8509): the answer is no")}

// blameClock tells with a failure of validation that the clock is wrong, where
// it is: EDE 8, also where it is ahead.
func (e *Engine) blameClock(ans *serve.Answer, err error, now clock.Instant) error {
	var cause *ede.Error
	if e.trust.Follower == nil || !errors.As(err, &cause) || !cause.Code.Validation() {
		return err
	}
	off, wrong := e.trust.Off(now)
	switch {
	case !wrong:
		return err
	case cause.Code == ede.SignatureNotYetValid:
		return &ede.Error{Code: cause.Code, Upstream: cause.Upstream, Err: fmt.Errorf("%w; %w", err, off)}
	}
	ans.Notes = append(ans.Notes, ede.Note{Code: ede.SignatureNotYetValid, Text: off.Error()})
	return err
}
