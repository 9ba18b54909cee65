package daemon

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"recursor/clock"
	"recursor/daemon/control"
	"recursor/dns/domain"
	"recursor/dns/text"
	"recursor/dns/wire"
	"recursor/observe/metrics"
	"recursor/serve"
)

// desk is where operators are served: those who listen there, until ctx ends.
type desk []func(ctx context.Context) error

// open makes the desk and binds what it needs.
func (d *Daemon) open(h *serve.Handler) error {
	if path := d.c.Control.Socket; path != "" {
		s := control.New(path, d.clock, d.commands(h))
		if err := s.Listen(); err != nil {
			return err
		}
		d.desk = append(d.desk, s.Run)
	}
	if addrs := d.c.Metrics.Listen; len(addrs) > 0 {
		s := metrics.New(addrs, d.clock, func() []metrics.Figure { return d.figures(h) })
		if err := s.Listen(); err != nil {
			return err
		}
		d.desk = append(d.desk, s.Run)
	}
	return nil
}

// Ask has the resolver whose control socket is at path do what the words say, and
// returns what there is to be read.
func Ask(ctx context.Context, path string, words []string) (string, error) {
	return control.Ask(ctx, path, words)
}

// run returns when all have ended.
func (k desk) run(ctx context.Context, c clock.Clock) error {
	ended := make(chan error, len(k))
	for _, run := range k {
		c.Go("operators", func() { ended <- run(ctx) })
	}
	var err error
	for range k {
		err = errors.Join(err, <-ended)
	}
	return err
}

// ControlHelp is what can be said at the control socket.
const ControlHelp = `flush name NAME        forget everything about a name
flush tree NAME        and about all names below it
flush zone NAME        forget a zone, but not those that are delegated from it
flush type NAME TYPE   forget one RRset
flush bogus            forget what failed validation, and failures
flush negative         forget what does not exist, and failures
flush all              forget everything
stats                  show all figures
help                   show this
`

// commands are what operators can have done.
func (d *Daemon) commands(h *serve.Handler) control.Run {
	return func(words []string) (string, error) {
		switch {
		case len(words) == 0 || words[0] == "help":
			return ControlHelp, nil
		case words[0] == "stats" && len(words) == 1:
			return metrics.Text(d.figures(h)), nil
		case words[0] == "flush":
			return "", d.engine.Flush(words[1:])
		}
		return "", fmt.Errorf("%q is not understood; one of:\n%s", strings.Join(words, " "), ControlHelp)
	}
}

// ErrFlush says that a command to flush is not understood.
var ErrFlush = errors.New("flush what? name NAME, tree NAME, zone NAME, type NAME TYPE, bogus, negative or all")

// Flush forgets what the words say. Finished answers hold data of many names and
// are made again soon: all of them go.
func (e *Engine) Flush(words []string) error {
	what, rest := "", words
	if len(words) > 0 {
		what, rest = words[0], words[1:]
	}
	var name domain.Name
	var t wire.Type
	var err error
	switch {
	case (what == "name" || what == "tree" || what == "zone") && len(rest) == 1, what == "type" && len(rest) == 2:
		if name, err = domain.Parse(strings.TrimSuffix(rest[0], ".") + "."); err != nil {
			return fmt.Errorf("%q is no domain name: %w", rest[0], err)
		}
		if len(rest) == 2 {
			if t, err = text.Type(rest[1]); err != nil {
				return err
			}
		}
	case (what == "bogus" || what == "negative" || what == "all") && len(rest) == 0:
	default:
		return ErrFlush
	}
	// Of what the RRsets were finished for clients, after them: an answer that is
	// being made meanwhile is not found then.
	defer e.Answers.FlushAll()
	switch what {
	case "name":
		e.Cache.Flush(name)
	case "tree":
		e.Cache.FlushTree(name)
	case "zone":
		e.Cache.FlushZone(name)
	case "type":
		e.Cache.FlushType(name, t)
	case "bogus":
		e.Cache.FlushBogus()
	case "negative":
		e.Cache.FlushNegative()
	case "all":
		e.Cache.FlushAll()
	}
	return nil
}
