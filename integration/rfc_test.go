package integration_test

import (
	"cmp"
	"fmt"
	"maps"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const rfcDocument = "docs/rfc.md"

// rfcRow is an RFC that the sources cite. Title and state are written by people, the packages are counted.
type rfcRow struct {
	number   int
	title    string
	state    string // full, part, none
	packages []string
}

// itemRow is an item of the checklist. Open and done follow from the tests; people may set part or no, with a note.
type itemRow struct {
	id      string
	state   string // done, open, part, no
	citedBy []string
	note    string
}

// citations is what the sources say: RFC number → packages, checklist id → packages of the tests that cite it.
type citations struct {
	rfcs  map[int][]string
	items map[string][]string
}

// collect reads every Go file. `RFC 5452 §9.1` and `RFCs 1034` cite an RFC; the comment `// RFC: 5452.1, 5452.2`
// in a test cites items of the checklist.
func collect(t *testing.T) citations {
	t.Helper()
	found := citations{map[int][]string{}, map[string][]string{}}
	eachFile(t, ".go", func(name, text string) {
		if name == "integration/rfc_test.go" {
			return // its examples are no citations
		}
		found.add(t, name, text)
	})
	for _, packages := range found.rfcs {
		slices.Sort(packages)
	}
	for _, packages := range found.items {
		slices.Sort(packages)
	}
	return found
}

func (c citations) add(t *testing.T, name, text string) {
	t.Helper()
	pkg := path.Dir(name)
	cite := func(number string) {
		n, err := strconv.Atoi(number)
		if err != nil {
			t.Errorf("%s: RFC number %q: %v", name, number, err)
			return
		}
		if !slices.Contains(c.rfcs[n], pkg) {
			c.rfcs[n] = append(c.rfcs[n], pkg)
		}
	}
	for _, m := range regexp.MustCompile(`\bRFCs? (\d{3,5})\b`).FindAllStringSubmatch(text, -1) {
		cite(m[1])
	}
	if !strings.HasSuffix(name, "_test.go") {
		return
	}
	for _, id := range citedItems(text) {
		if number, _, _ := strings.Cut(id, "."); number != "X" {
			cite(number)
		}
		if !slices.Contains(c.items[id], pkg) {
			c.items[id] = append(c.items[id], pkg)
		}
	}
}

// citedItems finds the checklist ids in the comments of a test file.
func citedItems(text string) []string {
	var ids []string
	for _, line := range regexp.MustCompile(`(?m)//\s*RFC:(.*)$`).FindAllStringSubmatch(text, -1) {
		ids = append(ids, regexp.MustCompile(`\b(?:\d{3,5}|X)\.\d+\b`).FindAllString(line[1], -1)...)
	}
	return ids
}

// cells splits a line of a table; ok is false for other lines and for the lines that open a table.
func cells(line string) (fields []string, ok bool) {
	if !strings.HasPrefix(line, "| ") {
		return nil, false
	}
	for field := range strings.SplitSeq(strings.Trim(line, "|"), "|") {
		fields = append(fields, strings.TrimSpace(field))
	}
	return fields, fields[0] != "RFC" && fields[0] != "id"
}

// parseRFCDocument reads what people wrote in the two tables.
func parseRFCDocument(document string) (map[int]rfcRow, map[string]itemRow, error) {
	rfcs, items := map[int]rfcRow{}, map[string]itemRow{}
	for i, line := range strings.Split(document, "\n") {
		f, ok := cells(line)
		if !ok {
			continue
		}
		if len(f) != 4 {
			return nil, nil, fmt.Errorf("line %d: want four columns, have %d", i+1, len(f))
		}
		if number, err := strconv.Atoi(f[0]); err == nil {
			rfcs[number] = rfcRow{number: number, title: f[1], state: f[2]}
			continue
		}
		items[f[0]] = itemRow{id: f[0], state: f[1], note: f[3]}
	}
	return rfcs, items, nil
}

// settle makes the tables true: what is cited has a row, what a test cites is done, what none cites is not.
func settle(rfcs map[int]rfcRow, items map[string]itemRow, found citations, checklist []string) {
	for number, packages := range found.rfcs {
		row := rfcs[number]
		row.number, row.packages = number, packages
		row.title, row.state = cmp.Or(row.title, "?"), cmp.Or(row.state, "?")
		rfcs[number] = row
	}
	maps.DeleteFunc(rfcs, func(number int, row rfcRow) bool { return row.packages == nil && row.state != "none" })
	for _, id := range checklist {
		if _, ok := items[id]; !ok {
			items[id] = itemRow{id: id}
		}
	}
	for id := range found.items {
		if _, ok := items[id]; !ok {
			items[id] = itemRow{id: id}
		}
	}
	for id, row := range items {
		row.citedBy = found.items[id]
		if row.state != "part" && row.state != "no" {
			row.state = "open"
			if row.citedBy != nil {
				row.state = "done"
			}
		}
		items[id] = row
	}
}

// render puts the tables into the document: each table ends at the first line that is not part of it.
func render(document string, rfcs map[int]rfcRow, items map[string]itemRow) string {
	var out strings.Builder
	inTable := false
	for line := range strings.SplitAfterSeq(document, "\n") {
		isRow := strings.HasPrefix(line, "|")
		if isRow && inTable {
			continue
		}
		inTable = isRow
		out.WriteString(line)
		switch {
		case strings.HasPrefix(line, "| RFC |"):
			out.WriteString("|---|---|---|---|\n")
			for _, number := range slices.Sorted(maps.Keys(rfcs)) {
				row := rfcs[number]
				fmt.Fprintf(&out, "| %d | %s | %s | %s |\n", number, row.title, row.state, strings.Join(row.packages, ", "))
			}
		case strings.HasPrefix(line, "| id |"):
			out.WriteString("|---|---|---|---|\n")
			for _, id := range slices.SortedFunc(maps.Keys(items), compareItems) {
				row := items[id]
				fmt.Fprintf(&out, "| %s | %s | %s | %s |\n", id, row.state, strings.Join(row.citedBy, ", "), row.note)
			}
		}
	}
	return out.String()
}

// compareItems orders ids by RFC and item; the items that belong to no RFC (X) come last.
func compareItems(a, b string) int {
	number := func(id string) (rfc, item int) {
		left, right, _ := strings.Cut(id, ".")
		rfc, err := strconv.Atoi(left)
		if err != nil {
			rfc = 1 << 20
		}
		item, _ = strconv.Atoi(right) // the pattern of citedItems lets digits only through
		return rfc, item
	}
	aRFC, aItem := number(a)
	bRFC, bItem := number(b)
	return cmp.Or(cmp.Compare(aRFC, bRFC), cmp.Compare(aItem, bItem))
}

// checklistIDs are the ids of the shared checklist; nil where it is absent.
func checklistIDs(t *testing.T) []string {
	t.Helper()
	name := sharedFile("guide/rfc-checklist.md")
	if name == "" {
		return nil
	}
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	var ids []string
	for _, m := range regexp.MustCompile(`(?m)^- \[ \] \*\*((?:\d+|X)\.\d+)\*\*`).FindAllStringSubmatch(string(text), -1) {
		ids = append(ids, m[1])
	}
	if len(ids) == 0 {
		t.Fatalf("%s has no items: did its form change?", name)
	}
	return ids
}

// TestHouseRFCDocument holds docs/rfc.md to the sources. UPDATE_RFC=1 (`make rfc`) writes it instead.
func TestHouseRFCDocument(t *testing.T) {
	document := readTree(t, rfcDocument)
	rfcs, items, err := parseRFCDocument(document)
	if err != nil {
		t.Fatalf("%s: %v", rfcDocument, err)
	}
	settle(rfcs, items, collect(t), checklistIDs(t))
	want := render(document, rfcs, items)
	if os.Getenv("UPDATE_RFC") != "" {
		if err := os.WriteFile(filepath.Join(treeRoot, filepath.FromSlash(rfcDocument)), []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	} else if want != document {
		t.Errorf("%s is not what the sources say; run `make rfc`. First difference:\n%s", rfcDocument, firstDifference(document, want))
	}
	for _, row := range rfcs {
		if row.title == "?" || !slices.Contains([]string{"full", "part", "none"}, row.state) {
			t.Errorf("%s: RFC %d is cited by %v: give it a title and a state (full, part, none)", rfcDocument, row.number, row.packages)
		}
	}
	for _, row := range items {
		if !slices.Contains([]string{"done", "open", "part", "no"}, row.state) {
			t.Errorf("%s: item %s: state %q, want done, open, part or no", rfcDocument, row.id, row.state)
		}
		if (row.state == "part" || row.state == "no") && row.note == "" {
			t.Errorf("%s: item %s is %q without a note that says why", rfcDocument, row.id, row.state)
		}
		number, err := strconv.Atoi(strings.Split(row.id, ".")[0])
		if row.state == "open" && err == nil && rfcs[number].state == "full" {
			t.Errorf("%s: RFC %d is called full, but no test cites item %s", rfcDocument, number, row.id)
		}
	}
}

// TestHouseChecklistHasEveryItem catches a citation of an item that does not exist.
func TestHouseChecklistHasEveryItem(t *testing.T) {
	checklist := checklistIDs(t)
	if checklist == nil {
		t.Skip("the shared checklist is absent (RECURSOR_SHARED, or ../shared beside the repository)")
	}
	for id, packages := range collect(t).items {
		if !slices.Contains(checklist, id) {
			t.Errorf("%v cite item %s, which the checklist does not have", packages, id)
		}
	}
}

func firstDifference(have, want string) string {
	a, b := strings.Split(have, "\n"), strings.Split(want, "\n")
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return fmt.Sprintf("line %d\n  have %s\n  want %s", i+1, a[i], b[i])
		}
	}
	return fmt.Sprintf("have %d lines, want %d", len(a), len(b))
}

