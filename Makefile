# What a person or CI runs. Everything that is needed beyond Rust, Node and root (or Debian's packages) is brought here.

export PLANSYNC_BIN ?= $(CURDIR)/target/debug/plansync
CARGO ?= cargo

.PHONY: help run test lint fmt bench audit weaknesses browser packages

help: ## what there is
	@grep -hE '^[a-z]+:.*##' Makefile | sed -E 's/:.*## /\t/' | expand -t 12

run: ## builds everything, starts the server with the sample plan and prints a link for each reader
	$(CARGO) run --release -p plansync-server -- serve --demo

# The TypeScript client is tested beside the rest, where the processor is idle; what it says comes after that. The page is
# tested last: people who click want both cores.
test: browser packages ## builds and runs every test of every language, the browser's too
	$(CARGO) test --workspace --no-run
	cd tests/js && npm run --silent check
	@(cd client-sdk/web && npm run --silent build && npm run --silent size && nice npm run --silent test:code) \
		> target/web.log 2>&1 & web=$$!; \
	$(CARGO) test --workspace --no-fail-fast; rust=$$?; \
	wait $$web; web=$$?; cat target/web.log; exit $$((rust || web))
	cd client-sdk/web && npm run --silent test:page
	$(MAKE) --no-print-directory weaknesses

lint: ## formatting and lints, without a warning
	$(CARGO) fmt --all -- --check
	$(CARGO) clippy --workspace --all-targets -- -D warnings

fmt: ## formats the code
	$(CARGO) fmt --all

bench: ## drives the release server over loopback and prints the figures of docs/benchmarks.md
	$(CARGO) build --release -p plansync-server --features unjudged --target-dir target/unjudged
	$(CARGO) build --release -p plansync-server -p plansync-tests
	PLANSYNC_BIN=$(CURDIR)/target/release/plansync PLANSYNC_BIN_UNJUDGED=$(CURDIR)/target/unjudged/release/plansync \
		$(CURDIR)/target/release/plansync-bench

audit: ## asks for known weaknesses of every dependency; brings cargo-deny where it is not there
	@command -v cargo-deny >/dev/null || $(CARGO) install --locked cargo-deny
	$(MAKE) --no-print-directory weaknesses

# What can be asked without building anything: npm's registry, and RustSec where cargo-deny is there and reaches it.
weaknesses:
	@for folder in tests/js protocol/tests/js client-sdk/web; do node tests/js/audit.mjs $$folder || exit 1; done
	@if ! command -v cargo-deny >/dev/null; then echo "cargo deny: not asked (make audit brings it)"; \
	elif cargo-deny fetch >/dev/null 2>&1; then $(CARGO) deny --log-level error check; \
	else echo "cargo deny: no advisories (its database is on GitHub, which does not answer)"; \
		$(CARGO) deny --log-level error check licenses bans sources; fi

# The npm packages of the TypeScript client and of the stock clients, by their lock files.
packages: tests/js/node_modules/.package-lock.json protocol/tests/js/node_modules/.package-lock.json \
	client-sdk/web/node_modules/.package-lock.json

%/node_modules/.package-lock.json: %/package-lock.json
	cd $* && npm ci --no-audit --no-fund --loglevel=error
	@touch $@

# Debian's Chromium, where there is none yet.
browser:
	@if ! command -v chromium >/dev/null && [ -z "$$PLANSYNC_CHROMIUM" ]; then \
		if command -v apt-get >/dev/null && [ "$$(id -u)" = 0 ]; then \
			apt-get update -qq && apt-get install -y -qq --no-install-recommends chromium >/dev/null; \
		else \
			echo "no chromium: install it, or set PLANSYNC_CHROMIUM" >&2; exit 1; \
		fi; \
	fi
