package settings

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"strings"

	"github.com/restock-engine/restock/io/table"
)

// Entry is one key's value and where it comes from.
type Entry struct {
	Key   string `json:"key"`
	Value string `json:"value"` // as it can be written in the file, or words: horizon, none, a formula
	From  string `json:"from"`  // flag, merchant M (file), defaults (file), or built in
}

// Explain returns what holds for a merchant's articles where their rows say nothing, every key in a fixed order. With merchant ""
// or one that the file does not name, that is what holds for all others.
func (s *Settings) Explain(merchant string) []Entry {
	e := s.merchant(merchant)
	e.apply(s.flags)
	from := make([]string, numKeys)
	for k := range numKeys {
		from[k] = "built in"
	}
	for _, l := range []struct {
		name   string
		values layer
	}{
		{fmt.Sprintf("defaults (%s)", s.file), s.defaults},
		{fmt.Sprintf("merchant %s (%s)", merchant, s.file), s.merchants[merchant]},
		{"flag", s.flags},
	} {
		for _, v := range l.values {
			from[v.key] = l.name
			if v.key == key(table.LeadTimeMean) {
				from[leadTimeSamples] = l.name
			}
		}
	}
	entries := make([]Entry, numKeys)
	for k := range numKeys {
		entries[k] = Entry{k.String(), e.text(k), from[k]}
	}
	return entries
}

// Hash returns a SHA-256 of all that holds, in hexadecimal: equal for settings that resolve every article alike, however the file is
// laid out.
func (s *Settings) Hash() string {
	h := sha256.New()
	write := func(section string, e, below *effective) {
		fmt.Fprintf(h, "%q\n", section)
		for k := range numKeys {
			if text := e.text(k); below == nil || text != below.text(k) {
				fmt.Fprintf(h, "%s: %s\n", k, text)
			}
		}
	}
	write("defaults", &s.base, nil)
	for _, name := range s.Merchants() {
		if e := s.merchant(name); !e.sameAs(&s.base) {
			write("merchant "+name, &e, &s.base)
		}
	}
	io.WriteString(h, "flags\n") // a flag beats an article's row, so that it differs from the same value in the file
	flags := builtIn()
	flags.apply(s.flags)
	for _, f := range s.flags {
		fmt.Fprintf(h, "%s: %s\n", f.key, flags.text(f.key))
	}
	return hex.EncodeToString(h.Sum(nil))
}

func (e *effective) sameAs(other *effective) bool {
	for k := range numKeys {
		if e.text(k) != other.text(k) {
			return false
		}
	}
	return true
}

// Example returns a complete settings file with what each key means. Keys that have a sensible built-in default stand there with it;
// those that have none, or would replace others, stand in comments with a value that they could have.
func Example() string {
	var b strings.Builder
	b.WriteString(`# Settings of restock. A value comes from the first of these that has it: a command's flag, the article's row in the articles
# table, the merchant below, the defaults below, what is built in. Every line may be left out. Money is in your own currency.
defaults:
`)
	samples := map[key]string{ // not built in, but what a file may say
		key(table.HoldingCost):    "0.02",
		key(table.LostSaleCost):   "4.5",
		key(table.MaxOrder):       "500",
		key(table.LifecycleWeeks): "26",
		leadTimeSamples:           "[2, 2, 3, 5]",
	}
	e := builtIn()
	for k := range numKeys {
		line := fmt.Sprintf("  %s: %s", k, e.text(k))
		if sample, ok := samples[k]; ok {
			line = fmt.Sprintf("  # %s: %s", k, sample)
		}
		fmt.Fprintf(&b, "%-34s # %s", line, keyDocs[k].meaning)
		if _, ok := samples[k]; ok && e.text(k) != "[]" {
			fmt.Fprintf(&b, " (built in: %s)", e.text(k))
		}
		b.WriteByte('\n')
	}
	b.WriteString(`
# What is different for single merchants, by their merchant_id; the same keys.
merchants:
  # M042:
  #   holding_cost: 0.05
  #   lead_time_samples: [1, 1, 2, 6]
`)
	return b.String()
}
