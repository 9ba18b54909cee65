package tlsconf

import (
	"cmp"
	"context"
	"crypto/tls"
	"net/netip"
	"sync/atomic"
	"time"

	"recursor/clock"
	"recursor/observe"
	"recursor/random"
)

// Pair names the files of one certificate, in PEM form. The certificates of
// intermediate authorities follow the first in its file.
type Pair struct{ Certificate, Key string }

// Options are the settings of a Source.
type Options struct {
	Clock clock.Clock
	// Pairs are the certificates. A client that names none of them gets the one
	// for the address it came to, else the first. Without any, a self-signed one
	// is made.
	Pairs []Pair
	// Minimum is the least version of TLS; 0 is 1.2. QUIC has 1.3 alone.
	Minimum uint16
	// Folder keeps the self-signed certificate and its key from one start to the
	// next; "" keeps them in memory.
	Folder string
	// Names and Addrs are what a self-signed certificate is for.
	Names []string
	Addrs []netip.Addr
	Seeds random.Seeder
	// Watch is told of certificates that come into use or cannot be read; it may
	// be nil.
	Watch observe.Observer
	// Changed, where not nil, is called by Look when Leaves has changed.
	Changed func()
}

// Source has the certificates.
type Source struct {
	o       Options
	tickets *tls.Config // has the ticket keys, and nothing else
	pairs   []*loaded
	current atomic.Pointer[shelf]
}

// interval is the time between two looks at the files.
const interval = 5 * time.Second

// New reads the certificates, or makes one. The error names the file.
func New(o Options) (*Source, error) {
	s := &Source{o: o, tickets: &tls.Config{Time: func() time.Time { return o.Clock.Now().TTL }}} //nolint:gosec // it serves no connection
	if len(o.Pairs) == 0 {
		pair, err := s.selfSigned()
		if err != nil {
			return nil, err
		}
		s.pairs = []*loaded{pair}
	}
	for _, files := range o.Pairs {
		pair, err := load(files)
		if err != nil {
			return nil, err
		}
		s.pairs = append(s.pairs, pair)
	}
	s.publish()
	for _, p := range s.pairs {
		s.tell(p)
	}
	return s, nil
}

// Config is a configuration for a listener that speaks the protocols (ALPN),
// the preferred one first. It may be cloned, and is not to be changed.
func (s *Source) Config(protocols ...string) *tls.Config {
	return &tls.Config{
		MinVersion: cmp.Or(s.o.Minimum, tls.VersionTLS12),
		// Suites and curves are the library's, which prefers X25519MLKEM768 to the
		// others and leaves out what is weak (RFC 9325 §4.2).
		NextProtos:     protocols,
		GetCertificate: s.certificate,
		// A batch of answers is one write; the library would cut the first of them
		// into records of a packet each.
		DynamicRecordSizingDisabled: true,
		// All listeners share the ticket keys. They are turned over each day by the
		// library, which does not do so for keys that were set.
		WrapSession:   s.tickets.EncryptTicket,
		UnwrapSession: s.tickets.DecryptTicket,
	}
}

func (s *Source) certificate(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
	return s.current.Load().choose(hello), nil
}

// Leaves are the certificates in use, the default one first.
func (s *Source) Leaves() []*Leaf { return s.current.Load().leaves }

// Run looks after the files until ctx ends. A nil Source has none.
func (s *Source) Run(ctx context.Context) error {
	if s == nil {
		return nil
	}
	wake := s.o.Clock.NewSignal()
	defer context.AfterFunc(ctx, wake.Set)()
	for ctx.Err() == nil {
		if !wake.Wait(interval) {
			s.Look()
		}
	}
	return nil
}

// Look reads what changed since the last look. It is for one goroutine.
func (s *Source) Look() {
	changed := false
	for i, p := range s.pairs {
		fresh, err := s.renewed(p)
		switch {
		case err != nil:
			if s.o.Watch != nil && p.complaint != err.Error() {
				p.complaint = err.Error() // once, not at every look
				s.o.Watch.Observe(observe.Certified{File: p.files.Certificate, Err: err})
			}
		case fresh != nil:
			s.pairs[i] = fresh
			changed = true
			s.tell(fresh)
		}
	}
	if changed {
		s.publish()
		if s.o.Changed != nil {
			s.o.Changed()
		}
	}
}

// renewed is what takes the place of p, nil for nothing.
func (s *Source) renewed(p *loaded) (*loaded, error) {
	if p.made {
		if s.o.Clock.Now().Signature.Before(p.leaf.NotAfter.Add(-renewal)) {
			return nil, nil
		}
		return s.selfSigned()
	}
	now, err := stampOf(p.files)
	if err != nil || now == p.stamp {
		return nil, err
	}
	return load(p.files)
}

func (s *Source) publish() {
	all := &shelf{}
	for _, p := range s.pairs {
		all.certificates = append(all.certificates, p.certificate)
		all.leaves = append(all.leaves, p.leaf)
	}
	s.current.Store(all)
}

func (s *Source) tell(p *loaded) {
	if s.o.Watch == nil {
		return
	}
	s.o.Watch.Observe(observe.Certified{
		File: p.files.Certificate, Names: p.leaf.Names(), Ends: p.leaf.NotAfter,
		Fingerprint: p.leaf.Fingerprint(), Pin: p.leaf.Pin(), SelfSigned: p.made,
	})
}

// shelf is what is in use: never changed once it is.
type shelf struct {
	certificates []*tls.Certificate
	leaves       []*Leaf
}

// choose is the first certificate for who is called and the abilities of the
// client, else the first for who is called, else the first of all.
func (s *shelf) choose(hello *tls.ClientHelloInfo) *tls.Certificate {
	if len(s.certificates) == 1 {
		return s.certificates[0]
	}
	called := called(hello)
	var named *tls.Certificate
	for i, c := range s.certificates {
		if called == "" || s.leaves[i].VerifyHostname(called) != nil {
			continue
		}
		if hello.SupportsCertificate(c) == nil {
			return c
		}
		if named == nil {
			named = c
		}
	}
	if named != nil {
		return named
	}
	return s.certificates[0]
}

// called is the name or the address by which the client knows the server.
// Clients that know an address alone send no name, since SNI has none for
// addresses (RFC 6066 §3), and look for the address in the certificate
// (RFC 9462 §4.2).
func called(hello *tls.ClientHelloInfo) string {
	if hello.ServerName != "" || hello.Conn == nil {
		return hello.ServerName
	}
	at, err := netip.ParseAddrPort(hello.Conn.LocalAddr().String())
	if err != nil {
		return ""
	}
	return at.Addr().Unmap().WithZone("").String()
}

// First is the first of the certificates that covers a name or an address; nil
// where none does.
func First(leaves []*Leaf, called string) *Leaf {
	for _, l := range leaves {
		if l.VerifyHostname(called) == nil {
			return l
		}
	}
	return nil
}
