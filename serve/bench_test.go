package serve

import (
	"fmt"
	"testing"
)

// BenchmarkWhatIf is a what-if of one article through the whole handler, 500 + 2,000 scenarios.
func BenchmarkWhatIf(b *testing.B) {
	f := newFixture(b, func(c *Config) {
		if err := c.Settings.Override("scenarios", "500"); err != nil {
			b.Fatal(err)
		}
		if err := c.Settings.Override("eval_scenarios", "2000"); err != nil {
			b.Fatal(err)
		}
		c.Limits.UnitsPerSecond, c.Limits.UnitsBurst, c.Limits.Requests = 1e12, 1e12, 1e9
	})
	for n := 0; b.Loop(); n++ {
		f.ok("north", "POST", "/v1/what-if", fmt.Sprintf(`{"articles":[{"merchant_id":"north","article_id":"a%d","changes":{"lead_time_mean":%d}}]}`, n%10, 2+n%5), nil)
	}
}

// BenchmarkStoredRecommendation is a stored recommendation through the whole handler.
func BenchmarkStoredRecommendation(b *testing.B) {
	f := newFixture(b, func(c *Config) { c.Limits.Requests, c.Limits.Burst = 1e9, 1e9 })
	for n := 0; b.Loop(); n++ {
		f.ok("north", "GET", fmt.Sprintf("%s/articles/a%d/recommendation", north, n%10), "", nil)
	}
}
