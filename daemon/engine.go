package daemon

import (
	"context"
	"time"

	"recursor/cache"
	"recursor/cache/aggressive"
	"recursor/cache/answer"
	"recursor/clock"
	"recursor/daemon/config"
	"recursor/dns/wire"
	"recursor/observe"
	"recursor/random"
	"recursor/recursor"
	"recursor/recursor/delegation"
	"recursor/recursor/infra"
	"recursor/recursor/iterate"
	"recursor/serve"
	"recursor/transport"
	"recursor/trust"
	"recursor/validate/sig"
	"recursor/zone"
)

// World is what an Engine lives in: time, the network and chance. The daemon
// gives it the real ones, the testbed simulated ones.
type World struct {
	Clock clock.Clock
	Net   transport.Exchanger
	Seeds random.Seeder
	Watch observe.Observer // nil: nobody watches
	// Hints and Anchors, where set, stand in for those of the configuration.
	Hints   *delegation.Point
	Anchors *trust.Anchors
	// Negatives, where set, stand in for the negative anchors of the
	// configuration.
	Negatives *trust.Negatives
	// State is where the states of anchors are kept; the zero State keeps
	// nothing.
	State State
	// Built is when the program was, so that a clock that reads less is known to
	// be wrong; the zero time does not look at the clock.
	Built time.Time
	// Policy is what the validator accepts; the zero Policy is what validators
	// must.
	Policy sig.Policy
}

// answerShare is the part of the cache's ceiling that finished answers get. They
// are made of what the rest holds, for names that are asked for again; an entry
// of either is about as long.
const answerShare = 4

// denialShare is the part of it that chains of denial get: a record takes about
// twice what an answer does, and stands for many.
const denialShare = 16

// Engine is a resolver from the client's bytes to the upstream's: everything
// but sockets.
type Engine struct {
	Cache    *cache.Cache
	Answers  *answer.Cache
	Denials  *aggressive.Index // nil: off
	Resolver *recursor.Resolver
	// Discovery is what clients are told of the encrypted listeners.
	Discovery *zone.Discovery

	c     *config.Config
	world World
	zones []*delegation.Point
	trust trusted
}

// NewEngine makes the objects of a configuration. It starts nothing.
func NewEngine(c *config.Config, w World) (*Engine, error) {
	if w.Hints == nil {
		root, err := hints(c.RootHints, usable(c), c.Upstream.Port)
		if err != nil {
			return nil, err
		}
		w.Hints = root
	}
	e := &Engine{c: c, world: w, zones: configured(c.Zones), Discovery: new(zone.Discovery)}
	if err := e.newTrusted(); err != nil {
		return nil, err
	}
	size := int64(c.Cache.Size)
	e.Answers = answer.New(answer.Options{Size: size / answerShare})
	stale := c.ServeStale.MaxAge
	if !c.ServeStale.Enabled {
		stale = -1
	}
	share, derived := size/answerShare, []cache.Derived{e.Answers}
	if c.Cache.Aggressive && c.Validation.Mode != config.ValidationOff {
		e.Denials = aggressive.New(aggressive.Options{Size: size / denialShare, MaxTTL: negativeTTL(c)})
		share += size / denialShare
		derived = append(derived, e.Denials)
	}
	e.Cache = cache.New(cache.Options{
		Size:           size - share,
		Derived:        derived,
		MaxStale:       stale,
		MaxTTL:         c.Limits.MaxTTL,
		MaxNegativeTTL: none(c.Limits.MaxNegativeTTL),
		MinTTL:         c.Limits.MinTTL,
		MinNegativeTTL: c.Limits.MinNegativeTTL,
		Types:          c.Limits.TypesPerName,
		FailureFirst:   c.Limits.FailureTTLFirst,
		FailureCeiling: c.Limits.FailureTTLCeiling,
	})
	e.Resolver = recursor.New(recursor.Parts{
		Clock: w.Clock, Net: w.Net, Cache: e.Cache, Seeds: w.Seeds, Watch: w.Watch,
		Denials: e.Denials,
	}, e.recursorOptions())
	return e, nil
}

// negativeTTL is the longest time that an absence is kept, negative for not at
// all.
func negativeTTL(c *config.Config) time.Duration {
	if c.Limits.MaxNegativeTTL == 0 {
		return -1
	}
	return c.Limits.MaxNegativeTTL
}

// Handler serves clients over the Engine. The end of ctx ends its resolutions.
func (e *Engine) Handler(ctx context.Context) *serve.Handler {
	c, l := e.c, &e.c.Limits
	o := serve.Options{
		Clock: e.world.Clock, Resolver: resolver{e}, Observer: e.world.Watch, Random: e.world.Seeds,
		Answers: e.Answers,
		Allow:   c.Access.Allow, Snoop: c.Access.Snoop,
		Identity: c.Identity, Version: c.Version, NSID: []byte(c.NSID),
		UDPDeadline: l.UDPAnswerTime, Deadline: l.AnswerTime, Idle: none(l.TCPIdle),
		Resolutions: l.Resolutions, ResolutionsPerClient: l.ResolutionsPerClient, GiveWay: l.GiveWayAfter, Late: l.LateAnswer,
		Cookies: cookies(&c.Cookies),
	}
	if c.ServeAny == config.ServeAnyFull {
		o.Any = serve.AnyResolved
	}
	if c.Cache.Prefetch {
		o.Refresh = resolver{e}.refresh
	}
	o.Touch = func(k answer.Key, t wire.Type, now time.Time) { e.Cache.Touch(k.Name(), t, now) }
	o.Zones = e.localZones()
	return serve.New(ctx, o)
}

