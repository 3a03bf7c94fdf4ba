package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"os"

	"go.yaml.in/yaml/v3"
)

// assumptions are the numbers of assumptions.yaml, where each is explained.
type assumptions struct {
	Seed   string `yaml:"seed"`
	Sample struct {
		New             int       `yaml:"new"`
		Running         int       `yaml:"running"`
		Ended           int       `yaml:"ended"`
		NewWeeks        int       `yaml:"new_weeks"`
		EndedWeeks      int       `yaml:"ended_weeks"`
		SpeedClasses    []float64 `yaml:"speed_classes"`
		MinPerClass     int       `yaml:"min_per_class"`
		MinSellingWeeks int       `yaml:"min_selling_weeks"`
	} `yaml:"sample"`
	Merchants []merchant `yaml:"merchants"`
	Reversals struct {
		Hours            float64 `yaml:"hours"`
		AnyCustomerUnits int     `yaml:"any_customer_units"`
	} `yaml:"reversals"`
	Returns struct {
		PriorUnits float64 `yaml:"prior_units"`
		MaxRate    float64 `yaml:"max_rate"`
		Lags       int     `yaml:"lags"`
	} `yaml:"returns"`
	Costs struct {
		UnitCostShare  [2]float64 `yaml:"unit_cost_share"`
		AnnualHolding  float64    `yaml:"annual_holding"`
		Inbound        fee        `yaml:"inbound"`
		Outbound       fee        `yaml:"outbound"`
		Return         fee        `yaml:"return"`
		OverstockShare float64    `yaml:"overstock_share"`
		ClearanceShare float64    `yaml:"clearance_share"`
	} `yaml:"costs"`
	Stock struct {
		RateWeeks int         `yaml:"rate_weeks"`
		PackSizes []float64   `yaml:"pack_sizes"`
		PackWeeks float64     `yaml:"pack_weeks"`
		Mix       []coverBand `yaml:"mix"`
		InTransit struct {
			Share float64    `yaml:"share"`
			Weeks [2]float64 `yaml:"weeks"`
		} `yaml:"in_transit"`
	} `yaml:"stock"`
	Plan struct {
		Share float64 `yaml:"share"`
		Every int     `yaml:"every"`
		Weeks float64 `yaml:"weeks"`
	} `yaml:"plan"`
	Lifecycle struct {
		EndedWeeks    [2]int   `yaml:"ended_weeks"`
		SeasonalWords []string `yaml:"seasonal_words"`
		SeasonalWeeks int      `yaml:"seasonal_weeks"`
	} `yaml:"lifecycle"`
}

// merchant is a fictional merchant: the articles whose description has one of the words. The last merchant has none and takes the rest.
type merchant struct {
	ID          string   `yaml:"id"`
	StorageCost float64  `yaml:"storage_cost"` // money per unit and week
	Words       []string `yaml:"words"`
}

// fee is money per unit: a fixed part and a share of the price.
type fee struct {
	Fixed float64 `yaml:"fixed"`
	Share float64 `yaml:"share"`
}

func (f fee) of(price float64) float64 { return f.Fixed + f.Share*price }

// coverBand is a share of the articles, and the weeks of cover they have in stock, from the first number to the second.
type coverBand struct {
	Share float64    `yaml:"share"`
	Weeks [2]float64 `yaml:"weeks"`
}

func loadAssumptions(path string) (*assumptions, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read the assumptions: %w", err)
	}
	a := new(assumptions)
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	decoder.KnownFields(true)
	if err := decoder.Decode(a); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if n := len(a.Merchants); n == 0 || len(a.Merchants[n-1].Words) > 0 {
		return nil, fmt.Errorf("%s: merchants: the last one must have no words, since it takes all articles that no other one does", path)
	}
	share := 0.0
	for _, band := range a.Stock.Mix {
		share += band.Share
	}
	if share < 0.999 || share > 1.001 {
		return nil, fmt.Errorf("%s: stock.mix: the shares sum to %g, not 1", path, share)
	}
	if len(a.Stock.PackSizes) == 0 || a.Stock.PackSizes[0] != 1 {
		return nil, fmt.Errorf("%s: stock.pack_sizes must begin with 1", path)
	}
	if a.Returns.Lags < 1 || a.Stock.RateWeeks < 1 || a.Plan.Every < 1 {
		return nil, fmt.Errorf("%s: returns.lags, stock.rate_weeks and plan.every must be at least 1", path)
	}
	return a, nil
}

// uniform is a number in [0,1) that depends on the seed, the article and the purpose alone.
func (a *assumptions) uniform(purpose, article string) float64 {
	sum := sha256.Sum256([]byte(a.Seed + "\x00" + purpose + "\x00" + article))
	return float64(binary.BigEndian.Uint64(sum[:8])>>11) / (1 << 53)
}

// between is a number of a range, chosen by uniform.
func (a *assumptions) between(limits [2]float64, purpose, article string) float64 {
	return limits[0] + (limits[1]-limits[0])*a.uniform(purpose, article)
}
