package optimize

import "github.com/restock-engine/restock/simulate"

// FrontierSteps is the number of fill rates between the optimum's and the highest that can be reached.
const FrontierSteps = 8

// FrontierPoint is the cheapest policy found for a floor on the mean fill rate.
type FrontierPoint struct {
	Floor  float64 // 0: none
	Policy simulate.Policy
}

// Frontier tunes the extended (R, s, Q) on Ω_opt for floors from the fill rate of the optimum up to the highest that any policy
// found reaches. A lower fill rate than the optimum's would cost more, since lost sales are part of the cost. It takes about
// fifty times as long as Decide: every candidate's fill rate has to be known, and steep problems are searched through for longer.
func Frontier(s *simulate.Sampler, in Input, o Options, w *Workspace) ([]FrontierPoint, error) {
	tune := func(floor float64) (Tuned, error) {
		o.Objective.MinFillRate = floor
		return Tune(RSQ, s, in, o, w)
	}
	free, err := tune(0)
	if err != nil {
		return nil, err
	}
	most, err := tune(1)
	if err != nil {
		return nil, err
	}
	var opt simulate.Scenarios
	if err := s.Draw(&opt, in.Article, in.Forecast, in.Key, simulate.OptSet, o.Scenarios, false); err != nil {
		return nil, err
	}
	low := Compare(in.Article, []simulate.Policy{free.Policy}, &opt, o.Objective, w)[0].Figures.FillRate
	high := 1 - most.Score.Shortfall
	points := []FrontierPoint{{Policy: free.Policy}}
	values := []float64{free.Score.Value}
	for k := 1; k <= FrontierSteps && high-low > 1e-6; k++ {
		floor := low + (high-low)*float64(k)/FrontierSteps
		tuned, err := tune(floor)
		if err != nil {
			return nil, err
		}
		points = append(points, FrontierPoint{floor, tuned.Policy})
		values = append(values, tuned.Score.Value)
	}
	// What reaches a higher fill rate reaches a lower one, too.
	for k := len(points) - 2; k >= 0; k-- {
		if values[k+1] < values[k] {
			values[k], points[k].Policy = values[k+1], points[k+1].Policy
		}
	}
	return points, nil
}
