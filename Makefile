# Sonde's build. `make` leaves ./sonde; `make help` lists the rest.
#
# One makefile, no recursion. Sources are found by wildcard: a new .c needs no line here. Objects live in
# build/MODE/COMPILER/ (release, debug, asan; gcc, clang), so that switching either needs no clean.
#
#   CC=clang  CFLAGS=-march=native  LDFLAGS=...  another compiler; further flags, after Sonde's own
#   PREFIX=/usr/local  DESTDIR=                  where `make install` puts things
#   WERROR=                                      for a compiler newer than the two this is tested with

MAKEFLAGS += --no-builtin-rules
.SUFFIXES:
.DELETE_ON_ERROR:
.DEFAULT_GOAL := release

ifeq ($(origin CC),default)
CC := gcc
endif
WERROR ?= -Werror
PREFIX ?= /usr/local
DATA_DIR = $(PREFIX)/share/sonde
VERSION := $(shell cat VERSION)
JOBS ?= $(shell nproc)
# Every fuzzer runs ROUNDS inputs from SEED on.
SEED ?= 1
ROUNDS ?= 2000

# --- sources ---------------------------------------------------------------------------------------------------
FOLDERS := $(wildcard base models sim emu traces scenarios results)
LIB_SRC := $(sort $(shell find $(FOLDERS) -name '*.c'))
CLI_SRC := $(sort $(wildcard cli/*.c))
TEST_SRC := $(sort $(wildcard tests/*.c tests/property/*.c))
# tests/bench/bench_*.c and tests/fuzz/fuzz_*.c are programs, one each; what else lies there goes into all of them.
BENCH_SRC := $(sort $(wildcard tests/bench/bench_*.c))
BENCH_AUX := $(filter-out $(BENCH_SRC),$(sort $(wildcard tests/bench/*.c)))
FUZZ_SRC := $(sort $(wildcard tests/fuzz/fuzz_*.c))
FUZZ_AUX := $(filter-out $(FUZZ_SRC),$(sort $(wildcard tests/fuzz/*.c)))
SOURCES := $(sort $(shell find $(FOLDERS) $(wildcard cli tests tools) -name '*.[ch]'))

# --- packages --------------------------------------------------------------------------------------------------
PKGS := yaml-0.1 sqlite3 gsl libzstd zlib libcjson
DEPS := gcc libc6-dev pkg-config libyaml-dev libsqlite3-dev libgsl-dev libzstd-dev zlib1g-dev libcjson-dev check \
	gnuplot-nox sqlite3 $(if $(findstring clang,$(CC)),clang libclang-rt-dev)
DEPS_DEV := clang clang-tidy clang-format cppcheck shellcheck
# These goals promise to work on a bare machine: they install what is missing. The others say what is.
BARE := deps deps-dev test test-long asan fuzz lint format tidy bench quickstart studies
NEED := $(if $(filter $(BARE),$(MAKECMDGOALS)),deps,present)

# --- flags -----------------------------------------------------------------------------------------------------
WARN := -Wall -Wextra $(WERROR) -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wpointer-arith -Wvla -Wformat=2 \
	-Wundef -Wcast-qual -Wwrite-strings
# No contraction: a*b+c rounded once or twice would depend on the compiler, and so would the results.
STD := -std=c11 -D_GNU_SOURCE -I. -ffp-contract=off
DEFS = -DSONDE_VERSION='"$(VERSION)"' -DSONDE_DATA_DIR='"$(DATA_DIR)"'
MODES := release debug asan
FLAGS_release := -O2 -g
FLAGS_debug := -O0 -g
# gcc's guesses about uninitialised values are often wrong under instrumentation; the release build has them on.
FLAGS_asan := -O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=all \
	$(if $(findstring clang,$(CC)),,-Wno-maybe-uninitialized)
# Asked for once, when a recipe first needs it: by then `deps` has installed pkg-config.
PKG_CFLAGS = $(eval PKG_CFLAGS := $$(shell pkg-config --cflags $(PKGS) check))$(PKG_CFLAGS)
PKG_LIBS = $(eval PKG_LIBS := $$(shell pkg-config --libs $(PKGS)) -lm)$(PKG_LIBS)
CHECK_LIBS = $(eval CHECK_LIBS := $$(shell pkg-config --libs check))$(CHECK_LIBS)
COMPILE = $(CC) $(STD) $(WARN) $(DEFS) $(PKG_CFLAGS)
CC_NAME := $(subst $() ,_,$(subst /,_,$(CC)))

# Writes $(1) to the target if it is not what stands there: whatever depends on it is then made again.
quoted = '$(subst ','\'',$(1))'
record = mkdir -p $(@D) && { echo $(quoted) | cmp -s - $@ || echo $(quoted) >$@; }

# --- rules, for each mode $(1) ---------------------------------------------------------------------------------
objects = $(patsubst %.c,build/$(1)/$(CC_NAME)/%.o,$(2))
library = build/$(1)/$(CC_NAME)/libsonde.a
programs = $(patsubst tests/bench/%.c,build/$(1)/%,$(patsubst tests/fuzz/%.c,build/$(1)/%,$(BENCH_SRC) $(FUZZ_SRC)))
define MODE_RULES
build/$(1)/sonde: $(call objects,$(1),$(CLI_SRC)) $(call library,$(1))
build/$(1)/sonde-test: $(call objects,$(1),$(TEST_SRC)) $(call library,$(1))
build/$(1)/sonde-test: private LIBS = $$(CHECK_LIBS)
build/$(1)/tidy: $(call objects,$(1),tools/tidy.c)
$(patsubst tests/bench/%.c,build/$(1)/%,$(BENCH_SRC)): build/$(1)/%: \
	$(call objects,$(1),tests/bench/%.c $(BENCH_AUX)) $(call library,$(1))
$(patsubst tests/fuzz/%.c,build/$(1)/%,$(FUZZ_SRC)): build/$(1)/%: \
	$(call objects,$(1),tests/fuzz/%.c $(FUZZ_AUX)) $(call library,$(1))

build/$(1)/sonde build/$(1)/sonde-test build/$(1)/tidy $(call programs,$(1)): build/$(1)/linker
	@echo '  LINK  $$@'
	@$$(CC) $$(FLAGS_$(1)) $$(CFLAGS) $$(LDFLAGS) -o $$@ $$(filter %.o %.a,$$^) $$(LIBS) $$(PKG_LIBS)

$(call library,$(1)): $(call objects,$(1),$(LIB_SRC))
	@rm -f $$@ && $$(AR) qcs $$@ $$^

build/$(1)/$(CC_NAME)/%.o: %.c build/$(1)/$(CC_NAME)/flags
	@mkdir -p $$(@D)
	@echo '  CC    $$< ($(1))'
	@$$(COMPILE) $$(FLAGS_$(1)) $$(CFLAGS) -MMD -MP -c -o $$@ $$<

build/$(1)/$(CC_NAME)/flags: FORCE | $(NEED)
	@$$(call record,$$(COMPILE) $$(FLAGS_$(1)) $$(CFLAGS))
build/$(1)/linker: FORCE | $(NEED)
	@$$(call record,$$(CC) $$(FLAGS_$(1)) $$(CFLAGS) $$(LDFLAGS))
endef
$(foreach mode,$(MODES),$(eval $(call MODE_RULES,$(mode))))
-include $(shell find build -name '*.d' 2>/dev/null)

# --- goals -----------------------------------------------------------------------------------------------------
.PHONY: FORCE release debug asan test test-long fuzz lint format tidy bench quickstart studies
.PHONY: lint-format lint-cppcheck lint-clang lint-shell install uninstall man clean help deps deps-dev present

release: sonde ## the program, ./sonde (the default)
sonde: build/release/sonde
	@cp --remove-destination $< $@

debug: build/debug/sonde build/debug/sonde-test ## unoptimised, under build/debug/

deps: ## install the Debian packages that building, running and testing need, if any is missing
	@tools/deps.sh $(DEPS)

deps-dev: deps ## the same for lint
	@tools/deps.sh $(DEPS_DEV)

present:
	@pkg-config --exists $(PKGS) check || { echo "A library is missing: run 'make deps'" >&2; exit 1; }

test: build/release/tidy sonde build/release/sonde-test ## all tests: end to end, then the suites
	@TIDY=build/release/tidy tools/e2e.sh ./sonde
	@build/release/sonde-test

test-long: export SONDE_TEST_LONG = 1
test-long: test ## the same, with the long runs of the property tests

# Check forks for every test: a parent that holds little freed memory back is cheap to fork.
FUZZERS := $(FUZZ_SRC:tests/fuzz/%.c=build/asan/%)
asan: build/asan/tidy build/asan/sonde build/asan/sonde-test fuzz ## tests, fuzzers under ASan and UBSan
	@TIDY=build/asan/tidy tools/e2e.sh build/asan/sonde
	@ASAN_OPTIONS=quarantine_size_mb=16 CK_TIMEOUT_MULTIPLIER=5 build/asan/sonde-test

fuzz: $(FUZZERS) ## the fuzzers alone, under ASan and UBSan: make fuzz SEED=7 ROUNDS=1000000
	@set -e; for f in $^; do $$f $(SEED) $(ROUNDS); done

# Headers are laid out by hand, fields and their comments in columns: tidy has its say there, clang-format has not.
FILES ?= $(filter %.c,$(SOURCES))
lint: lint-format lint-cppcheck lint-clang lint-shell ## the linters; FILES='FILE...' for some files alone
lint-format lint-cppcheck lint-clang lint-shell: deps-dev
lint-format:
	@echo '  clang-format'; clang-format --dry-run -Werror --ferror-limit=1 $(FILES)
lint-cppcheck:
	@echo '  cppcheck'; mkdir -p build/cppcheck; cppcheck --quiet --error-exitcode=1 --std=c11 -j $(JOBS) \
		--enable=warning,performance,portability --inline-suppr --suppress=internalAstError \
		--cppcheck-build-dir=build/cppcheck -D_GNU_SOURCE $(DEFS) -I. $(FILES)
lint-clang:
	@echo '  clang-tidy'; printf '%s\n' $(FILES) | xargs -P $(JOBS) -I {} \
		clang-tidy --quiet {} -- $(STD) $(WARN) $(DEFS) $(PKG_CFLAGS) 2>/dev/null
lint-shell:
	@echo '  shellcheck'; shellcheck --shell=bash --severity=warning .ci/run $(wildcard tools/*.sh tools/*.bash tests/e2e/*.sh)

format: deps-dev ## lays out the .c files as lint wants them; FILES='FILE...' for some files alone
	clang-format -i $(FILES)

tidy: build/release/tidy ## the project's own test of its source: arrows, lengths, banned calls, comments
	@$< $(SOURCES)

bench: $(BENCH_SRC:tests/bench/%.c=build/release/%) ## every benchmark
	@set -e; for b in $^; do echo "== $$b"; $$b; done

QUICK := results/out/quickstart
quickstart: sonde ## from nothing to a first report
	@mkdir -p $(dir $(QUICK))
	./sonde run scenarios/quickstart.yaml --out $(QUICK).db
	./sonde report $(QUICK).db --out $(QUICK)
	@echo "The report is $(CURDIR)/$(QUICK)/index.html: open it in a browser."

studies: sonde ## every study of scenarios/studies, and its picture: make studies STUDY='phase skew' for some
	@tools/studies.sh ./sonde $(STUDY)

DATA := $(sort $(shell find $(wildcard models/catalog scenarios traces/samples) -type f ! -name '*.[ch]'))
SHARE := $(DESTDIR)$(PREFIX)/share
COMPLETION := $(SHARE)/bash-completion/completions/sonde
install: sonde build/sonde.1 ## the program, its data, man page and completion, under PREFIX (/usr/local)
	install -D -m 755 sonde $(DESTDIR)$(PREFIX)/bin/sonde
	@set -e; for f in $(DATA); do install -D -m 644 $$f $(DESTDIR)$(DATA_DIR)/$$f; done
	install -D -m 644 build/sonde.1 $(SHARE)/man/man1/sonde.1
	install -D -m 644 tools/completion.bash $(COMPLETION)

uninstall: ## what install put there
	rm -f $(DESTDIR)$(PREFIX)/bin/sonde $(SHARE)/man/man1/sonde.1 $(COMPLETION)
	rm -rf $(DESTDIR)$(DATA_DIR)

man: build/sonde.1 ## the man page, build/sonde.1: man/sonde.1 with all options
build/sonde.1: man/sonde.1 sonde
	@{ sed '1d; s/"Sonde"/"Sonde $(VERSION)"/; /^\.\\" OPTIONS$$/,$$d' $< && ./sonde help --man && \
		sed '1,/^\.\\" OPTIONS$$/d' $<; } >$@

clean: ## what was built; results/out stays
	rm -rf build sonde

help:
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  \1\t\2/p' Makefile | expand -t 14
