package table

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"github.com/restock-engine/restock/simulate"
)

func TestArticleJSONRoundTrip(t *testing.T) {
	row := ArticleRow{OnHand: 12, Price: 9.5, UnitCost: 4, HasPlan: true, InTransit: []simulate.WeekQuantity{{Week: 2, Quantity: 30}},
		LeadTimeSamples: []float64{2, 2, 3}, ReturnLagWeights: []float64{0.6, 0.4}}
	row.Params.Set(MOQ, 24)
	row.Params.Set(ReviewPeriod, 2)
	data, err := json.Marshal(&row)
	if err != nil {
		t.Fatal(err)
	}
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(data, &fields); err != nil {
		t.Fatal(err)
	}
	var back ArticleRow
	for name, value := range fields {
		if err := back.SetJSON(name, value); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if !reflect.DeepEqual(back, row) {
		t.Errorf("%s became %+v", data, back)
	}
	for _, name := range []string{"moq", "plan", "lead_time_samples", "in_transit"} {
		if err := back.SetJSON(name, json.RawMessage("null")); err != nil {
			t.Errorf("%s null: %v", name, err)
		}
	}
	if _, set := back.Params.Get(MOQ); set || back.HasPlan || back.LeadTimeSamples != nil || back.InTransit != nil {
		t.Errorf("null left %+v", back)
	}
}

func TestArticleJSONSaysWhatIsWrong(t *testing.T) {
	for _, c := range [][3]string{
		{"lead_time_men", `1`, "is it lead_time_mean?"}, {"merchant_id", `"M"`, "no column"}, {"on_hand", `"5"`, "must be a number"},
		{"price", `null`, "must be a number"}, {"moq", `[1]`, "must be a number"}, {"lead_time_samples", `[1,null]`, "list of numbers"},
		{"in_transit", `[{"week":1}]`, `{"week": 2, "quantity": 30}`}, {"plan", `{"week":1}`, `{"week": 2, "quantity": 30}`},
		{"plan", `[{"week":1,"quantity":2,"x":3}]`, `{"week": 2`}, {"return_lag_weights", "[" + strings.Repeat("1,", 1000) + "1]", "at most 1000"},
		{"order_cost", `1e999`, "must be a number"},
	} {
		var row ArticleRow
		if err := row.SetJSON(c[0], json.RawMessage(c[1])); err == nil || !strings.Contains(err.Error(), c[2]) {
			t.Errorf("%s = %.40s: %v, want %q", c[0], c[1], err, c[2])
		}
	}
}

func FuzzArticleJSON(f *testing.F) {
	f.Add("plan", `[{"week":1,"quantity":2}]`)
	f.Add("moq", `null`)
	f.Fuzz(func(t *testing.T, name, value string) {
		var row ArticleRow
		if !json.Valid([]byte(value)) || row.SetJSON(name, json.RawMessage(value)) != nil {
			return
		}
		if _, err := json.Marshal(&row); err != nil {
			t.Errorf("%s = %s can't be written: %v", name, value, err)
		}
	})
}
