package kernel

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// The committed assembly is what its generator writes.
func TestGenerated(t *testing.T) {
	if testing.Short() {
		t.Skip("builds the generator")
	}
	file := filepath.Join(t.TempDir(), "kernel_amd64.s")
	c := exec.Command("go", "run", ".", "-out", file)
	c.Dir = "asm"
	c.Env = append(os.Environ(), "GOPROXY=off", "GOFLAGS=-mod=mod", "GOARCH=", "GOOS=")
	if out, err := c.CombinedOutput(); err != nil {
		t.Skipf("the generator cannot be built here (its modules come with: cd asm && go mod download): %s", out)
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
