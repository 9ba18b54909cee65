package daemon

import (
	"recursor/cache"
	"recursor/cache/aggressive"
	"recursor/cache/answer"
	"recursor/frontend"
	"recursor/observe/metrics"
	"recursor/recursor"
	"recursor/serve"
)

// figures are what the resolver counted, for operators. They are summed here,
// from counters that those who count have to themselves.
func (d *Daemon) figures(h *serve.Handler) []metrics.Figure {
	all := answers(h.Stats())
	all = append(all, metrics.Figure{
		Name: "recursor_resolutions_in_progress", Help: "Queries of clients that wait for servers.",
		Kind: metrics.Gauge, Value: float64(h.InProgress()),
	})
	all = append(all, refreshed(h)...)
	all = append(all, d.engine.trustFigures()...)
	all = append(all, listeners(d.listeners.Stats())...)
	if d.tls != nil {
		all = append(all, certificateFigures(d.tls.Leaves())...)
	}
	all = append(all, cached(d.engine.Cache.Stats())...)
	all = append(all, finished(d.engine.Answers.Stats())...)
	if x := d.engine.Denials; x != nil {
		all = append(all, denials(x.Stats())...)
	}
	return append(all, verified(d.engine.Resolver.Verified())...)
}

// figure is a Figure whose labels are names and values in turn.
func figure(name, help string, k metrics.Kind, value float64, labels ...string) metrics.Figure {
	f := metrics.Figure{Name: "recursor_" + name, Help: help, Kind: k, Value: value}
	for i := 0; i+1 < len(labels); i += 2 {
		f.Labels = append(f.Labels, metrics.Label{Name: labels[i], Value: labels[i+1]})
	}
	return f
}

func answers(counts []serve.Count) (all []metrics.Figure) {
	for _, c := range counts {
		rcode := c.RCode.String()
		if c.Other {
			rcode = "other"
		}
		all = append(all, figure("answers_total", "Answers to clients, by where they came from.", metrics.Counter,
			float64(c.N), "transport", c.Transport.String(), "source", c.Source.String(), "rcode", rcode))
	}
	return all
}

func refreshed(h *serve.Handler) []metrics.Figure {
	return []metrics.Figure{figure("prefetches_total", "Answers fetched anew before they ended.", metrics.Counter, float64(h.Refreshes()))}
}

func listeners(stats []frontend.Stats) (all []metrics.Figure) {
	for _, s := range stats {
		for c := range frontend.Counter(len(s.N)) {
			all = append(all, figure("listener_events_total", "What listeners for clients counted.", metrics.Counter,
				float64(s.Of(c)), "transport", s.Transport.String(), "event", c.String()))
		}
	}
	return all
}

func cached(s cache.Stats) []metrics.Figure {
	event := events("rrsets")
	return append(
		sizes("rrsets", s.Size, s.Reserved, s.Used, s.Entries),
		event(s.Hits, "hit"), event(s.Misses, "miss"), event(s.Denials, "denial"), event(s.Failures, "failure"),
		event(s.Stale, "stale"), event(s.Stored, "stored"), event(s.Refused, "refused"), event(s.Evicted, "evicted"),
		event(s.Expired, "expired"),
	)
}

func finished(s answer.Stats) []metrics.Figure {
	event := events("answers")
	return append(
		sizes("answers", s.Size, s.Reserved, s.Used, s.Entries),
		event(s.Hits, "hit"), event(s.Misses, "miss"), event(s.Stored, "stored"), event(s.Unwanted, "unwanted"),
		event(s.Evicted, "evicted"), event(s.Expired, "expired"),
	)
}

// denials are the chains of denial, and the answers that were made of them.
func denials(s aggressive.Stats) []metrics.Figure {
	event := events("denials")
	return []metrics.Figure{
		figure("cache_size_bytes", "The ceiling of a cache.", metrics.Gauge, float64(s.Size), "cache", "denials"),
		figure("cache_used_bytes", "Memory that entries fill.", metrics.Gauge, float64(s.Used), "cache", "denials"),
		event(s.NXDomain, "nxdomain"), event(s.NoData, "nodata"), event(s.Wildcard, "wildcard"), event(s.Added, "stored"),
	}
}

func verified(v recursor.Verified) []metrics.Figure {
	work := func(n uint64, what string) metrics.Figure {
		return figure("validation_work_total", "What validation computed.", metrics.Counter, float64(n), "work", what)
	}
	return []metrics.Figure{work(v.Signatures, "signature"), work(v.Failed, "signature-failed"), work(v.Hashes, "nsec3-hash")}
}

// events makes figures of what happened in a cache: rrsets has all that was
// learnt, denials and failures too, answers what was finished for clients,
// denials the proofs that answer other questions (RFC 8198).
func events(which string) func(n uint64, what string) metrics.Figure {
	return func(n uint64, what string) metrics.Figure {
		return figure("cache_events_total", "What happened in a cache.", metrics.Counter, float64(n), "cache", which, "event", what)
	}
}

// sizes are the octets and entries of a cache.
func sizes(which string, ceiling, reserved, used, entries int64) []metrics.Figure {
	return []metrics.Figure{
		figure("cache_size_bytes", "The ceiling of a cache.", metrics.Gauge, float64(ceiling), "cache", which),
		figure("cache_reserved_bytes", "Memory that a cache can come to use.", metrics.Gauge, float64(reserved), "cache", which),
		figure("cache_used_bytes", "Memory that entries fill.", metrics.Gauge, float64(used), "cache", which),
		figure("cache_entries", "Entries in a cache.", metrics.Gauge, float64(entries), "cache", which),
	}
}
