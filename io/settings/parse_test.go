package settings

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/restock-engine/restock/io/table"
)

// TestProblems shows for each kind of mistake what is said of it.
func TestProblems(t *testing.T) {
	for _, c := range []struct{ file, want string }{
		{"defaults:\n  holdin_cost: 1", "f:2: defaults.holdin_cost: unknown key; did you mean holding_cost?"},
		{"defaults:\n  HoldingCost: 1", "f:2: defaults.HoldingCost: unknown key; did you mean holding_cost?"},
		{"defaults:\n  holding-cost: 1", "f:2: defaults.holding-cost: unknown key; did you mean holding_cost?"},
		{"merchants: {M: {leadtime_mean: 1}}", "f:1: merchants.M.leadtime_mean: unknown key; did you mean lead_time_mean?"},
		{"defaults: {colour: red}", "f:1: defaults.colour: unknown key; `restock config show` lists the known ones"},
		{"default: {moq: 1, horizon: 3}", "f:1: default: unknown section; did you mean defaults?"},
		{"holding_cost: 1", "f:1: holding_cost: must stand below defaults: or below a merchant in merchants:"},
		{"{}\n---\n{}", "f:2: a second YAML document begins here; a settings file has one"},
		{"", "f: is empty; write a defaults: section, or remove the file to use what is built in"},
		{"# nothing\n", "f: is empty; write a defaults: section, or remove the file to use what is built in"},
		{"- 1", "f:1: must begin with the section defaults: or merchants:"},
		{"defaults: 5", "f:1: defaults: must be a section of key: value lines"},
		{"merchants: [A]", "f:1: merchants: must be a section with merchants' names and below each its key: value lines"},
		{"merchants: {A: 5}", "f:1: merchants.A: must be a section of key: value lines"},
		{"merchants: {? [A] : {}}", "f:1: merchants: a key must be plain text"},
		{"merchants: {\"a\\0b\": {}}", "f:1: merchants: a key must be plain text"},
		{"merchants: {<<: {moq: 1}}", "f:1: merchants: a key must be plain text"},
		{"defaults: {moq: {a: {b: 1}}}", "f:1: defaults.moq: must be a value or a list, not a section"},
		{"defaults: {moq: {}}", "f:1: defaults.moq: must be a value or a list, not a section"},
		{"defaults: {moq: }", "f:1: defaults.moq: has no value; give one or remove the line"},
		{"defaults: {moq: null}", "f:1: defaults.moq: has no value; give one or remove the line"},
		{"defaults: {moq: ''}", "f:1: defaults.moq: has no value"},
		{"defaults: {moq: [1]}", "f:1: defaults.moq: must be a single number, not a list"},
		{"defaults: {moq: few}", "f:1: defaults.moq: must be a number, not few"},
		{"defaults: {moq: true}", "f:1: defaults.moq: must be a number, not true"},
		{"defaults: {moq: 0x10}", "f:1: defaults.moq: must be a number, not 0x10"},
		{"defaults: {moq: -1}", "f:1: defaults.moq: -1 must be between 0 and 1e+12 units"},
		{"defaults: {moq: .nan}", "f:1: defaults.moq: must be a finite number, not .nan"},
		{"defaults: {moq: NaN}", "f:1: defaults.moq: must be a finite number, not NaN"},
		{"defaults: {max_order: .inf}", "f:1: defaults.max_order: must be a finite number, not .inf"},
		{"defaults: {max_order: -Infinity}", "f:1: defaults.max_order: must be a finite number, not -Infinity"},
		{"defaults: {max_order: 1e400}", "f:1: defaults.max_order: must be a finite number, not 1e400"},
		{"defaults: {quantile: 95%}", "f:1: defaults.quantile: must be a number, not 95%"},
		{"defaults: {quantile: 1}", "f:1: defaults.quantile: 1 must be between 0 and 1, both excluded"},
		{"defaults: {horizon: 1.5}", "f:1: defaults.horizon: must be a whole number, not 1.5"},
		{"defaults: {horizon: 1e18}", "f:1: defaults.horizon: must be a whole number, not 1e18"},
		{"defaults: {horizon: 0}", "f:1: defaults.horizon: 0 must be between 1 and 520 weeks"},
		{"defaults: {candidates: 0}", "f:1: defaults.candidates: 0 must be between 1 and 1000000"},
		{"defaults: {scenarios: 0}", "f:1: defaults.scenarios: 0 must be between 1 and 1000000"},
		{"defaults: {lifecycle_weeks: 0}", "f:1: defaults.lifecycle_weeks: 0 the article has left the assortment; it must be 1 or more"},
		{"defaults: {units: Whole}", "f:1: defaults.units: must be one of whole, continuous, not Whole; did you mean whole?"},
		{"defaults: {trigger: [auto]}", "f:1: defaults.trigger: must be one of stock, position, auto, not a list"},
		{"defaults: {return_mode: expected}", "f:1: defaults.return_mode: expected returns are fractions of a unit; they need units: continuous"},
		{"defaults: {lead_time_samples: 3}", "f:1: defaults.lead_time_samples: must be a list such as [0.6, 0.4], not 3"},
		{"defaults: {lead_time_samples: [3, x]}", "f:1: defaults.lead_time_samples: item 2 must be a number, not x"},
		{"defaults: {lead_time_samples: [3, [4]]}", "f:1: defaults.lead_time_samples: item 2 of the list must be a number"},
		{"defaults: {return_lag_weights: [0.5, 0.4]}", "f:1: defaults.return_lag_weights: [0.5 0.4] must sum to 1, not 0.9"},
		{"defaults:\n  moq: 1\n  moq: 2", "f:3: defaults.moq: is given twice, first on line 2; keep one"},
		{"merchants:\n  A:\n  A:", "f:3: merchants.A: is given twice, first on line 2; keep one"},
		{"defaults: {moq: &a 1}", "f:1: defaults.moq: anchors and aliases are not supported; write the value out"},
		{"defaults: {moq: !mine 1}", "f:1: defaults.moq: unknown tag !mine"},
		{"defaults:\n\tmoq: 1", "f: yaml: line 2: found character that cannot start any token (YAML indents with spaces, not with tabs)"},
		{"a:\n\xff", "f:2: is not UTF-8 text; save the file as UTF-8"},
		{"defaults: {\"\\e[31m\": 1}", "f:1: defaults.\"\\x1b[31m\": unknown key; `restock config show` lists the known ones"},
	} {
		s, err := Parse("f", []byte(c.file))
		if got := message(err); got != c.want || s != nil {
			t.Errorf("%q:\n got %s\nwant %s", c.file, got, c.want)
		}
	}
}

