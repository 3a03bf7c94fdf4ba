package simulate

import (
	"fmt"
	"strconv"
	"strings"
)

// Review is what a policy sees at the start of week e.
type Review struct {
	Week        int
	Scheduled   bool    // week e is a review week
	OnHand      float64 // I, units
	Outstanding float64 // P, units ordered and not yet received, with what arrives this week
}

// Position is on hand plus outstanding, I + P.
func (r Review) Position() float64 { return r.OnHand + r.Outstanding }

// Policy decides how much to order at each week's start. Implementations are plain values, one a file: [RSQ], [SS], [BaseStock],
// [Newsvendor], [Plan] and [None].
type Policy interface {
	// Order returns the quantity wanted, in units, before the article's order rules (pack size, MOQ, maximum); 0 for no order.
	Order(r Review) float64
	// String returns the policy as [ParsePolicy] reads it.
	String() string
	// Validate tells what is wrong with the parameters, or nil.
	Validate() error
}

// ParsePolicy reads a policy as its String method writes it: `rsq:t0=0,Q0=40,s=10,Q=20,t_limit=9` (also `trigger=position`),
// `ss:s=5,S=20`, `basestock:S=20`, `newsvendor:S=20;21;19` (a level per week), `plan:0=30,4=20`, `none`.
func ParsePolicy(text string) (Policy, error) {
	kind, rest, _ := strings.Cut(strings.TrimSpace(text), ":")
	fields, err := parseFields(rest)
	if err != nil {
		return nil, fmt.Errorf("policy %q: %w", text, err)
	}
	var p Policy
	switch kind {
	case "rsq":
		p, err = parseRSQ(fields)
	case "ss":
		p, err = parseSS(fields)
	case "basestock":
		p, err = parseBaseStock(fields)
	case "newsvendor":
		p, err = parseNewsvendor(fields)
	case "plan":
		p, err = parsePlan(fields)
	case "none":
		p, err = None{}, fields.only()
	default:
		err = fmt.Errorf("unknown kind %q; known are rsq, ss, basestock, newsvendor, plan and none", kind)
	}
	if err == nil {
		err = p.Validate()
	}
	if err != nil {
		return nil, fmt.Errorf("policy %q: %w", text, err)
	}
	return p, nil
}

// fields are the name=value pairs of a policy, in order.
type fields []struct{ name, value string }

func parseFields(s string) (fields, error) {
	var fs fields
	if strings.TrimSpace(s) == "" {
		return nil, nil
	}
	for part := range strings.SplitSeq(s, ",") {
		name, value, ok := strings.Cut(part, "=")
		name, value = strings.TrimSpace(name), strings.TrimSpace(value)
		if !ok || name == "" || value == "" {
			return nil, fmt.Errorf("%q is not name=value", part)
		}
		for _, f := range fs {
			if f.name == name {
				return nil, fmt.Errorf("%s is given twice", name)
			}
		}
		fs = append(fs, struct{ name, value string }{name, value})
	}
	return fs, nil
}

// only reports a field that is none of the names.
func (fs fields) only(names ...string) error {
	for _, f := range fs {
		known := false
		for _, n := range names {
			known = known || f.name == n
		}
		if !known {
			return fmt.Errorf("unknown parameter %q; known are: %s", f.name, strings.Join(names, ", "))
		}
	}
	return nil
}

func (fs fields) get(name string) (string, error) {
	for _, f := range fs {
		if f.name == name {
			return f.value, nil
		}
	}
	return "", fmt.Errorf("parameter %s is missing", name)
}

func (fs fields) number(name string) (float64, error) {
	s, err := fs.get(name)
	if err != nil {
		return 0, err
	}
	v, err := strconv.ParseFloat(s, 64)
	if err != nil {
		return 0, fmt.Errorf("parameter %s: %q is not a number", name, s)
	}
	return v, nil
}

func (fs fields) week(name string) (int, error) {
	s, err := fs.get(name)
	if err != nil {
		return 0, err
	}
	v, err := strconv.Atoi(s)
	if err != nil {
		return 0, fmt.Errorf("parameter %s: %q is not a week number", name, s)
	}
	return v, nil
}

// checkQuantities reports the first quantity that is not a number between 0 and MaxQuantity.
func checkQuantities(names []string, values ...float64) error {
	for i, v := range values {
		if !(v >= 0 && v <= MaxQuantity) {
			return fmt.Errorf("%s must be between 0 and %g units, not %g", names[min(i, len(names)-1)], float64(MaxQuantity), v)
		}
	}
	return nil
}

func formatNumber(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }
