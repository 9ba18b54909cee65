package tlsconf

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io/fs"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"recursor/clock"
	"recursor/observe"
	"recursor/random"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// watcher keeps what it is told.
type watcher struct {
	mu   sync.Mutex
	told []observe.Certified
}

func (w *watcher) Observe(e observe.Event) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.told = append(w.told, e.(observe.Certified))
}

func (w *watcher) take() []observe.Certified {
	w.mu.Lock()
	defer w.mu.Unlock()
	told := w.told
	w.told = nil
	return told
}

// certify writes a pair of files for a name, and returns its certificate.
func certify(t *testing.T, dir, file, name string) (Pair, *Leaf) {
	t.Helper()
	s := &Source{o: Options{Clock: clock.NewReal(), Seeds: random.Secure{}, Names: []string{name}}}
	chain, key, err := s.make(nil)
	if err != nil {
		t.Fatal(err)
	}
	files := Pair{filepath.Join(dir, file+".crt"), filepath.Join(dir, file+".key")}
	if err := keep(files, chain, key); err != nil {
		t.Fatal(err)
	}
	p, err := parse(chain, key)
	if err != nil {
		t.Fatal(err)
	}
	return files, p.leaf
}

// shake makes a handshake in memory and returns what the client saw.
func shake(t *testing.T, server, client *tls.Config) (tls.ConnectionState, error) {
	t.Helper()
	a, b := net.Pipe()
	defer a.Close()
	defer b.Close()
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		c := tls.Server(a, server)
		if c.Handshake() == nil {
			_, _ = c.Write([]byte{1}) // brings the ticket of TLS 1.3 along
		}
	}()
	c := tls.Client(b, client)
	err := c.Handshake()
	if err == nil {
		_, err = c.Read(make([]byte, 1))
	}
	b.Close()
	<-ended
	return c.ConnectionState(), err
}

func trusting(leaves ...*Leaf) *tls.Config {
	pool := x509.NewCertPool()
	for _, l := range leaves {
		pool.AddCert(l.Certificate)
	}
	return &tls.Config{RootCAs: pool, ServerName: "a.example"}
}

func shown(t *testing.T, s *Source, name string) *Leaf {
	t.Helper()
	state, err := shake(t, s.Config(), &tls.Config{InsecureSkipVerify: true, ServerName: name}) //nolint:gosec // compared below
	if err != nil {
		t.Fatal(err)
	}
	return &Leaf{state.PeerCertificates[0]}
}

func TestServerNameChooses(t *testing.T) {
	dir := t.TempDir()
	a, leafA := certify(t, dir, "a", "a.example")
	b, leafB := certify(t, dir, "b", "*.b.example")
	s, err := New(Options{Clock: clock.NewReal(), Pairs: []Pair{a, b}})
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]*Leaf{
		"a.example": leafA, "x.b.example": leafB, "X.B.example": leafB, "x.y.b.example": leafA, "": leafA, "other.example": leafA,
	} {
		if got := shown(t, s, name); got.Pin() != want.Pin() {
			t.Errorf("%q is shown the certificate for %v, want %v", name, got.Names(), want.Names())
		}
	}
}

