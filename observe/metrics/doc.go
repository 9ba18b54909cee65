// Package metrics serves figures to Prometheus over HTTP.
//
// It knows the form of figures and not what they are about: the composition root
// reads them off those who count.
//
// # Concurrency
//
// A Server reads the figures for each request, in its goroutine. Nothing else
// runs between requests.
//
// # Resources
//
// Counting is elsewhere and costs no lock. A few requests at a time are served,
// with deadlines.
//
// # Security
//
// Figures are sums: they tell of no client and no name. The page is for whoever
// reaches the address.
//
// # Standards
//
// None.
package metrics
