// Package udp serves clients over UDP.
//
// On Linux each worker has a socket of its own on each address, sharing the
// port (SO_REUSEPORT), and takes and answers packets in batches (recvmmsg,
// sendmmsg) with headers that are built once; answers of one length to one client
// are one message, which the kernel cuts (UDP_SEGMENT). Elsewhere, and where Options say
// so, workers share one socket and handle a packet at a time: that is the plain
// twin, and the same tests hold both to the same behaviour. Hits are answered
// where they are read; a miss is copied and resolved in a goroutine of its own,
// so that it holds up nobody.
//
// # Concurrency
//
// A Listener is listened once and run once; Stats may be called at any time. A
// worker's buffers belong to its goroutine.
//
// # Resources
//
// A worker has two buffers of 1,536 octets for each of 32 packets on each
// address. A hit allocates nothing. Misses in progress are bounded by a
// frontend.Gate; the newest is dropped. The kernel's queue of a socket is asked
// to be 4 MiB, and is what the system allows.
//
// # Security
//
// Replies leave from the address that the query came to (RFC 2181 §4.1). What
// was sent to a broadcast or multicast address is not answered, nor what is
// shorter than a header, longer than the buffer, or a response. The kernel is
// told not to believe ICMP about path MTUs (RFC 9715 §3.1), so that nobody can
// make replies fragment. A panic of the handler costs one query: the rest of
// the batch is served.
//
// # Standards
//
// RFC 1035 §4.2.1, RFC 2181 §4, RFC 9715 §3.1.
package udp
