package config

import "time"

// Limits bounds what a query, a client, a server or a file of somebody else can
// make the resolver do. The table below says of each what it answers.
type Limits struct {
	// The work for one client query.
	UpstreamSends        int
	UpstreamSendsPerName int
	SendsPerQuestion     int
	UpstreamOctets       Size
	NSPerDelegation      int
	NSLookupsAtOnce      int
	NSLookups            int
	Depth                int
	Referrals            int
	Aliases              int
	MinimiseSteps        int
	MinimiseOneLabel     int
	RecordsPerRRset      int
	AnswerTime           time.Duration
	UDPAnswerTime        time.Duration
	WorkTime             time.Duration

	// The work of one verdict.
	SignatureChecks         int
	SignatureChecksFailed   int
	SignatureChecksPerRRset int
	KeysPerTag              int
	DSPerZone               int
	NSEC3Hashes             int
	NSEC3HashesPerProof     int
	NSEC3Iterations         int
	NSEC3IterationsRefused  int
	RSABitsLeast            int
	RSABitsMost             int
	RSAExponentBits         int
	ServersAfterBogus       int
	Verifications           int
	VerificationsWaiting    int

	// Authoritative servers.
	FirstTimeout           time.Duration
	TimeoutCeiling         time.Duration
	DownAfter              int
	DownFirst              time.Duration
	DownCeiling            time.Duration
	WrongReplies           int
	FetchesPerZone         int
	FetchesPerServer       int
	FetchesPerTopZone      int
	FetchesPerTopServer    int
	UpstreamTCPConnections int
	UpstreamTCPPerServer   int
	UpstreamTCPOutstanding int
	UpstreamTCPConnect     time.Duration
	UpstreamTCPIdle        time.Duration

	// What is remembered.
	TypesPerName      int
	MaxTTL            time.Duration
	MaxNegativeTTL    time.Duration
	MinTTL            time.Duration
	MinNegativeTTL    time.Duration
	FailureTTLFirst   time.Duration
	FailureTTLCeiling time.Duration

	// Clients.
	Resolutions             int
	ResolutionsPerClient    int
	GiveWayAfter            time.Duration
	LateAnswer              time.Duration
	TCPConnections          int
	TCPConnectionsPerClient int
	TCPFirstQuery           time.Duration
	TCPIdle                 time.Duration
	TCPWrite                time.Duration
	TCPOutstanding          int
	TLSHandshakes           int
}

