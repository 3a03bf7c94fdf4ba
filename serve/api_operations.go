package serve

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/restock-engine/restock/io/table"
	"github.com/restock-engine/restock/optimize"
	"github.com/restock-engine/restock/serve/access"
	"github.com/restock-engine/restock/serve/offline"
	"github.com/restock-engine/restock/serve/store"
	"github.com/restock-engine/restock/simulate"
)

func (s *Server) operations(api huma.API) error {
	recommendation, err := recommendationSchema()
	if err != nil {
		return err
	}
	schemas := api.OpenAPI().Components.Schemas
	tags := func(names ...string) []string { return names }
	get := func(id, path, summary string, tag string) huma.Operation {
		return huma.Operation{OperationID: id, Method: http.MethodGet, Path: path, Summary: summary, Tags: tags(tag), DefaultStatus: http.StatusOK}
	}
	send := func(method, id, path, summary, tag string, status int) huma.Operation {
		return huma.Operation{OperationID: id, Method: method, Path: path, Summary: summary, Tags: tags(tag), DefaultStatus: status}
	}
	const recommendations, features, partners, operator = "recommendations", "features", "settings", "operation"
	register(s, api, get("whoami", "/v1/whoami", "Who am I, and what may I do?", partners), s.whoami)
	register(s, api, get("listMerchants", "/v1/merchants", "The merchants that the token is for", partners), s.listMerchants)
	register(s, api, get("overview", "/v1/merchants/{merchant}/overview", "Key figures of a merchant's assortment", recommendations), s.overview)
	register(s, api, answers(get("listArticles", "/v1/merchants/{merchant}/articles", "A merchant's articles with what is recommended", recommendations),
		schemas.Schema(reflect.TypeFor[Page](), true, ""), csvFormat, arrowFormat), s.listArticles)
	register(s, api, answers(get("getRecommendation", "/v1/merchants/{merchant}/articles/{article}/recommendation",
		"What is recommended for an article, with all figures", recommendations), recommendation, csvFormat, arrowFormat), s.getRecommendation)
	register(s, api, answers(send(http.MethodPost, "batchGetRecommendations", "/v1/recommendations:batchGet", "Up to 100 recommendations at once", recommendations, 200),
		batchSchema(recommendation, schemas.Schema(reflect.TypeFor[Key](), true, "")), csvFormat, arrowFormat), s.batchGet)
	register(s, api, send(http.MethodPost, "whatIf", "/v1/what-if", "What would be recommended if something were different, and what would other policies do?",
		"what-if", 200), s.whatIf)
	register(s, api, answers(get("getFeatures", "/v1/merchants/{merchant}/articles/{article}/features", "What is known of an article, now or at a moment of the past",
		features), schemas.Schema(reflect.TypeFor[Features](), true, "")), s.getFeatures)
	register(s, api, send(http.MethodPut, "putFeatures", "/v1/merchants/{merchant}/articles/{article}/features", "Replace what is known of an article", features, 200),
		s.putFeaturesOperation)
	register(s, api, send(http.MethodPost, "sendStockEvents", "/v1/merchants/{merchant}/events",
		"Stock and sales events, each applied once, in whatever order they come", features, 202), s.sendEvents)
	register(s, api, get("getSettings", "/v1/merchants/{merchant}/settings", "What a merchant has set", partners), s.getSettings)
	register(s, api, send(http.MethodPut, "putSettings", "/v1/merchants/{merchant}/settings", "Replace a merchant's settings, and decide its articles anew",
		partners, 202), s.putSettingsOperation)
	register(s, api, get("getArticleSettings", "/v1/merchants/{merchant}/articles/{article}", "What a merchant has set for an article", partners), s.getArticle)
	register(s, api, send(http.MethodPatch, "patchArticle", "/v1/merchants/{merchant}/articles/{article}",
		"Change what a merchant has set for an article, and decide it anew", partners, 202), s.patchArticleOperation)
	register(s, api, get("getJob", "/v1/jobs/{job}", "How far a re-optimisation is", partners), s.getJob)
	register(s, api, answers(get("jobEvents", "/v1/jobs/{job}/events", "Progress of a job as server-sent events", partners), nil, eventFormat), s.jobEvents)
	register(s, api, answers(get("merchantEvents", "/v1/merchants/{merchant}/events", "What happens to a merchant's data, as server-sent events", recommendations),
		nil, eventFormat), s.merchantEvents)
	register(s, api, get("listRuns", "/v1/runs", "Nightly runs that can be served", operator), s.listRuns)
	setRun := send(http.MethodPut, "setRun", "/v1/runs/current", "Serve another nightly run, or the latest again", operator, 200)
	setRun.Errors = []int{http.StatusConflict}
	register(s, api, setRun, s.setRun)
	register(s, api, get("listDeadLetters", "/v1/dead-letters", "Messages that could not be handled", operator), s.deadLetters)
	register(s, api, get("listShadow", "/v1/shadow", "Where the shadow settings would recommend something else", operator), s.listShadow)
	documentNulls(api)
	return nil
}