func TestAllProblemsAtOnceInTheOrderOfLines(t *testing.T) {
	_, err := Parse("f", []byte("merchants:\n  M:\n    moq: x\n  N:\n    mog: 1\ndefaults:\n  horizon: 0\n  horizon: 2\n"))
	var e *Error
	if !errors.As(err, &e) {
		t.Fatalf("%v is not an *Error", err)
	}
	var lines []int
	for _, p := range e.Problems {
		lines = append(lines, p.Line)
	}
	if !slices.Equal(lines, []int{3, 5, 7, 8}) {
		t.Errorf("lines %v: %v", lines, err)
	}
}

func TestProblemsAreBounded(t *testing.T) {
	var b strings.Builder
	b.WriteString("defaults:\n")
	for i := range 50000 {
		b.WriteString("  k" + strings.Repeat("x", i%50) + formatNumber(float64(i)) + ": 1\n")
	}
	_, err := Parse("f", []byte(b.String()))
	var e *Error
	if !errors.As(err, &e) || len(e.Problems) != maxProblems {
		t.Fatalf("%.200v", err)
	}
}

// TestHostileYAML feeds what makes careless readers run out of time, memory or stack: it must end with an error that fits a screen.
func TestHostileYAML(t *testing.T) {
	bomb := "a: &a [x,x,x,x,x,x,x,x,x]\n"
	for c := 'b'; c <= 'i'; c++ {
		prev := string(c - 1)
		bomb += string(c) + ": &" + string(c) + " [*" + prev + strings.Repeat(",*"+prev, 8) + "]\n"
	}
	for name, text := range map[string]string{
		"alias bomb":         bomb,
		"alias bomb inside":  "defaults:\n  " + strings.ReplaceAll(bomb, "\n", "\n  "),
		"self reference":     "&a {defaults: *a}",
		"deep flow":          strings.Repeat("[", 1<<18),
		"deep flow map":      strings.Repeat("{a: ", 1<<18),
		"deep block":         strings.Repeat("- ", 1<<18),
		"deep in a section":  "defaults: {moq: " + strings.Repeat("{a: ", 5000) + strings.Repeat("}", 5001),
		"long key":           "defaults:\n  ? " + strings.Repeat("k", 1<<18) + "\n  : 1\n",
		"long value":         "defaults:\n  moq: " + strings.Repeat("9", 1<<18),
		"long word":          "defaults:\n  units: " + strings.Repeat("é", 1<<18),
		"many documents":     strings.Repeat("---\n", 1<<16),
		"NUL bytes":          "defaults:\n  moq: 1\x00",
		"binary":             "\x00\x01\x02PAR1",
		"UTF-16":             "\xff\xfed\x00e\x00f\x00",
		"truncated":          "defaults: {moq: [1,",
		"unclosed quote":     "defaults: {moq: \"1",
		"unknown alias":      "defaults: {moq: *b}",
		"foreign directives": "%YAML 9.9\n---\ndefaults: {}",
	} {
		s, err := Parse("f", []byte(text))
		if err == nil || s != nil {
			t.Errorf("%s: accepted", name)
		} else if len(err.Error()) > 20000 || !strings.Contains(err.Error(), "f:") {
			t.Errorf("%s: an error of %d bytes: %.200s", name, len(err.Error()), err)
		}
	}
}

