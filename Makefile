# `make quickstart` and `make test` need nothing but Swift: missing C libraries are installed first.
SHELL := /bin/sh
.DEFAULT_GOAL := help

# The suites in the order they run: what others stand on comes first.
SUITES := BkendWireTests BkendTransportTests BkendCurlTests FaultDiskTests BkendDocumentsTests BkendSyncTests \
	SyncSimulationTests BkendMacroExpansionTests BkendTests BkendCommandTests BkendAccountsTests BkendServerTests EndToEndTests TestedNotes
SWIFT_SOURCES := Package.swift Sources Plugins Tests Samples Benchmarks Images/Package.swift Images/Sources

.PHONY: browser images help setup quickstart test format lint bench oracle simulate processes damage contract kill kill-files fuzz \
	attacks soak-server soak kill-apps sanitize mutants outside stress-transport dependent generate docs check-docs \
	manual release release-check clean

help:
	@echo "make quickstart   a server, two devices, no network, a conflict, a dead letter: each step checked"
	@echo "make test         build everything once and run every test"
	@echo "make format       format all Swift sources"
	@echo "make lint         check the format of all Swift sources, where documents and comments lead, folder cycles, imports, manifests"
	@echo "make processes    four processes write to one store and are killed at random (WRITES=10000 each)"
	@echo "make damage       open databases with a few bytes changed (DAMAGES=10000), and fail every call of an opening"
	@echo "make oracle       compare the server with two look-alikes of MongoDB (CASES=20000)"
	@echo "make kill         kill -9 a release server under a write load, again and again (KILLS=200)"
	@echo "make kill-files   kill -9 a release server while 32 clients upload, again and again (KILLS=200)"
	@echo "make kill-apps    kill -9 apps that write, and their server, behind a bad network (KILLS=300)"
	@echo "make contract     have schemathesis try the server against its OpenAPI documents (EXAMPLES=100)"
	@echo "make fuzz         look for queries, patterns and requests that crash, hang or pass a bound (SECONDS=600)"
	@echo "make attacks      what honest clients notice of each attack on a release server (SECONDS=10 each)"
	@echo "make soak-server  honest and hostile clients at one release server, for a long time (SECONDS=1800)"
	@echo "make soak         three apps and a server for a long time: nothing grows, nothing is lost (SECONDS=1800)"
	@echo "make sanitize     most tests under ThreadSanitizer and AddressSanitizer"
	@echo "make mutants      take one defence away after the other, and expect its test to notice (MUTANTS='name …')"
	@echo "make simulate     try the sync engine on random histories (SEEDS=10000 FIRST=1)"
	@echo "make browser      upload files that would run in a page, and open them in headless Chromium"
	@echo "make images       the program that resizes pictures for bkend-server (needs libvips-dev)"
	@echo "make outside      build the samples and the documents' code as packages of their users, who see only what is public"
	@echo "make stress-transport  requests of every kind on busy cores, none may be left waiting (SECONDS=600)"
	@echo "make dependent    build a package that uses this one without its server"
	@echo "make generate     compile the models of random schemas with odd names, and have them make records again (MODELS=500)"
	@echo "make docs         the documentation as a static site in .build/docs/site: no warning, no symbol without a topic"
	@echo "make check-docs   load each page of that site in headless Chromium, and find no error in its log"
	@echo "make manual       manual pages and completions of both commands, in .build/manual"
	@echo "make release      a tarball and a .deb of both commands, in .build/release-VERSION (release build, some minutes)"
	@echo "make release-check  install both in fresh Debian roots without Swift, and use them (debootstrap)"
	@echo "make bench        measure against other libraries (release build, some minutes)"

setup:
	@Scripts/setup

quickstart: setup
	@echo "Building (the first time takes some minutes) ..."
	@swift build --product bkend-server
	@swift build --product Quickstart
	@"$$(swift build --show-bin-path)/Quickstart"

test: setup
	@Scripts/test $(SUITES)

format:
	@swift format format --in-place --parallel --recursive $(wildcard $(SWIFT_SOURCES))

lint:
	@swift format lint --strict --parallel --recursive $(wildcard $(SWIFT_SOURCES))
	@Scripts/check-documents
	@Scripts/mutants check
	@Scripts/folders check
	@Scripts/imports
	@Scripts/mirrors

