package integration_test

import (
	"net"
	"os/exec"
	"strings"
	"testing"
)

// testEncryptedDigests: no handshake is signed over SHA-1, be it all that the client would take. (Over MD5 nobody's client
// still asks for one, nor over SHA-1 in TLS 1.3.)
//
// RFC: 9155.1
func testEncryptedDigests(t *testing.T, e *encrypted) {
	for _, port := range []string{e.dot, e.doh} {
		for _, c := range []struct {
			version, signatures string
			want                bool
		}{
			{"-tls1_2", "ECDSA+SHA256:RSA+SHA256", true},
			{"-tls1_3", "ECDSA+SHA256:RSA-PSS+SHA256", true},
			{"-tls1_2", "ECDSA+SHA1:RSA+SHA1", false},
		} {
			s := exec.CommandContext(t.Context(), program(t, "openssl"), "s_client", "-connect", net.JoinHostPort(loopback, port),
				c.version, "-cipher", "ALL:@SECLEVEL=0", "-sigalgs", c.signatures)
			s.Stdin = strings.NewReader("Q\n")
			out, err := s.CombinedOutput()
			refused := strings.Contains(string(out), "handshake failure")
			if made := err == nil && strings.Contains(string(out), "Peer signing digest: SHA256"); made != c.want || refused == c.want {
				t.Errorf("%s with %s: %v\n%s", c.version, c.signatures, err, out)
			}
		}
	}
}
