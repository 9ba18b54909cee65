package sim

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/miekg/dns"

	"recursor/dns/domain"
)

// Internet is servers and the zones they serve, down from a root.
type Internet struct {
	Servers []*Server // as described, in order
	zones   []*place  // the deepest first
}

// Server is an Authority with its addresses.
type Server struct {
	*Authority
	Host  domain.Name
	Addrs []netip.Addr
	Dead  []netip.Addr  // of Addrs: nobody answers there
	RTT   time.Duration // of the way there; 0 leaves it to the Network
}

// place is a zone in the Internet: its description, and what becomes of it.
type place struct {
	line    int
	origin  string // with its letters
	name    domain.Name
	text    strings.Builder
	servers []delegated
	options zoneOptions
	zone    *Zone
}

// delegated is a server named for a zone.
type delegated struct {
	server *Server
	listed bool // has an NS record
	serves bool
}

// InternetOptions are what a description leaves open.
type InternetOptions struct {
	// Seed decides what servers lose.
	Seed uint64
	// Inception and Expiration bound the signatures; the zero times are those
	// of SignOptions.
	Inception, Expiration time.Time
}

// ParseInternet builds an Internet from a description in master-file text
// (RFC 1035 §5) with two more directives:
//
//	$SERVER ns1.example. 192.0.2.53 2001:db8::53 delay=30ms
//	$ZONE example. ns1.example. ns2.example. ed25519 nsec3
//	www A 192.0.2.80
//
// $SERVER names a server, its addresses, and what is wrong with it, by the
// fields of Faults: silence, delay=30ms, loss=0.2, edns=works|silence|formerr|
// formerr-bare|formerr-opt|notimp|badvers|ignored|options|silent-options,
// cookies=ignored|work|required|wrong|lost, lame=not|refused|upward|noaa|empty,
// tcp=accepts|refuses|ignores|midway, rcode=SERVFAIL, type-rcode=AAAA:REFUSED,
// drop=TXT,DS, spoofs=3, drop-big-udp=600, fold-case, wrong-question, garbage,
// truncate-udp, strip-signatures, no-ds, nxdomain-for-ent, no-glue,
// minimal-any, zone-ns; and payload=512, rtt=50ms, and dead=192.0.2.53 for one
// of its addresses at which nobody is.
//
// $ZONE begins a zone and names the servers that serve it. A server with a
// minus before its name is listed but does not serve the zone, one with a plus
// serves it without being listed. An algorithm (rsasha1, rsasha1-nsec3-sha1,
// rsasha256, rsasha512, ecdsap256sha256, ecdsap384sha384, ed25519) signs the
// zone, by the fields of SignOptions: bits=1024, seed=x, one-key, nsec, nsec3, opt-out, iterations=5,
// salt=ab, compact. It may go wrong: expired, future, strip=www/A (no
// signatures there), corrupt=www/A (wrong ones), and in the parent no-ds,
// wrong-ds, no-glue. With anchor its DS is a trust anchor.
//
// What the text does not say follows from the directives: a SOA record, the NS
// records of a zone, the addresses of servers in the zone their name is in, and
// in each parent the delegation with its glue and DS records.
func ParseInternet(text string, o InternetOptions) (*Internet, error) {
	in := &Internet{}
	if err := in.read(text, o); err != nil {
		return nil, err
	}
	slices.SortStableFunc(in.zones, func(a, b *place) int { return b.name.Labels() - a.name.Labels() })
	for _, p := range in.zones {
		if err := p.load(); err != nil {
			return nil, err
		}
	}
	for _, s := range in.Servers {
		in.introduce(s)
	}
	for _, p := range in.zones { // children before their parents, which take their DS
		if err := in.finish(p, o); err != nil {
			return nil, fmt.Errorf("line %d: %w", p.line, err)
		}
	}
	return in, nil
}

// load parses the zone's records and supplies the apex.
func (p *place) load() error {
	z, err := ParseZone(p.origin, p.text.String())
	if err != nil {
		return err
	}
	p.zone = z
	if z.SOA() == nil {
		host := "ns." + strings.TrimPrefix(p.origin, ".")
		if len(p.servers) > 0 {
			host = p.servers[0].server.Host.String()
		}
		z.add(z.Origin, &dns.SOA{
			Hdr: dns.RR_Header{Name: p.origin, Rrtype: dns.TypeSOA, Class: dns.ClassINET, Ttl: 3600},
			Ns:  host, Mbox: "hostmaster." + strings.TrimPrefix(p.origin, "."),
			Serial: 1, Refresh: 7200, Retry: 3600, Expire: 1209600, Minttl: 300,
		})
	}
	if z.Records(z.Origin, dns.TypeNS) == nil {
		for _, rr := range p.nameservers() {
			z.add(z.Origin, rr)
		}
	}
	return nil
}

