package simulate

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/stat/distuv"

	"github.com/restock-engine/restock/forecast"
	"github.com/restock-engine/restock/internal/random"
	"github.com/restock-engine/restock/simulate/internal/kernel"
)

// Lanes is the number of scenarios in a block of the kernel layout.
const Lanes = 16

// MaxScenarioWeeks bounds scenarios × weeks of one set, so that an absurd request is an error and not an exhausted memory.
const MaxScenarioWeeks = 50_000_000

// maxInt is the largest demand in a week that the whole-unit layout holds; scenarios beyond it are wide.
const maxInt = 1 << 24

// Scenarios are N joint draws of everything a policy cannot influence, for Weeks weeks. The arrays have the layout
// [block of 16 scenarios][week][scenario in the block], the last block padded with scenarios without demand.
type Scenarios struct {
	N, Weeks int

	wide   bool      // demand is in wide: continuous units, or a demand above maxInt
	demand []int32   // units
	wide64 []float64 // units
	delay  []int32   // floor of the lead time of an order placed in the week, capped at the number of weeks
	lag    []int32   // weeks until the returns of the week's sales are sellable
	round  []float32 // v in (0,1) of the rounding of the week's returns; multiples of 2^-24, odd ones only

	leadTimes []float64              // weeks, real; only with Draw's detail
	leadTime  func(i, t int) float64 // the same worked out when asked for; nil unless drawn

	inverter inverter // Draw's; kept because SKUs share their levels
	draws    []float64
	units    []int32
}

func (sc *Scenarios) index(i, t int) int { return (i/Lanes*sc.Weeks+t)*Lanes + i%Lanes }

// Demand returns scenario i's demand in week t, in units.
func (sc *Scenarios) Demand(i, t int) float64 {
	if sc.wide {
		return sc.wide64[sc.index(i, t)]
	}
	return float64(sc.demand[sc.index(i, t)])
}

// AddDemand adds each scenario's demand in week t to sums, [scenario], units.
func (sc *Scenarios) AddDemand(t int, sums []float64) {
	for first := 0; first < sc.N; first += Lanes {
		c, block := sc.index(first, t), sums[first:min(first+Lanes, sc.N)]
		if sc.wide {
			for l, x := range sc.wide64[c:][:len(block)] {
				block[l] += x
			}
			continue
		}
		for l, x := range sc.demand[c:][:len(block)] {
			block[l] += float64(x)
		}
	}
}

// MeanDelay returns the mean of [Scenarios.ArrivalDelay] over all draws, weeks: of floor(ℓ), what is beyond the horizon cut to it.
func (sc *Scenarios) MeanDelay() float64 {
	sum := 0
	for _, d := range sc.delay { // 0 in the padding
		sum += int(d)
	}
	return float64(sum) / float64(sc.N*sc.Weeks)
}

// meanLeadTime returns the mean of floor(ℓ) over all draws, weeks, those beyond the horizon as long as they are.
func (sc *Scenarios) meanLeadTime() float64 {
	sum := 0.0
	for i := range sc.N {
		for t := range sc.Weeks {
			switch k := sc.ArrivalDelay(i, t); {
			case k < sc.Weeks:
				sum += float64(k)
			case len(sc.leadTimes) > 0:
				sum += math.Floor(sc.LeadTime(i, t))
			default:
				sum += math.Floor(sc.leadTime(i, t))
			}
		}
	}
	return sum / float64(sc.N*sc.Weeks)
}

// ArrivalDelay returns floor(ℓ): an order of week t arrives in week t + ArrivalDelay; at least Weeks means after the horizon.
func (sc *Scenarios) ArrivalDelay(i, t int) int { return int(sc.delay[sc.index(i, t)]) }

// ReturnLag returns how many weeks after week t the returns of its sales can be sold again.
func (sc *Scenarios) ReturnLag(i, t int) int { return int(sc.lag[sc.index(i, t)]) }

