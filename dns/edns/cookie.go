package edns

// Lengths of RFC 7873 §4: a client cookie is 8 octets, a server cookie 8 to 32.
const (
	ClientCookieLen    = 8
	MinServerCookieLen = 8
	MaxServerCookieLen = 32
)

// ClientCookie is the part of a cookie that the client makes.
type ClientCookie [ClientCookieLen]byte

// ParseCookie reads the data of a COOKIE option. server is a part of data, nil
// where the client sent its own part only. Legal lengths are 8 and 16 to 40
// (RFC 7873 §5.2.2); others are an *Error.
func ParseCookie(data []byte) (client ClientCookie, server []byte, err error) {
	switch n := len(data) - ClientCookieLen; {
	case n == 0:
		return ClientCookie(data), nil, nil
	case n >= MinServerCookieLen && n <= MaxServerCookieLen:
		return ClientCookie(data[:ClientCookieLen]), data[ClientCookieLen:], nil
	default:
		return ClientCookie{}, nil, badOption(Cookie)
	}
}

// AppendCookie appends the data of a COOKIE option. server is nil or of the
// length RFC 7873 §4 gives it.
func AppendCookie(dst []byte, client ClientCookie, server []byte) []byte {
	dst = append(dst, client[:]...)
	return append(dst, server...)
}
