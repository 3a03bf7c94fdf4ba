package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestBacktestOpponent: the arm that the others are set against exists for nearly all SKUs, and which it is stands in the log.
func TestBacktestOpponent(t *testing.T) {
	dir, flags := pastSales(t)
	flags = append(flags, "--dates", "1", "--evaluate", "8", "--quiet=false")
	path := filepath.Join(dir, "articles.csv")
	full, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	half := regexp.MustCompile(`(south,.*),0:20;4:20`).ReplaceAllString(string(full), "$1,")
	for _, c := range []struct {
		articles, arms, against string
		code                    int
		log, out                string
	}{
		{string(full), "basestock,plan", "", 0, "set against plan", "than plan over 4 SKUs"},
		{half, "plan,basestock,none", "", 0, "set against basestock; plan exists for 2 of 4 SKUs alone", "the 2 of 4 SKUs that both exist for"},
		{half, "none,ss,plan", "", 0, "set against ss; plan exists for 2 of 4 SKUs alone", "none costs"},
		{half, "plan,basestock", "plan", 0, "set against plan over the 2 of 4 SKUs that have it", "Arms on the 2 of 4 SKUs that have plan"},
		{half, "human,basestock", "", 0, "human takes no part", "no SKU that both human and basestock exist for"},
		{half, "human,basestock", "human", 2, "exists for none of the 4 SKUs", ""},
	} {
		write(t, path, c.articles)
		args := append([]string{"backtest", "--arms", c.arms}, flags...)
		if c.against != "" {
			args = append(args, "--against", c.against)
		}
		code, stdout, stderr := restock(t, args...)
		if code != c.code || !strings.Contains(stderr, c.log) || !strings.Contains(stdout, c.out) {
			t.Errorf("arms %s against %q: exit %d\n%s\n%s", c.arms, c.against, code, stderr, stdout)
		}
	}
}

// TestBacktestPartialArmInFiles: the results for programs say over how many SKUs an arm is compared.
func TestBacktestPartialArmInFiles(t *testing.T) {
	dir, flags := pastSales(t)
	path := filepath.Join(dir, "articles.csv")
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	write(t, path, strings.ReplaceAll(string(data), "south,a2,5,10,4,0.05,0:20;4:20", "south,a2,5,10,4,0.05,"))
	code, stdout, stderr := restock(t, append([]string{"backtest", "--dates", "1", "--evaluate", "8", "--arms", "plan,basestock",
		"--format", "json"}, flags...)...)
	if code != 0 {
		t.Fatalf("exit %d: %s", code, stderr)
	}
	type figures struct {
		Cost float64
		SKUs int `json:"skus_times_dates"`
	}
	type comparison struct {
		Arm      string
		Group    string
		Compared struct {
			SKUs         int
			Arm, Against figures
		}
	}
	var got struct {
		Against string
		SKUs    int
		Arms    []struct {
			Arm     string
			SKUs    int
			Results []comparison
		}
		On []struct {
			Against string
			SKUs    int
			Arms    []comparison
		} `json:"on_skus_of_partial_arms"`
	}
	if err := json.Unmarshal([]byte(stdout), &got); err != nil {
		t.Fatal(err)
	}
	if got.Against != "basestock" || got.SKUs != 4 || got.Arms[0].SKUs != 3 || got.Arms[1].SKUs != 4 {
		t.Errorf("%+v", got)
	}
	plan := got.Arms[0].Results[0].Compared
	if plan.SKUs != 3 || plan.Arm.SKUs != 3 || plan.Against.SKUs != 3 || plan.Against.Cost == 0 {
		t.Errorf("compared: %+v", plan)
	}
	outcomes, err := os.ReadFile(filepath.Join(dir, "out", "outcomes.parquet"))
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(outcomes), "restock.compared_skus.plan\x18\x013") { // thrift: a string of one byte
		t.Error("the metadata of outcomes.parquet don't say how many SKUs plan is compared over")
	}
	if len(got.On) != 1 || got.On[0].Against != "plan" || got.On[0].SKUs != 3 || got.On[0].Arms[0].Compared.SKUs != 3 {
		t.Errorf("on SKUs of partial arms: %+v", got.On)
	}
}
