package answer_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"recursor/cache/answer"
	"recursor/dns/domain"
	"recursor/dns/wire"
)

func flushes(t testing.TB) map[string]func(*answer.Cache) {
	t.Helper()
	alias := domain.MustParse("a.example.") // the answer holds data of it
	return map[string]func(*answer.Cache){
		"Flush":     func(c *answer.Cache) { c.Flush(alias) },
		"FlushTree": func(c *answer.Cache) { c.FlushTree(alias.Parent()) },
		"FlushAll":  (*answer.Cache).FlushAll,
	}
}

// A question is wanted when it comes again, not by what others ask; a Flush does
// not make it a new one.
func TestWanted(t *testing.T) {
	c := small()
	for i := range 200 {
		k := key(t, fmt.Sprintf("n%d.example.", i), 0)
		c.Stamp(k)
		if c.Wanted(k) {
			t.Errorf("%q is wanted at once", k.Name())
		}
	}
	c.FlushAll()
	wanted := 0
	for i := range 200 {
		k := key(t, fmt.Sprintf("n%d.example.", i), 0)
		c.Stamp(k)
		if c.Wanted(k) {
			wanted++
		}
		k.Set(wire.TypeA, answer.DO, 0)
		if c.Wanted(k) {
			t.Errorf("%q is wanted with DO, which nobody asked for", k.Name())
		}
	}
	if wanted < 180 { // some took the places of others
		t.Errorf("%d of 200 questions are wanted when they come again", wanted)
	}
	if s := c.Stats(); s.Unwanted != uint64(600-wanted) {
		t.Errorf("%d unwanted", s.Unwanted)
	}
}

// The ceiling holds, whatever is put, and all of it is counted.
func TestCeiling(t *testing.T) {
	for _, size := range []int64{1 << 20, 8 << 20} {
		c := answer.New(answer.Options{Size: size, Seed: 1})
		msg := sample(t)
		for i := range 100_000 {
			k := key(t, fmt.Sprintf("n%d.example.", i), 0)
			c.Wanted(k)
			put(c, k, msg, start())
		}
		s := c.Stats()
		if s.Size != size || s.Reserved > size || s.Reserved < size*9/10 || s.Used > s.Reserved {
			t.Errorf("%d octets: %+v", size, s)
		}
		if s.Evicted == 0 || s.Entries < size/400 {
			t.Errorf("%d octets: %d entries, %d evicted", size, s.Entries, s.Evicted)
		}
	}
}

func TestAllocations(t *testing.T) {
	c, msg, k := small(), sample(t), key(t, "www.example.", 0)
	dst := make([]byte, 1536)
	off, now := questionEnd(t, msg), start()
	for what, f := range map[string]func(){
		"Put":    func() { put(c, k, msg, now) },
		"Get":    func() { c.Get(k, dst, off, now) },
		"Wanted": func() { c.Wanted(k) },
	} {
		if n := testing.AllocsPerRun(1000, f); n != 0 {
			t.Errorf("%s: %v allocations", what, n)
		}
	}
}

// Whoever gets, gets a whole answer, whatever others put and flush meanwhile.
func TestTogether(t *testing.T) {
	c := answer.New(answer.Options{Size: 256 << 10})
	var msgs [64][]byte
	for i := range msgs {
		name := fmt.Sprintf("n%02d.example.", i)
		msgs[i] = message(t, name, name+" 600 A 192.0.2."+fmt.Sprint(i), name+" 600 A 198.51.100."+fmt.Sprint(i))
	}
	var all sync.WaitGroup
	for g := range 4 {
		all.Go(func() {
			r := rand.New(rand.NewPCG(uint64(g), 1))
			dst := make([]byte, 1536)
			for range 5_000 {
				i := r.IntN(len(msgs))
				k := key(t, fmt.Sprintf("n%02d.example.", i), 0)
				now := start().Add(time.Duration(r.IntN(1000)) * time.Millisecond)
				switch r.IntN(4) {
				case 0:
					put(c, k, msgs[i], now)
				case 1:
					if r.IntN(500) == 0 {
						c.FlushAll()
					}
				default:
					off := questionEnd(t, msgs[i])
					f, ok := c.Get(k, dst, off, now)
					if !ok {
						continue
					}
					ttl := dst[off+6 : off+10] // the pointer to the question, type, class
					if n := binary.BigEndian.Uint32(ttl); n != 599 && n != 600 {
						t.Errorf("TTL %d", n)
						return
					}
					if f.End != len(msgs[i]) || !bytes.Equal(dst[off+10:off+16], msgs[i][off+10:off+16]) {
						t.Errorf("%x", dst[:f.End])
						return
					}
				}
			}
		})
	}
	all.Wait()
}

