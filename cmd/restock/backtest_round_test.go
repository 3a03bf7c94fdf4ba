package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// game writes the initial files of a small game, and a first week of sales.
func game(t *testing.T) (dir string) {
	t.Helper()
	dir = t.TempDir()
	write(t, filepath.Join(dir, "rules.yaml"), `costs: {holding: 0.2, shortage: 1}
lead_time: 1
orders: 2
keys: [Shop, Item]
files: {history: history.csv, state: state.csv, template: template.csv}
`)
	write(t, filepath.Join(dir, "state.csv"), "Shop,Item,End Inventory,In Transit W+1\nA,1,4,4\nA,2,9,0\n")
	write(t, filepath.Join(dir, "template.csv"), "Shop,Item,Order\nA,2,0\nA,1,0\n")
	var header, one, two strings.Builder
	for week := range 30 {
		fmt.Fprintf(&header, ",%s", mustDate("2024-01-01").AddDate(0, 0, 7*week).Format(time.DateOnly))
		fmt.Fprintf(&one, ",%d", 3+week%3)
		fmt.Fprintf(&two, ",%d", week%2)
	}
	write(t, filepath.Join(dir, "history.csv"), "Shop,Item"+header.String()+"\nA,1"+one.String()+"\nA,2"+two.String()+"\n")
	write(t, filepath.Join(dir, "week1.csv"), "Shop,Item,2024-07-29\nA,1,5\nA,2,1\n")
	return dir
}

func TestBacktestRound(t *testing.T) {
	dir := game(t)
	in := func(name string) string { return filepath.Join(dir, name) }
	args := []string{"backtest", "round", "--rules", in("rules.yaml"), "--state", in("state"), "--order", in("order.csv")}
	code, stdout, stderr := restock(t, args...)
	if code != exitDone || !strings.Contains(stdout, "round 1, after the week of 2024-07-22\n") || stderr != "" {
		t.Fatalf("exit %d, %q, %q", code, stdout, stderr)
	}
	code, stdout, stderr = restock(t, append(args, "--sales", in("week1.csv"), "--format", "json")...)
	if code != exitDone {
		t.Fatalf("exit %d, %q", code, stderr)
	}
	var report struct {
		Round      int
		Units      float64
		OrdersLeft int `json:"orders_left"`
		Repeated   bool
	}
	if err := json.Unmarshal([]byte(stdout), &report); err != nil || report.Round != 2 || report.OrdersLeft != 0 ||
		report.Repeated {
		t.Errorf("%v: %s", err, stdout)
	}
	order, err := os.ReadFile(in("order.csv"))
	if err != nil || !strings.HasPrefix(string(order), "Shop,Item,Order\nA,2,") {
		t.Errorf("%v: order file %q", err, order)
	}
	code, stdout, _ = restock(t, append(args, "--sales", in("week1.csv"), "--order", in("again.csv"))...)
	again, err := os.ReadFile(in("again.csv"))
	if code != exitDone || err != nil || string(again) != string(order) || !strings.Contains(stdout, "the same order as then") {
		t.Errorf("exit %d, %v: again %q, before %q; %s", code, err, again, order, stdout)
	}
}

func TestBacktestRoundMistakes(t *testing.T) {
	dir := game(t)
	in := func(name string) string { return filepath.Join(dir, name) }
	write(t, in("week2.csv"), "Shop,Item,2024-08-05\nA,1,5\nA,2,1\n")
	play := func(more ...string) (int, string) {
		code, _, stderr := restock(t, append([]string{"backtest", "round", "--rules", in("rules.yaml"), "--state", in("state")},
			more...)...)
		return code, stderr
	}
	if code, stderr := play(); code != exitUsage || !strings.Contains(stderr, "--order") {
		t.Errorf("without --order: exit %d, %q", code, stderr)
	}
	if code, stderr := play("--order", in("order.csv"), "--blend"); code != exitUsage || !strings.Contains(stderr, "--forecast") {
		t.Errorf("--blend alone: exit %d, %q", code, stderr)
	}
	if code, stderr := play("--order", in("no/such/folder.csv")); code != exitFailed || !strings.Contains(stderr, "is kept in") {
		t.Errorf("order that can't be written: exit %d, %q", code, stderr)
	}
	if code, stderr := play("--order", in("order.csv"), "--sales", in("week2.csv")); code != exitFailed ||
		!strings.Contains(stderr, "that of 2024-07-29 is due") {
		t.Errorf("a week is skipped: exit %d, %q", code, stderr)
	}
}

// TestRoundKeepsItsInputs: the order is not written over the sales or the rules, whatever they are called.
func TestRoundKeepsItsInputs(t *testing.T) {
	dir := game(t)
	in := func(name string) string { return filepath.Join(dir, name) }
	for _, order := range []string{in("week1.csv"), filepath.Join(dir, "..", filepath.Base(dir), "week1.csv"), in("rules.yaml")} {
		code, _, stderr := restock(t, "backtest", "round", "--rules", in("rules.yaml"), "--state", in("state"), "--sales", in("week1.csv"), "--order", order)
		if code != exitUsage || !strings.Contains(stderr, "--order would write over") {
			t.Errorf("%s: exit %d, %s", order, code, stderr)
		}
	}
}
