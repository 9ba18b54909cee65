package daemon

import (
	"context"

	"recursor/recursor"
	"recursor/serve"
)

// resolver shows a recursor.Resolver as the serve.Resolver it is in all but the
// types: neither package knows the other.
type resolver struct{ e *Engine }

// Resolve implements serve.Resolver.
func (a resolver) Resolve(ctx context.Context, q serve.Question) (serve.Answer, error) {
	ans, err := a.e.Resolver.Resolve(ctx, recursor.Query{
		Name: q.Name, Type: q.Type, Class: q.Class,
		CD: q.CD, CacheOnly: q.CacheOnly, Deadline: q.Deadline,
	})
	told := serve.Answer{
		RCode: ans.RCode, Answer: ans.Answer, Authority: ans.Authority, Servers: ans.Servers, Additional: ans.Additional,
		Secure: ans.Secure, Stale: ans.Stale, Due: ans.Due, Window: ans.Window, Notes: ans.Notes, Sends: ans.Sends, From: ans.From,
	}
	err = a.e.amend(q, &told, err)
	return told, err
}

// refresh is a serve.Options.Refresh.
func (a resolver) refresh(q serve.Question, done func()) bool {
	return a.e.Resolver.Refresh(recursor.Query{Name: q.Name, Type: q.Type, Class: q.Class}, done)
}
