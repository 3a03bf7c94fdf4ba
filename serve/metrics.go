package serve

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/restock-engine/restock/serve/access"
)

// metrics are what /metrics tells.
type metrics struct {
	registry *prometheus.Registry
	requests *prometheus.HistogramVec
	whatIf   prometheus.Histogram
	archived prometheus.Counter
	draining prometheus.Gauge
}

func newMetrics(s *Server) *metrics {
	m := &metrics{
		registry: prometheus.NewRegistry(),
		requests: prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "restock_request_seconds", Help: "Time to answer, by operation and status.",
			Buckets: []float64{.0005, .001, .002, .003, .005, .01, .02, .05, .1, .2, .5, 1, 2, 5, 10}}, []string{"operation", "status"}),
		whatIf: prometheus.NewHistogram(prometheus.HistogramOpts{Name: "restock_what_if_seconds", Help: "Time to answer a what-if of one article.",
			Buckets: []float64{.001, .002, .003, .005, .01, .02, .05, .1, .2, .5}}),
		archived: prometheus.NewCounter(prometheus.CounterOpts{Name: "restock_archived_versions_total", Help: "Versions appended to the offline store."}),
		draining: prometheus.NewGauge(prometheus.GaugeOpts{Name: "restock_draining", Help: "1 while the process ends."}),
	}
	gauge := func(name, help string, f func() float64) prometheus.Collector {
		return prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help}, f)
	}
	m.registry.MustRegister(m.requests, m.whatIf, m.archived, m.draining, collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
		gauge("restock_jobs_pending", "Settings whose re-optimisation is not finished.", func() float64 {
			ctx, cancel := context.WithTimeout(context.Background(), time.Second)
			defer cancel()
			n, err := s.store.Pending(ctx, s.jobConsumer())
			if err != nil {
				return -1
			}
			return float64(n)
		}),
		gauge("restock_run_articles", "Articles of the run that is served.", func() float64 {
			if r := s.assortment.current(); r != nil {
				return float64(r.Rows)
			}
			return 0
		}))
	return m
}

func (m *metrics) drain() { m.draining.Set(1) }

func (m *metrics) handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{})
}

// observe notes how long an operation took.
func (m *metrics) observe(operation string, status int, d time.Duration) {
	m.requests.WithLabelValues(operation, strconv.Itoa(status)).Observe(d.Seconds())
}

// registerShedders tells how many requests were turned away.
func (m *metrics) registerShedders(shedders map[string]*access.Shedder) {
	for name, s := range shedders {
		m.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "restock_shed_requests", Help: "Requests turned away because there was too much to do.",
			ConstLabels: prometheus.Labels{"kind": name}}, func() float64 { return float64(s.Stats().Shed) }))
	}
}
