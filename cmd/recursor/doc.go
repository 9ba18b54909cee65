// Command recursor is the resolver and the tools around it, a subcommand a
// file. It knows flags, signals and exit codes; what happens is in package
// daemon and in the packages of the tools.
//
// Exit codes: 0 done, 1 failed, 2 not understood (a command, a flag, an
// argument); a command that has more of them says so in its help.
//
// # Concurrency
//
// A command gets a context that ends at the first SIGINT or SIGTERM and returns
// when all that it started has ended. A second signal ends the process.
//
// # Resources
//
// None of its own.
//
// # Security
//
// Arguments come from the operator.
//
// # Standards
//
// None of its own.
package main