type body[T any] struct{ Body T }

// WhoAmI tells who sends the request.
type WhoAmI struct {
	Name          string   `json:"name"`
	Merchants     []string `json:"merchants" doc:"* is every merchant"`
	Rights        []string `json:"rights"`
	EngineVersion string   `json:"engine_version"`
	Insecure      bool     `json:"insecure" doc:"no token is needed here"`
}

func (s *Server) whoami(ctx context.Context, _ *struct{}) (*body[WhoAmI], error) {
	p := access.From(ctx)
	return &body[WhoAmI]{WhoAmI{p.Name, p.Merchants.IDs(), p.Rights.Names(), optimize.EngineVersion, s.config.Auth.Insecure}}, nil
}

func (s *Server) listMerchants(ctx context.Context, _ *struct{}) (*body[[]string], error) {
	p := access.From(ctx)
	if !p.Merchants.All() {
		return &body[[]string]{p.Merchants.IDs()}, nil
	}
	return &body[[]string]{s.assortment.merchants(s.base.Load())}, nil
}

func (s *Server) overview(ctx context.Context, in *MerchantPath) (*body[Overview], error) {
	if err := access.Check(ctx, access.Read, in.Merchant); err != nil {
		return nil, err
	}
	return &body[Overview]{s.assortment.list(in.Merchant).overview}, nil
}

type listQuery struct {
	MerchantPath
	Sort       string  `query:"sort" default:"-saving" doc:"a column, with - for falling" example:"-stockout_risk"`
	Search     string  `query:"search" doc:"part of an article's ID" maxLength:"256"`
	Status     string  `query:"status" enum:",ok,no_order,degraded" doc:"only articles of this status"`
	OrderNow   bool    `query:"order_now" doc:"only what is to be ordered in week 0"`
	MinRisk    float64 `query:"min_stockout_risk" minimum:"0" maximum:"1" doc:"of the weeks; the overview counts the articles from 0.25 on"`
	MinOverstk float64 `query:"min_overstock_share" minimum:"0" maximum:"1" doc:"of the stock; the overview counts the articles from 0.25 on"`
	Limit      int     `query:"limit" default:"50" minimum:"1" maximum:"1000"`
	Cursor     string  `query:"cursor" doc:"next of the page before" maxLength:"64"`
	Accept     string  `header:"Accept"`
}

// Resolve implements [huma.Resolver]: NaN is neither below the minimum nor above the maximum, and nothing is above it.
func (in *listQuery) Resolve(huma.Context) []error {
	var errs []error
	if math.IsNaN(in.MinRisk) {
		errs = append(errs, &huma.ErrorDetail{Location: "query.min_stockout_risk", Message: "is not a number"})
	}
	if math.IsNaN(in.MinOverstk) {
		errs = append(errs, &huma.ErrorDetail{Location: "query.min_overstock_share", Message: "is not a number"})
	}
	return errs
}

// Page is a part of a list.
type Page struct {
	Items []Summary `json:"items"`
	Next  string    `json:"next,omitempty" doc:"cursor of the next page; missing on the last"`
	Total int       `json:"total" doc:"articles that pass the filters"`
}

