package recursor_test

import (
	"fmt"
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/miekg/dns"

	"recursor/dns/wire"
	"recursor/random"
	"recursor/recursor"
	"recursor/testbed/sim"
	"recursor/transport"
)

// keeper is a network that is told of idle time-outs.
type keeper struct {
	*sim.Network
	told []string
}

func (k *keeper) Idle(to netip.AddrPort, from netip.Addr, timeout time.Duration) {
	k.told = append(k.told, fmt.Sprint(to, " ", from, " ", timeout))
}

var _ transport.Keeper = (*keeper)(nil)

// RFC 7828 §3.2: a query over TCP asks for the idle time-out, with no data; one over UDP does not. What a server says
// over TCP is passed on; over UDP it is ignored. A server that does not take the option is asked without.
//
// RFC: 7828.1
func TestKeepalive(t *testing.T) {
	for _, c := range []struct {
		name    string
		timeout uint16
		length  int // of the option in queries by TCP
		rejects bool
		told    []string
		sent    int
	}{
		{"told", 50, 0, false, []string{"192.0.2.1:53 192.0.2.9 5s"}, 2},
		{"rejected", 50, 0, true, []string{"192.0.2.1:53 192.0.2.9 5s"}, 3},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t, exampleAt1, "")
			k := &keeper{Network: w.net}
			w.options.Walk.Sources = []netip.Addr{netip.MustParseAddr("192.0.2.9")}
			w.Resolver = recursor.New(recursor.Parts{Clock: w.clock, Net: k, Cache: w.cache, Seeds: &random.Replay{Seed: 7}}, w.options)
			asked := 0
			w.example("192.0.2.1", "example.com.").Faults.Hook = func(p sim.Packet, q, m *dns.Msg) bool {
				asked++
				opt := q.IsEdns0()
				has := slices.ContainsFunc(opt.Option, func(o dns.EDNS0) bool { return o.Option() == dns.EDNS0TCPKEEPALIVE })
				if p.Proto == transport.UDP {
					if has {
						t.Error("the option over UDP")
					}
					m.Truncated = true
				} else if has && c.rejects {
					*m = dns.Msg{MsgHdr: dns.MsgHdr{Id: q.Id, Response: true, Rcode: dns.RcodeFormatError}, Question: q.Question}
					return true
				} else if has == c.rejects {
					t.Errorf("by TCP: %v", opt)
				}
				m.IsEdns0().Option = append(m.IsEdns0().Option, &dns.EDNS0_TCP_KEEPALIVE{Code: dns.EDNS0TCPKEEPALIVE, Timeout: c.timeout})
				return true
			}
			w.wantA(w.ask("www.example.com.", wire.TypeA), "192.0.2.80")
			if !slices.Equal(k.told, c.told) || asked != c.sent {
				t.Errorf("told %q, asked %d times; want %q, %d", k.told, asked, c.told, c.sent)
			}
		})
	}
}
