package access

import (
	"context"
	"fmt"
	"net/http"
	"time"
)

// Denied is an error that is the answer to a request.
type Denied struct {
	Status     int
	Detail     string
	RetryAfter time.Duration // 0: trying again does not help
}

func (d *Denied) Error() string { return d.Detail }

// Write sends the answer, as application/problem+json.
func (d *Denied) Write(w http.ResponseWriter) {
	if d.RetryAfter > 0 {
		retryAfter(w.Header(), d.RetryAfter)
	}
	WriteProblem(w, d.Status, d.Detail)
}

// NotFound is the answer for what is not there and for what belongs to another merchant alike.
var NotFound = &Denied{
	Status: http.StatusNotFound,
	Detail: "there is no such merchant, article or job, or it is of another merchant",
}

// Check is nil if the request may use a right on a merchant's articles. Otherwise it is a *Denied: NotFound for a merchant that
// is not the principal's, before anything is looked up; 403 for one that is, where the token lacks the right.
func Check(ctx context.Context, r Right, merchant string) error {
	p := From(ctx)
	switch {
	case !p.Merchants.Has(merchant):
		return NotFound
	case !p.Rights.Has(r):
		detail := fmt.Sprintf("the token has no right to %s, only to %s", Rights(r), p.Rights)
		return &Denied{Status: http.StatusForbidden, Detail: detail}
	}
	return nil
}
