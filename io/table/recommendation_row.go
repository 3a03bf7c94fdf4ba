package table

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"strconv"
	"time"

	"github.com/restock-engine/restock/optimize"
	"github.com/restock-engine/restock/simulate"
)

// RecommendationOf returns the row that a recommendation becomes in a table.
func RecommendationOf(run RunInfo, key Key, r *optimize.Recommendation, inputHash string) *RecommendationRow {
	row := &RecommendationRow{Key: key, Texts: map[string]string{}, Numbers: map[string]float64{}}
	for i, c := range recommendationCells(nil, run, key, r, inputHash) {
		name, kind := recommendationColumns[i].name, recommendationColumns[i].kind
		switch {
		case c.null || i <= articleColumn:
		case kind == outFloat:
			row.Numbers[name] = c.float
		case kind == outInt:
			row.Numbers[name] = float64(c.int)
		default:
			row.Texts[name] = formatCell(kind, &c)
		}
	}
	return row
}

// MarshalJSON writes the row as an object of its columns, in their order; what is null or not a number is null.
func (row *RecommendationRow) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	for i, c := range recommendationColumns {
		sep := byte(',')
		if i == 0 {
			sep = '{'
		}
		b.WriteByte(sep)
		b.WriteString(`"` + c.name + `":`)
		text, isText := row.Texts[c.name]
		switch i {
		case merchantColumn:
			text, isText = row.Merchant, true
		case articleColumn:
			text, isText = row.Article, true
		}
		if isText {
			quoted, err := json.Marshal(text)
			if err != nil {
				return nil, err
			}
			b.Write(quoted)
			continue
		}
		v, ok := row.Numbers[c.name]
		if !ok || math.IsNaN(v) || math.IsInf(v, 0) {
			b.WriteString("null")
			continue
		}
		b.Write(strconv.AppendFloat(nil, v, 'g', -1, 64))
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

// UnmarshalJSON reads what MarshalJSON has written.
func (row *RecommendationRow) UnmarshalJSON(data []byte) error {
	var fields map[string]any
	if err := json.Unmarshal(data, &fields); err != nil {
		return err
	}
	*row = RecommendationRow{Texts: map[string]string{}, Numbers: map[string]float64{}}
	for name, v := range fields {
		switch x := v.(type) {
		case string:
			row.Texts[name] = x
		case float64:
			row.Numbers[name] = x
		case nil:
		default:
			return fmt.Errorf("recommendation: %s is neither a text nor a number", name)
		}
	}
	row.Merchant, row.Article = row.Texts["merchant_id"], row.Texts["article_id"]
	delete(row.Texts, "merchant_id")
	delete(row.Texts, "article_id")
	return nil
}

// Policy returns the recommended policy.
func (row *RecommendationRow) Policy() simulate.RSQ {
	n := row.Numbers
	return simulate.RSQ{T0: int(n["t0"]), Q0: n["q0"], ReorderPoint: n["s"], Q: n["q"], TLimit: int(n["t_limit"]),
		Trigger: simulate.Trigger(row.Texts["trigger"])}
}

// Explain says in a sentence why the policy is recommended: [optimize.Recommendation.Explain].
func (row *RecommendationRow) Explain() string { return row.summary().Explain() }

// CoverWeeks returns for how many weeks of mean demand the stock lasts, with what is in transit; infinite without demand.
func (row *RecommendationRow) CoverWeeks() float64 { return row.summary().CoverWeeks() }

// summary is what Explain needs of the recommendation.
func (row *RecommendationRow) summary() *optimize.Recommendation {
	n := row.Numbers
	return &optimize.Recommendation{Policy: row.Policy(), MeanDemand: n["mean_demand"], Stock: n["stock"], Weeks: int(n["weeks"]), Shortfall: n["fill_rate_shortfall"],
		Figures: optimize.Figures{FillRate: n["fill_rate"], UnitsOrdered: n["units_ordered"]}, DoNothing: optimize.Figures{FillRate: n["none_fill_rate"]}}
}

// cells is the row as it is written.
func (row *RecommendationRow) cells(to []cell) []cell {
	for i, c := range recommendationColumns {
		text, isText := row.Texts[c.name]
		v, isNumber := row.Numbers[c.name]
		x := cell{text: text, float: v, int: int64(v), null: !isText && !isNumber}
		switch {
		case i == merchantColumn:
			x = textCell(row.Merchant)
		case i == articleColumn:
			x = textCell(row.Article)
		case x.null:
		case c.kind == outUint:
			u, _ := strconv.ParseUint(text, 10, 64)
			x.int = int64(u)
		case c.kind == outDate:
			t, _ := time.Parse(time.DateOnly, text)
			x = dateCell(t)
		}
		to = append(to, x)
	}
	return to
}

// WriteRecommendations writes rows to out as a table: .csv is CSV, .arrows an Arrow IPC stream.
func WriteRecommendations(out io.Writer, ending string, rows []*RecommendationRow) error {
	w, err := startTable(&target{path: "recommendations" + ending, out: out}, recommendationColumns, nil)
	if err != nil {
		return err
	}
	for _, row := range rows {
		w.row = row.cells(w.row[:0])
		if err := w.put(); err != nil {
			return err
		}
	}
	return w.sink.close()
}
