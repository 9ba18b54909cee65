package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/miekg/dns"
)

// maxZoneFile is how large a file of root hints may be.
const maxZoneFile = 1 << 20

// CheckFiles reads the root hints that c names and tells what is wrong with
// them; an error is an *Error about the configuration called name.
func (c *Config) CheckFiles(name string) error {
	e := &Error{File: name}
	if c.RootHints != "" {
		e.checkFile("root-hints", c.RootHints, rootHints,
			"write the root's NS records and their A and AAAA records, or remove the key for the embedded list")
	}
	if len(e.Problems) > 0 {
		return e
	}
	return nil
}

// checkFile notes why the records of a file are not what its key wants.
func (e *Error) checkFile(key, path string, judge func([]dns.RR) error, remedy string) {
	data, err := readFile(path, maxZoneFile+1)
	if err != nil {
		e.Problems = append(e.Problems, Problem{
			Key: key, Text: path + " cannot be read: " + cause(err),
			Remedies: []string{"name a file that exists and that this user may read"},
		})
		return
	}
	records, err := zoneLines(data, path)
	if err == nil {
		err = judge(records)
	}
	if err != nil {
		e.Problems = append(e.Problems, Problem{Key: key, Text: fmt.Sprintf("%s %s", path, err), Remedies: []string{remedy}})
	}
}

// zoneLines parses a zone file, whose relative names are below the root.
func zoneLines(data []byte, path string) ([]dns.RR, error) {
	if len(data) > maxZoneFile {
		return nil, fmt.Errorf("has more than %d octets", maxZoneFile)
	}
	var records []dns.RR
	parser := dns.NewZoneParser(bytes.NewReader(data), ".", "")
	parser.SetDefaultTTL(0)
	for rr, ok := parser.Next(); ok; rr, ok = parser.Next() {
		records = append(records, rr)
	}
	if err := parser.Err(); err != nil {
		return nil, fmt.Errorf("is not in zone-file form: %w", err)
	}
	return records, nil
}

// rootHints wants servers of the root with addresses.
func rootHints(records []dns.RR) error {
	addressed := map[string]bool{}
	for _, rr := range records {
		switch rr.(type) {
		case *dns.A, *dns.AAAA:
			addressed[dns.CanonicalName(rr.Header().Name)] = true
		}
	}
	servers := 0
	for _, rr := range records {
		ns, ok := rr.(*dns.NS)
		switch {
		case ok && ns.Hdr.Name == ".":
			servers++
			if addressed[dns.CanonicalName(ns.Ns)] {
				return nil
			}
		case ok:
			return fmt.Errorf("has an NS record of %s, which is not the root", printable(ns.Hdr.Name))
		}
	}
	if servers == 0 {
		return errors.New("has no NS record of the root")
	}
	return errors.New("has no address of any server that its NS records name")
}

// readFile reads at most the first most octets of a file.
func readFile(path string, most int64) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, most))
}
