//go:build flink

package pipeline

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

const (
	flinkDate   = "2011-12-05"
	flinkShards = 60
)

// programs are what the test runs besides Flink: the command, whose bytes are the right ones, the pipeline, and Beam's program
// that starts the pipeline's workers, here on the taskmanagers' machine instead of in a container.
type programs struct{ restock, pipeline, worker string }

func buildPrograms(ctx context.Context, t *testing.T) programs {
	t.Helper()
	dir := t.TempDir()
	build := func(name, in, pkg string) string {
		t.Helper()
		file := filepath.Join(dir, name)
		command(ctx, t, in, "go", "build", "-ldflags=-s", "-o", file, pkg)
		return file
	}
	p := programs{
		restock:  build("restock", "../..", "./cmd/restock"),
		pipeline: build("restock-beam", ".", "./cmd/restock-beam"),
		worker:   filepath.Join(dir, "start"),
	}
	boot := build("boot", ".", "github.com/apache/beam/sdks/v2/go/container")
	// Each worker has a folder of its own: boot writes where it is started, and always under the same names.
	script := fmt.Sprintf("#!/bin/sh\nhome=$(mktemp -d %q) && cd \"$home\" && exec %q --semi_persist_dir \"$home\" \"$@\"\n",
		filepath.Join(dir, "worker-XXXXXX"), boot)
	if err := os.WriteFile(p.worker, []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { removeCopies(p.pipeline) })
	return p
}

// removeCopies removes the copies of the pipeline that boot leaves behind in /tmp, one for each worker.
func removeCopies(pipeline string) {
	original, err := os.ReadFile(pipeline)
	copies, _ := filepath.Glob("/tmp/bin*/worker")
	for _, file := range copies {
		if data, copyErr := os.ReadFile(file); err == nil && copyErr == nil && bytes.Equal(data, original) {
			_ = os.RemoveAll(filepath.Dir(file))
		}
	}
}

// command runs a program to its end, for five minutes at most.
func command(ctx context.Context, t *testing.T, dir, name string, args ...string) {
	t.Helper()
	ctx, stop := context.WithTimeout(ctx, 5*time.Minute)
	defer stop()
	c := exec.CommandContext(ctx, name, args...)
	c.Dir = dir
	if out, err := c.CombinedOutput(); err != nil {
		t.Fatalf("%s %q: %v\n%s", name, args, err, out)
	}
}

// loss is what is lost in the middle of a run.
type loss struct {
	name string
	lose func(taskmanager *process) // nil: nothing
	left int                        // taskmanagers that are there at the end
}

// On a Flink of several processes, left alone and with parts of it lost in the middle of the run: the bytes of restock batch run.
func TestFlink(t *testing.T) {
	ctx, stop := signal.NotifyContext(t.Context(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	p := buildPrograms(ctx, t)
	dir := t.TempDir()
	in, alone := filepath.Join(dir, "in"), filepath.Join(dir, "alone")
	command(ctx, t, "", p.restock, "demo-data", "--skus", "6000", "--out", filepath.Join(in, "date="+flinkDate))
	command(ctx, t, "", p.restock, "batch", "run", "--input", in, "--output", alone, "--date", flinkDate, "--shard-size", "100")
	want := sums(t, alone)
	if got := len(finished(alone)); got != flinkShards {
		t.Fatalf("%d shards, want %d", got, flinkShards)
	}
	for _, l := range []loss{
		{"nothing", nil, 2},
		{"machine of a taskmanager", (*process).lose, 1},
		{"taskmanager without its worker", func(p *process) { _ = p.Process.Kill() }, 1},
		{"taskmanager that hangs", func(p *process) { _ = p.Process.Signal(syscall.SIGSTOP) }, 1},
		{"worker of a taskmanager", func(p *process) { _ = syscall.Kill(p.workers()[0], syscall.SIGKILL) }, 2},
	} {
		t.Run(l.name, func(t *testing.T) { l.test(ctx, t, p, in, want) })
	}
}

// test runs on a cluster of its own, loses what is to be lost when a third is done, and compares the end with what it must be.
func (l *loss) test(ctx context.Context, t *testing.T, p programs, in string, want map[string]string) {
	flink := newCluster(ctx, t)
	out := filepath.Join(t.TempDir(), "out")
	end := flink.drive(ctx, t, p, in, out)
	var before map[string]time.Time
	if l.lose != nil {
		await(ctx, t, 5*time.Minute, "a third of the shards", func() bool {
			select {
			case err := <-end:
				t.Fatalf("the run was over before anything was lost: %v", err)
			default:
			}
			return len(finished(out)) >= flinkShards/3
		})
		for _, m := range flink.taskmanagers {
			if len(m.workers()) == 0 {
				t.Fatalf("%s has no worker: the parts are not spread", m.name)
			}
		}
		l.lose(flink.taskmanagers[1])
		before = finished(out)
	}
	if err := <-end; err != nil {
		t.Fatal(err)
	}
	same(t, sums(t, out), want)
	after := finished(out)
	for name, written := range before {
		if !after[name].Equal(written) {
			t.Errorf("%s was finished and is written again", name)
		}
	}
	state, failure, err := flink.job(ctx)
	if err != nil || state != "FINISHED" || (failure != "") != (l.lose != nil) {
		t.Errorf("flink's job is %s (%v) after the failure %.200q", state, err, failure)
	}
	await(ctx, t, time.Minute, fmt.Sprintf("%d taskmanagers that are left", l.left), func() bool { return flink.present(ctx) == l.left })
	t.Logf("%d files as those of restock batch run; %d of %d shards were finished at the loss and kept; Flink saw: %.120q",
		len(want), len(before), flinkShards, failure)
}

// drive starts a run on the cluster, and tells when it has come to its end.
func (c *cluster) drive(ctx context.Context, t *testing.T, p programs, in, out string) <-chan error {
	t.Helper()
	ctx, stop := context.WithTimeout(ctx, 8*time.Minute)
	driver := exec.CommandContext(ctx, p.pipeline, "--input", in, "--output", out, "--date", flinkDate,
		"--shard-size", "100", "--parts", "30", "--runner", "flink", "--endpoint", c.jobs, "--parallelism", "2",
		"--worker_binary", p.pipeline, "--environment_type", "PROCESS",
		"--environment_config", fmt.Sprintf("{\"command\": %q}", p.worker))
	end, over := make(chan error, 1), make(chan struct{})
	go func() {
		defer close(over)
		said, err := driver.CombinedOutput()
		if err != nil {
			err = fmt.Errorf("restock-beam: %w\n%s", err, said)
		}
		end <- err
	}()
	t.Cleanup(func() { stop(); <-over })
	return end
}

// finished are the shards of a run that are finished, and when that was.
func finished(output string) map[string]time.Time {
	all := map[string]time.Time{}
	files, _ := filepath.Glob(filepath.Join(output, "date="+flinkDate, "shards", "*.json"))
	for _, file := range files {
		if info, err := os.Stat(file); err == nil {
			all[filepath.Base(file)] = info.ModTime()
		}
	}
	return all
}
