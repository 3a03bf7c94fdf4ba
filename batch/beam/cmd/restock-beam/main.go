// Command restock-beam runs a nightly run on Apache Beam. Flags are those of the runner (--runner prism, flink, universal, spark, dataflow, --endpoint,
// --environment_type …), and these.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/x/beamx"

	pipeline "github.com/restock-engine/restock/batch/beam"
)

func main() {
	var r pipeline.Run
	flag.StringVar(&r.Input, "input", "", "read from `FOLDER`/date=DATE, which all workers have under this name")
	flag.StringVar(&r.Output, "output", "", "write to `FOLDER`/date=DATE, which all workers have under this name")
	flag.StringVar(&r.Date, "date", "", "`DATE` of the run, as 2026-01-05")
	flag.StringVar(&r.Config, "config", "", "settings `FILE` (default restock.yaml of the dated folder or of the input folder)")
	flag.Uint64Var(&r.Seed, "seed", 1, "all randomness follows from this `NUMBER`")
	flag.Int64Var(&r.ShardSize, "shard-size", 0, "make shards of about `N` articles (default as restock batch run)")
	flag.IntVar(&r.Workers, "workers", 1, "processors that each part uses; the runner does several parts at a time")
	parts := flag.Int("parts", 64, "divide the run into `N` parts, several for each worker, so that a slow one does fewer")
	flag.Parse()
	beam.Init()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if r.Input == "" || r.Output == "" || r.Date == "" {
		fmt.Fprintln(os.Stderr, "error: --input, --output and --date are needed; --help tells more")
		os.Exit(2)
	}
	o, err := pipeline.Execute(ctx, r, *parts, beamx.Run)
	if err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
	t := &o.Summary.Totals
	fmt.Printf("%d rows in = %d recommendations + %d rejects, in %s\n", t.In, t.Recommendations, t.Rejects, o.Folder)
}