// Clients that know an address alone send no name, and are shown the certificate
// for the address that they came to.
//
// RFC: 9462.3
func TestAddressChooses(t *testing.T) {
	dir := t.TempDir()
	a, leafA := certify(t, dir, "a", "a.example")
	folder := filepath.Join(dir, "b")
	here := netip.MustParseAddr("127.0.0.1")
	made, err := New(Options{Clock: clock.NewReal(), Seeds: random.Secure{}, Folder: folder, Names: []string{"b.example"}, Addrs: []netip.Addr{here}})
	if err != nil {
		t.Fatal(err)
	}
	leafB := made.Leaves()[0]
	s, err := New(Options{Clock: clock.NewReal(), Pairs: []Pair{a, {filepath.Join(folder, KeptFile), filepath.Join(folder, keyFile)}}})
	if err != nil {
		t.Fatal(err)
	}
	if First(s.Leaves(), "127.0.0.1").Pin() != leafB.Pin() || First(s.Leaves(), "a.example").Pin() != leafA.Pin() || First(s.Leaves(), "127.0.0.2") != nil {
		t.Error("the certificates cover something else than they were made for")
	}
	for _, tc := range []struct {
		network, at, name string
		want              *Leaf
	}{
		{"tcp", "127.0.0.1:0", "", leafB},
		{"tcp", "127.0.0.1:0", "a.example", leafA},
		{"tcp", "127.0.0.2:0", "", leafA},
	} {
		l, err := tls.Listen(tc.network, tc.at, s.Config())
		if err != nil {
			t.Skip(err)
		}
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			if c, err := l.Accept(); err == nil {
				_ = c.(*tls.Conn).Handshake()
				_ = c.Close()
			}
		}()
		c, err := tls.Dial(tc.network, l.Addr().String(), &tls.Config{InsecureSkipVerify: true, ServerName: tc.name}) //nolint:gosec // compared below
		if err != nil {
			t.Fatal(err)
		}
		if got := (&Leaf{c.ConnectionState().PeerCertificates[0]}); got.Pin() != tc.want.Pin() {
			t.Errorf("at %s, asked for %q: the certificate for %v, want %v", tc.at, tc.name, got.Names(), tc.want.Names())
		}
		_ = c.Close()
		_ = l.Close()
		<-ended
	}
}

// The hybrid exchange is preferred, and nothing below the least version is
// spoken.
func TestParameters(t *testing.T) {
	o := Options{Clock: clock.NewReal(), Seeds: random.Secure{}, Names: []string{"a.example"}}
	s, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	o.Minimum = tls.VersionTLS13
	strict, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	state, err := shake(t, s.Config(), trusting(s.Leaves()...))
	if err != nil || state.CurveID != tls.X25519MLKEM768 || state.Version != tls.VersionTLS13 {
		t.Errorf("%v over %v: %v", state.CurveID, state.Version, err)
	}
	for _, tc := range []struct {
		server *Source
		most   uint16
		good   bool
	}{
		{s, tls.VersionTLS12, true}, {s, tls.VersionTLS11, false}, {strict, tls.VersionTLS13, true}, {strict, tls.VersionTLS12, false},
	} {
		client := trusting(tc.server.Leaves()...)
		client.MinVersion, client.MaxVersion = tls.VersionTLS10, tc.most
		if state, err := shake(t, tc.server.Config(), client); (err == nil) != tc.good || err == nil && state.Version != tc.most {
			t.Errorf("a client that speaks up to %x: %x, %v", tc.most, state.Version, err)
		}
	}
}

func TestFollowsItsFiles(t *testing.T) {
	dir := t.TempDir()
	files, before := certify(t, dir, "a", "a.example")
	w := &watcher{}
	changes := 0
	s, err := New(Options{Clock: clock.NewReal(), Pairs: []Pair{files}, Watch: w, Changed: func() { changes++ }})
	if err != nil {
		t.Fatal(err)
	}
	if told := w.take(); len(told) != 1 || told[0].Pin != before.Pin() || told[0].Fingerprint != before.Fingerprint() || told[0].Err != nil {
		t.Errorf("told %+v", told)
	}
	config := s.Config() // made once: what was made before a change follows it
	s.Look()
	if told := w.take(); len(told) != 0 {
		t.Errorf("nothing has changed, and it was told %+v", told)
	}
	// The certificate changes, and its key does not yet.
	other, after := certify(t, dir, "other", "a.example")
	move(t, other.Certificate, files.Certificate)
	s.Look()
	s.Look()
	if told := w.take(); len(told) != 1 || told[0].Err == nil {
		t.Errorf("half a change was told as %+v, want one complaint", told)
	}
	if _, err := shake(t, config, trusting(before)); err != nil {
		t.Errorf("the certificate before is not shown any more: %v", err)
	}
	move(t, other.Key, files.Key)
	s.Look()
	if told := w.take(); len(told) != 1 || told[0].Pin != after.Pin() {
		t.Errorf("told %+v", told)
	}
	if _, err := shake(t, config, trusting(after)); err != nil {
		t.Errorf("the new certificate is not shown: %v", err)
	}
	if err := os.Remove(files.Key); err != nil {
		t.Fatal(err)
	}
	s.Look()
	if told := w.take(); len(told) != 1 || told[0].Err == nil {
		t.Errorf("a key that is gone was told as %+v", told)
	}
	if got := s.Leaves(); len(got) != 1 || got[0].Pin() != after.Pin() {
		t.Error("a key that is gone cost the certificate")
	}
	if changes != 1 {
		t.Errorf("told of %d changes, want 1", changes)
	}
}

