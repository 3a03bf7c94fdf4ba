package kernel

import (
	"math"
	"unsafe"
)

// Lanes is the number of scenarios in a block.
const Lanes = 16

// MaxWeeks is the largest horizon that the kernels run.
const MaxWeeks = 127

// Values of Week.Below for which the order does not depend on the stock. The difference to Always wraps around and is negative.
const (
	Never  = 0             // no order
	Always = math.MinInt32 // an order in every scenario
)

// Week is what is common to all scenarios in a week: the review's rule, and the goods that were under way before week 0.
type Week struct {
	Below    int32 // order if what is looked at, less this many units, is negative
	Quantity int32 // units to order, or the level to order up to
	Inbound  int32 // units arriving: old orders and old returns
	Returned int32 // the old returns among them
}

// Look says what a week's threshold is compared with.
type Look int

// Values of Look.
const (
	Stock    Look = iota // on hand, or infinite if anything is outstanding; while old orders are, Below must be Never or Always
	Position             // on hand and outstanding; Quantity is ordered
	UpTo                 // on hand and outstanding; the order is Quantity less the position, after Rules
)

// Rules turn a wanted quantity into an order: up to a multiple of Pack, at least Least; a result above Most becomes Cap.
type Rules struct {
	Pack, Least, Most, Cap int32 // units
}

// Prices are money per unit (Order: per order). Their products are summed in the order of the fields.
type Prices struct {
	Holding, Inbound, Order, Outbound, Returns, Lost, Overstock float64
}

// Scenarios are the draws, [block][week][lane]; lanes beyond N are padding.
type Scenarios struct {
	N      int
	Demand []int32   // units
	Delay  []int32   // weeks until an order of this week arrives; at least the number of weeks means after the horizon
	Lag    []int32   // weeks until the returns of this week's sales are sellable, at least 1
	Round  []float32 // v of floor(ReturnShare·sales + v)
}

// Problem is a SKU's scenarios, state and prices, and a policy: the weeks' rules, Look and Rules. The caller guarantees that no
// sum exceeds an int32, and after a change of anything but the policy calls [Kind.Prepare].
type Problem struct {
	Scenarios Scenarios
	Weeks     []Week

	OnHand  int32 // units at the start of week 0
	Transit int32 // units ordered before week 0 and outstanding at its start
	Late    int32 // those of them that arrive after the last week

	After       float64 // share of a week's inbound that comes after the demand, rounded down
	AfterShift  int32   // the same as a right shift, or -1 if it is none
	ReturnShare float64 // 0 for none

	Look   Look
	Rules  Rules // of UpTo
	Prices Prices

	// Set by Prepare. Results are in the order of Order, so that a policy that is dear in scenarios of large demand is seen to
	// be so early.
	Order   []int32 // [position] the scenario, by descending total demand, roughly
	Total   []int32 // [position, padding included] the demand of all weeks
	Largest int32   // the largest demand of a week

	packed packed
}

// group is the number of blocks that the widest kernel runs side by side.
const group = 3

// Padded returns the number of positions, padding included, that results must have room for.
func (p *Problem) Padded() int {
	return (p.Scenarios.N + group*Lanes - 1) / (group * Lanes) * (group * Lanes)
}

// index returns where week 0 of a scenario is.
func (p *Problem) index(scenario int) int { return scenario/Lanes*len(p.Weeks)*Lanes + scenario%Lanes }

// resized returns x with n elements, from the start of a cache line if it is new.
func resized[T any](x []T, n int) []T {
	if cap(x) >= n {
		return x[:n]
	}
	const line = 64
	size := int(unsafe.Sizeof(*new(T)))
	x = make([]T, n+line/size)
	skip := int(-uintptr(unsafe.Pointer(unsafe.SliceData(x)))%line) / size
	return x[skip:][:n]
}

// Sums are the results of 16 positions, units.
type Sums struct {
	OnHand  [Lanes]int32 // sum of the stock at the end of each week
	Ordered [Lanes]int32
	Orders  [Lanes]int32 // number of orders
	Sales   [Lanes]int32
	Final   [Lanes]int32 // on hand and outstanding after the last week
	Short   [Lanes]int32 // weeks with less sales than demand
}

// Cost puts prices to the sums of a lane, of which so many units of demand were lost.
func (c *Prices) Cost(s *Sums, l int, lost int32) float64 {
	return c.cost(s.OnHand[l], s.Ordered[l], s.Orders[l], s.Sales[l], lost, s.Final[l])
}

// cost puts prices to sums. The order of the operations is that of simulate's CostParts.Total; each product is rounded before
// it is added.
func (c *Prices) cost(onHand, ordered, orders, sales, lost, final int32) float64 {
	return float64(c.Holding*float64(onHand)) + (float64(c.Inbound*float64(ordered)) + float64(c.Order*float64(orders))) +
		float64(c.Outbound*float64(sales)) + float64(c.Returns*float64(sales)) + float64(c.Lost*float64(lost)) +
		float64(c.Overstock*float64(final))
}