// TestTextIsTakenAsWritten shows that nothing is guessed from how a name or a number looks.
func TestTextIsTakenAsWritten(t *testing.T) {
	s := mustParse(t, "\ufeffmerchants:\n  0123: {moq: 010}\n  1.10:\n  no: {}\n  null: ~\n  a.b: {moq: '3'}\n  1e3: {moq: 2e1}\n  É: {moq: +4}\n  2010-12-01:\n")
	if want := []string{"0123", "1.10", "1e3", "2010-12-01", "a.b", "no", "null", "É"}; !slices.Equal(s.Merchants(), want) {
		t.Errorf("merchants %q, want %q", s.Merchants(), want)
	}
	for merchant, want := range map[string]float64{"0123": 10, "a.b": 3, "1e3": 20, "É": 4, "83": 0, "b": 0} {
		r := row()
		r.Merchant = merchant
		if a, _, err := s.Article(r); err != nil || a.MOQ != want {
			t.Errorf("merchant %s: moq %g, %v; want %g", merchant, a.MOQ, err, want)
		}
	}
}

// FuzzLoad: any bytes are settings or an *Error, and settings resolve a row to a valid article or an error.
func FuzzLoad(f *testing.F) {
	for _, seed := range []string{
		Example(), "defaults:\n  moq: 1\nmerchants:\n  M:\n    lead_time_samples: [1, 2.5]\n    units: continuous\n", "defaults: {quantile: .9}",
		"merchants: {M: {return_mode: expected, units: continuous, return_lag_weights: [.5, .5]}}", "a: &a [*a]", "? [x]\n: y", "{}\n---\n{}",
		"defaults: {max_order: none, horizon: 1e0, lost_sale_cost: 0x1p4}", "defaults: !!map {moq: !!float 1}", "\ufeffdefaults:\r\n  moq: 3\r\n",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		s, err := Parse("f", data)
		if err != nil {
			if !errors.As(err, new(*Error)) || err.Error() == "" {
				t.Fatalf("%v is not an *Error with problems", err)
			}
			return
		}
		for _, merchant := range append(s.Merchants(), "M") {
			r := row(param(table.PackSize, 2))
			r.Merchant = merchant
			if a, _, err := s.Article(r); err == nil {
				if err := a.Validate(); err != nil {
					t.Fatalf("resolved to an invalid article: %v", err)
				}
			}
			if len(s.Explain(merchant)) != int(numKeys) {
				t.Fatal("not every key is explained")
			}
		}
		if len(s.Hash()) != 64 {
			t.Fatal("hash")
		}
	})
}
