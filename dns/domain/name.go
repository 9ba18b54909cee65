package domain

import (
	"encoding/binary"
	"errors"
	"strings"
)

// Limits of RFC 1035 §2.3.4.
const (
	MaxLabel = 63
	MaxName  = 255
)

// Errors of the constructors.
var (
	ErrLabelLength = errors.New("domain: label longer than 63 octets")
	ErrNameLength  = errors.New("domain: name longer than 255 octets")
	ErrLabelType   = errors.New("domain: label type other than 00")
	ErrUnended     = errors.New("domain: name without its end")
	ErrEmptyLabel  = errors.New("domain: empty label")
	ErrEscape      = errors.New("domain: bad escape")
	ErrUnescaped   = errors.New("domain: blank, control character or octet above 126 without escape")
	ErrNotBelow    = errors.New("domain: not below the owner")
)

// Name is a fully qualified domain name: uncompressed wire form, ASCII letters
// lower-cased (RFC 4343 §3). The zero Name is no name at all; see IsZero.
type Name struct{ wire string }

// Root is the root of the tree.
func Root() Name { return Name{"\x00"} }

// FromWire reads an uncompressed name from the start of b and returns it with
// the number of octets it took.
func FromWire(b []byte) (Name, int, error) {
	n, err := wireLen(b)
	if err != nil {
		return Name{}, 0, err
	}
	return Name{lowerString(b[:n])}, n, nil
}

// FromLoweredString is FromWire for octets that are lower case already. The Name
// shares them.
func FromLoweredString(s string) (Name, int, error) {
	n, err := wireLen(s)
	if err != nil {
		return Name{}, 0, err
	}
	return Name{s[:n]}, n, nil
}

// wireLen is the length of the uncompressed name at the start of b.
func wireLen[B []byte | string](b B) (int, error) {
	for off := 0; off < len(b); {
		c := int(b[off])
		switch {
		case c == 0:
			return off + 1, nil
		case c > MaxLabel:
			return 0, ErrLabelType
		}
		if off += c + 1; off >= MaxName { // the end needs an octet too
			return 0, ErrNameLength
		}
	}
	return 0, ErrUnended
}

// FromValid makes a Name of octets that are known to be one whole, valid,
// uncompressed name, such as those wire.AppendName wrote. Letters are lowered.
func FromValid(b []byte) Name { return Name{lowerString(b)} }

// FromLowered is FromValid for octets that are lower case already.
func FromLowered(b []byte) Name { return Name{string(b)} }

func lowerString(b []byte) string {
	for _, c := range b {
		if 'A' <= c && c <= 'Z' {
			var buf [MaxName]byte
			return string(AppendLower(buf[:0], b))
		}
	}
	return string(b)
}

// AppendLower appends b with ASCII letters lower-cased (RFC 4343 §3). Length
// octets are below 64 and so never letters.
func AppendLower(dst, b []byte) []byte {
	start := len(dst)
	dst = append(dst, b...)
	low := dst[start:]
	for ; len(low) >= 8; low = low[8:] {
		binary.LittleEndian.PutUint64(low, lower8(binary.LittleEndian.Uint64(low)))
	}
	for i, c := range low {
		if 'A' <= c && c <= 'Z' {
			low[i] = c + 'a' - 'A'
		}
	}
	return dst
}

// lower8 lowers eight octets at once. Added to its lower seven bits, each limit
// carries into the uppermost bit of an octet that is not below it; octets above
// 127 are no letters.
func lower8(w uint64) uint64 {
	const each = 0x0101010101010101
	low := w & (0x7f * each)
	letters := (low + (0x80-'A')*each) &^ (low + (0x7f-'Z')*each) &^ w & (0x80 * each)
	return w | letters>>2
}

// IsZero reports whether n is no name at all.
func (n Name) IsZero() bool { return n.wire == "" }

// IsRoot reports whether n is the root.
func (n Name) IsRoot() bool { return n.wire == "\x00" }

// Wire is the wire form, lower case.
func (n Name) Wire() string { return n.wire }

// AppendWire appends the wire form.
func (n Name) AppendWire(dst []byte) []byte { return append(dst, n.wire...) }

// Len is the length of the wire form in octets.
func (n Name) Len() int { return len(n.wire) }

// Labels counts the labels, the root's empty one not included.
func (n Name) Labels() int {
	k := 0
	for off := 0; off < len(n.wire) && n.wire[off] != 0; off += int(n.wire[off]) + 1 {
		k++
	}
	return k
}

// FirstLabel is the leftmost label without its length, "" for the root.
func (n Name) FirstLabel() string {
	if len(n.wire) <= 1 {
		return ""
	}
	return n.wire[1 : 1+int(n.wire[0])]
}

// Parent is n without its leftmost label. The root is its own parent.
func (n Name) Parent() Name {
	if len(n.wire) <= 1 {
		return n
	}
	return Name{n.wire[1+int(n.wire[0]):]}
}

