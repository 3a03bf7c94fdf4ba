package simulate

// BaseStock is the periodic base-stock policy (R, S): in each review week, order up to S.
type BaseStock struct {
	OrderUpTo float64 // S, units
}

// Order implements [Policy].
func (p BaseStock) Order(r Review) float64 {
	if r.Scheduled {
		return p.OrderUpTo - r.Position()
	}
	return 0
}

func (p BaseStock) String() string { return "basestock:S=" + formatNumber(p.OrderUpTo) }

// Validate implements [Policy].
func (p BaseStock) Validate() error { return checkQuantities([]string{"S"}, p.OrderUpTo) }

func parseBaseStock(fs fields) (Policy, error) {
	if err := fs.only("S"); err != nil {
		return nil, err
	}
	s, err := fs.number("S")
	return BaseStock{s}, err
}