// ReturnRound returns the v of floor(r·ρ·sales + v).
func (sc *Scenarios) ReturnRound(i, t int) float64 { return float64(sc.round[sc.index(i, t)]) }

// LeadTime returns the real lead time in weeks, of scenarios drawn with detail.
func (sc *Scenarios) LeadTime(i, t int) float64 { return sc.leadTimes[sc.index(i, t)] }

// CheckScenarios tells whether n scenarios of so many weeks can be drawn.
func CheckScenarios(n, weeks int) error {
	if n < 1 {
		return fmt.Errorf("the number of scenarios must be at least 1, not %d", n)
	}
	if n > MaxScenarioWeeks/max(weeks, 1) {
		return fmt.Errorf("%d scenarios of %d weeks are too many: at most %d scenario-weeks", n, weeks, MaxScenarioWeeks)
	}
	return nil
}

// Draw fills sc with n scenarios of a SKU: its article's horizon, lead times and returns, the demand quantiles of its forecast.
// They depend on the sampler's seed, the key, the set and n alone. sc's memory is reused. With detail, real lead times are kept
// for a trace. The article must be valid. Errors: a forecast shorter than the horizon, too many scenarios.
func (s *Sampler) Draw(sc *Scenarios, a *Article, q *forecast.Quantiles, key random.Key, set Set, n int, detail bool) error {
	if q.Weeks() < a.Horizon {
		return fmt.Errorf("the forecast has %d weeks, the horizon needs %d", q.Weeks(), a.Horizon)
	}
	if err := CheckScenarios(n, a.Horizon); err != nil {
		return err
	}
	sc.resize(n, a.Horizon)
	d := drawing{sc: sc, a: a, points: s.points(set, n, a.Horizon), kind: kernel.Best()}
	r := random.New(key.Int(int(set)))
	d.shifts = make([][numDims]uint32, a.Horizon)
	for t := range d.shifts {
		for k := range d.shifts[t] {
			d.shifts[t][k] = uint32(r.Uint64() >> 32)
		}
	}
	d.demand(q)
	d.leadTimes(detail)
	d.returns()
	return nil
}

func (sc *Scenarios) resize(n, weeks int) {
	sc.N, sc.Weeks = n, weeks
	cells := (n + Lanes - 1) / Lanes * Lanes * weeks
	sc.demand = resized(sc.demand, cells)
	sc.delay = resized(sc.delay, cells)
	sc.lag = resized(sc.lag, cells)
	sc.round = resized(sc.round, cells)
	sc.wide64, sc.leadTimes, sc.leadTime, sc.wide = sc.wide64[:0], sc.leadTimes[:0], nil, false
	for i := n; i < cells/weeks; i++ { // the padding
		for t := range weeks {
			c := sc.index(i, t)
			sc.demand[c], sc.delay[c], sc.lag[c], sc.round[c] = 0, 0, 1, 0
		}
	}
}

func resized[T any](x []T, n int) []T {
	if cap(x) < n {
		return make([]T, n)
	}
	return x[:n]
}

// drawing is the state of one Draw.
type drawing struct {
	sc     *Scenarios
	a      *Article
	points []weekPoints      // [week]
	shifts [][numDims]uint32 // [week]
	kind   kernel.Kind
}

// column returns the points and the shift of a week's source of randomness; point i is column[i] + shift modulo 2^32.
func (d *drawing) column(t int, k dimension) ([]uint32, uint32) {
	return d.points[t].columns[k], d.shifts[t][k]
}

func (d *drawing) kernelColumn(t int, k dimension) kernel.Column {
	points, shift := d.column(t, k)
	return kernel.Column{Points: points, Shift: shift, Between: d.sc.Weeks * Lanes}
}

// unit maps the 2^32 integers to (0,1).
func unit(u uint32) float64 { return (float64(u) + 0.5) * 0x1p-32 }

