package main

import (
	"fmt"
	"io"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"
)

// version is set when a release is built: -ldflags "-X main.version=v1.2.3".
var version string

// build says which restock this is.
type build struct {
	Version  string `json:"version"`
	Revision string `json:"revision,omitempty"` // of the source; empty if built outside version control
	Modified bool   `json:"modified,omitempty"` // the source had changes that were not committed
	Go       string `json:"go"`
	OS       string `json:"os"`
	Arch     string `json:"arch"`
}

func readBuild() build {
	b := build{Version: version, Go: runtime.Version(), OS: runtime.GOOS, Arch: runtime.GOARCH}
	info, ok := debug.ReadBuildInfo()
	if ok {
		for _, s := range info.Settings {
			switch s.Key {
			case "vcs.revision":
				b.Revision = s.Value
			case "vcs.modified":
				b.Modified = s.Value == "true"
			}
		}
		if b.Version == "" {
			b.Version = info.Main.Version
		}
	}
	if b.Version == "" {
		b.Version = "(devel)"
	}
	return b
}

// String is one line for people.
func (b build) String() string {
	s := "restock " + b.Version
	if b.Revision != "" {
		s += " (" + b.Revision[:min(len(b.Revision), 12)]
		if b.Modified {
			s += ", modified"
		}
		s += ")"
	}
	return fmt.Sprintf("%s %s %s/%s", s, b.Go, b.OS, b.Arch)
}

func newVersionCommand(e *env) *cobra.Command {
	format := newChoice("text", "json")
	cmd := &cobra.Command{
		Use:     "version",
		Short:   "Prints which restock this is and what it was built with",
		Example: "  restock version --format json",
		Args:    needs(),
		RunE: func(*cobra.Command, []string) error {
			if format.value == "json" {
				return printJSON(e.stdout, readBuild())
			}
			_, err := io.WriteString(e.stdout, readBuild().String()+"\n")
			return err
		},
	}
	cmd.Flags().Var(&format, "format", "print text or json")
	return cmd
}
