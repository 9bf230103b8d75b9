# Every target is explained by `make help`.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP_INSTALL := $(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes
AUDIT := $(VENV)/audit

# The names of the stamps change with what is pinned, so pip runs only when there is something to install.
STACK_STAMP := $(VENV)/installed-stack-$(firstword $(shell cat requirements.txt requirements-stack.txt | cksum))
DEV_STAMP := $(VENV)/installed-dev-$(firstword $(shell cat requirements.txt requirements-stack.txt requirements-dev.txt | cksum))
SITE := $(VENV)/site
SITE_STAMP := $(SITE)/installed-$(firstword $(shell cat requirements-site.txt | cksum))
BROWSER_STAMP := $(VENV)/installed-browser-$(firstword $(shell cat requirements-dev.txt requirements-browser.txt | cksum))
AUDIT_STAMP := $(AUDIT)/installed-$(firstword $(shell cat requirements-audit.txt | cksum))
KAFKA_STAMP := ops/kafka/target/fetched-$(firstword $(shell cksum < ops/kafka/pom.xml))

# What the broker has a part in. tests/kafka is for Apache Kafka only, the others run on the embedded broker too.
KAFKA_TESTS := tests/kafka tests/consumer tests/floor/test_kafka.py tests/floor/test_outbox.py tests/floor/test_probes.py \
	tests/jobs/test_publish_outbox.py tests/jobs/test_sweep.py tests/processes/test_kills.py tests/test_commands.py

.DEFAULT_GOAL := help
.PHONY: help run demo test test-kafka kafka-archives browser coverage torture drills bench growth soak lint types contracts docs site check audit sbom lock client clean

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' Makefile | while IFS="$$(printf '\t')" read -r name what; do \
		printf '  make %-14s %s\n' "$$name" "$$what"; done

run: $(STACK_STAMP) ## start everything: PostgreSQL, Redis, Kafka-protocol broker, API, worker, consumer, clock
	@exec $(BIN)/python -m devstack.run --follow-parent

demo: $(STACK_STAMP) ## send the examples of both older systems to the running API
	@exec $(BIN)/python -m devstack.demo

test: $(DEV_STAMP) ## run all tests against servers of their own; ARGS=... is passed to pytest
	@exec $(BIN)/python -m pytest -n 3 --dist loadfile --no-loadscope-reorder $(ARGS)

