package suggest

import (
	"strings"
	"testing"
)

func TestNearest(t *testing.T) {
	names := []string{"holding_cost", "lead_time_mean", "lead_time_cv", "pack_size", "max_order", "scenarios", "eval-scenarios"}
	for name, want := range map[string]string{
		"holdingcost": "holding_cost", "HoldingCost": "holding_cost", "leed_time_mean": "lead_time_mean", "packsize": "pack_size",
		"max order": "max_order", "senarios": "scenarios", "eval_scenario": "eval-scenarios",
		"holding": "holding_cost", "eval": "eval-scenarios", "lead_": "", "x": "", "": "", strings.Repeat("x", 1<<20): "",
	} {
		if got := Nearest(name, names); got != want {
			t.Errorf("Nearest(%.20q) is %q, want %q", name, got, want)
		}
	}
}

func TestDistance(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want int
	}{{"kitten", "sitting", 3}, {"", "abc", 3}, {"abc", "", 3}, {"flaw", "lawn", 2}, {"same", "same", 0}} {
		if got := distance(c.a, c.b); got != c.want {
			t.Errorf("distance of %q and %q is %d, want %d", c.a, c.b, got, c.want)
		}
	}
}
