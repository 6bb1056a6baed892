# Shared by contrib/try and contrib/check: packages, and a copy of the tree to
# build in, so that nothing outside build/ is written.
#
# Debian 12 or later, as root or with sudo.  The package registry is asked only
# when something is missing.

build_packages="gcc libc6-dev make autoconf automake autopoint gettext pkg-config
	libglib2.0-dev libgmime-3.0-dev libsqlite3-dev libssl-dev libjansson-dev
	libncurses-dev libxml2-dev libetpan-dev zlib1g-dev
	libcurl4-gnutls-dev libical-dev libseccomp-dev"

tell() {
	printf '%s: %s\n' "$(basename "$0")" "$*" >&2
}

die() {
	tell "$*"
	exit 1
}

as_root() {
	if [ "$(id -u)" = 0 ]; then
		"$@"
	elif command -v sudo >/dev/null; then
		sudo -- "$@"
	else
		die "root or sudo is needed to install packages"
	fi
}

is_installed() {
	[ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

missing_of() {
	for package in "$@"; do
		# pkg-config is pkgconf in newer releases, either will do
		[ "$package" = pkg-config ] && is_installed pkgconf && continue
		is_installed "$package" || echo "$package"
	done
}

# install PACKAGE...: those that are missing; no service is started by it
install() {
	command -v dpkg-query >/dev/null || die "this needs Debian; INSTALL by hand: $*"
	missing=$(missing_of "$@" | tr '\n' ' ')
	[ -n "$missing" ] || return 0
	tell "installing with apt-get: $missing"
	policy=/usr/sbin/policy-rc.d
	mine=
	if [ ! -e $policy ]; then
		mine=yes
		printf '#!/bin/sh\nexit 101\n' | as_root tee $policy >/dev/null
		as_root chmod 755 $policy
	fi
	result=0
	# shellcheck disable=SC2086
	{ as_root env DEBIAN_FRONTEND=noninteractive apt-get -q update &&
		as_root env DEBIAN_FRONTEND=noninteractive apt-get -q install -y \
			--no-install-recommends $missing; } >"$log" 2>&1 </dev/null || result=1
	[ -z "$mine" ] || as_root rm -f $policy
	[ $result = 0 ] || { tail -n 20 "$log" >&2; die "apt-get failed; all it said is in $log"; }
	for package in $missing; do
		# a test server must not come up with the next start of the machine either
		case $package in dovecot-*)
			if command -v systemctl >/dev/null; then
				as_root systemctl disable dovecot.socket dovecot.service \
					>/dev/null 2>&1 || :
			fi ;;
		esac
	done
}

# install_servers: the IMAP servers of the tests that are unpacked and not installed, into
# $top/build/servers.  Without them their tests are skipped; in CI that is an error.
install_servers() {
	export TERN_TEST_SERVERS="$top/build/servers"
	{ command -v npm && command -v node; } >/dev/null || install nodejs npm
	"$top/tests/support/servers.sh" fetch 2>"$work/servers.log" && return
	# the package lists may be old
	as_root apt-get -q update >"$log" 2>&1 </dev/null || :
	"$top/tests/support/servers.sh" fetch 2>"$work/servers.log" && return
	cat "$work/servers.log" >&2
	[ "${CI:-}" != true ] || die "not all IMAP servers for the tests can be had"
	tell "not all IMAP servers for the tests can be had: their tests will be skipped"
}

# copy_tree FROM TO: the sources with their times, without what autotools made
copy_tree() {
	mkdir -p "$2"
	tar -C "$1" --exclude=./build --exclude=./.git --exclude=./autom4te.cache \
		--exclude=./configure --exclude='./configure~' --exclude=./aclocal.m4 \
		--exclude=./config.h.in --exclude='./config.h.in~' --exclude=./config.h \
		--exclude=./config.log --exclude=./config.status --exclude=./stamp-h1 \
		--exclude=./build-aux --exclude=./m4 --exclude=./Makefile --exclude=./Makefile.in \
		--exclude=./po/Makefile --exclude=./po/Makefile.in --exclude=./po/Makefile.in.in \
		--exclude=./po/POTFILES --exclude='./po/stamp-*' --exclude='./po/*.gmo' \
		--exclude=.deps --exclude=.dirstamp --exclude='*.o' --exclude='*.a' \
		--exclude=__pycache__ --exclude=./tern -cf - . |
		tar -C "$2" --no-same-owner -xf -
}

# prepare_tree DIR: ./configure in a copy, made once (make renews it when configure.ac changed)
prepare_tree() {
	[ -x "$1/configure" ] || (cd "$1" && autoreconf -fi)
}

jobs_flag() {
	[ -n "${MAKEFLAGS:-}" ] || printf -- '-j%s' "$(nproc)"
}
