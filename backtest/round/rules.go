package round

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/restock-engine/restock/internal/suggest"
)

// Rules say what a game is. They are read from a YAML file, which docs/competition.md explains key by key.
type Rules struct {
	Name string `yaml:"name"`
	// Costs of the weeks that ScoredWeeks names: by default those that the orders are received in.
	Costs       Costs `yaml:"costs"`
	ScoredWeeks Span  `yaml:"scored_weeks"`
	// LeadTime is in weeks: an order at the end of week X is received at the start of week X + LeadTime + 1.
	LeadTime int `yaml:"lead_time"`
	// Orders is the number of weekly orders, the first at the end of week 0.
	Orders int `yaml:"orders"`
	// Keys are the columns that together name an item, in all files.
	Keys  []string `yaml:"keys"`
	Files Files    `yaml:"files"`
	// OrderColumn is the template's column for orders; by default the only one that is no key.
	OrderColumn  string       `yaml:"order_column"`
	StateColumns StateColumns `yaml:"state_columns"`
	// SeasonGroups are the columns, keys or of the master file, by each of which seasons are learnt; by default every key.
	SeasonGroups []string `yaml:"season_groups"`
	Seed         uint64   `yaml:"seed"`
}

// Costs are in money.
type Costs struct {
	Holding  float64 `yaml:"holding"`  // per unit on hand at the end of a week
	Shortage float64 `yaml:"shortage"` // per unit of demand not met
}

// Span is a range of weeks, both ends included; week 1 is the first behind the history.
type Span struct {
	First int `yaml:"first"`
	Last  int `yaml:"last"`
}

// Files are the game's initial files, relative to the rules file.
type Files struct {
	History  string `yaml:"history"`  // a row per item, a column per week
	InStock  string `yaml:"in_stock"` // likewise, true where the item was in stock; optional
	State    string `yaml:"state"`    // stock on hand and in transit
	Master   string `yaml:"master"`   // what items belong to; optional
	Template string `yaml:"template"` // what an order file looks like
}

// StateColumns name the columns of state files.
type StateColumns struct {
	OnHand string `yaml:"on_hand"`
	// InTransit is received at the start of the next week, of the week after, and so on; empty if nothing is in transit.
	InTransit []string `yaml:"in_transit"`
	Sales     string   `yaml:"sales"`
	Missed    string   `yaml:"missed"`
}

const (
	maxLeadTime = 52
	maxOrders   = 520
)

// ReadRules reads and checks a rules file; the files that it names are looked for beside it.
func ReadRules(path string) (*Rules, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("rules can't be read: %w", err)
	}
	r, err := parseRules(path, data)
	if err != nil {
		return nil, err
	}
	for _, file := range r.Files.all() {
		if *file.path != "" && !filepath.IsAbs(*file.path) {
			*file.path = filepath.Join(filepath.Dir(path), *file.path)
		}
	}
	return r, nil
}

func parseRules(file string, data []byte) (*Rules, error) {
	r := &Rules{LeadTime: -1, Seed: 1, StateColumns: StateColumns{OnHand: "End Inventory", Sales: "Sales",
		Missed: "Missed Sales"}}
	d := yaml.NewDecoder(bytes.NewReader(data))
	d.KnownFields(true)
	err := d.Decode(r)
	var wrong *yaml.TypeError
	switch {
	case errors.Is(err, io.EOF):
		return nil, fmt.Errorf("%s is empty; docs/competition.md has an example of rules", file)
	case errors.As(err, &wrong):
		var problems []string
		for _, p := range wrong.Errors {
			problems = append(problems, inOurWords(p))
		}
		return nil, fmt.Errorf("%s: %s", file, strings.Join(problems, "; "))
	case err != nil:
		return nil, fmt.Errorf("%s is no YAML: %w", file, err)
	}
	if problem := fraction(data); problem != "" {
		return nil, fmt.Errorf("%s: %s", file, problem)
	}
	if r.ScoredWeeks == (Span{}) {
		r.ScoredWeeks = Span{r.LeadTime + 1, r.LeadTime + r.Orders}
	}
	if r.StateColumns.InTransit == nil {
		for k := 1; k <= r.LeadTime; k++ {
			r.StateColumns.InTransit = append(r.StateColumns.InTransit, fmt.Sprintf("In Transit W+%d", k))
		}
	}
	if len(r.SeasonGroups) == 0 {
		r.SeasonGroups = r.Keys
	}
	if err := r.Validate(); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return r, nil
}

