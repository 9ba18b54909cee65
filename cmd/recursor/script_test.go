package main

import (
	"fmt"
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
// $CONFIGS is the folder of the examples, $SERVER the address of a server that answers as server_test.go has it. The
// configuration taken.yaml listens where that server does.
func TestScripts(t *testing.T) {
	configs, err := filepath.Abs("../../configs")
	if err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Dir:           "testdata/script",
		UpdateScripts: os.Getenv("UPDATE_SCRIPTS") != "",
		Setup: func(env *testscript.Env) error {
			server, stop, err := startServer()
			if err != nil {
				return err
			}
			env.Defer(stop)
			env.Setenv("CONFIGS", configs)
			env.Setenv("SERVER", server)
			env.Setenv("GORACE", "atexit_sleep_ms=0") // a second for each command otherwise
			taken := fmt.Sprintf("listen: {dns: [%q]}\n", server)
			return os.WriteFile(filepath.Join(env.WorkDir, "taken.yaml"), []byte(taken), 0o600)
		},
	})
}
