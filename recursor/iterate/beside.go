package iterate

import (
	"time"

	"recursor/cache"
	"recursor/dns/rrset"
	"recursor/dns/wire"
	"recursor/recursor/scrub"
)

// keepBeside stores what stood beside the answer of s, where clients are to see
// it too. It is judged like the answer; what fails is dropped, as it is no
// reason to withhold the answer.
func (w *walk) keepBeside(s *Step, sets []rrset.Set) {
	if s.Set == nil {
		return
	}
	var refs []cache.Ref
	for i := range sets {
		h := Held{Set: sets[i]}
		if !w.judgedBeside(s, &h) {
			continue
		}
		rank := cache.RankAdditional
		switch {
		case h.Set.Type != wire.TypeNS:
		case s.AA:
			rank = cache.RankAuthorityAA
		default:
			rank = cache.RankGlue
		}
		h.Set.TTL = w.cache.TTL(h.Set.TTL)
		if w.cache.PutAside(&h.Set, rank, h.Status, w.now) && w.task.Watch != nil {
			w.stored(h.Set.Name, h.Set.Type, "beside", rank.String(), h.Status, h.Set.TTL, w.now)
		}
		s.Beside = append(s.Beside, h)
		refs = append(refs, cache.Ref{Name: h.Set.Name, Type: h.Set.Type})
	}
	until := w.now.Add(time.Duration(w.cache.TTL(s.Set.Set.TTL)) * time.Second)
	w.cache.PutBeside(s.Set.Set.Name, s.Set.Set.Type, refs, until, w.now)
}

// judgedBeside judges a Set that stood beside the answer of s and reports
// whether it may be shown. What nobody needs takes no more than half of the
// checks that the answers of one client may cost.
func (w *walk) judgedBeside(s *Step, h *Held) bool {
	if w.judge == nil || w.cd {
		return true
	}
	if !w.task.Budget.ample() {
		return false
	}
	aside := Step{
		Name: h.Set.Name, Type: h.Set.Type, Target: h.Set.Name, Kind: scrub.Answer, Set: h,
		Zone: s.Zone, Source: s.Source, AA: s.AA, Server: s.Server,
	}
	defer w.tick()
	return w.judge.Judge(w.task, &aside) == nil && h.Status > cache.Unjudged
}
