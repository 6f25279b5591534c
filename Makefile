# portreeve: build, demonstrate, test, install. `make help` lists the goals.

SHELL = /bin/sh

SWIFT = swift
MANDOC = mandoc
INSTALL = install

PREFIX = /usr/local
DESTDIR =
bindir = $(PREFIX)/bin
mandir = $(PREFIX)/share/man
libexecdir = $(PREFIX)/libexec
docdir = $(PREFIX)/share/doc/portreeve
examplesdir = $(docdir)
bashdir = $(PREFIX)/share/bash-completion/completions
zshdir = $(PREFIX)/share/zsh/site-functions
fishdir = $(PREFIX)/share/fish/vendor_completions.d
unitdir = $(PREFIX)/lib/systemd/system

BINARY = .build/release/portreeve
# The program that loads the floor when portreeve itself cannot run.
FLOOR = .build/portreeve-floor
SOURCES := Package.swift $(shell find Sources -type f)
MANUALS = man/portreeve.8 man/portreeve-policy.5 man/portreeve-json.5 man/portreeve-findings.7 man/portreeve-fleet.7 \
  man/portreeve-import.7 man/portreeve-ruleset.7 man/portreeve-screens.7
UNITS = portreeve.service portreeve-floor.service portreeve-restore.service portreeve-verify.service portreeve-verify.timer portreeve-watch.service portreeve-refresh.service portreeve-refresh.timer

.PHONY: all deb demo test build-tests run-tests test-containers test-firewalls test-kernels test-nft test-rulesets test-systemd test-deb test-ansible test-alerts test-review test-report bench install uninstall lint clean help

all: $(BINARY) $(FLOOR)

# The Swift runtime and libstdc++ are linked statically: the binary runs without a toolchain and starts faster. At run time
# it loads only libc, libmnl, libnftnl and libyaml. .build/static holds libstdc++.a alone, so the linker finds no shared one. The linker
# is the toolchain's: the system's takes twice as long, and warns of `mktemp`, which FoundationEssentials has and portreeve never calls.
# Built only when a source is newer, so that `sudo make install` after `make` needs no toolchain on root's PATH.
STATIC = --static-swift-stdlib -Xlinker -L.build/static -Xswiftc -use-ld=lld -Xswiftc -Xclang-linker -Xswiftc -static-libgcc
# Generic types are made by the compiler's code and not found by their mangled names, for which the runtime searches all conformances:
# an eighth of the time of `check` and of `verify`. A compiler without the option builds with FASTER= as well.
FASTER = -Xswiftc -Xfrontend -Xswiftc -disable-concrete-type-metadata-mangled-name-accessors
# Every symbol is bound at the start and read-only from then on, and libraries come from the system's folders alone. The program
# exports no symbol of its own: nothing loads it as a library, and it starts a twelfth faster.
HARDENED = --disable-local-rpath -Xlinker -z -Xlinker relro -Xlinker -z -Xlinker now -Xlinker --no-export-dynamic
# The fifty thousand relocations of tables in the program take 10 kB and not 1.2 MB, which each start reads: glibc 2.36 or later.
PACKED = -Xlinker -z -Xlinker pack-relative-relocs

$(BINARY): $(SOURCES)
	@sh .ci/requirements build
	@mkdir -p .build/static
	@for compiler in clang gcc cc; do \
	  if command -v $$compiler >/dev/null; then ln -sf "$$($$compiler -print-file-name=libstdc++.a)" .build/static; break; fi; \
	done
	$(SWIFT) build -c release $(STATIC) $(FASTER) $(HARDENED) $(PACKED) --product portreeve
	@touch $@

# Linked statically, since it must work where libraries are missing.
$(FLOOR): Sources/Floor/floor.c
	@sh .ci/requirements build
	@mkdir -p .build
	@for compiler in clang gcc cc; do command -v $$compiler >/dev/null && break; done; \
	  set -x; $$compiler -O2 -D_FORTIFY_SOURCE=2 -fstack-protector-strong -fPIE -Wall -Wextra -Werror -static-pie -fuse-ld=bfd -Wl,-z,relro,-z,now -s \
	    -o $@ Sources/Floor/floor.c

demo:
	@sh .ci/requirements demo
	@$(MAKE) --no-print-directory all
	@sh Tests/Demo/demo.sh $(BINARY)

