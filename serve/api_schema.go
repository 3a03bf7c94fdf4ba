package serve

import (
	"encoding/json"

	"github.com/danielgtaylor/huma/v2"

	"github.com/restock-engine/restock/io/settings"
	"github.com/restock-engine/restock/io/table"
)

// articleTypes are the columns of an article that are not one number.
var articleTypes = map[string]*huma.Schema{
	"in_transit": pairSchema("what is on its way, by the week it arrives"), "pending_returns": pairSchema("returns on their way, by week"),
	"plan":               pairSchema("the plan to compare with: orders by week"),
	"return_lag_weights": {Type: huma.TypeArray, Items: &huma.Schema{Type: huma.TypeNumber}, Nullable: true},
	"lead_time_samples":  {Type: huma.TypeArray, Items: &huma.Schema{Type: huma.TypeNumber}, Nullable: true, Description: "weeks"},
}

func pairSchema(description string) *huma.Schema {
	return &huma.Schema{Type: huma.TypeArray, Description: description, Nullable: true, Items: &huma.Schema{Type: huma.TypeObject,
		Required: []string{"week", "quantity"}, AdditionalProperties: false,
		Properties: map[string]*huma.Schema{"week": {Type: huma.TypeInteger}, "quantity": {Type: huma.TypeNumber, Description: "units"}}}}
}

func articleProperties() map[string]*huma.Schema {
	p := map[string]*huma.Schema{}
	for _, name := range table.ArticleColumns() {
		if p[name] = articleTypes[name]; p[name] == nil {
			p[name] = &huma.Schema{Type: huma.TypeNumber, Nullable: name != "on_hand" && name != "price" && name != "unit_cost"}
		}
	}
	return p
}

func settingProperties() map[string]*huma.Schema {
	p := map[string]*huma.Schema{}
	for _, e := range settings.Keys() {
		p[e.Key] = &huma.Schema{Description: e.Meaning}
	}
	return p
}

// described is a schema that tells names and meanings. What is wrong with a value is found by the same rules as in files, which
// say more.
func described(properties map[string]*huma.Schema, description string, example any) *huma.Schema {
	s := &huma.Schema{Type: huma.TypeObject, Description: description, Properties: properties, AdditionalProperties: true, Examples: []any{example}}
	s.PrecomputeMessages()
	return s
}

// Schema implements [huma.SchemaProvider].
func (ArticleColumns) Schema(huma.Registry) *huma.Schema {
	s := described(articleProperties(), "columns of the articles table", map[string]any{"on_hand": 12, "price": 9.5, "unit_cost": 4})
	s.Required = []string{"on_hand", "price", "unit_cost"}
	s.PrecomputeMessages()
	return s
}

// ArticleOverrides are columns of an article that a partner has set.
type ArticleOverrides ArticleColumns

// Schema implements [huma.SchemaProvider].
func (ArticleOverrides) Schema(huma.Registry) *huma.Schema {
	p := articleProperties()
	for _, name := range moving {
		delete(p, name)
	}
	for _, s := range p {
		s.Nullable = true // takes the setting back
	}
	return described(p, "columns of the articles table that hold until they are taken back with null", map[string]any{"pack_size": 6, "lead_time_mean": 3})
}

// Schema implements [huma.SchemaProvider].
func (SettingsChange) Schema(huma.Registry) *huma.Schema {
	return described(settingProperties(), "settings by key, as under merchants: in restock.yaml", map[string]any{"holding_cost": 0.02, "min_fill_rate": 0.9})
}

// Changes are columns of an article and settings, by name.
type Changes map[string]json.RawMessage

// Schema implements [huma.SchemaProvider].
func (Changes) Schema(huma.Registry) *huma.Schema {
	p := settingProperties()
	for name, schema := range articleProperties() {
		p[name] = schema
	}
	return described(p, "columns of the article and settings that would be different", map[string]any{"lead_time_mean": 4, "min_fill_rate": 0.95})
}

// Scale is one factor for all weeks, or a factor for each week.
type Scale []float64

// Schema implements [huma.SchemaProvider].
func (Scale) Schema(huma.Registry) *huma.Schema {
	low, high := 0.0, maxScale
	one := &huma.Schema{Type: huma.TypeNumber, Minimum: &low, Maximum: &high}
	most := 104
	list := &huma.Schema{Type: huma.TypeArray, Items: one, MaxItems: &most, Nullable: true}
	s := &huma.Schema{OneOf: []*huma.Schema{one, list}, Description: "factor of the demand: a number, or a list with one for each week"}
	for _, x := range []*huma.Schema{one, list, s} {
		x.PrecomputeMessages()
	}
	return s
}

// UnmarshalJSON takes a number or a list of numbers.
func (s *Scale) UnmarshalJSON(data []byte) error {
	var one float64
	if json.Unmarshal(data, &one) == nil && string(data) != "null" {
		*s = Scale{one}
		return nil
	}
	return json.Unmarshal(data, (*[]float64)(s))
}

const maxScale = 1000.0
