package metrics

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"regexp"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"recursor/clock"
)

const (
	patience    = 10 * time.Second
	maxHeader   = 8 << 10
	maxRequests = 4
)

// Server serves figures. Make it with New.
type Server struct {
	addrs     []netip.AddrPort
	clock     clock.Clock
	handler   http.Handler
	listeners []net.Listener
}

// New is a Server of what read returns, and of the figures of the process.
func New(addrs []netip.AddrPort, c clock.Clock, read func() []Figure) *Server {
	shares := collectors.GoRuntimeMetricsRule{Matcher: regexp.MustCompile(`^/cpu/classes/(gc/total|total|user):`)}
	r := prometheus.NewRegistry()
	r.MustRegister(collector(read), collectors.NewGoCollector(collectors.WithGoCollectorRuntimeMetrics(shares)), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(r, promhttp.HandlerOpts{MaxRequestsInFlight: maxRequests}))
	return &Server{addrs: addrs, clock: c, handler: mux}
}

// Listen binds all addresses, or none.
func (s *Server) Listen() error {
	for _, a := range s.addrs {
		l, err := net.Listen("tcp", a.String())
		if err != nil {
			s.close()
			return fmt.Errorf("metrics.listen: %w", err)
		}
		s.listeners = append(s.listeners, l)
	}
	return nil
}

// Addrs are the addresses that are bound.
func (s *Server) Addrs() []netip.AddrPort {
	var all []netip.AddrPort
	for _, l := range s.listeners {
		if a, ok := l.Addr().(*net.TCPAddr); ok {
			all = append(all, a.AddrPort())
		}
	}
	return all
}

func (s *Server) close() {
	for _, l := range s.listeners {
		_ = l.Close()
	}
	s.listeners = nil
}

// Run serves until ctx ends.
func (s *Server) Run(ctx context.Context) error {
	server := &http.Server{
		Handler: s.handler, MaxHeaderBytes: maxHeader,
		ReadTimeout: patience, WriteTimeout: patience, IdleTimeout: time.Minute,
	}
	defer context.AfterFunc(ctx, func() { _ = server.Close() })()
	ended := make(chan error, len(s.listeners))
	for _, l := range s.listeners {
		s.clock.Go("metrics", func() { ended <- server.Serve(l) })
	}
	var err error
	for range s.listeners {
		if e := <-ended; !errors.Is(e, http.ErrServerClosed) {
			err = errors.Join(err, fmt.Errorf("metrics: %w", e))
			_ = server.Close()
		}
	}
	return err
}

// collector makes metrics of figures.
type collector func() []Figure

// Describe implements prometheus.Collector: what there is shows when it is read.
func (collector) Describe(chan<- *prometheus.Desc) {}

// Collect implements prometheus.Collector.
func (c collector) Collect(out chan<- prometheus.Metric) {
	for _, f := range c() {
		names, values := make([]string, len(f.Labels)), make([]string, len(f.Labels))
		for i, l := range f.Labels {
			names[i], values[i] = l.Name, l.Value
		}
		kind := prometheus.CounterValue
		if f.Kind == Gauge {
			kind = prometheus.GaugeValue
		}
		m, err := prometheus.NewConstMetric(prometheus.NewDesc(f.Name, f.Help, names, nil), kind, f.Value, values...)
		if err != nil {
			m = prometheus.NewInvalidMetric(prometheus.NewInvalidDesc(err), err)
		}
		out <- m
	}
}
