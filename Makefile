# What a person types. CI runs `make check` and `make test`, and nothing a person cannot.

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
ARGS   ?=
T      ?=
MINUTES ?= 10

.PHONY: run test test-quick bench check fix docs screenshots lock soak storm fuzz sbom audit wheel clean

# The console's styles, from npm, once per lock file; without npm it says so and goes on.
STYLES := $(BIN)/python -I gateway/console/assets.py

run: $(VENV)/.runs            ## make the environment, then show the main job: ARGS=--once ends it
	@$(STYLES)
	@$(BIN)/mrx demo $(ARGS)

test: $(VENV)/.tests          ## the whole suite; T=path for a part of it
	@sh tests/tools.sh
	@$(STYLES) --tests
	@$(BIN)/pytest -n auto --dist worksteal $(T)

test-quick: $(VENV)/.tests    ## in two minutes: on SQLite alone, without what is slow or starts a program, a few cases of each
	@MRX_QUICK=1 $(BIN)/pytest -n auto --dist worksteal -m "$(QUICK)" $(T)

QUICK := not slow and not processes and not second_opinion and not browser

bench: $(VENV)/.tests         ## how fast it is, beside a floor of the same run: ARGS=--quick, ARGS="--only NAME"
	@sh tests/tools.sh
	@$(BIN)/python -m bench $(ARGS)

check: $(VENV)/.tests         ## format, lint, types, layers
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

fix: $(VENV)/.tests           ## what the formatter and the linter can mend by themselves
	@$(BIN)/ruff check --fix --quiet . || true
	@$(BIN)/ruff format .

docs: $(VENV)/.runs           ## what is generated: the doors' OpenAPI, the pages of all codes, settings, metrics and terms
	@for door in source partner operators; do $(BIN)/mrx openapi $$door > docs/openapi/$$door.json || exit 1; done
	@$(BIN)/mrx explain --page > docs/problems.md
	@$(BIN)/mrx settings --page > docs/settings.md
	@$(BIN)/mrx metrics --page > docs/metrics.md
	@$(BIN)/mrx retention show --page > docs/retention.md

screenshots: $(VENV)/.tests   ## pictures of the console's main pages, with invented data, for the README
	@sh tests/tools.sh
	@$(STYLES) --tests
	@$(BIN)/python -m tests.screenshots docs/pictures

soak: $(VENV)/.tests          ## the model test, for MINUTES=n, on both databases; ARGS="--seed N" replays one
	@sh tests/tools.sh
	@$(BIN)/python -m tests.journeys.model --minutes $(MINUTES) $(ARGS)

storm: $(VENV)/.tests         ## random kills, on all engines one after the other: MINUTES=n of it in all; MRX_SEED=n draws the same
	@sh tests/tools.sh
	@seed=$${MRX_SEED:-$$(od -An -N2 -tu2 /dev/urandom | tr -d ' ')}; \
	kills=$$(( $(MINUTES) * 5 / 2 )); \
	echo "seed $$seed; again: MRX_SEED=$$seed make storm MINUTES=$(MINUTES)"; \
	MRX_SEED=$$seed MRX_CHAOS_SECONDS=$$(( $(MINUTES) * 15 )) MRX_KILLS=$$(( kills < 12 ? 12 : kills )) \
	$(BIN)/pytest -s -vv -k "storm_everything or killed_at" tests/journeys/test_chaos.py tests/journeys/test_kill.py

fuzz: $(VENV)/.tests          ## one reader under a fuzzer: ARGS="TARGET --seconds N", ARGS=--help names them
	@$(BIN)/python -m tests.fuzz $(ARGS)

lock: $(VENV)/.tests          ## make both lock files anew from pyproject.toml and requirements-dev.in
	@$(BIN)/pip-compile $(LOCK) -o requirements.lock --extra build --extra pkcs11 --extra traces pyproject.toml
	@$(BIN)/pip-compile $(LOCK) -o requirements-dev.lock --extra build --extra pkcs11 --extra traces pyproject.toml requirements-dev.in

LOCK := --quiet --generate-hashes --allow-unsafe --strip-extras --no-header \
        --no-emit-index-url --no-emit-trusted-host --no-emit-find-links

sbom: $(VENV)/.tests          ## what mrx is made of, from both lock files: dist/mrx.cdx.json (CycloneDX)
	@$(BIN)/python -I deploy/sbom.py dist/mrx.cdx.json

audit: $(VENV)/.tests         ## whether a weakness is known in what is locked; ARGS=--required where it must be asked
	@$(BIN)/python -I deploy/audit.py $(ARGS)

wheel: $(VENV)/.runs          ## dist/mrx-*.whl, byte for byte the same wherever and whenever it is made
	@$(STYLES)
	@$(BIN)/python -I deploy/wheel.py dist

# The environment is made once per lock file; a half-made one is made again.
$(VENV)/.runs: requirements.lock pyproject.toml
	@echo "making the environment (a minute, once)"
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-build-isolation --no-deps -e .
	@touch $@

$(VENV)/.tests: requirements-dev.lock $(VENV)/.runs
	@echo "adding what the tests need"
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@touch $@

clean:
	rm -rf $(VENV) gateway/console/static/vendor build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis
