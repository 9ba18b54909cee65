package scenario

import (
	"maps"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"recursor/dns/domain"
	"recursor/recursor/delegation"
)

// Settings is what the configuration section of a scenario comes to.
type Settings struct {
	// YAML is our configuration.
	YAML string
	// Hints are the root servers; nil: those of the configuration.
	Hints *delegation.Point
	// Anchors are lines of DS and DNSKEY records, Insecure the names of negative
	// trust anchors.
	Anchors, Insecure []Option
	// Recorded admits the keys of old recordings, which no validator should.
	Recorded bool
	// Signature is the time at which signatures are judged, where it is fixed.
	Signature time.Time
	// AnyDate takes signatures of any time for valid.
	AnyDate bool
	// Minimise tells that the section says whether names are minimised; where a
	// file of Deckard's does not, it is played both ways.
	Minimise bool
}

// settings collects what the options come to.
type settings struct {
	Settings
	file  string
	tree  branch
	allow []netip.Prefix
	snoop []netip.Prefix
	zones []*zoneClause

	rootName, rootAddrs []string
	refused             []netip.Prefix
	localhost, priming  bool
	promiscuous         bool
	hidden              []string // keys that are not told
}

// zoneClause is one stub-zone or forward-zone.
type zoneClause struct {
	option Option // that began it
	name   string
	addrs  []netip.AddrPort
	first  bool
	tcp    bool
	prime  string
}

// branch is configuration as a tree: a string is a value in YAML, a []string a
// list of such, a branch the keys below.
type branch map[string]any

// set sets the value at a path, "upstream.port".
func (b branch) set(path, value string) {
	at, key := b.at(path)
	at[key] = value
}

// add appends to the list at a path.
func (b branch) add(path, value string) {
	at, key := b.at(path)
	list, _ := at[key].([]string)
	at[key] = append(list, value)
}

func (b branch) at(path string) (branch, string) {
	for {
		head, rest, ok := strings.Cut(path, ".")
		if !ok {
			return b, path
		}
		sub, ok := b[head].(branch)
		if !ok {
			sub = branch{}
			b[head] = sub
		}
		b, path = sub, rest
	}
}

// yaml writes the tree, keys in order.
func (b branch) yaml(indent string) string {
	var out strings.Builder
	for _, key := range slices.Sorted(maps.Keys(b)) {
		out.WriteString(indent + key + ":")
		switch v := b[key].(type) {
		case branch:
			out.WriteString("\n" + v.yaml(indent+"  "))
		case []string:
			out.WriteString(" [" + strings.Join(v, ", ") + "]\n")
		case string:
			out.WriteString(" " + v + "\n")
		}
	}
	return out.String()
}

// smallCache is the cache of a resolver that is asked a few questions: whoever
// replays hundreds of scenarios starts as many.
const smallCache = "8MB"

// Configure maps the configuration section to ours; more are further settings of
// ours, path and value in turn. The error is *Error or *Unsupported.
func (s *Scenario) Configure(more ...string) (*Settings, error) {
	c := &settings{file: s.File, tree: branch{}, priming: true}
	if !s.own() {
		c.defaults(s.Dialect)
	}
	for i := range s.Options {
		o := &s.Options[i]
		if o.Clause == ownClause {
			c.tree.set(o.Name, strings.Join(o.Values, " "))
			continue
		}
		m, ok := mapping(s.Dialect, o.Clause, o.Name)
		if !ok {
			return nil, c.unsupported(o)
		}
		if m.apply == nil {
			continue
		}
		if err := m.apply(c, o); err != nil {
			return nil, err
		}
	}
	for i := 0; i+1 < len(more); i += 2 {
		c.tree.set(more[i], more[i+1])
	}
	if err := c.finish(s); err != nil {
		return nil, err
	}
	if c.tree.lacks("cache.size") {
		c.tree.set("cache.size", smallCache)
	}
	c.YAML = c.tree.yaml("")
	return &c.Settings, nil
}

// defaults are those of the daemons that the files were written for, as far as
// the files count on them. This project's own files count on ours.
func (c *settings) defaults(d Dialect) {
	c.tree.set("limits.nsec3-iterations", "150") // the limit before RFC 9276
	c.tree.set("limits.nsec3-iterations-refused", "65535")
	switch d {
	case Unbound:
		c.tree.add("local-zones.except", `"local."`)
		c.tree.set("serve-any", "full")
		c.tree.set("serve-stale.retry", "5s") // how long failures are remembered there
	case Deckard:
		c.priming, c.Recorded = false, true
		c.tree.set("local-zones.special-use", "false")
	}
}

// unsupported says that there is no such option here.
func (c *settings) unsupported(o *Option) error {
	what := strings.TrimSpace(strings.Join(append([]string{o.Name}, o.Values...), " "))
	if o.Clause != "" && o.Clause != "server" {
		what = o.Clause + " " + what
	}
	return &Unsupported{File: c.file, Line: o.Line, What: clipped(what)}
}

