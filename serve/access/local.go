package access

import (
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"strings"
)

// LoopbackOnly is an error if a server that listens at an address, host:port, could be reached from other machines.
func LoopbackOnly(listen string) error {
	host, _, err := net.SplitHostPort(listen)
	if err != nil {
		return fmt.Errorf("listen address %q: %w", listen, err)
	}
	if !loopbackHost(host) {
		return fmt.Errorf("without tokens the service may only listen on this machine, not on %q; use 127.0.0.1, [::1] or localhost, "+
			"or make API keys with 'restock keys create'", listen)
	}
	return nil
}

// loopbackHost tells if a host's name or address is always this machine.
func loopbackHost(host string) bool {
	if strings.EqualFold(strings.TrimSuffix(host, "."), "localhost") {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.Unmap().IsLoopback()
}

// Local protects a service that needs no tokens from the pages in this machine's browser. The Host header must name this machine:
// a page whose own name was made to resolve to 127.0.0.1 (DNS rebinding) sends its own. And what a browser sends on behalf of a
// page of another origin may not change anything.
func Local(next http.Handler) http.Handler {
	origin := http.NewCrossOriginProtection()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host := r.Host
		if h, _, err := net.SplitHostPort(host); err == nil {
			host = h
		}
		if !loopbackHost(strings.Trim(host, "[]")) {
			WriteProblem(w, http.StatusMisdirectedRequest, "without tokens the service answers only to localhost, 127.0.0.1 and [::1]")
			return
		}
		if origin.Check(r) != nil {
			WriteProblem(w, http.StatusForbidden, "a page of another origin may not change anything here")
			return
		}
		next.ServeHTTP(w, r)
	})
}
