package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// TestMain lets scripts run this very binary as `recursor`.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"recursor": main})
}

// TestScripts runs the commands as operators do: testdata/script/COMMAND_STORY.txtar.
// $CONFIGS is the folder of the examples.
func TestScripts(t *testing.T) {
	configs, err := filepath.Abs("../../configs")
	if err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Dir:           "testdata/script",
		UpdateScripts: os.Getenv("UPDATE_SCRIPTS") != "",
		Setup: func(env *testscript.Env) error {
			env.Setenv("CONFIGS", configs)
			env.Setenv("GORACE", "atexit_sleep_ms=0") // a second for each command otherwise
			return nil
		},
	})
}