// listArticles answers a page as JSON, or all that passes the filters as CSV or Arrow.
func (s *Server) listArticles(ctx context.Context, in *listQuery) (*huma.StreamResponse, error) {
	if err := access.Check(ctx, access.Read, in.Merchant); err != nil {
		return nil, err
	}
	l := s.assortment.list(in.Merchant)
	order, ok := s.assortment.order(l, in.Sort)
	if !ok {
		return nil, problems{{"query.sort", fmt.Sprintf("%q can't be sorted by; columns are article_id, %s, with - for falling", in.Sort,
			strings.Join(sortedNames(sortable), ", "))}}
	}
	from := 0
	if in.Cursor != "" {
		var err error
		if from, err = strconv.Atoi(in.Cursor); err != nil || from < 0 {
			return nil, problems{{"query.cursor", "is not one that this list has given"}}
		}
	}
	var passed []*Summary
	for _, i := range order {
		if item := &l.items[i]; in.passes(item) {
			passed = append(passed, item)
		}
	}
	format, err := negotiate(in.Accept)
	if err != nil {
		return nil, err
	}
	if format == jsonFormat {
		p := Page{Items: []Summary{}, Total: len(passed)}
		for i := from; i < len(passed) && len(p.Items) < in.Limit; i++ {
			p.Items = append(p.Items, *passed[i])
		}
		if end := from + len(p.Items); end < len(passed) {
			p.Next = strconv.Itoa(end)
		}
		return jsonStream(p)
	}
	return &huma.StreamResponse{Body: func(c huma.Context) {
		c.SetHeader("Content-Type", format)
		c.SetHeader("Content-Disposition", `attachment; filename="restock.`+formats[format]+`"`)
		var rows []*table.RecommendationRow
		for _, item := range passed {
			data, _, err := s.assortment.get(item.MerchantID, item.ArticleID)
			row := &table.RecommendationRow{}
			if err == nil && data != nil {
				err = json.Unmarshal(data, row)
			}
			if err != nil || data == nil {
				s.log.Error("an article is missing from an export", "merchant", item.MerchantID, "article", item.ArticleID, "error", err)
				panic(http.ErrAbortHandler) // a list that looks whole and is not would be worse than none
			}
			rows = append(rows, row)
		}
		if err := table.WriteRecommendations(c.BodyWriter(), formats[format], rows); err != nil {
			s.log.Warn("a list was not sent whole", "error", err)
		}
	}}, nil
}

func (in *listQuery) passes(x *Summary) bool {
	return (in.Search == "" || strings.Contains(strings.ToLower(x.ArticleID), strings.ToLower(in.Search))) &&
		(in.Status == "" || x.Status == in.Status) && (!in.OrderNow || x.OrderWeek == 0 && x.OrderQuantity > 0) &&
		(in.MinRisk == 0 || number(x.StockoutRisk) >= in.MinRisk) && (in.MinOverstk == 0 || x.overstockShare() >= in.MinOverstk)
}

const (
	jsonFormat  = "application/json"
	csvFormat   = "text/csv; charset=utf-8"
	arrowFormat = "application/vnd.apache.arrow.stream"
	eventFormat = "text/event-stream"
)

// formats are the endings of table files by content type.
var formats = map[string]string{csvFormat: ".csv", arrowFormat: ".arrows"}

// negotiate chooses the format that an Accept header likes best.
func negotiate(accept string) (string, error) {
	best, quality := "", 0.0
	if accept == "" {
		return jsonFormat, nil
	}
	for _, part := range strings.Split(accept, ",") {
		name, parameters, _ := strings.Cut(part, ";")
		q := 1.0
		for _, p := range strings.Split(parameters, ";") {
			if text, ok := strings.CutPrefix(strings.TrimSpace(p), "q="); ok {
				v, err := strconv.ParseFloat(text, 64)
				if err != nil || math.IsNaN(v) {
					v = 0
				}
				q = v
			}
		}
		var format string
		switch strings.ToLower(strings.TrimSpace(name)) {
		case "application/json", "application/*", "*/*":
			format = jsonFormat
		case "text/csv", "text/*":
			format = csvFormat
		case arrowFormat:
			format = arrowFormat
		default:
			continue
		}
		if q > quality {
			best, quality = format, q
		}
	}
	if best == "" {
		return "", &access.Denied{Status: http.StatusNotAcceptable,
			Detail: "none of the formats of the Accept header is known; known are application/json, text/csv and " + arrowFormat}
	}
	return best, nil
}

