package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"recursor/daemon/spelling"
)

// Exit codes.
const (
	exitOK     = 0
	exitFailed = 1
	exitUsage  = 2
)

// command is a subcommand.
type command struct {
	name string
	help string // what it does, in one line
	run  func(ctx context.Context, args []string, std stdio) int
}

// commands are the subcommands in the order of the help.
func commands() []command {
	return []command{
		{"serve", "run the resolver", serve},
		{"ctl", "speak to a resolver that runs: flush, stats", ctl},
		{"query", "ask one question, as dig does", query},
		{"replay", "play scenarios against the resolver, in simulated time", replay},
		{"record", "resolve a name for real and write it down as a scenario", record},
		{"profile", "tell what devices and browsers have to be told to ask the resolver, encrypted", writeProfile},
		{"check", "tell whether a configuration is good, or print one", check},
		{"testbed", "run a whole Internet on loopback, and a resolver over it", testbed},
		{"version", "print the version", version},
	}
}

// defaultCommand runs where none is named.
const defaultCommand = "serve"

// stdio is where a command reads and writes.
type stdio struct {
	in       io.Reader
	out, err io.Writer
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // the second signal is not for us
	os.Exit(dispatch(ctx, commands(), os.Args[1:], stdio{os.Stdin, os.Stdout, os.Stderr}))
}

// dispatch runs the subcommand that the arguments name and returns the exit code.
func dispatch(ctx context.Context, table []command, args []string, std stdio) int {
	name := defaultCommand
	switch {
	case len(args) == 0:
	case args[0] == "-h" || args[0] == "-help" || args[0] == "--help":
		name, args = "help", args[1:]
	case args[0] == "-version" || args[0] == "--version":
		name, args = "version", args[1:]
	case !strings.HasPrefix(args[0], "-"):
		name, args = args[0], args[1:]
	}
	if name == "help" {
		if len(args) == 0 {
			fmt.Fprint(std.out, usage(table))
			return exitOK
		}
		name, args = args[0], []string{"--help"}
	}
	for _, c := range table {
		if c.name == name {
			return c.run(ctx, args, std)
		}
	}
	fmt.Fprintf(std.err, "recursor: unknown command %q\n", name)
	if meant, ok := spelling.Nearest(name, names(table)); ok {
		fmt.Fprintf(std.err, "did you mean %q?\n", meant)
	}
	fmt.Fprintf(std.err, "commands: %s; see `recursor help`\n", strings.Join(names(table), ", "))
	return exitUsage
}

func names(table []command) []string {
	all := make([]string, len(table))
	for i, c := range table {
		all[i] = c.name
	}
	return all
}

func usage(table []command) string {
	var b strings.Builder
	b.WriteString("recursor resolves names of the DNS, from the root downward.\n\nusage: recursor [COMMAND] [FLAGS]\n\n")
	for _, c := range table {
		fmt.Fprintf(&b, "  %-10s %s\n", c.name, c.help)
	}
	fmt.Fprintf(&b, "\nWithout a command: %s. `recursor COMMAND --help` tells the flags of a command.\n", defaultCommand)
	return b.String()
}

// newFlags begins the flags of a subcommand; synopsis is what follows its name
// in the help, and what about tells the rest.
func newFlags(name, synopsis, about string) *flag.FlagSet {
	f := flag.NewFlagSet(name, flag.ContinueOnError)
	f.SetOutput(io.Discard) // parseFlags knows where to
	f.Usage = func() {
		fmt.Fprintf(f.Output(), "usage: recursor %s %s\n\n%s\n\n", name, synopsis, about)
		f.PrintDefaults()
	}
	return f
}

// parseFlags reads the arguments. Where it returns false the command is over, with
// that exit code: help was asked for, or something is not understood.
func parseFlags(f *flag.FlagSet, args []string, std stdio) (code int, ok bool) {
	err := f.Parse(args)
	switch {
	case errors.Is(err, flag.ErrHelp):
		f.SetOutput(std.out)
		f.Usage()
		return exitOK, false
	case err != nil:
		return misused(f, std, err.Error()), false
	}
	return exitOK, true
}

// misused says what is wrong with the arguments of a command.
func misused(f *flag.FlagSet, std stdio, what string) int {
	fmt.Fprintf(std.err, "recursor %s: %s\nsee `recursor %[1]s --help`\n", f.Name(), what)
	return exitUsage
}
