package udp

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"recursor/frontend"
)

// taken is an address whose port somebody else holds.
func taken(t *testing.T) netip.AddrPort {
	t.Helper()
	conn, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn.LocalAddr().(*net.UDPAddr).AddrPort()
}

func TestListenSaysWhatToDo(t *testing.T) {
	eachEngine(t, func(t *testing.T, plain bool) {
		for _, tc := range []struct {
			name, key, remedy string
			addr              netip.AddrPort
		}{
			{"port taken", "", "stop it, or choose another port", taken(t)},
			// TEST-NET-1: on no host (RFC 5737 §3).
			{"not on this host", "listen.dot", "no such address", netip.MustParseAddrPort("192.0.2.1:5300")},
		} {
			t.Run(tc.name, func(t *testing.T) {
				o := options(&scripted{})
				o.Plain = plain
				o.Key = tc.key
				o.Addrs = append(o.Addrs, tc.addr)
				l := New(o)
				err := l.Listen()
				var failure *frontend.ListenError
				if !errors.As(err, &failure) || failure.Addr != tc.addr || failure.Transport != frontend.UDP {
					t.Fatalf("Listen: %#v", err)
				}
				key := tc.key
				if key == "" {
					key = "listen.dns"
				}
				for _, want := range []string{key + ":", tc.addr.String(), tc.remedy, "(udp)"} {
					if !strings.Contains(err.Error(), want) {
						t.Errorf("%q does not say %q", err, want)
					}
				}
				if len(l.Addrs()) != 0 || len(l.sockets) != 0 {
					t.Errorf("after the failure it holds %v", l.Addrs())
				}
			})
		}
	})
}

// All addresses or none: what was bound before the failure is free again.
func TestListenAllOrNone(t *testing.T) {
	eachEngine(t, func(t *testing.T, plain bool) {
		probe, err := net.ListenPacket("udp4", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		free := probe.LocalAddr().(*net.UDPAddr).AddrPort()
		probe.Close()
		o := options(&scripted{})
		o.Plain = plain
		o.Workers = 2
		o.Addrs = []netip.AddrPort{free, taken(t)}
		if New(o).Listen() == nil {
			t.Fatal("bound a port that was taken")
		}
		o.Addrs = []netip.AddrPort{free}
		listen(t, o).Close()
	})
}

func TestExpand(t *testing.T) {
	host := []netip.Addr{
		netip.MustParseAddr("192.0.2.7"),
		netip.MustParseAddr("fe80::1%eth0"),
		netip.MustParseAddr("127.0.0.1"),
		netip.MustParseAddr("::1"),
		netip.MustParseAddr("127.0.0.1"),
		netip.MustParseAddr("ff02::1%eth0"),
	}
	for wildcard, want := range map[string]string{
		"0.0.0.0:53": "[127.0.0.1:53 192.0.2.7:53]",
		"[::]:5300":  "[[::1]:5300 [fe80::1%eth0]:5300]",
	} {
		got, err := expand(netip.MustParseAddrPort(wildcard), func() ([]netip.Addr, error) { return slices.Clone(host), nil })
		if err != nil || fmt.Sprint(got) != want {
			t.Errorf("%s stands for %v (%v), want %s", wildcard, got, err, want)
		}
	}
	broken := errors.New("no list")
	if _, err := expand(netip.MustParseAddrPort("[::]:53"), func() ([]netip.Addr, error) { return nil, broken }); !errors.Is(err, broken) {
		t.Errorf("expand: %v, want %v", err, broken)
	}
}

func TestInterfaceAddrsHaveZones(t *testing.T) {
	all, err := interfaceAddrs()
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Contains(all, netip.MustParseAddr("127.0.0.1")) {
		t.Errorf("no loopback among %v", all)
	}
	for _, a := range all {
		if a.Is6() && a.IsLinkLocalUnicast() != (a.Zone() != "") {
			t.Errorf("%v: a zone is for link-local addresses, and they need one", a)
		}
	}
}

func TestOrigin(t *testing.T) {
	for _, tc := range []struct {
		addr    string
		ifIndex int
		want    origin
		ok      bool
	}{
		{"192.0.2.1", 3, origin{addr: netip.MustParseAddr("192.0.2.1")}, true}, // the routing table decides
		{"2001:db8::1", 3, origin{addr: netip.MustParseAddr("2001:db8::1")}, true},
		{"fe80::1", 3, origin{netip.MustParseAddr("fe80::1"), 3}, true},
		{"169.254.1.1", 3, origin{netip.MustParseAddr("169.254.1.1"), 3}, true},
		{"ff02::1", 3, origin{}, false},
		{"224.0.0.1", 3, origin{}, false},
		{"0.0.0.0", 3, origin{}, false},
	} {
		got, ok := originOf(netip.MustParseAddr(tc.addr), tc.ifIndex)
		if got != tc.want || ok != tc.ok {
			t.Errorf("%s over %d: %v, %t; want %v, %t", tc.addr, tc.ifIndex, got, ok, tc.want, tc.ok)
		}
	}
	if _, ok := originOf(netip.Addr{}, 1); ok {
		t.Error("a packet that does not tell where it was sent to has an origin")
	}
	if c := (origin{}).control(); c != nil {
		t.Errorf("no origin makes the control message %x", c)
	}
}
