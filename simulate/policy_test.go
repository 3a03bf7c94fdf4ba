package simulate

import (
	"math"
	"reflect"
	"strings"
	"testing"
)

func TestParsePolicy(t *testing.T) {
	for text, want := range map[string]Policy{
		"rsq:t0=0,Q0=40,s=10,Q=20,t_limit=9":                           RSQ{0, 40, 10, 20, 9, StockTrigger},
		"rsq: t_limit = 9 , Q=20, s=2.5, Q0=0, t0=3, trigger=position": RSQ{3, 0, 2.5, 20, 9, PositionTrigger},
		"ss:s=5,S=20":            SS{5, 20},
		"ss:S=20,s=25":           SS{25, 20},
		" basestock:S=1e3 ":      BaseStock{1000},
		"newsvendor:S=20;21.5;0": Newsvendor{[]float64{20, 21.5, 0}},
		"plan:4=20,0=30,04=1":    Plan{{0, 30}, {4, 21}},
		"plan:7=0.125":           Plan{{7, 0.125}},
		"none":                   None{},
		"none:":                  None{},
	} {
		got, err := ParsePolicy(text)
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("ParsePolicy(%q) = %#v, %v; want %#v", text, got, err, want)
			continue
		}
		again, err := ParsePolicy(got.String())
		if err != nil || !reflect.DeepEqual(again, want) {
			t.Errorf("%q is printed as %q, which is read as %#v, %v", text, got, again, err)
		}
	}
	if got := (Plan{}).String(); got != "none" {
		t.Errorf("a plan without orders is printed as %q, want none", got)
	}
}

func TestParsePolicyErrors(t *testing.T) {
	for text, want := range map[string]string{
		"":                                    `unknown kind ""; known are rsq, ss`,
		"sq:s=1":                              `policy "sq:s=1": unknown kind "sq"`,
		"RSQ:t0=0":                            "unknown kind",
		"ss":                                  "parameter s is missing",
		"ss:s=1":                              "parameter S is missing",
		"ss:s=1,S=2,Q=3":                      `unknown parameter "Q"; known are: s, S`,
		"ss:s=1,s=2,S=3":                      "s is given twice",
		"ss:s=1,S":                            `"S" is not name=value`,
		"ss:s=1,,S=2":                         `"" is not name=value`,
		"ss:s=one,S=2":                        `parameter s: "one" is not a number`,
		"ss:s=-1,S=2":                         "s must be between 0 and 1e+12 units, not -1",
		"ss:s=1,S=NaN":                        "S must be between 0 and 1e+12 units, not NaN",
		"basestock:S=Inf":                     "S must be between",
		"basestock:S=1e13":                    "S must be between",
		"basestock:s=1":                       `unknown parameter "s"`,
		"newsvendor":                          "parameter S is missing",
		"newsvendor:S=1;x":                    `"x" is not a number`,
		"newsvendor:S=1;-2":                   "S must be between",
		"none:S=1":                            `unknown parameter "S"`,
		"plan:x=1":                            `"x" is not a week number`,
		"plan:-1=3":                           "plan weeks must be 0 or later",
		"plan:1.5=3":                          `"1.5" is not a week number`,
		"plan:0=-3":                           "a plan's quantity must be between",
		"rsq:t0=0,Q0=40,s=10,Q=20":            "parameter t_limit is missing",
		"rsq:t0=0.5,Q0=4,s=1,Q=2,t_limit=9":   `parameter t0: "0.5" is not a week number`,
		"rsq:t0=-1,Q0=4,s=1,Q=2,t_limit=9":    "t0 and t_limit must be 0 (this week) or later",
		"rsq:t0=0,Q0=4,s=1,Q=-2,t_limit=9":    "Q must be between",
		"rsq:t0=0,Q0=4,s=1,Q=2,t_limit=9,R=1": `unknown parameter "R"; known are: t0, Q0, s, Q, t_limit, trigger`,
		"rsq:t0=0,Q0=4,s=1,Q=2,t_limit=9,trigger=x": `trigger must be stock or position, not "x"`,
	} {
		p, err := ParsePolicy(text)
		if err == nil {
			t.Errorf("ParsePolicy(%q) = %v, want an error with %q", text, p, want)
		} else if !strings.Contains(err.Error(), want) || !strings.HasPrefix(err.Error(), "policy ") {
			t.Errorf("ParsePolicy(%q): %q, want an error with %q", text, err, want)
		}
	}
}

func TestPolicyValidate(t *testing.T) {
	for _, p := range []Policy{
		RSQ{Trigger: "both"}, RSQ{T0: -1, Trigger: StockTrigger}, RSQ{TLimit: -1, Trigger: StockTrigger},
		RSQ{Q0: math.NaN(), Trigger: StockTrigger}, RSQ{Q: math.Inf(1), Trigger: StockTrigger}, RSQ{ReorderPoint: -1, Trigger: StockTrigger},
		SS{-1, 0}, SS{0, math.Inf(1)}, BaseStock{-1}, BaseStock{2e12}, Newsvendor{[]float64{1, -1}},
		Plan{{-1, 1}}, Plan{{1, 1}, {1, 1}}, Plan{{2, 1}, {1, 1}}, Plan{{0, math.NaN()}},
	} {
		if p.Validate() == nil {
			t.Errorf("%#v is said to be valid", p)
		}
	}
}

// FuzzParsePolicy: whatever can be read is valid, and is read again from what it prints.
func FuzzParsePolicy(f *testing.F) {
	for _, text := range []string{"rsq:t0=0,Q0=40,s=10,Q=20,t_limit=9,trigger=position", "ss:s=5,S=20", "basestock:S=0.1", "newsvendor:S=1;2",
		"plan:0=30,4=20", "none", "plan:", "plan:0=1e-320", "ss:s=0x1p4,S=1_0", ":", "rsq:t0=99999999999999999999,Q0=1", "\xff:\x00=,"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		p, err := ParsePolicy(text)
		if err != nil {
			if p != nil {
				t.Fatalf("%q: policy %v and error %v", text, p, err)
			}
			return
		}
		if err := p.Validate(); err != nil {
			t.Fatalf("%q is read as %v, which is not valid: %v", text, p, err)
		}
		again, err := ParsePolicy(p.String())
		if plan, ok := p.(Plan); ok && len(plan) == 0 {
			p = None{} // prints as none
		}
		if err != nil || !reflect.DeepEqual(again, p) {
			t.Fatalf("%q is read as %#v, printed as %q and read as %#v, %v", text, p, p.String(), again, err)
		}
	})
}