// FuzzPut takes any octets for a message. What is kept comes back as it was, and
// its records are those that the cursor finds.
func FuzzPut(f *testing.F) {
	f.Add(sample(f), uint16(0))
	f.Add(message(f, ".", ". 70 NS a.root-servers.net."), uint16(69))
	f.Fuzz(func(t *testing.T, msg []byte, age uint16) {
		c, k := small(), new(answer.Key)
		k.SetName([]byte("\x03www\x00"))
		k.Set(wire.TypeA, 0, 0)
		if !put(c, k, msg, start()) {
			return
		}
		dst := make([]byte, 12+255+4+8192)
		off := questionEnd(t, msg)
		if found, ok := c.Get(k, dst, off, start()); !ok || !bytes.Equal(dst[off:found.End], msg[off:]) {
			t.Fatalf("%x came back as %x", msg[off:], dst[off:found.End])
		}
		found, ok := c.Get(k, dst, off, start().Add(time.Duration(age)*time.Second))
		if !ok {
			return
		}
		copy(dst, msg[:off])
		was, is := wire.NewCursor(msg), wire.NewCursor(dst[:found.End])
		was.Off, is.Off = off, off
		for range int(found.Answer) + int(found.Authority) + int(found.Additional) {
			a, err := was.RR()
			if err != nil {
				t.Fatal(err)
			}
			b, err := is.RR()
			if err != nil {
				t.Fatal(err)
			}
			if a.TTL -= uint32(age); a != b || b.TTL == 0 {
				t.Fatalf("after %d seconds %+v is %+v", age, a, b)
			}
		}
		if was.Off != len(msg) || is.Off != found.End {
			t.Fatal("records are missing")
		}
	})
}

func BenchmarkGet(b *testing.B) {
	c, msg, k := small(), sample(b), key(b, "www.example.", 0)
	put(c, k, msg, start())
	dst, off, now := make([]byte, 1536), questionEnd(b, msg), start()
	for b.Loop() {
		if _, ok := c.Get(k, dst, off, now); !ok {
			b.Fatal("not found")
		}
	}
}

func BenchmarkPut(b *testing.B) {
	c, msg, k := small(), sample(b), key(b, "www.example.", 0)
	for b.Loop() {
		put(c, k, msg, start())
	}
}

// TestDoorkeeperGrows: it takes more of its memory as more questions come, and
// what came last is remembered all the while.
func TestDoorkeeperGrows(t *testing.T) {
	c := answer.New(answer.Options{Size: 16 << 20, Seed: 1})
	forgotten := 0
	for i := range 100_000 {
		k := key(t, fmt.Sprintf("n%d.example.", i), 0)
		if c.Wanted(k) {
			t.Fatalf("question %d came before", i)
		}
		if !c.Wanted(k) {
			forgotten++
		}
	}
	if forgotten > 10 { // those after which it grew
		t.Errorf("%d questions were forgotten at once", forgotten)
	}
	late := 0
	for i := 90_000; i < 100_000; i++ {
		k := key(t, fmt.Sprintf("n%d.example.", i), 0)
		if c.Wanted(k) {
			late++
		}
	}
	if late < 9_000 {
		t.Errorf("%d of the last 10,000 questions are remembered", late)
	}
}
