package main

import (
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// A JWT's rights stand in the claim and behind the prefix that the flags say; what else is in it is none.
func TestServeJWT(t *testing.T) {
	dir := t.TempDir()
	public, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	encode := base64.RawURLEncoding.EncodeToString
	write(t, filepath.Join(dir, "keys.json"), fmt.Sprintf(`{"keys":[{"kty":"OKP","crv":"Ed25519","kid":"k","x":%q}]}`, encode(public)))
	claims := fmt.Sprintf(`{"iss":"https://login.example","aud":"restock","sub":"jo","exp":%d,"partners":["north"],"scope":"openid restock:read what-if"}`,
		time.Now().Add(time.Hour).Unix())
	token := encode([]byte(`{"alg":"EdDSA","kid":"k"}`)) + "." + encode([]byte(claims))
	token += "." + encode(ed25519.Sign(private, []byte(token)))

	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	ended := make(chan int, 1)
	var log syncWriter
	go func() {
		ended <- run(ctx, []string{"serve", "--data", filepath.Join(dir, "data"), "--listen", "127.0.0.1:0", "--jwks", filepath.Join(dir, "keys.json"),
			"--jwt-issuer", "https://login.example", "--jwt-audience", "restock", "--jwt-merchants", "partners", "--jwt-rights", "scope",
			"--jwt-rights-prefix", "restock:"}, strings.NewReader(""), io.Discard, &log)
	}()
	var url string
	for end := time.Now().Add(30 * time.Second); url == ""; time.Sleep(20 * time.Millisecond) {
		url = regexp.MustCompile(`http://127\.0\.0\.1:\d+`).FindString(log.String())
		if time.Now().After(end) {
			t.Fatalf("the service does not start: %s", &log)
		}
	}
	r, err := http.NewRequest(http.MethodGet, url+"/v1/whoami", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+token)
	w, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Body.Close()
	var me struct {
		Name              string
		Merchants, Rights []string
	}
	if err := json.NewDecoder(w.Body).Decode(&me); err != nil || fmt.Sprint(me) != "{jo [north] [read]}" {
		t.Errorf("%d %v, %v", w.StatusCode, me, err)
	}
	stop()
	if code := <-ended; code != exitDone {
		t.Errorf("the service ended with code %d: %s", code, &log)
	}
}
