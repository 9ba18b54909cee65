package main

import (
	"context"
	"fmt"

	"recursor/client"
)

const queryHelp = `usage: recursor query [@SERVER] [-p PORT] NAME [TYPE] [-x ADDRESS] [+OPTION…]

Asks one question and shows the reply as dig does. Without @SERVER it asks 127.0.0.1, port 5300, where
recursor listens without a configuration.

  +dnssec  ask for signatures          +cd         also data that does not validate
  +tcp     ask by TCP                  +norec      no recursion: from the cache
  +noedns  without EDNS                +bufsize=N  EDNS payload size
  +nsid    who answers                 +ignore     do not turn to TCP where truncated
  +short   the data alone              +json       as an object of RFC 8427
  +time=S  seconds for one try         +tries=N    tries by UDP

Exit code 0: there is a reply, whatever it says; 1: there is none; 2: the arguments are not understood.
`

// query asks one question, as dig does.
func query(ctx context.Context, args []string, std stdio) int {
	for _, a := range args {
		if a == "-h" || a == "-help" || a == "--help" {
			fmt.Fprint(std.out, queryHelp)
			return exitOK
		}
	}
	q, form, err := client.ParseArguments(args)
	if err != nil {
		fmt.Fprintf(std.err, "recursor query: %v\nsee `recursor query --help`\n", err)
		return exitUsage
	}
	reply, err := new(client.Stub).Ask(ctx, q)
	if err != nil {
		fmt.Fprintf(std.err, "recursor query: %v\n", err)
		return exitFailed
	}
	shown, err := reply.Show(form)
	if err != nil {
		fmt.Fprintf(std.err, "recursor query: %v\n", err)
		return exitFailed
	}
	fmt.Fprint(std.out, shown)
	return exitOK
}