// localZones are answered here; nil: none are.
func (e *Engine) localZones() *zone.Table {
	var table *zone.Table
	if e.c.LocalZones.SpecialUse {
		table = zone.SpecialUse()
	}
	if len(e.c.Listen.Encrypted()) > 0 {
		table = table.With(e.Discovery)
	}
	// A zone that the operator forwards is resolved, whatever is special about its
	// name elsewhere (RFC 6761 §6.2, RFC 8375 §4).
	return table.Transparent(append(names(e.zones), e.c.LocalZones.Except...)...)
}

// recursorOptions are the settings of the resolver.
func (e *Engine) recursorOptions() recursor.Options {
	c, l := e.c, &e.c.Limits
	staleAfter := c.ServeStale.ClientTimeout
	if staleAfter == 0 {
		staleAfter = -1 // at once
	}
	return recursor.Options{
		NoStale: !c.ServeStale.Enabled, StaleAfter: staleAfter,
		StaleTTL: c.ServeStale.AnswerTTL, StaleRetry: c.ServeStale.Retry,
		Walk: iterate.Options{
			Limits: iterate.Limits{
				Sends: l.UpstreamSends, SendsPerName: l.UpstreamSendsPerName, Octets: int(l.UpstreamOctets),
				Depth: l.Depth, Referrals: l.Referrals, Aliases: l.Aliases,
				NSLookups: l.NSLookups, NSLookupsBeside: l.NSLookupsAtOnce, Servers: l.NSPerDelegation,
				Signatures: l.SignatureChecks, FailedSignatures: l.SignatureChecksFailed, Hashes: l.NSEC3Hashes,
				Records: l.RecordsPerRRset, BogusServers: none(l.ServersAfterBogus), Work: l.WorkTime,
				Minimised: l.MinimiseSteps, OneLabel: none(l.MinimiseOneLabel),
			},
			Minimise: minimise(c.Upstream.Minimise),
			Payload:  uint16(c.Upstream.Payload),
			Case:     c.Upstream.CaseRandomisation,
			Cookies:  c.Upstream.Cookies,
			Priming:  c.Upstream.Priming,
			Port:     c.Upstream.Port,
			Usable:   usable(c),
			Sources:  c.Upstream.Source,
			Beside:   !c.MinimalResponses,
		},
		Timing: infra.Timing{
			Sends: l.SendsPerQuestion,
			First: l.FirstTimeout, Ceiling: l.TimeoutCeiling, Typical: infra.DefaultTiming().Typical,
			DownAfter: l.DownAfter, DownFirst: l.DownFirst, DownCeiling: l.DownCeiling,
		},
		Quotas: infra.Quotas{
			Zone: l.FetchesPerZone, Server: l.FetchesPerServer, TopZone: l.FetchesPerTopZone, TopServer: l.FetchesPerTopServer,
		},
		Delegations: delegation.Options{Hints: e.world.Hints, Configured: e.zones, MaxTTL: l.MaxTTL},
		Answer:      l.AnswerTime,
		Judge:       judge(c, &e.world, e.trust.Anchors, e.trust.negatives.Load),
		Verifying:   l.Verifications, VerifyingLine: none(l.VerificationsWaiting),
		Permissive: c.Validation.Mode == config.ValidationPermissive,
	}
}

// none is a setting whose zero the objects that it is for take for "the default":
// they are told a negative one, which is none.
func none[T int | time.Duration](setting T) T {
	if setting == 0 {
		return -1
	}
	return setting
}

// usable tells which servers may be asked.
func usable(c *config.Config) delegation.Usable {
	return delegation.Usable{
		Special: c.Upstream.AllowSpecialAddresses,
		NoIPv4:  !c.Upstream.IPv4, NoIPv6: !c.Upstream.IPv6,
		Own: c.Listen.DNS,
	}
}

func cookies(c *config.Cookies) serve.Cookies {
	var out serve.Cookies
	switch c.Mode {
	case config.CookiesGiven:
	case config.CookiesRequired:
		out.Mode = serve.CookiesRequired
	case config.CookiesIgnored:
		out.Mode = serve.CookiesIgnored
	}
	for _, s := range c.Secrets {
		out.Secrets = append(out.Secrets, s)
	}
	return out
}

func minimise(m config.Minimise) iterate.Minimise {
	switch m {
	case config.MinimiseOff:
		return iterate.Off
	case config.MinimiseStrict:
		return iterate.Strict
	default:
		return iterate.Relaxed
	}
}
