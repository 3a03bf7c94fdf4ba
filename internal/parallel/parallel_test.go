package parallel

import (
	"context"
	"errors"
	"io"
	"testing"
	"time"
)

// counter returns a next that yields 0..n-1.
func counter(n int) func() (int, error) {
	i := 0
	return func() (int, error) {
		if i == n {
			return 0, io.EOF
		}
		i++
		return i - 1, nil
	}
}

func TestResultsComeInOrder(t *testing.T) {
	for _, workers := range []int{1, 3, 8} {
		want := 0
		err := Ordered(context.Background(), workers, counter(500),
			func(_ int, i int) int {
				if i%7 == 0 {
					time.Sleep(time.Millisecond)
				}
				return i * i
			},
			func(r int) error {
				if r != want*want {
					t.Errorf("%d workers: result %d, want %d", workers, r, want*want)
				}
				want++
				return nil
			})
		if err != nil || want != 500 {
			t.Errorf("%d workers: %d results, error %v", workers, want, err)
		}
	}
}

func TestAReadErrorKeepsWhatWasRead(t *testing.T) {
	broken := errors.New("broken")
	next := counter(100)
	emitted := 0
	err := Ordered(context.Background(), 4,
		func() (int, error) {
			i, err := next()
			if i == 30 {
				return 0, broken
			}
			return i, err
		},
		func(_ int, i int) int { return i },
		func(int) error { emitted++; return nil })
	if !errors.Is(err, broken) || emitted != 30 {
		t.Errorf("%d results, error %v", emitted, err)
	}
}

func TestAWriteErrorEndsTheRun(t *testing.T) {
	full := errors.New("disk full")
	emitted, read := 0, 0
	next := counter(1 << 30)
	err := Ordered(context.Background(), 2,
		func() (int, error) { read++; return next() },
		func(_ int, i int) int { return i },
		func(int) error {
			emitted++
			if emitted == 10 {
				return full
			}
			return nil
		})
	if !errors.Is(err, full) || emitted != 10 || read > 100 {
		t.Errorf("%d results, %d read, error %v", emitted, read, err)
	}
}

func TestCancellationKeepsWhatIsUnderWay(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	started, emitted := 0, 0
	next := counter(1 << 30)
	err := Ordered(ctx, 2,
		func() (int, error) {
			started++
			if started == 50 {
				cancel()
			}
			return next()
		},
		func(_ int, i int) int { return i },
		func(r int) error {
			if r != emitted {
				t.Errorf("result %d, want %d", r, emitted)
			}
			emitted++
			return nil
		})
	if !errors.Is(err, context.Canceled) || emitted != started {
		t.Errorf("%d started, %d emitted, error %v", started, emitted, err)
	}
}
