package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
)

// requests are the kinds that are measured.
type requests struct {
	whatIf, frontier, stored, batch, put, get, patch, event request
}

// newRequests makes requests about the articles that the service has.
func newRequests(s *service) (*requests, error) {
	list, err := articles(s)
	if err != nil || len(list) == 0 {
		return nil, fmt.Errorf("no articles: %v", err)
	}
	article := func(n int) string { return list[n*7919%len(list)] }
	features, err := s.featuresOf(article(0))
	if err != nil {
		return nil, err
	}
	const merchant, bench = "/v1/merchants/kitchen", "/v1/merchants/bench"
	return &requests{
		whatIf: func(n int) (string, string, []byte) {
			return "POST", "/v1/what-if", fmt.Appendf(nil, `{"articles":[{"merchant_id":"kitchen","article_id":%q,"changes":{"lead_time_mean":%d}}]}`, article(n), 2+n%5)
		},
		frontier: func(n int) (string, string, []byte) {
			return "POST", "/v1/what-if", fmt.Appendf(nil, `{"articles":[{"merchant_id":"kitchen","article_id":%q,"frontier":true}]}`, article(n))
		},
		stored: func(n int) (string, string, []byte) {
			return "GET", merchant + "/articles/" + article(n) + "/recommendation", nil
		},
		batch: func(n int) (string, string, []byte) {
			var keys []string
			for i := range 100 {
				keys = append(keys, fmt.Sprintf(`{"merchant_id":"kitchen","article_id":%q}`, article(n+i)))
			}
			return "POST", "/v1/recommendations:batchGet", []byte(`{"keys":[` + strings.Join(keys, ",") + `]}`)
		},
		put: func(n int) (string, string, []byte) {
			return "PUT", bench + "/articles/" + strconv.Itoa(n%1000) + "/features", features
		},
		get: func(n int) (string, string, []byte) {
			return "GET", bench + "/articles/" + strconv.Itoa(n%50) + "/features", nil
		},
		patch: func(n int) (string, string, []byte) {
			return "PATCH", bench + "/articles/" + strconv.Itoa(n/10%50), fmt.Appendf(nil, `{"pack_size":%d}`, 1+n%7)
		},
		event: func(n int) (string, string, []byte) {
			return "POST", bench + "/events", fmt.Appendf(nil, `{"events":[{"article_id":"%d","id":"sale-%d","type":"sale","at":%q,"quantity":1}]}`, n/10%50, n,
				time.Now().UTC().Format(time.RFC3339Nano))
		},
	}, nil
}

// fill puts the articles that get, patch and event are about.
func (s *service) fill() error {
	for n := range 50 {
		if status, err := s.send(s.requests.put, n); err != nil || status != 200 {
			return fmt.Errorf("putting features: %d %v", status, err)
		}
	}
	return nil
}

// featuresOf returns an article's features as they can be put.
func (s *service) featuresOf(article string) ([]byte, error) {
	r, err := s.client.Get(s.url + "/v1/merchants/kitchen/articles/" + article + "/features")
	if err != nil {
		return nil, err
	}
	defer r.Body.Close()
	data, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	var doc map[string]json.RawMessage
	if err := json.Unmarshal(data, &doc); err != nil {
		return nil, err
	}
	delete(doc, "stock")
	return json.Marshal(doc)
}
