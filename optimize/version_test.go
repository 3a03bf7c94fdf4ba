package optimize

import (
	"crypto/sha256"
	"fmt"
	"runtime"
	"testing"

	"github.com/restock-engine/restock/simulate"
)

// decided is what an engine version decides for 150 SKUs.
var decided = [2]string{"0.3.0", "affccf3569c7c630"}

// TestEngineVersion: who decides otherwise is another version. Interrupted backtests and nightly runs go on with the results of the same version,
// and would otherwise mix those of two.
func TestEngineVersion(t *testing.T) {
	if runtime.GOARCH != "amd64" {
		t.Skip("other processors may round the search's steps otherwise")
	}
	h := sha256.New()
	var w Workspace
	s := simulate.NewSampler(6)
	for n := range 150 {
		a, q := typicalSKU(n)
		rec, err := Decide(s, Input{Article: &a, Forecast: &q, Key: s.Key("m", fmt.Sprint(n))}, smallOptions(), &w)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(h, "%v %.6g %.6g\n", rec.Policy, rec.Figures.MeanCost, rec.DoNothing.MeanCost)
	}
	got := [2]string{EngineVersion, fmt.Sprintf("%x", h.Sum(nil)[:8])}
	switch {
	case got == decided:
	case got[0] == decided[0]:
		t.Errorf("version %s decides otherwise than before: raise EngineVersion unless CHANGELOG.md calls it unreleased, and set decided to it and %q", got[0], got[1])
	default:
		t.Errorf("a new version: set decided to %q, %q", got[0], got[1])
	}
}
