# What a person types.  Meson and Ninja do the work; `make build` gives build/chancery.

PREFIX ?= /usr/local
DATA ?= data
CHANCERY = build/chancery

.PHONY: all run build test test-fast test-build check format demo bench fuzz docs install deb clean

all: build

build: ; @tools/setup build && tools/build build

run: ; @tools/setup run && tools/build build && exec $(CHANCERY) serve --data $(DATA)

# The tests run on a build with AddressSanitizer, UBSan and a clock that can be moved.
test-build: ; @tools/setup test && tools/build test

test: test-build ; @tests/run $(if $(ID),--id '$(ID)') $(ARGS)

test-fast: test-build ; @tests/run --fast $(if $(ID),--id '$(ID)') $(ARGS)

check: test-build ; @tests/run --checks $(ARGS)

format: ; @git ls-files '*.c' '*.h' | xargs clang-format -i

demo: ; @tools/setup test && tools/build build && exec node demo/demo.mjs

# A peer that cannot be built is told of in its line; the rest is measured.
bench: ; @tools/setup bench && tools/build release && { tools/build peers || true; } && exec bench/run $(ARGS)

# One fuzz target for as long as you like: make fuzz TARGET=fuzz_der SECONDS=3600
fuzz: test-build ; @tests/run --fuzz $(if $(TARGET),--only '$(TARGET)') --seconds $(or $(SECONDS),600)

docs: build ; @$(CHANCERY) help settings --markdown > docs/configuration.md

install: ; @tools/setup run && PREFIX='$(PREFIX)' tools/build install && DESTDIR='$(DESTDIR)' meson install -C build-install --no-rebuild

# build-deb/chancery_….deb, for `apt install ./build-deb/chancery_….deb`
deb: ; @tools/setup deb && tools/deb

clean: ; rm -rf build build-asan build-jail build-install build-release build-deb
