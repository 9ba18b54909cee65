package main

import (
	"net"
	"strings"
	"sync"

	"github.com/miekg/dns"
)

// answers are what the server of the scripts answers, by question; a name that is not here does not exist.
func answers() map[string]string {
	return map[string]string{
		"www.example. A":              "www.example. 60 IN A 192.0.2.1\nwww.example. 60 IN A 192.0.2.2",
		"www.example. AAAA":           "www.example. 60 IN AAAA 2001:db8::1",
		"big.example. TXT":            "big.example. 60 IN TXT \"the whole of it\"",
		"www.example. TXT":            "",
		"1.2.0.192.in-addr.arpa. PTR": "1.2.0.192.in-addr.arpa. 60 IN PTR www.example.",
		"id.server. TXT":              "id.server. 0 CH TXT \"scripts\"",
	}
}

// startServer is a server for scripts that ask, at a port of 127.0.0.1 over UDP and TCP.
func startServer() (addr string, stop func(), err error) {
	pc, ln, err := listenOnBoth()
	for tries := 0; err != nil && tries < 10; tries++ { // another's connection may have the port over TCP
		pc, ln, err = listenOnBoth()
	}
	if err != nil {
		return "", nil, err
	}
	var serving sync.WaitGroup
	servers := []*dns.Server{{PacketConn: pc}, {Listener: ln}}
	for _, s := range servers {
		s.Handler = dns.HandlerFunc(answer)
		started := make(chan struct{})
		s.NotifyStartedFunc = func() { close(started) }
		serving.Go(func() { _ = s.ActivateAndServe() }) // ends with Shutdown
		<-started
	}
	return pc.LocalAddr().String(), func() {
		for _, s := range servers {
			_ = s.Shutdown() // it serves: it has started
		}
		serving.Wait()
	}, nil
}

// listenOnBoth listens at one port over UDP and TCP.
func listenOnBoth() (net.PacketConn, net.Listener, error) {
	pc, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		return nil, nil, err
	}
	ln, err := net.Listen("tcp", pc.LocalAddr().String())
	if err != nil {
		_ = pc.Close()
		return nil, nil, err
	}
	return pc, ln, nil
}

// answer says what the table has; silent.example. is not answered, failing.example. is with a reason.
func answer(w dns.ResponseWriter, q *dns.Msg) {
	m := new(dns.Msg)
	m.SetReply(q)
	m.RecursionAvailable = true
	m.CheckingDisabled = q.CheckingDisabled
	asked := q.Question[0]
	if o := q.IsEdns0(); o != nil {
		m.SetEdns0(1232, o.Do())
	}
	_, udp := w.RemoteAddr().(*net.UDPAddr)
	text, ok := answers()[asked.Name+" "+dns.Type(asked.Qtype).String()]
	switch {
	case asked.Name == "silent.example.":
		_ = w.Close() // over TCP; over UDP it is nothing
		return
	case asked.Name == "failing.example.":
		m.Rcode = dns.RcodeServerFailure
		if o := m.IsEdns0(); o != nil {
			o.Option = append(o.Option, &dns.EDNS0_EDE{InfoCode: 22, ExtraText: "example.: all is silent"})
		}
	case asked.Name == "big.example." && udp:
		m.Truncated = true
	case !ok:
		m.Rcode = dns.RcodeNameError
		m.Ns = records("example. 60 IN SOA ns.example. host.example. 1 2 3 4 60")
	default:
		m.Answer = records(text)
	}
	_ = w.WriteMsg(m) // the client may have gone
}

// records parses records, a line each.
func records(text string) []dns.RR {
	var all []dns.RR
	zone := dns.NewZoneParser(strings.NewReader(text), "", "")
	for rr, ok := zone.Next(); ok; rr, ok = zone.Next() {
		all = append(all, rr)
	}
	return all
}
