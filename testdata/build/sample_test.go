package main

import (
	"testing"
)

func loadedAssumptions(t *testing.T) *assumptions {
	t.Helper()
	a, err := loadAssumptions("assumptions.yaml")
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func TestMerchantOf(t *testing.T) {
	a := loadedAssumptions(t)
	for description, want := range map[string]string{
		"WHITE HANGING HEART T-LIGHT HOLDER": "lights", "PACK OF 72 RETROSPOT CAKE CASES": "kitchen", "6 RIBBONS RUSTIC CHARM": "paper",
		"JUMBO BAG RED RETROSPOT": "textiles", "FRENCH BLUE METAL DOOR SIGN 1": "home", "DELIGHTFUL CUPID": "home", "": "home",
	} {
		if got := a.merchantOf(description).ID; got != want {
			t.Errorf("merchantOf(%q) = %s, want %s", description, got, want)
		}
	}
	if !a.seasonal("SET OF 3 CHRISTMAS BAUBLES") || a.seasonal("EASTER BUNNY") {
		t.Error("seasonal words do not tell Christmas from Easter")
	}
}

func TestAllocate(t *testing.T) {
	strata := []stratum{{articles: 2}, {articles: 100}, {articles: 300}, {articles: 0}}
	allocate(strata, 42, 4)
	for i, want := range []int{2, 10, 30, 0} {
		if strata[i].take != want {
			t.Errorf("stratum %d: %d chosen, want %d", i, strata[i].take, want)
		}
	}
	allocate(strata, 10_000, 4)
	for i := range strata {
		if strata[i].take != strata[i].articles {
			t.Errorf("stratum %d: %d of %d chosen, want all", i, strata[i].take, strata[i].articles)
		}
	}
}

func TestStages(t *testing.T) {
	a := loadedAssumptions(t)
	sold := func(weeks, last int) *series { return &series{sales: make([]float64, weeks), lastSale: last} }
	for _, c := range []struct {
		series *series
		want   stage
	}{
		{sold(100, 99), running}, {sold(100, 87), running}, {sold(100, 86), ended}, {sold(26, 25), newArticle}, {sold(27, 26), running}, {sold(20, 6), ended},
	} {
		if got := a.stageOf(c.series); got != c.want {
			t.Errorf("%d weeks, last sale in week %d: %s, want %s", len(c.series.sales), c.series.lastSale, stageNames[got], stageNames[c.want])
		}
	}
}

func TestUniformDependsOnAllItIsGiven(t *testing.T) {
	a, b := assumptions{Seed: "1"}, assumptions{Seed: "2"}
	x := a.uniform("stock", "22138")
	if x < 0 || x >= 1 || x != a.uniform("stock", "22138") {
		t.Errorf("uniform = %g", x)
	}
	if x == a.uniform("plan", "22138") || x == a.uniform("stock", "22139") || x == b.uniform("stock", "22138") {
		t.Error("uniform does not depend on purpose, article and seed")
	}
}

func TestPackAndCover(t *testing.T) {
	a := loadedAssumptions(t)
	for rate, want := range map[float64]float64{0: 1, 1: 1, 2: 3, 10: 12, 1000: 96} {
		if got := a.packSize(rate); got != want {
			t.Errorf("packSize(%g) = %g, want %g", rate, got, want)
		}
	}
	for _, code := range []string{"22138", "85123A", "10002"} {
		if c := a.cover(code); c < 0 || c > 30 {
			t.Errorf("cover(%s) = %g weeks", code, c)
		}
	}
}
