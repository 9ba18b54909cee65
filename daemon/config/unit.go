package config

import (
	"errors"
	"math"
	"strconv"
	"strings"
	"time"
)

// Size is a number of octets.
type Size int64

// Units of Size: decimal and binary ones.
const (
	KB  Size = 1e3
	MB  Size = 1e6
	GB  Size = 1e9
	TB  Size = 1e12
	KiB Size = 1 << 10
	MiB Size = 1 << 20
	GiB Size = 1 << 30
	TiB Size = 1 << 40
)

const day = 24 * time.Hour

// Why a value was not understood; read as what follows it.
var (
	errNoNumber   = errors.New("is not a whole number")
	errRange      = errors.New("is out of range")
	errNoSize     = errors.New("is not a size")
	errNoDuration = errors.New("is not a time")
	errNoUnit     = errors.New("has no unit")
	errNoMoment   = errors.New("is not a point in time")
)

// sizeUnit is a unit and its name.
type sizeUnit struct {
	name string
	size Size
}

// sizeUnits has the largest first, so that the first that divides a size gives
// its shortest text.
func sizeUnits() []sizeUnit {
	return []sizeUnit{
		{"TiB", TiB},
		{"TB", TB},
		{"GiB", GiB},
		{"GB", GB},
		{"MiB", MiB},
		{"MB", MB},
		{"KiB", KiB},
		{"KB", KB},
	}
}

// String is the size in the largest unit that divides it.
func (s Size) String() string {
	for _, u := range sizeUnits() {
		if s != 0 && s%u.size == 0 {
			return strconv.FormatInt(int64(s/u.size), 10) + u.name
		}
	}
	return strconv.FormatInt(int64(s), 10)
}

// parseSize reads octets with or without a unit, whose case does not count.
func parseSize(s string) (Size, error) {
	number, unit := s, Size(1)
	for _, u := range sizeUnits() {
		if len(s) > len(u.name) && strings.EqualFold(s[len(s)-len(u.name):], u.name) {
			number, unit = strings.TrimRight(s[:len(s)-len(u.name)], " "), u.size
			break
		}
	}
	if !digits(number) {
		return 0, errNoSize
	}
	n, err := strconv.ParseInt(number, 10, 64)
	if err != nil || n > math.MaxInt64/int64(unit) {
		return 0, errRange
	}
	return Size(n) * unit, nil
}

// parseDuration reads numbers with units, such as 1m30s or 1.5s; days and weeks
// are units too. Only zero may lack one.
func parseDuration(s string) (time.Duration, error) {
	if s == "0" {
		return 0, nil
	}
	if digits(s) {
		return 0, errNoUnit
	}
	var total time.Duration
	for rest := s; rest != ""; {
		number := rest[:len(rest)-len(strings.TrimLeft(rest, "0123456789."))]
		rest = rest[len(number):]
		unit := rest[:len(rest)-len(strings.TrimLeft(rest, "mshdw"))]
		rest = rest[len(unit):]
		part, err := scaled(number, unit)
		if err != nil {
			return 0, err
		}
		if part > math.MaxInt64-total {
			return 0, errRange
		}
		total += part
	}
	if s == "" {
		return 0, errNoDuration
	}
	return total, nil
}

// scaled is a number of units.
func scaled(number, unit string) (time.Duration, error) {
	times := time.Duration(1)
	switch unit {
	case "d":
		unit, times = "h", 24
	case "w":
		unit, times = "h", 24*7
	case "ms", "s", "m", "h":
	default:
		return 0, errNoDuration
	}
	d, err := time.ParseDuration(number + unit)
	switch {
	case err != nil && digits(number):
		return 0, errRange
	case err != nil:
		return 0, errNoDuration
	case d > math.MaxInt64/times:
		return 0, errRange
	}
	return d * times, nil
}

// formatDuration is d in the largest unit that divides it; below a minute
// seconds may have a fraction.
func formatDuration(d time.Duration) string {
	for _, u := range []struct {
		name string
		size time.Duration
	}{{"d", day}, {"h", time.Hour}, {"m", time.Minute}, {"s", time.Second}} {
		if d != 0 && d%u.size == 0 {
			return strconv.FormatInt(int64(d/u.size), 10) + u.name
		}
	}
	switch {
	case d == 0:
		return "0s"
	case d < time.Second:
		return strconv.FormatFloat(float64(d)/float64(time.Millisecond), 'f', -1, 64) + "ms"
	default:
		return strconv.FormatFloat(d.Seconds(), 'f', -1, 64) + "s"
	}
}

// parseMoment reads RFC 3339 and both forms of RFC 4034 §3.2; "" is no time.
func parseMoment(s string) (time.Time, error) {
	switch {
	case s == "":
		return time.Time{}, nil
	case digits(s) && len(s) == 14:
		t, err := time.Parse("20060102150405", s)
		if err != nil {
			return time.Time{}, errNoMoment
		}
		return t, nil
	case digits(s) && len(s) <= 10:
		seconds, err := strconv.ParseUint(s, 10, 32)
		if err != nil {
			return time.Time{}, errRange
		}
		return time.Unix(int64(seconds), 0).UTC(), nil
	}
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		return time.Time{}, errNoMoment
	}
	return t.UTC(), nil
}

// digits reports whether s is a decimal number without a sign.
func digits(s string) bool {
	return s != "" && strings.Trim(s, "0123456789") == ""
}
