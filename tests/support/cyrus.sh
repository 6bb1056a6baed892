#!/bin/bash
# cyrus.sh - a private Cyrus IMAP 3.6 on loopback, for tests
#
# usage: cyrus.sh start DIR             start, print KEY=VALUE lines, return
#                                       when the server greets
#        cyrus.sh stop DIR              stop it (fine if it is not running)
#        cyrus.sh run DIR PROGRAM ...   one of Cyrus' tools against this server
#
# Keys printed: PID HOST IMAP_PORT (in the clear) LOG.
# Users: alice bob and the administrator cyrus; password: secret. Mail, UIDs and,
# if it is free, the port stay when it is started again in the same DIR.
#
# A rich server of another line than Dovecot: CONDSTORE, QRESYNC, MOVE, IDLE,
# SPECIAL-USE in lower case, no NOTIFY; LOGINDISABLED still stands in the list
# after login. It is taken from the packages of servers.sh. More services
# (JMAP's httpd) are a line in write_services each, and a port more.
#
# Runs as the user nobody if started as root, else as whoever starts it.
#
# exit: 0 done, 1 failure, 2 usage, 77 Cyrus is not there
#
# SPDX-License-Identifier: GPL-3.0-or-later
set -eu
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/support/server.bash
. "$here/server.bash"

begin "$@"
case $1 in
start) ;;
run) ;;
stop)
	stop_group
	exit 0
	;;
*) usage ;;
esac
root=$(unpacked debian)
bin=$root/usr/lib/cyrus/bin
if [ "$(id -u)" = 0 ]; then
	user=nobody
	as="setpriv --reuid $user --regid nogroup --clear-groups"
	# a tree that only root can enter: in DIR, which must be open
	if ! $as test -x "$bin/master"; then
		[ -d "$D/debian" ] || cp -r "$root" "$D/debian"
		root=$D/debian bin=$D/debian/usr/lib/cyrus/bin
	fi
else
	user=$(id -un)
	as=
fi
LD_LIBRARY_PATH=$(library_path "$root")
SASL_PATH=$(printf '%s:' "$root"/usr/lib/*-linux-gnu/sasl2 /usr/lib/*-linux-gnu/sasl2)
export LD_LIBRARY_PATH SASL_PATH
if [ "$1" = run ]; then
	program=$3
	shift 3
	$as "$bin/$program" -C "$D/imapd.conf" "$@"
	exit
fi
! running >/dev/null || fail "already running in $D"

write_configuration() {
	cat <<-END
	configdirectory: $D/conf
	defaultpartition: default
	partition-default: $D/spool
	proc_path: $D/proc
	mboxname_lockpath: $D/lock
	idlesocket: $D/conf/socket/idle
	cyrus_user: $user
	servername: localhost
	syslog_prefix: tern-test
	admins: cyrus
	altnamespace: yes
	unixhierarchysep: yes
	virtdomains: off
	allowplaintext: yes
	sasl_pwcheck_method: auxprop
	sasl_auxprop_plugin: sasldb
	sasl_sasldb_path: $D/sasldb2
	sasl_mech_list: PLAIN LOGIN
	autocreate_quota: 0
	autocreate_users: anyone
	autocreate_inbox_folders: Drafts|Sent|Archive|Junk|Trash
	autocreate_subscribe_folders: Drafts|Sent|Archive|Junk|Trash
	xlist-drafts: Drafts
	xlist-sent: Sent
	xlist-archive: Archive
	xlist-junk: Junk
	xlist-trash: Trash
	specialusealways: yes
	conversations: no
	skiplist_unsafe: yes
	END
}

# write_services IMAP-PORT
write_services() {
	cat <<-END
	START {
	  recover cmd="$bin/ctl_cyrusdb -C $D/imapd.conf -r"
	}
	SERVICES {
	  imap cmd="$bin/imapd -C $D/imapd.conf -U 30" listen="127.0.0.1:$1" proto="tcp4" prefork=0 maxchild=60
	}
	DAEMON {
	  idled cmd="$bin/idled -C $D/imapd.conf"
	}
	EVENTS {
	}
	END
}

port=$(ports 1)
mkdir -p "$D"/{conf/{socket,db,log,msg},spool,proc,lock}
write_configuration > "$D/imapd.conf"
write_services "$port" > "$D/cyrus.conf"
if [ ! -e "$D/sasldb2" ]; then
	for u in cyrus alice bob; do
		echo secret | "$root/usr/sbin/saslpasswd2" -p -c -f "$D/sasldb2" -u localhost $u
	done
fi
if [ "$(id -u)" = 0 ]; then
	chown -R "$user" "$D"
	chmod 755 "$D"
	$as test -x "$D/conf" || fail "user $user cannot reach $D: make its parents passable"
fi
# shellcheck disable=SC2086 # words
setsid $as "$bin/master" -D -C "$D/imapd.conf" -M "$D/cyrus.conf" \
	-p "$D/master.pid" -L "$D/log" </dev/null >"$D/output.log" 2>&1 &
note_pid $!
started $! "$port" "$D/output.log" "$D/log"
tell PID $! HOST 127.0.0.1 IMAP_PORT "$port" LOG "$D/log"
