package batch

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"

	"github.com/restock-engine/restock/io/table"
	"github.com/restock-engine/restock/optimize"
)

// Names of the tables of limits in the input, and of the orders that keep them in the output.
const (
	limitsTable  = "limits"
	volumesTable = "volumes"
	ordersFile   = "orders.parquet"
)

// ManifestLimit is a limit as the run was planned with it.
type ManifestLimit struct {
	Merchant string   `json:"merchant_id"`
	Of       string   `json:"limit"`             // money, units or volume
	AtMost   *float64 `json:"at_most,omitempty"` // nil: no upper bound
	AtLeast  float64  `json:"at_least,omitempty"`
}

// LimitResult is what became of a merchant's limit.
type LimitResult struct {
	ManifestLimit
	Wanted      float64 `json:"wanted"` // what the SKUs' own recommendations would use
	Used        float64 `json:"used"`
	Price       float64 `json:"price"`        // dual price, money per unit of the limit
	SKUs        int64   `json:"skus"`         // of the merchant, with a recommendation
	Cut         int64   `json:"cut"`          // that order less than they want
	Raised      int64   `json:"raised"`       // that order more
	Value       float64 `json:"value"`        // money, of the orders against none
	WantedValue float64 `json:"wanted_value"` // money, of the orders wanted
	Bound       float64 `json:"bound"`        // money, no orders that keep the merchant's limits are worth more
	Gap         float64 `json:"gap"`          // (bound - value) / bound
	None        bool    `json:"none"`         // the minimum can't be reached, or costs more than it is worth: nothing is ordered
}

// Lost returns what the limits cost: the value of the orders wanted, without that of the orders.
func (r LimitResult) Lost() float64 { return r.WantedValue - r.Value }

// GapPercent returns the gap in percent.
func (r LimitResult) GapPercent() float64 { return 100 * r.Gap }

// chunkOfLimits bounds how many SKUs are held at a time, if no merchant has more.
const chunkOfLimits = 500_000

// readLimits puts the limits of the input into the manifest, in the order of the merchants.
func (d *Dated) readLimits(m *Manifest) error {
	name := m.input(limitsTable)
	if name == "" {
		return nil
	}
	rows, err := table.ReadLimits(filepath.Join(d.inputFolder(), name))
	if err != nil {
		return err
	}
	for _, r := range rows {
		l := ManifestLimit{Merchant: r.Merchant, Of: r.Of, AtLeast: r.AtLeast}
		if !math.IsInf(r.AtMost, 1) {
			l.AtMost = &r.AtMost
		}
		if l.Of == "volume" && m.input(volumesTable) == "" {
			return fmt.Errorf("%s limits the volume of merchant %s, but %s has no table %s (merchant_id, article_id, volume)",
				name, r.Merchant, d.inputFolder(), volumesTable)
		}
		m.Limits = append(m.Limits, l)
	}
	if path := m.input(volumesTable); path != "" {
		if _, err := table.ReadVolumes(filepath.Join(d.inputFolder(), path), m.limitsVolume); err != nil {
			return err
		}
	}
	slices.SortFunc(m.Limits, func(a, b ManifestLimit) int {
		return cmp.Or(cmp.Compare(a.Merchant, b.Merchant), cmp.Compare(a.Of, b.Of))
	})
	return nil
}

// limitsVolume tells whether the volume of a merchant's orders is limited.
func (m *Manifest) limitsVolume(merchant string) bool {
	return slices.ContainsFunc(m.Limits, func(x ManifestLimit) bool { return x.Merchant == merchant && x.Of == "volume" })
}

// curveOptions returns how the curves of each merchant with limits are computed.
func (m *Manifest) curveOptions() map[string]optimize.CurveOptions {
	options := map[string]optimize.CurveOptions{}
	for _, l := range m.Limits {
		o := optimize.DefaultCurveOptions()
		if l.AtLeast > 0 || options[l.Merchant].More > 0 {
			o.More = o.Steps
		}
		options[l.Merchant] = o
	}
	return options
}

// limiter applies the limits of a run.
type limiter struct {
	*Dated
	manifest *Manifest
	shards   [][]string       // [shard] merchants with limits that it has SKUs of
	skus     map[string]int64 // of each merchant
	volumes  map[table.Key]float64
	out      *table.LimitedOrderWriter
	results  []LimitResult
	warnings []string
}

// applyLimits chooses the orders of all merchants with limits and writes them.
func (d *Dated) applyLimits(m *Manifest, merchants []map[string]int64) (results []LimitResult, warnings []string, err error) {
	if len(m.Limits) == 0 {
		return nil, nil, nil
	}
	l := &limiter{Dated: d, manifest: m, skus: map[string]int64{}}
	limited := m.curveOptions()
	for _, shard := range merchants {
		var names []string
		for _, name := range sortedKeys(shard) {
			if _, ok := limited[name]; ok {
				names = append(names, name)
				l.skus[name] += shard[name]
			}
		}
		l.shards = append(l.shards, names)
	}
	if l.out, err = table.CreateLimitedOrders(filepath.Join(d.folder(), ordersFile)); err != nil {
		return nil, nil, err
	}
	if err := l.inChunks(sortedKeys(limited)); err != nil {
		l.out.Abort()
		return nil, nil, err
	}
	return l.results, l.warnings, l.out.Commit()
}

