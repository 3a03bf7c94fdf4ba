package main

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/restock-engine/restock/serve/access"
)

// TestKeys: a key that was made lets its owner in until it is revoked, and what is listed has no secret.
func TestKeys(t *testing.T) {
	dir := t.TempDir()
	code, token, stderr := restock(t, "keys", "create", "--data", dir, "--name", "north, web", "--merchant", "north", "--merchant", "a,b",
		"--right", "read,what-if", "--expires", "90d")
	token = strings.TrimSpace(token)
	if code != exitDone || !strings.HasPrefix(token, "rsk_") || strings.ContainsAny(token, " \n") || strings.Contains(stderr, token) {
		t.Fatalf("create: exit %d, %q, %q; want only the key on standard output", code, token, stderr)
	}
	id, secret := token[4:20], token[21:]

	code, listed, _ := restock(t, "keys", "list", "--data", dir, "--format", "json")
	var keys []listedKey
	if err := json.Unmarshal([]byte(listed), &keys); code != exitDone || err != nil || len(keys) != 1 {
		t.Fatalf("list: exit %d, %v, %s", code, err, listed)
	}
	k := keys[0]
	created, _ := time.Parse(time.RFC3339, k.Created)
	expires, _ := time.Parse(time.RFC3339, k.Expires)
	if k.ID != id || k.Name != "north, web" || strings.Join(k.Merchants, "|") != "a,b|north" || strings.Join(k.Rights, "|") != "read|what-if" ||
		k.State != "active" || expires.Sub(created) != 90*24*time.Hour {
		t.Errorf("listed %+v", k)
	}
	for _, format := range []string{"table", "csv", "json"} {
		_, out, _ := restock(t, "keys", "list", "--data", dir, "--format", format)
		if !strings.Contains(out, id) || strings.Contains(out, secret[:12]) || strings.Contains(out, "sha256") {
			t.Errorf("%s: %s", format, out)
		}
	}

	store, err := access.OpenFileStore(dir)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := store.Get(t.Context(), id); err != nil || got.State(time.Now()) != "active" {
		t.Errorf("%+v, %v", got, err)
	}
	for range 2 { // again is no error
		if code, out, stderr := restock(t, "keys", "revoke", "--data", dir, id); code != exitDone || !strings.Contains(out, "revoked") {
			t.Errorf("revoke: exit %d, %s%s", code, out, stderr)
		}
	}
	if _, out, _ := restock(t, "keys", "list", "--data", dir); !strings.Contains(out, "revoked") {
		t.Errorf("listed after it was revoked:\n%s", out)
	}
}

func TestKeysWrongUsage(t *testing.T) {
	dir := t.TempDir()
	create := "keys create --data " + dir + " --name n "
	for _, c := range []struct {
		args, want string
		code       int
	}{
		{"keys create --name n", "needs --data", exitUsage},
		{create, "there is no merchant", exitUsage},
		{create + "--merchant m --merchant *", "stands alone", exitUsage},
		{create + "--merchant m --right reed", `"reed" is not a right`, exitUsage},
		{create + "--merchant m --right=", "there is no right", exitUsage},
		{create + "--merchant m --expires 90", "90d", exitUsage},
		{create + "--merchant m --expires -1d", "above 0", exitUsage},
		{create + "--merchant m --expires 99999999999999999999d", "must be", exitUsage},
		{create + "--merchant m --expires 36526d", "up to", exitUsage},
		{"keys revoke --data " + dir, "one argument", exitUsage},
		{"keys revoke abc", "--data", exitUsage},
		{"keys revoke --data " + dir + " rsk_abc_def", "only its id", exitUsage},
		{"keys revoke --data " + dir + " abc", "no such API key", exitFailed},
		{"keys lst", `did you mean "list"`, exitUsage},
	} {
		code, stdout, stderr := restock(t, strings.Fields(c.args)...)
		if code != c.code || !strings.Contains(stderr, c.want) || stdout != "" {
			t.Errorf("restock %s: exit %d, %q, %q; want exit %d and %q", c.args, code, stdout, stderr, c.code, c.want)
		}
	}
	if _, _, stderr := restock(t, "keys", "list", "--data", dir); !strings.Contains(stderr, "no API keys in "+dir) {
		t.Errorf("an empty store: %q", stderr)
	}
	write(t, dir+"/keys.json", "{")
	if code, _, stderr := restock(t, "keys", "list", "--data", dir); code != exitFailed || !strings.Contains(stderr, "keys.json") {
		t.Errorf("a damaged file: exit %d, %q", code, stderr)
	}
}
