# A thin front for cmake/setup.sh (what a build needs), cmake/build.sh (CMake with presets) and ctest; `make help` lists it.

SHELL := /bin/bash
.DEFAULT_GOAL := release
.NOTPARALLEL:
.PHONY: help setup setup-tests release command demo gallery demo-training real-models test test-core test-torch test-long bench \
  bench-check dev asan tsan install package doc clean

help:            ## this list
	@sed -nE 's/^([a-z-]+): .*## (.*)/  make \1\t\2/p' Makefile | expand -t 20
	@printf '%s\n' '' \
	  'TORCH=2.15.0 builds with that LibTorch instead of 2.11.0, in folders of its own.' \
	  'TORCH_PYTHON=/path/to/python, Torch_DIR=... or CMAKE_PREFIX_PATH=... use a LibTorch of yours; none is downloaded.' \
	  'build/torchsrm is the release command that was built last.'

setup:           ## installs what a build needs, where it is missing
	@cmake/setup.sh

release: setup   ## (the default) builds everything: the command build/torchsrm, the library, the tests
	@cmake/build.sh build release

command: setup   ## builds the command build/torchsrm and no more
	@cmake/build.sh build release torchsrm

demo: command    ## observes trained models on real data and shows which layers align with their basis
	@models/demo.sh

gallery: command ## reports of all shipped models, with figures: srm-out/gallery/index.html
	@models/gallery.sh

demo-training: setup  ## trains three autoencoders side by side, with a page that shows alignment as it grows
	@cmake/build.sh build release watch_digit_autoencoders
	@cmake/build.sh run release watch_digit_autoencoders srm-out/training

real-models: setup  ## trained and well-known models as TorchScript files in build/real-models (installs a Python torch in .deps, 5 GB)
	@cmake/python.sh
	@.deps/python-2.11.0/bin/python models/exporters/export_models.py build/real-models

setup-tests:     # what only tests need: a browser, shells, what packages and documentation are made with
	@cmake/setup.sh tests package doc

test: test-core test-torch  ## every test

test-core: setup-tests  ## the Torch-free core under the address, undefined and thread sanitizers; TORCH changes nothing in it
	@cmake/build.sh build asan-core
	@cmake/build.sh test asan-core -LE long
	@cmake/build.sh build tsan
	@cmake/build.sh test tsan -LE long

test-torch: setup-tests real-models release  ## all other tests; with another TORCH those that it can change
	@cmake/build.sh test release -LE long

test-long: test  ## the tests that take many minutes, too
	@cmake/build.sh test release -L long

bench: setup     ## times torchsrm beside plain LibTorch and bare models; writes build/bench.json (under 5 minutes; rows of the sentence encoder need make real-models)
	@cmake/build.sh build release torchsrm_bench
	@OMP_NUM_THREADS=1 cmake/build.sh run release torchsrm_bench --json build/bench.json

bench-check: setup  ## a short form: fails where a ratio has lost more than half (AGAINST=target: of its target)
	@cmake/build.sh build release torchsrm_bench
	@OMP_NUM_THREADS=1 cmake/build.sh run release torchsrm_bench --check --against $(or $(AGAINST),reached)

dev: command     ## builds everything with warnings as errors, in build/dev
	@cmake/build.sh build dev

asan: command    ## every test under the address and undefined-behaviour sanitizers (slow)
	@cmake/build.sh build asan
	@cmake/build.sh test asan -LE long

tsan: command    ## the Torch-free core's tests under the thread sanitizer
	@cmake/build.sh build tsan
	@cmake/build.sh test tsan -LE long

install: setup   ## installs below PREFIX (/usr/local): command, man page, completions, libraries, headers, CMake package
	@cmake/build.sh build release torchsrm torchsrm_pages
	@cmake/build.sh install release "$(or $(PREFIX),/usr/local)"

package:         ## writes a Debian package with LibTorch inside: build/torchsrm_VERSION_ARCHITECTURE.deb
	@cmake/setup.sh package
	@cmake/build.sh build release torchsrm torchsrm_pages
	@cmake/build.sh package release

doc:             ## writes pages of the public API: build/doc/html/index.html
	@cmake/setup.sh doc
	@cmake/doc.sh build/doc

clean:           ## removes build/ (LibTorch in .deps/ stays)
	@rm -rf build
