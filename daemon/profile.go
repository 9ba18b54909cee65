package daemon

import (
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"path/filepath"
	"slices"

	"recursor/daemon/config"
	"recursor/daemon/profile"
	"recursor/frontend/tlsconf"
)

var (
	errNothingEncrypted = errors.New("no encrypted transport is served at a port that is known: set listen.dot, listen.doh or listen.doq")
	errNotCovered       = errors.New("no certificate is for a name or an address of this resolver, so no device can verify it: see `recursor check`")
)

// Profile is what devices have to know to ask the resolver of a configuration.
func Profile(c *config.Config) (*profile.Resolver, error) {
	r := &profile.Resolver{
		DoT: portOf(c.Listen.DoT), DoQ: portOf(c.Listen.DoQ), DoH: portOf(c.Listen.DoH),
		Path: c.DoH.Path, HTTP3: c.DoH.HTTP3,
	}
	if c.DoH.Plain {
		r.DoH = 0 // how the proxy is called, and what it shows, is not ours to know
	}
	if r.DoT == 0 && r.DoH == 0 && r.DoQ == 0 {
		return nil, errNothingEncrypted
	}
	leaves, err := leavesOf(c)
	if err != nil {
		return nil, err
	}
	name, covered := resolverName(c, leaves)
	if covered {
		r.Name = hostText(name)
	}
	for _, a := range listened(c.Listen.Encrypted(), ownAddrs()) {
		if covered || tlsconf.First(leaves, a.String()) != nil {
			r.Addrs = append(r.Addrs, a)
		}
	}
	if len(r.Addrs) == 0 {
		return nil, errNotCovered
	}
	slices.SortStableFunc(r.Addrs, netip.Addr.Compare)
	leaf := leaves[0]
	called := r.Name
	if called == "" {
		called = r.Addrs[0].String()
	}
	if l := tlsconf.First(leaves, called); l != nil {
		leaf = l
	}
	r.Pin = leaf.Pin()
	if leaf.SelfSigned() {
		r.Certificate = leaf.Raw
		r.File = c.TLS.Certificate
		if r.File == "" {
			state, _ := stateOf(c) // it was read from there
			r.File = filepath.Join(state.Folder, tlsconf.KeptFile)
		}
	}
	return r, nil
}

// portOf is the first port that is known; 0 where none is.
func portOf(at []netip.AddrPort) uint16 {
	for _, a := range at {
		if a.Port() != 0 {
			return a.Port()
		}
	}
	return 0
}

// leavesOf are the certificates that clients of a configuration are shown.
func leavesOf(c *config.Config) ([]*tlsconf.Leaf, error) {
	var leaves []*tlsconf.Leaf
	for _, files := range pairs(c) {
		leaf, err := tlsconf.Check(files)
		if err != nil {
			return nil, err
		}
		leaves = append(leaves, leaf)
	}
	if len(leaves) > 0 {
		return leaves, nil
	}
	state, err := stateOf(c)
	if err != nil {
		return nil, err
	}
	if state.Folder == "" {
		return nil, errors.New("the certificate is self-signed, and nothing is kept (state): it is another after each start")
	}
	leaf, err := tlsconf.Kept(state.Folder)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("the self-signed certificate is not made yet: start the resolver once, with the folder %s for its state", state.Folder)
	}
	if err != nil {
		return nil, err
	}
	if name := uncovered(c, leaf); name != "" {
		return nil, fmt.Errorf("the self-signed certificate is not for %s yet: start the resolver once", name)
	}
	return []*tlsconf.Leaf{leaf}, nil
}
