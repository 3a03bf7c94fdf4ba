package store

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
)

// single starts one server on loopback.
func single(t *testing.T) (url string) {
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

func openWork(t *testing.T, url string) *Store {
	t.Helper()
	s, err := OpenWork(t.Context(), Options{URL: url})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

// TestWork: tasks are done once each however often they are submitted; one whose process is gone is done by another; one that
// fails always is given up with its reason, and can be submitted again at once.
func TestWork(t *testing.T) {
	url := single(t)
	s := openWork(t, url)
	revisions := map[string]uint64{}
	submit := func(items ...string) {
		t.Helper()
		for _, item := range items {
			revision, err := s.Submit(t.Context(), Task{"run", item, []byte(item)})
			if err != nil {
				t.Fatal(err)
			}
			if before := revisions[item]; before != 0 && before != revision {
				t.Errorf("%s is in the queue as %d and %d", item, before, revision)
			}
			revisions[item] = revision
		}
	}
	all := []string{"a.1", "b", "c", "fails"}
	submit(all...)
	submit(all...)
	submit("b")
	waiting, err := s.Waiting(t.Context(), "run")
	if got := slices.Sorted(maps.Keys(waiting)); err != nil || !slices.Equal(got, all) {
		t.Fatalf("waiting: %v, %v", got, err)
	}
	if other, err := s.Waiting(t.Context(), "ru"); err != nil || len(other) > 0 {
		t.Errorf("of another group: %v, %v", other, err)
	}

	// A process takes a task and is gone.
	gone := openWork(t, url)
	taken := make(chan string, 1)
	go func() {
		_ = gone.Work(t.Context(), Work{Lost: time.Second, Do: func(ctx context.Context, data []byte) error {
			taken <- string(data)
			gone.conn.Close() // no sign of life, no answer
			<-t.Context().Done()
			return nil
		}})
	}()
	lost := <-taken

	var mu sync.Mutex
	done := map[string]int{}
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	var working sync.WaitGroup
	for range 2 {
		worker := openWork(t, url)
		working.Go(func() {
			_ = worker.Work(ctx, Work{Lost: time.Second, Attempts: 2, Do: func(ctx context.Context, data []byte) error {
				if string(data) == "fails" {
					return errors.New("always")
				}
				if string(data) == "c" {
					time.Sleep(1500 * time.Millisecond) // longer than a silent process is waited for
				}
				mu.Lock()
				done[string(data)]++
				mu.Unlock()
				return nil
			}})
		})
	}
	eventually(t, "nothing waits", func() bool {
		waiting, err := s.Waiting(t.Context(), "run")
		return err == nil && len(waiting) == 0
	})
	mu.Lock()
	if want := map[string]int{"a.1": 1, "b": 1, "c": 1}; !maps.Equal(done, want) {
		t.Errorf("done %v, want %v; %s was lost", done, want, lost)
	}
	mu.Unlock()
	if reason, err := s.GivenUp(t.Context(), Task{Group: "run", Item: "fails"}, revisions["fails"]); err != nil || reason != "always" {
		t.Errorf("given up because of %q, %v", reason, err)
	}
	if reason, err := s.GivenUp(t.Context(), Task{Group: "run", Item: "b"}, revisions["b"]); err != nil || reason != "" {
		t.Errorf("b was given up because of %q, %v", reason, err)
	}
	stop()
	working.Wait()
	delete(revisions, "fails")
	submit("fails")
	if reason, err := s.GivenUp(t.Context(), Task{Group: "run", Item: "fails"}, revisions["fails"]); err != nil || reason != "" {
		t.Errorf("what was submitted again was given up because of %q, %v", reason, err)
	}
	if waiting, err := s.Waiting(t.Context(), "run"); err != nil || !waiting["fails"] {
		t.Errorf("submitted again: %v, %v", waiting, err)
	}
	if _, err := s.Submit(t.Context(), Task{"other run", "b", nil}); err != nil {
		t.Fatal(err)
	}
	if err := s.Withdraw(t.Context(), "run"); err != nil {
		t.Fatal(err)
	}
	mine, err := s.Waiting(t.Context(), "run")
	others, err2 := s.Waiting(t.Context(), "other run")
	if len(mine) > 0 || len(others) != 1 || err != nil || err2 != nil {
		t.Errorf("withdrawn: %v are left, of another group %v; %v, %v", mine, others, err, err2)
	}
}

// TestInterruptedWork: a task whose process is stopped goes back at once.
func TestInterruptedWork(t *testing.T) {
	s := openWork(t, single(t))
	if _, err := s.Submit(t.Context(), Task{"g", "x", nil}); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	err := s.Work(ctx, Work{Do: func(ctx context.Context, _ []byte) error {
		stop()
		<-ctx.Done()
		return fmt.Errorf("half done: %w", ctx.Err())
	}})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
	ctx, stop = context.WithTimeout(t.Context(), 10*time.Second) // less than until a silent process is given up
	again := false
	_ = s.Work(ctx, Work{Do: func(context.Context, []byte) error { again = true; stop(); return nil }})
	if !again {
		t.Error("the task did not come again")
	}
}

// TestOpenWorkNowhere: without servers there is an error that names them, without password.
func TestOpenWorkNowhere(t *testing.T) {
	_, err := OpenWork(t.Context(), Options{URL: "nats://user:secret@127.0.0.1:1"})
	if err == nil || err.Error() != "NATS at …@127.0.0.1:1: nats: no servers available for connection" {
		t.Errorf("error %v", err)
	}
}
