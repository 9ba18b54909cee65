// Package config reads the configuration file into one snapshot of typed,
// checked values.
//
// One table (keys.go, limits.go) names every key with its default, its range
// and its meaning; the parser, the defaults, the effective configuration that
// `recursor check --print` shows and configs/reference.yaml all come from it,
// so that none of them can tell another story. YAML is read into a tree of
// nodes with positions (tree.go), the tree is held against the table
// (reader.go), and every problem found is reported with its line, a caret and
// what to write instead (problem.go).
//
// # Concurrency
//
// A Config is a value made once and then only read; it may be shared by any
// number of goroutines. A reload makes a new one.
//
// # Resources
//
// A file is at most 1 MiB, 20,000 lines and 64 levels deep; larger ones are
// refused before they are parsed.
//
// # Security
//
// Files come from the operator, but every input ends in a Config or an error,
// never in a panic. Aliases, anchors and tags of YAML are refused. What an
// error shows of a file has its control characters replaced.
//
// # Standards
//
// YAML 1.2. Names are read by RFC 1035 §5.1, times by RFC 3339 or
// RFC 4034 §3.2. The limits cite the RFCs and attacks they answer.
package config
