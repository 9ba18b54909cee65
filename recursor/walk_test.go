package recursor_test

import (
	"testing"
	"time"

	"recursor/dns/wire"
)

func TestWalkFromTheRoot(t *testing.T) {
	w := newWorld(t, "example NS ns.example\nns.example A 192.0.2.1", "").start()
	w.example("192.0.2.1", "example.com.")
	w.wantA(w.ask("www.example.com.", wire.TypeA), "192.0.2.80")
	// RFC: 9156.1
	w.wantSent(rootAddr+" com. A", comAddr+" example.com. A", "192.0.2.1 www.example.com. A")

	w.wantA(w.ask("www.example.com.", wire.TypeA), "192.0.2.80")
	w.wantSent()

	w.wantRCode(w.ask("www.example.com.", wire.TypeAAAA), wire.NoError)
	w.wantSent("192.0.2.1 www.example.com. AAAA")
	w.wantRCode(w.ask("no.example.com.", wire.TypeAAAA), wire.NXDomain)
	w.wantSent("192.0.2.1 no.example.com. AAAA")
	w.wantRCode(w.ask("no.example.com.", wire.TypeA), wire.NXDomain)
	w.wantSent()
}

func TestGluelessDelegation(t *testing.T) {
	w := newWorld(t, "example NS ns.hoster.net.", "hoster NS ns.hoster\nns.hoster A 192.0.2.2").start()
	w.serve("192.0.2.2", "hoster.net.", "@ SOA ns host 1 2 3 4 5\n@ NS ns\nns A 192.0.2.2")
	w.serve("192.0.2.2", "example.com.", "@ SOA ns host 1 2 3 4 5\n@ NS ns.hoster.net.\nwww A 192.0.2.80")
	w.wantA(w.ask("www.example.com.", wire.TypeA), "192.0.2.80")
	w.wantSent(rootAddr+" com. A", comAddr+" example.com. A",
		rootAddr+" net. A", comAddr+" hoster.net. A", "192.0.2.2 ns.hoster.net. A", "192.0.2.2 www.example.com. A")
}

func TestASilentServerCostsItsPatience(t *testing.T) {
	w := newWorld(t, "example NS ns1.example\nexample NS ns2.example\nns1.example A 192.0.2.1\nns2.example A 192.0.2.2", "").start()
	w.example("192.0.2.1", "example.com.").Faults.Silence = true
	w.example("192.0.2.2", "example.com.")
	o := w.ask("www.example.com.", wire.TypeA)
	w.wantA(o, "192.0.2.80")
	if o.took > 400*time.Millisecond {
		t.Errorf("took %v: no full time-out where a second server would answer", o.took)
	}
	t.Log(o.took, w.sent())
}

func TestDeadZone(t *testing.T) {
	w := newWorld(t, "example NS ns1.example\nns1.example A 192.0.2.1", "").start()
	w.example("192.0.2.1", "example.com.").Faults.Silence = true
	o := w.ask("www.example.com.", wire.TypeA)
	w.wantRCode(o, wire.ServFail)
	t.Log(o.took, o.err, w.sent())
	o = w.ask("www.example.com.", wire.TypeA)
	t.Log(o.took, o.err, o.Notes, w.sent())
}
