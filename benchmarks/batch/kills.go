package main

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"log"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// variant is a way to run.
type variant struct {
	name  string
	in    string
	parts int // processes that share the run, which a merge completes; 0: one process

	want   map[string]string // contents of an undisturbed run's files
	shards int
	whole  time.Duration // that it took
}

// tally counts what kills have met.
type tally struct{ runs, kills, planning, shards, completing int }

func (t *tally) add(o tally) {
	t.runs += o.runs
	t.kills += o.kills
	t.planning += o.planning
	t.shards += o.shards
	t.completing += o.completing
}

// kills kills every run at random moments until one of its attempts gets to the end, at least once each, and compares the result.
func kills(o *options) (string, error) {
	variants, err := o.variants()
	if err != nil {
		return "", err
	}
	chance := rand.New(rand.NewPCG(o.seed, 77))
	tallies := make([]tally, len(variants))
	for i := range o.kills {
		v := &variants[i%len(variants)]
		if err := o.killed(v, &tallies[i%len(variants)], chance); err != nil {
			return "", fmt.Errorf("run %d, %s: %w", i, v.name, err)
		}
		if (i+1)%10 == 0 {
			log.Printf("%d of %d runs, all with the same bytes", i+1, o.kills)
		}
	}
	var b strings.Builder
	fmt.Fprintf(&b, "## Killed runs\n\n`make kills KILLS=%d SEED=%d`. %s.\n\n", o.kills, o.seed, o.machine)
	fmt.Fprintf(&b, `Each run is killed (SIGKILL) at a random moment of the time that an undisturbed one takes and a tenth more, and
started again, until an attempt gets to its end before that; a run that was never killed is begun anew. All its files but timing.jsonl and the
empty locks are then compared with those of an undisturbed run. A merge is killed within 60 ms, which is about what it takes.
%d SKUs in shards of 100, 100 + 200 scenarios, seed %d.

| kind of run | runs | kills | before the plan stood | at the shards | after the last shard | runs with other bytes |
| --- | ---: | ---: | ---: | ---: | ---: | ---: |
`, o.sizes[0], o.seed)
	var all tally
	for i, t := range tallies {
		fmt.Fprintf(&b, "| %s | %d | %d | %d | %d | %d | 0 |\n", variants[i].name,
			t.runs, t.kills, t.planning, t.shards, t.completing)
		all.add(t)
	}
	fmt.Fprintf(&b, "| **all** | **%d** | **%d** | %d | %d | %d | **0** |\n",
		all.runs, all.kills, all.planning, all.shards, all.completing)
	return b.String(), nil
}

// variants prepares the inputs and runs each without disturbance.
func (o *options) variants() ([]variant, error) {
	sorted, err := o.input(o.sizes[0])
	if err != nil {
		return nil, err
	}
	scattered, err := derive(sorted, filepath.Join(o.dir, "in-scattered"), scatter)
	if err != nil {
		return nil, err
	}
	limited, err := derive(sorted, filepath.Join(o.dir, "in-limited"), limitAll)
	if err != nil {
		return nil, err
	}
	list := []variant{{name: "one process, sorted input", in: sorted}, {name: "one process, scattered forecast", in: scattered},
		{name: "one process, limits", in: limited}, {name: "two processes and a merge, scattered, limits", in: "", parts: 2}}
	if list[3].in, err = derive(scattered, filepath.Join(o.dir, "in-both"), limitAll); err != nil {
		return nil, err
	}
	for i := range list {
		v := &list[i]
		out, err := o.fresh("undisturbed")
		if err != nil {
			return nil, err
		}
		u, err := measure(o.binary, v.command(out, 0, 0)...)
		if err != nil {
			return nil, err
		}
		v.whole = u.wall
		if v.want, err = contents(out); err != nil {
			return nil, err
		}
		for name := range v.want {
			if filepath.Base(filepath.Dir(name)) == "shards" {
				v.shards++
			}
		}
		log.Printf("%s: %v, %d shards, %d files", v.name, u.wall.Round(time.Millisecond), v.shards, len(v.want))
	}
	return list, nil
}

