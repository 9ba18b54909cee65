package profile

import (
	"encoding/base64"
	"encoding/xml"
	"errors"
	"flag"
	"io"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the files of testdata anew")

func resolvers() map[string]*Resolver {
	addrs := []netip.Addr{netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("2001:db8::1")}
	pin := base64.StdEncoding.EncodeToString(make([]byte, 32))
	return map[string]*Resolver{
		"named":      {Name: "dns.example.net", Addrs: addrs, DoT: 853, DoH: 443, Path: "/dns-query", HTTP3: true, DoQ: 853, Pin: pin},
		"selfsigned": {Name: "dns.home.arpa", Addrs: addrs[:1], DoT: 8853, DoH: 8443, Path: "/q", Pin: pin, Certificate: []byte("<DER>"), File: "/var/lib/recursor/self-signed.crt"},
		"address":    {Addrs: addrs[1:], DoT: 853, DoH: 443, Path: "/dns-query", Pin: pin},
		"quic":       {Name: "dns.example.net", Addrs: addrs[:1], DoQ: 8853, Pin: pin},
	}
}

func golden(t *testing.T, file string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", file)
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil || string(want) != string(got) {
		t.Errorf("%s: %v, got\n%s", path, err, got)
	}
}

func TestSettings(t *testing.T) {
	for name, r := range resolvers() {
		golden(t, name+".txt", []byte(r.Settings()))
	}
}

func TestApple(t *testing.T) {
	for name, r := range resolvers() {
		list, err := r.Apple()
		if name == "quic" {
			if !errors.Is(err, errNoPayload) {
				t.Errorf("a resolver that Apple's systems cannot ask: %v", err)
			}
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		golden(t, name+".mobileconfig", list)
		again, _ := r.Apple()
		if string(again) != string(list) {
			t.Error("written twice it is not the same")
		}
	}
}

// What a name or a path has of XML's own characters comes out as it went in.
func TestAppleIsWellFormed(t *testing.T) {
	r := resolvers()["named"]
	r.Path = "/a&b<c>\"d'"
	list, err := r.Apple()
	if err != nil {
		t.Fatal(err)
	}
	d := xml.NewDecoder(strings.NewReader(string(list)))
	found := false
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if data, ok := token.(xml.CharData); ok && string(data) == "https://dns.example.net"+r.Path {
			found = true
		}
	}
	if !found {
		t.Errorf("the path is lost:\n%s", list)
	}
}
