package metrics

import (
	"fmt"
	"strconv"
	"strings"
)

// Kind tells what may become of a figure.
type Kind uint8

// Kinds.
const (
	// Counter only grows.
	Counter Kind = iota
	// Gauge goes up and down.
	Gauge
)

// Label tells figures of one name apart.
type Label struct{ Name, Value string }

// Figure is a reading of something. Those of one Name have the same Help, Kind
// and label names.
type Figure struct {
	Name, Help string
	Kind       Kind
	Labels     []Label
	Value      float64
}

// Text writes figures a line each, name and value.
func Text(figures []Figure) string {
	var b strings.Builder
	for i := range figures {
		f := &figures[i]
		b.WriteString(f.Name)
		if len(f.Labels) > 0 {
			labels := make([]string, len(f.Labels))
			for j, l := range f.Labels {
				labels[j] = fmt.Sprintf("%s=%q", l.Name, l.Value)
			}
			b.WriteString("{" + strings.Join(labels, ",") + "}")
		}
		b.WriteString(" " + strconv.FormatFloat(f.Value, 'f', -1, 64) + "\n")
	}
	return b.String()
}
