//go:build !linux

package shard

// scattered is for systems whose pages can be chosen.
func scattered([]byte) {}
