package main

import (
	"context"
	"fmt"
	"io"
	"os"

	"recursor/testbed/scenario"
)

// replay plays scenarios against the resolver, in simulated time.
func replay(_ context.Context, args []string, std stdio) int {
	f := newFlags("replay", "[--transcript] [--html FILE] [--compare LEVEL] FILE… | --options",
		"Plays scenarios (.rpl) against the resolver, in simulated time and on a simulated network, and prints for each\n"+
			"step what was expected and what happened. Exit code 0: all is as expected; 1: something is not; 2: a scenario\n"+
			"cannot be played.")
	transcript := f.Bool("transcript", false, "print all that happened: queries, replies, cache writes, verdicts")
	compare := f.String("compare", "core+ttl+ede",
		"how much of an answer is compared: `LEVEL` is core, sections or rcode,\nperhaps with +ttl and +ede")
	page := f.String("html", "", "write a page with a sequence diagram to `FILE`")
	options := f.Bool("options", false, "print which options of other resolvers scenarios may have, and what each is here")
	if code, ok := parseFlags(f, args, std); !ok {
		return code
	}
	if *options && f.NArg() == 0 {
		fmt.Fprint(std.out, scenario.Table())
		return exitOK
	}
	level, err := scenario.ParseLevel(*compare)
	switch {
	case err != nil:
		return misused(f, std, "--compare: "+err.Error())
	case f.NArg() == 0:
		return misused(f, std, "no scenario is named")
	}
	r := replayer{play: scenario.Play{Level: level}, transcript: *transcript, out: std.out}
	code := exitOK
	for _, file := range f.Args() {
		failed, err := r.file(file)
		switch {
		case err != nil:
			fmt.Fprintf(std.err, "recursor replay: %v\n", err)
			code = exitUsage
		case failed && code == exitOK:
			code = exitFailed
		}
	}
	if *page != "" {
		if err := os.WriteFile(*page, []byte(scenario.HTML(r.reports...)), 0o644); err != nil {
			fmt.Fprintf(std.err, "recursor replay: %v\n", err)
			return exitUsage
		}
	}
	return code
}

// replayer plays files and prints what came of them.
type replayer struct {
	play       scenario.Play
	transcript bool
	out        io.Writer
	reports    []*scenario.Report
}

// file plays one file and reports whether something was not as expected.
func (r *replayer) file(file string) (failed bool, err error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return false, err
	}
	s, err := scenario.Parse(file, string(text))
	if err != nil {
		return false, err
	}
	reports, err := r.play.Reports(s)
	if err != nil {
		return false, err
	}
	for _, report := range reports {
		verdict := "as expected"
		if report.Failed() {
			verdict, failed = "NOT as expected", true
		}
		fmt.Fprintf(r.out, "%s: %s", file, s.Title)
		if report.Variant != "" {
			fmt.Fprintf(r.out, " (%s)", report.Variant)
		}
		fmt.Fprintf(r.out, "\n%s", report)
		if r.transcript {
			fmt.Fprintf(r.out, "\n%s\n", report.Transcript())
		}
		fmt.Fprintf(r.out, "%s: %d queries sent, %v passed\n", verdict, report.Sends, report.Elapsed)
	}
	r.reports = append(r.reports, reports...)
	return failed, nil
}
