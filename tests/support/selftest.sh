#!/bin/bash
# selftest.sh - does what tests rely on work? Certificates, Dovecot, the mail
# generator, imapcheck.py, each fault of imapfault.py, and keytime.py, tried
# for real.
#
# usage: selftest.sh
#
# Prints a line for each failure and "N passed, N failed"; takes about 30 s.
#
# exit: 0 all passed, 1 some failed, 77 something needed is not installed
#
# SPDX-License-Identifier: GPL-3.0-or-later
set -eu

here=$(cd "$(dirname "$0")" && pwd)
fault=$here/../faults/imapfault.py
PATH=$PATH:/usr/sbin
for tool in openssl python3 dovecot timeout setsid; do
	command -v $tool >/dev/null ||
		{ echo "selftest.sh: no $tool"; exit 77; }
done

T=$(mktemp -d "${TMPDIR:-/tmp}/tern-selftest.XXXXXX")
chmod 755 "$T"
D="$T/a server"
F=
passed=0 failed=0

finish() {
	[ -z "$F" ] || kill "$F" 2>/dev/null || :
	"$here/dovecot.sh" stop "$D" || :
	"$here/dovecot.sh" stop "$T/bad" || :
	rm -rf "$T"
}
trap finish EXIT
trap 'exit 1' HUP INT TERM

