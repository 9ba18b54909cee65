package daemon

import (
	"runtime/debug"
	"time"
)

// lastAnchor is when the newest of the embedded root keys was published
// (RFC 9718 §2.1.2): the program is younger.
func lastAnchor() time.Time { return time.Date(2024, time.July, 18, 0, 0, 0, 0, time.UTC) }

// built is when this program was made at the earliest: the time of the commit
// where the build wrote it down, else that of the newest root key that it knows.
func built() time.Time {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return lastAnchor()
	}
	return builtAt(info)
}

func builtAt(info *debug.BuildInfo) time.Time {
	at := lastAnchor()
	for _, s := range info.Settings {
		if s.Key != "vcs.time" {
			continue
		}
		if t, err := time.Parse(time.RFC3339, s.Value); err == nil && t.After(at) {
			at = t
		}
	}
	return at
}