func jsonStream(v any) (*huma.StreamResponse, error) {
	data, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	return &huma.StreamResponse{Body: func(c huma.Context) {
		c.SetHeader("Content-Type", jsonFormat)
		c.BodyWriter().Write(data) // an error means that the client is gone
	}}, nil
}

type recommendationQuery struct {
	ArticlePath
	IfNoneMatch string `header:"If-None-Match"`
	Accept      string `header:"Accept"`
}

func (s *Server) getRecommendation(ctx context.Context, in *recommendationQuery) (*jsonAnswer, error) {
	if err := access.Check(ctx, access.Read, in.Merchant); err != nil {
		return nil, err
	}
	format, err := negotiate(in.Accept)
	if err != nil {
		return nil, err
	}
	data, tag, err := s.recommendation(ctx, in.key())
	if err != nil {
		return nil, err
	}
	out := &jsonAnswer{ETag: `"` + tag + formats[format] + `"`, CacheControl: revalidate, ContentType: format}
	if in.IfNoneMatch != "" && matches(in.IfNoneMatch, out.ETag) {
		return nil, huma.ErrorWithHeaders(huma.Status304NotModified(), http.Header{"ETag": {out.ETag}, "Cache-Control": {revalidate}})
	}
	if format == jsonFormat {
		out.Body = data
		return out, nil
	}
	out.Body, err = asTable(format, [][]byte{data})
	return out, err
}

// asTable turns recommendations in JSON into a table.
func asTable(format string, list [][]byte) ([]byte, error) {
	var rows []*table.RecommendationRow
	for _, data := range list {
		row := &table.RecommendationRow{}
		if err := json.Unmarshal(data, row); err != nil {
			return nil, err
		}
		rows = append(rows, row)
	}
	var b bytes.Buffer
	err := table.WriteRecommendations(&b, formats[format], rows)
	return b.Bytes(), err
}

// recommendation returns what is recommended, in its public form with a tag. An article that has features and no recommendation
// is decided now.
func (s *Server) recommendation(ctx context.Context, key table.Key) ([]byte, string, error) {
	data, tag, err := s.assortment.get(key.Merchant, key.Article)
	if err != nil || data != nil {
		return data, tag, err
	}
	row, err := s.decideNow(ctx, key)
	if err != nil {
		return nil, "", err
	}
	data, err = recommendationJSON(row)
	return data, tagOf(string(data), 0), err
}

// Key names an article.
type Key struct {
	MerchantID string `json:"merchant_id" maxLength:"256" example:"kitchen"`
	ArticleID  string `json:"article_id" maxLength:"256" example:"22114"`
}

type batchGetInput struct {
	Accept string `header:"Accept"`
	Body   struct {
		Keys []Key `json:"keys" minItems:"1" maxItems:"100"`
	}
}

// batchGet answers recommendations in the order that they were asked for, and which are missing: not there, or of another merchant.
func (s *Server) batchGet(ctx context.Context, in *batchGetInput) (*jsonAnswer, error) {
	format, err := negotiate(in.Accept)
	if err != nil {
		return nil, err
	}
	missing := []Key{}
	var list [][]byte
	for _, k := range in.Body.Keys {
		err := access.Check(ctx, access.Read, k.MerchantID)
		var denied *access.Denied
		if errors.As(err, &denied) && denied.Status == http.StatusForbidden {
			return nil, err
		}
		var data []byte
		if err == nil {
			data, _, err = s.recommendation(ctx, table.Key{Merchant: k.MerchantID, Article: k.ArticleID})
		}
		var found problems
		switch {
		case err == nil:
			list = append(list, data)
		case errors.As(err, &denied), errors.Is(err, errUnknownArticle), errors.As(err, &found):
			missing = append(missing, k)
		default:
			return nil, err
		}
	}
	if format != jsonFormat {
		data, err := asTable(format, list)
		return &jsonAnswer{ContentType: format, CacheControl: "no-store", Body: data}, err
	}
	absent, err := json.Marshal(missing)
	if err != nil {
		return nil, err
	}
	// What is stored is JSON already, and 100 of it take longer to look through again than to find.
	data := slices.Concat([]byte(`{"recommendations":[`), bytes.Join(list, []byte(",")), []byte(`],"missing":`), absent, []byte("}"))
	return &jsonAnswer{ContentType: format, CacheControl: "no-store", Body: data}, nil
}

