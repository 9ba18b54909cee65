package scenario

import (
	"fmt"
	"strings"
	"text/tabwriter"
)

// Table is the table of options in text: those of Unbound's and Deckard's
// configuration that scenarios may have, and what each is with us. Others are
// not supported.
func Table() string {
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	for _, t := range []struct {
		of   string
		rows []optionMapping
	}{{"unbound", unboundOptions()}, {"deckard", deckardOptions()}} {
		for _, m := range t.rows {
			name := m.name
			if m.clause != "" {
				name = m.clause + ": " + name
			}
			_, _ = fmt.Fprintf(w, "%s\t%s\t%s\n", t.of, name, m.ours) // a strings.Builder takes it
		}
	}
	_ = w.Flush()
	return b.String()
}