TESTS = .build/debug/portreevePackageTests.xctest

test: build-tests run-tests

build-tests:
	@sh .ci/requirements build demo lint test
	@$(MAKE) --no-print-directory lint-manuals
	$(SWIFT) build --build-tests

# Two processes at once, each with half of the tests, one after the other.
run-tests:
	@/usr/bin/python3 -B Tests/lanes.py $(TESTS)

# The release binary under other kernels, in virtual machines: KERNELS="6.1 6.12" selects. They are fetched once, into ~/.cache.
# ROUNDS is how often each is tampered with at random.
KERNELS = 5.10 6.1 6.12 newest
# STEPS selects steps of the scenario.
ROUNDS = 200
STEPS =
test-kernels:
	@sh .ci/requirements kernels
	@$(MAKE) --no-print-directory all
	@ROUNDS=$(ROUNDS) STEPS="$(STEPS)" /usr/bin/python3 -B Tests/Kernels/run.py $(BINARY) $(KERNELS)

# A real Docker in its own namespaces, which is fetched once, into ~/.cache: what portreeve says against real connections.
test-containers:
	@sh .ci/requirements containers
	@$(MAKE) --no-print-directory all
	@/usr/bin/python3 -B Tests/Containers/run.py $(BINARY)

# A real ufw and a real firewalld in their own namespaces, which are fetched once, into ~/.cache: `import`, its proof and the hand-over
# against real packets. FIREWALLS="ufw-web firewalld-zones" selects configurations.
FIREWALLS =
test-firewalls:
	@sh .ci/requirements firewalls
	@$(MAKE) --no-print-directory all
	@/usr/bin/python3 -B Tests/Firewalls/run.py $(BINARY) $(FIREWALLS)

# Rulesets of other programs and people in any folder, against the kernel: what is computed of them, packet by packet.
test-rulesets: build-tests
	@[ -d "$(RULESETS)" ] || { echo 'name a folder: make test-rulesets RULESETS=FOLDER' >&2; exit 64; }
	@RULESETS="$(RULESETS)" PORTREEVE_REQUIRE_PRIVILEGES=1 .build/debug/portreevePackageTests.xctest --testing-library swift-testing \
	  --no-parallel --filter CorpusTests

# Random changes of the live ruleset, by the nft of this host and by that of Debian 13, which is fetched once, into ~/.cache.
test-nft:
	@sh .ci/requirements demo
	@$(MAKE) --no-print-directory all
	@/usr/bin/python3 -B Tests/Kernels/tamper.py $(BINARY) --rounds $(ROUNDS)
	@nft=$$(sh Tests/Nft/fetch) && NFT=$$nft /usr/bin/python3 -B Tests/Kernels/tamper.py $(BINARY) --rounds $(ROUNDS)

# The installed program under a live systemd, in a container: SYSTEMD="undo boot" selects. Its Debian is fetched once, into ~/.cache;
# DEBIAN=trixie takes Debian 13.
SYSTEMD =
DEBIAN = bookworm
test-systemd:
	@sh .ci/requirements build deb systemd
	@$(MAKE) --no-print-directory $(PACKAGE)
	@tree=$$(sh Tests/Systemd/fetch $(DEBIAN)) && later=$$(sh Tests/Package/later $(PACKAGE)) && \
	  PACKAGES="$(PACKAGE) $$later" unshare --mount --net --pid --fork --kill-child --mount-proc --propagation private \
	  /usr/bin/python3 -B Tests/Systemd/run.py $(BINARY) $$tree $(SYSTEMD)

# The collection of Ansible: the sanity tests of ansible-test, then hosts in namespaces, over SSH; HOSTS=20 gives times.
HOSTS = 4
test-ansible:
	@sh .ci/requirements ansible
	@$(MAKE) --no-print-directory $(BINARY)
	@/usr/bin/python3 -B Tests/Ansible/sanity.py
	@unshare --mount --net --pid --fork --kill-child --mount-proc --propagation private \
	  /usr/bin/python3 -B Tests/Ansible/run.py $(BINARY) $(HOSTS)

# The alerts of Prometheus by its promtool, which is fetched once, into ~/.cache.
test-alerts:
	@$(MAKE) --no-print-directory $(BINARY)
	@sh Tests/Prometheus/fetch >/dev/null
	@unshare --net sh Tests/Prometheus/check $(BINARY)

