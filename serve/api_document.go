package serve

import (
	"cmp"
	"encoding/json"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/restock-engine/restock/io/table"
	"github.com/restock-engine/restock/optimize"
)

// documentStatuses adds the statuses that follow from what an operation takes: a body, and headers that ask for something.
func documentStatuses(o *huma.Operation, input reflect.Type) {
	o.Errors = append(o.Errors, http.StatusUnauthorized, http.StatusForbidden, http.StatusNotFound, http.StatusTooManyRequests,
		http.StatusServiceUnavailable)
	for _, f := range reflect.VisibleFields(input) {
		switch f.Tag.Get("header") {
		case "If-Match":
			o.Errors = append(o.Errors, http.StatusPreconditionFailed)
		case "If-None-Match":
			response(o, http.StatusNotModified).Description = "what the asker has is still so"
		case "Accept":
			o.Errors = append(o.Errors, http.StatusNotAcceptable)
		}
		if f.Name == "Body" {
			o.Errors = append(o.Errors, http.StatusBadRequest, http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType)
		}
	}
	slices.Sort(o.Errors)
}

// response returns what an operation says of a status, to be filled in.
func response(o *huma.Operation, status int) *huma.Response {
	if o.Responses == nil {
		o.Responses = map[string]*huma.Response{}
	}
	r := o.Responses[strconv.Itoa(status)]
	if r == nil {
		r = &huma.Response{Content: map[string]*huma.MediaType{}}
		o.Responses[strconv.Itoa(status)] = r
	}
	return r
}

// answers says what an operation answers that writes its body itself.
func answers(o huma.Operation, schema *huma.Schema, others ...string) huma.Operation {
	r := response(&o, o.DefaultStatus)
	if schema != nil {
		r.Content[jsonFormat] = &huma.MediaType{Schema: schema}
	}
	for _, format := range others {
		name, _, _ := strings.Cut(format, ";")
		r.Content[name] = &huma.MediaType{}
		if name != eventFormat { // a schema would be taken for one of each event
			r.Content[name].Schema = &huma.Schema{Type: huma.TypeString}
		}
	}
	return o
}

// recommendationSchema has the columns of the recommendations table, which the answer has by name.
func recommendationSchema() (*huma.Schema, error) {
	data, err := recommendationJSON(table.RecommendationOf(table.RunInfo{}, table.Key{}, &optimize.Recommendation{}, ""))
	if err != nil {
		return nil, err
	}
	var columns map[string]any
	if err := json.Unmarshal(data, &columns); err != nil {
		return nil, err
	}
	s := &huma.Schema{Type: huma.TypeObject, Description: "columns of the recommendations table, and the explanation", AdditionalProperties: false,
		Properties: map[string]*huma.Schema{}, Required: sortedNames(columns)}
	for name, value := range columns {
		s.Properties[name] = &huma.Schema{Type: huma.TypeNumber, Nullable: true}
		if _, ok := value.(string); ok {
			s.Properties[name].Type = huma.TypeString
		}
	}
	return s, nil
}

// batchSchema is what a batch of recommendations is answered with.
func batchSchema(recommendation, key *huma.Schema) *huma.Schema {
	return &huma.Schema{Type: huma.TypeObject, AdditionalProperties: false, Required: []string{"missing", "recommendations"},
		Properties: map[string]*huma.Schema{
			"recommendations": {Type: huma.TypeArray, Items: recommendation, Description: "those that were found, in the order that they were asked for"},
			"missing":         {Type: huma.TypeArray, Items: key, Description: "not there, or of another merchant"}}}
}

// documentNulls says where null may stand: in place of what a request may leave out, and in some answers.
func documentNulls(api huma.API) {
	schemas := api.OpenAPI().Components.Schemas
	seen := map[*huma.Schema]bool{}
	var optional func(s *huma.Schema)
	optional = func(s *huma.Schema) {
		if s != nil && s.Ref != "" {
			s = schemas.SchemaFromRef(s.Ref)
		}
		if s == nil || seen[s] {
			return
		}
		seen[s] = true
		optional(s.Items)
		for name, p := range s.Properties {
			optional(p)
			if slices.Contains(s.Required, name) {
				continue
			}
			s.Properties[name] = orNull(schemas, p)
		}
	}
	for _, path := range api.OpenAPI().Paths {
		for _, o := range []*huma.Operation{path.Put, path.Post, path.Patch} {
			if o != nil && o.RequestBody != nil {
				optional(o.RequestBody.Content[jsonFormat].Schema)
			}
		}
	}
	alternative := schemas.Map()["Alternative"]
	for _, name := range []string{"saving", "saving_to_recommended"} {
		alternative.Properties[name] = orNull(schemas, alternative.Properties[name])
	}
}

// orNull allows null, too. A reference can't say more than what it points to, and becomes that.
func orNull(schemas huma.Registry, s *huma.Schema) *huma.Schema {
	if s.Ref != "" {
		whole := *schemas.SchemaFromRef(s.Ref)
		whole.Description, whole.ReadOnly = cmp.Or(s.Description, whole.Description), s.ReadOnly
		s = &whole
	}
	s.Nullable = s.Nullable || s.Type != ""
	return s
}
