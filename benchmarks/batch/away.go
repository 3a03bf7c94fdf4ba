package main

import (
	"errors"
	"fmt"
	"log"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats-server/v2/server"
)

// away is kills of runs whose input and output are in object stores (buckets of files), and of runs whose shards are done by
// workers that take them from a queue and are killed as well.
func away(o *options) (string, error) {
	variants, err := o.variants()
	if err != nil {
		return "", err
	}
	v := &variants[len(variants)-1] // a scattered forecast and limits: a run has nothing more
	chance := rand.New(rand.NewPCG(o.seed, 78))
	var b strings.Builder
	fmt.Fprintf(&b, "## Killed runs over object stores and with a queue\n\n`make away KILLS=%d SEED=%d`. %s.\n\n", o.kills, o.seed, o.machine)
	fmt.Fprintf(&b, `As above, with a scattered forecast and limits; the undisturbed run is the same, over folders. Object stores are folders behind
the same interface (file://). With a queue, which is in a NATS server of this program, two workers are killed (SIGKILL) at random moments up to five
times as long as an undisturbed run takes, and started again; the process that waits for them is killed, too. %d SKUs in shards of 100, 100 + 200
scenarios, seed %d.

| kind of run | runs | kills of the process | kills of workers | runs with other bytes |
| --- | ---: | ---: | ---: | ---: |
`, o.sizes[0], o.seed)
	for _, k := range []kind{{"object stores", true, false}, {"a queue and two workers, folders", false, true},
		{"a queue and two workers, object stores", true, true}} {
		var t tally
		workers := 0
		for i := range o.kills {
			n, err := o.killedAway(v, k, &t, chance)
			if err != nil {
				return "", fmt.Errorf("%s, run %d: %w", k.name, i, err)
			}
			workers += n
		}
		fmt.Fprintf(&b, "| %s | %d | %d | %d | 0 |\n", k.name, o.kills, t.kills, workers)
		log.Printf("%s: %d runs, all with the same bytes", k.name, o.kills)
	}
	return b.String(), nil
}

// kind is a kind of run that is not over folders by one process.
type kind struct {
	name          string
	stores, queue bool
}

// killedAway does one run with kills, compares its bytes, and returns how many workers were killed.
func (o *options) killedAway(v *variant, k kind, t *tally, chance *rand.Rand) (workers int, err error) {
	out, err := o.fresh("away")
	if err != nil {
		return 0, err
	}
	stage := filepath.Join(o.dir, "stage")
	defer os.RemoveAll(stage)
	args := v.command(out, 0, 0)
	if k.stores {
		for i, a := range args {
			if a == v.in || a == out {
				args[i] = "file://" + filepath.ToSlash(a)
			}
		}
	}
	args = append(args, "--stage", stage)
	if !k.queue {
		err = o.untilDone(v, t, chance, out, args)
	} else {
		workers, err = o.withQueue(v, t, chance, out, stage, args)
	}
	if err != nil {
		return workers, err
	}
	got, err := contents(out)
	if err != nil {
		return workers, err
	}
	return workers, sameFiles(got, v.want)
}

// withQueue does a run by two workers, and returns how often one was killed.
func (o *options) withQueue(v *variant, t *tally, chance *rand.Rand, out, stage string, args []string) (killed int, err error) {
	folder, err := o.fresh("nats")
	if err != nil {
		return 0, err
	}
	ns, err := server.NewServer(&server.Options{Host: "127.0.0.1", Port: -1, NoLog: true, NoSigs: true, JetStream: true, StoreDir: folder,
		DisableJetStreamBanner: true})
	if err != nil {
		return 0, err
	}
	go ns.Start()
	defer func() { ns.Shutdown(); ns.WaitForShutdown() }()
	if !ns.ReadyForConnections(20 * time.Second) {
		return 0, errors.New("the NATS server does not start")
	}
	done := make(chan struct{})
	var kills [2]int
	var errs [2]error
	var working sync.WaitGroup
	for i := range kills {
		own := rand.New(rand.NewPCG(chance.Uint64(), uint64(i)))
		working.Go(func() { kills[i], errs[i] = o.killedWorker(done, 5*v.whole, own, ns.ClientURL(), stage) })
	}
	err = o.untilDone(v, t, chance, out, append(args, "--queue", ns.ClientURL()))
	close(done)
	working.Wait()
	return kills[0] + kills[1], errors.Join(err, errs[0], errs[1])
}

// killedWorker kills a worker at random moments and starts another, until done is closed.
func (o *options) killedWorker(done chan struct{}, limit time.Duration, chance *rand.Rand, url, stage string) (kills int, err error) {
	for {
		c, err := start(o.binary, "batch", "work", "--queue", url, "--stage", stage, "--workers", "1", "--quiet")
		if err != nil {
			return kills, err
		}
		ended := false
		select {
		case <-done:
			ended = true
		case <-time.After(time.Duration(chance.Int64N(int64(limit)))):
		}
		if err := c.cmd.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
			return kills, err
		}
		if _, err := c.wait(); c.cmd.ProcessState.ExitCode() != -1 { // it ended by itself
			return kills, err
		}
		if ended {
			return kills, nil
		}
		kills++
	}
}
