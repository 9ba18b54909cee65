package integration_test

import "testing"

// quick makes giving up a matter of a second.
const quick = "limits: {first-timeout: 50ms, timeout-ceiling: 500ms}\n"

// TestPeers holds the resolver to servers and clients of others: the command as it is shipped, between nsd, knotd and
// named on one side and dig and kdig on the other.
func TestPeers(t *testing.T) {
	w := startWorld(t)
	w.binary = buildRecursor(t)
	listen := []string{"127.0.0.1"}
	if w.ipv6 {
		listen = append(listen, "::1")
	}
	r := w.resolve(t, settings{listen: listen, more: quick + "nsid: here\nversion: a test\n"})
	for _, part := range []struct {
		name string
		test func(*testing.T, *world, *resolver)
	}{
		{"answers", testAnswers},
		{"EDNS", testEDNS},
		{"sizes", testSizes},
		{"header", testHeader},
		{"RFC 8906", testRFC8906},
		{"validating client", testValidatingClient},
		{"others agree", testOthersAgree},
		{"failures", testFailures},
		{"zones", testZones},
		{"access", testAccess},
		{"wildcard listener", testWildcardListener},
		{"no query", testNoQuery},
		{"load", testLoad},
		{"life", testLife},
		{"faked clock", testFakedClock},
	} {
		t.Run(part.name, func(t *testing.T) { part.test(t, w, r) })
	}
	t.Run("end", r.finish)
}
