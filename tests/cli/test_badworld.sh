#!/bin/sh
# The whole program in bad worlds: servers that lie, break off or are not who
# they say, folders that vanish, disks that are full.  Each time there must be
# words, the documented exit status, nothing lost, and the other account of
# the same home must go on.
. "$(dirname "$0")/lib.sh"
support=$TOP_SRCDIR/tests/support
fault=$TOP_SRCDIR/tests/faults/imapfault.py
for tool in openssl python3 setsid; do
	command -v $tool >/dev/null || exit 77
done
PATH=$PATH:/usr/sbin:/sbin
chmod 755 "$dir"
secret=canary-$$-k3v9
printf '%s\n' "$secret" >"$dir/password"
: >"$dir/everything" # all that tern said

pids='' mounted=''
cleanup() {
	for pid in $pids; do
		kill "$pid" 2>/dev/null
	done
	bash "$support/dovecot.sh" stop "$dir/srv"
	[ -z "$mounted" ] || umount -l "$dir/small"
}

# As lib.sh has it, and whatever happens: no crash, no endless wait, no control character.
t() {
	timeout 60 "$tern" --home "$home" "$@" >"$dir/out" 2>"$dir/talk" </dev/null
	code=$?
	out=$(tr -d '\000' <"$dir/out") talk=$(tr -d '\000' <"$dir/talk")
	cat "$dir/out" "$dir/talk" >>"$dir/everything"
	[ "$code" -lt 124 ] && [ "$code" != 99 ] && ok || bad "$*: crashed or hung"
	clean "$*"
}

# ASCII and C1 controls, line and direction marks: none of them may reach a terminal.
clean() {
	if LC_ALL=C grep -aqE "$(printf '[\001-\010\013-\037\177]|\302[\200-\237]|\342\200[\216\217\250-\256]|\342\201[\246-\251]')" \
		"$dir/out" "$dir/talk"; then
		bad "$1: control characters in the output"
	else
		ok
	fi
}

# proxy ARGS...: a misbehaving one before the server; $port and $ledger are its
proxy() {
	proxies=$((${proxies:=0} + 1))
	ledger=$dir/ledger.$proxies port="" waited=0
	: >"$dir/port.$proxies"
	python3 "$fault" --upstream "127.0.0.1:$IMAP_PORT" --life 120 --ledger "$ledger" "$@" \
		>>"$dir/port.$proxies" &
	pids="$pids $!"
	while [ -z "$port" ] && [ $waited -lt 100 ]; do
		sleep .05
		waited=$((waited + 1))
		port=$(sed -n 's/PORT=//p' "$dir/port.$proxies")
	done
}

# imap ARGS...: the account "bad", anew, with these options
imap() {
	timeout 20 "$tern" --home "$home" account remove bad >/dev/null 2>&1
	t account add bad --type imap --host 127.0.0.1 --user alice \
		--password-command "cat $dir/password" "$@"
	is_code "account add $*" 0
}

count() { t list --account "$1" --limit 1000 --json; n=$(grep -c . "$dir/out"); }

# other NAME: the account "good" got the letter that came meanwhile
other() {
	t list --account good --limit 1000 --json
	is "$1: the other account goes on" "$(grep -c . "$dir/out")" "$letters"
}

more() {
	letters=$((${letters:=0} + 1))
	letter "$dir/Mail" "$((1700000000 + letters)).a:2,S" '2026-01-02 10:00' 'Ana <ana@example.org>' "no $letters"
}

# fails NAME CODE WORDS: a sync in which "bad" fails like this
fails() {
	more
	t sync --json
	is_code "$1" 1
	is "$1: code" "$(grep '"account":"bad"' "$dir/out" | field code)" "\"$2\""
	has "$1: words" "$talk" "$3"
	other "$1"
}

# works NAME N: a sync without a complaint, after which "bad" has N messages, none twice
works() {
	more
	t sync
	is_code "$1" 0
	is "$1: no complaint" "$talk" ''
	count bad
	is "$1: messages" "$n" "$2"
	is "$1: none twice" "$(field message_id <"$dir/out" | sort -u | grep -c .)" "$2"
	other "$1"
}

# --- a server with mail in it, an account beside it -------------------------------
env=$(bash "$support/dovecot.sh" start "$dir/srv")
code=$?
[ $code = 0 ] || exit $code
eval "$env"
sed "s/{PLAIN}secret/{PLAIN}$secret/" "$dir/srv/passwd" >"$dir/passwd" && cat "$dir/passwd" >"$dir/srv/passwd"
tls=$dir/srv/tls
N=40
python3 "$support/mail.py" maildir "$MAIL/alice/Maildir" $N >/dev/null && bash "$support/dovecot.sh" own "$dir/srv"
check() {
	timeout 30 python3 "$support/imapcheck.py" --plain --port "$IMAP_PORT" --user alice --password "$secret" "$@"
}