test-kafka: $(DEV_STAMP) $(if $(KAFKA_BOOTSTRAP_SERVERS),,$(KAFKA_STAMP)) ## run what concerns events on Apache Kafka, or on KAFKA_BOOTSTRAP_SERVERS
	@OMS_TEST_KAFKA=real exec $(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder -r fEs $(or $(ARGS),$(KAFKA_TESTS))

kafka-archives: $(KAFKA_STAMP) ## fetch Apache Kafka for `make test-kafka`

browser: $(BROWSER_STAMP) ## use the console in a real browser (Debian's chromium); screenshots are left in build/screenshots
	@exec $(BIN)/python -m pytest -r s tests/browser $(ARGS)

coverage: ## run all tests and show what they don't reach; slower
	@$(MAKE) --no-print-directory test ARGS="--cov=oms --cov-report=term --cov-fail-under=95 $(ARGS)"

drills: $(DEV_STAMP) ## take a backup under load, restore it and work on from it
	@exec $(BIN)/python -m pytest tests/processes/test_backup.py $(ARGS)

torture: $(DEV_STAMP) ## break every process and server under load, then look for what was lost; ARGS="--rounds 3" is longer
	@exec $(BIN)/python -m tests.faults $(ARGS)

bench: $(STACK_STAMP) ## measure every scenario beside what the machine can do at all; ARGS="--short" takes 3 minutes
	@exec $(BIN)/python -m bench $(ARGS)

growth: $(STACK_STAMP) ## measure requests at several sizes of the database; ARGS="--orders 10000,100000,1000000"
	@exec $(BIN)/python -m bench.growth $(ARGS)

soak: $(DEV_STAMP) ## a day in ten minutes at a steady rate: is everything flat at the end? ARGS="--minutes 10"
	@exec $(BIN)/python -m tests.soak $(ARGS)

lint: $(DEV_STAMP) ## check style
	@$(BIN)/ruff check -q .
	@$(BIN)/ruff format -q --check .

types: $(DEV_STAMP) ## check types
	@$(BIN)/mypy --no-error-summary

contracts: $(DEV_STAMP) ## check which module may import which
	@$(BIN)/lint-imports > $(VENV)/contracts.txt || { cat $(VENV)/contracts.txt; exit 1; }

docs: $(DEV_STAMP) ## write docs/events.md and docs/cli.md anew from the schemas of the events and the commands
	@$(BIN)/python docs/build_events.py
	@$(BIN)/python docs/build_cli.py

site: $(SITE_STAMP) ## write the documents as a site to build/site; a broken link stops it
	@NO_MKDOCS_2_WARNING=1 $(SITE)/bin/mkdocs build > $(SITE)/built.txt 2>&1 || { cat $(SITE)/built.txt; exit 1; }

client: $(DEV_STAMP) ## write the Python client and the Bruno collection anew from the OpenAPI document
	@$(BIN)/python clients/build.py

check: lint types contracts ## lint, types and contracts

audit: $(AUDIT_STAMP) ## look for weak spots in the code (bandit) and for known ones in what is installed (pip-audit)
	@$(AUDIT)/bin/bandit -q -r oms wsgi.py worker.py gunicorn.conf.py --configfile .bandit.yaml
	@$(AUDIT)/bin/pip-audit --progress-spinner off --require-hashes --disable-pip -r requirements.txt

sbom: $(AUDIT_STAMP) ## write sbom.json: what a deployment consists of (CycloneDX)
	@$(AUDIT)/bin/cyclonedx-py requirements --output-reproducible --of JSON -o sbom.json requirements.txt
	@echo "sbom.json"

LOCK := uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate --no-header
lock: $(AUDIT_STAMP) ## pin everything that requirements*.in name, with hashes; ARGS=--upgrade for what is newest
	@for name in requirements requirements-parquet requirements-stack requirements-observability requirements-dev requirements-browser requirements-audit requirements-site; do \
		$(AUDIT)/bin/$(LOCK) $(ARGS) $$name.in -o $$name.txt && \
		sed -i "1i# Written by \`make lock\` from $$name.in: every version pinned, every file by its hashes." $$name.txt; done

clean: ## remove the virtual environment and all caches; the data of `make run` stays
	@rm -rf $(VENV) .coverage .coverage.* htmlcov .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache \
		build ops/kafka/target
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(BIN)/pip:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
		echo "Python 3.11 or newer is needed, and $(PYTHON) is $$($(PYTHON) --version 2>&1); try make PYTHON=python3.12" >&2; \
		exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
		echo "$(PYTHON) cannot make virtual environments; on Debian and Ubuntu: apt-get install python3-venv" >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV)

$(KAFKA_STAMP):
	@command -v java > /dev/null && command -v mvn > /dev/null || { \
		echo "Java 17 and Maven are needed to run Apache Kafka; or set KAFKA_BOOTSTRAP_SERVERS to a broker" >&2; exit 1; }
	@echo "fetching what ops/kafka/pom.xml pins"
	@rm -rf ops/kafka/target
	@mvn -B -q -Dstyle.color=never -f ops/kafka/pom.xml dependency:copy-dependencies
	@touch $@

$(STACK_STAMP): | $(BIN)/pip
	@echo "installing what requirements-stack.txt pins"
	@$(PIP_INSTALL) -r requirements-stack.txt
	@rm -f $(VENV)/installed-stack-*
	@touch $@

$(DEV_STAMP): | $(BIN)/pip
	@echo "installing what requirements-dev.txt pins"
	@$(PIP_INSTALL) -r requirements-dev.txt
	@rm -f $(VENV)/installed-*
	@touch $@ $(STACK_STAMP)

$(SITE_STAMP): | $(BIN)/pip
	@$(BIN)/python -m venv $(SITE)
	@$(SITE)/bin/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements-site.txt
	@rm -f $(SITE)/installed-*
	@touch $@

$(BROWSER_STAMP): $(DEV_STAMP)
	@echo "installing what requirements-browser.txt pins"
	@$(PIP_INSTALL) -r requirements-browser.txt
	@rm -f $(VENV)/installed-browser-*
	@touch $@

$(AUDIT_STAMP): | $(BIN)/pip
	@$(BIN)/python -m venv $(AUDIT)
	@$(AUDIT)/bin/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements-audit.txt
	@rm -f $(AUDIT)/installed-*
	@touch $@