// Ancestor is the name made of the last k labels of n; n itself where it has
// no more than that.
func (n Name) Ancestor(k int) Name {
	for skip := n.Labels() - max(k, 0); skip > 0; skip-- {
		n = n.Parent()
	}
	return n
}

// Within reports whether n is zone or below it. No name is within the zero
// Name.
func (n Name) Within(zone Name) bool {
	if zone.wire == "" || !strings.HasSuffix(n.wire, zone.wire) {
		return false
	}
	// The suffix must begin at a label (RFC 4035 §5.3.1: ample.com. is no
	// ancestor of example.com.).
	cut := len(n.wire) - len(zone.wire)
	off := 0
	for off < cut {
		off += int(n.wire[off]) + 1
	}
	return off == cut
}

// Suffix is n or the ancestor of n whose wire form, in lower case, is b. It
// shares the octets of n. False: b is no such name.
func (n Name) Suffix(b []byte) (Name, bool) {
	cut := len(n.wire) - len(b)
	if cut < 0 || len(b) == 0 || n.wire[cut:] != string(b) {
		return Name{}, false
	}
	off := 0
	for off < cut {
		off += int(n.wire[off]) + 1
	}
	return Name{n.wire[cut:]}, off == cut
}

// Below reports whether n is strictly below zone.
func (n Name) Below(zone Name) bool { return len(n.wire) > len(zone.wire) && n.Within(zone) }

// CommonAncestor is the longest name that both n and o are within, the zero
// Name where one of them is.
func (n Name) CommonAncestor(o Name) Name {
	if n.IsZero() || o.IsZero() {
		return Name{}
	}
	a, b := n, o
	la, lb := a.Labels(), b.Labels()
	for ; la > lb; la-- {
		a = a.Parent()
	}
	for ; lb > la; lb-- {
		b = b.Parent()
	}
	for a != b {
		a, b = a.Parent(), b.Parent()
	}
	return a
}

// NextCloser is the ancestor of n one label longer than its encloser
// (RFC 5155 §1.3). n must be below encloser.
func (n Name) NextCloser(encloser Name) Name { return n.Ancestor(encloser.Labels() + 1) }

// IsWildcard reports whether the leftmost label is "*" (RFC 4592 §2.1.1).
func (n Name) IsWildcard() bool {
	return len(n.wire) > 2 && n.wire[0] == 1 && n.wire[1] == '*'
}

// Wildcard is "*." followed by n; an error where that is too long.
func (n Name) Wildcard() (Name, error) { return n.Prepend("*") }

// Prepend is label followed by n. The label's letters are lowered.
func (n Name) Prepend(label string) (Name, error) {
	switch {
	case n.IsZero():
		return Name{}, ErrUnended
	case label == "":
		return Name{}, ErrEmptyLabel
	case len(label) > MaxLabel:
		return Name{}, ErrLabelLength
	case len(label)+1+len(n.wire) > MaxName:
		return Name{}, ErrNameLength
	}
	var buf [MaxName]byte
	b := append(buf[:0], byte(len(label)))
	b = AppendLower(b, []byte(label))
	return Name{string(append(b, n.wire...))}, nil
}

// Substitute replaces the suffix owner of n by target, as a DNAME does
// (RFC 6672 §2.2). ErrNameLength means YXDOMAIN; ErrNotBelow, that the DNAME
// says nothing of n: it redirects what is below its owner, not the owner.
func (n Name) Substitute(owner, target Name) (Name, error) {
	if !n.Below(owner) {
		return Name{}, ErrNotBelow
	}
	prefix := n.wire[:len(n.wire)-len(owner.wire)]
	if len(prefix)+len(target.wire) > MaxName {
		return Name{}, ErrNameLength
	}
	return Name{prefix + target.wire}, nil
}

// Compare orders names canonically (RFC 4034 §6.1): label by label from the
// right, octets unsigned, a missing label first.
func Compare(a, b Name) int {
	if a.wire == b.wire {
		return 0
	}
	var ao, bo [MaxName / 2]uint8
	an, bn := offsets(a.wire, &ao), offsets(b.wire, &bo)
	for an > 0 && bn > 0 {
		an--
		bn--
		if c := strings.Compare(labelAt(a.wire, ao[an]), labelAt(b.wire, bo[bn])); c != 0 {
			return c
		}
	}
	return an - bn
}

// offsets writes where each label of w begins and returns how many there are.
func offsets(w string, into *[MaxName / 2]uint8) int {
	k := 0
	for off := 0; off < len(w) && w[off] != 0 && k < len(into); off += int(w[off]) + 1 {
		into[k] = uint8(off)
		k++
	}
	return k
}

func labelAt(w string, off uint8) string {
	return w[int(off)+1 : int(off)+1+int(w[off])]
}