# has WHAT TEXT: does TEXT have WHAT in it? In WHAT, * is anything; no text but
# the empty one has the empty WHAT.
has() {
	local pattern=${1//\\/\\\\}
	pattern=${pattern//\[/\\[}
	pattern=${pattern//\?/\\?}
	# shellcheck disable=SC2053 # a pattern is meant
	if [ -n "$1" ]; then
		[[ $2 == *$pattern* ]]
	else
		[ -z "$2" ]
	fi
}

# is NAME WHAT TEXT, isnt NAME WHAT TEXT
is() {
	if has "$2" "$3"; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
		printf 'FAILED: %s\n  wanted: %s\n  got: %s\n' "$1" "$2" "${3:0:1500}"
	fi
}
isnt() {
	if has "$2" "$3"; then
		failed=$((failed + 1))
		printf 'FAILED: %s\n  unwanted: %s\n  got: %s\n' "$1" "$2" "${3:0:1500}"
	else
		passed=$((passed + 1))
	fi
}

# talk PORT [tls|starttls] COMMAND...: hold an IMAP dialogue, print the answers,
# and EOF or SILENCE if one of the two ended it. "{text}" in a command is sent
# as a literal.
cat > "$T/talk.py" <<'END'
import re, socket, ssl, sys, time
port, ca, how, *commands = sys.argv[1:]
s = socket.create_connection(("127.0.0.1", int(port)), 5)
s.settimeout(0.5)
buf = b""
def out(data):
    print(data.decode("utf-8", "backslashreplace"), end="")
def fill():
    global buf
    try:
        data = s.recv(1 << 16)
    except TimeoutError:
        out(buf); print("\nSILENCE"); sys.exit()
    except OSError as e:
        data = b""
    if not data:
        out(buf); print("\nEOF"); sys.exit()
    buf += data
def until(*starts):
    global buf
    at = 0
    while True:
        while b"\n" not in buf[at:]:
            if len(buf) > 4 << 20:
                out(buf[:100]); print("\nFLOOD"); sys.exit()
            fill()
        end = buf.index(b"\n", at) + 1
        line = buf[at:end]
        at = end
        if line.startswith(starts):
            out(buf[:at])
            buf = buf[at:]
            return line
if how == "tls":
    s = ssl.create_default_context(cafile=ca).wrap_socket(s, server_hostname="localhost")
until(b"* ", b"HTTP")
for n, c in enumerate(commands, 1):
    tag = b"t%d" % n
    parts = re.split(r"\{([^}]*)\}", c)
    line = tag + b" " + parts[0].encode()
    for lit, rest in zip(parts[1::2], parts[2::2]):
        s.sendall(line + b"{%d}\r\n" % len(lit.encode()))
        if until(b"+", tag).startswith(tag):
            break
        line = lit.encode() + rest.encode()
    else:
        s.sendall(line + b"\r\n")
        if c == "IDLE":
            until(b"+")
            try:
                time.sleep(.3); s.sendall(b"DONE\r\n")
            except OSError:
                pass
        answer = until(tag)
        if c == "STARTTLS" and b" OK" in answer:
            if buf:
                print("LEFT " + repr(buf)); buf = b""
            s = ssl.create_default_context(cafile=ca).wrap_socket(s, server_hostname="localhost")
            s.settimeout(0.5)
out(buf)
END
talk() {
	local port=$1 how=plain
	shift
	case $1 in tls | starttls) how=$1 && shift ;; esac
	timeout 10 python3 "$T/talk.py" "$port" "$D/tls/ca.pem" "$how" "$@" 2>&1 |
		tr -d '\0' || :
}

# misbehave MODE... [-- OPTION...]: start the proxy, its port in P
misbehave() {
	local args=()
	while [ $# -gt 0 ] && [ "$1" != -- ]; do
		args+=(--mode "$1")
		shift
	done
	[ $# -eq 0 ] || shift
	behave
	: > "$T/port"
	rm -f "$T/ledger"
	setsid "$fault" --upstream "$HOST:$IMAP_PORT" --life 30 \
		--ledger "$T/ledger" "${args[@]}" "$@" > "$T/port" 2>"$T/fault.err" &
	F=$!
	for _ in {1..100}; do
		[ ! -s "$T/port" ] || break
		sleep .02
	done
	P=$(sed -n 's/^PORT=//p' "$T/port")
	[ -n "$P" ] || { echo "FAILED: imapfault.py $*"; cat "$T/fault.err"; exit 1; }
}

# behave: stop the proxy; whatever it complained about is a failure
behave() {
	[ -z "$F" ] || kill "$F" 2>/dev/null || :
	[ -z "$F" ] || wait "$F" 2>/dev/null || :
	F=
	if [ -s "$T/fault.err" ]; then
		is "no complaint by the proxy" '^$' "$(cat "$T/fault.err")"
	fi
}

check() {
	timeout 10 "$here/imapcheck.py" --port "$IMAPS_PORT" --ca "$CA" --user alice \
		"$@" 2>&1 || echo "exit $?"
}

# --- certificates and server ---------------------------------------------

started=$(timeout 20 "$here/dovecot.sh" start "$D")
eval "$started"
is "start prints keys" 'IMAPS_PORT=' "$started"
is "a second start is refused" 'already running' \
	"$(timeout 10 "$here/dovecot.sh" start "$D" 2>&1 || :)"

verify() {
	timeout 10 openssl s_client -connect "127.0.0.1:$1" -CAfile "$2" \
		-verify_hostname localhost -verify_return_error </dev/null 2>&1 || :
}
is "good certificate" 'Verify return code: 0' "$(verify "$IMAPS_PORT" "$CA")"
isnt "another authority" 'Verify return code: 0' \
	"$(verify "$IMAPS_PORT" "$D/tls/other-ca.pem")"
cp -R "$D/tls" "$T/tls"
mkdir "$T/bad"
mv "$T/tls" "$T/bad/tls"
for bad in 'wronghost:*ostname mismatch' 'expired:*has expired' \
	'future:*not yet valid' 'selfsigned:*self*signed' \
	'otherca:*unable to get*issuer'; do
	name=${bad%%:*}
	words=$(CERT=$D/tls/$name.pem KEY=$D/tls/$name.key \
		timeout 20 "$here/dovecot.sh" start "$T/bad" | grep IMAPS_PORT)
	is "certificate $name" "${bad#*:}" "$(verify "${words#*=}" "$CA")"
	"$here/dovecot.sh" stop "$T/bad"
done
words=$(CAPABILITY='IMAP4rev1 IDLE' timeout 20 "$here/dovecot.sh" start "$T/bad" |
	grep IMAP_PORT)
is "capability override" 'CAPABILITY IMAP4rev1 IDLE STARTTLS AUTH=PLAIN AUTH=LOGIN]' \
	"$(talk "${words#*=}" NOOP)"
timeout 10 "$here/dovecot.sh" stop "$T/bad"
is "LOGINDISABLED" ' STARTTLS LOGINDISABLED]' \
	"$(exec 3<>"/dev/tcp/$TLSONLY_HOST/$TLSONLY_PORT" && head -n 1 <&3)"
is "STARTTLS there" 0 "$(timeout 10 "$here/imapcheck.py" --host "$TLSONLY_HOST" \
	--port "$TLSONLY_PORT" --starttls --ca "$CA" --user alice count INBOX)"

# --- mail and imapcheck ----------------------------------------------------

timeout 20 "$here/mail.py" maildir "$MAIL/alice/Maildir" 20
timeout 20 "$here/mail.py" maildir "$MAIL/alice/Maildir" 5 --first 100 --subdir .Work
timeout 20 "$here/dovecot.sh" own "$D"
is "generated mail arrives" '20' "$(check count INBOX)"
is "and in a folder" '5' "$(check count Work)"
timeout 5 "$here/mail.py" message 7 > "$T/7"
is "message N is the same" "$(cksum < "$T/7")" \
	"$(check fetch INBOX 8 | tr -d '\r' | cksum)"
timeout 5 "$here/mail.py" mbox "$T/mbox" 20
is "mbox" 20 "$(grep -c '^From ' "$T/mbox")"
is "dump" '"name": "INBOX"*"uidnext": 21*"message_id": "<0.' "$(check dump)"
is "special use" '\\Sent' "$(check dump Sent)"
is "create" '' "$(check create 'Größe & [x]')"
is "append" 1 "$(check append 'Größe & [x]' "$T/7" --flags '\Draft')"
check flag 'Größe & [x]' 1 '+\Seen' '-\Draft' +work
is "flag" '["\\Seen", "work"]' "$(check dump 'Größe & [x]')"
check move 'Größe & [x]' 1 Archive
is "move" '"<7.' "$(check dump Archive)"
check flag INBOX 2 '+\Deleted'
check expunge INBOX 3
is "expunge leaves others that are \\Deleted" 19 "$(check count INBOX)"
check flag INBOX 2 '-\Deleted'
check rename 'Größe & [x]' Other
check delete Other
isnt "rename, delete" Other "$(check dump)"
is "refused" 'exit 1' "$(check count Nothing)"
is "wrong password" 'exit 3' "$(check --password wrong count INBOX)"
is "nothing was read" '"uid": 1, "flags": ["\\Seen"]' "$(check dump INBOX)"
before=$(check dump)
ports=$(cat "$D/ports")
timeout 10 "$here/dovecot.sh" stop "$D"
eval "$(timeout 20 "$here/dovecot.sh" start "$D")"
is "a restart keeps mail and UIDs" "$before" "$(check dump)"
is "a restart keeps the ports" "$ports" "$(cat "$D/ports")"
is "doveadm" 'INBOX' "$(timeout 5 "$here/dovecot.sh" adm "$D" mailbox list -u alice)"

# --- faults ------------------------------------------------------------------

login='LOGIN alice secret'
headers='FETCH 1:* (UID FLAGS BODY.PEEK[HEADER.FIELDS (SUBJECT)])'

misbehave pass
is "pass" 't3 OK' "$(talk "$P" "$login" 'SELECT INBOX' "$headers")"
is "pass: STARTTLS" 't2 OK' "$(talk "$P" starttls STARTTLS "$login")"
ledger=$(cat "$T/ledger")
is "ledger" "> t3 $headers" "$ledger"
isnt "ledger keeps no password" "alice secret" "$ledger"
is "ledger says so" 'LOGIN <secret>' "$ledger"
is "APPEND passes" 't2 OK' "$(talk "$P" "$login" \
	'APPEND Drafts {Subject: x

y}' )"
is "LOGIN by literal" 't1 OK' "$(talk "$P" 'LOGIN {alice} {secret}')"
isnt "its password" 'secret}' "$(cat "$T/ledger")"
is "AUTHENTICATE" 't1 OK' "$(talk "$P" 'AUTHENTICATE PLAIN AGFsaWNlAHNlY3JldA==')"
isnt "its secret" 'AGFs' "$(cat "$T/ledger")"

misbehave pass -- --cert "$D/tls/server.pem" --key "$D/tls/server.key"
is "TLS on the client's side" 't1 OK' "$(talk "$P" tls "$login")"
misbehave pass -- --cert "$D/tls/server.pem" --key "$D/tls/server.key" --starttls
is "STARTTLS on the client's side" 't2 OK' "$(talk "$P" starttls STARTTLS "$login")"
misbehave delay:100 -- --raw --upstream "$HOST:$IMAPS_PORT"
is "raw" 't1 OK' "$(talk "$P" tls "$login")"

misbehave cut-fetch:40
said=$(talk "$P" "$login" 'SELECT INBOX' "$headers")
is "cut-fetch" '* 1 FETCH (UID' "$said"
is "cut-fetch cuts" 'EOF' "$said"
is "cut-fetch, once" 't3 OK' "$(talk "$P" "$login" 'SELECT INBOX' "$headers")"

misbehave garbage-line
said=$(talk "$P" "$login" 'SELECT INBOX' "$headers")
is "garbage-line" '* 2 FETCH' "$(grep -A 5 banana <<< "$said")"
is "garbage-line, and the rest" 't3 OK' "$said"

misbehave huge-literal:99999999999999999999
is "huge-literal" '{99999999999999999999}*SILENCE' \
	"$(talk "$P" "$login" 'SELECT INBOX' "$headers")"
misbehave huge-literal
is "huge-literal, 4 GiB, by ENVELOPE" '{4294967296}*SILENCE' \
	"$(talk "$P" "$login" 'SELECT INBOX' 'FETCH 1:* (UID ENVELOPE)')"

misbehave strip-starttls
said=$(talk "$P" CAPABILITY STARTTLS)
isnt "strip-starttls" 'STARTTLS' "$said"
is "strip-starttls refuses it" 't2 BAD' "$said"

misbehave starttls-inject -- --cert "$D/tls/server.pem" --key "$D/tls/server.key" \
	--starttls
is "starttls-inject" 'LEFT*XINJECTED*t2 OK*t2 OK*' \
	"$(talk "$P" starttls STARTTLS "$login")"

misbehave preauth
is "preauth" '* PREAUTH' "$(talk "$P" NOOP)"
misbehave preauth -- --upstream-login alice:secret
is "preauth that is true" 't1 OK' "$(talk "$P" 'SELECT INBOX')"

for kind in http bye binary empty; do
	misbehave bad-greeting:$kind
	isnt "bad-greeting:$kind" 't1 OK' "$(talk "$P" NOOP)"
done
misbehave bad-greeting:endless
is "bad-greeting:endless" 'FLOOD' "$(talk "$P" NOOP)"

misbehave evil-names
said=$(talk "$P" "$login" 'LIST "" "*"')
is "evil-names" $'{11}\r\nline\r\nbreak' "$said"
is "evil-names, escape" $'\e[31mred' "$said"
is "evil-names, 8 bit" '\xff\xfe' "$said"
is "evil-names, and the good ones" ' INBOX' "$said"

misbehave stall:SELECT
is "stall" 'SILENCE' "$(talk "$P" "$login" 'SELECT INBOX')"
misbehave stall:FETCH:1
is "stall, UID FETCH" 'SILENCE' "$(talk "$P" "$login" 'SELECT INBOX' 'UID FETCH 1 FLAGS')"
is "stall, once" 't3 OK' "$(talk "$P" "$login" 'SELECT INBOX' 'UID FETCH 1 FLAGS')"
misbehave stall-connect:1
is "stall-connect" 'SILENCE' "$(talk "$P" NOOP)"
is "stall-connect, once" 't1 OK' "$(talk "$P" NOOP)"
misbehave drop-connect:1
is "drop-connect" 'EOF' "$(talk "$P" NOOP)"
misbehave dead-idle
is "dead-idle" '+ idling*SILENCE' "$(talk "$P" "$login" 'SELECT INBOX' IDLE)"
misbehave drop-after:6
said=$(talk "$P" "$login" 'SELECT INBOX')
is "drop-after" 'EOF' "$said"
is "drop-after N lines" 6 "$(grep -v '^EOF' <<< "$said" | grep -c .)"

misbehave drop-answer:COPY drop-all:APPEND drop-command:STORE
said=$(talk "$P" "$login" 'SELECT INBOX' 'UID COPY 1 Junk')
is "drop-answer" 'EOF' "$said"
isnt "drop-answer" 't3 OK' "$said"
is "drop-answer, it was done" 1 "$(check count Junk)"
is "drop-answer, once" 't3 OK' "$(talk "$P" "$login" 'SELECT INBOX' 'UID COPY 1 Junk')"
is "drop-all" 'EOF' "$(talk "$P" "$login" 'APPEND Sent {Subject: x

y}' )"
is "drop-all, it was done" 1 "$(check count Sent)"
is "drop-command" 'EOF' \
	"$(talk "$P" "$login" 'SELECT INBOX' 'UID STORE 5 +FLAGS (\Flagged)')"
isnt "drop-command, it was not done" 'Flagged' \
	"$(check dump INBOX | grep -o '"uid": 5, "flags": \[[^]]*')"

misbehave 'no:UID MOVE:[OVERQUOTA] Full' no:CREATE bad:NOOP
said=$(talk "$P" "$login" 'SELECT INBOX' 'UID MOVE 1 Junk' 'CREATE {Z}' NOOP)
is "no" 't3 NO [OVERQUOTA] Full' "$said"
is "no, with a literal" 't4 NO' "$said"
is "bad" 't5 BAD' "$said"

misbehave hide:MOVE,UIDPLUS,IDLE,CONDSTORE,ESEARCH,SPECIAL-USE,LIST-EXTENDED,ENABLE,LITERAL+
said=$(talk "$P" "$login" CAPABILITY 'SELECT INBOX' 'UID MOVE 1 Junk' \
	'UID EXPUNGE 1' 'SELECT INBOX (CONDSTORE)' 'UID FETCH 1 (FLAGS MODSEQ)' \
	'SEARCH RETURN (ALL) ALL' 'LIST "" "*" RETURN (SPECIAL-USE)' 'LIST "" "*"' \
	'ENABLE QRESYNC' 'UID COPY 1 Junk' 'STATUS Junk (HIGHESTMODSEQ)')
for n in 4 5 6 7 8 9 11 13; do
	is "hide, command $n" "t$n BAD" "$said"
done
for word in MOVE UIDPLUS IDLE CONDSTORE QRESYNC ESEARCH SPECIAL-USE LIST- ENABLE \
	MODSEQ COPYUID '\Drafts' LITERAL; do
	isnt "hide $word" "$word" "$(grep -v BAD <<< "$said")"
done
is "hide, what is left works" 't10 OK*t12 OK' "$said"
misbehave hide:QRESYNC
said=$(talk "$P" "$login" 'ENABLE QRESYNC' 'SELECT INBOX (CONDSTORE)' \
	'SELECT INBOX (QRESYNC (1 2))')
is "hide QRESYNC alone" 'HIGHESTMODSEQ*t3 OK*t4 BAD' "$said"
misbehave hide:all
said=$(talk "$P" "$login" CAPABILITY IDLE)
is "hide all" $'CAPABILITY IMAP4rev1\r' "$said"

misbehave delay:200
begin=$(date +%s%N)
is "delay" 't2 OK' "$(talk "$P" "$login" NOOP)"
took=$((($(date +%s%N) - begin) / 1000000))
[ $took -ge 780 ] && [ $took -le 1500 ] && took=right
is "delay: four round trips" right "$took ms"

misbehave pass -- --upstream none
is "a server inside" '<2@mini.example>' "$(timeout 5 "$here/imapcheck.py" --plain \
	--port "$P" --user a dump || :)"
misbehave pass -- --life 0.3
sleep .6
isnt "its life ends" "python" "$(ps -o args= -p "$F" || :)"
behave

# --- keytime ---------------------------------------------------------------------

# A program that asks the terminal who it is, then answers each key after 30 ms,
# and once more after 20.
cat > "$T/slow.py" <<'END'
import os, sys, time, tty
tty.setraw(0)
os.write(1, b"\x1b[?1049h\x1b[c")
answer = b""
while not answer.endswith(b"c"):
    answer += os.read(0, 1)
os.write(1, b"\x1b[3;5Hrow one\r\nrow two " + answer[2:])
while os.read(0, 8) != b"q":
    time.sleep(.03); os.write(1, b"\x1b[10;1Habc"); time.sleep(.02)
    os.write(1, b"\x1b[2Dx")
END
said=$(timeout 20 "$here/../bench/keytime.py" --rows 2 --start 'row (one|two)' \
	--press 'slow=j*5' --wait '^axc' --wait '^    row one' --wait '^row two [?]62' \
	--quit q -- python3 "$T/slow.py" 2>&1 || :)
is "keytime, start" '"what": "start"' "$said"
is "keytime, first" '"n": 5, "silent": 0, "first_ms": {"p50": 3' "$said"
is "keytime, last" '"last_ms": {"p50": 5' "$said"
is "keytime, screen and end" '"what": "end"' "$said"

# --- the end -----------------------------------------------------------------

timeout 10 "$here/dovecot.sh" stop "$D"
is "stop" 'refused' "$( (: <"/dev/tcp/$HOST/$IMAP_PORT") 2>&1 || :)"
isnt "server's log" 'Fatal' "$(cat "$LOG")"
isnt "server's log" 'Panic' "$(cat "$LOG")"
echo "$passed passed, $failed failed"
[ $failed -eq 0 ]