// demand draws the demand of every week. With whole units a draw x becomes floor(x+v).
func (d *drawing) demand(q *forecast.Quantiles) {
	sc, whole := d.sc, d.a.Units == Whole
	if !whole || !fitsInt(q, d.a.Horizon) {
		sc.wide = true
		sc.wide64 = resized(sc.wide64, len(sc.demand))
		clear(sc.wide64)
	}
	uniforms := d.uniforms()
	inv := &sc.inverter
	sc.draws, sc.units = resized(sc.draws, sc.N), resized(sc.units, sc.N)
	for t := range sc.Weeks {
		inv.build(q, t)
		points := &d.points[t].rising
		shift, roundShift := d.shifts[t][demandDim], d.shifts[t][demandRoundDim]
		rounds, scenarios := points.round[:sc.N], points.scenario[:sc.N]
		cell := func(i int32) int { // sc.index of the week, quickly
			return int(i) + int(uint32(i)/Lanes*Lanes)*(sc.Weeks-1) + t*Lanes
		}
		if sc.wide || uniforms != nil || !inv.wholeUnits(d.kind, points, shift, roundShift, sc.units) {
			if uniforms != nil {
				for k, i := range scenarios {
					sc.draws[k] = inv.atUnit(uniforms[t*sc.N+int(i)])
				}
			} else {
				inv.all(points.demand, shift, sc.draws)
			}
			for k, x := range sc.draws {
				if whole {
					x += rounding(rounds[k] + roundShift)
				}
				switch {
				case !sc.wide:
					sc.units[k] = int32(x)
				case whole:
					sc.wide64[cell(scenarios[k])] = math.Floor(x)
				default:
					sc.wide64[cell(scenarios[k])] = x
				}
			}
		}
		if !sc.wide {
			for k, x := range sc.units {
				sc.demand[cell(scenarios[k])] = x
			}
		}
	}
}

// rounding returns the v of floor(x+v), in [0,1).
func rounding(u uint32) float64 { return float64(int64(u)) * 0x1p-32 }

// fitsInt tells whether every demand that q can give is at most maxInt. The largest is at the largest uniform number.
func fitsInt(q *forecast.Quantiles, weeks int) bool {
	for t := range weeks {
		if q.At(t, 1-0x1p-33) >= maxInt-1 {
			return false
		}
	}
	return true
}

// uniforms returns the uniform numbers of a Gaussian copula with AR(1) dependence between weeks, [week][scenario], or nil if
// the weeks are independent: z_t = φ·z_(t-1) + √(1-φ²)·Φ⁻¹(u_t), uniform number Φ(z_t).
func (d *drawing) uniforms() []float64 {
	phi := d.a.DemandAutocorrelation
	if phi == 0 {
		return nil
	}
	n, scale := d.sc.N, math.Sqrt(1-phi*phi)
	z := make([]float64, n)
	out := make([]float64, n*d.sc.Weeks)
	for t := range d.sc.Weeks {
		points, shift := d.column(t, demandDim)
		for i, u := range points {
			e := math.Sqrt2 * math.Erfinv(2*unit(u+shift)-1)
			if t == 0 {
				z[i] = e
			} else {
				z[i] = float64(phi*z[i]) + float64(scale*e)
			}
			out[t*n+i] = min(max(0.5*math.Erfc(-z[i]/math.Sqrt2), 0x1p-33), 1-0x1p-33)
		}
	}
	return out
}

