package settings

import (
	"strings"

	"github.com/restock-engine/restock/io/table"
)

// key is one thing that can be set. The first ones are the optional scalar columns of the articles table, by the number of their
// [table.Param]; a list stands behind the scalars that it replaces, so that it is applied after them.
type key int

const (
	returnLagWeights = key(table.NumParams) + iota
	leadTimeSamples
	horizon
	units
	inboundBeforeDemand
	discount
	returnMode
	demandAutocorrelation
	trigger
	objective
	quantile
	minFillRate
	candidates
	scenarios
	evalScenarios
	numKeys
)

// keyDocs say what each key means, for people who read the example file, and which words it takes if it takes words.
var keyDocs = [numKeys]struct {
	name    string
	meaning string
	words   []string
}{
	table.HoldingCost:     {meaning: "money per unit on hand at the end of a week"},
	table.InboundCost:     {meaning: "money per unit ordered"},
	table.OutboundCost:    {meaning: "money per unit sold"},
	table.ReturnCost:      {meaning: "money per unit returned"},
	table.OverstockCost:   {meaning: "money per unit on hand or outstanding after the last week; negative for a salvage value"},
	table.OrderCost:       {meaning: "money per order"},
	table.ReturnRate:      {meaning: "share of sold units that come back, 0 to 1"},
	table.ResalableShare:  {meaning: "share of returned units that can be sold again, 0 to 1"},
	table.LostSaleCost:    {meaning: "money per unit of demand not met"},
	table.LeadTimeMean:    {meaning: "mean weeks from order to available for sale"},
	table.LeadTimeCV:      {meaning: "standard deviation of the lead time divided by its mean; 0: always the mean"},
	table.ReviewPeriod:    {meaning: "weeks between two chances to order"},
	table.ReviewPhase:     {meaning: "a week e is a review week if (e - review_phase) mod review_period = 0; week 0 begins now"},
	table.PackSize:        {meaning: "units; an order is rounded up to a multiple"},
	table.MOQ:             {meaning: "units; the smallest order, raised to full packs"},
	table.MaxOrder:        {meaning: "units; the largest order, or none"},
	table.LifecycleWeeks:  {meaning: "weeks until an article leaves the assortment; a horizon beyond is cut"},
	returnLagWeights:      {"return_lag_weights", "shares of a week's returns that come back 1, 2, ... weeks later; sum 1", nil},
	leadTimeSamples:       {"lead_time_samples", "past lead times in weeks, drawn from instead of lead_time_mean and lead_time_cv", nil},
	horizon:               {"horizon", "weeks looked ahead", nil},
	units:                 {"units", "whole, or continuous for goods that are not counted (kilograms, litres)", []string{"whole", "continuous"}},
	inboundBeforeDemand:   {"inbound_before_demand", "share of a week's arrivals and returns that can serve that week's demand, 0 to 1", nil},
	discount:              {"discount", "weight of a week's costs relative to the week before, above 0 to 1", nil},
	returnMode:            {"return_mode", "sampled: a week's returns come back together; expected: spread, for continuous units", []string{"sampled", "expected"}},
	demandAutocorrelation: {"demand_autocorrelation", "correlation of one week's demand with the next week's, between -1 and 1", nil},
	trigger:               {"trigger", "when a reorder is due: stock, position (stock and outstanding orders), or auto: the better one", []string{"stock", "position", "auto"}},
	objective:             {"objective", "what is minimised of the cost: quantile, mean or cvar (mean of the worst 1 - quantile)", []string{"quantile", "mean", "cvar"}},
	quantile:              {"quantile", "which quantile, between 0 and 1", nil},
	minFillRate:           {"min_fill_rate", "smallest share of demand to serve on average, 0 to 1; 0: none", nil},
	candidates:            {"candidates", "candidate policies that the search may evaluate; it mostly needs fewer, but with more it is more patient", nil},
	scenarios:             {"scenarios", "scenarios that candidate policies are compared on", nil},
	evalScenarios:         {"eval_scenarios", "fresh scenarios that the reported figures come from", nil},
}

// String returns the key as it stands in the file.
func (k key) String() string {
	if k < key(table.NumParams) {
		return table.Param(k).String()
	}
	return keyDocs[k].name
}

// parseKey finds a key by its name; a hyphen serves as an underscore, as in flags.
func parseKey(name string) (key, bool) {
	name = strings.ReplaceAll(name, "-", "_")
	for k := range numKeys {
		if k.String() == name {
			return k, true
		}
	}
	return 0, false
}

func keyNames() []string {
	names := make([]string, numKeys)
	for k := range numKeys {
		names[k] = k.String()
	}
	return names
}

// KeyInfo is a key and what it means.
type KeyInfo struct{ Key, Meaning string }

// Keys lists all keys.
func Keys() []KeyInfo {
	var list []KeyInfo
	for k := range numKeys {
		list = append(list, KeyInfo{k.String(), keyDocs[k].meaning})
	}
	return list
}
