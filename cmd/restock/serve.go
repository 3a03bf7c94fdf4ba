package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/restock-engine/restock/internal/durable"
	"github.com/restock-engine/restock/io/settings"
	"github.com/restock-engine/restock/serve"
	"github.com/restock-engine/restock/serve/access"
	"github.com/restock-engine/restock/serve/offline"
	"github.com/restock-engine/restock/serve/store"
	"github.com/restock-engine/restock/serve/web"
)

type serveFlags struct {
	commonFlags
	tables  tableFlags
	data    string
	listen  string
	offline string
	shadow  string

	insecure bool
	jwt      access.JWTConfig
	cert     string
	key      string

	nats            store.Options
	workShards      count
	recommendations string
	runs, inputs    string
	deadline, grace time.Duration
	rebuild         bool
	limits          access.Limits
}

func newServeCommand(e *env) *cobra.Command {
	f := &serveFlags{limits: access.DefaultLimits()}
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Answer what-ifs and serve recommendations over HTTP, with a page for partners",
		Long: `serve is the service: a page for partners at /, the API below /v1 (described at /openapi.json), and /healthz, /readyz and /metrics.

Everything is in one process, and everything that was accepted is in DIR: start it again, and it goes on. What is served first are the tables given:
articles and a forecast, whose recommendations are then computed, or the nightly runs of 'restock batch run' with --runs, the newest complete one
at any time. docs/serve.md tells more.`,
		Example: `  restock serve --data restock-data --insecure --load-articles articles.csv --load-forecast forecast.parquet
  restock serve --data restock-data --runs nightly/output --inputs nightly/input --listen 0.0.0.0:8443 --tls-cert cert.pem --tls-key key.pem`,
		Args: needs("data"),
		RunE: func(cmd *cobra.Command, _ []string) error { return f.run(cmd, e) },
	}
	fl := cmd.Flags()
	fl.StringVar(&f.data, "data", "", "keep everything in `DIR`, which is made if it is missing")
	fl.StringVar(&f.listen, "listen", "127.0.0.1:8080", "listen at `ADDRESS`")
	fl.BoolVar(&f.insecure, "insecure", false, "no token is needed; only at an address of this machine itself")
	fl.StringVar(&f.cert, "tls-cert", "", "certificate `FILE` (PEM), for HTTPS")
	fl.StringVar(&f.key, "tls-key", "", "key `FILE` (PEM) of the certificate")
	fl.StringVar(&f.jwt.JWKS, "jwks", "", "accept JWTs signed with a key of this set: `URL` or file")
	fl.StringVar(&f.jwt.Issuer, "jwt-issuer", "", "`ISSUER` that JWTs must be from")
	fl.StringVar(&f.jwt.Audience, "jwt-audience", "", "`AUDIENCE` that JWTs must be for")
	fl.StringVar(&f.jwt.MerchantsClaim, "jwt-merchants", "merchants", "`CLAIM` with the merchants of a JWT")
	fl.StringVar(&f.jwt.RightsClaim, "jwt-rights", "rights", "`CLAIM` with the rights of a JWT: read, what-if, write")
	fl.StringVar(&f.jwt.RightsPrefix, "jwt-rights-prefix", "", "`TEXT` before a right's name in that claim, as restock: in restock:read; others are ignored")
	fl.StringVar(&f.tables.articles, "load-articles", "", "load the articles table: `PATH` of a file, folder or glob")
	fl.StringVar(&f.tables.forecast, "load-forecast", "", "load the forecast table: `PATH` of a file, folder or glob")
	fl.StringVar(&f.recommendations, "load-recommendations", "", "serve the recommendations table at `PATH` instead of computing it")
	fl.StringVar(&f.tables.asOf, "as-of", "", "`DATE` of a day in week 0 of the forecast (default: what the forecast says)")
	fl.StringVar(&f.tables.separator, "separator", "/", "`TEXT` between merchant and article in a forecast's unique_id")
	fl.StringVar(&f.tables.model, "model", "", "`NAME` of the model to read from a forecast that holds several")
	fl.StringVar(&f.runs, "runs", "", "serve the newest complete nightly run in `FOLDER`, the --output of 'restock batch run'")
	fl.StringVar(&f.inputs, "inputs", "", "`FOLDER` of what the nightly runs have read, their --input, for what-ifs")
	fl.StringVar(&f.offline, "offline", "", "append every accepted version to this `LOCATION`: a folder or the URL of a bucket (default DIR/offline)")
	fl.StringVar(&f.shadow, "shadow-config", "", "decide with the settings of this `FILE`, too, and report where that differs")
	fl.StringVar(&f.nats.URL, "nats", "", "keep what is accepted in the NATS cluster at `URL` instead of DIR")
	fl.IntVar(&f.nats.Replicas, "nats-replicas", 3, "`N` copies of everything in the cluster")
	fl.StringVar(&f.nats.Credentials, "nats-credentials", "", "credentials `FILE` for the cluster")
	fl.Var(&f.workShards, "work-shards", "do also shards of 'restock batch run --queue' at the cluster, `N` articles at a time")
	fl.BoolVar(&f.rebuild, "rebuild", false, "fill an empty store from the offline store first")
	fl.DurationVar(&f.deadline, "deadline", 10*time.Second, "end a request after this `TIME`")
	fl.DurationVar(&f.grace, "grace", 20*time.Second, "let requests go on for this `TIME` when the service is stopped")
	fl.Float64Var(&f.limits.Requests, "limit-requests", f.limits.Requests, "requests a second that each merchant may send")
	fl.IntVar(&f.limits.Concurrent, "limit-concurrent", f.limits.Concurrent, "requests at a time that each merchant may have under way")
	fl.Float64Var(&f.limits.UnitsPerSecond, "limit-scenarios", f.limits.UnitsPerSecond, "scenarios times articles a second that each merchant may have simulated")
	f.registerSettings(cmd, "horizon", "objective", "quantile", "candidates", "scenarios", "eval-scenarios")
	f.registerRun(cmd)
	f.registerLog(cmd)
	return cmd
}

