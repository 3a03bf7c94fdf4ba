//go:build flink

package pipeline

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"
)

// cluster is a Flink on this machine, each part of it a process of its own: a jobmanager, two taskmanagers, and Beam's job server
// before it.
type cluster struct {
	dir          string
	rest, jobs   string // addresses of the jobmanager's REST API and of the job server
	taskmanagers []*process
}

// process is the leader of a process group: what it starts is stopped with it.
type process struct {
	*exec.Cmd
	name string
}

// lose ends the process and all that it has started at once, as the loss of its machine does.
func (p *process) lose() { _ = syscall.Kill(-p.Process.Pid, syscall.SIGKILL) }

// workers are the ids of the group's processes that run the pipeline's code: Beam's boot program calls its copy of it worker.
func (p *process) workers() []int {
	out, _ := exec.Command("pgrep", "-x", "-g", strconv.Itoa(p.Process.Pid), "worker").Output()
	var ids []int
	for _, field := range bytes.Fields(out) {
		if id, err := strconv.Atoi(string(field)); err == nil {
			ids = append(ids, id)
		}
	}
	return ids
}

// opens is what Flink's start scripts let it reach in Java 17.
var opens = []string{
	"java.lang", "java.lang.invoke", "java.util", "java.util.concurrent", "java.io", "java.net", "java.nio", "java.time",
}

// java starts a program of the jars in a process group of its own, which ends with the test.
func (c *cluster) java(t *testing.T, name string, args ...string) *process {
	t.Helper()
	var all []string
	for _, o := range opens {
		all = append(all, "--add-opens=java.base/"+o+"=ALL-UNNAMED")
	}
	all = append(all, "-Xmx400m", "-Djava.io.tmpdir="+c.dir, "-cp", filepath.Join("flink", "jars", "*"))
	p := &process{exec.Command("java", append(all, args...)...), name}
	logFile, err := os.Create(filepath.Join(c.dir, name+".log"))
	if err != nil {
		t.Fatal(err)
	}
	p.Stdout, p.Stderr = logFile, logFile
	p.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		p.lose()
		_ = p.Wait()
		_ = logFile.Close()
		if log, err := os.ReadFile(logFile.Name()); t.Failed() && err == nil {
			t.Logf("%s, the end of its log:\n%s", name, log[max(0, len(log)-4000):])
		}
	})
	return p
}

// newCluster starts a cluster and waits until work can be given to it.
func newCluster(ctx context.Context, t *testing.T) *cluster {
	t.Helper()
	c := &cluster{dir: t.TempDir(), rest: freeAddress(t), jobs: freeAddress(t)}
	_, rest, _ := net.SplitHostPort(c.rest)
	_, rpc, _ := net.SplitHostPort(freeAddress(t))
	config := []string{"--configDir", "flink", "-D", "rest.port=" + rest, "-D", "jobmanager.rpc.port=" + rpc}
	c.java(t, "jobmanager", append([]string{"org.apache.flink.runtime.entrypoint.StandaloneSessionClusterEntrypoint"}, config...)...)
	for i := range 2 {
		c.taskmanagers = append(c.taskmanagers, c.java(t, fmt.Sprintf("taskmanager-%d", i),
			append([]string{"org.apache.flink.runtime.taskexecutor.TaskManagerRunner"}, config...)...))
	}
	_, jobs, _ := net.SplitHostPort(c.jobs)
	c.java(t, "job-server", "org.apache.beam.runners.flink.FlinkJobServerDriver", "--flink-master", c.rest,
		"--job-host", "localhost", "--job-port", jobs, "--artifact-port", "0", "--expansion-port", "0",
		"--artifacts-dir", filepath.Join(c.dir, "artifacts"))
	await(ctx, t, 2*time.Minute, "two taskmanagers and a job server", func() bool {
		conn, err := net.DialTimeout("tcp", c.jobs, time.Second)
		if err != nil {
			return false
		}
		_ = conn.Close()
		return c.present(ctx) == 2
	})
	return c
}

// present is how many taskmanagers the jobmanager knows.
func (c *cluster) present(ctx context.Context) int {
	var overview struct{ Taskmanagers int }
	_ = c.get(ctx, "/overview", &overview)
	return overview.Taskmanagers
}

// job is what Flink says of the only job: its state, and the last failure that it was restarted after.
func (c *cluster) job(ctx context.Context) (state, failure string, err error) {
	var overview struct{ Jobs []struct{ Jid, State string } }
	if err := c.get(ctx, "/jobs/overview", &overview); err != nil {
		return "", "", err
	}
	if len(overview.Jobs) != 1 {
		return "", "", fmt.Errorf("flink knows %d jobs, want 1", len(overview.Jobs))
	}
	var exceptions struct {
		Root string `json:"root-exception"`
	}
	err = c.get(ctx, "/jobs/"+overview.Jobs[0].Jid+"/exceptions", &exceptions)
	return overview.Jobs[0].State, exceptions.Root, err
}

// get reads an answer of the jobmanager's REST API.
func (c *cluster) get(ctx context.Context, path string, into any) error {
	ctx, stop := context.WithTimeout(ctx, 10*time.Second)
	defer stop()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+c.rest+path, nil)
	if err != nil {
		return err
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	return json.NewDecoder(answer.Body).Decode(into)
}

// freeAddress is one of this machine that nobody listens at.
func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "localhost:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// await fails the test if something does not come true in time.
func await(ctx context.Context, t *testing.T, limit time.Duration, what string, is func() bool) {
	t.Helper()
	for end := time.Now().Add(limit); !is(); time.Sleep(100 * time.Millisecond) {
		if ctx.Err() != nil || time.Now().After(end) {
			t.Fatalf("waited for %s for %v: %v", what, limit, ctx.Err())
		}
	}
}
