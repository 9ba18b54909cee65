package cache

// Rank is where in a response data stood, by the list of RFC 2181 §5.4.1 from
// its end. Zone files and transfers, which lead that list, are not cached.
type Rank uint8

// The ranks, least trustworthy first. RFC 2181 §5.4.1 lists the first two as
// one; that a referral comes from the parent's servers sets it above the rest.
const (
	// RankAdditional is the additional section, but for glue.
	RankAdditional Rank = iota
	// RankGlue is the authority section of an answer without AA, which is a
	// referral's NS RRset, and the addresses that came with it.
	RankGlue
	// RankAnswerNonAA is the answer section without AA, and what follows the
	// first alias in one with AA.
	RankAnswerNonAA
	// RankAuthorityAA is the authority section of an answer with AA.
	RankAuthorityAA
	// RankAnswerAA is the answer section of an answer with AA.
	RankAnswerAA
)

// Answers reports whether data of the rank may be returned as the answer to a
// query. Additional data and the authority section of a non-authoritative
// answer may not (RFC 2181 §5.4.1).
func (r Rank) Answers() bool { return r >= RankAnswerNonAA }

// String names the rank for people.
func (r Rank) String() string {
	switch r {
	case RankAdditional:
		return "additional"
	case RankGlue:
		return "glue"
	case RankAnswerNonAA:
		return "answer without AA"
	case RankAuthorityAA:
		return "authority with AA"
	case RankAnswerAA:
		return "answer with AA"
	}
	return "unknown rank"
}

// Status is what is known of the authenticity of data (RFC 4033 §5).
type Status int8

// The statuses, least trustworthy first. The zero Status is Unjudged.
const (
	// Bogus data was judged and failed. It is kept for those who set CD.
	Bogus Status = iota - 1
	// Unjudged data was not looked at, or could not be judged.
	Unjudged
	// Insecure data is in a zone proven to be unsigned.
	Insecure
	// Secure data has a chain of signatures from a trust anchor.
	Secure
)

// String names the status for people.
func (s Status) String() string {
	switch s {
	case Bogus:
		return "bogus"
	case Unjudged:
		return "unjudged"
	case Insecure:
		return "insecure"
	case Secure:
		return "secure"
	}
	return "unknown status"
}

// Why is the reason for a Status, in the words of who judged; 0 is none. It is
// kept for them.
type Why uint8

// standing is how much an entry is to be trusted.
type standing struct {
	rank   Rank
	status Status
}

// denialStanding is that of a denial: the reply of an authority about the very
// name that was asked for.
func denialStanding(s Status) standing { return standing{RankAnswerAA, s} }

// yieldsTo reports whether an entry of standing s, still fresh, is replaced by
// data of standing n. Validated data goes before unauthenticated data of any
// rank (RFC 2181 §5.4.1), failed data behind all else; between these, rank
// decides, then status; equals are refreshed.
func (s standing) yieldsTo(n standing) bool {
	if a, b := s.tier(), n.tier(); a != b {
		return b > a
	}
	if s.rank != n.rank {
		return n.rank > s.rank
	}
	return n.status >= s.status
}

// tier is failed, unauthenticated or validated. That a zone is unsigned
// authenticates nothing in it.
func (s standing) tier() int {
	switch s.status {
	case Bogus:
		return 0
	case Secure:
		return 2
	case Unjudged, Insecure:
	}
	return 1
}