// wrong says that an option has another value than it may have.
func (c *settings) wrong(o *Option, want string) error {
	return &Error{File: c.file, Line: o.Line, Want: o.Name + ": " + want, Have: strings.Join(o.Values, " ")}
}

// finish completes what several options say together.
func (c *settings) finish(s *Scenario) error {
	for _, z := range c.zones {
		if err := c.zone(z); err != nil {
			return err
		}
	}
	if err := c.root(); err != nil {
		return err
	}
	for _, path := range c.hidden {
		c.tree.set(path, `""`)
	}
	if !c.priming {
		c.tree.set("upstream.priming", "false")
	}
	if c.promiscuous && c.tree.lacks("minimal-responses") {
		c.tree.set("minimal-responses", "false")
	}
	if c.AnyDate {
		c.Signature = s.latest()
	}
	if len(c.Anchors) == 0 && c.tree.lacks("validation.mode") && c.tree.lacks("trust-anchors") {
		c.tree.set("validation.mode", "off") // nothing is signed from an anchor downward
	}
	if s.special(c) && c.tree.lacks("upstream.allow-special-addresses") {
		c.tree.set("upstream.allow-special-addresses", "true")
	}
	c.access()
	return nil
}

func (b branch) lacks(path string) bool {
	at, key := b.at(path)
	_, ok := at[key]
	return !ok
}

// zone makes a configured zone of ours of a clause, or the root servers.
func (c *settings) zone(z *zoneClause) error {
	kind := strings.TrimSuffix(z.option.Clause, "-zone")
	name, err := domain.Parse(strings.TrimSuffix(z.name, ".") + ".")
	if err != nil {
		return c.wrong(&z.option, "a domain name")
	}
	if len(z.addrs) == 0 {
		return c.wrong(&z.option, "an address beside it")
	}
	if name.IsRoot() && kind == "stub" {
		for _, a := range z.addrs {
			c.rootAddrs = append(c.rootAddrs, a.Addr().String())
		}
		c.priming = z.prime != "no"
		return nil
	}
	if z.prime == "yes" {
		return &Unsupported{File: c.file, Line: z.option.Line, What: "stub-prime yes but for the root"}
	}
	var to []string
	for _, a := range z.addrs {
		to = append(to, strconv.Quote(a.String()))
	}
	c.tree.add("zones."+kind, "{name: "+strconv.Quote(name.String())+", to: ["+strings.Join(to, ", ")+
		"], first: "+strconv.FormatBool(z.first)+", tcp: "+strconv.FormatBool(z.tcp)+"}")
	return nil
}

// root makes the hints.
func (c *settings) root() error {
	if len(c.rootAddrs) == 0 {
		return nil
	}
	owner := "k.root-servers.net."
	if len(c.rootName) > 0 {
		owner = c.rootName[0]
	}
	name, err := domain.Parse(strings.TrimSuffix(owner, ".") + ".")
	if err != nil {
		return &Error{File: c.file, Line: 1, Want: "the name of a root server", Have: owner}
	}
	server := delegation.Server{Name: name}
	for _, a := range c.rootAddrs {
		addr, err := netip.ParseAddr(a)
		if err != nil {
			return &Error{File: c.file, Line: 1, Want: "the address of a root server", Have: a}
		}
		server.Addrs = append(server.Addrs, addr.Unmap())
	}
	c.Hints = &delegation.Point{Zone: domain.Root(), Hints: true, Servers: []delegation.Server{server}}
	return nil
}

// special reports whether the Internet of the scenario lies at addresses where
// the real one is not. Loopback does not count unless the scenario says so:
// that nobody is asked there is what such files are about.
func (s *Scenario) special(c *settings) bool {
	var usual delegation.Usable
	far := func(a netip.AddrPort) bool {
		return !usual.Allows(a) && (c.localhost || !a.Addr().IsLoopback())
	}
	for _, r := range s.Ranges {
		if slices.ContainsFunc(r.Addresses, far) {
			return true
		}
	}
	for _, a := range c.rootAddrs {
		if addr, err := netip.ParseAddr(a); err == nil && far(netip.AddrPortFrom(addr.Unmap(), 53)) {
			return true
		}
	}
	for _, z := range c.zones {
		if slices.ContainsFunc(z.addrs, far) {
			return true
		}
	}
	return false
}

// access writes who may ask: by default this host, as with Unbound.
func (c *settings) access() {
	if !c.tree.lacks("access.allow") {
		return
	}
	allowed := append([]netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128")}, c.allow...)
	for i, p := range allowed {
		if !slices.Contains(c.refused, p) && !slices.Contains(allowed[:i], p) {
			c.tree.add("access.allow", strconv.Quote(p.String()))
		}
	}
	for i, p := range c.snoop {
		if !slices.Contains(c.snoop[:i], p) {
			c.tree.add("access.snoop", strconv.Quote(p.String()))
		}
	}
}
