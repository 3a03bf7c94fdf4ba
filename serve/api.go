package serve

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"math"
	"net/http"
	"reflect"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"

	"github.com/restock-engine/restock/io/table"
	"github.com/restock-engine/restock/optimize"
	"github.com/restock-engine/restock/serve/access"
	"github.com/restock-engine/restock/serve/store"
)

const defaultDeadline = 10 * time.Second

// newHandler puts the operations behind access control, and the page and the health checks beside them.
func (s *Server) newHandler() (http.Handler, error) {
	mux := http.NewServeMux()
	config := huma.DefaultConfig("restock", optimize.EngineVersion)
	config.Info.Description = "Replenishment: what to order, when and how much. Money and units are plain numbers, weeks count from as_of."
	config.DocsPath = "" // the page of huma loads scripts from elsewhere
	config.SchemasPath = ""
	config.CreateHooks = nil // no $schema in answers
	config.Transformers = []huma.Transformer{brief}
	config.Components.SecuritySchemes = map[string]*huma.SecurityScheme{"token": {Type: "http", Scheme: "bearer",
		Description: "an API key, made by 'restock keys create', or a JWT"}}
	config.Security = []map[string][]string{{"token": {}}}
	api := humago.New(mux, config)
	if err := s.operations(api); err != nil {
		return nil, err
	}

	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "ok") })
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, r *http.Request) {
		if err := s.ready(r.Context()); err != nil {
			access.WriteProblem(w, http.StatusServiceUnavailable, err.Error())
			return
		}
		fmt.Fprintln(w, "ok")
	})
	mux.Handle("GET /metrics", s.metrics.handler())
	page := http.NewServeMux()
	if s.config.Page != nil {
		page.Handle("GET /", s.config.Page)
	}
	return s.guarded(plainErrors(mux, page))
}

func (s *Server) guarded(h http.Handler) (http.Handler, error) {
	limiter, err := access.NewLimiter(s.config.Limits)
	if err != nil {
		return nil, err
	}
	cores := s.workers()
	if s.lights, err = access.NewShedder(16*cores, 64*cores, 100*time.Millisecond); err != nil {
		return nil, err
	}
	if s.heavies, err = access.NewShedder(cores, 3*cores, 40*time.Millisecond); err != nil {
		return nil, err
	}
	s.metrics.registerShedders(map[string]*access.Shedder{"light": s.lights, "what_if": s.heavies})
	c := access.Config{Auth: s.config.Auth, Limits: limiter, Light: s.lights, Heavy: s.heavies, Deadline: s.config.Deadline, Log: s.log}
	if c.Deadline == 0 {
		c.Deadline = defaultDeadline
	}
	if s.config.Audit != nil {
		c.Audit = access.NewAudit(s.config.Audit, s.log)
	}
	h, err = access.Chain(c, h)
	if err != nil {
		return nil, err
	}
	if s.config.Tracing {
		h = otelhttp.NewHandler(h, "restock")
	}
	return h, nil
}

// plainErrors gives the answers of the mux itself (no such path, no such method) the form of all others. Outside /v1/ the page's mux
// comes after the API's: one for both would take a GET of what can only be posted to for a file of the page.
func plainErrors(api, page *http.ServeMux) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mux := api
		_, pattern := api.Handler(r)
		if pattern == "" && !strings.HasPrefix(r.URL.Path, "/v1/") {
			mux = page
			_, pattern = page.Handler(r)
		}
		if pattern != "" {
			mux.ServeHTTP(w, r)
			return
		}
		probe := &statusOnly{header: http.Header{}}
		mux.ServeHTTP(probe, r)
		switch {
		case probe.status == http.StatusMethodNotAllowed:
			w.Header().Set("Allow", probe.header.Get("Allow"))
			access.WriteProblem(w, probe.status, r.Method+" is not possible here; "+probe.header.Get("Allow")+" is")
		case probe.status >= 300 && probe.status < 400:
			mux.ServeHTTP(w, r)
		default:
			access.WriteProblem(w, http.StatusNotFound, "there is nothing at this path; /openapi.json lists what there is")
		}
	})
}

