package udp

import (
	"encoding/binary"
	"net/netip"
	"unsafe"

	"golang.org/x/sys/unix"
)

// mmsghdr is struct mmsghdr of recvmmsg(2).
type mmsghdr struct {
	hdr unix.Msghdr
	len uint32
}

// sockaddr is struct sockaddr_in or sockaddr_in6: what follows the port is
// read by family.
type sockaddr struct {
	family uint16
	port   [2]byte // in network order
	rest   [24]byte
}

// Where the parts of a sockaddr's rest are: sin_addr; sin6_addr behind
// sin6_flowinfo, and sin6_scope_id.
const (
	sockaddrLen4 = 16
	sockaddrLen6 = 28
	addr6At      = 4
	scopeAt      = 20
)

// packetInfo is a control message with struct in_pktinfo or in6_pktinfo.
type packetInfo struct {
	hdr  unix.Cmsghdr
	data [20]byte
}

// Where the parts of a packetInfo's data are.
const (
	ifIndex4At = 0  // ipi_ifindex
	local4At   = 4  // ipi_spec_dst: the address that the packet was delivered to
	sentTo4At  = 8  // ipi_addr: the destination in its header
	sentTo6At  = 0  // ipi6_addr
	ifIndex6At = 16 // ipi6_ifindex
	dataLen4   = 12
	dataLen6   = 20
)

// ring is the memory of one worker's batches: headers that point to their
// addresses, control messages and buffers once and for all. Between calls only
// lengths change.
type ring struct {
	in, out             [batchSize]mmsghdr
	inVec, outVec       [batchSize]unix.Iovec
	from, to            [batchSize]sockaddr
	inControl, outInfo  [batchSize]packetInfo
	inBuffer, outBuffer [batchSize][bufferSize]byte
	send                bundles

	v6, wildcard bool
}

func newRing(v6, wildcard bool) *ring {
	r := &ring{v6: v6, wildcard: wildcard}
	for i := range batchSize {
		link(&r.in[i], &r.inVec[i], &r.from[i], &r.inBuffer[i])
		link(&r.out[i], &r.outVec[i], &r.to[i], &r.outBuffer[i])
		r.in[i].hdr.Namelen = r.nameLen()
		r.out[i].hdr.Namelen = r.nameLen()
		r.inVec[i].SetLen(bufferSize)
		if !wildcard {
			continue
		}
		r.in[i].hdr.Control = (*byte)(unsafe.Pointer(&r.inControl[i]))
		r.out[i].hdr.Control = (*byte)(unsafe.Pointer(&r.outInfo[i]))
		r.in[i].hdr.SetControllen(int(unsafe.Sizeof(packetInfo{})))
		r.out[i].hdr.SetControllen(unix.CmsgSpace(r.dataLen()))
		h := &r.outInfo[i].hdr
		h.SetLen(unix.CmsgLen(r.dataLen()))
		h.Level, h.Type = r.controlKind()
	}
	return r
}

func link(m *mmsghdr, vec *unix.Iovec, name *sockaddr, buffer *[bufferSize]byte) {
	m.hdr.Name = (*byte)(unsafe.Pointer(name))
	m.hdr.Iov = vec
	m.hdr.SetIovlen(1)
	vec.Base = &buffer[0]
}

func (r *ring) nameLen() uint32 {
	if r.v6 {
		return sockaddrLen6
	}
	return sockaddrLen4
}

func (r *ring) dataLen() int {
	if r.v6 {
		return dataLen6
	}
	return dataLen4
}

func (r *ring) controlKind() (level, kind int32) {
	if r.v6 {
		return unix.IPPROTO_IPV6, unix.IPV6_PKTINFO
	}
	return unix.IPPROTO_IP, unix.IP_PKTINFO
}

// rearm makes the first n headers ready for another recvmmsg: the kernel has
// put into them what it used.
func (r *ring) rearm(n int) {
	for i := range n {
		r.in[i].hdr.Namelen = r.nameLen()
		if r.wildcard {
			r.in[i].hdr.SetControllen(int(unsafe.Sizeof(packetInfo{})))
		}
	}
}

// client is where packet i came from, without zone.
func (r *ring) client(i int) netip.AddrPort {
	from := &r.from[i]
	port := binary.BigEndian.Uint16(from.port[:])
	if r.v6 {
		return netip.AddrPortFrom(netip.AddrFrom16([16]byte(from.rest[addr6At:])), port)
	}
	return netip.AddrPortFrom(netip.AddrFrom4([4]byte(from.rest[:])), port)
}

// scope is the interface of a link-local client, else 0.
func (r *ring) scope(i int) uint32 {
	if !r.v6 {
		return 0
	}
	return binary.NativeEndian.Uint32(r.from[i].rest[scopeAt:])
}

// origin is where packet i was sent to; false where no reply may come from
// there.
func (r *ring) origin(i int) (origin, bool) {
	info := &r.inControl[i]
	level, kind := r.controlKind()
	if int(r.in[i].hdr.Controllen) < unix.CmsgLen(r.dataLen()) || info.hdr.Level != level || info.hdr.Type != kind {
		return origin{}, false
	}
	if r.v6 {
		ifIndex := binary.NativeEndian.Uint32(info.data[ifIndex6At:])
		return originOf(netip.AddrFrom16([16]byte(info.data[sentTo6At:])), int(ifIndex))
	}
	local, sentTo := [4]byte(info.data[local4At:]), [4]byte(info.data[sentTo4At:])
	if local != sentTo {
		return origin{}, false // a broadcast or multicast
	}
	ifIndex := binary.NativeEndian.Uint32(info.data[ifIndex4At:])
	return originOf(netip.AddrFrom4(local), int(ifIndex))
}

// address makes outgoing packet j the answer of n octets to incoming packet i.
func (r *ring) address(j, i, n int, from origin) {
	r.to[j] = r.from[i]
	r.outVec[j].SetLen(n)
	if !r.wildcard {
		return
	}
	info := &r.outInfo[j]
	if r.v6 {
		addr := from.addr.As16()
		copy(info.data[sentTo6At:], addr[:])
		binary.NativeEndian.PutUint32(info.data[ifIndex6At:], uint32(from.ifIndex)) //nolint:gosec // an interface index
		return
	}
	addr := from.addr.As4()
	copy(info.data[local4At:], addr[:])
	binary.NativeEndian.PutUint32(info.data[ifIndex4At:], uint32(from.ifIndex)) //nolint:gosec // an interface index
}
