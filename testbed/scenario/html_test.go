package scenario_test

import (
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"

	"recursor/testbed/scenario"
)

func TestHTML(t *testing.T) {
	r := play(t, "core", "recursor:\n"+forwarding+
		"RANGE_BEGIN 0 100\n"+entry(matching+"\nREPLY QR RA", "a.example. A", answerA)+"RANGE_END\n"+
		queryStep("1", "a.example. A")+checkStep("2", "MATCH rcode\nREPLY NXDOMAIN", "a.example. A")+
		queryStep("3", "silent.example. A")+checkStep("4", "MATCH rcode\nREPLY SERVFAIL", "silent.example. A")+ending)
	r.Scenario.Title = `a <title> & "more"`
	page := scenario.HTML(r, r)
	if strings.Count(page, "<svg") != 2 || strings.Contains(page, "%!") || strings.Contains(page, "://") {
		t.Errorf("%s", page)
	}
	for _, want := range []string{
		"a &lt;title&gt; &amp; ", "not as expected: ", "RCODE: expected NXDOMAIN, got NOERROR", ">client 127.0.0.1<", ">resolver<",
		">192.0.2.1:53<", "STEP 1 QUERY", "cache: rrset a.example. A, 300 s", `class="back bad"`, "answer     a.example. 300 IN A 192.0.2.80",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("%q is not in the page", want)
		}
	}
	_, picture, _ := strings.Cut(page, "<svg")
	picture, _, _ = strings.Cut("<svg"+picture, "</svg>")
	for d := xml.NewDecoder(strings.NewReader(picture + "</svg>")); ; {
		_, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatalf("the picture is not well formed: %v", err)
		}
	}
}
