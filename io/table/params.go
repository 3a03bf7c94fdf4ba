package table

// Param is an optional scalar column of the articles table; the settings know it by the same name.
type Param int

// The optional scalar columns, in the order in which they are written.
const (
	HoldingCost Param = iota
	InboundCost
	OutboundCost
	ReturnCost
	OverstockCost
	OrderCost
	ReturnRate
	ResalableShare
	LostSaleCost
	LeadTimeMean
	LeadTimeCV
	ReviewPeriod
	ReviewPhase
	PackSize
	MOQ
	MaxOrder
	LifecycleWeeks
	NumParams
)

var paramNames = [NumParams]string{
	"holding_cost", "inbound_cost", "outbound_cost", "return_cost", "overstock_cost", "order_cost",
	"return_rate", "resalable_share", "lost_sale_cost", "lead_time_mean", "lead_time_cv",
	"review_period", "review_phase", "pack_size", "moq", "max_order", "lifecycle_weeks",
}

// String returns the column's name.
func (p Param) String() string { return paramNames[p] }

// Whole tells whether the column holds whole numbers (weeks).
func (p Param) Whole() bool { return p == ReviewPeriod || p == ReviewPhase || p == LifecycleWeeks }

// Params are optional values: a value that is not set comes from the settings.
type Params struct {
	values [NumParams]float64
	set    uint32
}

// Set stores a value.
func (p *Params) Set(c Param, v float64) { p.values[c], p.set = v, p.set|1<<c }

// Get returns a value and whether it is set.
func (p *Params) Get(c Param) (float64, bool) { return p.values[c], p.set&(1<<c) != 0 }

// Unset takes a value away.
func (p *Params) Unset(c Param) { p.values[c], p.set = 0, p.set&^(1<<c) }
