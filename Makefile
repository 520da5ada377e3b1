# Needs a Python of 3.11 or later with venv and pip; everything else is installed into .venv, in the versions of
# constraints.txt. ARGS is passed on: make demo ARGS="--port 8123 --json", make test ARGS="-k paging".

PYTHON ?= $(shell for python in python3.13 python3.12 python3.11 python3; do \
	$$python -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
	&& echo $$python && break; done)
ARGS =

venv := .venv
bin := $(venv)/bin
export PIP_DISABLE_PIP_VERSION_CHECK := 1

# Without build isolation, which would fetch a build backend of any version. All output goes to standard error: what a
# command prints may be read by a program.
define install
	@test -n "$(PYTHON)" || { echo 'no Python of 3.11 or later with venv and pip: set PYTHON' >&2; exit 1; }
	@echo 'Installing [$(extras)] into $(venv)' >&2
	@$(PYTHON) -m venv $(venv) >&2
	@$(bin)/python -m pip install --quiet $(pinned) --upgrade setuptools >&2
	@$(bin)/python -m pip install --quiet $(pinned) --no-build-isolation --editable '.[$(extras)]' >&2
endef
pinned = --constraint constraints.txt
# Whether there is a cargo that has, or gets, what the native back end is built of.
crates = command -v cargo >/dev/null && cargo fetch --quiet --locked --manifest-path native/Cargo.toml

.PHONY: demo test test-slow lint types imports schema check pins clean

demo: $(venv)/demo $(venv)/graphiql $(venv)/insights-page
	@exec $(bin)/gateway demo $(ARGS)

test: $(venv)/dev
	$(bin)/pytest -n 2 -m 'not slow' $(ARGS)

# What takes more than a few seconds by itself.
test-slow: $(venv)/dev
	$(bin)/pytest -n 2 -m slow $(ARGS)

lint: $(venv)/dev
	$(bin)/ruff check

types: $(venv)/dev
	$(bin)/mypy

imports: $(venv)/dev
	$(bin)/lint-imports

schema: $(venv)/dev
	$(bin)/gateway schema --check schema.graphql
	$(bin)/gateway schema --compare schema.released.graphql --accepted schema.accepted-changes.txt

check: test test-slow lint types imports schema

# With the hashes of the files for every platform, of which the image is built for two.
hashed = $(bin)/uv pip compile --quiet --constraint constraints.txt --generate-hashes --only-binary :all: \
	--python-version 3.13 --no-emit-index-url --no-header --no-annotate

# Every package of the full install, in the newest version that pyproject.toml allows.
pins: venv := .venv-pins
pins: bin := .venv-pins/bin
pins: extras := embedded,dev,release
pins: pinned :=
pins:
	@rm -rf $(venv)
	$(install)
	@{ sed -n '/^#/p' constraints.txt; \
		$(bin)/python -m pip freeze --all --exclude-editable --exclude pip; } > $(venv)/constraints.txt
	@mv $(venv)/constraints.txt constraints.txt
	@$(bin)/python -m pip install --quiet uv >&2
	@{ sed -n '/^#/p' requirements/image.txt; $(hashed) pyproject.toml; } > $(venv)/image.txt
	@{ sed -n '/^#/p' requirements/image-build.txt; printf 'maturin\nsetuptools\n' | $(hashed) -; } > $(venv)/image-build.txt
	@mv $(venv)/image.txt $(venv)/image-build.txt requirements
	@rm -rf $(venv)

