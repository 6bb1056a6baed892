#!/bin/bash
# courier.sh - a private Courier IMAP 5.0 on loopback, for tests
#
# usage: courier.sh start DIR   start, print KEY=VALUE lines, return when the
#                               server greets
#        courier.sh stop DIR    stop it (fine if it is not running)
#
# Keys printed: PID HOST IMAP_PORT (in the clear, no STARTTLS) LOG.
# Users: alice bob; password: secret. Mail, UIDs and, if it is free, the port
# stay when it is started again in the same DIR.
#
# An IMAP server of another line than Dovecot: mailboxes are INBOX.Name with the
# separator ".", what it does not know is answered NO, SELECT tells no UIDNEXT,
# there are no CONDSTORE, ESEARCH, SPECIAL-USE, LIST-EXTENDED.
#
# Its paths are compiled in (/etc/courier, /run/courier), so it runs in a small
# root directory of its own, made in DIR out of the packages of servers.sh and
# the libraries they need. That takes root.
#
# Environment, optional: CAPABILITY replaces the words it announces.
#
# exit: 0 done, 1 failure, 2 usage, 77 Courier is not there, or not root
#
# SPDX-License-Identifier: GPL-3.0-or-later
set -eu
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/support/server.bash
. "$here/server.bash"

# gam_server, which imapd starts and asks whether a mailbox changed, and without
# which each login takes a second, is in no group of ours: it is known by its
# root directory.  Its socket has no place in the file system, so all Couriers of
# the machine would share the first one, which sees its own jail only and ends
# with it; GAM_CLIENT_ID, below, gives each its own.
stop_jailed() {
	local process
	for process in /proc/[0-9]*; do
		[ "$(readlink "$process/root")" != "$D/jail" ] || kill "${process#/proc/}" 2>/dev/null || :
	done
}

begin "$@"
case $1 in
start) ;;
stop)
	stop_group
	stop_jailed
	exit 0
	;;
*) usage ;;
esac
! running >/dev/null || fail "already running in $D"
root=$(unpacked debian)
[ "$(id -u)" = 0 ] || skip "needs root, for a root directory of its own"

jail=$D/jail
courier=/usr/lib/courier/courier-authlib
owner=65534 # of the mail: Courier does not touch mail as user 0

# put FILE: a program or library with all it links to, at the same place in the jail
put() {
	local file
	LD_LIBRARY_PATH=$(library_path "$root") ldd "$root$1" | sed -nE 's,^[^/]*(/[^ ]*) \(0x.*,\1,p' |
		while read -r file; do
			mkdir -p "$jail$(dirname "${file#"$root"}")"
			[ -e "$jail${file#"$root"}" ] || cp -L "$file" "$jail${file#"$root"}"
		done
	mkdir -p "$jail$(dirname "$1")"
	cp -L "$root$1" "$jail$1"
}

make_jail() {
	local user
	mkdir -p "$jail"/{etc/courier,run/courier/authdaemon,dev,tmp,mail}
	chmod 1777 "$jail/tmp"
	for user in /usr/sbin/couriertcpd /usr/bin/imapd /usr/lib/courier/courier/imaplogin \
		$courier/authdaemond $courier/makedatprog /usr/libexec/gam_server /usr/lib/courier-authlib/libauthuserdb.so.0; do
		put "$user"
	done
	{ mknod "$jail/dev/null" c 1 3 && : > "$jail/dev/null"; } 2>/dev/null ||
		{ rm -f "$jail/dev/null" && : > "$jail/dev/null"; } # a file will do
	chmod 666 "$jail/dev/null"
	for user in alice bob; do
		mkdir -p "$jail/mail/$user/Maildir"/{cur,new,tmp}
		chown -R $owner:$owner "$jail/mail/$user"
	done
	cat > "$jail/etc/courier/authdaemonrc" <<-END
	authmodulelist="authuserdb"
	authmodulelistorig="authuserdb"
	daemons=2
	authdaemonvar=/run/courier/authdaemon
	DEBUG_LOGIN=0
	DEFAULTOPTIONS=""
	LOGGEROPTS=""
	END
	printf '%s\n' "root:x:0:0::/:/bin/sh" "nobody:x:$owner:$owner::/:/bin/sh" > "$jail/etc/passwd"
	echo "root:x:0:" > "$jail/etc/group"
}

# The user database: public facts, and passwords apart.
make_users() {
	local user hash make
	hash=$(openssl passwd -1 secret)
	make="chroot $jail $courier/makedatprog"
	{
		for user in alice bob; do
			printf '%s\tuid=%s|gid=%s|home=/mail/%s|_=\n' $user $owner $owner $user
		done
		echo . # the end
	} | $make - /etc/courier/.userdb.tmp /etc/courier/userdb.dat
	{
		for user in alice bob; do
			printf '%s\timappw=%s\n' $user "$hash"
		done
		echo .
	} | $make - /etc/courier/.shadow.tmp /etc/courier/userdbshadow.dat
}

[ -d "$jail/mail" ] || make_jail
LD_LIBRARY_PATH=$(library_path "$jail") # the same inside
export LD_LIBRARY_PATH=${LD_LIBRARY_PATH//"$jail"/}
[ -e "$jail/etc/courier/userdb.dat" ] || make_users
port=$(ports 1)

cat > "$D/run.sh" <<END
chroot "$jail" $courier/authdaemond &
for i in {1..100}; do
	[ ! -S "$jail/run/courier/authdaemon/socket" ] || break
	sleep .02
done
exec chroot "$jail" /usr/sbin/couriertcpd -address=127.0.0.1 -maxprocs=60 -maxperip=60 \\
	-nodnslookup -noidentlookup $port /usr/lib/courier/courier/imaplogin /usr/bin/imapd Maildir
END
rm -f "$jail/run/courier/authdaemon/"*
export IMAP_CAPABILITY="${CAPABILITY-IMAP4rev1 UIDPLUS CHILDREN NAMESPACE THREAD=ORDEREDSUBJECT THREAD=REFERENCES SORT QUOTA IDLE}"
export IMAP_KEYWORDS=1 IMAP_ACL=0 IMAP_CHECK_ALL_FOLDERS=0 IMAP_OBSOLETE_CLIENT=0 IMAP_USELOCKS=0
export IMAP_IDLE_TIMEOUT=1 IMAP_ENHANCEDIDLE=0 IMAP_EMPTYTRASH='' IMAP_TRASHFOLDERNAME=Trash
export IMAP_UMASK=022 IMAP_TLS_REQUIRED=0 IMAP_STARTTLS=NO
export GAM_CLIENT_ID="tern-$port"
setsid bash "$D/run.sh" </dev/null >"$D/log" 2>&1 &
note_pid $!
started $! "$port" "$D/log"
tell PID $! HOST 127.0.0.1 IMAP_PORT "$port" LOG "$D/log"