# The job for the review of policies that portreeve-fleet(7) shows, as a user without privileges.
test-review:
	@sh .ci/requirements lint
	@$(MAKE) --no-print-directory $(BINARY)
	@sh Tests/Review/check $(BINARY)

# The pages of portreeve report in Chromium, without a screen; PICTURES=FOLDER leaves pictures and PDFs there.
PICTURES =
test-report:
	@sh .ci/requirements report
	@$(MAKE) --no-print-directory $(BINARY)
	@unshare --mount --net --pid --fork --kill-child --mount-proc --propagation private \
	  /usr/bin/python3 -B Tests/Report/run.py $(BINARY) $(PICTURES)

# BENCH=--quick takes about a minute, BENCH=--json prints JSON, BENCH="--only shapes" gives the tables of Tests/Bench/README.md.
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

# Units, manuals and examples carry the paths of this installation.
PATHS = s|/usr/local/bin|$(bindir)|g; s|/usr/local/libexec|$(libexecdir)|g; s|/usr/local/sbin:||; \
  s|/usr/local/lib/systemd/system|$(unitdir)|g; s|/usr/local/share/doc/portreeve|$(examplesdir)|g

install: $(BINARY) $(FLOOR)
	$(INSTALL) -d "$(DESTDIR)$(bindir)" "$(DESTDIR)$(libexecdir)" "$(DESTDIR)$(mandir)/man5" "$(DESTDIR)$(mandir)/man7" \
	  "$(DESTDIR)$(mandir)/man8" \
	  "$(DESTDIR)$(docdir)" "$(DESTDIR)$(examplesdir)/policies/lists" "$(DESTDIR)$(examplesdir)/policies/policy.d" \
	  "$(DESTDIR)$(unitdir)/nftables.service.d" "$(DESTDIR)$(bashdir)" "$(DESTDIR)$(zshdir)" "$(DESTDIR)$(fishdir)"
	$(INSTALL) -s -m 755 $(BINARY) "$(DESTDIR)$(bindir)/portreeve"
	$(INSTALL) -m 755 $(FLOOR) "$(DESTDIR)$(libexecdir)/portreeve-floor"
	$(BINARY) --generate-completion-script bash | sed '1{/^#!/d}' > "$(DESTDIR)$(bashdir)/portreeve"
	$(BINARY) --generate-completion-script zsh > "$(DESTDIR)$(zshdir)/_portreeve"
	$(BINARY) --generate-completion-script fish > "$(DESTDIR)$(fishdir)/portreeve.fish"
	chmod 644 "$(DESTDIR)$(bashdir)/portreeve" "$(DESTDIR)$(zshdir)/_portreeve" "$(DESTDIR)$(fishdir)/portreeve.fish"
	for manual in $(MANUALS); do \
	  installed="$(DESTDIR)$(mandir)/man$${manual##*.}/$${manual##*/}"; \
	  sed '$(PATHS)' $$manual > "$$installed" && chmod 644 "$$installed" || exit 1; \
	done
	$(INSTALL) -m 644 README.md CHANGELOG.md LICENSE "$(DESTDIR)$(docdir)"
	$(INSTALL) -m 644 policies/*.schema.json "$(DESTDIR)$(examplesdir)/policies"
	for policy in policies/*.yaml policies/policy.d/*.yaml; do \
	  sed '1{$(PATHS)}' $$policy > "$(DESTDIR)$(examplesdir)/$$policy" || exit 1; \
	  chmod 644 "$(DESTDIR)$(examplesdir)/$$policy" || exit 1; \
	done
	$(INSTALL) -m 644 policies/lists/* "$(DESTDIR)$(examplesdir)/policies/lists"
	sed '$(PATHS)' system/portreeve-verify.cron > "$(DESTDIR)$(examplesdir)/portreeve-verify.cron"
	sed '$(PATHS)' system/examples/portreeve-fetch.service > "$(DESTDIR)$(examplesdir)/portreeve-fetch.service"
	$(INSTALL) -m 644 system/portreeve-alerts.yml "$(DESTDIR)$(examplesdir)"
	sed '$(PATHS)' system/fail2ban-portreeve.conf > "$(DESTDIR)$(examplesdir)/fail2ban-portreeve.conf"
	for unit in $(UNITS); do sed '$(PATHS)' system/$$unit > "$(DESTDIR)$(unitdir)/$$unit" || exit 1; done
	sed '$(PATHS)' system/portreeve-nftables.conf > "$(DESTDIR)$(unitdir)/nftables.service.d/portreeve.conf"
	cd "$(DESTDIR)$(unitdir)" && chmod 644 $(UNITS) nftables.service.d/portreeve.conf
	chmod 644 "$(DESTDIR)$(examplesdir)/portreeve-fetch.service"
	chmod 644 "$(DESTDIR)$(examplesdir)/portreeve-verify.cron" "$(DESTDIR)$(examplesdir)/fail2ban-portreeve.conf"

uninstall:
	rm -f "$(DESTDIR)$(bindir)/portreeve"
	for manual in $(MANUALS); do rm -f "$(DESTDIR)$(mandir)/man$${manual##*.}/$${manual##*/}" || exit 1; done
	rm -f "$(DESTDIR)$(libexecdir)/portreeve-floor" "$(DESTDIR)$(unitdir)/nftables.service.d/portreeve.conf"
	-rmdir "$(DESTDIR)$(unitdir)/nftables.service.d"
	for unit in $(UNITS); do rm -f "$(DESTDIR)$(unitdir)/$$unit"; done
	rm -f "$(DESTDIR)$(bashdir)/portreeve" "$(DESTDIR)$(zshdir)/_portreeve" "$(DESTDIR)$(fishdir)/portreeve.fish"
	rm -rf "$(DESTDIR)$(docdir)" "$(DESTDIR)$(examplesdir)"

