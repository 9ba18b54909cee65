# `make check` is what CI runs. Tools are pinned in tools/go.mod and built into bin/.

SHELL       := bash
.SHELLFLAGS := -eu -o pipefail -c
.DELETE_ON_ERROR:

TOOLS       := bin/golangci-lint bin/gofumpt bin/benchstat bin/govulncheck
PEERS       := $(if $(filter 1,$(REQUIRE_PEERS)),-require-peers)
SHARED      := $(or $(RECURSOR_SHARED),../shared)
FUZZTIME    ?= 1m
PLATFORMS   := darwin/arm64 windows/amd64 linux/arm64
MUTATE      ?= ./validate ./validate/sig ./validate/denial
MUTANTS     ?= 40
MUTATETIME  ?= 1h
BENCH       ?= .
BENCHCOUNT  ?= 6
COVERED     := ./dns/...,./validate/...,./trust/rfc5011,./recursor/scrub,./recursor/infra
# The race detector sleeps for a second at the end of each of fifty test programs, for goroutines that are left; that there
# are none is tested by itself.
AWAKE       := atexit_sleep_ms=0
COUNT       := bin/testcount $(PEERS) -shared $(SHARED)

.PHONY: browser check quick format vet arrows lint test build rfc bench yardstick fuzz cross cross-vet cross-386 vuln tools clean

check: format vet arrows lint cover test ## everything that must be green

quick: format vet arrows ## the fast half, for a pre-commit hook

build: ## the binary, in bin/recursor
	CGO_ENABLED=0 go build -trimpath -o bin/recursor ./cmd/recursor

format: bin/gofumpt
	@wrong=$$(bin/gofumpt -l $$(git ls-files -co --exclude-standard '*.go')); \
	if [ -n "$$wrong" ]; then echo "gofumpt would change (bin/gofumpt -w FILE):"; echo "$$wrong"; exit 1; fi

vet:
	go vet ./...
	go vet -C tools ./...

arrows: ## the house rules: imports, citations, documents
	go test ./integration -run '^TestHouse'

lint: bin/golangci-lint
	bin/golangci-lint run ./...

test: bin/testcount ## all tests with the race detector, shuffled; the last line has the counts
	go test -C tools ./...
	go test -run Alloc ./... | { grep -vE 'no test(s| files)' || true; } # the race detector allocates
	GORACE="$${GORACE:-} $(AWAKE)" go test -json -race -shuffle=on -timeout 10m ./... | $(COUNT)

browser: ## Chromium resolves by DNS over HTTPS alone; wants root, chromium and certutil
	REQUIRE_PEERS=1 go test ./integration -run '^TestPeersBrowser$$' -count=1 -v

rfc: ## bring the tables of docs/rfc.md up to date with the sources
	UPDATE_RFC=1 go test ./integration -run '^TestHouseRFCDocument$$' -count=1

bench: bin/benchstat ## benchmarks into bin/bench/new.txt, compared with old.txt there, if any
	@mkdir -p bin/bench
	go test -run '^$$' -bench '$(BENCH)' -benchmem -count $(BENCHCOUNT) ./... | tee bin/bench/new.txt
	@if [ -f bin/bench/old.txt ]; then bin/benchstat bin/bench/old.txt bin/bench/new.txt; else bin/benchstat bin/bench/new.txt; fi

yardstick: ## the store of the caches against otter, in a module of its own
	go test -C tools/cachebench -v -bench . -count 3

fuzz: ## each fuzz target for FUZZTIME, one after the other
	@git grep -hn --untracked -oE '^func Fuzz[A-Za-z0-9_]+' -- '*_test.go' >/dev/null || { echo "no fuzz targets"; exit 1; }
	@git grep -n --untracked -oE '^func Fuzz[A-Za-z0-9_]+' -- '*_test.go' | while IFS=: read -r file _ target; do \
		target=$${target#func }; \
		echo "== $$target in $$(dirname $$file)"; \
		go test "./$$(dirname $$file)" -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) </dev/null; \
	done

cover: bin/uncovered ## every statement of COVERED is run by some test, or stands in docs/uncovered.txt
	@mkdir -p bin/cover
	go test -short -coverpkg $(COVERED) -coverprofile bin/cover/units.out ./dns/... ./validate/... ./trust/... ./recursor/... | { grep -v 'no test files' || true; }
	go test -short -coverpkg $(COVERED) -coverprofile bin/cover/stories.out -run '^(TestScenarios|TestConformance|TestAttacks)$$' ./integration
	bin/uncovered -list docs/uncovered.txt bin/cover/units.out bin/cover/stories.out

mutate: bin/mutate ## would the tests of MUTATE notice if it were wrong? MUTANTS of each package; 0 is all of them
	@mkdir -p bin/mutants
	nice -n 19 bin/mutate -sample $(MUTANTS) -seed 1 -budget $(MUTATETIME) -known docs/mutants.txt -out bin/mutants/report.txt $(MUTATE)

cross-vet: ## compiles with its tests elsewhere
	@for platform in $(PLATFORMS); do \
		echo "go vet for $$platform"; \
		CGO_ENABLED=0 GOOS=$${platform%/*} GOARCH=$${platform#*/} go vet ./...; \
	done

cross-386: ## runs on 32 bits where this machine can; PACKAGES narrows it
	@if [ "$$(go env GOHOSTOS)/$$(go env GOHOSTARCH)" = linux/amd64 ]; then \
		echo "go test for linux/386"; CGO_ENABLED=0 GOARCH=386 go test $(or $(PACKAGES),./...) | { grep -v 'no test files' || true; }; \
	fi

cross: cross-vet cross-386 ## and links the tests
	@for platform in $(PLATFORMS); do \
		echo "go test -c for $$platform"; \
		CGO_ENABLED=0 GOOS=$${platform%/*} GOARCH=$${platform#*/} go test -c -o /dev/null ./... | { grep -v 'no test files' || true; }; \
	done

vuln: bin/govulncheck ## needs the vulnerability database
	bin/govulncheck ./...

tools: $(TOOLS) bin/testcount

bin/golangci-lint: tools/go.mod tools/go.sum
	go build -C tools -o ../bin/ github.com/golangci/golangci-lint/v2/cmd/golangci-lint
	@touch $@

bin/gofumpt: tools/go.mod tools/go.sum
	go build -C tools -o ../bin/ mvdan.cc/gofumpt
	@touch $@

bin/benchstat: tools/go.mod tools/go.sum
	go build -C tools -o ../bin/ golang.org/x/perf/cmd/benchstat
	@touch $@

bin/govulncheck: tools/go.mod tools/go.sum
	go build -C tools -o ../bin/ golang.org/x/vuln/cmd/govulncheck
	@touch $@

bin/testcount: $(wildcard tools/testcount/*.go) tools/go.mod
	go build -C tools -o ../bin/ ./testcount
	@touch $@

bin/uncovered: $(wildcard tools/uncovered/*.go) tools/go.mod
	go build -C tools -o ../bin/ ./uncovered
	@touch $@

bin/mutate: $(wildcard tools/mutate/*.go) tools/go.mod
	go build -C tools -o ../bin/ ./mutate
	@touch $@

clean:
	rm -rf bin
