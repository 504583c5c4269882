# kubectl-todo-ai. `make` builds, `make demo` shows, `make test` proves; ./install.sh installs what
# is missing and calls these. SAN=1 builds with AddressSanitizer and UBSan under build/asan, FUZZ=1
# for the fuzzers under build/fuzz (with libFuzzer's instrumentation where the compiler is clang).

CC      ?= cc
PREFIX  ?= $(HOME)/.local
DESTDIR ?=
VERSION := 0.1.0

ifdef SAN
B        := build/asan
OPT      := -O1 -g -DKTA_RELEASE_ALL -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer
LDOPT    := -fsanitize=address,undefined
else ifdef FUZZ
B        := build/fuzz
COVERAGE := $(if $(findstring clang,$(CC)),-fsanitize=fuzzer-no-link)
OPT      := -O1 -g -DKTA_RELEASE_ALL -fsanitize=address,undefined $(COVERAGE) -fno-sanitize-recover=undefined \
            -fno-omit-frame-pointer -Wno-error
LDOPT    := -fsanitize=address,undefined $(if $(COVERAGE),-fsanitize=fuzzer)
else
B        := build
OPT      := -O2 -g -D_FORTIFY_SOURCE=3 -fstack-protector-strong
LDOPT    := -Wl,-z,relro,-z,now -Wl,--as-needed
endif

WARN     := -Wall -Wextra -Wpedantic -Wshadow -Wformat=2 -Wstrict-prototypes -Wmissing-prototypes \
            -Wvla -Wswitch-enum -Werror
CPPFLAGS += -Iinclude -D_GNU_SOURCE -DKTA_VERSION='"$(VERSION)"' -include kta/banned.h
CFLAGS   ?=
ALL_CFLAGS := -std=c11 $(WARN) $(OPT) -fPIE $(CFLAGS)

# pkg-config name:Debian package
DEPS := libcurl:libcurl4-openssl-dev libcjson:libcjson-dev readline:libreadline-dev \
        yaml-0.1:libyaml-dev libpcre2-8:libpcre2-dev zlib:zlib1g-dev \
        libmicrohttpd:libmicrohttpd-dev libsodium:libsodium-dev
PKGS := $(foreach d,$(DEPS),$(firstword $(subst :, ,$(d))))
LIBS  = $(shell pkg-config --libs $(PKGS))
# V=1 shows the commands
Q     := $(if $(V),,@)
say    = $(if $(V),,@echo "  $(1)")

ROOMS := base io redact k8s llm policy diagnose actions tools agent ui mcp cmd
SRC   := $(wildcard $(ROOMS:%=plugin/%/*.c))
OBJ   := $(SRC:plugin/%.c=$(B)/obj/%.o) $(B)/obj/gen/embedded.o
DATA  := $(sort $(wildcard prompts/*))
FUZZERS := $(patsubst tests/fuzz/fuzz_%.c,%,$(wildcard tests/fuzz/fuzz_*.c))
UNIT  := $(patsubst tests/unit/%.c,%,$(wildcard tests/unit/test_*.c))
HDR   := $(wildcard include/kta/*.h plugin/*/*.h)
BIN   := $(B)/kubectl-todo-ai

.PHONY: all demo test test-unit test-cli test-fuzz test-cluster test-charts test-mcp bench fuzz lint \
        check-deps cluster cluster-down images images-load images-scan install uninstall clean asan
.DELETE_ON_ERROR:
.SECONDARY:

all: $(BIN)

check-deps:
	@command -v pkg-config >/dev/null || { echo "make: pkg-config is missing: apt-get install pkg-config (or run ./install.sh)" >&2; exit 1; }
	@missing=; for d in $(DEPS); do pkg-config --exists $${d%%:*} || missing="$$missing $${d##*:}"; done; \
	 [ -z "$$missing" ] || { echo "make: missing Debian packages:$$missing (apt-get install$$missing, or run ./install.sh)" >&2; exit 1; }

$(BIN): $(B)/libkta.a $(B)/obj/main.o
	$(call say,LD $@)
	$(Q)$(CC) -pie $(LDOPT) -o $@ $(B)/obj/main.o $(B)/libkta.a $(LIBS) -lm

$(B)/libkta.a: $(OBJ)
	@rm -f $@
	$(Q)ar rcs $@ $(OBJ)

$(B)/obj/%.o: plugin/%.c | check-deps
	@mkdir -p $(@D)
	$(call say,CC $<)
	$(Q)$(CC) $(CPPFLAGS) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

# prompts/ and other data files, as bytes in the program (kta/embedded.h)
$(B)/gen/embedded.c: plugin/gen/embed.sh $(DATA)
	@mkdir -p $(@D)
	$(Q)sh plugin/gen/embed.sh $(DATA) > $@

$(B)/obj/gen/embedded.o: $(B)/gen/embedded.c
	@mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS) $(ALL_CFLAGS) -c -o $@ $<

