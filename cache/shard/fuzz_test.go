package shard

import (
	"bytes"
	"testing"
)

// FuzzOperations runs an octet a step against a map. The store is as small as
// they come, so that entries go; what is found must be what was put last.
func FuzzOperations(f *testing.F) {
	f.Add([]byte("\x00a\x10\x10a\x20\x20a\x30"))
	f.Fuzz(func(t *testing.T, steps []byte) {
		l := plan(MinSize)
		s := newStore(l, make([]byte, l.mapped()), newSecret(1))
		type kept struct {
			value  []byte
			expiry int64
		}
		model := map[string]kept{}
		now := int64(1)
		fill := byte(0)
		for ; len(steps) >= 3; steps = steps[3:] {
			op, k, size := steps[0], steps[1], int(steps[2])
			key := bytes.Repeat([]byte{k}, 1+int(k)%40)
			switch op % 8 {
			case 0, 1, 2:
				fill++
				if op&0x80 != 0 {
					size *= 40
				}
				value := bytes.Repeat([]byte{fill}, size)
				expiry := now + int64(op>>3)
				if s.Put(key, value, expiry, now) {
					model[string(key)] = kept{value, expiry}
				} else if expiry > now && len(key)+size <= s.MaxItem() {
					t.Fatalf("a Put of %d octets was refused", size)
				}
			case 3:
				s.Delete(key)
				delete(model, string(key))
			case 4:
				now += int64(size) / 16
			case 5:
				s.Touch(key, now)
			case 6:
				if size == 0 {
					s.Flush()
					clear(model)
				}
			default:
				got, ok := s.Get(key, nil, now)
				want := model[string(key)]
				if ok && (want.expiry <= now || !bytes.Equal(got, want.value)) {
					t.Fatalf("Get gave %d octets, want %d", len(got), len(want.value))
				}
				if !ok && want.expiry > now && s.Stats().Evicted == 0 {
					t.Fatal("an entry was lost, though nothing was evicted")
				}
			}
		}
		mustVerify(t, s)
		seen := 0
		s.Walk(now, 1<<20, func(key, value []byte) Verdict {
			seen++
			if want := model[string(key)]; want.expiry <= now || !bytes.Equal(value, want.value) {
				t.Fatalf("the walk shows %d octets under %q, want %d", len(value), key, len(want.value))
			}
			return Keep
		})
	})
}