// leadTimes draws the lead time of every week's order: an element of the samples, or Gamma(mean, cv).
func (d *drawing) leadTimes(detail bool) {
	sc, a := d.sc, d.a
	if detail {
		sc.leadTimes = resized(sc.leadTimes, len(sc.demand))
		clear(sc.leadTimes)
	}
	quantile, steps := leadTimeDistribution(a, sc.Weeks)
	allPoints, shifts := d.points, d.shifts
	sc.leadTime = func(i, t int) float64 {
		return quantile(unit(allPoints[t].columns[leadTimeDim][i] + shifts[t][leadTimeDim]))
	}
	guide := newStepGuide(steps)
	for t := range sc.Weeks {
		points, shift := d.column(t, leadTimeDim)
		done := 0
		if !detail {
			done = d.kind.CountSteps(d.kernelColumn(t, leadTimeDim), steps, 0, sc.delay[t*Lanes:])
		}
		for first := done; first < sc.N; first += Lanes {
			c, last := sc.index(first, t), min(first+Lanes, sc.N)
			for i, p := range points[first:last] {
				u := p + shift
				k := guide.count(u)
				sc.delay[c+i] = int32(k)
				if detail {
					sc.leadTimes[c+i] = quantile(unit(u))
					if k < sc.Weeks { // the last bits of the quantile function must not contradict the table
						sc.leadTimes[c+i] = min(max(sc.leadTimes[c+i], float64(k)), math.Nextafter(float64(k+1), 0))
					}
				}
			}
		}
	}
}

// leadTimeDistribution returns the quantile function of an article's lead time, and the steps of floor(ℓ) in units of 2^-32:
// floor(ℓ) is the number of steps that are at most u. Steps at weeks beyond the horizon are left out: such orders arrive after
// it.
func leadTimeDistribution(a *Article, weeks int) (quantile func(u float64) float64, steps []uint32) {
	var cdf func(x float64) float64 // P(ℓ < x)
	switch n := len(a.LeadTimeSamples); {
	case n > 0:
		sorted := sortedCopy(a.LeadTimeSamples)
		quantile = func(u float64) float64 { return sorted[min(int(u*float64(n)), n-1)] }
		cdf = func(x float64) float64 {
			below := 0
			for below < n && sorted[below] < x {
				below++
			}
			return float64(below) / float64(n)
		}
	case a.LeadTimeCV == 0 || a.LeadTimeMean == 0:
		quantile = func(float64) float64 { return a.LeadTimeMean }
		cdf = func(x float64) float64 {
			if a.LeadTimeMean < x {
				return 1
			}
			return 0
		}
	default:
		shape := 1 / (a.LeadTimeCV * a.LeadTimeCV)
		g := distuv.Gamma{Alpha: shape, Beta: shape / a.LeadTimeMean}
		quantile, cdf = g.Quantile, g.CDF
	}
	for k := 1; k <= weeks; k++ {
		p := cdf(float64(k))
		if p >= 1 {
			break
		}
		steps = append(steps, uint32(math.Min(math.Ceil(p*0x1p32-0.5), math.MaxUint32)))
	}
	return quantile, steps
}

// returns draws the lag and the rounding of every week's returns.
func (d *drawing) returns() {
	sc, a := d.sc, d.a
	if a.ReturnRate*a.ResalableShare == 0 {
		fill(sc.lag, 1)
		clear(sc.round)
		return
	}
	var steps []uint32 // cumulative weights but the last, in units of 2^-32
	sum := 0.0
	for _, w := range a.ReturnLagWeights[:len(a.ReturnLagWeights)-1] {
		sum += w
		steps = append(steps, uint32(math.Min(sum*0x1p32, math.MaxUint32)))
	}
	guide := newStepGuide(steps)
	for t := range sc.Weeks {
		lags, lagShift := d.column(t, returnLagDim)
		rounds, roundShift := d.column(t, returnRoundDim)
		done := d.kind.CountSteps(d.kernelColumn(t, returnLagDim), steps, 1, sc.lag[t*Lanes:])
		for i, u := range lags[done:] {
			sc.lag[sc.index(done+i, t)] = int32(guide.count(u+lagShift) + 1)
		}
		done = d.kind.Rounds(d.kernelColumn(t, returnRoundDim), sc.round[t*Lanes:])
		for i, u := range rounds[done:] {
			sc.round[sc.index(done+i, t)] = float32((u+roundShift)>>9)*0x1p-23 + 0x1p-24
		}
	}
}

func fill[T any](x []T, v T) {
	for i := range x {
		x[i] = v
	}
}