func move(t *testing.T, from, to string) {
	t.Helper()
	if err := os.Rename(from, to); err != nil {
		t.Fatal(err)
	}
}

func TestRunLooks(t *testing.T) {
	dir := t.TempDir()
	files, _ := certify(t, dir, "a", "a.example")
	w := &watcher{}
	synctest.Test(t, func(t *testing.T) {
		c := clock.NewReal()
		s, err := New(Options{Clock: c, Pairs: []Pair{files}, Watch: w})
		if err != nil {
			t.Fatal(err)
		}
		w.take()
		ctx, stop := context.WithCancel(context.Background())
		ended := make(chan error, 1)
		go func() { ended <- s.Run(ctx) }()
		if err := os.Remove(files.Key); err != nil {
			t.Fatal(err)
		}
		c.NewSignal().Wait(2 * interval)
		synctest.Wait()
		if told := w.take(); len(told) != 1 || told[0].Err == nil {
			t.Errorf("told %+v", told)
		}
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}

func TestSelfSigned(t *testing.T) {
	dir := t.TempDir()
	w := &watcher{}
	o := Options{
		Clock: clock.NewReal(), Seeds: random.Secure{}, Folder: filepath.Join(dir, "state"), Watch: w,
		Names: []string{"a.example"}, Addrs: []netip.Addr{netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("2001:db8::1")},
	}
	first, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	leaf := first.Leaves()[0]
	if told := w.take(); len(told) != 1 || !told[0].SelfSigned || told[0].Pin != leaf.Pin() {
		t.Errorf("told %+v", told)
	}
	if want := []string{"a.example", "192.0.2.1", "2001:db8::1"}; !slices.Equal(leaf.Names(), want) {
		t.Errorf("it is for %v, want %v", leaf.Names(), want)
	}
	for _, name := range []string{"a.example", "192.0.2.1", "2001:db8::1"} {
		config := trusting(leaf)
		config.ServerName = name
		if _, err := shake(t, first.Config(), config); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	info, err := os.Stat(filepath.Join(o.Folder, keyFile))
	if err != nil || info.Mode().Perm()&0o077 != 0 {
		t.Errorf("the key can be read by others: %v, %v", info.Mode(), err)
	}
	if kept, err := Kept(o.Folder); err != nil || kept.Fingerprint() != leaf.Fingerprint() {
		t.Errorf("kept: %v", err)
	}
	if _, err := Kept(dir); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("of another folder: %v", err)
	}
	again, err := New(o)
	if err != nil || again.Leaves()[0].Fingerprint() != leaf.Fingerprint() {
		t.Errorf("the next start has another certificate: %v", err)
	}
	// A crash between the writing of the two: clients that pin the key notice nothing.
	if err := os.Remove(filepath.Join(o.Folder, KeptFile)); err != nil {
		t.Fatal(err)
	}
	if halved, err := New(o); err != nil || halved.Leaves()[0].Pin() != leaf.Pin() {
		t.Errorf("with the key alone another was made: %v", err)
	}
	o.Names = append(o.Names, "b.example")
	wider, err := New(o)
	if err != nil || wider.Leaves()[0].VerifyHostname("b.example") != nil || wider.Leaves()[0].Pin() != leaf.Pin() {
		t.Errorf("for another name it was not made anew with the same key: %v", err)
	}
	if err := os.WriteFile(filepath.Join(o.Folder, keyFile), []byte("no key"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := New(o); err == nil {
		t.Error("a key that was spoilt was replaced without a word: pins would break")
	}
	// In memory alone.
	o.Folder = ""
	memory, err := New(o)
	if err != nil || memory.Leaves()[0].Pin() == leaf.Pin() {
		t.Errorf("in memory: %v", err)
	}
}

// A self-signed certificate is made anew before it ends, with the same key.
func TestSelfSignedRenews(t *testing.T) {
	c := &clock.Real{FixedSignature: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)}
	s, err := New(Options{Clock: c, Seeds: random.Secure{}, Names: []string{"a.example"}})
	if err != nil {
		t.Fatal(err)
	}
	before := s.Leaves()[0]
	c.FixedSignature = before.NotAfter.Add(-renewal - time.Hour)
	s.Look()
	if s.Leaves()[0] != before {
		t.Error("made anew while it was good")
	}
	c.FixedSignature = before.NotAfter.Add(-renewal + time.Hour)
	s.Look()
	after := s.Leaves()[0]
	if after.Pin() != before.Pin() || !after.NotAfter.After(before.NotAfter) || bytes.Equal(after.Raw, before.Raw) {
		t.Errorf("before its end: %v until %v, was until %v", after.Pin(), after.NotAfter, before.NotAfter)
	}
}

// Tickets of one listener are good at another, and their keys are turned over.
func TestTicketKeysAreSharedAndTurned(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := clock.NewReal()
		s, err := New(Options{Clock: c, Seeds: random.Secure{}, Names: []string{"a.example"}})
		if err != nil {
			t.Fatal(err)
		}
		one, two := s.Config("dot"), s.Config("h2").Clone()
		client := trusting(s.Leaves()[0])
		client.Time = func() time.Time { return c.Now().TTL }
		client.ClientSessionCache = tls.NewLRUClientSessionCache(4)
		resumed := func(server *tls.Config, protocol string) bool {
			t.Helper()
			config := client.Clone()
			config.NextProtos = []string{protocol}
			state, err := shake(t, server, config)
			if err != nil {
				t.Fatal(err)
			}
			return state.DidResume
		}
		if resumed(one, "dot") || !resumed(two, "h2") {
			t.Error("a ticket of one listener is no good at the other")
		}
		// A key opens tickets for a week. One that was made six days after another
		// was sealed with a younger key, or it would be no good two days later.
		c.NewSignal().Wait(6 * 24 * time.Hour)
		if !resumed(one, "dot") {
			t.Error("a ticket of six days ago is no good")
		}
		c.NewSignal().Wait(2 * 24 * time.Hour)
		if !resumed(two, "h2") {
			t.Error("the ticket key was not turned over")
		}
		c.NewSignal().Wait(8 * 24 * time.Hour)
		if resumed(one, "dot") {
			t.Error("a ticket of last week is good")
		}
	})
}

func TestErrorsNameTheFile(t *testing.T) {
	dir := t.TempDir()
	a, _ := certify(t, dir, "a", "a.example")
	b, _ := certify(t, dir, "b", "b.example")
	for name, files := range map[string]Pair{
		"absent":     {filepath.Join(dir, "absent"), a.Key},
		"mismatched": {a.Certificate, b.Key},
		"exchanged":  {a.Key, a.Certificate},
	} {
		if _, err := Check(files); err == nil || !bytes.Contains([]byte(err.Error()), []byte(files.Certificate)) {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := New(Options{Clock: clock.NewReal(), Pairs: []Pair{files}}); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
	if leaf, err := Check(a); err != nil || leaf.Names()[0] != "a.example" {
		t.Errorf("a good pair: %v", err)
	}
}
