// Command kernel measures the simulator's kernels beside hand-written C and an ordinary Go loop: make in this directory.
//
// All run the same candidates on the same scenarios, and all costs are compared bit for bit before anything is timed. Rounds
// alternate between the contenders, so that a busy machine meets them all; each figure is the median over rounds of the best of
// a few short runs.
package main

import (
	"bytes"
	"encoding/binary"
	"flag"
	"fmt"
	"log"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/restock-engine/restock/forecast"
	"github.com/restock-engine/restock/simulate"
)

const (
	scenarios = 500
	weeks     = 12
	rounds    = 9
)

func main() {
	log.SetFlags(0)
	yardstick := flag.String("yardstick", "", "the C program; empty: measure Go alone")
	flag.Parse()
	if err := run(*yardstick); err != nil {
		log.Fatal(err)
	}
}

func run(yardstick string) error {
	cases, err := newCases()
	if err != nil {
		return err
	}
	contenders := []string{"kernel", "ordinary Go loop", "simulate.Run"}
	var files []string
	if yardstick != "" {
		contenders = append(contenders, "C, AVX-512")
		dir, err := os.MkdirTemp("", "kernel")
		if err != nil {
			return err
		}
		defer os.RemoveAll(dir)
		for _, c := range cases {
			file := filepath.Join(dir, strconv.Itoa(len(files)))
			if err := os.WriteFile(file, c.export(), 0o600); err != nil {
				return err
			}
			files = append(files, file)
		}
	}
	for _, c := range cases {
		if err := c.check(); err != nil {
			return err
		}
	}
	ns := map[string][][]float64{} // [case][round]
	for _, name := range contenders {
		ns[name] = make([][]float64, len(cases))
	}
	for range rounds {
		for i, c := range cases {
			ns["kernel"][i] = append(ns["kernel"][i], c.time(3000, c.kernel))
			ns["ordinary Go loop"][i] = append(ns["ordinary Go loop"][i], c.time(16, func(p simulate.Policy) { c.ordinary(p.(simulate.RSQ)) }))
			ns["simulate.Run"][i] = append(ns["simulate.Run"][i], c.time(4, c.reference))
		}
		if yardstick == "" {
			continue
		}
		c := exec.Command(yardstick, files...)
		c.Stderr = os.Stderr
		out, err := c.Output()
		if err != nil {
			return fmt.Errorf("%s: %w", yardstick, err)
		}
		for i, s := range strings.Fields(string(out)) {
			v, err := strconv.ParseFloat(s, 64)
			if err != nil {
				return fmt.Errorf("%s: %w", yardstick, err)
			}
			ns["C, AVX-512"][i] = append(ns["C, AVX-512"][i], v)
		}
	}
	fmt.Printf("ns per candidate, scenario and week; %d scenarios, %d weeks, one thread\n", scenarios, weeks)
	fmt.Printf("%-20s", "")
	for _, c := range cases {
		fmt.Printf("%24s%10s", c.name, "× kernel")
	}
	fmt.Println()
	for _, name := range contenders {
		fmt.Printf("%-20s", name)
		for i := range cases {
			fmt.Printf("%24.3f%10.2f", median(ns[name][i]), median(ns[name][i])/median(ns["kernel"][i]))
		}
		fmt.Println()
	}
	return nil
}

func median(x []float64) float64 {
	s := slices.Sorted(slices.Values(x))
	return s[len(s)/2]
}

// instance is one case: an article, its scenarios, and candidates as a search would try them.
type instance struct {
	name     string
	article  simulate.Article
	sc       simulate.Scenarios
	policies []simulate.Policy
	ev       *simulate.Evaluator
	costs    []float64
	totals   []simulate.Totals
	loop     loop
}

