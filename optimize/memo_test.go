package optimize

import (
	"testing"

	"github.com/restock-engine/restock/internal/random"
)

// TestMemo: what was added is found, and nothing else, also after the table has grown and after it was emptied.
func TestMemo(t *testing.T) {
	var m memo
	r := random.New(3)
	for round := range 3 {
		m.forget()
		want := map[key]float64{}
		for i := range 5000 {
			k := key{uint64(r.Intn(60)), uint64(r.Intn(80))}
			score, ok := want[k]
			got := m.find(&k)
			if ok != (got != nil) || ok && got.score.Value != score {
				t.Fatalf("round %d: %v: found %v, want %t %v", round, k, got, ok, score)
			}
			if got == nil {
				want[k] = float64(i)
				m.add(known{key: k, score: Score{Value: float64(i)}})
			}
		}
		for k, score := range want {
			if got := m.find(&k); got == nil || got.score.Value != score {
				t.Fatalf("round %d: %v: found %v, want %v", round, k, got, score)
			}
		}
	}
}
