//go:build !linux

package tcp

import "testing"

// descriptors cannot be counted here.
func descriptors(t *testing.T) (n int, known bool) {
	t.Helper()
	return 0, false
}
