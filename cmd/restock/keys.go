package main

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/restock-engine/restock/serve/access"
)

func newKeysCommand(e *env) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "keys",
		Short: "Creates, lists and revokes the API keys of the service",
		Long: `Creates, lists and revokes the API keys of the service. They are kept in keys.json of its data folder, each
only as a hash. A running service sees a change within a second.`,
		Example: `  restock keys create --data restock-data --name "north, web shop" --merchant north --right read,what-if
  restock keys list --data restock-data`,
	}
	group(cmd, newKeysCreateCommand(e), newKeysListCommand(e), newKeysRevokeCommand(e))
	return cmd
}

func dataFlag(cmd *cobra.Command, dir *string) {
	cmd.Flags().StringVar(dir, "data", "", "data `DIR` of the service")
}

// keysCreate is what the flags of keys create say.
type keysCreate struct {
	data, name        string
	merchants, rights []string
	lifetime          lifetime
}

func newKeysCreateCommand(e *env) *cobra.Command {
	var f keysCreate
	cmd := &cobra.Command{
		Use:   "create",
		Short: "Makes an API key and prints it, once",
		Long: `Makes an API key and prints it on standard output. It can't be printed again: only a hash of it is kept.
Clients send it with each request as "Authorization: Bearer KEY". It gives the named rights for the articles of
the named merchants, and nothing else.`,
		Example: `  restock keys create --data restock-data --name "north, web shop" --merchant north --right read,what-if --expires 90d
  restock keys create --data restock-data --name planners --merchant '*' --right read,what-if,write > planners.key`,
		Args: needs("data", "name"),
		RunE: func(cmd *cobra.Command, _ []string) error { return f.run(cmd, e) },
	}
	dataFlag(cmd, &f.data)
	cmd.Flags().StringVar(&f.name, "name", "", "`NAME` of who gets the key: for the list and the audit log")
	cmd.Flags().StringArrayVar(&f.merchants, "merchant", nil,
		"the key is for this merchant's articles: its `ID`, or '*' for all (may be given again)")
	cmd.Flags().StringSliceVar(&f.rights, "right", []string{"read"},
		"the key may do this: `RIGHTS` of read, what-if, write, with commas between")
	cmd.Flags().Var(&f.lifetime, "expires", "the key ends after this `TIME`: 90d, 12h (default never)")
	return cmd
}

func (f *keysCreate) run(cmd *cobra.Command, e *env) error {
	merchants, err := access.NewMerchants(f.merchants...)
	if err != nil {
		return usageErrorf(seeHelp(cmd), "flag --merchant: %w", err)
	}
	rights, err := access.ParseRights(f.rights)
	if err != nil {
		return usageErrorf(seeHelp(cmd), "flag --right: %w", err)
	}
	now := time.Now()
	var expires time.Time
	if f.lifetime > 0 {
		expires = now.Add(time.Duration(f.lifetime))
	}
	key, token, err := access.NewKey(f.name, merchants, rights, now, expires)
	if err != nil {
		return usageErrorf(seeHelp(cmd), "the key can't be made: %w", err)
	}
	store, err := access.OpenFileStore(f.data)
	if err != nil {
		return err
	}
	if err := store.Put(cmd.Context(), key); err != nil {
		return err
	}
	if _, err := fmt.Fprintln(e.stdout, token); err != nil {
		return fmt.Errorf("the key was made, but not printed: %w; revoke it: its id is %s", err, key.ID)
	}
	until := "until it is revoked"
	if !expires.IsZero() {
		until = "until " + key.Expires.Format(time.RFC3339)
	}
	_, err = fmt.Fprintf(e.stderr, "key %s for %s: %s, merchants %s, %s; keep it safe, it is not shown again\n",
		key.ID, key.Name, key.Rights, strings.Join(key.Merchants.IDs(), ", "), until)
	return err
}