dependent: setup
	@Scripts/dependent

bench: setup
	@Scripts/bench

CASES ?= 20000
oracle: setup
	@swift build -c release --product bkend-server
	@Tests/Oracle/ask run --cases $(CASES) --server "$$(swift build -c release --show-bin-path)/bkend-server"

WRITES ?= 10000
processes: setup
	@swift build --build-tests
	@SWIFT_BACKTRACE=enable=no BKEND_PROCESS_WRITES=$(WRITES) \
		swift test --skip-build --filter '^BkendSyncTests\.(StoreProcessTests|ChangeFeedTests.silenceAcrossProcesses)'

DAMAGES ?= 10000
damage: setup
	@swift build --build-tests
	@SWIFT_BACKTRACE=enable=no BKEND_DAMAGES=$(DAMAGES) swift test --skip-build --filter 'DamageTests|FaultTests'

kill: setup
	@Scripts/kill $(or $(KILLS),200)

kill-files: setup
	@swift build -c release --product bkend-server
	@swift build --build-tests
	@FILE_KILLS=$(or $(KILLS),200) BKEND_SERVER="$$(swift build -c release --show-bin-path)/bkend-server" \
		SWIFT_BACKTRACE=enable=no swift test --skip-build --filter '^BkendServerTests\.FileKillTests'

kill-apps: setup
	@swift build --build-tests
	@SWIFT_BACKTRACE=enable=no BKEND_APP_KILLS=$(or $(KILLS),300) \
		swift test --skip-build --filter '^EndToEndTests\.(AppKillTests|FileKillTests)'

EXAMPLES ?= 100
contract: setup
	@swift build --product bkend-server
	@Tests/Contract/check --examples $(EXAMPLES) --server "$$(swift build --show-bin-path)/bkend-server"

fuzz: setup
	@Scripts/fuzz $(or $(SECONDS),600)

attacks: setup
	@Scripts/attack beside --seconds $(or $(SECONDS),10)

soak-server: setup
	@Scripts/attack soak --seconds $(or $(SECONDS),1800)

soak: setup
	@swift build --build-tests
	@SWIFT_BACKTRACE=enable=no BKEND_SOAK_SECONDS=$(or $(SECONDS),1800) \
		swift test --skip-build --filter '^EndToEndTests\.SoakTests'

sanitize: setup
	@Scripts/sanitize

MODELS ?= 500
generate: setup
	@swift build --build-tests
	@BKEND_GENERATED_MODELS=$(MODELS) swift test --skip-build --filter '^BkendCommandTests\.RandomModelTests'

# Builds a patched copy of the tree in .build/mutants, which is kept.
mutants: setup
	@Scripts/mutants $(MUTANTS)

browser: setup
	@swift build --product bkend-server
	@Tests/Browser/check "$$(swift build --show-bin-path)/bkend-server"

# The program that resizes pictures, for bkend-server; needs libvips-dev.
images:
	@swift build -c release --package-path Images
	@echo "Images/.build/release/bkend-images: put it beside bkend-server, or give serve --image-transformer"

outside: setup
	@swift build --build-tests --package-path Tests/Outside

docs: setup
	@Scripts/docs

check-docs:
	@Scripts/pages

manual: setup
	@swift build --product bkend
	@Scripts/manual "$$(swift build --show-bin-path)/bkend" .build/manual

release: setup
	@Scripts/release

release-check:
	@Scripts/release-check

stress-transport: setup
	@swift build --build-tests
	@BKEND_STRESS_SECONDS=$(or $(SECONDS),600) swift test --skip-build --filter '^BkendCurlTests\.(StressTests|LoopModelTests)'

# Random runs of the sync engine, in release on every core. Stopped, it goes on where it was when called again with the
# same SEEDS and FIRST. A failing seed is shrunk and told, and the exit status is 1.
SEEDS ?= 10000
FIRST ?= 1
simulate: setup
	@swift build -c release --product simulate
	@"$$(swift build -c release --show-bin-path)/simulate" --first $(FIRST) --seeds $(SEEDS) \
		--state .build/simulate-$(FIRST)-$(SEEDS)

clean:
	@rm -rf .build Benchmarks/.build Tests/Fuzz/.build Tests/Attacks/.build Tests/Outside/.build Tests/Sanitize/.build-* .build-release
