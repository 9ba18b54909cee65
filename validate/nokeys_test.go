package validate_test

import (
	"testing"

	"recursor/dns/wire"
)

// TestNamesWithoutKeys: DNSKEY records are signed by their own name, but who says that there are none is the zone
// above.
func TestNamesWithoutKeys(t *testing.T) {
	w := internet(t)
	for _, zone := range []string{"example.com.", "n3.com.", "live.com.", "sub.example.com."} {
		for _, label := range []string{"www.", "nobody.", "empty.", "a.b.c.", "a.wild.", "alias.", "lost.", "x.d."} {
			w.want(label+zone, wire.TypeDNSKEY, "secure")
		}
	}
	w.want("www.plain.com.", wire.TypeDNSKEY, "insecure delegation not signed")
}
