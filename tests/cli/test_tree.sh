#!/bin/sh
# Mailboxes of a real IMAP server from the command line: wishes about the tree
# (M-64, L-64), a limit on the history, jobs (M-28), whole messages, and what
# the doctor knows of the server (M-79).
. "$(dirname "$0")/lib.sh"
support=$TOP_SRCDIR/tests/support
PATH=$PATH:/usr/sbin:/sbin
command -v python3 >/dev/null || exit 77
chmod 755 "$dir"
cleanup() { bash "$support/dovecot.sh" stop "$dir/srv"; }
bash "$support/dovecot.sh" start "$dir/srv" >"$dir/env"
code=$?
[ $code = 77 ] && exit 77
[ $code = 0 ] || exit 99
. "$dir/env"
python3 "$support/mail.py" maildir "$MAIL/alice/Maildir" 300 || exit 99
bash "$support/dovecot.sh" own "$dir/srv"
adm() { bash "$support/dovecot.sh" adm "$dir/srv" "$@"; }
listed() { adm mailbox list -u alice | grep -cFx "$1"; }

t account add work --type imap --host "$HOST" --port "$IMAPS_PORT" --user alice \
	--password-command 'echo secret' --ca-file "$CA"
is_code 'account add' 0

# --- a limit on the history --------------------------------------------------
printf '[tern]\nbackfill-bootstrap-max = 50\nbackfill-max-total-per-folder = 100\nbackfill-batch-size = 50\n' \
	>"$home/config/tern.conf"
t sync; is_code 'sync to a limit' 0
t mailboxes --json
is 'the inbox is capped' "$(printf '%s\n' "$out" | grep '"inbox"' | field state)" '"capped"'
is 'it says since when' "$(printf '%s\n' "$out" | grep '"inbox"' | field since | cut -c1-5)" '"2019'
is 'not all is here' "$(printf '%s\n' "$out" | grep '"inbox"' | field total |
	awk '{ print ($1 >= 100 && $1 < 300) }')" 1
t mailboxes; has 'in words' "$out" 'limit reached'
printf '[tern]\nbackfill-max-total-per-folder = 0\n' >"$home/config/tern.conf"
t sync; is_code 'sync without a limit' 0
t mailboxes --json
is 'it goes on where it stopped' "$(printf '%s\n' "$out" | grep '"inbox"' | field total)" 300
is 'and is complete' "$(printf '%s\n' "$out" | grep '"inbox"' | field state)" '"complete"'
t sync --full; is_code 'sync --full' 0
t sync --bodies --json; is_code 'sync --bodies' 0
is 'every text came' "$(printf '%s\n' "$out" | field bodies)" 300
t sync --bodies --json; is 'once' "$(printf '%s\n' "$out" | field bodies)" 0

# --- the tree ------------------------------------------------------------------
t mailbox create Plans/2027; is_code 'create is queued' 75
is 'not at the server yet' "$(listed Plans/2027)" 0
t push; is_code push 0
is 'at the server' "$(listed Plans/2027)" 1
t sync; t mailbox rename Plans/2027 'Plans/Grüße' --push; is_code rename 0
is 'renamed' "$(listed 'Plans/Grüße')" 1
t sync; t mailboxes --json; has 'and listed' "$out" '"name":"Plans/Grüße"'
t mailbox unsubscribe 'Plans/Grüße' --push; is_code unsubscribe 0
is 'unsubscribed' "$(adm mailbox list -s -u alice | grep -cFx 'Plans/Grüße')" 0
t mailbox subscribe 'Plans/Grüße' --push; is_code subscribe 0
is 'subscribed' "$(adm mailbox list -s -u alice | grep -cFx 'Plans/Grüße')" 1
t list --mailbox inbox --limit 1 --json
t move "$(printf '%s\n' "$out" | field id)" --to 'Plans/Grüße' --push; is_code move 0
t sync; t mailbox delete 'Plans/Grüße'; is_code 'not empty' 2; has 'how many' "$talk" 'holds 1 message'
is 'still there' "$(listed 'Plans/Grüße')" 1
t mailbox delete 'Plans/Grüße' --yes --push; is_code delete 0
is 'gone' "$(listed 'Plans/Grüße')" 0
t queue; is 'nothing is queued' "$out" ''

# --- jobs and the server -----------------------------------------------------------
t jobs --account work --json; is_code jobs 0
for job in incremental bootstrap probe; do has "job $job" "$out" "\"job\":\"$job\""; done
lacks 'none failed' "$out" '"ok":false'
t doctor; has 'its class' "$out" 'class: A'; has 'why' "$out" 'QRESYNC'
t account list --json; has 'class in the list' "$out" '"words":"A"'
finish
