package profile

import (
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"strings"
)

// Resolver is what devices have to know of the resolver.
type Resolver struct {
	// Name is in its certificate; "" where it is known by address alone.
	Name  string
	Addrs []netip.Addr // at least one
	// DoT and DoQ are ports, 0 where the transport is not served.
	DoT, DoQ uint16
	// DoH is a port, 0 where it is not served, and Path that of its resource.
	DoH   uint16
	Path  string
	HTTP3 bool
	// Pin is the hash of the certificate's key in base64.
	Pin string
	// Certificate, in DER form, is what devices have to be told to trust, and
	// File where it lies; without it they do already.
	Certificate []byte
	File        string
}

// Ports that clients assume.
const (
	portTLS   = 853
	portHTTPS = 443
)

// host is how the resolver is called in a URL.
func (r *Resolver) host() string {
	if r.Name != "" {
		return r.Name
	}
	if a := r.Addrs[0]; a.Is6() {
		return "[" + a.String() + "]"
	}
	return r.Addrs[0].String()
}

// called is how the resolver is called elsewhere.
func (r *Resolver) called() string { return strings.Trim(r.host(), "[]") }

// url is the address of the resource of DoH.
func (r *Resolver) url() string {
	u := "https://" + r.host()
	if r.DoH != portHTTPS {
		u += ":" + strconv.Itoa(int(r.DoH))
	}
	return u + r.Path
}

// template is the URI template of DoH (RFC 8484 §3).
func (r *Resolver) template() string { return r.url() + "{?dns}" }

// Records are those by which clients that know the name discover the rest, for
// the zone of the name (RFC 9461 §4, RFC 9462 §5); "" where there is no name.
func (r *Resolver) Records() string {
	if r.Name == "" {
		return ""
	}
	var b strings.Builder
	priority := 0
	add := func(alpn string, port, standard uint16, more string) {
		if port == 0 {
			return
		}
		priority++
		fmt.Fprintf(&b, "_dns.%[1]s. 3600 IN SVCB %[2]d %[1]s. alpn=%[3]s", r.Name, priority, alpn)
		if port != standard {
			fmt.Fprintf(&b, " port=%d", port)
		}
		b.WriteString(more + "\n")
	}
	add("dot", r.DoT, portTLS, "")
	h := "h2"
	if r.HTTP3 {
		h = "h2,h3"
	}
	add(h, r.DoH, portHTTPS, ` key7="`+r.Path+`{?dns}"`) // dohpath, by a name that older programs read
	add("doq", r.DoQ, portTLS, "")
	return b.String()
}

// at is an address with a port where it is not the standard one, in the form of
// systemd-resolved and kdig's `@`.
func at(a netip.Addr, port, standard uint16) string {
	if port == standard {
		return a.String()
	}
	return net.JoinHostPort(a.String(), strconv.Itoa(int(port)))
}
