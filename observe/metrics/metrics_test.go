package metrics_test

import (
	"context"
	"io"
	"net/http"
	"net/netip"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"recursor/clock"
	"recursor/observe/metrics"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func figures() []metrics.Figure {
	labels := func(transport, rcode string) []metrics.Label {
		return []metrics.Label{{Name: "transport", Value: transport}, {Name: "rcode", Value: rcode}}
	}
	return []metrics.Figure{
		{Name: "recursor_answers_total", Help: "Answers.", Labels: labels("udp", "NOERROR"), Value: 12345678901},
		{Name: "recursor_answers_total", Help: "Answers.", Labels: labels("tcp", `odd "one"`), Value: 2},
		{Name: "recursor_entries", Help: "Entries.", Kind: metrics.Gauge, Value: 7},
	}
}

func TestText(t *testing.T) {
	const want = `recursor_answers_total{transport="udp",rcode="NOERROR"} 12345678901
recursor_answers_total{transport="tcp",rcode="odd \"one\""} 2
recursor_entries 7
`
	if got := metrics.Text(figures()); got != want {
		t.Errorf("%s", got)
	}
}

func TestServer(t *testing.T) {
	c := clock.NewReal()
	s := metrics.New([]netip.AddrPort{netip.MustParseAddrPort("127.0.0.1:0")}, c, figures)
	if err := s.Listen(); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	c.Go("server", func() { ended <- s.Run(ctx) })
	url := "http://" + s.Addrs()[0].String()
	transport := &http.Transport{DisableKeepAlives: true}
	defer transport.CloseIdleConnections()
	get := func(method, path string) (int, string) {
		req, err := http.NewRequest(method, url+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := transport.RoundTrip(req)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = resp.Body.Close() }()
		body, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		return resp.StatusCode, string(body)
	}
	code, body := get(http.MethodGet, "/metrics")
	if code != http.StatusOK {
		t.Fatalf("%d: %s", code, body)
	}
	for _, line := range []string{
		"# TYPE recursor_answers_total counter",
		`recursor_answers_total{rcode="NOERROR",transport="udp"} 1.2345678901e+10`,
		`recursor_answers_total{rcode="odd \"one\"",transport="tcp"} 2`,
		"# TYPE recursor_entries gauge", "recursor_entries 7", "go_goroutines ", "go_cpu_classes_gc_total_cpu_seconds_total ",
	} {
		if !strings.Contains(body, line) {
			t.Errorf("no line %q in\n%s", line, body)
		}
	}
	if code, _ := get(http.MethodPost, "/metrics"); code != http.StatusMethodNotAllowed {
		t.Errorf("POST: %d", code)
	}
	if code, _ := get(http.MethodGet, "/"); code != http.StatusNotFound {
		t.Errorf("elsewhere: %d", code)
	}
	other := metrics.New(s.Addrs(), c, figures)
	if err := other.Listen(); err == nil || !strings.Contains(err.Error(), "metrics.listen") {
		t.Errorf("a port that is taken: %v", err)
	}
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}
