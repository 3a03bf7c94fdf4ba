package decision

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/restock-engine/restock/io/settings"
	"github.com/restock-engine/restock/io/table"
)

// Partners are what partners have set through the service: settings of merchants, which stand above the settings file, and
// columns of articles, which stand above the articles table.
type Partners struct {
	Merchants []PartnerMerchant `json:"merchants"` // rising
	Articles  []PartnerArticle  `json:"articles"`  // rising by merchant, then article
}

// PartnerMerchant are a merchant's settings by key.
type PartnerMerchant struct {
	Merchant string                     `json:"merchant_id"`
	Settings map[string]json.RawMessage `json:"settings"`
}

// PartnerArticle are an article's columns by name.
type PartnerArticle struct {
	Merchant string                     `json:"merchant_id"`
	Article  string                     `json:"article_id"`
	Columns  map[string]json.RawMessage `json:"columns"`
}

// Encode returns the partners' settings in the one form that they have.
func (p *Partners) Encode() ([]byte, error) {
	slices.SortFunc(p.Merchants, func(a, b PartnerMerchant) int { return cmp.Compare(a.Merchant, b.Merchant) })
	slices.SortFunc(p.Articles, func(a, b PartnerArticle) int {
		return cmp.Or(cmp.Compare(a.Merchant, b.Merchant), cmp.Compare(a.Article, b.Article))
	})
	return json.Marshal(p)
}

// Overrides are partners' settings that are ready to be applied.
type Overrides struct {
	Settings *settings.Settings // with those of the merchants
	articles map[table.Key]map[string]json.RawMessage
	bad      map[string]error // merchants whose settings can't be used
}

// NewOverrides puts what Encode has written above the settings of the file. A merchant whose settings can't be used, because the
// rules have become stricter since they were accepted, does not stop the others: its articles become rejects.
func NewOverrides(base *settings.Settings, data []byte) (*Overrides, error) {
	var p Partners
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(&p); err != nil {
		return nil, fmt.Errorf("partners' settings: %w", err)
	}
	o := &Overrides{Settings: base, articles: map[table.Key]map[string]json.RawMessage{}, bad: map[string]error{}}
	good := map[string]map[string]json.RawMessage{}
	for _, m := range p.Merchants {
		if _, err := parsePartners(map[string]map[string]json.RawMessage{m.Merchant: m.Settings}); err != nil {
			o.bad[m.Merchant] = err
			continue
		}
		good[m.Merchant] = m.Settings
	}
	if len(good) > 0 {
		parsed, err := parsePartners(good)
		if err != nil {
			return nil, err
		}
		o.Settings = base.Merge(parsed)
	}
	for _, a := range p.Articles {
		o.articles[table.Key{Merchant: a.Merchant, Article: a.Article}] = a.Columns
	}
	return o, nil
}

func parsePartners(merchants map[string]map[string]json.RawMessage) (*settings.Settings, error) {
	text, err := json.Marshal(map[string]any{"merchants": merchants})
	if err != nil {
		return nil, err
	}
	return settings.Parse("partners' settings", text)
}

// Apply returns the item with what its partner has set. It does not change the item's row.
func (o *Overrides) Apply(item *table.Item) *table.Item {
	if item.Reject != nil {
		return item
	}
	if err := o.bad[item.Row.Merchant]; err != nil {
		return &table.Item{Reject: &table.Reject{Source: item.Row.Source, Key: item.Row.Key, Reason: err.Error()}}
	}
	columns, ok := o.articles[item.Row.Key]
	if !ok {
		return item
	}
	changed, row := *item, *item.Row
	for name, value := range columns {
		if err := row.SetJSON(name, value); err != nil {
			return &table.Item{Reject: &table.Reject{Source: row.Source, Key: row.Key, Column: name, Value: string(value),
				Reason: "set by the partner: " + err.Error()}}
		}
	}
	changed.Row = &row
	return &changed
}
