package transport

import (
	"recursor/dns/domain"
	"recursor/dns/wire"
)

// Matching is how a packet relates to a query.
type Matching uint8

// Matchings.
const (
	// Stranger: it answers another question, or none, or is no response.
	Stranger Matching = iota
	// SameButCase: the letters of the question differ in case only.
	SameButCase
	// Exact: ID, opcode and question are the query's.
	Exact
)

// MaxNearMisses is how many packets that do not match end an exchange, where the
// options of an Exchanger say nothing else
// (RFC 5452 §9.3).
const MaxNearMisses = 10

// Match compares a packet from the server's address with the query, by
// RFC 5452 §9.1. A server that could not read the query may answer with the
// header alone: an error without question passes (RFC 6891 §7, RFC 8906 §3).
func Match(query, packet []byte) Matching {
	if len(packet) < wire.HeaderLen || len(query) < wire.HeaderLen {
		return Stranger
	}
	q, _ := wire.ParseHeader(query)
	p, _ := wire.ParseHeader(packet)
	if p.ID != q.ID || !p.Flags.Has(wire.FlagQR) || p.Flags.Opcode() != q.Flags.Opcode() {
		return Stranger
	}
	if p.QD == 0 && p.AN == 0 && p.NS == 0 {
		switch p.Flags.RCode() {
		case wire.FormErr, wire.NotImp, wire.ServFail, wire.Refused:
			return Exact
		}
		return Stranger
	}
	if p.QD != 1 {
		return Stranger
	}
	end, err := wire.SkipName(query, wire.HeaderLen)
	if err != nil || end+4 > len(query) {
		return Stranger
	}
	want := query[wire.HeaderLen : end+4]
	if len(packet) < wire.HeaderLen+len(want) {
		return Stranger
	}
	got := packet[wire.HeaderLen : wire.HeaderLen+len(want)]
	if string(got) == string(want) {
		return Exact
	}
	n := len(want) - 4
	if string(got[n:]) != string(want[n:]) {
		return Stranger
	}
	var a, b [domain.MaxName]byte
	if string(domain.AppendLower(a[:0], got[:n])) == string(domain.AppendLower(b[:0], want[:n])) {
		return SameButCase
	}
	return Stranger
}