clean:
	rm -rf .venv build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache tests/clients/node_modules \
		native/build native/target native/fuzz/target bench/mercurius/node_modules graphiql/node_modules insights-page/node_modules $(bundles) examples/node_modules examples/*/node_modules \
		examples/*/build examples/*/src/gql examples/relay/src/__generated__
	find gateway tests -name __pycache__ -prune -exec rm -rf {} +

$(venv)/demo: extras := embedded
$(venv)/demo: pyproject.toml constraints.txt
	$(install)
	@touch $@

$(venv)/dev: extras := embedded,dev
$(venv)/dev: pyproject.toml constraints.txt
	$(install)
	@touch $@ $(venv)/demo

$(venv)/release: extras := embedded,dev,release
$(venv)/release: pyproject.toml constraints.txt
	$(install)
	@touch $@ $(venv)/demo $(venv)/dev

# The pages that the gateway serves, each in the versions of its package-lock.json; building them needs Node 20.19 or later
# with npm. Without its build GraphiQL loads scripts from a CDN, and the Insights page says that it isn't built.
.PHONY: graphiql insights-page
bundles := gateway/transport/pages/bundles
graphiql := $(bundles)/graphiql/index.html
graphiql_sources := $(wildcard graphiql/*.html graphiql/*.js graphiql/*.json graphiql/src/*)
graphiql: $(graphiql)

$(graphiql): $(graphiql_sources) | graphiql/node_modules
	cd graphiql && npm run build
	@touch $@

# With the start page. What they ask is checked against the schema, whose descriptions they show.
insights := $(bundles)/insights/index.html
insights_sources := schema.graphql $(wildcard $(addprefix insights-page/,*.html *.ts *.json) \
	$(addprefix insights-page/src/,* */* */*/*))
insights-page: $(insights)

$(insights): $(insights_sources) | insights-page/node_modules
	cd insights-page && npm run build
	@touch $@

graphiql/node_modules insights-page/node_modules: %/node_modules: %/package.json %/package-lock.json
	cd $(@D) && npm ci
	@touch $@

# For the demo, which never fails of them: each is tried once for each state of its sources.
$(venv)/graphiql: $(graphiql_sources)
$(venv)/graphiql: title := GraphiQL
$(venv)/graphiql: otherwise := will come from a CDN
$(venv)/insights-page: $(insights_sources)
$(venv)/insights-page: title := Insights
$(venv)/insights-page: otherwise := won't be there
$(venv)/graphiql $(venv)/insights-page: $(venv)/%: | $(venv)/demo
	@echo 'Building $(title)' >&2
	@npm_config_fetch_retries=0 npm_config_fetch_timeout=30000 $(MAKE) --silent $* >$@.log 2>&1 \
		|| echo "$(title) $(otherwise), for want of npm and Node 20.19; 'make $*' says more" >&2
	@touch $@

# The clients of the JavaScript world, each in the version of a package-lock.json, and the examples; they need Node and npm.
.PHONY: clients
clients: $(venv)/dev tests/clients/node_modules bench/mercurius/node_modules examples/node_modules examples/federation/node_modules \
		$(graphiql) $(insights)
	$(bin)/pytest tests/clients $(ARGS)

# The README's pictures of the Insights page.
.PHONY: pictures
pictures: $(venv)/dev tests/clients/node_modules $(insights)
	$(bin)/python -m tests.clients.readme_pictures

tests/clients/node_modules: tests/clients/package.json tests/clients/package-lock.json
	cd tests/clients && npm ci --ignore-scripts --no-audit --no-fund
	@touch $@

examples/node_modules: examples/package.json examples/package-lock.json $(wildcard examples/*/package.json)
	cd examples && npm ci --ignore-scripts --no-audit --no-fund
	@touch $@

examples/federation/node_modules: examples/federation/package.json examples/federation/package-lock.json
	cd examples/federation && npm ci --ignore-scripts --no-audit --no-fund
	@touch $@