mkdir -p "$home/config"
printf '[tern]\nlog-level = debug\n' >"$home/config/tern.conf"
more
t account add good --type maildir --path "$dir/Mail"

# Password commands that never answer, beside everything else: each is ended after 30 s.
slow() {
	timeout 20 "$tern" --home "$dir/$1" account add bad --type imap --host 127.0.0.1 --port "$IMAPS_PORT" \
		--ca-file "$CA" --user alice --password-command "$2" 2>/dev/null
	timeout 20 "$tern" --home "$dir/$1" account add good --type maildir --path "$dir/slow/Mail" 2>/dev/null
	timeout 60 "$tern" --home "$dir/$1" sync --json >"$dir/$1.out" 2>"$dir/$1.talk" </dev/null
	echo $? >"$dir/$1.code"
}
mkdir "$dir/slow"
letter "$dir/slow/Mail" '1700000000.a:2,S' '2026-01-02 10:00' 'Ana <ana@example.org>' 'slow'
slow hang "sleep 3$$" &
hang=$!
slow deaf "cat $dir/password; exec >&-; sleep 4$$" &
deaf=$!

# --- who is it? -------------------------------------------------------------------
imap --port "$IMAPS_PORT" --ca-file "$CA"
works 'a server in order' $N

imap --port "$IMAPS_PORT" --ca-file "$CA" --password-command 'echo wrong'
fails 'wrong password' auth 'login was refused'
imap --port "$IMAPS_PORT" --ca-file "$CA" --password-command true
fails 'password command that prints nothing' auth 'printed nothing'
imap --port "$IMAPS_PORT" --ca-file "$CA" --password-command 'exit 3'
fails 'password command that fails' auth 'exit status 3'
imap --port "$IMAPS_PORT" --ca-file "$tls/other-ca.pem"
fails 'wrong authority' trust 'unknown authority'
imap --port "$IMAPS_PORT" --ca-file "$dir/nothing.pem"
fails 'no file of authorities' trust 'ca-file'
for case in 'wronghost:not issued for the name' 'expired:has expired' 'future:not valid yet' \
	'selfsigned:self-signed' 'otherca:unknown authority'; do
	proxy --cert "$tls/${case%%:*}.pem" --key "$tls/${case%%:*}.key"
	imap --port "$port" --ca-file "$CA"
	fails "certificate: ${case%%:*}" trust "${case#*:}"
	lacks "certificate: ${case%%:*}: no login" "$(cat "$ledger")" '> '
done

proxy --mode strip-starttls
imap --port "$port" --ca-file "$CA" --tls starttls
fails 'STARTTLS stripped' trust 'offers no encryption'
lacks 'STARTTLS stripped: nothing was sent' "$(cat "$ledger")" 'secret'
proxy --mode starttls-inject --cert "$tls/server.pem" --key "$tls/server.key" --starttls
imap --port "$port" --ca-file "$CA" --tls starttls
fails 'STARTTLS injection' trust 'slipped data in'
lacks 'STARTTLS injection: nothing was sent' "$(cat "$ledger")" 'secret'
proxy --mode preauth --upstream-login "alice:$secret" --cert "$tls/server.pem" --key "$tls/server.key" --starttls
imap --port "$port" --ca-file "$CA" --tls starttls
fails 'PREAUTH in the clear' trust 'PREAUTH in the clear'
lacks 'PREAUTH in the clear: nothing was sent' "$(cat "$ledger")" '> '
imap --port "$TLSONLY_PORT" --host "$TLSONLY_HOST" --tls plain
fails 'a server that takes no password in the clear' auth 'does not accept passwords'

t account add far --type imap --host mail.example.org --user u --password-command c --tls plain
is_code 'plain to another host' 2
has 'plain to another host' "$talk" 'this computer'
lacks 'plain to another host: not kept' "$(ls "$home/config/accounts.d")" far

# --- a line that breaks and answers that lie --------------------------------------
imap --port 1 --tls plain
fails 'nobody listens' offline '127.0.0.1'
proxy --mode bad-greeting:http
imap --port "$port" --tls plain
fails 'no IMAP server' protocol 'No IMAP server'
proxy --mode bad-greeting:bye
imap --port "$port" --tls plain
fails 'sent away' retry 'sends us away'

proxy --mode cut-fetch:100:1000
imap --port "$port" --tls plain
fails 'cut in every FETCH' offline .
proxy --mode cut-fetch:3000:1
imap --port "$port" --tls plain
works 'cut in a FETCH: asked again over a new connection' $N
works 'after the cut' $N
proxy --mode garbage-line
imap --port "$port" --tls plain
works 'lines that nobody can parse' $N
proxy --mode huge-literal:4294967296:1
imap --port "$port" --tls plain
more
t sync --json
is_code 'a literal of 4 GB: asked for again with less, nothing else suffers' 0
other 'a literal of 4 GB'
works 'after the literal' $N