// inChunks takes as many merchants at a time as fit.
func (l *limiter) inChunks(names []string) error {
	first, held := 0, int64(0)
	for i, name := range names {
		if i > first && held+l.skus[name] > chunkOfLimits {
			if err := l.merchants(names[first:i]); err != nil {
				return err
			}
			first, held = i, 0
		}
		held += l.skus[name]
	}
	return l.merchants(names[first:])
}

// merchants reads the curves of some merchants and allocates to one after the other.
func (l *limiter) merchants(names []string) error {
	keep := func(merchant string) bool { _, ok := slices.BinarySearch(names, merchant); return ok }
	rows := map[string][]table.CurveRow{}
	for i, has := range l.shards {
		path := filepath.Join(l.folder(), curvesFolder, partName(i, ".parquet"))
		if _, err := os.Stat(path); !slices.ContainsFunc(has, keep) || errors.Is(err, fs.ErrNotExist) { // all were rejected
			continue
		}
		err := table.ReadCurves(path, keep, func(r table.CurveRow) {
			rows[r.Merchant] = append(rows[r.Merchant], r)
		})
		if err != nil {
			return err
		}
	}
	if err := l.readVolumes(keep); err != nil {
		return err
	}
	for _, name := range names {
		if err := l.merchant(name, rows[name]); err != nil {
			return fmt.Errorf("limits of merchant %s: %w", name, err)
		}
	}
	return nil
}

func (l *limiter) readVolumes(keep func(merchant string) bool) (err error) {
	needed := func(merchant string) bool { return keep(merchant) && l.manifest.limitsVolume(merchant) }
	if !slices.ContainsFunc(l.manifest.Limits, func(x ManifestLimit) bool { return needed(x.Merchant) }) {
		return nil
	}
	l.volumes, err = table.ReadVolumes(filepath.Join(l.folder(), l.manifest.input(volumesTable)), needed)
	return err
}

// merchant chooses the orders of one merchant.
func (l *limiter) merchant(name string, rows []table.CurveRow) error {
	curves := make([]optimize.Curve, len(rows))
	for i, r := range rows {
		curves[i] = optimize.Curve{Quantity: r.Quantities, Value: r.Values, Wanted: r.Wanted}
	}
	unknown := int64(0)
	var given []ManifestLimit
	var limits []optimize.Limit
	for _, x := range l.manifest.Limits {
		if x.Merchant != name {
			continue
		}
		limit := optimize.Limit{Name: x.Of, AtMost: math.Inf(1), AtLeast: x.AtLeast, Use: make([]float64, len(rows))}
		if x.AtMost != nil {
			limit.AtMost = *x.AtMost
		}
		for i := range rows {
			use, known := l.use(x.Of, &rows[i])
			if !known && len(curves[i].Quantity) > 1 { // what would exceed the limit nobody knows: nothing is ordered
				curves[i] = optimize.Curve{Quantity: []float64{0}, Value: []float64{0}}
				unknown++
			}
			limit.Use[i] = use
		}
		given, limits = append(given, x), append(limits, limit)
	}
	if unknown > 0 {
		l.warnings = append(l.warnings, plural(unknown, "article", "articles")+" of merchant "+name+
			" without a volume, which is limited: nothing is ordered of them")
	}
	if l.skus[name] == 0 {
		l.warnings = append(l.warnings, "there are limits for merchant "+name+", but no article is theirs; is the id spelt as in the articles?")
	}
	a, err := optimize.Allocate(curves, limits)
	if err != nil {
		return err
	}
	cut, raised := int64(0), int64(0)
	for i, r := range rows {
		q, wanted := r.Quantities[a.Choice[i]], r.Quantities[r.Wanted]
		if q < wanted {
			cut++
		}
		if q > wanted {
			raised++
		}
		if q == 0 && wanted == 0 {
			continue
		}
		value := r.Values[a.Choice[i]]
		if err := l.out.Write(table.LimitedOrder{Key: r.Key, Quantity: q, Wanted: wanted, Value: value, Lost: r.Values[r.Wanted] - value}); err != nil {
			return err
		}
	}
	for j, x := range given {
		l.results = append(l.results, LimitResult{x, a.Limits[j].Wanted, a.Limits[j].Used, a.Limits[j].Price, int64(len(rows)), cut, raised,
			a.Value, a.Wanted, a.Bound, a.Gap(), a.None})
	}
	return nil
}

// use is what a unit of a SKU uses of a limit; false if that is not known.
func (l *limiter) use(of string, r *table.CurveRow) (perUnit float64, known bool) {
	switch of {
	case "money":
		return r.UnitCost, true
	case "volume":
		v, ok := l.volumes[r.Key]
		return v, ok
	}
	return 1, true
}

// copyVolumes keeps the volumes with the output: a merge reads no input.
func (d *Dated) copyVolumes(m *Manifest) error {
	path := m.input(volumesTable)
	if path == "" || len(m.Limits) == 0 {
		return nil
	}
	data, err := os.ReadFile(filepath.Join(d.inputFolder(), path))
	if err != nil {
		return err
	}
	return writeAtomic(filepath.Join(d.folder(), path), data)
}