type featuresQuery struct {
	ArticlePath
	AsOf        time.Time `query:"as_of" doc:"a moment of the past, as 2026-11-16T08:00:00Z: what was known then"`
	IfNoneMatch string    `header:"If-None-Match"`
}

// Resolve implements [huma.Resolver]: who asks for a moment, and names none, is not answered with what is known now.
func (in *featuresQuery) Resolve(c huma.Context) []error {
	if u := c.URL(); in.AsOf.IsZero() && u.Query().Has("as_of") {
		return []error{&huma.ErrorDetail{Location: "query.as_of", Message: "is not a moment like 2026-11-16T08:00:00Z", Value: u.Query().Get("as_of")}}
	}
	return nil
}

func (s *Server) getFeatures(ctx context.Context, in *featuresQuery) (*jsonAnswer, error) {
	if err := access.Check(ctx, access.Read, in.Merchant); err != nil {
		return nil, err
	}
	if !in.AsOf.IsZero() {
		v, err := s.offline.AsOf(ctx, string(store.Features), in.Merchant, in.Article, in.AsOf)
		if errors.Is(err, offline.ErrNotFound) || err == nil && v.Deleted {
			return nil, errUnknownArticle
		}
		if err != nil {
			return nil, err
		}
		return &jsonAnswer{ETag: revisionTag(v.Revision), CacheControl: revalidate, ContentType: jsonFormat, Body: v.Value}, nil
	}
	k, err := s.features(ctx, in.key())
	if err != nil {
		return nil, err
	}
	tag := revisionTag(k.revision)
	if k.revision == 0 {
		tag = `"b` + tagOf(k.base.file.Meta.ID, 0) + `"`
	}
	if in.IfNoneMatch != "" && matches(in.IfNoneMatch, tag) {
		return nil, huma.ErrorWithHeaders(huma.Status304NotModified(), http.Header{"ETag": {tag}, "Cache-Control": {revalidate}})
	}
	data, err := k.public()
	return &jsonAnswer{ETag: tag, CacheControl: revalidate, ContentType: jsonFormat, Body: data}, err
}

type putFeaturesInput struct {
	ArticlePath
	IfMatch string `header:"If-Match" doc:"ETag of what is to be replaced; without it, whatever is there is"`
	Body    Features
}

// Accepted is a version that was stored.
type Accepted struct {
	Revision uint64 `json:"revision"`
	Job      string `json:"job,omitempty" doc:"what decides the articles anew: see /v1/jobs"`
}

type accepted struct {
	ETag     string `header:"ETag"`
	Location string `header:"Location"`
	Body     Accepted
}

func (s *Server) putFeaturesOperation(ctx context.Context, in *putFeaturesInput) (*accepted, error) {
	if err := access.Check(ctx, access.Write, in.Merchant); err != nil {
		return nil, err
	}
	expect, err := expected(in.IfMatch)
	if err != nil {
		return nil, err
	}
	d, err := s.putFeatures(ctx, in.key(), &in.Body, expect)
	if err != nil {
		return nil, err
	}
	return &accepted{ETag: revisionTag(d.Revision), Body: Accepted{Revision: d.Revision}}, nil
}

type sendEventsInput struct {
	MerchantPath
	Body struct {
		Events []StockEvent `json:"events" minItems:"1" maxItems:"1000"`
	}
}

