package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/restock-engine/restock/internal/suggest"
)

// env is what the commands know of the outside; files they open by name.
type env struct {
	stdin          io.Reader
	stdout, stderr io.Writer
}

// run is the whole program: it runs the command that the arguments name, and returns the exit code.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	root := newRootCommand(&env{stdin, stdout, stderr})
	root.SetArgs(slices.Concat([]string{}, args)) // never nil, which cobra takes for os.Args
	root.SetIn(stdin)
	root.SetOut(stdout)
	root.SetErr(stderr)
	return report(ctx, stderr, root.ExecuteContext(ctx))
}

func newRootCommand(e *env) *cobra.Command {
	root := &cobra.Command{
		Use:   "restock",
		Short: "Recommends replenishment orders from stock, costs and a demand forecast",
		Long: `restock tells for every article what to order now, how much and why: it simulates the weeks ahead in
hundreds of scenarios of demand, lead times and returns, and picks the ordering policy that costs least.`,
		Example:       "  restock config show --example > restock.yaml\n  restock config show",
		Version:       readBuild().Version,
		SilenceErrors: true,
		SilenceUsage:  true,
	}
	root.SetFlagErrorFunc(flagError)
	root.PersistentPreRunE = keepsInputs
	group(root,
		newForecastCommand(e),
		newOptimizeCommand(e),
		newSimulateCommand(e),
		newBacktestCommand(e),
		newBatchCommand(e),
		newValidateCommand(e),
		newDemoDataCommand(e),
		newServeCommand(e),
		newKeysCommand(e),
		newConfigCommand(e),
		newVersionCommand(e),
	)
	return root
}

// group makes a command of commands: alone it prints its help, and an unknown name is a usage error with the nearest known one.
func group(parent *cobra.Command, children ...*cobra.Command) {
	parent.AddCommand(children...)
	parent.Args = func(cmd *cobra.Command, args []string) error {
		if len(args) == 0 {
			return nil
		}
		var names []string
		for _, c := range cmd.Commands() {
			names = append(names, c.Name())
		}
		return usageErrorf(didYouMean(suggest.Nearest(args[0], names), cmd), "unknown command %q for %q", args[0], cmd.CommandPath())
	}
	parent.RunE = func(cmd *cobra.Command, _ []string) error { return cmd.Help() }
}

// needs checks a command line for flags that must be there, all at once, and for arguments that no flag takes.
func needs(flags ...string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) > 0 {
			return usageErrorf(seeHelp(cmd), "unexpected argument %q: %q takes flags only", args[0], cmd.CommandPath())
		}
		var missing []string
		for _, name := range flags {
			if f := cmd.Flags().Lookup(name); f.Value.String() == "" {
				missing = append(missing, "--"+name)
			}
		}
		if len(missing) > 0 {
			return usageErrorf(seeHelp(cmd), "%q needs %s", cmd.CommandPath(), strings.Join(missing, ", "))
		}
		return nil
	}
}

// keepsInputs refuses to write a result over a file that the same command reads, over one in a folder that it reads, or over
// another result.
func keepsInputs(cmd *cobra.Command, _ []string) error {
	results := map[string]string{} // place → flag
	for _, name := range []string{"out", "rejects", "html", "trace", "order"} {
		out := cmd.Flags().Lookup(name)
		if out == nil || out.Value.String() == "" {
			continue
		}
		place := place(out.Value.String())
		if other, taken := results[place]; taken {
			return usageErrorf(seeHelp(cmd), "--%s and --%s are both to be written to %s; name two files", other, name, out.Value)
		}
		results[place] = name
		written, err := os.Stat(out.Value.String())
		if err != nil {
			continue
		}
		folder, err := os.Stat(filepath.Dir(out.Value.String()))
		if err != nil {
			continue
		}
		for _, name := range []string{"articles", "forecast", "history", "config", "sales", "rules"} {
			in := cmd.Flags().Lookup(name)
			if in == nil {
				continue
			}
			paths, _ := filepath.Glob(in.Value.String()) // a pattern that is wrong is told when it is read
			for _, path := range append(paths, in.Value.String()) {
				if read, err := os.Stat(path); err == nil && (os.SameFile(read, written) || os.SameFile(read, folder)) {
					return usageErrorf(seeHelp(cmd), "--%s would write over %s, and --%s reads %s; give it another name",
						out.Name, out.Value, in.Name, path)
				}
			}
		}
	}
	return nil
}

// place is the same for all names of a file, whether it is there or not.
func place(path string) string {
	if real, err := filepath.EvalSymlinks(path); err == nil {
		path = real
	} else if folder, err := filepath.EvalSymlinks(filepath.Dir(path)); err == nil {
		path = filepath.Join(folder, filepath.Base(path))
	}
	if whole, err := filepath.Abs(path); err == nil {
		path = whole
	}
	return path
}

func seeHelp(cmd *cobra.Command) string {
	return fmt.Sprintf("run '%s --help' for what it takes and an example", cmd.CommandPath())
}

func didYouMean(name string, cmd *cobra.Command) string {
	if name == "" {
		return seeHelp(cmd)
	}
	return fmt.Sprintf("did you mean %q? %s", name, seeHelp(cmd))
}

// flagError says what is wrong with a flag in restock's words.
func flagError(cmd *cobra.Command, err error) error {
	var unknown *pflag.NotExistError
	if errors.As(err, &unknown) {
		var names []string
		cmd.Flags().VisitAll(func(f *pflag.Flag) { names = append(names, f.Name) })
		near, dashes := suggest.Nearest(unknown.GetSpecifiedName(), names), "--"
		if near != "" {
			near = "--" + near
		}
		if unknown.GetSpecifiedShortnames() != "" {
			near, dashes = "", "-"
		}
		return usageErrorf(didYouMean(near, cmd), "unknown flag %s%s for %q", dashes, unknown.GetSpecifiedName(), cmd.CommandPath())
	}
	var noValue *pflag.ValueRequiredError
	if errors.As(err, &noValue) {
		return usageErrorf(seeHelp(cmd), "flag --%s needs a value", noValue.GetFlag().Name)
	}
	var invalid *pflag.InvalidValueError
	if errors.As(err, &invalid) {
		reason := invalid.Unwrap().Error()
		if errors.Is(err, strconv.ErrSyntax) || errors.Is(err, strconv.ErrRange) {
			reason = "must be " + flagTypes[invalid.GetFlag().Value.Type()]
		} else if strings.HasPrefix(reason, "time: ") {
			reason = "must be a time with its unit, as 90s or 10m"
		}
		return usageErrorf(seeHelp(cmd), "flag --%s: %q %s", invalid.GetFlag().Name, invalid.GetValue(), reason)
	}
	return &exitError{err, seeHelp(cmd), exitUsage}
}

// flagTypes say in words what the flag types of pflag take.
var flagTypes = map[string]string{
	"bool":    "true or false",
	"int":     "a whole number",
	"uint64":  "a whole number of 0 or more",
	"float64": "a number",
}
