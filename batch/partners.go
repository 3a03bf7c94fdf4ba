package batch

import (
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/restock-engine/restock/internal/durable"
	"github.com/restock-engine/restock/io/decision"
)

// partnersFile is what partners had set when the run was planned. Every shard applies it, also when it is done later.
const partnersFile = "partner_settings.json"

// ManifestPartners identify what partners had set.
type ManifestPartners struct {
	SHA256 string    `json:"sha256"`
	AsOf   time.Time `json:"as_of,omitzero"` // moment up to which it is complete; not part of the run's identity
}

// partners takes a snapshot of what partners have set, once for a run.
func (d *Dated) partners(m *Manifest) error {
	if d.Partners == nil {
		return nil
	}
	p, err := d.Partners()
	if err != nil {
		return fmt.Errorf("partners' settings: %w", err)
	}
	data, err := p.Encode()
	if err != nil {
		return err
	}
	if err := durable.WriteFile(filepath.Join(d.folder(), partnersFile), data, 0o644); err != nil {
		return err
	}
	m.Partners = &ManifestPartners{SHA256: hexSHA256(data)}
	d.Log("%d merchants and %d articles have settings of their partners", len(p.Merchants), len(p.Articles))
	return nil
}

// overrides reads the snapshot, nil if there is none.
func (r *Runner) overrides() (*decision.Overrides, error) {
	m := r.manifest
	if m.Partners == nil {
		return nil, nil
	}
	path := filepath.Join(r.output, partnersFile)
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("partners' settings of the run: %w; begin anew with --restart", err)
	}
	if hexSHA256(data) != m.Partners.SHA256 {
		return nil, fmt.Errorf("%s is damaged; begin anew with --restart", path)
	}
	return decision.NewOverrides(r.engine.settings, data)
}
