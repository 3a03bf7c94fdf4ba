package simulate

import "fmt"

// SS is the (s, S) policy: in a review week with position ≤ s, order up to S.
type SS struct {
	ReorderPoint float64 // s, units
	OrderUpTo    float64 // S, units
}

// Order implements [Policy].
func (p SS) Order(r Review) float64 {
	if r.Scheduled && r.Position() <= p.ReorderPoint {
		return p.OrderUpTo - r.Position()
	}
	return 0
}

func (p SS) String() string {
	return fmt.Sprintf("ss:s=%s,S=%s", formatNumber(p.ReorderPoint), formatNumber(p.OrderUpTo))
}

// Validate implements [Policy].
func (p SS) Validate() error {
	return checkQuantities([]string{"s", "S"}, p.ReorderPoint, p.OrderUpTo)
}

func parseSS(fs fields) (Policy, error) {
	var p SS
	var err error
	if err = fs.only("s", "S"); err != nil {
		return nil, err
	}
	if p.ReorderPoint, err = fs.number("s"); err != nil {
		return nil, err
	}
	p.OrderUpTo, err = fs.number("S")
	return p, err
}