func newCases() ([]*instance, error) {
	a := simulate.DefaultArticle()
	a.Horizon, a.OnHand = weeks, 30
	a.HoldingCost, a.InboundCost, a.OrderCost, a.OutboundCost, a.ReturnCost = 0.1, 1, 3, 2, 1.5
	a.LostSaleCost, a.OverstockCost = 5, 0.25
	a.LeadTimeMean, a.LeadTimeCV = 2, 0.5
	a.InTransit = []simulate.WeekQuantity{{Week: 0, Quantity: 12}}
	back := a
	back.ReturnRate, back.ReturnLagWeights = 0.4375, []float64{0.3, 0.5, 0.2}
	cases := []*instance{{name: "no returns", article: a}, {name: "returns, 3 lags", article: back}}
	levels := forecast.Levels39()
	q := forecast.Quantiles{Levels: levels}
	for range weeks {
		for _, l := range levels {
			q.Values = append(q.Values, float32(20*l))
		}
	}
	sampler := simulate.NewSampler(1)
	for _, c := range cases {
		if err := sampler.Draw(&c.sc, &c.article, &q, sampler.Key("benchmark", "kernel"), simulate.OptSet, scenarios, false); err != nil {
			return nil, err
		}
		for i := range 16 {
			c.policies = append(c.policies, simulate.RSQ{T0: i % 3, Q0: float64(10 * i), ReorderPoint: float64(12 + i), Q: float64(40 + 3*i),
				TLimit: weeks - 1 - i%4, Trigger: simulate.StockTrigger})
		}
		c.ev = simulate.NewEvaluator()
		c.ev.Prepare(&c.article, &c.sc)
		c.ev.Reorder(c.policies[0])
		c.loop = newLoop(&c.article, &c.sc)
	}
	return cases, nil
}

// time returns the nanoseconds per candidate, scenario and week: the best of five runs of so many candidates.
func (c *instance) time(candidates int, evaluate func(simulate.Policy)) float64 {
	best := math.Inf(1)
	for range 5 {
		start := time.Now()
		for i := range candidates {
			evaluate(c.policies[i%len(c.policies)])
		}
		best = min(best, float64(time.Since(start).Nanoseconds())/float64(candidates*c.sc.N*c.sc.Weeks))
	}
	return best
}

// kernel evaluates a candidate as the search does, without abandoning it.
func (c *instance) kernel(p simulate.Policy) {
	c.costs, _ = c.ev.CostsBelow(p, math.Inf(1), c.sc.N, c.costs)
}

func (c *instance) reference(p simulate.Policy) {
	c.totals = simulate.Run(&c.article, p, &c.sc, c.totals)
	c.costs = simulate.Costs(&c.article, c.totals, c.costs)
}

// check compares the costs of all contenders in Go.
func (c *instance) check() error {
	for _, p := range c.policies {
		want := simulate.Costs(&c.article, simulate.Run(&c.article, p, &c.sc, nil), nil)
		if !slices.Equal(want, c.ev.Costs(p, nil)) {
			return fmt.Errorf("%s, %v: the kernel's costs are not those of simulate.Run", c.name, p)
		}
		if !slices.Equal(want, c.ordinary(p.(simulate.RSQ))) {
			return fmt.Errorf("%s, %v: the ordinary loop's costs are not those of simulate.Run", c.name, p)
		}
	}
	return nil
}

// export writes the instance as yardstick.c reads it.
func (c *instance) export() []byte {
	var b bytes.Buffer
	put := func(values ...any) {
		for _, v := range values {
			if err := binary.Write(&b, binary.LittleEndian, v); err != nil {
				panic(err) // a type without a fixed size: a mistake in this file
			}
		}
	}
	a := &c.article
	put(int32(c.sc.N), int32(c.sc.Weeks), int32(len(c.policies)), int32(a.OnHand), int32(len(a.ReturnLagWeights)), int32(0))
	put(a.ResalableShare*a.ReturnRate, a.HoldingCost, a.InboundCost, a.OrderCost, a.OutboundCost, a.ReturnCost*a.ReturnRate,
		a.LostSaleCost, a.OverstockCost)
	for _, policy := range c.policies {
		p := policy.(simulate.RSQ)
		put(int32(p.T0), int32(a.OrderQuantity(p.Q0)), int32(p.ReorderPoint), int32(a.OrderQuantity(p.Q)), int32(p.TLimit))
	}
	inbound := make([]int32, c.sc.Weeks)
	for _, x := range a.InTransit {
		inbound[x.Week] += int32(x.Quantity)
	}
	put(inbound)
	for i := range c.sc.N {
		for t := range c.sc.Weeks {
			put(int32(c.sc.Demand(i, t)), int32(c.sc.ArrivalDelay(i, t)), int32(c.sc.ReturnLag(i, t)), float32(c.sc.ReturnRound(i, t)))
		}
	}
	for _, p := range c.policies {
		put(simulate.Costs(a, simulate.Run(a, p, &c.sc, nil), nil))
	}
	return b.Bytes()
}