func (f *serveFlags) run(cmd *cobra.Command, e *env) error {
	if err := f.check(cmd); err != nil {
		return err
	}
	defer oneMoreThread()()
	defer runtime.KeepAlive(make([]byte, ballast))
	c := serve.Config{Dir: f.data, Store: f.nats, Offline: f.offline, Seed: f.seed, Workers: int(f.workers), Articles: f.tables.articles,
		Forecast: f.tables.forecast, Recommendations: f.recommendations, Runs: f.runs, Inputs: f.inputs, Deadline: f.deadline, Page: web.Handler(),
		Limits: f.limits, Log: f.logger(e)}
	c.Limits.Burst = max(c.Limits.Burst, int(2*c.Limits.Requests))
	c.Limits.UnitsBurst = max(c.Limits.UnitsBurst, int(2*c.Limits.UnitsPerSecond))
	var err error
	if c.Settings, err = f.load(cmd); err != nil {
		return err
	}
	if f.shadow != "" {
		if c.Shadow, err = settings.Load(f.shadow); err != nil {
			return err
		}
	}
	if c.Join, err = f.tables.options(cmd, e); err != nil {
		return err
	}
	if err := os.MkdirAll(f.data, 0o755); err != nil {
		return fmt.Errorf("data folder: %w", err)
	}
	lock, err := durable.Acquire(filepath.Join(f.data, ".lock"), 0o600, true)
	if err != nil {
		return withHint(fmt.Errorf("data folder %s: %w", f.data, err), "another restock serve is running there; stop it, or use another folder")
	}
	defer lock.Release()
	if f.rebuild {
		if err := f.rebuildStore(cmd.Context(), &c); err != nil {
			return err
		}
	}
	if c.Auth, err = f.authenticator(cmd.Context(), c.Log); err != nil {
		return err
	}
	if c.Auth.JWT != nil {
		defer c.Auth.JWT.Close(context.WithoutCancel(cmd.Context()))
	}
	audit, err := access.OpenAudit(filepath.Join(f.data, "audit.jsonl"))
	if err != nil {
		return err
	}
	defer audit.Close()
	c.Audit = audit
	stopTracing, err := serve.StartTracing(cmd.Context())
	if err != nil {
		return fmt.Errorf("traces: %w", err)
	}
	if stopTracing != nil {
		c.Tracing = true
		defer stopTracing(context.WithoutCancel(cmd.Context()))
	}
	return f.serve(cmd.Context(), e, c)
}

// oneMoreThread lets one more thread than there are processors run Go code, until undo. A request is then read as soon as it
// comes, even when there are what-ifs on all processors: these give way to other goroutines only every ten milliseconds, while
// the operating system lets a thread that has waited go first. With what-ifs at five times the capacity the 99th percentile
// becomes a third (make bench-serve).
func oneMoreThread() (undo func()) {
	processors := runtime.GOMAXPROCS(0)
	runtime.GOMAXPROCS(processors + 1)
	return func() { runtime.GOMAXPROCS(processors) }
}

