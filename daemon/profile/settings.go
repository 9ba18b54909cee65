package profile

import (
	"fmt"
	"strings"
)

// Settings are those of devices and programs, for people to enter.
func (r *Resolver) Settings() string {
	var b strings.Builder
	section := func(title string, lines []string) {
		fmt.Fprintf(&b, "\n%s\n", title)
		for _, l := range lines {
			b.WriteString("  " + l + "\n")
		}
	}
	fmt.Fprintf(&b, "The resolver is %s at %s.\n", r.called(), list(r))
	if r.Certificate != nil {
		section("Its certificate is self-signed: devices have to be told to trust it", r.trust())
	}
	section("Apple (iOS 14, macOS 11 and later)", []string{
		"recursor profile --config FILE --apple recursor.mobileconfig",
		"Open that file on the device, then install it in the settings under profiles.",
	})
	section("Android 9 and later", r.android())
	section("Windows 11 and Server 2022, in a PowerShell of the administrator", r.windows())
	section("Firefox, in policies.json, or under the same names in about:policies", r.firefox())
	section("Chrome, Chromium and Edge, as a managed policy", r.chrome())
	section("systemd-resolved, in /etc/systemd/resolved.conf.d/recursor.conf", r.resolved())
	section("stubby, in stubby.yml", r.stubby())
	section("To see it answer", r.Trial("example.com"))
	if records := r.Records(); records != "" {
		section("To let those who know the name discover the rest, in the zone of the name", strings.Split(strings.TrimSpace(records), "\n"))
	}
	return b.String()
}

func list(r *Resolver) string {
	texts := make([]string, len(r.Addrs))
	for i, a := range r.Addrs {
		texts[i] = a.String()
	}
	return strings.Join(texts, ", ")
}

func (r *Resolver) trust() []string {
	return []string{
		"The file is " + r.File + ", the hash of its key (SPKI pin) " + r.Pin,
		"Linux: copy it to /usr/local/share/ca-certificates/recursor.crt and run update-ca-certificates",
		"Chrome on Linux: certutil -d sql:$HOME/.pki/nssdb -A -t P,, -n recursor -i " + r.File,
		"Windows: certutil -addstore Root " + r.File,
		"Apple's profile carries it. Android's private DNS takes no certificate of yours: it wants one of a public authority.",
	}
}

func (r *Resolver) android() []string {
	switch {
	case r.Name == "":
		return []string{"Private DNS wants a name, and the certificate has none that is this resolver's."}
	case r.DoT != portTLS:
		return []string{"Private DNS asks over TLS at port 853 alone: listen.dot has none there."}
	case r.Certificate != nil:
		return []string{"Private DNS trusts public authorities alone: the certificate is self-signed."}
	}
	return []string{"Network & internet, Private DNS, Private DNS provider hostname: " + r.Name}
}

func (r *Resolver) windows() []string {
	if r.DoH == 0 {
		return []string{"Windows asks over HTTPS: listen.doh is empty."}
	}
	var lines []string
	for _, a := range r.Addrs {
		lines = append(lines, fmt.Sprintf("Add-DnsClientDohServerAddress -ServerAddress %s -DohTemplate %s -AllowFallbackToUdp $False -AutoUpgrade $True", a, r.url()))
	}
	return append(lines, "Then set these addresses as the DNS servers of the network adapter.")
}

func (r *Resolver) firefox() []string {
	if r.DoH == 0 {
		return []string{"Firefox asks over HTTPS: listen.doh is empty."}
	}
	return []string{
		`{"policies": {"DNSOverHTTPS": {"Enabled": true, "ProviderURL": "` + r.url() + `", "Fallback": false, "Locked": true},`,
		`  "Preferences": {"network.trr.bootstrapAddr": {"Value": "` + r.Addrs[0].String() + `", "Status": "locked"}}}}`,
	}
}

func (r *Resolver) chrome() []string {
	if r.DoH == 0 {
		return []string{"Chrome asks over HTTPS: listen.doh is empty."}
	}
	return []string{
		"in /etc/opt/chrome/policies/managed/recursor.json or /etc/chromium/policies/managed/recursor.json:",
		`{"DnsOverHttpsMode": "secure", "DnsOverHttpsTemplates": "` + r.template() + `"}`,
		"By hand: Settings, Privacy and security, Security, Use secure DNS, with: " + r.template(),
	}
}

func (r *Resolver) resolved() []string {
	if r.DoT == 0 {
		return []string{"systemd-resolved asks over TLS: listen.dot is empty."}
	}
	servers := make([]string, len(r.Addrs))
	for i, a := range r.Addrs {
		servers[i] = at(a, r.DoT, portTLS)
		if r.Name != "" { // without, it looks for the address in the certificate
			servers[i] += "#" + r.Name
		}
	}
	return []string{"[Resolve]", "DNS=" + strings.Join(servers, " "), "DNSOverTLS=yes", "Domains=~."}
}

func (r *Resolver) stubby() []string {
	if r.DoT == 0 {
		return []string{"stubby asks over TLS: listen.dot is empty."}
	}
	lines := []string{
		"dns_transport_list: [GETDNS_TRANSPORT_TLS]",
		"tls_authentication: GETDNS_AUTHENTICATION_REQUIRED",
		"upstream_recursive_servers:",
	}
	for _, a := range r.Addrs {
		lines = append(lines, "  - address_data: "+a.String(), fmt.Sprintf("    tls_port: %d", r.DoT))
		if r.Name != "" && r.Certificate == nil {
			lines = append(lines, fmt.Sprintf("    tls_auth_name: %q", r.Name))
			continue
		}
		lines = append(lines, "    tls_pubkey_pinset:", "      - digest: \"sha256\"", "        value: "+r.Pin)
	}
	return lines
}

// Trial are commands that ask for a name, a line for each transport.
func (r *Resolver) Trial(name string) []string {
	var lines []string
	a := r.Addrs[0]
	if r.DoT != 0 {
		lines = append(lines, fmt.Sprintf("kdig @%s -p %d +tls-pin=%s %s", a, r.DoT, r.Pin, name))
	}
	if r.DoH != 0 {
		kdig := fmt.Sprintf("kdig @%s -p %d +tls-pin=%s +https=%s %s", a, r.DoH, r.Pin, r.Path, name)
		curl := "curl --doh-url " + r.url()
		if r.Certificate != nil {
			curl += " --cacert " + r.File
		}
		if r.Name != "" {
			curl += fmt.Sprintf(" --resolve %s:%d:%s", r.Name, r.DoH, a)
		}
		lines = append(lines, kdig, curl+" http://"+name+"/")
	}
	if r.DoQ != 0 {
		lines = append(lines, fmt.Sprintf("kdig @%s -p %d +tls-pin=%s +quic %s", a, r.DoQ, r.Pin, name))
	}
	return lines
}
