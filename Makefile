# The front door. `make` lists the targets; each installs, fetches and builds what it needs and is missing,
# and does nothing twice. The work is CMake's (CMakePresets.json) and that of the scripts in scripts/.

JOBS         ?= $(shell nproc)
PREFIX       ?= /usr/local
FUZZ_SECONDS ?= 60
LLVM         ?= 14

# The modules that start threads: what ThreadSanitizer is for.
THREADED := evaluate core data runtime calibrate search pipeline

space := $(subst ,, )
build_preset = cmake --build build/$(1) --parallel $(JOBS)
test_preset  = ctest --test-dir build/$(1) --output-on-failure --no-tests=error -j$(JOBS)

# ThreadSanitizer of GCC 12 needs the address space of older kernels; a container may forbid asking for it.
plain_addresses = $(shell setarch -R true 2>/dev/null && echo setarch -R)

.PHONY: help demo build test scale bench sanitize tsan asan fuzz lint format docs web install clean
.NOTPARALLEL:

help: ## list these targets
	@echo "make TARGET"
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  %-10s %s\n", $$1, $$2}' Makefile
	@echo "Settings: JOBS=$(JOBS) PREFIX=$(PREFIX) FUZZ_SECONDS=$(FUZZ_SECONDS); SKIP_BOOTSTRAP=1 installs no packages"

demo: ## set up, build, and quantize a float CNN on Fashion-MNIST
	@scripts/configure release demo
	@$(call build_preset,release) --target tare_cli
	@examples/fashion/prepare
	@build/release/tare run examples/fashion/tare.yaml

build: ## set up and build the program: build/release/tare
	@scripts/configure release
	@$(call build_preset,release)

test: ## build and run every test
	@scripts/configure release demo webtest
	@$(call build_preset,release) --target all tests
	@$(call test_preset,release)

scale: ## quantize a model of 2.7 GB within bounds of time and memory; needs 7 GB in TMPDIR
	@scripts/configure release
	@$(call build_preset,release) --target tare_cli
	@ctest --test-dir build/release --output-on-failure --verbose -C Scale -R '^scale/weights$$'

bench: ## measure tare beside its peers, and print the table
	@scripts/configure bench bench
	@$(call build_preset,bench) --target all benchmarks
	@benchmarks/run

sanitize: tsan asan ## run the tests under both: tsan, asan

tsan: ## run the modules that start threads under ThreadSanitizer
	@scripts/configure tsan
	@$(call build_preset,tsan) --target $(THREADED:%=tare_%_test)
	@TSAN_OPTIONS=suppressions=$(CURDIR)/scripts/tsan-suppressions:second_deadlock_stack=1 \
	  $(plain_addresses) $(call test_preset,tsan) -R '^unit/($(subst $(space),|,$(THREADED)))$$'

# One build serves asan and fuzz: clang, its sanitizers, and the coverage that steers the fuzzers.
asan: ## run every test under AddressSanitizer and UndefinedBehaviorSanitizer
	@scripts/configure asan fuzz
	@$(call build_preset,asan) --target all tests
	@ASAN_OPTIONS=detect_stack_use_after_return=1 UBSAN_OPTIONS=print_stacktrace=1 \
	  $(call test_preset,asan) -LE '^(web|install|slow)$$'

fuzz: ## run every fuzz target for FUZZ_SECONDS (60), or FUZZ_RUNS inputs from a fixed seed
	@scripts/configure asan fuzz
	@$(call build_preset,asan) --target fuzzers
	@FUZZ_RUNS=$(FUZZ_RUNS) scripts/fuzz $(FUZZ_SECONDS)

lint: ## check formatting, shell scripts and clang-tidy's findings
	@scripts/configure dev lint fuzz
	@scripts/configure lint
	@LLVM=$(LLVM) JOBS=$(JOBS) scripts/lint

format: ## format the C++ sources in place
	@scripts/bootstrap lint
	@git ls-files '*.cc' '*.h' | xargs clang-format-$(LLVM) -i

docs: ## write docs/cli anew from the command line
	@scripts/configure release
	@$(call build_preset,release) --target tare_test_pages
	@mkdir -p docs/cli && rm -f docs/cli/*.md && build/release/tests/tare-test-pages docs/cli

web: ## build the report page into web/dist
	@scripts/bootstrap web
	@cd web && npm ci --no-audit --no-fund --silent && npm run --silent build

install: build ## install the program and the library into PREFIX (/usr/local)
	@cmake --install build/release --prefix $(PREFIX)

clean: ## remove what was built and computed; what was fetched stays (build/deps)
	@[ ! -d build ] || find build -mindepth 1 -maxdepth 1 ! -name deps -exec rm -rf {} +
	@rm -rf examples/*/tare-out
