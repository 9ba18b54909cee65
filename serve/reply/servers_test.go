package reply_test

import (
	"fmt"
	"strings"
	"testing"

	"recursor/dns/rrset"
	"recursor/dns/wire"
	"recursor/serve/reply"
)

// Name servers beside an answer are there while there is room, whole and with
// their signatures; for want of room nobody is sent to TCP.
func TestServersNeedRoom(t *testing.T) {
	// RFC: 2181.5
	a := set(t, "www.example. 300 IN A 192.0.2.1")
	var many []string
	for i := range 10 {
		many = append(many, fmt.Sprintf("example. 300 IN NS %s%d.example.", strings.Repeat("n", 40), i))
	}
	many = append(many, sig("example.", "NS"))
	r := reply.Reply{
		Flags: wire.FlagQR, Question: question("www.example.", wire.TypeA),
		Answer: []rrset.Set{a}, Servers: []rrset.Set{set(t, many...)},
		Additional: []rrset.Set{set(t, "ns.example. 300 IN A 192.0.2.2")},
		EDNS:       reply.EDNS{Present: true, DO: true, Payload: 1232},
	}
	for limit, want := range map[int]int{512: 0, 1232: len(many)} {
		m := read(t, r.Append(nil, limit))
		if m.Truncated || len(m.Answer) != 1 || len(m.Ns) != want || len(m.Extra) != 2 {
			t.Errorf("in %d octets: TC %t, %d records in the authority section, %d in the additional one", limit, m.Truncated, len(m.Ns), len(m.Extra))
		}
	}
	// What stands there is not repeated.
	r.Additional = r.Servers
	if m := read(t, r.Append(nil, 1232)); len(m.Extra) != 1 {
		t.Errorf("%v", m.Extra)
	}
}
