package integration_test

import "regexp"

// judgement is what comes of an answer.
type judgement string

const (
	isBogus    judgement = "bogus"    // SERVFAIL, or nothing in time
	isSecure   judgement = "secure"   // AD
	isInsecure judgement = "insecure" // neither
	isSound    judgement = "sound"    // secure, or insecure where opt-out or what is beyond an alias has it so
)

// meets tells whether an answer that was judged j is as want has it.
func (j judgement) meets(want judgement) bool {
	return j == want || want == isSound && j != isBogus
}

// ruling decides for damages, and of those for questions, each a regular expression; a question reads "nsec www A",
// after the kind of denial.
type ruling struct {
	damage, question string
	want             judgement
	because          string
}

func (r ruling) concerns(damage, question string) bool {
	return regexp.MustCompile(r.damage).MatchString(damage) && regexp.MustCompile(r.question).MatchString(question)
}

// decide is the first ruling that concerns a case.
func decide(all []ruling, damage, question string) (ruling, bool) {
	for _, r := range all {
		if r.concerns(damage, question) {
			return r, true
		}
	}
	return ruling{}, false
}

// ownPolicies are where the others agree and we do not.
func ownPolicies() []ruling {
	return []ruling{
		{`^RSA of (512|768) bits$`, ``, isInsecure, "such keys can be factored: not supported, thus insecure (RFC 4035 §5.2); from 1024 bits on (RFC 5702 §2.1)"},
		{`^iterations 2500$`, ``, isBogus, "RFC 9276 §3.2: beyond a second limit of the resolver's SERVFAIL"},
	}
}

// rulings are where the others differ among themselves.
func rulings() []ruling {
	return []ruling{
		{` beside the good$`, ``, isSound, "RFC 4035 §5.3.3: one signature that verifies is enough"},
		{`^(@ SOA |SOA )`, `(TXT|missing A|host\.dn A| ent A|DS|www\.sub A|@ SOA)$`, isBogus, "RFC 4035 §5.5: an SOA record that does not verify spoils the negative answers it is in"},
		{`^(@ SOA |SOA )`, ``, isSound, "RFC 4035 §3.1.6: positive answers need no SOA record"},
		{`^@ DNSKEY with a label`, ``, isBogus, "RFC 4035 §5.3.1: the labels of a key set are those of its owner"},
		{`^key (of another protocol|without the zone bit)$`, ``, isBogus, "RFC 4034 §2.1.1 and §2.1.2: no key to verify with"},
		{`^(data )?key (that is )?revoked$`, ``, isBogus, "RFC 5011 §2.1: a revoked key verifies nothing but its own set"},
		{`^DS of SHA-1 good`, ``, isBogus, "RFC 4509 §3: SHA-1 is ignored beside SHA-256"},
		{`^(DS of an unknown|island$|algorithm nobody knows$)`, ``, isInsecure, "RFC 4035 §5.2: no path from the parent"},
		{`^iterations (51|100|150)$`, `(www TXT|x\.wild|missing| ent A|host\.dn|mail|@ TXT|sub)`, isInsecure, "RFC 9276 §3.2: above the limit, insecure"},
		{`^iterations `, ``, isSecure, "RFC 9276 §3.2 is about what NSEC3 proves; positive answers need none"},
		{`^unknown hash$`, ``, isBogus, "RFC 5155 §8.1: such records are ignored"},
		{`^unknown flags$`, ``, isBogus, "RFC 5155 §8.2: such records are ignored"},
		{`^opt-out where all is said to be$`, ``, isInsecure, "RFC 5155 §12.2: names in a span of opt-out may be delegations"},
		{`^(salts|iterations) mixed$|^no denials$`, `(deep\.ent|www|mail|near|@) `, isSound, "RFC 4035 §3.1.6: positive answers need no denial"},
		{`^denial of (@|www|\*\.wild) as at a delegation$`, `^(nsec|nsec3) .*|(www|@) TXT$|(missing A|a\.missing TXT|host\.dn A)$`, isBogus, "RFC 6840 §4.1: a delegation's record proves nothing about the zone below"},
		{`^denial of \*\.wild (as at a delegation|with all types)$`, `^opt-out`, isInsecure, "RFC 5155 §12.2: names in a span of opt-out may be delegations"},
		{`^denial of dn `, `(host\.dn|deep\.ent) A$`, isSound, "RFC 4035 §5.3: the DNAME and the address verify; its denial is not asked for"},
		{`^denial of (deep\.ent|sub|\*\.wild|mail|www|@) `, `www\.sub A$`, isBogus, "RFC 4035 §5.2: neither DS nor proof that there is none"},
		{`^denial of `, `host\.dn A$`, isBogus, "RFC 4035 §5.4: the name is not proven not to exist"},
		{`^denial of .* with few types$`, `(x\.wild A|deep\.ent A|mail MX|www A|near A)$`, isSound, "RFC 4035 §5.3: the records verify, and so does their denial (RFC 8198): either may be told"},
		{`^denial of sub `, `x\.wild`, isSound, "RFC 4035 §5.4: the wildcard's proof is in another record"},
		{`^denial of \*\.wild without signature$`, `^opt-out x\.wild`, isInsecure, "RFC 5155 §12.2: names in a span of opt-out may be delegations"},
		{`^denial that ends outside`, ``, isBogus, "RFC 4034 §4.1.1: the next name is one of the zone"},
		{`^denials of (one name only|the next span)$`, `(deep\.ent|www|mail|near|@|x\.wild) (A|MX|SOA|TXT)$`, isSecure, "RFC 4035 §5.3: the records that matter verify"},
		{`^denials of the next span$`, ``, isBogus, "RFC 4035 §5.4: the name's own span is not denied"},
		{`^www A `, `host\.dn A$`, isSound, "RFC 6672 §3.1: the DNAME leads to a name below www, not to it"},
		{`signed by the child's name$|without signature$`, `^opt-out x\.wild`, isInsecure, "RFC 5155 §12.2: names in a span of opt-out may be delegations"},
		{`.`, `^opt-out host\.dn A$`, isInsecure, "RFC 5155 §9.2: proven by opt-out, AD is clear"},
		{`^(www A|near CNAME|dn DNAME|\*\.wild A|mail MX) (signed|with|without|of)`, ``, isBogus, "RFC 4035 §5.3.1, §5.5"},
	}
}
