package trust

import (
	"testing"

	"recursor/dns/wire"
)

// What no reader makes is refused all the same.
func TestShortRecords(t *testing.T) {
	for _, typ := range []wire.Type{wire.TypeDS, wire.TypeDNSKEY, wire.TypeA} {
		k := Key{Type: typ, RData: []byte{1, 0, 3}}
		if err := k.check(); err == nil {
			t.Errorf("%s of three octets", typ)
		}
		if err := (&keyDigest{PublicKey: "AAAA"}).agrees(k); err == nil {
			t.Errorf("%s of three octets has a public key", typ)
		}
	}
}
