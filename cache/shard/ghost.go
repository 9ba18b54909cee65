package shard

import "encoding/binary"

// ghosts remembers fingerprints of entries that left the small ring without a
// hit: sets of fifteen, each a queue behind the position of its next victim.
// A name in sixty-five thousand is mistaken for one it is not.
type ghosts struct {
	mem []byte
	n   uint32 // sets
}

const (
	ghostLen  = 32
	ghostWays = ghostLen/2 - 1
)

func newGhosts(mem []byte) ghosts { return ghosts{mem, uint32(len(mem) / ghostLen)} }

func (g *ghosts) set(d digest) (line []byte, mark uint16) {
	set, mark := d.ghost(g.n)
	off := int(set) * ghostLen
	return g.mem[off : off+ghostLen : off+ghostLen], mark
}

func (g *ghosts) add(d digest) {
	line, mark := g.set(d)
	hand := binary.LittleEndian.Uint16(line) % ghostWays
	binary.LittleEndian.PutUint16(line[2+2*hand:], mark)
	binary.LittleEndian.PutUint16(line, hand+1)
}

// take reports whether d is remembered and forgets it.
func (g *ghosts) take(d digest) bool {
	line, mark := g.set(d)
	for i := 2; i < ghostLen; i += 2 {
		if binary.LittleEndian.Uint16(line[i:]) == mark {
			binary.LittleEndian.PutUint16(line[i:], 0)
			return true
		}
	}
	return false
}
