package random

import (
	"testing"

	"gonum.org/v1/gonum/stat"
)

func TestKeysAreDelimited(t *testing.T) {
	seen := map[Key]string{}
	for _, names := range [][]string{{"ab", "c"}, {"a", "bc"}, {"abc"}, {"abc", ""}, {"", "abc"}, {"abcdefgh"}, {"abcdefgh", ""},
		{"abcdefghi"}, {"abcdefgh\x00"}, {"a"}, {"a\x00"}} {
		k := NewKey(1, names...)
		if other, ok := seen[k]; ok {
			t.Errorf("%q and %q share the key %x", names, other, k)
		}
		seen[k] = names[0]
	}
	if NewKey(1, "a") == NewKey(2, "a") {
		t.Error("the seed does not change the key")
	}
}

// TestStreamsOfNeighbouringKeysAreUncorrelated: 1,000 streams with neighbouring numbers, correlation of the n-th draws of
// neighbours; |r|·√1000 > 4.4 has a false-alarm rate of about 1e-5 each.
func TestStreamsOfNeighbouringKeysAreUncorrelated(t *testing.T) {
	const n = 1000
	for draw := range 4 {
		x := make([]float64, n+1)
		for i := range x {
			s := New(NewKey(7, "m").Int(i))
			for range draw {
				s.Float64()
			}
			x[i] = s.Float64()
		}
		if r := stat.Correlation(x[:n], x[1:], nil); r*r*n > 4.4*4.4 {
			t.Errorf("draw %d: correlation of neighbouring streams %.3f", draw, r)
		}
	}
}
