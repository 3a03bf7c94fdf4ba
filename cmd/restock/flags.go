package main

import (
	"fmt"
	"log/slog"
	"runtime"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/restock-engine/restock/io/settings"
)

// commonFlags are the flags that several commands share. A command registers the groups that it heeds.
type commonFlags struct {
	config    string
	overrides map[string]*string // flags that stand above the settings, by name

	seed    uint64
	workers count

	format    choice
	logFormat choice
	quiet     bool
}

// overrideFlags are the settings that have a flag, and what to call their value.
var overrideFlags = []struct{ name, usage string }{
	{"horizon", "look `WEEKS` ahead"},
	{"objective", "minimise this of the cost: `NAME` is quantile, mean or cvar"},
	{"quantile", "minimise this quantile of the cost, `P` between 0 and 1"},
	{"candidates", "let the search evaluate at most `N` candidate policies; with more it is more patient"},
	{"scenarios", "compare candidate policies on `N` scenarios"},
	{"eval-scenarios", "report figures from `N` fresh scenarios"},
}

// registerSettings adds --config and the named flags that stand above the settings.
func (f *commonFlags) registerSettings(cmd *cobra.Command, overrides ...string) {
	cmd.Flags().StringVar(&f.config, "config", "", "settings `FILE` (default restock.yaml of this folder, if there is one)")
	f.overrides = make(map[string]*string, len(overrides))
	for _, o := range overrideFlags {
		if slices.Contains(overrides, o.name) {
			f.overrides[o.name] = cmd.Flags().String(o.name, "", o.usage+" (default from the settings)")
		}
	}
}

// registerRun adds --seed and --workers.
func (f *commonFlags) registerRun(cmd *cobra.Command) {
	f.workers = count(runtime.GOMAXPROCS(0))
	cmd.Flags().Uint64Var(&f.seed, "seed", 1, "all randomness follows from this `NUMBER`: same input, same seed, same answer")
	cmd.Flags().Var(&f.workers, "workers", "work on `N` articles at a time; the answer does not depend on it")
}

// registerOutput adds --format.
func (f *commonFlags) registerOutput(cmd *cobra.Command) {
	f.format = newChoice("table", "json", "csv")
	cmd.Flags().Var(&f.format, "format", "print results as table, json or csv")
}

// registerLog adds --quiet and --log-format.
func (f *commonFlags) registerLog(cmd *cobra.Command) {
	f.logFormat = newChoice("text", "json")
	cmd.Flags().Var(&f.logFormat, "log-format", "print messages on standard error as text or json")
	cmd.Flags().BoolVar(&f.quiet, "quiet", false, "print nothing on standard error but warnings and errors")
}

// load reads the settings and puts the flags that the user gave above them.
func (f *commonFlags) load(cmd *cobra.Command) (*settings.Settings, error) {
	s, err := settings.Load(f.config)
	if err != nil {
		return nil, withHint(err, "'restock config show --example' prints a complete settings file")
	}
	for _, o := range overrideFlags {
		if text, ok := f.overrides[o.name]; ok && cmd.Flags().Changed(o.name) {
			if err := s.Override(o.name, *text); err != nil {
				return nil, usageErrorf(seeHelp(cmd), "flag --%w", err)
			}
		}
	}
	return s, nil
}

// logger returns where messages go: standard error, without a time in text.
func (f *commonFlags) logger(e *env) *slog.Logger {
	options := &slog.HandlerOptions{Level: slog.LevelInfo}
	if f.quiet {
		options.Level = slog.LevelWarn
	}
	if f.logFormat.value == "json" {
		return slog.New(slog.NewJSONHandler(e.stderr, options))
	}
	options.ReplaceAttr = func(groups []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey && len(groups) == 0 {
			return slog.Attr{}
		}
		return a
	}
	return slog.New(slog.NewTextHandler(e.stderr, options))
}

// choice is a flag value that is one of a few words, the first by default.
type choice struct {
	value string
	words []string
}

func newChoice(words ...string) choice { return choice{words[0], words} }

func (c *choice) String() string { return c.value }

// Type is what the help shows as the flag's value.
func (c *choice) Type() string { return strings.Join(c.words, "|") }

// Set implements pflag.Value.
func (c *choice) Set(text string) error {
	if !slices.Contains(c.words, text) {
		return fmt.Errorf("must be one of %s", strings.Join(c.words, ", "))
	}
	c.value = text
	return nil
}

// count is a flag value that is a whole number of 1 or more.
type count int

func (c *count) String() string { return strconv.Itoa(int(*c)) }

// Type implements pflag.Value.
func (c *count) Type() string { return "count" }

// Set implements pflag.Value.
func (c *count) Set(text string) error {
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		return fmt.Errorf("must be a whole number of 1 or more")
	}
	*c = count(n)
	return nil
}
