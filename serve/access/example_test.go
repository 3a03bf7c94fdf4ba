package access_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"runtime"
	"time"

	"github.com/restock-engine/restock/serve/access"
)

// service is a handler as the service has many: it asks whether the merchant is the caller's, and charges for what it computes.
func service(w http.ResponseWriter, r *http.Request) {
	err := access.Check(r.Context(), access.WhatIf, r.URL.Query().Get("merchant"))
	if err == nil {
		err = access.Charge(r.Context(), 2500)
	}
	if denied := (*access.Denied)(nil); errors.As(err, &denied) {
		denied.Write(w)
		return
	}
	fmt.Fprintln(w, "hello", access.From(r.Context()).Name)
}

func Example() {
	dir, _ := os.MkdirTemp("", "")
	defer os.RemoveAll(dir)
	keys, err := access.OpenFileStore(dir)
	if err != nil {
		fmt.Println(err)
		return
	}
	north, _ := access.NewMerchants("north")
	key, token, _ := access.NewKey("north, web shop", north, access.Rights(access.Read|access.WhatIf), time.Now(), time.Time{})
	if err := keys.Put(context.Background(), key); err != nil {
		fmt.Println(err)
		return
	}

	limits, _ := access.NewLimiter(access.DefaultLimits())
	cores := runtime.GOMAXPROCS(0)
	light, _ := access.NewShedder(8*cores, 256, 20*time.Millisecond)
	heavy, _ := access.NewShedder(cores, 16*cores, 20*time.Millisecond)
	log := slog.New(slog.DiscardHandler)
	handler, err := access.Chain(access.Config{
		Auth:     &access.Authenticator{Keys: keys, Log: log},
		Limits:   limits,
		Light:    light,
		Heavy:    heavy,
		Deadline: 10 * time.Second,
		Audit:    access.NewAudit(os.Stderr, log),
		Log:      log,
	}, http.HandlerFunc(service))
	if err != nil {
		fmt.Println(err)
		return
	}

	for _, merchant := range []string{"north", "south"} {
		r := httptest.NewRequest(http.MethodPost, "/v1/what-if?merchant="+merchant, nil)
		r.Header.Set("Authorization", "Bearer "+token)
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		fmt.Print(w.Code, " ", w.Body)
	}
	// Output:
	// 200 hello north, web shop
	// 404 {"title":"Not Found","status":404,"detail":"there is no such merchant, article or job, or it is of another merchant"}
}
