package scenario_test

import (
	"testing"

	"recursor/testbed/scenario"
)

// FuzzParse: whatever the text, there is an answer; what is accepted can be
// configured and told apart into steps.
func FuzzParse(f *testing.F) {
	f.Add(unboundFile)
	f.Add("stub-addr: 1.2.3.4\nCONFIG_END\nSCENARIO_BEGIN x\nSTEP 1 QUERY\nENTRY_BEGIN\nRAW\n00\nENTRY_END\nSCENARIO_END\n")
	f.Fuzz(func(t *testing.T, text string) {
		s, err := scenario.Parse("fuzz.rpl", text)
		if err != nil {
			return
		}
		if len(s.Steps) == 0 {
			t.Error("no steps")
		}
		if c, err := s.Configure(); err == nil && c.YAML == "" {
			t.Error("nothing is configured")
		}
	})
}
