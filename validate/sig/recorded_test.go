package sig_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/miekg/dns"

	"recursor/dns/domain"
	"recursor/dns/rrset"
	"recursor/dns/text"
	"recursor/dns/wire"
	"recursor/validate/sig"
)

// The signatures of the shared scenarios, which other resolvers' signers made
// over many years, hold at the time of their scenario; where one does not, the
// library agrees.
func TestRecordedSignatures(t *testing.T) {
	shared := os.Getenv("RECURSOR_SHARED")
	if shared == "" {
		shared = filepath.Join("..", "..", "..", "shared")
	}
	files, err := filepath.Glob(filepath.Join(shared, "conformance", "scenarios", "*", "*.rpl"))
	if err != nil || len(files) == 0 {
		t.Skip("the shared scenarios are absent (RECURSOR_SHARED, or ../shared beside the repository)")
	}
	sound := map[sig.Algorithm]int{}
	wrong := 0
	for _, path := range files {
		now, ok := recordedTime(file(t, path))
		if !ok {
			continue
		}
		answers, keys := recorded(file(t, path))
		for _, set := range answers {
			for rd := range set.Sigs.All() {
				s, err := sig.ParseRRSIG(rd)
				if err != nil || keys[s.Signer] == nil {
					continue
				}
				one := set
				one.Sigs = rrset.List(nil).Append(rd)
				r := sig.Verify(&one, sig.NewKeys(s.Signer, keys[s.Signer].RData, &sig.Policy{Recorded: true}), sig.Window{Now: now}, new(work))
				if r.Fault == sig.Sound {
					sound[s.Algorithm]++
				}
				if r.Fault == sig.Mismatch {
					wrong++
					if libraryHolds(t, &one, keys[s.Signer]) {
						t.Errorf("%s: %s %s: the library says it holds", filepath.Base(path), set.Name, set.Type)
					}
				}
			}
		}
	}
	for algorithm, least := range map[sig.Algorithm]int{
		sig.DSA: 900, sig.RSASHA1: 600, sig.RSASHA1NSEC3: 400, sig.RSASHA256: 400, sig.RSASHA512: 90, sig.ECDSAP256SHA256: 100,
	} {
		if sound[algorithm] < least {
			t.Errorf("%s: %d signatures hold, want at least %d", algorithm, sound[algorithm], least)
		}
	}
	if wrong > 80 { // some scenarios are about wrong ones
		t.Errorf("%d signatures are wrong", wrong)
	}
}

// recordedTime is the moment that a scenario says it is.
func recordedTime(scenario string) (time.Time, bool) {
	m := regexp.MustCompile(`override-date:\s*["']*(\d+)`).FindStringSubmatch(scenario)
	if m == nil {
		return time.Time{}, false
	}
	if t, err := time.Parse("20060102150405", m[1]); err == nil {
		return t, true
	}
	n, err := strconv.ParseInt(m[1], 10, 64)
	return time.Unix(n, 0), err == nil
}

// recorded is the sets of a scenario's answers, and the keys among them.
func recorded(scenario string) (answers []rrset.Set, keys map[domain.Name]*rrset.Set) {
	var entry, all []dns.RR
	inside := false
	for line := range strings.SplitSeq(scenario, "\n") {
		line = strings.TrimSpace(line)
		switch {
		case strings.HasPrefix(line, "SECTION"):
			inside = line != "SECTION QUESTION"
		case line == "ENTRY_END":
			if sets, err := text.FromRRs(entry); err == nil {
				answers = append(answers, sets...)
			}
			entry, inside = nil, false
		case inside && line != "" && line[0] != ';':
			if rr, err := dns.NewRR(line); err == nil && rr != nil {
				entry = append(entry, rr)
				if rr.Header().Rrtype == dns.TypeDNSKEY {
					all = append(all, rr)
				}
			}
		}
	}
	keys = map[domain.Name]*rrset.Set{}
	sets, err := text.FromRRs(all)
	for i := range sets {
		if sets[i].Type == wire.TypeDNSKEY && err == nil {
			keys[sets[i].Name] = &sets[i]
		}
	}
	return answers, keys
}

// libraryHolds reports whether the library finds that the set's one signature
// holds.
func libraryHolds(t *testing.T, set, keys *rrset.Set) bool {
	t.Helper()
	rrs, err := text.ToRRs(set)
	if err != nil {
		t.Fatal(err)
	}
	published, err := text.ToRRs(keys)
	if err != nil {
		t.Fatal(err)
	}
	s := rrs[len(rrs)-1].(*dns.RRSIG)
	for _, rr := range published {
		k, ok := rr.(*dns.DNSKEY)
		if ok && k.KeyTag() == s.KeyTag && k.Algorithm == s.Algorithm && s.Verify(k, rrs[:len(rrs)-1]) == nil {
			return true
		}
	}
	return false
}
