package udp

// This file is hot: it runs once for each batch.

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// bundles are the messages of a batch of answers. Those of one length to one
// client go as one, which the kernel cuts (UDP_SEGMENT): it goes once through the
// network stack, which is where most of the time of an answer is spent.
type bundles struct {
	headers [batchSize]mmsghdr
	vecs    [batchSize]unix.Iovec // of the answers, those of a message together
	order   [batchSize]uint8      // the answer of each of these
	first   [batchSize]uint8      // where those of a message begin
	control [batchSize]cut
	n       int // messages
}

// cut is the control message of a bundle: the length of its parts, and behind it
// where they leave from.
type cut struct {
	hdr    unix.Cmsghdr
	length uint16
	_      [unsafe.Sizeof(uintptr(0)) - 2]byte // the next one is aligned
	info   packetInfo
}

const cutLen = unsafe.Offsetof(cut{}.info)

// bundle makes messages of the first n answers.
func (r *ring) bundle(n int) {
	b := &r.send
	b.n = 0
	var lengths [batchSize]uint16 // 0: in a message already
	for j := range n {
		lengths[j] = uint16(r.outVec[j].Len)
	}
	vec := 0
	for j := range n {
		first, length := vec, lengths[j]
		if length == 0 {
			continue
		}
		vec = b.add(r, vec, j)
		for k, other := range lengths[j+1 : n] {
			if k += j + 1; other == length && r.together(j, k) {
				lengths[k] = 0
				vec = b.add(r, vec, k)
			}
		}
		b.headers[b.n] = r.out[j]
		b.first[b.n] = uint8(first)
		if parts := vec - first; parts > 1 {
			r.join(&b.headers[b.n], j, first, parts)
		}
		b.n++
	}
}

// add puts answer j behind the others.
func (b *bundles) add(r *ring, vec, j int) int {
	b.vecs[vec], b.order[vec] = r.outVec[j], uint8(j)
	return vec + 1
}

// together reports whether two answers go the same way.
func (r *ring) together(j, k int) bool {
	return r.to[j] == r.to[k] && (!r.wildcard || r.outInfo[j].data == r.outInfo[k].data)
}

// join makes m, which is answer j alone, the message of several.
func (r *ring) join(m *mmsghdr, j, first, parts int) {
	m.hdr.Iov = &r.send.vecs[first]
	m.hdr.SetIovlen(parts)
	c := &r.send.control[j]
	c.hdr.Level, c.hdr.Type = unix.SOL_UDP, unix.UDP_SEGMENT
	c.hdr.SetLen(unix.CmsgLen(2))
	c.length = uint16(r.outVec[j].Len)
	m.hdr.Control = (*byte)(unsafe.Pointer(c))
	size := int(cutLen)
	if r.wildcard {
		c.info = r.outInfo[j]
		size += unix.CmsgSpace(r.dataLen())
	}
	m.hdr.SetControllen(size)
}

// alone makes a message of each of the first n answers.
func (r *ring) alone(n int) {
	for j := range n {
		r.send.order[j] = uint8(j)
	}
	r.send.first[0] = 0
	r.singles(0, n)
}

// parts is how many answers are in message m.
func (r *ring) parts(m, answers int) int {
	if m+1 < r.send.n {
		answers = int(r.send.first[m+1])
	}
	return answers - int(r.send.first[m])
}

// singles makes a message of each answer that is in message m or behind it.
func (r *ring) singles(m, answers int) {
	b := &r.send
	from := int(b.first[m])
	b.n = 0
	for vec := from; vec < answers; vec++ {
		b.headers[b.n] = r.out[b.order[vec]]
		b.first[b.n] = uint8(vec)
		b.n++
	}
}
