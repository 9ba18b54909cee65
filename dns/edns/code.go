package edns

import "strconv"

// Code is an option code of the registry "DNS EDNS0 Option Codes".
type Code uint16

// Codes.
const (
	LLQ           Code = 1
	UpdateLease   Code = 2
	NSID          Code = 3
	DAU           Code = 5
	DHU           Code = 6
	N3U           Code = 7
	ECS           Code = 8
	Expire        Code = 9
	Cookie        Code = 10
	Keepalive     Code = 11
	Padding       Code = 12
	Chain         Code = 13
	KeyTag        Code = 14
	EDE           Code = 15
	ClientTag     Code = 16
	ServerTag     Code = 17
	ReportChannel Code = 18
	ZoneVersion   Code = 19
)

// String is the name of the option, OPTnnn for an unknown one.
func (c Code) String() string {
	switch c {
	case LLQ:
		return "LLQ"
	case UpdateLease:
		return "UPDATE-LEASE"
	case NSID:
		return "NSID"
	case DAU:
		return "DAU"
	case DHU:
		return "DHU"
	case N3U:
		return "N3U"
	case ECS:
		return "ECS"
	case Expire:
		return "EXPIRE"
	case Cookie:
		return "COOKIE"
	case Keepalive:
		return "KEEPALIVE"
	case Padding:
		return "PADDING"
	case Chain:
		return "CHAIN"
	case KeyTag:
		return "KEY-TAG"
	case EDE:
		return "EDE"
	case ClientTag:
		return "CLIENT-TAG"
	case ServerTag:
		return "SERVER-TAG"
	case ReportChannel:
		return "REPORT-CHANNEL"
	case ZoneVersion:
		return "ZONEVERSION"
	default:
		return "OPT" + strconv.Itoa(int(c))
	}
}