$(B)/unit/%: tests/unit/%.c $(wildcard tests/unit/*.h) $(B)/libkta.a
	@mkdir -p $(@D)
	@pkg-config --exists cmocka || { echo "make: missing Debian package: libcmocka-dev (or run ./install.sh --test)" >&2; exit 1; }
	$(call say,CC $<)
	$(Q)$(CC) $(CPPFLAGS) $(ALL_CFLAGS) -pie $(LDOPT) -o $@ $< $(B)/libkta.a $(LIBS) -lcmocka -lm

$(B)/fuzz_%: tests/fuzz/fuzz_%.c tests/fuzz/fuzz.h tests/fuzz/driver.c $(B)/libkta.a
	$(call say,CC $<)
	$(Q)$(CC) $(CPPFLAGS) $(ALL_CFLAGS) -pie $(LDOPT) -o $@ $< $(if $(COVERAGE),,tests/fuzz/driver.c) $(B)/libkta.a $(LIBS) -lm

# the MCP server with the conformance suite's tools, for tests/mcp alone
$(B)/mcp/fixture_server: tests/mcp/fixture_server.c $(B)/libkta.a
	@mkdir -p $(@D)
	$(call say,CC $<)
	$(Q)$(CC) $(CPPFLAGS) -Iplugin $(ALL_CFLAGS) -pie $(LDOPT) -o $@ $< $(B)/libkta.a $(LIBS) -lm

-include $(OBJ:.o=.d) $(B)/obj/main.d

asan:
	$(MAKE) SAN=1 all

fuzz-programs: $(FUZZERS:%=$(B)/fuzz_%)

unit-programs: $(UNIT:%=$(B)/unit/%)

demo: all
	@tests/demo.sh $(BIN)

# Every tier prints "ok NAME" and "not ok NAME: why"; tests/run.sh counts them.
test: all $(B)/mcp/fixture_server
	+@tests/run.sh lint unit cli fuzz cluster charts mcp
test-unit: all unit-programs
	+@tests/run.sh unit
test-mcp: $(B)/mcp/fixture_server
test-cli test-fuzz test-cluster test-charts test-mcp: all
	+@tests/run.sh $(@:test-%=%)
lint:
	@tests/lint.sh
bench: all
	@tests/bench/run.sh $(BENCH)
# five minutes for each parser; SECONDS_EACH says otherwise
fuzz:
	+@tests/fuzz/run.sh $(or $(SECONDS_EACH),300)

cluster:
	@tests/cluster/up.sh build/cluster
cluster-down:
	@tests/cluster/down.sh build/cluster

images:
	@charts/images/build.sh
images-load:
	@charts/images/load.sh
images-scan:
	@charts/images/scan.sh

install: all
	@plugin/gen/install.sh "$(DESTDIR)" "$(PREFIX)" install
uninstall:
	@plugin/gen/install.sh "$(DESTDIR)" "$(PREFIX)" uninstall

clean:
	rm -rf build/obj build/unit build/gen build/asan build/fuzz build/libkta.a build/kubectl-todo-ai