// keys is the table of limits: least value, default, greatest value, meaning.
func (l *Limits) keys() []key {
	const ms, s, m, h, d = time.Millisecond, time.Second, time.Minute, time.Hour, day
	return []key{
		count("upstream-sends", &l.UpstreamSends, 10, 100, 1000,
			"Queries sent upstream for one client query, sub-queries and restarts included. "+
				"Bounds whatever multiplies the other limits (NXNSAttack, CAMP, CVE-2014-8500)."),
		count("upstream-sends-per-name", &l.UpstreamSendsPerName, 5, 32, 1000,
			"Of these, the queries for one name fetched."),
		count("sends-per-question", &l.SendsPerQuestion, 1, 3, 3,
			"Times that one question is sent to one server over one transport (RFC 9520 §3.1 allows no more than three)."),
		octets("upstream-octets", &l.UpstreamOctets, 64*KiB, 256*KiB, 64*MiB,
			"Octets taken from upstream for one client query. Answers servers that reply with as much as TCP carries."),
		count("ns-per-delegation", &l.NSPerDelegation, 2, 13, 100,
			"Name servers kept of a delegation (NXNSAttack, NRDelegation)."),
		count("ns-lookups-at-once", &l.NSLookupsAtOnce, 1, 5, 20,
			"Name servers without an address that are looked up at a time (NXNSAttack)."),
		count("ns-lookups", &l.NSLookups, 1, 10, 100,
			"Name servers without an address that are looked up for one client query (NXNSAttack)."),
		count("depth", &l.Depth, 2, 6, 16,
			"Look-ups of name servers nested in look-ups of name servers (TsuNAME, CVE-2014-8500)."),
		count("referrals", &l.Referrals, 5, 30, 130,
			"Referrals followed for one name. Answers delegations without end."),
		count("aliases", &l.Aliases, 1, 12, 50,
			"CNAME and DNAME steps of one answer. Answers loops and chains made to cost."),
		count("minimise-steps", &l.MinimiseSteps, 1, 10, 128,
			"Minimised queries for one name; then the full name is sent (MAX_MINIMISE_COUNT, RFC 9156 §2.3)."),
		count("minimise-one-label", &l.MinimiseOneLabel, 0, 4, 128,
			"Of these, the first that add one label each (MINIMISE_ONE_LAB, RFC 9156 §2.3)."),
		count("records-per-rrset", &l.RecordsPerRRset, 20, 500, 4000,
			"Records of one RRset; a larger one is a failure and is not cached (CVE-2024-1737)."),
		span("answer-time", &l.AnswerTime, 1*s, 5*s, 30*s,
			"Time within which a client is answered, with SERVFAIL if there is nothing better."),
		span("udp-answer-time", &l.UDPAnswerTime, 1*s, 4500*ms, 30*s,
			"The same over UDP, where stubs give up after five seconds."),
		span("work-time", &l.WorkTime, 1*s, 10*s, 1*m,
			"Time for which the work for a client goes on, so that the cache has the answer when it asks again."),

		count("signature-checks", &l.SignatureChecks, 16, 64, 1000,
			"Signatures verified for one client query (KeyTrap, CVE-2023-50387)."),
		count("signature-checks-failed", &l.SignatureChecksFailed, 2, 16, 1000,
			"Of these, verifications that may fail (KeyTrap). A key that cannot be parsed counts (CVE-2025-8677)."),
		count("signature-checks-per-rrset", &l.SignatureChecksPerRRset, 2, 8, 64,
			"Of these, signatures of one RRset (KeyTrap); what the others say is not heard."),
		count("keys-per-tag", &l.KeysPerTag, 2, 4, 16,
			"Keys of one tag and algorithm that a signature or DS record is held against (KeyTrap). Tags of two keys "+
				"collide by chance, of more by intent."),
		count("ds-per-zone", &l.DSPerZone, 2, 8, 64,
			"DS records of a zone that are looked at (KeyTrap)."),
		count("nsec3-hashes", &l.NSEC3Hashes, 20, 400, 10000,
			"NSEC3 hashes computed for one client query (CVE-2023-50868)."),
		count("nsec3-hashes-per-proof", &l.NSEC3HashesPerProof, 10, 150, 1000,
			"Of these, the hashes of one proof (CVE-2023-50868)."),
		count("nsec3-iterations", &l.NSEC3Iterations, 0, 50, 150,
			"Extra NSEC3 iterations above which a zone is treated as insecure (RFC 9276 §3.2)."),
		count("nsec3-iterations-refused", &l.NSEC3IterationsRefused, 50, 500, 65535,
			"Extra NSEC3 iterations above which an answer is SERVFAIL (RFC 9276 §3.2)."),
		count("rsa-bits-least", &l.RSABitsLeast, 512, 1024, 2048,
			"Shortest RSA modulus that counts as supported, in bits (RFC 5702 §2.1 allows 512)."),
		count("rsa-bits-most", &l.RSABitsMost, 2048, 4096, 4096,
			"Longest RSA modulus that counts as supported, in bits (RFC 5702 §2.1 allows no more)."),
		count("rsa-exponent-bits", &l.RSAExponentBits, 17, 33, 64,
			"Longest RSA exponent that counts as supported, in bits; 33 admits 2^32+1, which zones have used. "+
				"Answers keys that are slow to check with."),
		count("servers-after-bogus", &l.ServersAfterBogus, 0, 5, 13,
			"Other servers that are asked after a bogus answer, before it stands, and as many questions more for bogus keys and DS "+
				"records (\"Roll Over and Die\")."),
		count("verifications", &l.Verifications, 0, 0, 1024,
			"Signatures verified at a time, for all clients together; 0 is one less than there are CPUs, and at least one. "+
				"Answers from the cache never wait for them (KeyTrap)."),
		count("verifications-waiting", &l.VerificationsWaiting, 0, 1000, 100000,
			"Signatures that may wait for that; above, an answer is SERVFAIL, of which nothing is remembered."),

		span("first-timeout", &l.FirstTimeout, 50*ms, 400*ms, 5*s,
			"Time to wait for a server of which nothing is known."),
		span("timeout-ceiling", &l.TimeoutCeiling, 500*ms, 3*s, 30*s,
			"Longest time to wait for one reply, however slow the server was before."),
		count("down-after", &l.DownAfter, 2, 4, 100,
			"Timeouts in a row after which a server counts as down."),
		span("down-first", &l.DownFirst, 1*s, 5*s, 5*m,
			"Time for which a server that went down is left alone; it doubles with each probe that fails."),
		span("down-ceiling", &l.DownCeiling, 5*s, 5*m, 1*h,
			"Where that doubling ends."),
		count("wrong-replies", &l.WrongReplies, 1, 10, 100,
			"Replies that do not match a query, as somebody sends who guesses at its ID and port (RFC 5452 §9.3), after which "+
				"the question is sent over TCP. Over TCP they end the connection."),
		count("fetches-per-zone", &l.FetchesPerZone, 10, 200, 100000,
			"Questions that are put to the servers of one zone at a time; further ones wait for a quarter of a second, then "+
				"they fail. Of a zone whose servers fail, fewer, down to a tenth, and none waits. Answers random names of a zone that cannot bear them (water torture)."),
		count("fetches-per-server", &l.FetchesPerServer, 10, 100, 100000,
			"Queries under way to one server; then others are asked. Of a server that fails, fewer: down to a tenth."),
		count("fetches-per-top-zone", &l.FetchesPerTopZone, 10, 5000, 100000,
			"The same as fetches-per-zone for the root, each top-level domain, and each zone under `zones`: "+
				"through these go names of everybody."),
		count("fetches-per-top-server", &l.FetchesPerTopServer, 10, 2500, 100000,
			"The same as fetches-per-server for the servers of these."),
		count("upstream-tcp-connections", &l.UpstreamTCPConnections, 8, 128, 10000,
			"TCP connections to authoritative servers that are open at a time."),
		count("upstream-tcp-per-server", &l.UpstreamTCPPerServer, 1, 2, 16,
			"Of these, the connections to one server; the second opens when the first is full (RFC 7766 §6.2.2)."),
		count("upstream-tcp-outstanding", &l.UpstreamTCPOutstanding, 1, 64, 1024,
			"Queries without a reply on one such connection."),
		span("upstream-tcp-connect", &l.UpstreamTCPConnect, 100*ms, 3*s, 30*s,
			"Time within which such a connection opens. Answers servers that take no connections and do not say so."),
		span("upstream-tcp-idle", &l.UpstreamTCPIdle, 0, 10*s, 5*m,
			"Time for which such a connection is kept for the next question (RFC 7766 §6.2.3)."),

		count("types-per-name", &l.TypesPerName, 32, 100, 10000,
			"Types of one name that are cached, and types that it is known not to have. The two dozen types in everyday use "+
				"always may; others beyond the limit are asked for each time (CVE-2024-1737)."),
		span("max-ttl", &l.MaxTTL, 1*s, 1*d, 7*d,
			"Longest time for which a record is cached (RFC 8767 §4 recommends seven days at most)."),
		span("min-ttl", &l.MinTTL, 0, 0, 1*h,
			"Least time for which a record is cached, but for TTL 0; for testbeds, since owners have reasons for their TTLs."),
		span("min-negative-ttl", &l.MinNegativeTTL, 0, 0, 1*h,
			"Least time for which the absence of a record is cached, but for TTL 0."),
		span("max-negative-ttl", &l.MaxNegativeTTL, 0, 1*h, 1*d,
			"Longest time for which the absence of a record is cached (RFC 2308 §5)."),
		span("failure-ttl-first", &l.FailureTTLFirst, 1*s, 1*s, 5*m,
			"Time for which a failure to resolve is cached; it doubles while failures go on. "+
				"RFC 9520 §3.2 wants one second at least."),
		span("failure-ttl-ceiling", &l.FailureTTLCeiling, 1*s, 5*m, 5*m,
			"Where that doubling ends; RFC 9520 §3.2 allows five minutes."),

		count("resolutions", &l.Resolutions, 10, 10000, 1000000,
			"Client queries that wait for upstream at a time. Those of the second half give way to others when all places are "+
				"taken, the oldest first: servers that do not answer keep nobody out who asks for others."),
		span("late-answer", &l.LateAnswer, 500*ms, 2*s, 30*s,
			"Under pressure, answers over UDP that take longer are cached and not sent, but to clients with a cookie. "+
				"Answers DNSBomb."),
		span("give-way-after", &l.GiveWayAfter, 50*ms, 500*ms, 10*s,
			"Time that one of these must have waited to give way; where nobody has, the new one is turned away."),
		count("resolutions-per-client", &l.ResolutionsPerClient, 1, 250, 1000000,
			"Of these, the queries of one client (an IPv4 address, an IPv6 /56); acts under pressure only. "+
				"Answers DNSBomb (CVE-2024-33655)."),
		count("tcp-connections", &l.TCPConnections, 1, 1000, 1000000,
			"TCP connections of clients; the one that was idle longest gives way to a new one."),
		count("tcp-connections-per-client", &l.TCPConnectionsPerClient, 1, 128, 1000000,
			"Of these, the connections of one client."),
		span("tcp-first-query", &l.TCPFirstQuery, 100*ms, 3*s, 1*m,
			"Time within which a new connection brings a whole query. Answers connections that are held open for nothing."),
		span("tcp-idle", &l.TCPIdle, 0, 10*s, 10*m,
			"Time for which a connection without a query is kept (RFC 7766 §6.2.3). From half of limits.tcp-connections on it "+
				"shrinks, to 300ms when all are taken."),
		span("tcp-write", &l.TCPWrite, 100*ms, 2*s, 1*m,
			"Time for writing one answer to a client that does not read (CVE-2024-0760)."),
		count("tcp-outstanding", &l.TCPOutstanding, 1, 64, 10000,
			"Queries of one connection that wait for their answers; no more are read meanwhile (CVE-2024-0760). "+
				"The streams that a client may have open over HTTP and QUIC (CVE-2023-44487)."),
		count("tls-handshakes", &l.TLSHandshakes, 4, 256, 1000000,
			"Handshakes of TLS and QUIC in progress. Over TLS the oldest gives way to a new one; over QUIC, clients have to "+
				"prove their addresses from a quarter of it on (RFC 9000 §8.1)."),
	}
}