# What is published: a source distribution and the wheel that it builds, with the built pages, and the same of the native
# back end where cargo can build it; all checked and installed.
.PHONY: dist
dist: $(venv)/release $(graphiql) $(insights)
	@rm -rf dist build/lib build/bdist.*
	$(bin)/pyproject-build --no-isolation
	@if $(crates); then $(bin)/maturin build --quiet --sdist --out dist --manifest-path native/Cargo.toml; \
		else echo 'No cargo, or no crates: dist/ is without the native back end' >&2; fi
	$(bin)/twine check --strict dist/*
	$(bin)/pytest tests/distribution $(ARGS)

# What the image installs, as a bill of materials in CycloneDX's format; with the crates of the native back end.
sbom := build/sbom.cdx.json
.PHONY: sbom
sbom: $(venv)/release
	@mkdir -p $(dir $(sbom))
	$(bin)/cyclonedx-py requirements requirements/image.txt --pyproject pyproject.toml --mc-type application \
		--output-reproducible --output-format JSON --output-file $(sbom)
	$(bin)/python distribution/native_crates.py native/Cargo.lock $(sbom)

# The performance figures; see bench/README.md. Of Node's world only where it is asked for: ARGS="--variants gateway mercurius".
.PHONY: bench
bench: $(venv)/demo $(if $(findstring mercurius,$(ARGS)),bench/mercurius/node_modules)
	@$(bin)/python -m bench $(ARGS)

bench/mercurius/node_modules: bench/mercurius/package.json bench/mercurius/package-lock.json
	cd bench/mercurius && npm ci >&2
	@touch $@

# The back end in Rust, which nothing needs; building it needs cargo. Python is the one that builds it, and no other.
.PHONY: native
native: $(venv)/native

$(venv)/native: $(wildcard native/*.toml native/Cargo.lock native/src/*.rs) | $(venv)/demo
	@command -v cargo >/dev/null || { echo 'no cargo: https://rustup.rs installs it' >&2; exit 1; }
	@$(bin)/python -m pip install --quiet $(pinned) maturin >&2
	@PATH="$(CURDIR)/$(bin):$$PATH" $(bin)/python -m pip install --quiet --no-build-isolation --no-deps --force-reinstall ./native >&2
	@$(bin)/gateway --version >&2
	@touch $@

# Its own style, where cargo has rustfmt and clippy beside it.
.PHONY: lint-native
lint-native:
	cd native && cargo fmt --check && cargo clippy --locked --quiet --all-targets -- -D warnings

# What reads through GraphQL, answered by it wherever it does; of what is slow, that which is about answers.
.PHONY: test-native
test-native: $(venv)/dev $(venv)/native
	$(bin)/pytest -n 2 tests/compiler tests/execution tests/native_fuzzing tests/oracle $(ARGS)
	$(bin)/pytest -n 2 -m 'not slow' tests/end_to_end tests/errors tests/limits tests/live tests/observability tests/preparation \
		tests/project/test_readme.py tests/project/test_recipes.py tests/reports $(addprefix tests/transport/,http rest websocket) $(ARGS)

# Its own tests; then what it makes of bytes that are almost BSON, for that many seconds, compared with Python and under the
# address sanitizer. libFuzzer looks for inputs that take other branches; build/native-fuzz keeps what it comes to, and the
# next run goes on from there. ARGS are its options: ARGS=-fork=2 takes two processors.
SECONDS = 3600
.PHONY: fuzz-native
fuzz-native: $(venv)/dev
	cd native && cargo test --quiet --locked
	$(bin)/python -m tests.native_fuzzing $(SECONDS) $(ARGS)

# Both ways to answer, compared for longer than the tests do, and elsewhere each time; see docs/compiled.md.
EXAMPLES ?= 100000
.PHONY: equivalence
equivalence: $(venv)/dev
	EXAMPLES=$(EXAMPLES) $(bin)/pytest tests/compiler/test_equivalence.py --capture no $(ARGS)

# Clients may send anything; for longer than the tests do, and elsewhere each time.
.PHONY: fuzz
fuzz: $(venv)/dev
	EXAMPLES=$(if $(filter file,$(origin EXAMPLES)),5000,$(EXAMPLES)) $(bin)/pytest -n 2 tests/end_to_end/test_fuzz.py tests/compiler/test_where_meaning.py tests/plan/test_cursors.py tests/plan/test_paging.py $(ARGS)

# The dearest requests that the limits allow, sent by one key beside another organization's light ones; see docs/fairness.md.
# For all of them it takes more than an hour, and a machine that does nothing else.
.PHONY: fairness
fairness: $(venv)/dev
	@$(bin)/python -m tests.fairness $(ARGS)

# A replica set and the gateway are killed, frozen, cut off and restarted under load; see SECURITY.md. Takes minutes.
.PHONY: faults
faults: $(venv)/dev
	$(bin)/pytest --capture no tests/faults $(ARGS)
