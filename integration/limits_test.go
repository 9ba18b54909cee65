package integration_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// limitsReached says for each key under `limits` where it is reached: a scenario below testdata, or a test in simulated
// time or on sockets, by package and name.
func limitsReached() map[string]string {
	return map[string]string{
		"upstream-sends":             "limits/upstream-sends.rpl",
		"upstream-sends-per-name":    "limits/upstream-sends-per-name.rpl",
		"sends-per-question":         "limits/sends-per-question.rpl",
		"upstream-octets":            "recursor TestOctetsFromUpstreamAreBounded",
		"ns-per-delegation":          "limits/ns-per-delegation.rpl",
		"ns-lookups-at-once":         "recursor TestNameServersLookedUpAtOnce",
		"ns-lookups":                 "limits/ns-lookups.rpl",
		"depth":                      "limits/depth.rpl",
		"referrals":                  "limits/referrals.rpl",
		"aliases":                    "limits/aliases.rpl",
		"minimise-steps":             "limits/minimise-steps.rpl",
		"minimise-one-label":         "limits/minimise-steps.rpl",
		"records-per-rrset":          "limits/records-per-rrset.rpl",
		"types-per-name":             "limits/types-per-name.rpl",
		"answer-time":                "daemon TestDeadlines",
		"udp-answer-time":            "limits/answer-time.rpl",
		"work-time":                  "limits/answer-time.rpl",
		"first-timeout":              "limits/server-down.rpl",
		"timeout-ceiling":            "recursor/infra TestTimeoutsFollowTheMeasuredTimeAndBackOff",
		"down-after":                 "limits/server-down.rpl",
		"down-first":                 "limits/server-down.rpl",
		"down-ceiling":               "recursor TestADeadForwarderIsLeftAlone",
		"wrong-replies":              "transport/udp TestStrangersAreDiscarded",
		"fetches-per-zone":           "recursor TestQuestionsToOneZoneAreBounded",
		"fetches-per-server":         "recursor TestSendsToOneServerAreBounded",
		"fetches-per-top-zone":       "recursor TestZonesOfEverybodyHaveQuotasOfTheirOwn",
		"fetches-per-top-server":     "recursor TestZonesOfEverybodyHaveQuotasOfTheirOwn",
		"max-ttl":                    "limits/ttl.rpl",
		"max-negative-ttl":           "limits/ttl.rpl",
		"min-ttl":                    "limits/least-ttl.rpl",
		"min-negative-ttl":           "limits/least-ttl.rpl",
		"failure-ttl-first":          "rfc9520/failures-are-remembered.rpl",
		"failure-ttl-ceiling":        "recursor TestFailureIsCachedAndGrows",
		"servers-after-bogus":        "limits/servers-after-bogus.rpl",
		"verifications":              "recursor TestPoolTakesTurns",
		"verifications-waiting":      "recursor TestPoolLineIsBounded",
		"signature-checks":           "validate TestKeyTrap",
		"signature-checks-failed":    "validate TestKeyTrap",
		"signature-checks-per-rrset": "validate/sig TestKeyTrap",
		"keys-per-tag":               "validate/sig TestKeyTrap",
		"ds-per-zone":                "validate/sig TestManyDS",
		"nsec3-hashes":               "validate TestHashesOfDeepNames",
		"nsec3-hashes-per-proof":     "validate TestHashesOfDeepNames",
		"nsec3-iterations":           "rfc9276/iterations.rpl",
		"nsec3-iterations-refused":   "rfc9276/far-too-many.rpl",
		"rsa-bits-least":             "validate/sig TestRSASizes",
		"rsa-bits-most":              "validate/sig TestRSASizes",
		"rsa-exponent-bits":          "validate/sig TestRSASizes",
		"upstream-tcp-connections":   "transport/stream TestTooManyConnections",
		"upstream-tcp-per-server":    "transport/stream TestPlaces",
		"upstream-tcp-outstanding":   "transport/stream TestPlaces",
		"upstream-tcp-connect":       "transport/stream TestConnectingHasALimit",
		"upstream-tcp-idle":          "transport/stream TestIdleConnectionsAreClosed",
		"resolutions":                "serve TestResolutionsAreBounded",
		"resolutions-per-client":     "serve TestResolutionsAreBounded",
		"late-answer":                "serve TestLateAnswersUnderPressure",
		"give-way-after":             "serve TestSlowResolutionsGiveWay",
		"tcp-connections":            "frontend TestConnectionsGiveWay",
		"tcp-connections-per-client": "frontend TestConnectionsGiveWay",
		"tcp-first-query":            "frontend/stream TestFirstQuery",
		"tcp-idle":                   "frontend/stream TestIdle",
		"tcp-write":                  "frontend/tcp TestSlowWriterIsCut",
		"tcp-outstanding":            "frontend/stream TestOutstanding",
		"tls-handshakes":             "frontend/dot TestHandshakesAreBounded",
	}
}

// TestEveryLimitIsReached: each key of the configuration under `limits` has a scenario or test of its own.
func TestEveryLimitIsReached(t *testing.T) {
	reference, err := os.ReadFile("../configs/reference.yaml")
	if err != nil {
		t.Fatal(err)
	}
	_, limits, ok := strings.Cut(string(reference), "\nlimits:\n")
	if !ok {
		t.Fatal("no limits in the reference")
	}
	reached := limitsReached()
	var keys []string
	for _, m := range regexp.MustCompile(`(?m)^  ([a-z0-9-]+):`).FindAllStringSubmatch(limits, -1) {
		keys = append(keys, m[1])
		if reached[m[1]] == "" {
			t.Errorf("limits.%s: nothing reaches it; write a scenario in testdata/limits, and name it here", m[1])
		}
	}
	for key, where := range reached {
		if !slices.Contains(keys, key) {
			t.Errorf("limits.%s is no key", key)
		}
		dir, name, isTest := strings.Cut(where, " ")
		switch {
		case !isTest:
			text, err := os.ReadFile(filepath.Join("testdata", filepath.FromSlash(where)))
			if err != nil {
				t.Error(err)
			} else if strings.HasPrefix(where, "limits/") && !strings.Contains(string(text), "limits."+key+":") {
				t.Errorf("%s does not set limits.%s", where, key)
			}
		case !hasTest(t, dir, name):
			t.Errorf("limits.%s: %s has no %s", key, dir, name)
		}
	}
}

// hasTest reports whether a package has the test.
func hasTest(t *testing.T, dir, name string) bool {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("..", filepath.FromSlash(dir), "*_test.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(text), "\nfunc "+name+"(t *testing.T)") {
			return true
		}
	}
	return false
}
