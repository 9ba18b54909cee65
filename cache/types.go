package cache

import (
	"encoding/binary"

	"recursor/dns/domain"
	"recursor/dns/wire"
)

// everydayTypes is how many types everyday names.
const everydayTypes = 24

// everyday reports whether names usually have, or are asked for, the type. Such
// types are not counted.
func everyday(t wire.Type) bool {
	switch t {
	case wire.TypeA, wire.TypeNS, wire.TypeCNAME, wire.TypeSOA, wire.TypePTR, wire.TypeMX, wire.TypeTXT, wire.TypeAAAA,
		wire.TypeSRV, wire.TypeNAPTR, wire.TypeDNAME, wire.TypeDS, wire.TypeSSHFP, wire.TypeNSEC, wire.TypeDNSKEY,
		wire.TypeNSEC3, wire.TypeNSEC3PARAM, wire.TypeTLSA, wire.TypeCDS, wire.TypeCDNSKEY, wire.TypeCSYNC,
		wire.TypeSVCB, wire.TypeHTTPS, wire.TypeCAA:
		return true
	}
	return false
}

// A name has an entry that lists its other types, absent ones included: when
// some were found to be gone last, and two octets for each.
const typesHead = 6

// admits reports whether something of the type may be stored for the name, whose
// stripe is locked: it is one of everyday use, it is stored already, or there are
// not too many yet (CVE-2024-1737).
func (c *Cache) admits(name domain.Name, t wire.Type, now tick) bool {
	if everyday(t) {
		return true
	}
	var kb keyBuf
	var scratch [typesHead + 2*(1<<7)]byte
	key := kb.named(kindTypes, name)
	list, ok := c.store.Get(key, scratch[:0], now.seconds())
	if !ok || len(list) < typesHead {
		list = appendTick(scratch[:0], now)
	}
	for i := typesHead; i < len(list); i += 2 {
		if wire.Type(binary.BigEndian.Uint16(list[i:])) == t {
			return true
		}
	}
	if most := c.o.Types - everydayTypes; (len(list)-typesHead)/2 >= most {
		if now-parseTick(list) < second {
			return false // they were looked at a moment ago
		}
		list = c.present(name, list, now)
		if (len(list)-typesHead)/2 >= most {
			c.putTypes(key, list, now)
			return false
		}
	}
	c.putTypes(key, binary.BigEndian.AppendUint16(list, uint16(t)), now)
	return true
}

func (c *Cache) putTypes(key, list []byte, now tick) {
	c.store.Put(key, list, (now + ticks(c.o.MaxTTL) + ticks(c.o.MaxStale)).expiry(), now.seconds())
}

// present is a list with the types of which something is still stored.
func (c *Cache) present(name domain.Name, list []byte, now tick) []byte {
	var kb keyBuf
	kept := appendTick(list[:0:0], now)
	for i := typesHead; i < len(list); i += 2 {
		t := wire.Type(binary.BigEndian.Uint16(list[i:]))
		if _, ok := c.peek(kb.typed(kindSet, name, t), now); ok {
			kept = binary.BigEndian.AppendUint16(kept, uint16(t))
		}
	}
	return kept
}
