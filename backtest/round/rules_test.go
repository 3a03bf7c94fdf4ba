package round

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestWrongRules(t *testing.T) {
	cases := []struct{ change, to, want string }{
		{"holding: 0.2", "holding: -1", "holding must be a positive cost"},
		{"holding: 0.2", "holding: many", "line 2"},
		{"holding: 0.2", "holdng: 0.2", `line 2: unknown key "holdng", did you mean "holding"?`},
		{"lead_time: 2\n", "", "lead_time must be given"},
		{"orders: 3", "orders: 0", "orders must be 1 to 520"},
		{"lead_time: 2", "lead_time: 1.5", "lead_time must be a whole number, not 1.5"},
		{"orders: 3", "orders: 3\nscored_weeks: {first: 3, last: 5.9}", "last must be a whole number, not 5.9"},
		{"keys: [Store, Product]\n", "", "keys must name the columns"},
		{"keys: [Store, Product]", "keys: [Store, Store]", "given twice"},
		{"state: state.csv, ", "", "files: state is missing"},
		{"orders: 3", "orders: 3\nscored_weeks: {first: 5, last: 3}", "scored_weeks must be a range"},
		{"orders: 3", "orders: 3\nseason_groups: [Shop]", `"Shop" is neither a key nor a column of the master file`},
		{"orders: 3", "orders: 3\nstate_columns: {in_transit: [a, b, c, d]}", "in_transit has 4 columns"},
		{"history.csv", "nowhere.csv", "nowhere.csv can't be read"},
		{testRules, "", "is empty"},
		{testRules, "costs: [", "is no YAML"},
	}
	for _, c := range cases {
		g := newTestGame(t)
		g.write("rules.yaml", strings.Replace(testRules, c.change, c.to, 1))
		_, err := g.play("")
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q for %q: error %v, want one with %q", c.to, c.change, err, c.want)
		}
		if _, err := os.Stat(g.path("state")); err == nil {
			t.Errorf("%q for %q: a state folder was begun", c.to, c.change)
		}
	}
}

// The rules in the documentation must be rules.
func TestDocumentedRules(t *testing.T) {
	page, err := os.ReadFile(filepath.Join("..", "..", "docs", "competition.md"))
	if err != nil {
		t.Fatal(err)
	}
	examples := 0
	for _, part := range strings.Split(string(page), "```yaml\n")[1:] {
		text, _, _ := strings.Cut(part, "```")
		if _, err := parseRules("competition.md", []byte(text)); err != nil {
			t.Error(err)
		}
		examples++
	}
	if examples == 0 {
		t.Error("docs/competition.md has no example of rules")
	}
}

func FuzzParseRules(f *testing.F) {
	f.Add([]byte(testRules))
	f.Add([]byte("orders: 1e9\ncosts: {holding: .nan}\nkeys: [[a]]\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := parseRules("rules.yaml", data)
		if err == nil && r.Validate() != nil {
			t.Error("rules that are not valid were accepted")
		}
	})
}

func FuzzParseSheet(f *testing.F) {
	f.Add([]byte("Store,Product,2021-12-20,2021-12-27\n1,2,3,4\n"))
	f.Add([]byte("\ufeffProduct,Store,\"2021-12-27 00:00:00\"\r\n\"a,b\",2,\r\n"))
	f.Add([]byte("Store,Product,2021-12-27\n1,2,1e999\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		keys := []string{"Store", "Product"}
		s, err := parseSheet("s.csv", data, keys)
		if err != nil {
			return
		}
		columns, weeks, err := s.weekColumns()
		if err != nil || len(columns) == 0 {
			return
		}
		values, _, err := s.values(s, columns)
		if err != nil {
			return
		}
		for i := range values {
			if len(values[i]) != len(weeks) {
				t.Errorf("row %d has %d values for %d weeks", i, len(values[i]), len(weeks))
			}
			for _, x := range values[i] {
				if x < 0 || x > maxUnits {
					t.Errorf("row %d has %v units", i, x)
				}
			}
		}
	})
}
