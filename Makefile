# Each target runs the setup itself, so any of them can be the first in a fresh clone.
.DEFAULT_GOAL := help
.PHONY: help up preview down tour setup test test-long test-plugin test-live test-live-clean check coverage docs-test previews previews-check report screenshots machine fuzz chaos soak keep-test fleet-test fleet mutation languages bench bench-fleet schema plugin-archive state build install-check sbom workflows release-check docs docs-serve reference lock fresh clean venv

PYTHON ?= python3
export PYTHON LIVE YES TAG

# These two cannot be measured: one limits the size of every file, the other's parser fails under a tracer (Python 3.11).
UNMEASURED := --deselect tests/cli/test_guard.py::test_output_that_cannot_be_written_is_one_line \
  --ignore tests/unit/test_any_properties.py

run := .venv/bin/python -m
uv := $${XDG_CACHE_HOME:-$$HOME/.cache}/quant-sessions-provider/uv-$$(sed -n s/^UV_VERSION=//p tools/setup.sh)

help: ## List the targets
	@sed -n 's/^\([a-z-]*\):[^#]*## /\1:/p' $(MAKEFILE_LIST) | while IFS=: read -r name text; \
	do printf '  make %-14s %s\n' "$$name" "$$text"; done

up: venv ## Start the emulator, preview and apply the quickstart (LIVE=1: in your QuantCDN account; YES=1: never ask)
	@$(run) tools.demo up

preview: venv ## Show what `make up` would change (LIVE=1 likewise)
	@$(run) tools.demo preview

down: ## Destroy what `make up` created and stop the emulator (LIVE=1: destroy the live stack)
	@if [ -d .demo/emulator ] || [ -d .demo/live ]; then sh tools/setup.sh && $(run) tools.demo down; \
	else echo "Nothing is up."; fi

tour: venv ## Show the life of a session in a minute: created, renewed, expired, lost (AUTO=1: without Enter)
	@$(run) tools.tour

setup: venv ## Create .venv with all packages, and install the Pulumi CLI with the host of YAML programs
	@cli="$$($(run) tools.pulumi_cli)" && echo "Pulumi CLI: $$cli"
	@host="$$($(run) tools.pulumi_hosts yaml)" && echo "Host of YAML programs: $$host"

test: venv ## Run the tests (ARGS="-k word" is passed to pytest)
	@$(run) tools.run_tests $(ARGS)

test-long: venv ## Run the tests that take many runs of the engine; `make test` leaves them out
	@$(run) tools.run_tests -m long $(ARGS)

test-plugin: venv ## Run the tests of the plugin, and all that declare sessions with the plugin's
	@TEST_BOTH_HOSTS=1 $(run) tools.run_tests tests/unit/plugin tests/languages tests/acceptance -k "not dynamic" -m "not pages" $(ARGS)

test-live: venv ## Run acceptance tests against QuantCDN itself (LIVE_TEST_ORGANIZATION, LIVE_TEST_TOKEN; asks first)
	@$(run) tests.live $(ARGS)

test-live-clean: venv ## Delete what a killed `make test-live` left in the account
	@$(run) tests.live clean

check: venv ## Check format, lint, types, the direction of imports, and unused code
	$(run) ruff format --check .
	$(run) ruff check .
	$(run) mypy
	.venv/bin/lint-imports
	$(run) vulture

coverage: venv ## Measure which lines and branches of the package the tests reach (ARGS="tests/unit"; 10 min)
	@rm -f .coverage .coverage.*
	@$(run) tools.run_tests --module coverage run -m pytest -q $(UNMEASURED) $(ARGS)
	@$(run) coverage combine --quiet
	@$(run) coverage report

docs-test: venv ## Follow README, getting started and the tour in empty folders, as a stranger would
	@$(run) tools.run_tests --module tests.docs
	@$(run) tools.run_tests -m "" tests/acceptance/test_tour.py --numprocesses 0

previews: venv ## Write docs/previews.md, docs/preview.svg and the output in three more pages, from runs of the real engine
	@$(run) tools.run_tests --module tools.docs.build
	@$(run) tools.run_tests --module tools.docs.terminal_page
	@$(run) tools.run_tests --module tools.docs.preview_picture
	@$(run) tools.run_tests --module tools.docs.policies
	@$(run) tools.run_tests --module tools.docs.tour_page

previews-check: venv ## Check that they match the engine's output (`make test` checks a part)
	@$(run) tools.run_tests -m "" tests/acceptance/test_gallery.py tests/acceptance/test_terminal_page.py \
	  tests/acceptance/test_policies.py tests/acceptance/test_report.py tests/acceptance/test_tour.py

report: venv ## Write the report, the timeline and the status in docs/, with their images (the report from a run)
	@$(run) tools.run_tests --module tools.docs.report_page
	@$(run) tools.docs.timeline_page > /dev/null
	@$(run) tools.docs.status_page

screenshots: venv ## Write the pictures of the emulator's page in docs/ (needs a browser)
	@$(run) tools.docs.emulator_page

docs: venv ## Build docs/ as a site in .site/html; a broken link stops it, and so does anything from another host
	@$(run) tools.docs.site
	@$(run) tools.docs.site_browser

docs-serve: docs ## Show the site at http://127.0.0.1:8000 (PORT=8080)
	@$(run) http.server --bind 127.0.0.1 --directory .site/html $(or $(PORT),8000)

machine: venv ## Run the stateful tests under every behaviour that the API may have (EXAMPLES=2 on each host)
	@$(run) tools.run_tests --module tests.stateful.trials $(EXAMPLES)

fuzz: venv ## Fuzz the emulator against its contract and the provider with any properties (EXAMPLES=400)
	@OPENAPI_EXAMPLES=$${EXAMPLES:-400} PROPERTY_EXAMPLES=$${EXAMPLES:-400} \
	  $(run) tools.run_tests tests/emulator/test_openapi.py tests/unit/test_any_properties.py --numprocesses 0

chaos: venv ## Run stacks on a bad network: 10,000 seeds with a model of the engine, 50 on the real one (ARGS="--seed 1")
	@$(run) tools.run_tests --module tests.chaos $(ARGS)

soak: venv ## Simulate a month of runs on the real engine, and check every session's requests (RUNS=60)
	@$(run) tools.run_tests --module tests.soak $(RUNS)

mutation: venv ## Break the core in small ways and see whether the unit tests notice (SAMPLE=300; 0: all; 10 min)
	@$(run) tools.mutation $${SAMPLE:-300}

keep-test: venv ## Keep a stack for three simulated days on the real engine; kill, lock and edit it (3 min)
	@$(run) tools.run_tests --module tests.keep

fleet-test: venv ## Disturb fleets on Dask, Postgres and S3 in every way, with the real parts (ARGS="a_ctrl_c")
	@$(run) tools.run_tests --module tests.fleet $(ARGS)

fleet: venv ## Run a fleet of 200 sessions on Postgres and Dask, and clean up (2 min)
	@$(run) tools.run_tests --module tests.fleet.show

languages: venv ## Run the examples in YAML, TypeScript and Go, and install the plugin's archive (ARGS="yaml go")
	@$(run) tools.run_tests --module tests.languages $(ARGS)

bench: venv ## Compare with Pulumi alone and QuantCDN's client; write docs/performance.md (N=100: one size, 5 min)
	@$(run) tools.run_tests --module benchmarks $(N)

reference: venv ## Write docs/reference from the code (held by a test)
	@$(run) tools.reference

bench-fleet: venv ## Compare fleets with one stack and QuantCDN's client; write docs/fleets.md (N=100: one size)
	@$(run) tools.run_tests --module benchmarks.fleet $(N)

state: venv ## Record the state that this version writes, at each release (VERSION=0.1)
	@$(run) tools.run_tests --module tests.support.state_files tests/state/v$(VERSION).json

schema: venv ## Write the plugin's schema.json from the property table (held by a test)
	@$(run) quant_sessions_provider.plugin.schema

plugin-archive: venv ## Write the archives that `pulumi plugin install` takes into dist/
	@$(run) tools.plugin_archive

build: venv ## Build the wheel and the sdist into dist/, and check them as the package index does
	@$(run) tools.release.distribution

install-check: build ## Install and use the wheel in empty environments of all Pythons (8 min; ARGS="3.12")
	@UV="$(uv)" $(run) tools.release.install_check $(ARGS)

sbom: venv ## List what the wheel in dist/ installs, as a CycloneDX document beside it
	@UV="$(uv)" $(run) tools.release.sbom

workflows: venv ## Check the workflows, the action and dependabot's file: actionlint and zizmor (needs Go)
	@cd tools/actionlint && go tool actionlint ../../.github/workflows/*.yml
	@.venv/bin/zizmor --quiet --offline --persona=auditor --no-progress .

release-check: venv ## Check all that a release needs, and leave it in dist/ (20 min; TAG=vX.Y.Z, ARGS="sbom": one step)
	@$(run) tools.release.check $(ARGS)

lock: venv ## Pin the newest allowed packages in requirements.lock
	@$(uv) pip compile pyproject.toml --quiet --upgrade --all-extras --universal --python-version 3.10 \
	  --generate-hashes --no-annotate --no-emit-index-url --no-emit-find-links \
	  --custom-compile-command "make lock" --output-file requirements.lock

fresh: ## Run and time the README's targets in empty clones of HEAD (WARM_GO=1 keeps Go's caches)
	@$(PYTHON) -m tools.fresh

clean: ## Stop the demo and remove .venv, .demo and caches
	@$(PYTHON) -m tools.demo clean
	@rm -rf .venv .site .import_linter_cache .mypy_cache .ruff_cache .pytest_cache .hypothesis mutants .coverage .coverage.*
	@find . -name __pycache__ -prune -exec rm -rf {} +

venv:
	@sh tools/setup.sh
