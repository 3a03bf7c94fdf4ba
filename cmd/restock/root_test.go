package main

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"github.com/restock-engine/restock/io/settings"
)

// runIn runs the program in memory, in an empty folder with the given files.
func runIn(t *testing.T, files map[string]string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	t.Chdir(t.TempDir())
	for name, text := range files {
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	var out, errOut bytes.Buffer
	code = run(t.Context(), args, strings.NewReader(""), &out, &errOut)
	return code, out.String(), errOut.String()
}

func TestWrongUsage(t *testing.T) {
	for _, c := range []struct{ args, want string }{
		{"confg", `unknown command "confg" for "restock"` + "\nhint: did you mean \"config\"?"},
		{"zzz", `unknown command "zzz" for "restock"` + "\nhint: run 'restock --help'"},
		{"config sho", `unknown command "sho" for "restock config"` + "\nhint: did you mean \"show\"?"},
		{"config show now", `unexpected argument "now": "restock config show" takes flags only`},
		{"config show --merchnt x", `unknown flag --merchnt for "restock config show"` + "\nhint: did you mean \"--merchant\"?"},
		{"config show -x", `unknown flag -x for "restock config show"`},
		{"config show --quantile", "flag --quantile needs a value"},
		{"config show --quantile 2", "flag --quantile 2 must be between 0 and 1, both excluded"},
		{"config show --quantile=", "flag --quantile has no value"},
		{"config show --eval-scenarios many", "flag --eval-scenarios must be a number, not many"},
		{"config show --format xml", `flag --format: "xml" must be one of table, json, csv`},
		{"config show --example=perhaps", `flag --example: "perhaps" must be true or false`},
		{"serve --deadline 10", `flag --deadline: "10" must be a time with its unit, as 90s or 10m`},
		{"batch merge --wait soon", `flag --wait: "soon" must be a time with its unit`},
		{"--frobnicate", `unknown flag --frobnicate for "restock"`},
	} {
		code, stdout, stderr := runIn(t, nil, strings.Fields(c.args)...)
		if code != exitUsage || !strings.HasPrefix(stderr, "restock: "+c.want) || !strings.Contains(stderr, "\nhint: ") || stdout != "" {
			t.Errorf("restock %s: exit %d, stdout %q, stderr\n%s\nwant\nrestock: %s", c.args, code, stdout, stderr, c.want)
		}
	}
}

// TestSharedFlags runs a command with every shared flag, as the commands to come have them.
func TestSharedFlags(t *testing.T) {
	newCommand := func(e *env) *cobra.Command {
		var f commonFlags
		var articles string
		cmd := &cobra.Command{Use: "probe", Args: needs("articles"), RunE: func(cmd *cobra.Command, _ []string) error {
			s, err := f.load(cmd)
			if err != nil {
				return err
			}
			f.logger(e).Info("read", "rows", 3)
			f.logger(e).Warn("odd", "row", 2)
			_, err = fmt.Fprintln(e.stdout, articles, f.seed, f.workers, f.format.value, entry(s.Explain(""), "horizon"))
			return err
		}}
		cmd.Flags().StringVar(&articles, "articles", "", "")
		f.registerSettings(cmd, "horizon")
		f.registerRun(cmd)
		f.registerOutput(cmd)
		f.registerLog(cmd)
		return cmd
	}
	for _, c := range []struct {
		args           string
		code           int
		stdout, stderr string
	}{
		{"--articles a.csv --workers 3 --horizon 8", 0, "a.csv 1 3 table {horizon 8 flag}\n", "level=INFO msg=read rows=3\nlevel=WARN msg=odd row=2\n"},
		{"--articles a.csv --workers 3 --seed 18446744073709551615 --format csv --quiet", 0,
			"a.csv 18446744073709551615 3 csv {horizon 12 built in}\n", "level=WARN msg=odd row=2\n"},
		{"", exitUsage, "", "restock: \"restock probe\" needs --articles\nhint: run 'restock probe --help' for what it takes and an example\n"},
		{"--articles=", exitUsage, "", "restock: \"restock probe\" needs --articles\nhint: run 'restock probe --help' for what it takes and an example\n"},
		{"--articles a --seed -1", exitUsage, "", "restock: flag --seed: \"-1\" must be a whole number of 0 or more\nhint: run 'restock probe --help' for what it takes and an example\n"},
		{"--articles a --workers 0", exitUsage, "", "restock: flag --workers: \"0\" must be a whole number of 1 or more\nhint: run 'restock probe --help' for what it takes and an example\n"},
		{"--articles a --scenarios 3", exitUsage, "", "restock: unknown flag --scenarios for \"restock probe\"\nhint: run 'restock probe --help' for what it takes and an example\n"},
	} {
		t.Chdir(t.TempDir())
		var stdout, stderr bytes.Buffer
		root := newRootCommand(&env{stdout: &stdout, stderr: &stderr})
		root.AddCommand(newCommand(&env{stdout: &stdout, stderr: &stderr}))
		root.SetArgs(append([]string{"probe"}, strings.Fields(c.args)...))
		code := report(t.Context(), &stderr, root.ExecuteContext(t.Context()))
		if code != c.code || stdout.String() != c.stdout || stderr.String() != c.stderr {
			t.Errorf("probe %s: exit %d, stdout %q, stderr %q; want %d, %q, %q", c.args, code, stdout.String(), stderr.String(), c.code, c.stdout, c.stderr)
		}
	}
}

func entry(entries []settings.Entry, key string) settings.Entry {
	i := slices.IndexFunc(entries, func(e settings.Entry) bool { return e.Key == key })
	return entries[i]
}

func TestReport(t *testing.T) {
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	rejects := &exitError{errors.New("9 of 100 rows rejected"), "see rejects.csv", exitRejects}
	for _, c := range []struct {
		ctx  context.Context
		err  error
		code int
		want string
	}{
		{t.Context(), nil, exitDone, ""},
		{t.Context(), io.ErrUnexpectedEOF, exitFailed, "restock: unexpected EOF\n"},
		{t.Context(), fmt.Errorf("optimize: %w", rejects), exitRejects, "restock: optimize: 9 of 100 rows rejected\nhint: see rejects.csv\n"},
		{t.Context(), withHint(io.EOF, "look"), exitFailed, "restock: EOF\nhint: look\n"},
		{cancelled, context.Canceled, exitInterrupted, "restock: interrupted\n"},
		{cancelled, withHint(fmt.Errorf("optimize: %w", context.Canceled), "3 articles are kept"), exitInterrupted,
			"restock: optimize: interrupted\nhint: 3 articles are kept\n"},
		{cancelled, io.EOF, exitFailed, "restock: EOF\n"},
	} {
		var stderr strings.Builder
		if code := report(c.ctx, &stderr, c.err); code != c.code || stderr.String() != c.want {
			t.Errorf("%v: exit %d, %q; want %d, %q", c.err, code, stderr.String(), c.code, c.want)
		}
	}
}

// TestHelp asks that every command can be learned from its help: a sentence, and an example to copy that names the command.
func TestHelp(t *testing.T) {
	root := newRootCommand(&env{})
	var visit func(*cobra.Command)
	visit = func(cmd *cobra.Command) {
		if cmd.Short == "" || !strings.Contains(cmd.Example, "  "+cmd.CommandPath()) {
			t.Errorf("%q lacks a short text or an example of itself", cmd.CommandPath())
		}
		code, stdout, stderr := runIn(t, nil, append(strings.Fields(cmd.CommandPath())[1:], "--help")...)
		if code != exitDone || !strings.Contains(stdout, cmd.Example) || stderr != "" {
			t.Errorf("%s --help: exit %d, stderr %q", cmd.CommandPath(), code, stderr)
		}
		for _, c := range cmd.Commands() {
			visit(c)
		}
	}
	visit(root)
}

func TestExamplesOfHelpRun(t *testing.T) {
	settings := map[string]string{"restock.yaml": "merchants:\n  M042:\n    moq: 3\n"}
	for _, cmd := range []*cobra.Command{newRootCommand(&env{}), newConfigCommand(&env{}), newConfigShowCommand(&env{}), newVersionCommand(&env{})} {
		for line := range strings.Lines(cmd.Example) {
			command, _, _ := strings.Cut(line, " > ")
			args := strings.Fields(command)[1:]
			if code, stdout, stderr := runIn(t, settings, args...); code != exitDone || stdout == "" || stderr != "" {
				t.Errorf("%s: exit %d, stderr %q", line, code, stderr)
			}
		}
	}
}

func TestConfigShow(t *testing.T) {
	files := map[string]string{"restock.yaml": "defaults:\n  moq: 2\nmerchants:\n  \"M\\e[31m,x\":\n    moq: 3\n"}
	code, stdout, stderr := runIn(t, files, "config", "show", "--merchant", "M\x1b[31m,x", "--horizon", "9", "--format", "json")
	var entries []settings.Entry
	if err := json.Unmarshal([]byte(stdout), &entries); err != nil || code != exitDone || stderr != "" {
		t.Fatalf("exit %d, %v, %s", code, err, stderr)
	}
	for _, want := range []settings.Entry{
		{Key: "moq", Value: "3", From: "merchant M\x1b[31m,x (restock.yaml)"}, {Key: "horizon", Value: "9", From: "flag"}, {Key: "discount", Value: "1", From: "built in"},
	} {
		if got := entry(entries, want.Key); got != want {
			t.Errorf("json: %v, want %v", got, want)
		}
	}
	_, stdout, _ = runIn(t, files, "config", "show", "--merchant", "M\x1b[31m,x", "--format", "csv")
	if records, err := csv.NewReader(strings.NewReader(stdout)).ReadAll(); err != nil || len(records) != len(entries)+1 {
		t.Errorf("csv: %d records, %v", len(records), err)
	}
	_, stdout, _ = runIn(t, files, "config", "show", "--merchant", "M\x1b[31m,x")
	if strings.ContainsRune(stdout, '\x1b') || !strings.Contains(stdout, "merchant M\uFFFD[31m,x (restock.yaml)") {
		t.Errorf("table passes terminal codes on, or is coloured without a terminal:\n%s", stdout)
	}
}

func TestConfigShowReportsEveryProblemOfTheFile(t *testing.T) {
	code, stdout, stderr := runIn(t, map[string]string{"my.yaml": "defaults:\n  holdin_cost: 1\n  moq: few\n"}, "config", "show", "--config", "my.yaml")
	const want = `restock: 2 problems in the settings:
  my.yaml:2: defaults.holdin_cost: unknown key; did you mean holding_cost?
  my.yaml:3: defaults.moq: must be a number, not few
hint: 'restock config show --example' prints a complete settings file
`
	if code != exitFailed || stdout != "" || stderr != want {
		t.Errorf("exit %d, stdout %q, stderr\n%s", code, stdout, stderr)
	}
}

func TestVersion(t *testing.T) {
	code, stdout, _ := runIn(t, nil, "version", "--format", "json")
	var b build
	if err := json.Unmarshal([]byte(stdout), &b); err != nil || code != exitDone || b != readBuild() || b.Version == "" {
		t.Errorf("exit %d, %v, %+v", code, err, b)
	}
	b = build{Version: "v1.2.3", Revision: "0123456789abcdef", Modified: true, Go: "go1.26", OS: "linux", Arch: "arm64"}
	if got, want := b.String(), "restock v1.2.3 (0123456789ab, modified) go1.26 linux/arm64"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

// failing is a standard output on a full disk.
type failing struct{}

func (failing) Write([]byte) (int, error) { return 0, errors.New("no space left on device") }

func TestOutputThatCannotBeWritten(t *testing.T) {
	t.Chdir(t.TempDir())
	for _, args := range []string{"version", "version --format json", "config show", "config show --format json", "config show --format csv", "config show --example"} {
		var stderr bytes.Buffer
		if code := run(t.Context(), strings.Fields(args), nil, failing{}, &stderr); code != exitFailed || !strings.Contains(stderr.String(), "no space left") {
			t.Errorf("restock %s: exit %d, %s", args, code, stderr.String())
		}
	}
}

// TestInputsAreKept: no command writes over what it reads, by whatever name it is called.
func TestInputsAreKept(t *testing.T) {
	dir, _ := tables(t)
	articles, forecast := filepath.Join(dir, "articles.csv"), filepath.Join(dir, "forecast.csv")
	before, err := os.ReadFile(articles)
	if err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{
		{"optimize", "--out", articles},
		{"optimize", "--out", filepath.Join(dir, "..", filepath.Base(dir), "forecast.csv")},
		{"optimize", "--out", filepath.Join(dir, "out.csv"), "--rejects", articles},
		{"simulate", "--merchant", "m1", "--article", "a1", "--html", articles},
		{"simulate", "--merchant", "m1", "--article", "a1", "--html", articles, "--articles", dir},
	} {
		if !slices.Contains(args, "--articles") {
			args = append(args, "--articles", filepath.Join(dir, "art*.csv"))
		}
		code, _, stderr := restock(t, append(args, "--forecast", forecast)...)
		if code != exitUsage || !strings.Contains(stderr, "would write over") {
			t.Errorf("%v: code %d, %s", args, code, stderr)
		}
	}
	if after, err := os.ReadFile(articles); err != nil || !bytes.Equal(after, before) {
		t.Errorf("articles now have %d bytes, error %v", len(after), err)
	}
}

// TestResultsHavePlacesOfTheirOwn: two results are never written to one file, whose second would replace the first.
func TestResultsHavePlacesOfTheirOwn(t *testing.T) {
	dir, _ := tables(t)
	inputs := []string{"--articles", filepath.Join(dir, "articles.csv"), "--forecast", filepath.Join(dir, "forecast.csv")}
	out := filepath.Join(dir, "out.csv")
	again := filepath.Join(dir, "..", filepath.Base(dir), "out.csv")
	for _, args := range [][]string{
		{"optimize", "--out", out, "--rejects", out},
		{"optimize", "--out", out, "--rejects", dir + "/./out.csv"},
		{"simulate", "--merchant", "m1", "--article", "a1", "--trace", out, "--html", again},
		{"simulate", "--merchant", "m1", "--article", "a1", "--trace", "-", "--html", "-"},
	} {
		code, _, stderr := restock(t, append(args, inputs...)...)
		if code != exitUsage || !strings.Contains(stderr, "name two files") {
			t.Errorf("%v: code %d, %s", args, code, stderr)
		}
	}
	if _, err := os.Stat(out); err == nil {
		t.Error("something was written")
	}
}
