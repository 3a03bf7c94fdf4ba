package optimize

import (
	"github.com/restock-engine/restock/internal/stat"
	"github.com/restock-engine/restock/simulate"
)

// EngineVersion changes whenever the same input and seed may give another recommendation.
const EngineVersion = "0.3.0"

// Status says what kind of recommendation it is.
type Status string

// Statuses of a Recommendation.
const (
	OK       Status = "ok"       // order OrderQuantity in week OrderWeek
	NoOrder  Status = "no_order" // no kick-start order; reorders may follow when the trigger is due
	Degraded Status = "degraded" // the figures are too uncertain to tell the policy from doing nothing
)

// Figures are what a policy does on a set of scenarios: means over the scenarios, money and units over the whole horizon.
type Figures struct {
	Objective          float64
	MeanCost           float64
	Parts              simulate.CostParts // of the mean cost
	FillRate           float64
	Availability       float64
	GMV                float64
	GMVAfterFulfilment float64
	AverageStock       float64 // units
	UnitsSold          float64
	UnitsLost          float64
	UnitsOrdered       float64
	OrdersPlaced       float64
}

// Recommendation is the decision for one SKU with its figures on fresh scenarios.
type Recommendation struct {
	Status Status
	Policy simulate.RSQ

	ObjectiveOpt  float64       // on the scenarios the policy was chosen on
	ObjectiveEval stat.Interval // on fresh scenarios, with its 95 % interval
	EvalScenarios int           // number of the fresh scenarios
	SamplingGap   Gap           // what the best policy could save at most, as far as the two sets of scenarios can tell
	Shortfall     float64       // min_fill_rate minus the fill rate on the scenarios the policy was chosen on; 0 where it is reached

	Figures   Figures  // of the policy, on the fresh scenarios
	DoNothing Figures  // of never ordering
	Plan      *Figures // of the given plan; nil without one

	Saving          stat.Interval  // mean cost of doing nothing minus the policy's, paired, 95 %
	ObjectiveSaving stat.Interval  // the same for the objective
	PlanSaving      *stat.Interval // mean cost of the given plan minus the policy's, paired, 95 %; nil without a plan

	MeanDemand float64 // units over the horizon
	Stock      float64 // units on hand and in transit now
	Price      float64 // money per unit
	Weeks      int     // the SKU's horizon

	ReviewPeriod int
	Evaluations  int // candidates evaluated on the optimisation scenarios
}

// Optimism is how much better the objective looked on the scenarios of the search than on fresh ones.
func (r *Recommendation) Optimism() float64 { return r.ObjectiveEval.Estimate - r.ObjectiveOpt }

// Demand is the mean demand at its price, money: the sales of a shop that never runs out.
func (r *Recommendation) Demand() float64 { return r.Price * r.MeanDemand }
