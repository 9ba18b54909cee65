// Command mutate asks whether the tests of a package would notice if it were wrong. It makes small changes to its
// sources, one at a time: a condition negated, a boundary moved, a constant swapped, a statement dropped. Each
// mutant is compiled by means of an overlay, so that the tree is not touched, and tested: first by the tests that
// -short leaves, then, if these notice nothing, by all of them. A mutant that survives shows a test that is missing,
// or stands in the list of those that cannot be told from the original, with the reason.
//
//	mutate [flags] PACKAGE...
package main

import (
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/signal"
	"regexp"
	"slices"
	"time"
)

// options are the flags.
type options struct {
	sample   int
	seed     uint64
	patience time.Duration
	budget   time.Duration
	known    string
	out      string
	list     bool
	match    string
	packages []string
}

func main() {
	var o options
	flag.IntVar(&o.sample, "sample", 0, "try so many mutants of each package, chosen at random; 0 is all")
	flag.Uint64Var(&o.seed, "seed", 1, "seed of the choice: the same one chooses the same mutants of the same sources")
	flag.DurationVar(&o.patience, "patience", 2*time.Minute, "how long the tests of one mutant may take at most, beside five times what they take as it is; it counts as noticed then")
	flag.DurationVar(&o.budget, "budget", 0, "how long all may take; 0 is as long as it needs")
	flag.StringVar(&o.known, "known", "", "`FILE` with the mutants that may survive, and why")
	flag.StringVar(&o.out, "out", "", "write what became of each mutant to `FILE`")
	flag.BoolVar(&o.list, "list", false, "list the mutants and try none")
	flag.StringVar(&o.match, "match", "", "try only the mutants whose names this `EXPRESSION` matches")
	flag.Parse()
	if o.packages = flag.Args(); len(o.packages) == 0 {
		fmt.Fprintln(os.Stderr, "mutate: name packages by their folders, such as ./validate/sig")
		os.Exit(2)
	}
	if err := run(o); err != nil {
		fmt.Fprintln(os.Stderr, "mutate:", err)
		os.Exit(1)
	}
}

var errSurvivors = errors.New("mutants survive that no test notices and no line explains")

func run(o options) error {
	wanted, err := regexp.Compile(o.match)
	if err != nil {
		return err
	}
	known, err := readKnown(o.known)
	if err != nil {
		return err
	}
	out := os.Stdout
	if o.out != "" {
		if out, err = os.Create(o.out); err != nil {
			return err
		}
		defer out.Close()
	}
	interrupted := make(chan os.Signal, 1)
	signal.Notify(interrupted, os.Interrupt)
	r := runner{options: o, known: known, out: out, began: time.Now(), stop: interrupted}
	for _, folder := range o.packages {
		mutants, err := mutantsOf(folder)
		if err != nil {
			return err
		}
		mutants = slices.DeleteFunc(mutants, func(m mutant) bool { return !wanted.MatchString(m.String()) })
		if o.list {
			for _, m := range mutants {
				fmt.Fprintln(out, m)
			}
			continue
		}
		chosen := choose(mutants, o.sample, o.seed)
		if err := r.try(folder, chosen, len(mutants)); err != nil {
			return err
		}
	}
	if r.survived > 0 {
		return errSurvivors
	}
	return nil
}

// choose picks n mutants, in their order.
func choose(all []mutant, n int, seed uint64) []mutant {
	if n == 0 || n >= len(all) {
		return all
	}
	chance := rand.New(rand.NewPCG(seed, uint64(len(all))))
	picked := make([]bool, len(all))
	for _, i := range chance.Perm(len(all))[:n] {
		picked[i] = true
	}
	var out []mutant
	for i, m := range all {
		if picked[i] {
			out = append(out, m)
		}
	}
	return out
}
