package table

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/restock-engine/restock/internal/suggest"
	"github.com/restock-engine/restock/simulate"
)

// maxJSONList is how many items a list of an article may have in JSON.
const maxJSONList = 1000

// ArticleColumns are the columns of the articles table that [ArticleRow.SetJSON] takes: all but the keys.
func ArticleColumns() []string {
	var names []string
	for _, c := range articleColumns[articleColumn+1:] {
		names = append(names, c.name)
	}
	return names
}

// SetJSON sets a column from a JSON value; null takes the value of an optional column away, so that the settings say it. The error says what is
// wrong with the value, without the column. Whether a value can be, such as a share above 1, the settings tell when they resolve the row.
func (row *ArticleRow) SetJSON(column string, value json.RawMessage) error {
	i := slices.IndexFunc(articleColumns, func(c tableColumn) bool { return c.name == column })
	if i <= articleColumn {
		if near := suggest.Nearest(column, ArticleColumns()); near != "" {
			return fmt.Errorf("is no column of an article; is it %s?", near)
		}
		return fmt.Errorf("is no column of an article; known are %s", strings.Join(ArticleColumns(), ", "))
	}
	null := string(bytes.TrimSpace(value)) == "null"
	switch i {
	case onHandColumn:
		return setNumber(&row.OnHand, value)
	case priceColumn:
		return setNumber(&row.Price, value)
	case unitCostColumn:
		return setNumber(&row.UnitCost, value)
	case inTransitColumn:
		return setPairs(&row.InTransit, value)
	case pendingReturnsColumn:
		return setPairs(&row.PendingReturns, value)
	case planColumn:
		row.HasPlan = !null
		return setPairs(&row.Plan, value)
	case lagWeightsColumn:
		return setList(&row.ReturnLagWeights, value)
	case leadSamplesColumn:
		return setList(&row.LeadTimeSamples, value)
	}
	p := Param(i - firstParam)
	if null {
		row.Params.Unset(p)
		return nil
	}
	var v float64
	if err := setNumber(&v, value); err != nil {
		return err
	}
	row.Params.Set(p, v)
	if p == LeadTimeMean { // the nearer statement of the two counts
		row.LeadTimeSamples = nil
	}
	return nil
}

func setNumber(to *float64, value json.RawMessage) error {
	var v *float64
	if err := json.Unmarshal(value, &v); err != nil || v == nil {
		return fmt.Errorf("must be a number, not %s", clip(string(value)))
	}
	*to = *v
	return nil
}

func setList(to *[]float64, value json.RawMessage) error {
	var v []*float64
	if err := json.Unmarshal(value, &v); err != nil || slices.Contains(v, nil) {
		return fmt.Errorf("must be a list of numbers such as [0.6, 0.4], not %s", clip(string(value)))
	}
	if len(v) > maxJSONList {
		return fmt.Errorf("has %d items; at most %d are allowed", len(v), maxJSONList)
	}
	var list []float64
	if v != nil {
		list = make([]float64, len(v))
	}
	for i, x := range v {
		list[i] = *x
	}
	*to = list
	return nil
}

func setPairs(to *[]simulate.WeekQuantity, value json.RawMessage) error {
	var v []struct {
		Week     *int     `json:"week"`
		Quantity *float64 `json:"quantity"`
	}
	d := json.NewDecoder(bytes.NewReader(value))
	d.DisallowUnknownFields()
	err := d.Decode(&v)
	for _, x := range v {
		if x.Week == nil || x.Quantity == nil {
			err = io.ErrUnexpectedEOF
		}
	}
	if err != nil {
		return fmt.Errorf(`must be a list such as [{"week": 2, "quantity": 30}], not %s`, clip(string(value)))
	}
	if len(v) > maxJSONList {
		return fmt.Errorf("has %d items; at most %d are allowed", len(v), maxJSONList)
	}
	var pairs []simulate.WeekQuantity
	for _, x := range v {
		pairs = append(pairs, simulate.WeekQuantity{Week: *x.Week, Quantity: *x.Quantity})
	}
	*to = pairs
	return nil
}

// MarshalJSON writes the columns that the row has, without the keys.
func (row *ArticleRow) MarshalJSON() ([]byte, error) {
	fields := map[string]any{"on_hand": row.OnHand, "price": row.Price, "unit_cost": row.UnitCost}
	pairs := func(name string, list []simulate.WeekQuantity, set bool) {
		if set {
			fields[name] = append([]simulate.WeekQuantity{}, list...) // an empty plan is [], not null
		}
	}
	pairs("in_transit", row.InTransit, len(row.InTransit) > 0)
	pairs("pending_returns", row.PendingReturns, len(row.PendingReturns) > 0)
	pairs("plan", row.Plan, row.HasPlan)
	if row.ReturnLagWeights != nil {
		fields["return_lag_weights"] = row.ReturnLagWeights
	}
	if row.LeadTimeSamples != nil {
		fields["lead_time_samples"] = row.LeadTimeSamples
	}
	for p := range NumParams {
		if v, ok := row.Params.Get(p); ok {
			fields[p.String()] = v
		}
	}
	return json.Marshal(fields)
}
