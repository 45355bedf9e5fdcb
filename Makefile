.DEFAULT_GOAL := help
.PHONY: help run setup simulate test unit integration e2e chaos lint bench bench-acd bench-ivr screenshots lock clean

##@ Use it
run: ; @scripts/run ## set up what is missing and run the hotline until Ctrl-C
setup: ; @scripts/setup ## set up what is missing, and stop there
simulate: ; @scripts/simulate ## citizens call and operators answer, on a hotline that runs

##@ Change it
test: ; @scripts/test ## everything: lint, unit, simulation, architecture, integration, end to end
unit: ; @scripts/test unit ## the quick tests: unit, simulation, architecture
integration: ; @scripts/test integration ## with real Asterisk, PostgreSQL and Redis
e2e: ; @scripts/test e2e ## a caller rings in, a browser answers
chaos: ; @scripts/test chaos ## kill, stop and cut everything under calls, at full size
lint: ; @scripts/lint ## style, types, who imports whom, templates, TypeScript
bench-acd: ; @scripts/bench-acd ## measure the distribution: the core, quality of routing, against app_queue, the whole hall
bench-ivr: ; @scripts/bench-ivr ## measure what the caller hears and how the caller is heard: FastAGI, the first sound, speech
bench: ; @scripts/bench ## measure a running line and print p50 and p99
screenshots: ; @scripts/screenshots ## photograph the screens of a hotline of its own with real calls

##@ Keep it
lock: ; @scripts/lock ## write the lock files anew from pyproject.toml and package.json
clean: ; @scripts/clean ## remove what set-up made; recordings and database stay
help: ; @scripts/help $(MAKEFILE_LIST)
