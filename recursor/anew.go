package recursor

import (
	"context"
	"errors"

	"recursor/dns/domain"
	"recursor/dns/ede"
	"recursor/dns/rrset"
	"recursor/dns/wire"
	"recursor/recursor/iterate"
)

// ErrNoRRset says that servers answered, and not with the RRset.
var ErrNoRRset = errors.New("there is no such RRset")

// Anew asks the servers of a name for an RRset, whatever the cache has of it and
// validation says to it: the caller judges. Its signatures come with it.
func (r *Resolver) Anew(ctx context.Context, name domain.Name, t wire.Type) (rrset.Set, error) {
	task, now := r.newTask()
	signal := r.Clock.NewSignal()
	defer context.AfterFunc(ctx, signal.Set)()
	p := r.join(task, iterate.Key{Name: name, Type: t, CD: true, Again: true}, signal, iterate.Result{})
	defer p.Leave()
	result, err, ok := r.wait(ctx, task, p, signal, now.Add(r.walker.Limits().Work))
	switch {
	case ctx.Err() != nil:
		return rrset.Set{}, &ede.Error{Code: ede.Other, Err: ErrCanceled}
	case !ok:
		return rrset.Set{}, &ede.Error{Code: ede.NoReachableAuthority, Zone: name, Err: ErrSlow}
	case err != nil:
		return rrset.Set{}, err
	}
	if s := &result.Steps[0]; s.Set != nil && s.Set.Set.Name == name && s.Set.Set.Type == t {
		return s.Set.Set, nil
	}
	return rrset.Set{}, &ede.Error{Code: ede.Other, Zone: name, Err: ErrNoRRset}
}
