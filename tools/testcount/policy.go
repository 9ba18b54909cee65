package main

import "regexp"

// Policy says which skips a run forgives.
type Policy struct {
	RequirePeers  bool // the machine has every peer installed
	SharedPresent bool // the shared data lies beside the repository
}

// Refuses reports why a skip with this reason is a failure; empty means that it may skip.
func (p Policy) Refuses(reason string) string {
	if !p.RequirePeers {
		return ""
	}
	if p.SharedPresent && blamesShared(reason) {
		return "the shared data is there"
	}
	if blamesPeer(reason) {
		return "peers are required here"
	}
	return ""
}

// blamesPeer knows the names of the programs that tests talk to, and the words with which one is missed.
func blamesPeer(reason string) bool {
	return regexp.MustCompile(`(?i)\b(peer|nsd|knotd?|unbound|named|kresd|pdns_recursor|dig|kdig|drill|` +
		`ldns-\w+|dnssec-\w+|kzonesign|knotc|ip netns|not installed|not in PATH|executable file not found)\b`).MatchString(reason)
}

func blamesShared(reason string) bool {
	return regexp.MustCompile(`(?i)(RECURSOR_SHARED|\bshared\b|\bconformance data\b)`).MatchString(reason)
}
