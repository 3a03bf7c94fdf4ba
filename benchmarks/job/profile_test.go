package main

import (
	"strings"
	"testing"
	"time"
)

// traces has the layout of go tool pprof -traces.
const traces = `File: job
Type: cpu
Duration: 1s, Total samples = 60000us
-----------+-------------------------------------------------------
   30000us   github.com/restock-engine/restock/simulate/internal/kernel.rsqStock16 (inline)
             github.com/restock-engine/restock/simulate.(*Evaluator).CostsBelow
             github.com/restock-engine/restock/optimize.(*Problem).EvaluateAgainst
             github.com/restock-engine/restock/optimize.Tune
             github.com/restock-engine/restock/optimize.Decide
-----------+-------------------------------------------------------
   20000us   math.archLog
             github.com/restock-engine/restock/simulate.(*Sampler).Draw
             github.com/restock-engine/restock/optimize.Tune
-----------+-------------------------------------------------------
    4000us   runtime.memmove
             github.com/parquet-go/parquet-go.(*writer).Flush
             github.com/restock-engine/restock/io/table.(*tableWriter).put
             github.com/restock-engine/restock/io/table.(*RecommendationWriter).Write
-----------+-------------------------------------------------------
    3000us   slices.Sort[go.shape.[]float64,go.shape.float64]
             github.com/restock-engine/restock/optimize.Compare
-----------+-------------------------------------------------------
    2000us   runtime.scanobject
             runtime.gcBgMarkWorker
-----------+-------------------------------------------------------
    1000us   runtime.futex
             runtime.mstart
-----------+-------------------------------------------------------
`

func TestParseTraces(t *testing.T) {
	p, err := parseTraces(strings.NewReader(traces))
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]time.Duration{"search": 30, "generate scenarios": 20, "write recommendations": 4,
		"evaluate on fresh scenarios": 3, "collect garbage": 2, "other": 1}
	for k, s := range stages {
		if got := p.stages[k]; got != want[s.name]*time.Millisecond {
			t.Errorf("%s: %v, want %d ms", s.name, got, want[s.name])
		}
	}
	if p.total != 60*time.Millisecond || !strings.HasSuffix(p.top[0].name, "kernel.rsqStock16") {
		t.Errorf("%v in all, most in %v", p.total, p.top[0])
	}
	for _, bad := range []string{"", "-----------+\n  fast   main.main\n"} {
		if _, err := parseTraces(strings.NewReader(bad)); err == nil {
			t.Errorf("no error for %q", bad)
		}
	}
}
