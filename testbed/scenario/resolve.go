package scenario

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"strings"

	"recursor/daemon"
	"recursor/dns/domain"
	"recursor/dns/rrset"
	"recursor/dns/text"
	"recursor/frontend"
	"recursor/observe"
	"recursor/transport"
)

// ErrQuestion tells that a name or type cannot be asked for.
var ErrQuestion = errors.New("no question")

// Record resolves a name for real, with the configuration at a path or the
// default one, and writes what happened as a scenario that replays with the same
// outcome.
func Record(ctx context.Context, config, name, mnemonic string) (string, error) {
	n, err := domain.Parse(strings.TrimSuffix(name, ".") + ".")
	if err != nil {
		return "", fmt.Errorf("%w: %q: %w", ErrQuestion, name, err)
	}
	t, err := text.Type(mnemonic)
	if err != nil {
		return "", fmt.Errorf("%w: %w", ErrQuestion, err)
	}
	c, err := daemon.Load(config)
	if err != nil {
		return "", err
	}
	var r *Recorder
	a, err := daemon.NewAlone(c, func(net transport.Exchanger) (transport.Exchanger, observe.Observer) {
		r = NewRecorder(net)
		return r, r
	})
	if err != nil {
		return "", err
	}
	rec := Recording{
		Title: fmt.Sprintf("%s %s", n, t), Query: NewQuery(n, t), When: a.Clock.Now().Signature,
	}
	for _, s := range c.Changed() {
		if replayed(s) {
			rec.Settings = append(rec.Settings, s)
		}
	}
	if c.RootHints != "" {
		for _, s := range a.Hints().Servers {
			rec.Roots = append(rec.Roots, s.Addrs...)
		}
	}
	if len(c.TrustAnchors) > 0 {
		rec.Anchors = anchorLines(a)
	}
	if err := a.Run(ctx, func(h frontend.Handler) { rec.Reply = askOverTCP(h, rec.Query) }); err != nil {
		return "", err
	}
	return r.Write(rec)
}

// replayed reports whether a setting has a part in a replay: not so where clients
// are served and what they are shown, files, what is told to people, and
// secrets, which are nobody else's business.
func replayed(setting string) bool {
	key, _, _ := strings.Cut(setting, ":")
	section, _, _ := strings.Cut(key, ".")
	switch section {
	case "listen", "tls", "doh", "doq", "workers", "state", "root-hints", "trust-anchors", "clock", "log", "control", "metrics":
		return false
	}
	return key != "cookies.secrets" && key != "upstream.source"
}

// askOverTCP asks as a client on this host does, so that no answer is too long.
func askOverTCP(h frontend.Handler, query []byte) (reply []byte) {
	q := frontend.Query{
		Message: query, Transport: frontend.TCP,
		Client: netip.MustParseAddrPort("127.0.0.1:4096"), Local: netip.MustParseAddrPort("127.0.0.1:53"),
	}
	dst := make([]byte, frontend.MaxMessage)
	if n, ok := h.Hit(&q, dst); ok {
		return dst[:n]
	}
	h.Miss(&q, func(msg []byte) { reply = msg })
	return reply
}

// anchorLines are the trust anchors as lines of a zone file.
func anchorLines(a *daemon.Alone) []string {
	var lines []string
	for _, zone := range a.Anchors().Zones() {
		for _, k := range a.Anchors().Keys(zone) {
			set := rrset.New(zone, k.Type, 0, k.RData)
			lines = append(lines, strings.Join(strings.Fields(text.SetString(&set)), " "))
		}
	}
	return lines
}
