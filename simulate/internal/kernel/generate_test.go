package kernel

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// The committed assembly is what its generator writes.
func TestGenerated(t *testing.T) {
	if testing.Short() {
		t.Skip("builds the generator")
	}
	run := func(args ...string) (string, error) {
		c := exec.Command("go", args...)
		c.Dir = "asm"
		c.Env = append(os.Environ(), "GOPROXY=off", "GOFLAGS=-mod=mod", "GOARCH=", "GOOS=")
		out, err := c.CombinedOutput()
		return string(out), err
	}
	missing, err := run("list", "-m", "-f", "{{if not .Dir}}{{.Path}} {{end}}", "github.com/mmcloughlin/avo", "golang.org/x/tools",
		"golang.org/x/mod", "golang.org/x/sys")
	if err != nil || strings.TrimSpace(missing) != "" {
		t.Skipf("the generator's modules are not here; they come with: cd asm && go mod download (%v %s)", err, missing)
	}
	file := filepath.Join(t.TempDir(), "kernel_amd64.s")
	if out, err := run("run", ".", "-out", file); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	got, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	want, err := os.ReadFile("kernel_amd64.s")
	if err != nil {
		t.Fatal(err)
	}
	_, got, _ = bytes.Cut(got, []byte("\n")) // the first line holds the command
	_, want, _ = bytes.Cut(want, []byte("\n"))
	if !bytes.Equal(got, want) {
		t.Error("kernel_amd64.s is not what its generator writes: go generate ./simulate/internal/kernel")
	}
}
