package config

import (
	"os"
	"path/filepath"
	"testing"
)

// FuzzParse: any input is a configuration that survives being printed, or an
// error that says what is wrong.
func FuzzParse(f *testing.F) {
	for _, pattern := range []string{"testdata/errors/*.yaml", filepath.Join(configs, "*.yaml")} {
		paths, err := filepath.Glob(pattern)
		if err != nil {
			f.Fatal(err)
		}
		for _, path := range paths {
			data, err := os.ReadFile(path)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(data)
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := Parse("fuzz.yaml", data)
		if err != nil {
			wellFormed(t, err)
			return
		}
		roundTrip(t, c)
	})
}