# A package for the Debian that this runs on. It is below .build, and the last line says where.
DEB_VERSION = $(shell sed -n 's/.* version: "\(.*\)",/\1/p' Sources/Commands/Portreeve.swift)-1
PACKAGE = .build/portreeve_$(DEB_VERSION)_$(shell dpkg --print-architecture 2>/dev/null).deb
deb:
	@sh .ci/requirements build deb
	@$(MAKE) --no-print-directory $(PACKAGE)
	@echo $(PACKAGE)

$(PACKAGE): $(BINARY) $(FLOOR) Makefile README.md CHANGELOG.md LICENSE $(shell find man policies system -type f)
	@sh system/debian/build $(DEB_VERSION)

# lintian, the files, and how the programs are linked. The life of the package is a step of test-systemd.
test-deb: deb
	@sh Tests/Package/check $(PACKAGE)

clean:
	rm -rf .build

help:
	@echo 'make             build the release binary, $(BINARY)'
	@echo 'make demo        build it and show it at work, in its own network namespaces'
	@echo 'make test        lint the man pages, build, run every test; tests that need root skip without it'
	@echo 'make test-kernels    run it under Linux 5.10, 6.1, 6.12 and the newest in virtual machines; KERNELS="6.1 6.12", ROUNDS=50'
	@echo 'make test-containers run it beside a real Docker, in its own namespaces; needs root'
	@echo 'make test-firewalls  take over a real ufw and firewalld, and compare packets; needs root'
	@echo 'make test-rulesets RULESETS=FOLDER  compare what it computes of other rulesets with the kernel; needs root'
	@echo 'make test-nft    tamper with its ruleset at random, by the nft of this host and that of Debian 13; ROUNDS=50'
	@echo 'make test-systemd    run it under a live systemd in a container: undo, boot, flushes, journal; SYSTEMD="undo boot", DEBIAN=trixie'
	@echo 'make test-deb    build the package, and check it with lintian; its life is a step of test-systemd'
	@echo 'make test-ansible    check the collection of Ansible, and run it over SSH against hosts in namespaces; HOSTS=20'
	@echo 'make test-alerts     check the alerts of Prometheus, and that verify writes their metrics'
	@echo 'make test-review     run the job for CI of policies that portreeve-fleet(7) shows'
	@echo 'make bench       measure it against nft, iptables, ufw and ss, in its own namespaces; BENCH=--quick, BENCH=--json'
	@echo 'make lint        check the style of the Swift sources and the man pages'
	@echo 'make install     install binary, man pages, completions, systemd units, example policies; PREFIX=$(PREFIX), DESTDIR='
	@echo 'make deb         build a package for the Debian that this runs on, below .build'
	@echo 'make uninstall   remove them; /etc/portreeve and /var/lib/portreeve stay'
	@echo 'make clean       remove .build'
