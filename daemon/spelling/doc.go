// Package spelling finds the word that somebody meant: "did you mean" for
// configuration keys, their values and subcommands.
//
// # Concurrency
//
// Pure functions.
//
// # Resources
//
// Time is the product of the lengths of the words compared; words whose
// lengths alone make them unlike are not compared.
//
// # Security
//
// Words come from operators, not from the network.
//
// # Standards
//
// None.
package spelling
