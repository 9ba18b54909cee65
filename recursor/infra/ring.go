package infra

// ring is a map of bounded size; when it is full the oldest key goes.
type ring[K comparable, V any] struct {
	m    map[K]V
	keys []K
	next int
}

func newRing[K comparable, V any](limit int) ring[K, V] {
	return ring[K, V]{m: make(map[K]V), keys: make([]K, 0, min(limit, 1024)), next: -limit}
}

func (r *ring[K, V]) get(k K) (V, bool) {
	v, ok := r.m[k]
	return v, ok
}

// put sets the value of k. next counts up from minus the limit while the ring
// fills, and is then the slot of the oldest key.
func (r *ring[K, V]) put(k K, v V) {
	if _, ok := r.m[k]; ok {
		r.m[k] = v
		return
	}
	if r.next < 0 {
		r.next++
		r.keys = append(r.keys, k)
		r.m[k] = v
		return
	}
	delete(r.m, r.keys[r.next])
	r.keys[r.next] = k
	r.next = (r.next + 1) % len(r.keys)
	r.m[k] = v
}
