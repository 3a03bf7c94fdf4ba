package lint

import (
	"fmt"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/restock-engine/restock"

// ranks orders the rooms: a package imports packages of its own room and of rooms with a lower rank. Rooms of equal rank do not know
// each other.
var ranks = map[string]int{
	"internal": 0, // tools without domain
	"forecast": 1,
	"simulate": 2,
	"optimize": 3,
	"io":       4,
	"backtest": 5,
	"batch":    6, "serve": 6,
	"cmd": 7, "benchmarks": 7,
}

// pure rooms take values and a seed: no files, no clock, no network, no logging. Standard packages and all below them.
var (
	pure      = []string{"forecast", "simulate", "optimize"}
	impure    = []string{"os", "io/fs", "io/ioutil", "net", "log", "time", "syscall", "embed", "crypto/rand", "math/rand"}
	permitted = map[string][]string{"forecast": {"time"}} // for week numbers of dates
)

// behind maps a library to the only package that may import it, so that it can be replaced in one place.
var behind = map[string]string{
	"golang.org/x/exp/rand":   "internal/random", // deprecated upstream
	"github.com/apache/arrow": "io/arrowipc",     // superseded; cannot be linked beside its successor
}

// source is one Go file: its folder below the module's root, its name, and the import paths in it.
type source struct {
	folder, name string
	imports      []string
}

// violations returns a line for each import that breaks a rule.
func violations(sources []source) []string {
	var found []string
	for _, s := range sources {
		room, _, _ := strings.Cut(s.folder, "/")
		rank, known := ranks[room]
		if !known && s.folder != "." {
			found = append(found, fmt.Sprintf("%s/%s: %s is not a room; give it a rank in internal/lint", s.folder, s.name, room))
			continue
		}
		for _, imported := range s.imports {
			if reason := forbidden(s, room, rank, imported); reason != "" {
				found = append(found, fmt.Sprintf("%s/%s: imports %s: %s", s.folder, s.name, imported, reason))
			}
		}
	}
	return found
}

func forbidden(s source, room string, rank int, imported string) string {
	for library, owner := range behind {
		if within(imported, library) && s.folder != owner {
			return "only " + owner + " may"
		}
	}
	if strings.HasSuffix(s.name, "_test.go") { // tests may read files, and compare with the rooms above
		return ""
	}
	if local, ok := strings.CutPrefix(imported, module+"/"); ok {
		target, _, _ := strings.Cut(local, "/")
		if target != room && ranks[target] >= rank {
			return fmt.Sprintf("%s may not know %s", room, target)
		}
		return ""
	}
	if slices.Contains(pure, room) && !slices.Contains(permitted[room], imported) {
		for _, p := range impure {
			if within(imported, p) {
				return room + " is pure: values and a seed in, values out"
			}
		}
	}
	return ""
}

func within(imported, parent string) bool {
	return imported == parent || strings.HasPrefix(imported, parent+"/")
}

// readSources parses the imports of every Go file below root.
func readSources(root string) ([]source, error) {
	var sources []source
	err := filepath.WalkDir(root, func(file string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := d.Name()
		if d.IsDir() {
			if file != root && (name == "testdata" || name == "node_modules" || name[0] == '.' || name[0] == '_') {
				return fs.SkipDir
			}
			if _, err := os.Stat(filepath.Join(file, "go.mod")); err == nil && file != root {
				return fs.SkipDir // a module of its own
			}
			return nil
		}
		if path.Ext(name) != ".go" {
			return nil
		}
		folder, err := filepath.Rel(root, filepath.Dir(file))
		if err != nil {
			return err
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		s := source{folder: filepath.ToSlash(folder), name: name}
		for _, i := range parsed.Imports {
			imported, err := strconv.Unquote(i.Path.Value)
			if err != nil {
				return err
			}
			s.imports = append(s.imports, imported)
		}
		sources = append(sources, s)
		return nil
	})
	return sources, err
}

func TestImports(t *testing.T) {
	sources, err := readSources("../..")
	if err != nil {
		t.Fatal(err)
	}
	if len(sources) < 10 {
		t.Fatalf("only %d Go files found", len(sources))
	}
	for _, v := range violations(sources) {
		t.Error(v)
	}
}

// TestTheRulesBite breaks each rule once.
func TestTheRulesBite(t *testing.T) {
	for _, c := range []struct {
		folder, name, imported string
		allowed                bool
	}{
		{"optimize", "search.go", module + "/simulate", true},
		{"optimize", "search.go", module + "/io/table", false},
		{"simulate", "run.go", module + "/simulate/internal/kernel", true},
		{"simulate", "run.go", module + "/optimize", false},
		{"simulate/internal/kernel", "plain.go", module + "/optimize", false},
		{"forecast", "fit.go", module + "/simulate", false},
		{"forecast", "fit.go", module + "/internal/stat", true},
		{"internal/stat", "stat.go", module + "/simulate", false},
		{"internal/stat", "stat.go", module + "/internal/random", true},
		{"io/settings", "settings.go", module + "/io/table", true},
		{"io/table", "csv.go", module + "/batch", false},
		{"backtest", "replay.go", module + "/io/table", true},
		{"batch", "shard.go", module + "/serve", false},
		{"serve", "api.go", module + "/batch", false},
		{"serve", "api.go", module + "/cmd/restock", false},
		{"cmd/restock", "optimize.go", module + "/batch", true},
		{"simulate", "run.go", "math", true},
		{"simulate", "run.go", "os", false},
		{"simulate", "run.go", "os/exec", false},
		{"simulate", "run.go", "time", false},
		{"simulate", "run.go", "math/rand/v2", false},
		{"optimize", "search.go", "log/slog", false},
		{"forecast", "fit.go", "net/http", false},
		{"forecast", "week.go", "time", true},
		{"simulate", "oracle_test.go", "os", true},
		{"io/table", "csv.go", "os", true},
		{"internal/random", "random.go", "golang.org/x/exp/rand", true},
		{"simulate", "draw_test.go", "golang.org/x/exp/rand", false},
		{"io/arrowipc", "read.go", "github.com/apache/arrow/go/v17/arrow", true},
		{"io/table", "arrow.go", "github.com/apache/arrow/go/v17/arrow", false},
		{"utils", "misc.go", "fmt", false},
	} {
		found := violations([]source{{c.folder, c.name, []string{c.imported}}})
		if allowed := len(found) == 0; allowed != c.allowed {
			t.Errorf("%s/%s importing %s: allowed %v, want %v %v", c.folder, c.name, c.imported, allowed, c.allowed, found)
		}
	}
}