type statusOnly struct {
	header http.Header
	status int
}

func (p *statusOnly) Header() http.Header         { return p.header }
func (p *statusOnly) Write(b []byte) (int, error) { return len(b), nil }
func (p *statusOnly) WriteHeader(status int)      { p.status = status }

// register adds an operation. Errors become problems, and the time is measured.
func register[I, O any](s *Server, api huma.API, o huma.Operation, f func(context.Context, *I) (*O, error)) {
	documentStatuses(&o, reflect.TypeFor[I]())
	o.MaxBodyBytes = s.config.Limits.BodyBytes
	o.BodyReadTimeout = -1 // the request's deadline holds; huma's own would end the connection of a later request
	huma.Register(api, o, func(ctx context.Context, in *I) (*O, error) {
		start := time.Now()
		var out *O
		err := checkPath(in)
		if err == nil {
			out, err = f(ctx, in)
		}
		status := o.DefaultStatus
		if err != nil {
			var answer huma.StatusError
			answer, err = s.asProblem(ctx, err)
			status = answer.GetStatus()
		}
		s.metrics.observe(o.OperationID, status, time.Since(start))
		return out, err
	})
}

// asProblem turns an error into an answer. What is not the asker's fault is logged, and told without details. The second result
// is the first with the headers that it needs.
func (s *Server) asProblem(ctx context.Context, err error) (huma.StatusError, error) {
	var status huma.StatusError
	var denied *access.Denied
	var found problems
	switch {
	case errors.As(err, &status):
		return status, err
	case errors.As(err, &denied):
		e := huma.NewError(denied.Status, denied.Detail)
		if denied.RetryAfter > 0 {
			seconds := max(1, int(denied.RetryAfter.Seconds()+0.999))
			return e, huma.ErrorWithHeaders(e, http.Header{"Retry-After": {strconv.Itoa(seconds)}})
		}
		return e, e
	case errors.As(err, &found):
		var details []error
		for _, p := range found {
			details = append(details, &huma.ErrorDetail{Location: strings.TrimPrefix(p.location, "."), Message: p.message})
		}
		e := huma.NewError(http.StatusUnprocessableEntity, "the request can't be carried out: "+found.Error(), details...)
		return e, e
	case errors.Is(err, errUnknownArticle), errors.Is(err, store.ErrNotFound):
		e := huma.NewError(access.NotFound.Status, access.NotFound.Detail)
		return e, e
	case errors.Is(err, store.ErrConflict):
		e := huma.NewError(http.StatusPreconditionFailed, "it has been changed since it was read; read it again, and change that")
		return e, e
	case errors.Is(err, store.ErrTooLarge):
		e := huma.NewError(http.StatusRequestEntityTooLarge, err.Error())
		return e, e
	case errors.Is(err, store.ErrNotWritable):
		s.log.ErrorContext(ctx, "a write was refused", "error", err)
		e := huma.NewError(http.StatusServiceUnavailable, "nothing can be stored right now; try again later")
		return e, huma.ErrorWithHeaders(e, http.Header{"Retry-After": {"10"}})
	case ctx.Err() != nil:
		e := huma.NewError(http.StatusServiceUnavailable, "the answer would have come too late")
		return e, huma.ErrorWithHeaders(e, http.Header{"Retry-After": {"1"}})
	}
	s.log.ErrorContext(ctx, "a request failed", "request_id", access.RequestID(ctx), "error", err)
	e := huma.NewError(http.StatusServiceUnavailable, "this can't be done right now; try again")
	return e, huma.ErrorWithHeaders(e, http.Header{"Retry-After": {"2"}})
}

