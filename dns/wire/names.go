package wire

import "strconv"

// String is the mnemonic of the registry, TYPEnnn where there is none
// (RFC 3597 §5).
func (t Type) String() string {
	if s := t.mnemonic(); s != "" {
		return s
	}
	return "TYPE" + strconv.Itoa(int(t))
}

// String is the mnemonic of the registry, CLASSnnn where there is none
// (RFC 3597 §5).
func (c Class) String() string {
	switch c {
	case ClassIN:
		return "IN"
	case ClassCH:
		return "CH"
	case ClassHS:
		return "HS"
	case ClassNONE:
		return "NONE"
	case ClassANY:
		return "ANY"
	default:
		return "CLASS" + strconv.Itoa(int(c))
	}
}

// String is the mnemonic of the registry, RCODEnnn where there is none. 16 is
// BADVERS, for the other reading is TSIG's.
func (rc RCode) String() string {
	if int(rc) < len(rcodeNames) && rcodeNames[rc] != "" {
		return rcodeNames[rc]
	}
	return "RCODE" + strconv.Itoa(int(rc))
}

// rcodeNames has the registry of RCODEs by number.
//
//nolint:gochecknoglobals // immutable table
var rcodeNames = [...]string{
	NoError: "NOERROR", FormErr: "FORMERR", ServFail: "SERVFAIL", NXDomain: "NXDOMAIN", NotImp: "NOTIMP",
	Refused: "REFUSED", YXDomain: "YXDOMAIN", YXRRSet: "YXRRSET", NXRRSet: "NXRRSET", NotAuth: "NOTAUTH",
	NotZone: "NOTZONE", 11: "DSOTYPENI", BadVers: "BADVERS", 17: "BADKEY", 18: "BADTIME", 19: "BADMODE",
	20: "BADNAME", 21: "BADALG", 22: "BADTRUNC", BadCookie: "BADCOOKIE",
}

// String is the mnemonic of the registry, OPCODEnnn where there is none.
func (op Opcode) String() string {
	switch op {
	case OpQuery:
		return "QUERY"
	case OpIQuery:
		return "IQUERY"
	case OpStatus:
		return "STATUS"
	case OpNotify:
		return "NOTIFY"
	case OpUpdate:
		return "UPDATE"
	case OpDSO:
		return "DSO"
	default:
		return "OPCODE" + strconv.Itoa(int(op))
	}
}

// typeNames has the registry of RR types by number, but for two far above.
//
//nolint:gochecknoglobals // immutable table
var typeNames = [...]string{
	1: "A", "NS", "MD", "MF", "CNAME", "SOA", "MB", "MG", "MR", "NULL", "WKS", "PTR", "HINFO", "MINFO", "MX",
	"TXT", "RP", "AFSDB", "X25", "ISDN", "RT", "NSAP", "NSAP-PTR", "SIG", "KEY", "PX", "GPOS", "AAAA", "LOC",
	"NXT", "EID", "NIMLOC", "SRV", "ATMA", "NAPTR", "KX", "CERT", "A6", "DNAME", "SINK", "OPT", "APL", "DS",
	"SSHFP", "IPSECKEY", "RRSIG", "NSEC", "DNSKEY", "DHCID", "NSEC3", "NSEC3PARAM", "TLSA", "SMIMEA",
	55: "HIP", "NINFO", "RKEY", "TALINK", "CDS", "CDNSKEY", "OPENPGPKEY", "CSYNC", "ZONEMD", "SVCB", "HTTPS",
	"DSYNC", "HHIT", "BRID",
	99: "SPF", "UINFO", "UID", "GID", "UNSPEC", "NID", "L32", "L64", "LP", "EUI48", "EUI64",
	128: "NXNAME",
	249: "TKEY", "TSIG", "IXFR", "AXFR", "MAILB", "MAILA", "ANY", "URI", "CAA", "AVC", "DOA", "AMTRELAY",
	"RESINFO", "WALLET", "CLA", "IPN",
}

const typeTA = 32768

// mnemonic is the name of t in the registry, "" where it has none.
func (t Type) mnemonic() string {
	switch {
	case int(t) < len(typeNames):
		return typeNames[t]
	case t == typeTA:
		return "TA"
	case t == TypeDLV:
		return "DLV"
	default:
		return ""
	}
}

// TypeOf is the type with a mnemonic, in upper case; false where none has it.
func TypeOf(mnemonic string) (Type, bool) {
	for t, name := range typeNames {
		if name == mnemonic && name != "" {
			return Type(t), true
		}
	}
	for _, t := range [...]Type{typeTA, TypeDLV} {
		if t.mnemonic() == mnemonic {
			return t, true
		}
	}
	return TypeNone, false
}
