// Package udp is the way out by UDP: each query from a socket and an
// unpredictable port of its own.
//
// On Linux an exchange costs eight system calls (socket, setsockopt, bind,
// connect, write, epoll_ctl, recvfrom, close) and a share of an epoll_wait;
// elsewhere a goroutine per exchange reads through package net. Tests hold
// both to the same behaviour.
//
// # Concurrency
//
// An Exchanger serves any number of goroutines. Queries started before Run
// wait for it; Run reads for all of them in one goroutine (elsewhere than on
// Linux: in one per exchange) and returns when no other is left.
//
// # Resources
//
// One descriptor per exchange under way, at most Options.MaxOpen of them;
// beyond, queries wait in order of arrival, at most Options.MaxWaiting. No
// timer. A reply of more than MaxReply octets is not read.
//
// # Security
//
// The port comes from the query's random.Stream, over 1024 … 65535 without
// Options.Avoid, and no two exchanges under way share one (RFC 5452 §9.2).
// Sockets are connected, so that the system discards what others send, and
// what arrived before that is told by its source. Path MTU news are ignored
// (IP_PMTUDISC_OMIT), since anybody can forge them; a port that an ICMP
// message calls unreachable ends the exchange, for it had to quote the ports.
//
// # Standards
//
// RFC 5452 §9, RFC 9715 §3, RFC 1035 §4.2.1.
package udp
