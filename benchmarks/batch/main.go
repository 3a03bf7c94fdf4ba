// Command batch measures the nightly run: make in this directory. Each measurement is a command of its own and writes its section of
// RESULTS.md:
//
//	kills   kills runs at random moments, lets them go on, and compares every byte with an undisturbed run's
//	speed   SKUs a second by workers, reading and writing included
//	split   one process against two that share the run
//	linear  time, memory and files by the number of SKUs
//	limits  what limits over all SKUs add
//	peak    memory at millions of SKUs, with few and short scenarios
package main

import (
	"errors"
	"flag"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
)

// options are the flags.
type options struct {
	binary  string
	sizes   []int // SKUs
	rounds  int
	kills   int
	seed    uint64
	dir     string
	results string
	machine string
}

// date is the week of the made data's forecast.
const date = "2011-12-05"

func main() {
	log.SetFlags(0)
	var o options
	var sizes string
	flag.StringVar(&o.binary, "restock", "../../bin/restock", "the program to measure")
	flag.StringVar(&sizes, "skus", "20000", "SKUs of the made data; several, separated by commas, for linear")
	flag.IntVar(&o.rounds, "rounds", 3, "runs of each kind, which alternate; the median counts")
	flag.IntVar(&o.kills, "kills", 100, "runs to kill")
	flag.Uint64Var(&o.seed, "seed", 1, "of the made data and of the moments of the kills")
	flag.StringVar(&o.dir, "dir", "", "folder for the data, which are kept (default: a temporary one)")
	flag.StringVar(&o.results, "results", "", "also write the section to this file")
	flag.Parse()
	commands := map[string]func(*options) (string, error){"kills": kills, "speed": speed, "split": split, "linear": linear,
		"limits": limits, "peak": peak, "away": away}
	command, ok := commands[flag.Arg(0)]
	if !ok || flag.NArg() != 1 {
		log.Fatal("usage: batch [flags] kills|away|speed|split|linear|limits|peak")
	}
	for text := range strings.SplitSeq(sizes, ",") {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 {
			log.Fatalf("-skus %s must be whole numbers of 1 or more, separated by commas", sizes)
		}
		o.sizes = append(o.sizes, n)
	}
	if o.rounds < 1 || o.kills < 1 {
		log.Fatal("-rounds and -kills must be 1 or more")
	}
	if err := o.run(flag.Arg(0), command); err != nil {
		log.Fatal(err)
	}
}

func (o *options) run(name string, command func(*options) (string, error)) (err error) {
	if o.binary, err = filepath.Abs(o.binary); err != nil {
		return err
	}
	if o.dir == "" {
		if o.dir, err = os.MkdirTemp("", "restock-batch-"); err != nil {
			return err
		}
		defer os.RemoveAll(o.dir)
	}
	o.machine = describeMachine()
	text, err := command(o)
	if err != nil {
		return err
	}
	fmt.Print(text)
	if o.results == "" {
		return nil
	}
	return replaceSection(o.results, name, text)
}

// replaceSection puts a command's section between its marks in a Markdown file, at the end if there are none.
func replaceSection(path, name, text string) error {
	old, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	section := fmt.Sprintf("<!-- %s -->\n%s<!-- end of %s -->\n", name, text, name)
	marks := regexp.MustCompile(fmt.Sprintf(`(?s)<!-- %s -->\n.*<!-- end of %s -->\n`, name, name))
	if marks.Match(old) {
		return os.WriteFile(path, marks.ReplaceAllLiteral(old, []byte(section)), 0o644)
	}
	return os.WriteFile(path, append(old, "\n"+section...), 0o644)
}

// input makes an assortment and returns its input folder; one that is there is taken.
func (o *options) input(skus int) (string, error) {
	in := filepath.Join(o.dir, "in-"+strconv.Itoa(skus))
	folder := filepath.Join(in, "date="+date)
	if _, err := os.Stat(filepath.Join(folder, "forecast.parquet")); err == nil {
		return in, nil
	}
	log.Printf("making %d SKUs", skus)
	_, err := measure(o.binary, "demo-data", "--skus", strconv.Itoa(skus), "--seed", strconv.FormatUint(o.seed, 10),
		"--out", folder, "--quiet")
	return in, err
}

// command is a run's command line, with more flags.
func command(in, out string, more ...string) []string {
	return append([]string{"batch", "run", "--input", in, "--output", out, "--date", date, "--quiet"}, more...)
}

// fresh returns the path of an output folder that is not there.
func (o *options) fresh(name string) (string, error) {
	out := filepath.Join(o.dir, "out-"+name)
	return out, os.RemoveAll(out)
}
