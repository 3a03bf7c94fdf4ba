# make demo: build, and run on the shipped data.   make test: the tests.   make check: all that must hold before a commit.

STATICCHECK = honnef.co/go/tools/cmd/staticcheck@v0.8.2
BENCHSTAT   = golang.org/x/perf/cmd/benchstat@v0.0.0-20260908200009-22c9c6c9d4da
VERSION     = $(shell git describe --tags --always --dirty 2>/dev/null)
FUZZTIME   ?= 10m
COUNT      ?= 6

.PHONY: build demo test check format vet staticcheck race fuzz bench clean
.PHONY: bench-kernel bench-optimizer bench-job bench-peers bench-backtest bench-drift bench-rounds bench-forecast bench-batch bench-serve bench-soak bench-kills bench-hostile page page-test forecast-lightgbm forecast-lightgbm-test forecast-fixtures

build:
	go build -buildvcs=false -ldflags "-X main.version=$(VERSION)" -o bin/restock ./cmd/restock

demo: build
	@mkdir -p out
	bin/restock forecast --history testdata/history.parquet --out out/forecast.parquet --quiet
	@echo
	bin/restock optimize --articles testdata/articles.csv --forecast out/forecast.parquet --config testdata/restock.yaml \
		--out out/recommendations.parquet --rejects out/rejects.csv --quiet
	@echo
	@echo "The recommendations lie in out/recommendations.parquet, one row per article with all figures; the forecast in out/forecast.parquet."
	@echo "article_names.csv in testdata/ has the articles' names. Try next:"
	@echo "  bin/restock simulate --articles testdata/articles.csv --forecast out/forecast.parquet --config testdata/restock.yaml \\"
	@echo "      --merchant kitchen --article 22722 --html out/22722.html      # one article: outcomes, stock over the weeks, a page with plots"
	@echo "  bin/restock serve --data out/service --insecure --load-articles testdata/articles.csv --load-forecast out/forecast.parquet \\"
	@echo "      --config testdata/restock.yaml                         # the page for partners: what if? at http://127.0.0.1:8080"
	@echo "  bin/restock config show --config testdata/restock.yaml --merchant kitchen   # every setting, and where it comes from"
	@echo "  bin/restock validate --articles YOURS.csv --forecast YOURS.parquet          # your own tables: every problem at once"

# testdata/build is the program that made the example data; ./... leaves folders named testdata out.
test:
	go test ./... ./testdata/build

check: format vet staticcheck race

format:
	@files=$$("$$(go env GOROOT)/bin/gofmt" -l .) && test -z "$$files" || { echo "run gofmt -w on: $$files"; exit 1; }

# The second architecture has no assembly: it shows that the plain Go kernel builds.
vet:
	go vet ./... ./testdata/build
	GOARCH=arm64 go vet ./...

staticcheck:
	go run $(STATICCHECK) ./... ./testdata/build

# Needs a C compiler. The seeds of the fuzz targets are run with it.
race:
	go test -race ./... ./testdata/build

# Every fuzz target for FUZZTIME, one after the other. What they find is written to testdata/fuzz of the package: commit it with the fix.
# Without a limit, Go spends up to a minute on making each interesting input smaller, and hardly tries new ones.
fuzz: vet
	@set -e; for package in $$(go list ./...); do \
		for target in $$(go test -list '^Fuzz' $$package | grep '^Fuzz' || true); do \
			echo "$$package $$target"; \
			go test -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 100x $$package; \
		done; \
	done

bench:
	@mkdir -p out
	go test -run '^$$' -bench . -benchmem -count $(COUNT) ./... > out/bench.txt || { cat out/bench.txt; exit 1; }
	go run $(BENCHSTAT) out/bench.txt

# The published figures, each with its RESULTS.md. These need more than Go: gcc for the kernel, Python packages (installed by themselves) for the peers.
bench-kernel:
	$(MAKE) -C benchmarks/kernel

bench-optimizer:
	$(MAKE) -C benchmarks/optimizer

bench-job:
	$(MAKE) -C benchmarks/job

bench-peers:
	$(MAKE) -C benchmarks/peers

bench-backtest:
	$(MAKE) -C benchmarks/backtest

bench-drift:
	$(MAKE) -C benchmarks/drift

# VN2=folder adds the competition's history, which has no licence to be shipped.
bench-forecast:
	$(MAKE) -C benchmarks/forecast $(if $(VN2),VN2="$(abspath $(VN2))")

bench-batch:
	$(MAKE) -C benchmarks/batch figures

bench-serve:
	$(MAKE) -C benchmarks/serve figures

# An hour of mixed requests: memory and goroutines.
bench-soak:
	$(MAKE) -C benchmarks/serve soak

# Kill a nightly run, and the service, a hundred times each, and check what they have kept.
bench-kills:
	$(MAKE) -C benchmarks/batch kills
	$(MAKE) -C benchmarks/batch away KILLS=10
	$(MAKE) -C benchmarks/serve kills

# The service under random requests (schemathesis, Python), a clock that jumps, and floods of slow and hostile clients.
bench-hostile:
	$(MAKE) -C benchmarks/serve schema-fuzz
	$(MAKE) -C benchmarks/serve clock-jump
	$(MAKE) -C benchmarks/serve flood

# The page: its bundle from its sources (Node), and its test in a browser (Chromium).
page:
	$(MAKE) -C serve/web build

page-test:
	$(MAKE) -C serve/web browser-test

# RULES=game.yaml names the rules of a game with its files; see docs/competition.md.
bench-rounds:
	$(MAKE) -C benchmarks/rounds RULES="$(abspath $(RULES))"

# A forecast by LightGBM (Python; see forecast/mlforecast): make forecast-lightgbm HISTORY=history.parquet OUT=forecast.parquet
forecast-lightgbm:
	$(MAKE) -f forecast/mlforecast/Makefile forecast HISTORY="$(HISTORY)" OUT="$(OUT)"

forecast-lightgbm-test:
	$(MAKE) -f forecast/mlforecast/Makefile test

# Writes the files of testdata/forecasts anew with the libraries that users write them with (Python).
forecast-fixtures:
	$(MAKE) -C testdata/forecasts

clean:
	rm -rf bin out
