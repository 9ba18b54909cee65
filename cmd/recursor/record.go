package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"recursor/testbed/scenario"
)

// record resolves a name for real and writes what happened as a scenario.
func record(ctx context.Context, args []string, std stdio) int {
	f := newFlags("record", "NAME [TYPE] -o FILE [--config FILE]",
		"Resolves a name for real and writes what was asked and answered as a scenario that `recursor replay` plays\n"+
			"offline, with the same outcome.")
	config := f.String("config", "", "the configuration `FILE`")
	out := f.String("o", "", "the `FILE` to write")
	var words []string
	for rest := args; ; rest = f.Args()[1:] { // flags may follow the name
		if code, ok := parseFlags(f, rest, std); !ok {
			return code
		}
		if f.NArg() == 0 {
			break
		}
		words = append(words, f.Arg(0))
	}
	if len(words) == 1 {
		words = append(words, "A")
	}
	if len(words) != 2 || *out == "" {
		return misused(f, std, "want a name, perhaps a type, and -o with a file")
	}
	story, err := scenario.Record(ctx, *config, words[0], words[1])
	if err == nil {
		err = os.WriteFile(*out, []byte(story), 0o644)
	}
	switch {
	case errors.Is(err, scenario.ErrQuestion):
		return misused(f, std, err.Error())
	case err != nil:
		fmt.Fprintf(std.err, "recursor record: %v\n", err)
		return exitFailed
	}
	fmt.Fprintf(std.out, "written: %s; play it: recursor replay --transcript %[1]s\n", *out)
	return exitOK
}
