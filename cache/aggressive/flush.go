package aggressive

import "recursor/dns/domain"

// Flush forgets what may speak of name: the chains of the zones at and above it.
// They are learnt again.
func (x *Index) Flush(name domain.Name) {
	for zone := name; ; zone = zone.Parent() {
		x.drop(zone)
		if zone.IsRoot() {
			return
		}
	}
}

// FlushTree forgets what may speak of name or a name below it.
func (x *Index) FlushTree(name domain.Name) {
	if name.IsRoot() {
		x.FlushAll()
		return
	}
	x.Flush(name)
	var a, b keyBuf
	from := appendName(a[:0], name, domain.Root())
	end := append(b[:0], from...)
	end[len(end)-1]++ // no key of another name is between
	for i := range x.shards {
		x.pages.Add(-int64(x.shards[i].drop(from, end)))
	}
}

// FlushAll forgets everything.
func (x *Index) FlushAll() {
	for i := range x.shards {
		x.pages.Add(-int64(x.shards[i].reset()))
	}
}

// drop takes out what there is of a zone.
func (x *Index) drop(zone domain.Name) {
	var a, b keyBuf
	x.pages.Add(-int64(x.shard(zone).drop(a.zone(zone, kindZone), b.after(zone, kindNSEC3))))
}