proxy --mode evil-names
imap --port "$port" --tls plain
more
t sync
has 'evil names: the words, if any, name the account' "${talk:-tern: bad}" 'tern: bad'
other 'evil names'
for how in --json ''; do
	t mailboxes $how
	has "evil names: mailboxes $how" "$out" INBOX
	t list --limit 1000 $how
	t queue --all $how
	t account list $how
	t doctor $how
	t dump $how
done
count bad
is 'evil names: the mail is there' "$n" $N
lacks 'no file was made by a name' "$(ls /tmp "$HOME" 2>/dev/null)" 'tern-evil'

# --- odd mail ---------------------------------------------------------------------
printf '\r\nnothing but a text\r\n' >"$dir/bare"
printf 'no colon\033[31m here\r\n: and no name\r\n' >"$dir/noise"
check append INBOX "$dir/bare" >/dev/null
check append INBOX "$dir/noise" >/dev/null
cp "$dir/bare" "$dir/Mail/cur/1800000000.bare:2,"
: >"$dir/Mail/cur/1800000001.empty:2,"
letters=$((letters + 2))
imap --port "$IMAPS_PORT" --ca-file "$CA"
more
t sync
is_code 'mail without headers' 0
other 'mail without headers'
count bad
is 'mail without headers: all there' "$n" $((N + 2))
wrong=0
for id in $(grep '"message_id":null' "$dir/out" | field id); do
	for how in '' --text --parts --json; do
		t show "$id" $how
		[ "$code" = 0 ] || wrong=$((wrong + 1))
	done
done
is 'mail without headers: can be shown' $wrong 0
t flag "$id" --push
is_code 'mail without headers: a change arrives' 0

# --- a folder that vanishes -------------------------------------------------------
count good
before=$n
mv "$dir/Mail" "$dir/Away"
t sync --json
is_code 'a Maildir that vanished' 1
is 'a Maildir that vanished: code' "$(grep '"account":"good"' "$dir/out" | field code)" '"offline"'
has 'a Maildir that vanished: words' "$talk" "$dir/Mail"
is 'a Maildir that vanished: the other goes on' "$(grep '"account":"bad"' "$dir/out" | field ok)" true
mkdir "$dir/Mail" # as a mount point without its file system
t sync
is_code 'an empty mount point' 1
count good
is 'a Maildir that vanished: nothing is deleted' "$n" "$before"
rmdir "$dir/Mail"
mv "$dir/Away" "$dir/Mail"
t sync
is_code 'a Maildir that came back' 0
other 'a Maildir that came back'

# --- nonsense on the command line -------------------------------------------------
t lits; is_code 'unknown command' 2; has 'unknown command' "$talk" '"list"'
t sync --fast; is_code 'unknown option' 2; has 'unknown option' "$talk" '--fast'
t sync --account nobody; is_code 'unknown account' 3; has 'unknown account' "$talk" nobody
for id in 0 -1 1x 99999999999999999999 '' "$(printf '\033[31m')" 9223372036854775807; do
	t show "$id"
	case $code in 2 | 3) ok ;; *) bad "show '$id'" ;; esac
	has "show '$id': words" "$talk" 'tern:'
done
long=$(printf '%05000d' 7)
for cursor in x AAAA "$long" '../../etc' "$(printf '\001\377')" 'd:1:2' '=' ; do
	t list --after "$cursor"
	is_code "garbage cursor" 2
	has 'garbage cursor: words' "$talk" 'tern:'
done
t list --limit 99999999999999999999; is_code 'limit' 2
t list --mailbox "$(printf 'a\nb\033[2J')"; is_code 'mailbox with controls' 3
t move 1 --to "$long"; is_code 'a target of 5000 bytes' 3

