package integration_test

import (
	"slices"
	"strings"
	"testing"
)

// rule forbids packages in or below from to import anything in or below to, however arrows.txt reads.
type rule struct {
	from   []string
	to     []string
	except []string // importers that may
	why    string
}

// forbiddenArrows are the walls of the house. A path ending in "/..." counts in what lies below it only.
func forbiddenArrows() []rule {
	engine := []string{"cache", "frontend", "recursor", "serve", "transport", "validate"}
	everything := []string{""}
	return []rule{
		{
			from: []string{"validate"}, to: []string{"recursor", "cache", "trust", "transport"},
			why: "the judge is pure: keys and DS come through its Fetcher",
		},
		{
			from: []string{"cache"}, to: []string{"recursor", "validate"}, except: []string{"cache/aggressive → validate/denial"},
			why: "the cache does not know how data was fetched or judged",
		},
		{from: []string{"frontend"}, to: []string{"serve"}, why: "serve fulfils frontend.Handler, not the other way round"},
		{from: []string{"serve", "client"}, to: []string{"recursor"}, why: "the resolver is seen through an interface of the package's own"},
		{from: []string{"trust"}, to: []string{"transport"}, why: "others bring the DNSKEY RRset"},
		{
			from: everything, to: []string{"daemon/config"}, except: []string{"daemon"},
			why: "configuration becomes objects in the composition root alone",
		},
		{from: everything, to: []string{"integration"}, why: "it holds tests"},
		{from: everything, to: []string{"testbed"}, except: []string{"cmd", "testbed"}, why: "the engine must not know that it is being simulated"},
		{from: everything, to: []string{"cmd"}, why: "a command is nobody's library"},
		{from: everything, to: []string{"daemon"}, except: []string{"cmd", "daemon", "testbed/scenario"}, why: "the composition root is the end of every route"},
		{
			from: []string{"dns"}, to: append([]string{"clock", "random", "observe", "zone", "trust", "client", "daemon", "testbed", "cmd"}, engine...),
			why: "vocabulary imports vocabulary",
		},
		{from: []string{"clock", "random"}, to: append([]string{"zone", "trust", "client"}, engine...), why: "time and chance know no DNS"},

		{
			from: everything, to: []string{"go.uber.org/zap"}, except: []string{"observe/log", "daemon", "cmd"},
			why: "packages emit events of package observe; the log is a reader of them",
		},
		{
			from: everything, to: []string{"github.com/prometheus/client_golang"}, except: []string{"observe/metrics"},
			why: "who counts has counters of its own; one package shows them",
		},
		{
			from: everything, to: []string{"github.com/quic-go/quic-go"}, except: []string{"frontend/doq", "frontend/doh", "transport/doq", "transport/doh"},
			why: "QUIC stays at the border",
		},
		{
			from: append([]string{"dns/domain", "dns/wire", "dns/rrset", "dns/edns", "dns/ede"}, engine...), to: []string{"github.com/miekg/dns"},
			why: "the wire RRset is the currency (docs/decisions); dns/text is the door to the library",
		},
		{from: append([]string{"dns"}, engine...), to: []string{"github.com/goccy/go-yaml"}, why: "configuration arrives as values"},
		{from: everything, to: []string{"math/rand"}, except: []string{"random"}, why: "every choice comes from package random, or a scenario would not replay"},
		{from: everything, to: []string{"crypto/rand"}, except: []string{"random"}, why: "one source of randomness, injected"},
	}
}

// forbidden says why from must not import to; empty means that no wall stands there.
func forbidden(from, to string) string {
	for _, r := range forbiddenArrows() {
		if !inAny(from, r.from) || !inAny(to, r.to) || excepted(from, to, r.except) {
			continue
		}
		return r.why
	}
	if isForeign(to) && !slices.ContainsFunc(foreignModules(), func(m string) bool { return under(to, m) }) {
		return "a new dependency needs half a page in docs/decisions and its line in this test"
	}
	return ""
}

// foreignModules are the modules of others that product code may import; docs_test.go holds go.mod to the same.
func foreignModules() []string {
	return []string{
		"github.com/cloudflare/circl",
		"github.com/goccy/go-yaml",
		"github.com/miekg/dns",
		"github.com/prometheus/client_golang",
		"github.com/quic-go/quic-go",
		"go.uber.org/zap",
		"golang.org/x/net",
		"golang.org/x/sys",
	}
}

// isForeign: the standard library's paths have no dot in their first element, ours neither.
func isForeign(path string) bool {
	first, _, _ := strings.Cut(path, "/")
	return strings.Contains(first, ".")
}

func inAny(path string, prefixes []string) bool {
	return slices.ContainsFunc(prefixes, func(prefix string) bool { return prefix == "" || under(path, prefix) })
}

// excepted: an exception names an importer, or one arrow as `importer → imported`.
func excepted(from, to string, exceptions []string) bool {
	return slices.ContainsFunc(exceptions, func(e string) bool {
		importer, imported, one := strings.Cut(e, " → ")
		if one {
			return under(from, importer) && under(to, imported)
		}
		return under(from, importer)
	})
}

func TestHouseForbids(t *testing.T) {
	for _, tc := range []struct {
		from, to string
		no       bool
	}{
		{"validate", "cache", true},
		{"validate/denial", "transport/udp", true},
		{"validate", "validate/sig", false},
		{"cache", "validate/denial", true},
		{"cache/aggressive", "validate/denial", false},
		{"cache/aggressive", "validate", true},
		{"frontend/udp", "serve", true},
		{"serve", "frontend", false},
		{"serve", "recursor", true},
		{"client", "recursor/iterate", true},
		{"trust", "transport", true},
		{"trust", "validate/sig", false},
		{"serve", "daemon/config", true},
		{"cmd/recursor", "daemon/config", true},
		{"daemon", "daemon/config", false},
		{"recursor", "integration", true},
		{"recursor", "testbed/sim", true},
		{"cmd/recursor", "testbed/sim", false},
		{"dns/wire", "clock", true},
		{"dns/wire", "dns/domain", false},
		{"recursor", "go.uber.org/zap", true},
		{"observe", "go.uber.org/zap/zapcore", true},
		{"observe/log", "go.uber.org/zap", false},
		{"frontend/udp", "github.com/quic-go/quic-go", true},
		{"dns/wire", "github.com/miekg/dns", true},
		{"recursor/iterate", "github.com/miekg/dns", true},
		{"dns/text", "github.com/miekg/dns", false},
		{"dns/text", "github.com/somebody/else", true},
		{"recursor", "math/rand/v2", true},
		{"recursor", "math/bits", false},
		{"random", "crypto/rand", false},
		{"recursorx", "validate", false},
	} {
		if why := forbidden(tc.from, tc.to); (why != "") != tc.no {
			t.Errorf("%s → %s: forbidden %t (%s), want %t", tc.from, tc.to, why != "", why, tc.no)
		}
	}
}