// fraction finds a number that the YAML library would cut to a whole one, as 1 for a lead time of 1.5; "" for none.
func fraction(data []byte) string {
	var document yaml.Node
	if err := yaml.Unmarshal(data, &document); err != nil {
		return "" // told already
	}
	var find func(n *yaml.Node) string
	find = func(n *yaml.Node) string {
		for i, child := range n.Content {
			if n.Kind == yaml.MappingNode && i%2 == 1 && slices.Contains(wholeKeys, n.Content[i-1].Value) && child.ShortTag() == "!!float" {
				return fmt.Sprintf("line %d: %s must be a whole number, not %s", child.Line, n.Content[i-1].Value, child.Value)
			}
			if problem := find(child); problem != "" {
				return problem
			}
		}
		return ""
	}
	return find(&document)
}

// wholeKeys are the keys of whole numbers.
var wholeKeys = []string{"lead_time", "orders", "first", "last", "seed"}

var unknownField = regexp.MustCompile(`^line (\d+): field (.*) not found in type .*$`)

// ruleKeys are all keys of a rules file.
var ruleKeys = []string{"name", "costs", "holding", "shortage", "lead_time", "orders", "scored_weeks", "first", "last", "keys",
	"files", "history", "in_stock", "state", "master", "template", "order_column", "state_columns", "on_hand", "in_transit", "sales", "missed",
	"season_groups", "seed"}

// inOurWords says what the YAML library found.
func inOurWords(problem string) string {
	m := unknownField.FindStringSubmatch(problem)
	if m == nil {
		return strings.NewReplacer("cannot unmarshal", "can't read", "!!str ", "the text ", "!!map", "a section", "!!seq",
			"a list",
			"!!float ", "the number ", "!!int ", "the number ", "float64", "a number", "uint64", "a whole number of 0 or more",
			"[]string", "a list of names", "int", "a whole number", "round.", "the section ").Replace(problem)
	}
	text := fmt.Sprintf("line %s: unknown key %q", m[1], m[2])
	if near := suggest.Nearest(m[2], ruleKeys); near != "" {
		text += fmt.Sprintf(", did you mean %q?", near)
	}
	return text
}

// Validate reports everything that is wrong with the rules.
func (r *Rules) Validate() error {
	var problems []string
	check := func(ok bool, format string, args ...any) {
		if !ok {
			problems = append(problems, fmt.Sprintf(format, args...))
		}
	}
	check(r.Costs.Holding > 0 && r.Costs.Holding <= maxUnits, "costs: holding must be a positive cost per unit and week, not "+
		"%v", r.Costs.Holding)
	check(r.Costs.Shortage > 0 && r.Costs.Shortage <= maxUnits, "costs: shortage must be a positive cost per unit, not %v",
		r.Costs.Shortage)
	check(r.LeadTime >= 0 && r.LeadTime <= maxLeadTime, "lead_time must be given, 0 to %d weeks", maxLeadTime)
	check(r.Orders >= 1 && r.Orders <= maxOrders, "orders must be 1 to %d, not %d", maxOrders, r.Orders)
	check(len(r.Keys) > 0, "keys must name the columns that together name an item")
	check(r.ScoredWeeks.First >= 1 && r.ScoredWeeks.Last >= r.ScoredWeeks.First && r.ScoredWeeks.Last <= maxOrders+2*maxLeadTime,
		"scored_weeks must be a range such as {first: %d, last: %d}", r.LeadTime+1, r.LeadTime+r.Orders)
	check(len(r.StateColumns.InTransit) <= r.LeadTime+1 || r.LeadTime < 0,
		"state_columns: in_transit has %d columns; with lead_time %d there are %d at most",
		len(r.StateColumns.InTransit), r.LeadTime, r.LeadTime+1)
	for i, k := range r.Keys {
		check(k != "" && !slices.Contains(r.Keys[:i], k), "keys: %q is empty or given twice", k)
	}
	for _, file := range r.Files.all() {
		check(*file.path != "" || file.optional, "files: %s is missing", file.name)
	}
	if len(problems) > 0 {
		return errors.New(strings.Join(problems, "; "))
	}
	return nil
}

// role is what one of the game's files is for.
type role struct {
	name     string
	path     *string
	optional bool
}

func (f *Files) all() []role {
	return []role{{"history", &f.History, false}, {"in_stock", &f.InStock, true}, {"state", &f.State, false},
		{"master", &f.Master, true}, {"template", &f.Template, false}}
}

// lastWeek is the last week in which anything that was ordered can cost.
func (r *Rules) lastWeek() int { return r.ScoredWeeks.Last }

// scored tells whether a week's costs count.
func (r *Rules) scored(week int) bool {
	return week >= r.ScoredWeeks.First && week <= r.ScoredWeeks.Last
}
