package whatif

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

func costs(n int, seed uint64) []float64 {
	r := rand.New(rand.NewPCG(seed, 0))
	list := make([]float64, n)
	for i := range list {
		list[i] = math.Round(1e4*r.NormFloat64()) * 0.07
		if list[i] == 0 {
			list[i] = 0 // not -0, which sorts as 0 does
		}
	}
	return list
}

func TestSort(t *testing.T) {
	var s sorter
	edge := []float64{3, 1e300, -1, 0, -1e300, -1e-300, 1e-300, math.MaxFloat64, -math.MaxFloat64, 3, 256, 255}
	for _, list := range [][]float64{nil, {5}, {2, 2, 2}, edge, costs(2000, 1), costs(17, 2), costs(8000, 3),
		append(costs(500, 4), 1e12), {1, math.Nextafter(1, 2), 1}, {5e-324, 0, 5e-324}, {math.MaxFloat64, 1, -math.MaxFloat64}} {
		want := slices.Clone(list)
		slices.Sort(want)
		if got := s.sort(list); !slices.Equal(got, want) {
			t.Errorf("%d costs: %v, want %v", len(list), got, want)
		}
	}
}

// BenchmarkSort takes other costs each time, so that the processor can't learn the branches.
func BenchmarkSort(b *testing.B) {
	var lists [64][]float64
	for i := range lists {
		lists[i] = costs(2000, uint64(i))
	}
	b.Run("buckets", func(b *testing.B) {
		var s sorter
		for i := 0; b.Loop(); i++ {
			s.sort(lists[i%len(lists)])
		}
	})
	b.Run("slices", func(b *testing.B) {
		var dst []float64
		for i := 0; b.Loop(); i++ {
			dst = append(dst[:0], lists[i%len(lists)]...)
			slices.Sort(dst)
		}
	})
}
