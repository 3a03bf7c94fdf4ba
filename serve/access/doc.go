// Package access decides who may use the service, what for, and how much of it: API keys and JWTs become a Principal, a Limiter
// keeps one merchant from starving another, a Shedder keeps the latency of what is accepted when there is too much, and Chain
// puts them in order around a handler, with deadlines, security headers and an audit log. It knows HTTP and files, and nothing of
// articles.
package access
