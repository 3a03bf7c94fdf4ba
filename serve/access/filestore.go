package access

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/restock-engine/restock/internal/durable"
)

const (
	keysFile    = "keys.json"
	keysVersion = 1
)

// FileStore is a KeyStore in a file, DIR/keys.json, that several processes may use at a time: what one changes, the others see
// within a second. Get takes the file for no keys while it is not there, and is an error, not an empty store, while the file
// can't be read.
type FileStore struct {
	dir  string
	file watched[map[string]Key]
}

// keyFile is the file's content.
type keyFile struct {
	Version int   `json:"version"`
	Keys    []Key `json:"keys"`
}

// OpenFileStore returns the keys of a data folder. Neither folder nor file need be there: Put makes them.
func OpenFileStore(dir string) (*FileStore, error) {
	s := &FileStore{dir: dir, file: watched[map[string]Key]{path: filepath.Join(dir, keysFile), parse: parseKeys}}
	_, err := s.file.get()
	return s, err
}

func parseKeys(data []byte) (map[string]Key, error) {
	if data == nil {
		return nil, nil
	}
	var f keyFile
	if err := decodeStrictly(data, &f); err != nil {
		return nil, fmt.Errorf("not a file of API keys, or damaged: %w", err)
	}
	if f.Version != keysVersion {
		return nil, fmt.Errorf("version %d of this file is of another restock; this one reads version %d", f.Version, keysVersion)
	}
	keys := make(map[string]Key, len(f.Keys))
	for _, k := range f.Keys {
		if _, twice := keys[k.ID]; twice {
			return nil, fmt.Errorf("API key %q is there twice", k.ID)
		}
		keys[k.ID] = k
	}
	return keys, nil
}

// Get implements KeyStore.
func (s *FileStore) Get(_ context.Context, id string) (Key, error) {
	keys, err := s.file.get()
	if err != nil {
		return Key{}, err
	}
	k, ok := keys[id]
	if !ok {
		return Key{}, ErrNoKey
	}
	return k, nil
}

// List implements KeyStore.
func (s *FileStore) List(context.Context) ([]Key, error) {
	keys, err := s.file.get()
	return sorted(keys), err
}

func sorted(keys map[string]Key) []Key {
	return slices.SortedFunc(maps.Values(keys), func(a, b Key) int {
		return cmp.Or(a.Created.Compare(b.Created), cmp.Compare(a.ID, b.ID))
	})
}

// Put implements KeyStore.
func (s *FileStore) Put(ctx context.Context, k Key) (err error) {
	if err := k.Validate(); err != nil {
		return fmt.Errorf("API key: %w", err)
	}
	if err := os.MkdirAll(s.dir, 0o700); err != nil {
		return fmt.Errorf("the data folder can't be made: %w", err)
	}
	lock, err := durable.Await(ctx, s.file.path+".lock", 0o600)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, lock.Release()) }()
	s.file.refresh()
	defer s.file.refresh()
	old, err := s.file.get()
	if err != nil {
		return err
	}
	keys := maps.Clone(old)
	if keys == nil {
		keys = make(map[string]Key)
	}
	keys[k.ID] = k
	data, err := json.MarshalIndent(keyFile{keysVersion, sorted(keys)}, "", " ")
	if err != nil {
		return err
	}
	left, _ := filepath.Glob(filepath.Join(s.dir, "."+keysFile+".*.tmp")) // by one that was killed: the lock is ours
	for _, path := range left {
		os.Remove(path)
	}
	return durable.WriteFile(s.file.path, append(data, '\n'), 0o600)
}