# --- the disk ----------------------------------------------------------------------
# A store of its own on a small disk; what happens to it must not be seen in $home.
fill() { # leaves about $1 KB
	rm -f "$dir/small/filler"
	free=$(df -k --output=avail "$dir/small" | tail -n 1)
	[ "$free" -le "$1" ] || head -c $(((free - $1) * 1024)) /dev/zero >"$dir/small/filler"
}
if [ "$(id -u)" = 0 ] && mkdir "$dir/small" && mount -t tmpfs -o size=48m none "$dir/small" 2>/dev/null; then
	mounted=yes normal=$home home=$dir/small/home
	t account add good --type maildir --path "$dir/Mail"
	t account add bad --type imap --host 127.0.0.1 --port "$IMAPS_PORT" --user alice \
		--password-command "cat $dir/password" --ca-file "$CA"
	t sync --account good; is_code 'disk: first sync' 0
	count good
	id=$(head -n 1 "$dir/out" | field id)
	fill 1000
	t flag "$id"; is_code 'low disk: no new wish' 1; has 'low disk: words' "$talk" 'almost full'
	t queue; is 'low disk: nothing is queued' "$out" ''
	t show "$id"; is_code 'low disk: reading goes on' 0
	fill 160 # enough to open the store, not for what comes
	t list --account good; is_code 'hardly any disk: the list can be read' 0
	t sync --account bad; is_code 'hardly any disk: sync' 1
	has 'hardly any disk: words' "$talk" 'disk is full'
	fill 0
	for command in "sync" "flag $id" list; do
		t $command; is_code "full disk: $command" 1
		has "full disk: $command: words" "$talk" 'disk is full'
	done
	rm -f "$dir/small/filler"
	t doctor --json
	has 'after the full disk: sound' "$out" '"check":"store","ok":true'
	other 'after the full disk: nothing is lost'
	t sync; is_code 'after the full disk: sync' 0
	count bad
	is 'after the full disk: complete' "$n" $((N + 2))
	t flag "$id" --push; is_code 'after the full disk: flag' 0
	home=$normal
else
	echo 'skipped: the full disk, which takes root and a small tmpfs' >&2
fi

# --- a store that cannot be written, a store from the future ------------------------
mkdir "$dir/ro"
cp -R "$home" "$dir/ro/home"
cp "$tern" "$dir/ro/tern"
as=
if [ "$(id -u)" = 0 ]; then
	chown -R 65534:65534 "$dir/ro"
	as='setpriv --reuid 65534 --regid 65534 --clear-groups'
fi
find "$dir/ro/home" -type d -exec chmod 500 {} + -o -type f -exec chmod 400 {} +
for command in 'list' 'sync' 'account add x --type maildir --path /tmp'; do
	# shellcheck disable=SC2086
	timeout 60 $as "$dir/ro/tern" --home "$dir/ro/home" $command >"$dir/out" 2>"$dir/talk" </dev/null
	code=$? out=$(cat "$dir/out") talk=$(cat "$dir/talk")
	is_code "read-only home: $command" 1
	has "read-only home: $command: words" "$talk" 'cannot be written'
	clean "read-only home: $command"
done
find "$dir/ro/home" -type d -exec chmod 700 {} +

future=$dir/future
mkdir "$future"
cp -R "$home/." "$future"
python3 -c 'import sqlite3, sys; c = sqlite3.connect(sys.argv[1]); c.execute("PRAGMA user_version = 999"); c.commit(); c.execute("PRAGMA wal_checkpoint(TRUNCATE)"); c.close()' \
	"$future/data/tern.db"
sum=$(cksum <"$future/data/tern.db")
normal=$home home=$future
for command in list sync; do
	t $command; is_code "newer store: $command" 1; has "newer store: $command: words" "$talk" 'newer'
done
t doctor; is_code 'newer store: doctor' 1; has 'newer store: doctor' "$out" 'newer'
is 'newer store: untouched' "$(cksum <"$future/data/tern.db")" "$sum"
home=$normal

# --- the password commands that hung -------------------------------------------------
wait $hang $deaf
for case in hang deaf; do
	code=$(cat "$dir/$case.code") out=$(cat "$dir/$case.out") talk=$(cat "$dir/$case.talk")
	is_code "password command ($case)" 1
	has "password command ($case): words" "$talk" 'it was ended'
	is "password command ($case): the other account" "$(printf '%s\n' "$out" | grep '"good"' | field ok)" true
done
lacks 'password commands are ended' "$(ps -eo args | grep '^sleep')" "$$"

# --- the secret ------------------------------------------------------------------------
proxy --mode delay:150
imap --port "$port" --tls plain
timeout 60 "$tern" --home "$home" sync >>"$dir/everything" 2>&1 </dev/null &
pid=$!
looks=0
while kill -0 $pid 2>/dev/null && [ $looks -lt 200 ]; do
	ps -eo args | grep '[t]ern' | grep -v imapfault >>"$dir/ps" # its argument is the test's
	looks=$((looks + 1))
	sleep .05
done
wait $pid
code=$?
is_code 'sync over a slow line' 0
lacks 'tern was seen' "$looks" 200
has 'ps shows tern' "$(cat "$dir/ps")" sync
base64=$(printf '\0alice\0%s' "$secret" | base64)
for file in "$dir/ps" "$dir/everything" "$home" "$dir/hang" "$dir/deaf" "$future"; do
	found=$(grep -raFl -e "$secret" -e "${base64%%=*}" "$file")
	is "the password is not in $file" "$found" ''
done
has 'the log was searched' "$(cat "$home"/state/*)" imap-login
finish