// limitsWithinLimits lists limits of which the first must not exceed the second,
// outer ones before those that they contain.
func limitsWithinLimits() [][2]string {
	return [][2]string{
		{"limits.upstream-sends-per-name", "limits.upstream-sends"},
		{"limits.ns-lookups-at-once", "limits.ns-lookups"},
		{"limits.minimise-one-label", "limits.minimise-steps"},
		{"limits.answer-time", "limits.work-time"},
		{"limits.udp-answer-time", "limits.answer-time"},
		{"limits.signature-checks-failed", "limits.signature-checks"},
		{"limits.signature-checks-per-rrset", "limits.signature-checks"},
		{"limits.nsec3-hashes-per-proof", "limits.nsec3-hashes"},
		{"limits.nsec3-iterations", "limits.nsec3-iterations-refused"},
		{"limits.first-timeout", "limits.timeout-ceiling"},
		{"limits.down-first", "limits.down-ceiling"},
		{"limits.fetches-per-server", "limits.fetches-per-zone"},
		{"limits.fetches-per-top-server", "limits.fetches-per-top-zone"},
		{"limits.failure-ttl-first", "limits.failure-ttl-ceiling"},
		{"limits.resolutions-per-client", "limits.resolutions"},
		{"limits.tcp-connections-per-client", "limits.tcp-connections"},
	}
}
