package main

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
)

// natsServer starts a server on loopback and returns its URL.
func natsServer(t *testing.T) string {
	t.Helper()
	ns, err := server.NewServer(&server.Options{Host: "127.0.0.1", Port: -1, NoLog: true, NoSigs: true, JetStream: true,
		StoreDir: t.TempDir(), DisableJetStreamBanner: true})
	if err != nil {
		t.Fatal(err)
	}
	go ns.Start()
	t.Cleanup(func() { ns.Shutdown(); ns.WaitForShutdown() })
	if !ns.ReadyForConnections(20 * time.Second) {
		t.Fatal("the server does not start")
	}
	return ns.ClientURL()
}

// syncWriter lets a test read what commands at work have written.
type syncWriter struct {
	mu   sync.Mutex
	text strings.Builder
}

func (w *syncWriter) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.text.Write(p)
}

func (w *syncWriter) String() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.text.String()
}

// files returns the contents of a run's files but locks and times.
func files(t *testing.T, folder string) map[string]string {
	t.Helper()
	found := map[string]string{}
	err := filepath.WalkDir(folder, func(path string, e os.DirEntry, err error) error {
		if err != nil || e.IsDir() || strings.HasPrefix(e.Name(), ".lock") || e.Name() == "timing.jsonl" {
			return err
		}
		data, err := os.ReadFile(path)
		found[strings.TrimPrefix(path, folder)] = string(data)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// TestBatchQueue: two workers do the shards of a run, one of which is stopped after its first; the files are those of a plain
// run, also when all places are object stores. Each shard is done once.
func TestBatchQueue(t *testing.T) {
	url := natsServer(t)
	dir := t.TempDir()
	in, plain := filepath.Join(dir, "in"), filepath.Join(dir, "plain")
	code, _, stderr := restock(t, "demo-data", "--skus", "60", "--out", filepath.Join(in, "date=2026-01-07"))
	if code != exitDone {
		t.Fatal(stderr)
	}
	run := []string{"batch", "run", "--date", "2026-01-07", "--shard-size", "5", "--scenarios", "20", "--eval-scenarios", "30",
		"--quiet", "--check", "forecast_age_weeks<=100000", "--stage", filepath.Join(dir, "stage")}
	if code, _, stderr := restock(t, append(run, "--input", in, "--output", plain)...); code != exitDone {
		t.Fatal(stderr)
	}
	for name, places := range map[string][]string{
		"folders": {"--input", in, "--output", filepath.Join(dir, "folders")},
		"buckets": {"--input", "file://" + in, "--output", "file://" + filepath.Join(dir, "buckets")},
	} {
		var logs [2]syncWriter
		var working sync.WaitGroup
		ctx, stop := context.WithCancel(t.Context())
		first, stopFirst := context.WithCancel(ctx)
		for i, ctx := range []context.Context{first, ctx} {
			working.Go(func() {
				code := workIn(ctx, &logs[i], "--queue", url, "--stage", filepath.Join(dir, "stage"), "--workers", "1")
				if code != exitInterrupted {
					t.Errorf("%s: worker %d ended with code %d: %s", name, i, code, &logs[i])
				}
			})
		}
		go func() {
			for !strings.Contains(logs[0].String(), "rows in") && ctx.Err() == nil {
				time.Sleep(time.Millisecond)
			}
			stopFirst()
		}()
		code, stdout, stderr := restock(t, append(append(run, "--queue", url), places...)...)
		if code != exitDone || !strings.Contains(stdout, "12 shards done, 0 kept") {
			t.Errorf("%s: code %d: %s%s", name, code, stdout, stderr)
		}
		stop()
		working.Wait()
		one, two := strings.Count(logs[0].String(), "rows in"), strings.Count(logs[1].String(), "rows in")
		if one == 0 || one+two != 12 {
			t.Errorf("%s: %d and %d shards were done", name, one, two)
		}
		want := files(t, plain)
		got := files(t, filepath.Join(dir, name))
		if len(got) != len(want) {
			t.Errorf("%s: %d files, want %d", name, len(got), len(want))
		}
		for path, text := range want {
			if got[path] != text {
				t.Errorf("%s: %s differs", name, path)
			}
		}
	}
}

// workIn is a worker until the context ends.
func workIn(ctx context.Context, log io.Writer, flags ...string) int {
	return run(ctx, append([]string{"batch", "work"}, flags...), strings.NewReader(""), io.Discard, log)
}

// TestBatchQueueMistakes: what can't work is said at once.
func TestBatchQueueMistakes(t *testing.T) {
	dir, flags := datedTables(t)
	queued := append([]string{"batch", "run", "--queue", "nats://127.0.0.1:1"}, flags...)
	for _, c := range []struct {
		args []string
		code int
		want string
	}{
		{queued, exitFailed, "--queue: NATS at nats://127.0.0.1:1: nats: no servers available"},
		{append(queued[:len(queued)-2:len(queued)-2], "--shard", "0/2"), exitUsage, "--shard and --queue exclude each other"},
		{[]string{"batch", "work"}, exitUsage, "needs --queue"},
		{[]string{"batch", "work", "--queue", "nats://127.0.0.1:1"}, exitFailed, "hint: it takes the address of NATS servers"},
	} {
		code, _, stderr := restock(t, c.args...)
		if code != c.code || !strings.Contains(stderr, c.want) {
			t.Errorf("%v: code %d, %s", c.args, code, stderr)
		}
	}
	if _, err := os.Stat(filepath.Join(dir, "out")); err == nil {
		t.Error("a run that could not begin has made its output folder")
	}
}

// TestWorkerGivesUp: a worker that fails again and again ends, so that others do the shards.
func TestWorkerGivesUp(t *testing.T) {
	url := natsServer(t)
	dir, flags := datedTables(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	flags = slices.DeleteFunc(flags, func(f string) bool { return f == "--quiet" })
	ended := make(chan struct{})
	var said syncWriter
	go func() {
		defer close(ended)
		args := append([]string{"batch", "run", "--queue", url, "--shard-size", "1"}, flags...)
		run(ctx, args, strings.NewReader(""), io.Discard, &said)
	}()
	for deadline := time.Now().Add(20 * time.Second); !strings.Contains(said.String(), "shards are in the queue"); {
		if time.Now().After(deadline) {
			t.Fatalf("there are no tasks: %s", &said)
		}
		time.Sleep(5 * time.Millisecond)
	}
	// This machine does not see the input.
	if err := os.Rename(filepath.Join(dir, "in"), filepath.Join(dir, "in.away")); err != nil {
		t.Fatal(err)
	}
	var log syncWriter
	code := workIn(ctx, &log, "--queue", url)
	if code != exitFailed || !strings.Contains(log.String(), "failed 3 times in a row, the last time: run of 2026-01-07 in ") {
		t.Errorf("code %d: %s", code, &log)
	}
	cancel()
	<-ended
}

// TestServeWorksShards: a service does shards beside what it is for, and gives them back when it is stopped.
func TestServeWorksShards(t *testing.T) {
	url := natsServer(t)
	dir, flags := datedTables(t)
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	ended := make(chan int, 1)
	var log syncWriter
	go func() {
		args := []string{"serve", "--data", filepath.Join(dir, "data"), "--insecure", "--listen", "127.0.0.1:0", "--nats", url,
			"--nats-replicas", "1", "--work-shards", "1"}
		ended <- run(ctx, args, strings.NewReader(""), io.Discard, &log)
	}()
	code, stdout, stderr := restock(t, append([]string{"batch", "run", "--queue", url, "--shard-size", "2"}, flags...)...)
	if code != exitDone || !strings.Contains(stdout, "3 shards done, 0 kept") {
		t.Errorf("code %d: %s%s%s", code, stdout, stderr, &log)
	}
	stop()
	if code := <-ended; code != exitDone {
		t.Errorf("the service ended with code %d: %s", code, &log)
	}
	code, _, stderr = restock(t, "serve", "--data", dir, "--work-shards", "2")
	if code != exitUsage || !strings.Contains(stderr, "--work-shards needs --nats") {
		t.Errorf("code %d: %s", code, stderr)
	}
}