// brief shortens an error: with every mistake comes the value that it was found in, which may be all of the body.
func brief(_ huma.Context, _ string, answer any) (any, error) {
	e, ok := answer.(*huma.ErrorModel)
	if !ok {
		return answer, nil
	}
	const most = 100
	if n := len(e.Errors); n > most {
		e.Errors = append(e.Errors[:most:most], &huma.ErrorDetail{Message: fmt.Sprintf("and %d more", n-most)})
	}
	for _, detail := range e.Errors {
		switch v := detail.Value.(type) {
		case string:
			if len(v) > most {
				detail.Value = strings.ToValidUTF8(v[:most], "") + "…"
			}
		case map[string]any, map[any]any, []any:
			detail.Value = nil
		case float64:
			if math.IsNaN(v) || math.IsInf(v, 0) { // JSON has no word for it
				detail.Value = fmt.Sprint(v)
			}
		}
	}
	return e, nil
}

// tagOf makes an entity tag, without its quotes.
func tagOf(text string, n uint64) string {
	h := fnv.New64a()
	h.Write([]byte(text))
	return strconv.FormatUint(h.Sum64()^n*0x9e3779b97f4a7c15, 36)
}

func revisionTag(revision uint64) string { return `"r` + strconv.FormatUint(revision, 10) + `"` }

// expected reads an If-Match header: the revision that must be the newest, nil if it may be any.
func expected(header string) (*uint64, error) {
	if header == "" || header == "*" {
		return nil, nil
	}
	text, ok := strings.CutPrefix(strings.Trim(strings.TrimPrefix(header, "W/"), `"`), "r")
	n, err := strconv.ParseUint(text, 10, 64)
	if !ok || err != nil {
		return nil, store.ErrConflict
	}
	return &n, nil
}

// matches tells whether an If-None-Match header has a tag, which has its quotes.
func matches(header, tag string) bool {
	for _, t := range strings.Split(header, ",") {
		if t = strings.TrimPrefix(strings.TrimSpace(t), "W/"); t == tag || t == "*" {
			return true
		}
	}
	return false
}

// MerchantPath is where an operation is at.
type MerchantPath struct {
	Merchant string `path:"merchant" maxLength:"256" example:"kitchen" doc:"the merchant's ID"`
}

// ArticlePath is where an operation is at.
type ArticlePath struct {
	MerchantPath
	Article string `path:"article" minLength:"1" maxLength:"256" example:"22114" doc:"the article's ID"`
}

func (p MerchantPath) check() error {
	var found problems
	found.checkID("path.merchant", p.Merchant)
	return found.err()
}

func (p ArticlePath) check() error {
	var found problems
	found.checkID("path.merchant", p.Merchant)
	found.checkID("path.article", p.Article)
	return found.err()
}

// checkPath says what is wrong with the IDs of a request's path.
func checkPath(in any) error {
	if p, ok := in.(interface{ check() error }); ok {
		return p.check()
	}
	return nil
}

// checkID has the rules of files, and the store's limit.
func (p *problems) checkID(location, id string) {
	switch {
	case len(id) > store.MaxIDLength:
		p.add(location, "is longer than %d bytes", store.MaxIDLength)
	case !utf8.ValidString(id):
		p.add(location, "is not UTF-8")
	case strings.ContainsFunc(id, unicode.IsControl):
		p.add(location, "has control characters")
	}
}

func (p ArticlePath) key() table.Key { return table.Key{Merchant: p.Merchant, Article: p.Article} }

// json is an answer whose JSON is ready.
type jsonAnswer struct {
	ETag         string `header:"ETag"`
	CacheControl string `header:"Cache-Control"`
	ContentType  string `header:"Content-Type"`
	Body         []byte
}

const revalidate = "private, no-cache"

// admin is who may see and do everything: it has every merchant.
func admin(ctx context.Context, right access.Right) error {
	p := access.From(ctx)
	if !p.Merchants.All() {
		return access.NotFound
	}
	if !p.Rights.Has(right) {
		return &access.Denied{Status: http.StatusForbidden, Detail: "the token lacks the right"}
	}
	return nil
}