func TestHouseRendersRFCDocument(t *testing.T) {
	const document = "intro\n\n| RFC | title | state | packages |\n|---|---|---|---|\n| 1034 | Concepts | part | old |\n" +
		"| 9999 | Gone | full | old |\n| 7901 | Chain query | none |  |\n\n" +
		"| id | state | cited by | note |\n|---|---|---|---|\n| 1034.2 | done | old |  |\n| 1034.10 | no |  | not ours |\n\nend\n"
	const want = "intro\n\n| RFC | title | state | packages |\n|---|---|---|---|\n| 1034 | Concepts | part | a, b |\n" +
		"| 2181 | ? | ? | b |\n| 7901 | Chain query | none |  |\n\n" +
		"| id | state | cited by | note |\n|---|---|---|---|\n| 1034.2 | open |  |  |\n| 1034.3 | done | b |  |\n" +
		"| 1034.10 | no |  | not ours |\n| X.1 | open |  |  |\n\nend\n"
	rfcs, items, err := parseRFCDocument(document)
	if err != nil {
		t.Fatal(err)
	}
	found := citations{map[int][]string{}, map[string][]string{}}
	found.add(t, "a/a.go", "// RFC 1034 §5.3.3; `// RFC: 1034.2` counts in tests only")
	found.add(t, "b/b_test.go", "// RFC: 1034.3\n// see RFC 2181 §5")
	settle(rfcs, items, found, []string{"1034.2", "1034.3", "X.1"})
	if got := render(document, rfcs, items); got != want {
		t.Errorf("rendered\n%s\nwant\n%s", got, want)
	}
}
