package cache

import (
	"time"

	"recursor/dns/wire"
)

// Touch counts as a use of what answers name, in wire form and lower case, and
// type: an RRset, an alias, or that the name does not exist. It allocates nothing
// and counts as no hit.
func (c *Cache) Touch(name []byte, t wire.Type, now time.Time) {
	var kb keyBuf
	at := c.tick(now).seconds()
	if !c.store.Touch(kb.wire(kindSet, name, t), at) && !c.store.Touch(kb.wire(kindSet, name, wire.TypeCNAME), at) {
		c.store.Touch(kb.wire(kindName, name, t), at)
	}
}
