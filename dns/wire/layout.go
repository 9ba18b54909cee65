package wire

// A layout spells the fields of a type's RDATA, an octet each:
//
//	n  a name that may be compressed on receipt and is lower-cased in canonical
//	   form (RFC 1035, RFC 3597 §4, RFC 4034 §6.2 as amended by RFC 6840 §5.1);
//	   for DNAME and KX we take more than anybody may send (RFC 6672 §2.5)
//	u  a name that is never compressed and keeps its case in canonical form
//	   (NSEC, RFC 6840 §5.1; SVCB, RFC 9460 §2.2)
//	l  a name that is never compressed but lower-cased in canonical form
//	   (the signer of an RRSIG, RFC 6840 §5.1)
//	1 2 4 6 8  so many octets
//	A  sixteen octets
//	s  a character-string
//	S  one or more character-strings to the end
//	T  at most one character-string, at the end
//	p  SvcParams to the end, keys ascending (RFC 9460 §2.2)
//	b  a type bitmap to the end (RFC 4034 §4.1.2)
//	h  an octet of length and so many octets, perhaps none (NSEC3 salt)
//	H  the same, at least one (NSEC3 hash, RFC 5155 §3.2)
//	r  the rest, any length
//	R  the rest, at least one octet
//
// A type without a layout is opaque (RFC 3597 §3). So is A6, though RFC 4034
// §6.2 lists it: it is historic (RFC 6563) and no server signs one.
func layout(t Type) (string, bool) {
	switch t {
	case TypeA:
		return "4", true
	case TypeNS, TypeMD, TypeMF, TypeCNAME, TypeMB, TypeMG, TypeMR, TypePTR, TypeDNAME:
		return "n", true
	case TypeSOA:
		return "nn44444", true
	case TypeWKS:
		return "41r", true
	case TypeHINFO:
		return "ss", true
	case TypeMINFO, TypeRP:
		return "nn", true
	case TypeMX, TypeAFSDB, TypeRT, TypeKX:
		return "2n", true
	case TypeTXT, TypeSPF, TypeRESINFO:
		return "S", true
	case TypeX25:
		return "s", true
	case TypeISDN:
		return "sT", true
	case TypePX:
		return "2nn", true
	case TypeAAAA:
		return "A", true
	case TypeSRV:
		return "222n", true
	case TypeNAPTR:
		return "22sssn", true
	case TypeCERT:
		return "221r", true
	case TypeDS, TypeCDS, TypeDLV:
		return "211r", true
	case TypeSSHFP:
		return "11R", true
	case TypeRRSIG:
		return "2114442lR", true
	case TypeSIG:
		return "2114442nR", true
	case TypeNXT:
		return "nr", true
	case TypeNSEC:
		return "ub", true
	case TypeDNSKEY, TypeCDNSKEY, TypeKEY:
		return "211r", true
	case TypeNSEC3:
		return "112hHb", true
	case TypeNSEC3PARAM:
		return "112h", true
	case TypeTLSA, TypeSMIMEA:
		return "111r", true
	case TypeOPENPGPKEY:
		return "R", true
	case TypeCSYNC:
		return "42b", true
	case TypeZONEMD:
		return "411R", true
	case TypeSVCB, TypeHTTPS:
		return "2up", true
	case TypeNID, TypeL64:
		return "28", true
	case TypeL32:
		return "24", true
	case TypeLP:
		return "2u", true
	case TypeEUI48:
		return "6", true
	case TypeEUI64:
		return "8", true
	case TypeURI:
		return "22R", true
	case TypeCAA:
		return "1sr", true
	default:
		return "", false
	}
}
