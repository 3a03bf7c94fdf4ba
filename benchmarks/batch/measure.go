package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"
)

// usage is what a process took.
type usage struct {
	wall, cpu time.Duration
	peak      int64 // bytes of resident memory; 0 where the system does not tell
}

// child is a process under way.
type child struct {
	cmd    *exec.Cmd
	start  time.Time
	stderr bytes.Buffer
}

func start(name string, args ...string) (*child, error) {
	c := &child{cmd: exec.Command(name, args...), start: time.Now()}
	c.cmd.Stderr = &c.stderr
	return c, c.cmd.Start()
}

// wait waits for the end and says what the process took.
func (c *child) wait() (usage, error) {
	err := c.cmd.Wait()
	wall := time.Since(c.start)
	if err != nil {
		return usage{}, fmt.Errorf("%s: %w\n%s", strings.Join(c.cmd.Args, " "), err, c.stderr.String())
	}
	state := c.cmd.ProcessState
	return usage{wall, state.UserTime() + state.SystemTime(), peakMemory(state)}, nil
}

// measure runs a command to its end.
func measure(name string, args ...string) (usage, error) {
	c, err := start(name, args...)
	if err != nil {
		return usage{}, err
	}
	return c.wait()
}

// describeMachine says in one line where and with what the figures were measured.
func describeMachine() string {
	cpu := runtime.GOARCH
	if text, err := os.ReadFile("/proc/cpuinfo"); err == nil {
		for line := range strings.Lines(string(text)) {
			if name, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(name) == "model name" {
				cpu = strings.TrimSpace(value)
				break
			}
		}
	}
	load := "unknown"
	if text, err := os.ReadFile("/proc/loadavg"); err == nil && len(text) > 0 {
		load = strings.Fields(string(text))[0]
	}
	commit := "unknown"
	if text, err := exec.Command("git", "describe", "--always", "--dirty").Output(); err == nil {
		commit = strings.TrimSpace(string(text))
	}
	return fmt.Sprintf("%s, %d processors (load %s when it began), %s/%s, %s, restock %s, %s",
		cpu, runtime.NumCPU(), load, runtime.GOOS, runtime.GOARCH, runtime.Version(), commit, time.Now().UTC().Format(time.DateOnly))
}

// folderBytes is the size of all files of a folder.
func folderBytes(folder string) (sum int64, err error) {
	err = filepath.Walk(folder, func(_ string, info os.FileInfo, err error) error {
		if err == nil && !info.IsDir() {
			sum += info.Size()
		}
		return err
	})
	return sum, err
}

func megabytes(bytes int64) string {
	if bytes == 0 {
		return "unknown"
	}
	return fmt.Sprintf("%d MB", bytes/1e6)
}
