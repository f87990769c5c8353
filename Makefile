# Every target sets up what is missing first (scripts/setup.sh), so each works in a fresh clone.
#   make test TORCH=/path    uses that PyTorch: a virtual environment, pip's torch folder, or a python
#   make demo ARGS='...'     passes options on to `coarsely demo`

ifdef TORCH
export COARSELY_TORCH := $(abspath $(TORCH))
endif
export PATH := $(CURDIR)/node_modules/.bin:$(PATH)

.DEFAULT_GOAL := help
.PHONY: help setup build demo check test bench docs clean

help: ## list the targets
	@grep -E '^[a-z]+:.*## ' Makefile | sed -E 's/^([a-z]+):.*## /  make \1\t/' | expand -t 15

setup: ## install what is missing: system packages, npm packages
	@./scripts/setup.sh $(if $(filter test,$(MAKECMDGOALS)),test)

build: setup ## compile the addon and the TypeScript
	@node dist/addon/build.js
	@tsc -b src src/web examples scripts
	@vite build --config src/web/vite.config.ts
	@node build/scripts/copy-assets.js

demo: build ## train on generated scenes with and without ARM, compare, write a report (some minutes)
	@node dist/cli/main.js demo $(ARGS)

check: build ## the quick loop: format, lint, types, import rules, quick tests, unused code
	@node build/scripts/check.js quick

test: build ## everything: check, golden, gradient, repeatability, resume, command-line and package tests
	@node build/scripts/check.js all

bench: build ## run one bench, e.g. make bench NAME=step ARGS=--quick
	@tsc -b bench
	@node build/bench/run.js $(NAME) $(ARGS)

docs: build ## build the documentation's site into build/site
	@typedoc --options docs/.vitepress/typedoc.mjs --logLevel Warn
	@vitepress build docs

clean: ## remove what was built; runs and demo results stay
	@rm -rf dist build docs/api docs/.vitepress/cache
