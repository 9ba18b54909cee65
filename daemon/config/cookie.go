package config

import (
	"encoding/hex"
	"errors"
)

var errNoSecret = errors.New("is not 32 hexadecimal digits")

// secrets is a list of cookie secrets.
func secrets(at *[]CookieSecret) value {
	return &listValue[CookieSecret]{
		at: at, item: "secrets, each 32 hexadecimal digits",
		print: func(s CookieSecret) string { return hex.EncodeToString(s[:]) },
		parse: func(_ *reader, said string) (s CookieSecret, err error) {
			b, err := hex.DecodeString(said)
			if err != nil || len(b) != len(s) {
				return s, errNoSecret
			}
			return CookieSecret(b), nil
		},
	}
}