// nameservers are the NS records of the servers that are listed.
func (p *place) nameservers() []dns.RR {
	var set []dns.RR
	for _, d := range p.servers {
		if d.listed {
			set = append(set, &dns.NS{
				Hdr: dns.RR_Header{Name: p.origin, Rrtype: dns.TypeNS, Class: dns.ClassINET, Ttl: 3600},
				Ns:  d.server.Host.String(),
			})
		}
	}
	return set
}

// introduce gives a server's host its addresses, in the zone nearest to it.
func (in *Internet) introduce(s *Server) {
	var nearest domain.Name
	for _, p := range in.zones {
		if nearest.IsZero() && s.Host.Within(p.name) {
			nearest = p.name
		}
		if p.name == nearest && p.zone.nodes[s.Host].empty() {
			p.addresses(s)
		}
	}
}

// addresses adds the address records of a server.
func (p *place) addresses(s *Server) {
	for _, a := range s.Addrs {
		h := dns.RR_Header{Name: s.Host.String(), Class: dns.ClassINET, Ttl: 3600}
		if a.Is4() {
			h.Rrtype = dns.TypeA
			p.zone.add(s.Host, &dns.A{Hdr: h, A: a.AsSlice()})
		} else {
			h.Rrtype = dns.TypeAAAA
			p.zone.add(s.Host, &dns.AAAA{Hdr: h, AAAA: a.AsSlice()})
		}
	}
}

// finish signs a zone whose children are signed, hands it to its servers and
// has the parent delegate it.
func (in *Internet) finish(p *place, o InternetOptions) error {
	if err := p.options.sign(p, o); err != nil {
		return err
	}
	for _, d := range p.servers {
		if d.serves {
			d.server.Serve(p.zone)
		}
	}
	if p.name.IsRoot() {
		return nil
	}
	for _, parent := range in.zones {
		if p.name.Below(parent.name) {
			in.delegate(parent, p)
			return nil
		}
	}
	return nil
}

// delegate puts into the parent what its text does not say of the child.
func (in *Internet) delegate(parent, child *place) {
	z := parent.zone
	if z.Records(child.name, dns.TypeNS) == nil {
		for _, rr := range child.nameservers() {
			z.add(child.name, rr)
		}
		for _, d := range child.servers {
			host := d.server.Host
			if d.listed && !child.options.noGlue && host.Within(parent.name) && z.nodes[host].empty() {
				parent.addresses(d.server)
			}
		}
	}
	if z.Records(child.name, dns.TypeDS) == nil {
		for _, ds := range child.options.ds(child) {
			z.add(child.name, ds)
		}
	}
}

// Attach puts the servers on a network.
func (in *Internet) Attach(n *Network) {
	for _, s := range in.Servers {
		for _, a := range s.Addrs {
			if !slices.Contains(s.Dead, a) {
				n.Attach(a, s)
			}
			n.Link(a).RTT = s.RTT
		}
	}
}

// Server is the server of a host name; nil where there is none.
func (in *Internet) Server(host string) *Server {
	for _, s := range in.Servers {
		if s.Host.String() == host {
			return s
		}
	}
	return nil
}

// Zone is the zone of an origin, as it is served; nil where there is none. Of
// several of one origin it is the last described.
func (in *Internet) Zone(origin string) *Zone {
	if p := in.place(origin); p != nil {
		return p.zone
	}
	return nil
}

func (in *Internet) place(origin string) *place {
	var last *place
	for _, p := range in.zones {
		if p.name.String() == origin {
			last = p
		}
	}
	return last
}

// Hints is the hints file: the NS records of the root and the addresses of its
// servers.
func (in *Internet) Hints() string {
	var b strings.Builder
	root := in.place(".")
	if root == nil {
		return ""
	}
	for _, d := range root.servers {
		if !d.listed {
			continue
		}
		fmt.Fprintf(&b, ".\t3600000\tNS\t%s\n", d.server.Host)
		for _, a := range d.server.Addrs {
			t := "A"
			if !a.Is4() {
				t = "AAAA"
			}
			fmt.Fprintf(&b, "%s\t3600000\t%s\t%s\n", d.server.Host, t, a)
		}
	}
	return b.String()
}

// Anchors are the trust anchors as DS records: that of the root where it is
// signed, and those of zones described with the word `anchor`.
func (in *Internet) Anchors() string {
	var b strings.Builder
	for _, p := range slices.Backward(in.zones) {
		if p.name.IsRoot() || p.options.anchor {
			for _, ds := range p.zone.DS() {
				b.WriteString(ds.String() + "\n")
			}
		}
	}
	return b.String()
}

// Origins lists the zones' origins, parents before their children.
func (in *Internet) Origins() []string {
	var all []string
	for _, p := range slices.Backward(in.zones) {
		if name := p.name.String(); !slices.Contains(all, name) {
			all = append(all, name)
		}
	}
	return all
}
