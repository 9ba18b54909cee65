package profile

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/xml"
	"errors"
	"fmt"
	"strings"
)

// errNoPayload says why there is no profile for Apple's systems.
var errNoPayload = errors.New("no profile can be made: Apple's systems ask over HTTPS, or over TLS at port 853, and neither is served")

// Apple is a configuration profile for iOS, iPadOS, macOS, tvOS and visionOS: a
// property list in XML with a payload for each protocol and, where devices have
// to be told to trust the certificate, one with that. A profile for the same
// resolver takes the place of an earlier one.
func (r *Resolver) Apple() ([]byte, error) {
	var payloads []string
	if r.DoH != 0 {
		payloads = append(payloads, r.dnsPayload("HTTPS", "ServerURL", r.url()))
	}
	if r.DoT == portTLS {
		payloads = append(payloads, r.dnsPayload("TLS", "ServerName", r.called()))
	}
	if len(payloads) == 0 {
		return nil, errNoPayload
	}
	if r.Certificate != nil {
		payloads = append(payloads, r.payload("com.apple.security.root", "certificate", "the certificate of "+r.called(),
			entry("PayloadContent", "<data>"+base64.StdEncoding.EncodeToString(r.Certificate)+"</data>")))
	}
	about := "Asks " + r.called() + " for names, encrypted, and nobody else."
	return []byte(xml.Header +
		`<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">` + "\n" +
		`<plist version="1.0">` + "\n" +
		r.dictionary("Configuration", "profile", "DNS by "+r.called(),
			entry("PayloadContent", "<array>\n"+strings.Join(payloads, "")+"</array>"),
			entry("PayloadDescription", text(about)),
			entry("PayloadRemovalDisallowed", "<false/>"),
			entry("PayloadScope", text("System")),
		) + "</plist>\n"), nil
}

// dnsPayload is one of the type com.apple.dnsSettings.managed.
func (r *Resolver) dnsPayload(protocol, key, server string) string {
	var addrs strings.Builder
	for _, a := range r.Addrs {
		addrs.WriteString(text(a.String()))
	}
	return r.payload("com.apple.dnsSettings.managed", strings.ToLower(protocol), "DNS over "+protocol+" by "+r.called(),
		entry("DNSSettings", "<dict>\n"+
			entry("DNSProtocol", text(protocol))+
			entry("ServerAddresses", "<array>"+addrs.String()+"</array>")+
			entry(key, text(server))+"</dict>"))
}

func (r *Resolver) payload(kind, part, title string, entries ...string) string {
	return r.dictionary(kind, part, title, entries...)
}

// dictionary is a profile or a payload: what all of them have, and entries.
func (r *Resolver) dictionary(kind, part, title string, entries ...string) string {
	id := "recursor." + strings.NewReplacer(":", "-").Replace(r.called()) + "." + part
	return "<dict>\n" + strings.Join(entries, "") +
		entry("PayloadDisplayName", text(title)) +
		entry("PayloadIdentifier", text(id)) +
		entry("PayloadType", text(kind)) +
		entry("PayloadUUID", text(uuid(id))) +
		entry("PayloadVersion", "<integer>1</integer>") + "</dict>\n"
}

func entry(key, value string) string { return "<key>" + key + "</key>" + value + "\n" }

func text(s string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(s)) // a Builder takes all
	return "<string>" + b.String() + "</string>"
}

// uuid is one made of a name (RFC 9562 §5.8), so that a profile written twice is
// the same.
func uuid(name string) string {
	sum := sha256.Sum256([]byte(name))
	sum[6] = sum[6]&0x0f | 0x80
	sum[8] = sum[8]&0x3f | 0x80
	return fmt.Sprintf("%X-%X-%X-%X-%X", sum[:4], sum[4:6], sum[6:8], sum[8:10], sum[10:16])
}
