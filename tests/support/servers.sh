#!/bin/bash
# servers.sh - the IMAP servers that cannot be installed beside Dovecot
#
# usage: servers.sh fetch    get what is missing, from Debian and from npm
#        servers.sh where    print the folder they lie in
#
# courier-imap, cyrus-imapd, mailutils-imap4d and dovecot-imapd conflict, as all
# of them want to be the machine's IMAP server. Here they only run for tests, so
# they are not installed: their packages, and the libraries that this machine
# lacks, are unpacked into one folder, from which courier.sh, cyrus.sh and
# imap4d.sh start them. Nothing of the system is changed, root is not needed.
# hoodiecrow comes from npm, in the versions of hoodiecrow/package-lock.json.
#
#   FOLDER/debian      the unpacked packages
#   FOLDER/hoodiecrow  node_modules
# FOLDER is build/servers in the source tree, or TERN_TEST_SERVERS if that is set.
#
# Needs Debian 12 with package lists (apt-get update), and npm for hoodiecrow.
# Tests never call fetch: a server that is not there is a test that is skipped.
#
# exit: 0 all are there, 1 some are not, 2 usage
#
# SPDX-License-Identifier: GPL-3.0-or-later
set -eu
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/support/server.bash
. "$here/server.bash"

programs="courier-imap courier-base courier-authlib courier-authdaemon
	courier-authlib-userdb gamin cyrus-imapd cyrus-common sasl2-bin
	mailutils-imap4d"
# What these link with; those that are installed are not fetched.
libraries="libcourier-unicode4 libgamin0 libglib2.0-0 libgdbm6 libidn12 libltdl7 libpam0g libcrypt1
	libpcre3 libical3 libxapian30 libicu72 libjansson4 libpq5 libldap-2.5-0 libsasl2-2
	libsasl2-modules libsasl2-modules-db libdb5.3 libwrap0 libxml2 libsqlite3-0 libssl3
	libuuid1 libmailutils9 mailutils-common libgsasl18 libntlm0 libgssglue1 libmariadb3
	libnsl2 libtirpc3 libgssapi-krb5-2 libk5crypto3 libkrb5-3 libkrb5support0 libkeyutils1
	libcom-err2 libgnutls30 libp11-kit0 libtasn1-6 libnettle8 libhogweed6 libgmp10
	libidn2-0 libunistring2 libffi8 libaudit1 libcap-ng0 libstdc++6 zlib1g"
run="usr/bin/imapd usr/lib/courier/courier/imaplogin usr/sbin/couriertcpd
	usr/lib/courier/courier-authlib/authdaemond usr/lib/courier/courier-authlib/makedatprog
	usr/libexec/gam_server
	usr/lib/cyrus/bin/master usr/lib/cyrus/bin/imapd usr/lib/cyrus/bin/idled
	usr/lib/cyrus/bin/ctl_cyrusdb usr/sbin/saslpasswd2 usr/sbin/imap4d"

# Libraries of the system first: what is installed there is newer, if anything.
lacking() {
	local p
	for p in $libraries; do
		[ "$(dpkg-query -W -f '${db:Status-Status}' "$p" 2>/dev/null)" = installed ] || echo "$p"
	done
}

fetch_debian() {
	local new=$servers/debian.new program wanted
	[ ! -e "$servers/debian/complete" ] || return 0
	command -v apt-get dpkg-deb >/dev/null || fail "this needs Debian 12"
	rm -rf "$new" "$servers/debian"
	mkdir -p "$new/packages"
	wanted="$programs $(lacking)"
	# shellcheck disable=SC2086 # words
	(cd "$new/packages" && apt-get -q download $wanted) >"$new/log" 2>&1 ||
		{ tail -n 5 "$new/log" >&2; fail "apt-get cannot get the packages; apt-get update first?"; }
	for wanted in "$new"/packages/*.deb; do
		dpkg-deb -x "$wanted" "$new"
	done
	rm -rf "$new/packages" "${new:?}/usr/share"
	for program in $run; do
		[ -x "$new/$program" ] || fail "$program is in none of the packages"
		! LD_LIBRARY_PATH=$(library_path "$new") ldd "$new/$program" | grep 'not found' ||
			fail "$program lacks the libraries above"
	done
	touch "$new/complete"
	mv "$new" "$servers/debian"
}

fetch_hoodiecrow() {
	local new=$servers/hoodiecrow.new
	[ ! -e "$servers/hoodiecrow/complete" ] || return 0
	command -v npm node >/dev/null || fail "hoodiecrow needs node and npm"
	rm -rf "$new" "$servers/hoodiecrow"
	mkdir -p "$new"
	cp "$here/hoodiecrow/package.json" "$here/hoodiecrow/package-lock.json" "$new/"
	(cd "$new" && npm ci --omit=optional --ignore-scripts --no-audit --no-fund) \
		>"$new/log" 2>&1 </dev/null || { tail -n 5 "$new/log" >&2; fail "npm cannot get hoodiecrow"; }
	touch "$new/complete"
	mv "$new" "$servers/hoodiecrow"
}

case ${1:-} in
where) echo "$servers" ;;
fetch)
	mkdir -p "$servers"
	result=0
	fetch_debian &
	debian=$!
	fetch_hoodiecrow &
	wait $debian || result=1
	wait $! || result=1
	exit $result
	;;
*) usage ;;
esac
