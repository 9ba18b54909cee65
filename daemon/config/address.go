package config

import (
	"errors"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
)

// The ports of the DNS (RFC 1035 §4.2, RFC 7858 §3.1, RFC 8484, RFC 9250 §4.1.1).
const (
	dnsPort = 53
	portDoT = 853
	portDoH = 443
	portDoQ = 853

	portMetrics = 9153 // where other DNS servers have theirs
)

// Why an address was not taken; read as what follows it.
var (
	errNoPath      = errors.New("is no path")
	errNoAddress   = errors.New("is not an address")
	errNoPort      = errors.New("has no valid port (1 to 65535)")
	errEverywhere  = errors.New(`lacks the address; for every address write "0.0.0.0" or "[::]" before the port`)
	errNoServer    = errors.New("is no address of a server")
	errNoSource    = errors.New("is no address to ask from; leave the list empty and the system chooses")
	errNoPrefix    = errors.New("is not a prefix")
	errMappedRange = errors.New("is IPv4 in IPv6 form; write it as IPv4")
)

// parseListener reads an address to listen at; port 0 is any free one.
func parseListener(s string) (netip.AddrPort, error) {
	return parseAddrPort(s, dnsPort)
}

// parseServer reads an address to send to.
func parseServer(s string, standard uint16) (netip.AddrPort, error) {
	a, err := parseAddrPort(s, standard)
	switch {
	case err != nil:
		return a, err
	case a.Port() == 0:
		return a, errNoPort
	case !unicast(a.Addr()):
		return a, errNoServer
	}
	return a, nil
}

// parseSource reads an address to send from.
func parseSource(s string) (netip.Addr, error) {
	a, err := parseAddr(s)
	if err == nil && !unicast(a) {
		err = errNoSource
	}
	return a, err
}

func unicast(a netip.Addr) bool {
	return !a.IsUnspecified() && !a.IsMulticast() && a != netip.AddrFrom4([4]byte{255, 255, 255, 255})
}

// parseAddrPort reads an address with its port after a colon or an @, or with
// the standard one.
func parseAddrPort(s string, standard uint16) (netip.AddrPort, error) {
	host, digits, found := cutPort(s)
	if host == "" {
		return netip.AddrPort{}, errEverywhere
	}
	a, err := parseAddr(host)
	if err != nil {
		return netip.AddrPort{}, err
	}
	if !found {
		return netip.AddrPortFrom(a, standard), nil
	}
	p, err := strconv.ParseUint(digits, 10, 16)
	if err != nil {
		return netip.AddrPort{}, errNoPort
	}
	return netip.AddrPortFrom(a, uint16(p)), nil
}

// cutPort splits at an @, at the colon after a bracket, or at a colon that is the
// only one (more of them are IPv6).
func cutPort(s string) (host, port string, found bool) {
	if host, port, found = strings.Cut(s, "@"); found {
		return host, port, true
	}
	if end := strings.LastIndexByte(s, ']'); end >= 0 && strings.HasPrefix(s[end+1:], ":") {
		return s[:end+1], s[end+2:], true
	}
	if strings.Count(s, ":") == 1 {
		return strings.Cut(s, ":")
	}
	return s, "", false
}

func parseAddr(s string) (netip.Addr, error) {
	if strings.HasPrefix(s, "[") && strings.HasSuffix(s, "]") {
		s = s[1 : len(s)-1]
		if !strings.Contains(s, ":") {
			return netip.Addr{}, errNoAddress
		}
	}
	a, err := netip.ParseAddr(s)
	if err != nil {
		return netip.Addr{}, errNoAddress
	}
	return a.Unmap(), nil
}

func parsePrefix(s string) (netip.Prefix, error) {
	if !strings.Contains(s, "/") {
		a, err := parseAddr(s)
		if err != nil || a.Zone() != "" {
			return netip.Prefix{}, errNoPrefix
		}
		return netip.PrefixFrom(a, a.BitLen()), nil
	}
	p, err := netip.ParsePrefix(s)
	switch {
	case err != nil:
		return netip.Prefix{}, errNoPrefix
	case p.Addr().Is4In6():
		return netip.Prefix{}, errMappedRange
	case p != p.Masked():
		return netip.Prefix{}, fmt.Errorf("has bits set beyond its first %d; write %s", p.Bits(), p.Masked())
	}
	return p, nil
}