// EventsAccepted tells how many events were stored. They are applied within moments.
type EventsAccepted struct {
	Accepted int `json:"accepted"`
}

func (s *Server) sendEvents(ctx context.Context, in *sendEventsInput) (*body[EventsAccepted], error) {
	if err := access.Check(ctx, access.Write, in.Merchant); err != nil {
		return nil, err
	}
	var found problems
	now := time.Now()
	for i := range in.Body.Events {
		e := &in.Body.Events[i]
		if err := e.Check(now); err != nil {
			found.add(fmt.Sprintf("body.events[%d]", i), "%v", err)
		}
	}
	if err := found.err(); err != nil {
		return nil, err
	}
	set, err := s.settingsOf(ctx, in.Merchant)
	if err != nil {
		return nil, err
	}
	for i := range in.Body.Events {
		e := &in.Body.Events[i]
		k, err := s.features(ctx, table.Key{Merchant: in.Merchant, Article: e.ArticleID})
		if errors.Is(err, errUnknownArticle) {
			found.add(fmt.Sprintf("body.events[%d].article_id", i), "there are no features of article %q; put them first", e.ArticleID)
			continue
		}
		if err != nil {
			return nil, err
		}
		// What can't be on hand, such as half of a whole unit, would leave an article that can't be decided.
		row := k.row
		row.OnHand = math.Abs(e.Quantity)
		var fields simulate.FieldErrors
		if _, _, err := set.Article(&row); errors.As(err, &fields) {
			for _, f := range fields {
				if f.Column == "on_hand" {
					found.add(fmt.Sprintf("body.events[%d].quantity", i), "%s %s", f.Value, f.Reason)
				}
			}
		}
	}
	if err := found.err(); err != nil {
		return nil, err
	}
	for i := range in.Body.Events {
		e := &in.Body.Events[i]
		data, err := json.Marshal(e)
		if err != nil {
			return nil, err
		}
		if err := s.store.Accept(ctx, in.Merchant, strconv.Quote(e.ArticleID)+strconv.Quote(e.ID), data); err != nil {
			return nil, err
		}
	}
	return &body[EventsAccepted]{EventsAccepted{len(in.Body.Events)}}, nil
}

type settingsAnswer struct {
	ETag string `header:"ETag"`
	Body SettingsChange
}

func (s *Server) getSettings(ctx context.Context, in *MerchantPath) (*settingsAnswer, error) {
	if err := access.Check(ctx, access.Read, in.Merchant); err != nil {
		return nil, err
	}
	out := &settingsAnswer{Body: SettingsChange{}, ETag: revisionTag(0)}
	d, err := s.store.Get(ctx, store.Key{Kind: store.MerchantSettings, Merchant: in.Merchant})
	if errors.Is(err, store.ErrNotFound) {
		return out, nil
	}
	if err != nil {
		return nil, err
	}
	out.ETag = revisionTag(d.Revision)
	return out, json.Unmarshal(d.Value, &out.Body)
}

type putSettingsInput struct {
	MerchantPath
	IfMatch string `header:"If-Match"`
	Body    SettingsChange
}

func (s *Server) putSettingsOperation(ctx context.Context, in *putSettingsInput) (*accepted, error) {
	if err := access.Check(ctx, access.Write, in.Merchant); err != nil {
		return nil, err
	}
	expect, err := expected(in.IfMatch)
	if err != nil {
		return nil, err
	}
	return s.queued(s.putSettings(ctx, in.Merchant, in.Body, expect))
}

// queued is the answer to a setting: its revision is its job.
func (s *Server) queued(d *store.Document, err error) (*accepted, error) {
	if err != nil {
		return nil, err
	}
	id := jobID(d.Revision)
	return &accepted{ETag: revisionTag(d.Revision), Location: "/v1/jobs/" + id, Body: Accepted{Revision: d.Revision, Job: id}}, nil
}

type articleAnswer struct {
	ETag string `header:"ETag"`
	Body ArticleOverrides
}