func newKeysListCommand(e *env) *cobra.Command {
	var flags commonFlags
	var data string
	cmd := &cobra.Command{
		Use:     "list",
		Short:   "Prints who has an API key and what it is good for",
		Example: "  restock keys list --data restock-data --format json",
		Args:    needs("data"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			store, err := access.OpenFileStore(data)
			if err != nil {
				return err
			}
			keys, err := store.List(cmd.Context())
			if err != nil {
				return err
			}
			if len(keys) == 0 {
				fmt.Fprintf(e.stderr, "there are no API keys in %s\n", data)
			}
			return printKeys(e, flags.format.value, keys, time.Now())
		},
	}
	dataFlag(cmd, &data)
	flags.registerOutput(cmd)
	return cmd
}

// listedKey is what others may see of a key.
type listedKey struct {
	ID        string   `json:"id"`
	Name      string   `json:"name"`
	Merchants []string `json:"merchants"`
	Rights    []string `json:"rights"`
	State     string   `json:"state"`
	Created   string   `json:"created"`
	Expires   string   `json:"expires,omitempty"`
	Revoked   string   `json:"revoked,omitempty"`
}

func printKeys(e *env, format string, keys []access.Key, now time.Time) error {
	listed := make([]listedKey, len(keys))
	rows := make([][]string, len(keys))
	for i, k := range keys {
		l := listedKey{ID: k.ID, Name: k.Name, Merchants: k.Merchants.IDs(), Rights: k.Rights.Names(), State: k.State(now),
			Created: moment(k.Created), Expires: moment(k.Expires), Revoked: moment(k.Revoked)}
		listed[i] = l
		rows[i] = []string{l.ID, l.Name, strings.Join(l.Merchants, " "), strings.Join(l.Rights, " "), l.State,
			l.Created, l.Expires, l.Revoked}
	}
	if format == "json" {
		return printJSON(e.stdout, listed)
	}
	headers := []string{"id", "name", "merchants", "rights", "state", "created", "expires", "revoked"}
	if format == "csv" {
		return printCSV(e.stdout, headers, rows)
	}
	return printTable(e.stdout, headers, rows)
}

func moment(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

func newKeysRevokeCommand(e *env) *cobra.Command {
	var data string
	cmd := &cobra.Command{
		Use:     "revoke ID",
		Short:   "Has an API key refused from now on, for good",
		Example: "  restock keys revoke --data restock-data mfzwizltoqzwi4tu",
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usageErrorf(seeHelp(cmd), "%q needs one argument, the key's id, which 'restock keys list' prints", cmd.CommandPath())
			}
			return needs("data")(cmd, nil)
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			store, err := access.OpenFileStore(data)
			if err != nil {
				return err
			}
			id := args[0]
			if strings.HasPrefix(id, "rsk_") {
				return usageErrorf(seeHelp(cmd), "this is a whole key; give only its id, the part between rsk_ and the next _")
			}
			key, err := access.Revoke(cmd.Context(), store, id, time.Now())
			if errors.Is(err, access.ErrNoKey) {
				return withHint(err, "'restock keys list' prints the ids")
			}
			if err != nil {
				return err
			}
			_, err = fmt.Fprintf(e.stdout, "key %s of %s is revoked since %s\n", key.ID, key.Name, moment(key.Revoked))
			return err
		},
	}
	dataFlag(cmd, &data)
	return cmd
}

// lifetime is a flag value: whole days as 90d, or a duration as 12h or 30m; more than nothing, up to 100 years.
type lifetime time.Duration

const (
	day         = 24 * time.Hour
	maxLifetime = 36525 * day
)

func (l *lifetime) String() string {
	if *l == 0 {
		return ""
	}
	return time.Duration(*l).String()
}

// Type implements pflag.Value.
func (l *lifetime) Type() string { return "duration" }

// Set implements pflag.Value.
func (l *lifetime) Set(text string) error {
	d, err := time.ParseDuration(text)
	if days, ok := strings.CutSuffix(text, "d"); ok {
		var n int
		n, err = strconv.Atoi(days)
		d = time.Duration(min(max(n, 0), int(maxLifetime/day)+1)) * day
	}
	if err != nil || d <= 0 || d > maxLifetime {
		return errors.New("must be days as 90d, or a duration as 12h, above 0 and up to 36525d")
	}
	*l = lifetime(d)
	return nil
}