// command is the command line of a part; of all for 0 parts.
func (v *variant) command(out string, part, parts int) []string {
	args := command(v.in, out, "--shard-size", "100", "--scenarios", "100", "--eval-scenarios", "200")
	if parts > 0 {
		args = append(args, "--shard", fmt.Sprintf("%d/%d", part, parts), "--workers", "1")
	}
	return args
}

// killed does one run with kills and compares its bytes.
func (o *options) killed(v *variant, t *tally, chance *rand.Rand) error {
	for {
		out, err := o.fresh("killed")
		if err != nil {
			return err
		}
		before := t.kills
		if v.parts == 0 {
			err = o.untilDone(v, t, chance, out, v.command(out, 0, 0))
		} else {
			err = o.inParts(v, t, chance, out)
		}
		if err != nil {
			return err
		}
		got, err := contents(out)
		if err != nil {
			return err
		}
		if err := sameFiles(got, v.want); err != nil {
			return err
		}
		if t.kills > before {
			t.runs++
			return nil
		}
	}
}

// inParts does the parts at once, each killed on its own, and then the merge.
func (o *options) inParts(v *variant, t *tally, chance *rand.Rand, out string) error {
	errs := make(chan error, v.parts)
	tallies := make([]tally, v.parts)
	for i := range v.parts {
		own := rand.New(rand.NewPCG(chance.Uint64(), uint64(i)))
		go func() { errs <- o.untilDone(v, &tallies[i], own, out, v.command(out, i, v.parts)) }()
	}
	var err error
	for range v.parts {
		err = errors.Join(err, <-errs)
	}
	for _, x := range tallies {
		t.add(x)
	}
	if err != nil {
		return err
	}
	return o.untilDone(v, t, chance, out, []string{"batch", "merge", "--output", out, "--date", date, "--quiet"})
}

// untilDone starts a command again and again, and kills it at a random moment, until it gets to its end before that.
func (o *options) untilDone(v *variant, t *tally, chance *rand.Rand, out string, args []string) error {
	limit := v.whole + v.whole/10
	if args[1] == "merge" {
		limit = 60 * time.Millisecond
	}
	for {
		c, err := start(o.binary, args...)
		if err != nil {
			return err
		}
		timer := time.AfterFunc(time.Duration(chance.Int64N(int64(limit))), func() { c.cmd.Process.Kill() })
		_, err = c.wait()
		timer.Stop()
		if err == nil {
			return nil
		}
		if c.cmd.ProcessState.ExitCode() != -1 { // it ended by itself
			return err
		}
		t.kills++
		t.where(out, v)
	}
}

// where counts how far the killed run was.
func (t *tally) where(out string, v *variant) {
	folder := filepath.Join(out, "date="+date)
	finished, _ := filepath.Glob(filepath.Join(folder, "shards", "part-*.json"))
	_, err := os.Stat(filepath.Join(folder, "manifest.json"))
	switch {
	case err != nil:
		t.planning++
	case len(finished) == v.shards:
		t.completing++
	default:
		t.shards++
	}
}

// contents returns the hashes of all files of a folder that two runs of the same input have in common.
func contents(folder string) (map[string]string, error) {
	files := map[string]string{}
	err := filepath.WalkDir(folder, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() || strings.HasPrefix(e.Name(), ".lock") || e.Name() == "timing.jsonl" {
			return err
		}
		data, err := os.ReadFile(path)
		files[strings.TrimPrefix(path, folder)] = fmt.Sprintf("%x", sha256.Sum256(data))
		return err
	})
	return files, err
}

func sameFiles(got, want map[string]string) error {
	have, names := slices.Sorted(maps.Keys(got)), slices.Sorted(maps.Keys(want))
	if !slices.Equal(have, names) {
		return fmt.Errorf("has files %v, an undisturbed run %v", have, names)
	}
	for _, n := range names {
		if got[n] != want[n] {
			return fmt.Errorf("%s differs from that of an undisturbed run", n)
		}
	}
	return nil
}