func (s *Server) getArticle(ctx context.Context, in *ArticlePath) (*articleAnswer, error) {
	if err := access.Check(ctx, access.Read, in.Merchant); err != nil {
		return nil, err
	}
	if _, err := s.features(ctx, in.key()); err != nil {
		return nil, err
	}
	out := &articleAnswer{Body: ArticleOverrides{}, ETag: revisionTag(0)}
	d, err := s.store.Get(ctx, store.Key{Kind: store.ArticleSettings, Merchant: in.Merchant, Article: in.Article})
	if errors.Is(err, store.ErrNotFound) {
		return out, nil
	}
	if err != nil {
		return nil, err
	}
	out.ETag = revisionTag(d.Revision)
	return out, json.Unmarshal(d.Value, &out.Body)
}

type patchArticleInput struct {
	ArticlePath
	IfMatch string `header:"If-Match"`
	Body    ArticleOverrides
}

func (s *Server) patchArticleOperation(ctx context.Context, in *patchArticleInput) (*accepted, error) {
	if err := access.Check(ctx, access.Write, in.Merchant); err != nil {
		return nil, err
	}
	expect, err := expected(in.IfMatch)
	if err != nil {
		return nil, err
	}
	return s.queued(s.patchArticle(ctx, in.key(), ArticleColumns(in.Body), expect))
}

// JobPath is where an operation is at.
type JobPath struct {
	Job string `path:"job" maxLength:"32" example:"j42"`
}

// visibleJob returns a job of a merchant that the asker may see.
func (s *Server) visibleJob(ctx context.Context, id string) (*Job, error) {
	j, err := s.job(ctx, id)
	if err != nil {
		return nil, err
	}
	if err := access.Check(ctx, access.Read, j.MerchantID); err != nil {
		_, _ = s.store.Revision(ctx, store.ArticleSettings, math.MaxInt64) // takes the time that one takes that is not there
		return nil, err
	}
	return j, nil
}

func (s *Server) getJob(ctx context.Context, in *JobPath) (*body[Job], error) {
	j, err := s.visibleJob(ctx, in.Job)
	if err != nil {
		return nil, err
	}
	return &body[Job]{*j}, nil
}

// Runs are the nightly runs that can be served.
type Runs struct {
	Served string   `json:"served" doc:"run_id of what is served"`
	Date   string   `json:"date"`
	Dates  []string `json:"dates" doc:"complete runs, latest first"`
	Pinned bool     `json:"pinned" doc:"false: the latest complete run is served"`
}

func (s *Server) listRuns(ctx context.Context, _ *struct{}) (*body[Runs], error) {
	if err := admin(ctx, access.Read); err != nil {
		return nil, err
	}
	r := Runs{Dates: []string{}}
	if v := s.assortment.current(); v != nil {
		r.Served, r.Date = v.ID, v.Date
	}
	if s.config.Runs != "" {
		dates, err := completeRuns(s.config.Runs)
		if err != nil {
			return nil, err
		}
		r.Dates = append(r.Dates, dates...)
	}
	if d, err := s.store.Get(ctx, pinKey); err == nil {
		var p pin
		if err := json.Unmarshal(d.Value, &p); err != nil {
			return nil, err
		}
		r.Pinned = p.Date != ""
	}
	return &body[Runs]{r}, nil
}

type setRunInput struct {
	Body struct {
		Date string `json:"date" example:"2026-11-16" doc:"of a complete run, or latest"`
	}
}

func (s *Server) setRun(ctx context.Context, in *setRunInput) (*body[Runs], error) {
	if err := admin(ctx, access.Write); err != nil {
		return nil, err
	}
	if err := s.setPin(ctx, in.Body.Date); err != nil {
		return nil, err
	}
	return s.listRuns(ctx, nil)
}

func (s *Server) deadLetters(ctx context.Context, _ *struct{}) (*body[[]store.DeadLetter], error) {
	if err := admin(ctx, access.Read); err != nil {
		return nil, err
	}
	list := []store.DeadLetter{}
	err := s.store.DeadLetters(ctx, func(l store.DeadLetter) { list = append(list, l) })
	slices.Reverse(list)
	return &body[[]store.DeadLetter]{list[:min(len(list), 100)]}, err
}
