# portreeve: build, demonstrate, test, install. `make help` lists the goals.

SHELL = /bin/sh

SWIFT = swift
MANDOC = mandoc
INSTALL = install

PREFIX = /usr/local
DESTDIR =
bindir = $(PREFIX)/bin
mandir = $(PREFIX)/share/man
docdir = $(PREFIX)/share/doc/portreeve
unitdir = $(PREFIX)/lib/systemd/system

BINARY = .build/release/portreeve
SOURCES := Package.swift $(shell find Sources -type f)
MANUALS = man/portreeve.8 man/portreeve-policy.5

.PHONY: all demo test bench install uninstall lint clean help

all: $(BINARY)

# The Swift runtime is linked in, and what it needs of C++: the binary runs where no toolchain is, and starts sooner. Only the C library,
# libmnl, libnftnl and libyaml are looked for at run time. The folder named to the linker holds no other form of libstdc++.
# Built only when a source is newer, so that `sudo make install` after `make` needs no toolchain on root's PATH.
STATIC = --static-swift-stdlib -Xlinker -L.build/static -Xswiftc -Xclang-linker -Xswiftc -static-libgcc

$(BINARY): $(SOURCES)
	@sh .ci/requirements build
	@mkdir -p .build/static
	@for compiler in clang gcc cc; do \
	  if command -v $$compiler >/dev/null; then ln -sf "$$($$compiler -print-file-name=libstdc++.a)" .build/static; break; fi; \
	done
	$(SWIFT) build -c release $(STATIC) --product portreeve
	@touch $@

demo:
	@sh .ci/requirements demo
	@$(MAKE) --no-print-directory all
	@sh Tests/Demo/demo.sh $(BINARY)

test:
	@sh .ci/requirements build demo lint test
	@$(MAKE) --no-print-directory lint-manuals
	$(SWIFT) build
	$(SWIFT) test --disable-xctest --no-parallel

# BENCH=--quick for about a minute, BENCH=--json for programs, BENCH="--only shapes" for what Tests/Bench/README.md has.
bench:
	@sh .ci/requirements bench
	@$(MAKE) --no-print-directory all
	@/usr/bin/python3 Tests/Bench/bench.py $(BINARY) $(BENCH)

lint: lint-manuals
	$(SWIFT) format lint --strict --recursive --parallel Package.swift Sources Tests

.PHONY: lint-manuals
lint-manuals:
	@sh .ci/requirements lint
	MANPATH=man $(MANDOC) -T lint -W warning $(MANUALS)

install: $(BINARY)
	$(INSTALL) -d "$(DESTDIR)$(bindir)" "$(DESTDIR)$(mandir)/man5" "$(DESTDIR)$(mandir)/man8" \
	  "$(DESTDIR)$(docdir)/policies/lists" "$(DESTDIR)$(docdir)/policies/policy.d" \
	  "$(DESTDIR)$(unitdir)"
	$(INSTALL) -s -m 755 $(BINARY) "$(DESTDIR)$(bindir)/portreeve"
	$(INSTALL) -m 644 man/portreeve.8 "$(DESTDIR)$(mandir)/man8/portreeve.8"
	$(INSTALL) -m 644 man/portreeve-policy.5 "$(DESTDIR)$(mandir)/man5/portreeve-policy.5"
	$(INSTALL) -m 644 README.md CHANGELOG.md LICENSE "$(DESTDIR)$(docdir)"
	$(INSTALL) -m 644 policies/*.yaml policies/*.schema.json "$(DESTDIR)$(docdir)/policies"
	$(INSTALL) -m 644 policies/policy.d/* "$(DESTDIR)$(docdir)/policies/policy.d"
	$(INSTALL) -m 644 policies/lists/* "$(DESTDIR)$(docdir)/policies/lists"
	$(INSTALL) -m 644 system/portreeve-verify.cron "$(DESTDIR)$(docdir)"
	$(INSTALL) -m 644 system/portreeve-verify.timer "$(DESTDIR)$(unitdir)/portreeve-verify.timer"
	for unit in portreeve.service portreeve-verify.service; do \
	  sed 's|/usr/local/bin|$(bindir)|' system/$$unit > "$(DESTDIR)$(unitdir)/$$unit" || exit 1; \
	  chmod 644 "$(DESTDIR)$(unitdir)/$$unit" || exit 1; \
	done

uninstall:
	rm -f "$(DESTDIR)$(bindir)/portreeve" "$(DESTDIR)$(mandir)/man8/portreeve.8" \
	  "$(DESTDIR)$(mandir)/man5/portreeve-policy.5"
	rm -f "$(DESTDIR)$(unitdir)/portreeve.service" "$(DESTDIR)$(unitdir)/portreeve-verify.service" \
	  "$(DESTDIR)$(unitdir)/portreeve-verify.timer"
	rm -rf "$(DESTDIR)$(docdir)"

clean:
	rm -rf .build

help:
	@echo 'make             build the release binary, $(BINARY)'
	@echo 'make demo        build it and watch it work, in network namespaces of its own'
	@echo 'make test        lint the man pages, build and run every test (root runs those in namespaces too)'
	@echo 'make bench       measure it beside nft, iptables, ufw and ss, in namespaces of its own; BENCH=--quick, BENCH=--json'
	@echo 'make lint        check the style of the Swift sources and the man pages'
	@echo 'make install     binary, man pages, systemd units, example policies; PREFIX=$(PREFIX), DESTDIR='
	@echo 'make uninstall   take them out again; /etc/portreeve stays'
	@echo 'make clean       remove what was built'