// ballast is memory that is never touched, and so takes none, but counts: garbage is collected when the heap has doubled, which
// the small heap of a service that has just begun does twice a second at 5,000 requests a second. It saves 5 to 9 % of the
// processor time of a request for as many bytes more of garbage; a higher GOGC would multiply a large heap.
const ballast = 64 << 20

// check finds what is wrong with the flags before anything is opened.
func (f *serveFlags) check(cmd *cobra.Command) error {
	see := seeHelp(cmd)
	switch {
	case (f.tables.articles == "") != (f.tables.forecast == ""):
		return usageErrorf(see, "--load-articles and --load-forecast belong together: give both")
	case f.runs != "" && f.recommendations != "":
		return usageErrorf(see, "--runs and --load-recommendations exclude each other")
	case f.inputs != "" && f.runs == "":
		return usageErrorf(see, "--inputs needs --runs")
	case (f.cert == "") != (f.key == ""):
		return usageErrorf(see, "--tls-cert and --tls-key belong together: give both")
	case f.nats.URL == "" && cmd.Flags().Changed("nats-replicas"):
		return usageErrorf(see, "--nats-replicas needs --nats")
	case f.nats.URL == "" && f.workShards > 0:
		return usageErrorf(see, "--work-shards needs --nats")
	case f.nats.Replicas < 1 || f.nats.Replicas > 5:
		return usageErrorf(see, "flag --nats-replicas: %d must be from 1 to 5", f.nats.Replicas)
	case f.deadline <= 0 || f.grace < 0:
		return usageErrorf(see, "--deadline must be above 0, and --grace not below")
	}
	if err := f.limits.Validate(); err != nil {
		return usageErrorf(see, "%w", err)
	}
	if f.insecure {
		if err := access.LoopbackOnly(f.listen); err != nil {
			return usageErrorf(see, "--insecure: %w", err)
		}
	}
	return nil
}

func (f *serveFlags) authenticator(ctx context.Context, log *slog.Logger) (*access.Authenticator, error) {
	keys, err := access.OpenFileStore(f.data)
	if err != nil {
		return nil, err
	}
	a := &access.Authenticator{Keys: keys, Insecure: f.insecure, Log: log}
	if f.jwt.JWKS == "" {
		known, err := keys.List(ctx)
		if err == nil && len(known) == 0 && !f.insecure {
			log.Warn("nobody can sign in yet: make a key with 'restock keys create', which this service sees at once, or start it with --insecure for a trial")
		}
		return a, err
	}
	if a.JWT, err = access.NewJWTVerifier(ctx, f.jwt, log); err != nil {
		return nil, fmt.Errorf("JWTs: %w", err)
	}
	return a, nil
}

func (f *serveFlags) rebuildStore(ctx context.Context, c *serve.Config) error {
	location := c.Offline
	if location == "" {
		location = filepath.Join(c.Dir, "offline")
	}
	from, err := offline.Open(ctx, location)
	if err != nil {
		return err
	}
	defer from.Close()
	o := c.Store
	o.Dir, o.Log = c.Dir, c.Log
	s, err := store.Open(ctx, o)
	if err != nil {
		return err
	}
	defer s.Close()
	written, kept, err := serve.Rebuild(ctx, s, from)
	if err == nil {
		c.Log.Info("store rebuilt from "+location, "written", written, "kept", kept)
	}
	return err
}

func (f *serveFlags) serve(ctx context.Context, e *env, c serve.Config) error {
	listener, err := net.Listen("tcp", f.listen)
	if err != nil {
		return withHint(fmt.Errorf("can't listen: %w", err), "--listen takes another address, as 127.0.0.1:9090")
	}
	defer listener.Close()
	scheme := "http"
	if f.cert != "" {
		pair, err := tls.LoadX509KeyPair(f.cert, f.key)
		if err != nil {
			return fmt.Errorf("certificate: %w", err)
		}
		listener = tls.NewListener(listener, &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12, NextProtos: []string{"http/1.1"}})
		scheme = "https"
	}
	s, err := serve.New(ctx, c)
	if err != nil {
		return err
	}
	defer s.Close()
	if f.workShards > 0 {
		stop, err := f.startShards(ctx, c.Log)
		if err != nil {
			return err
		}
		defer stop()
	}
	if !f.quiet {
		address := listener.Addr().String()
		if strings.HasPrefix(address, "[::]") {
			address = "localhost" + strings.TrimPrefix(address, "[::]")
		}
		fmt.Fprintf(e.stderr, "restock serves at %s://%s (page at /, API at /openapi.json); Ctrl-C ends it\n", scheme, address)
	}
	err = s.Run(ctx, listener, f.grace)
	if errors.Is(err, net.ErrClosed) {
		err = nil
	}
	return err
}
