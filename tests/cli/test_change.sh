#!/bin/sh
# Changes from the command line: every verb of M-69 and M-73, the queue that
# people can act on (M-71), the history with undo and redo, and an account that
# must not be changed.  On a Maildir made here.
. "$(dirname "$0")/lib.sh"
mail=$dir/Mail
for i in 1 2 3 4 5 6 7; do
	letter "$mail" "$i.m:2," "2026-01-0$i 10:00" 'Ana <ana@example.org>' "letter $i"
done
for m in .Archive .Trash .Work; do mkdir -p "$mail/$m/cur" "$mail/$m/new" "$mail/$m/tmp"; done
t account add post --type maildir --path "$mail"; is_code 'account add' 0
t sync; is_code sync 0
t list --json
id() { printf '%s\n' "$list" | grep "\"$1.m@example.org\"" | field id; }
list=$out
one=$(id 1) two=$(id 2) three=$(id 3) four=$(id 4) five=$(id 5) six=$(id 6) seven=$(id 7)
in_box() { t list --mailbox "$1" --json; printf '%s\n' "$out" | grep -c '"id":'; }
files() { find "$mail/$1/cur" "$mail/$1/new" -type f | wc -l; }
row() { t queue --json; printf '%s\n' "$out" | tail -1 | field id; }

# --- copy, tag, read-all ---------------------------------------------------------
t copy "$one" "$two" --to Work; is_code 'copy is queued' 75
t queue; has 'one line for one step' "$out" 'copies of 2 messages'
is 'one line' "$(printf '%s\n' "$out" | wc -l)" 1
t queue --rows --json; is 'two rows' "$(printf '%s\n' "$out" | wc -l)" 2
t queue --json; is 'as json' "$(printf '%s\n' "$out" | field messages)" 2
t push; is_code 'push of a copy' 0
is 'both are there' "$(files .Work)" 2
is 'and here' "$(files .)" 7
t copy "$one" --to Nowhere; is_code 'copy to nowhere' 3
t copy --to Work; is_code 'copy of nothing' 2
t tag "$one"; is_code 'tag without words' 2; has 'what to say' "$talk" '--add WORDS'
t read-all inbox --push --json; is_code read-all 0
is 'all of them' "$(printf '%s\n' "$out" | field changed)" 7
t list --mailbox inbox --json; is 'and are read' "$(printf '%s\n' "$out" | grep -c 'Seen')" 7
t read-all Nowhere; is_code 'read-all of nothing' 3
t read-all inbox; is_code 'read-all again' 0

# --- append ----------------------------------------------------------------------
printf 'From: me@example.org\nSubject: kept\n\nline\rtwo\r\nend' >"$dir/letter"
t append Work "$dir/letter" --flags seen,flagged --json; is_code 'append is queued' 75
new=$(printf '%s\n' "$out" | field id)
t list --mailbox Work --json
is 'it shows at once' "$(printf '%s\n' "$out" | grep -c '"subject":"kept"')" 1
has 'with its flags' "$(printf '%s\n' "$out" | grep '"kept"')" '["\\Seen","\\Flagged"]'
t push; is_code 'push of an append' 0
is 'it is there' "$(files .Work)" 3
t show "$new" --headers; has 'it got a Message-ID' "$out" 'Message-ID: <'
file=$(grep -l 'Subject: kept' "$mail/.Work"/*/*)
is 'each line ends in CRLF or LF' "$(grep -c 'two' "$file")" 1
t append Work "$dir/letter" --flags red; is_code 'no such flag' 2; has 'which there are' "$talk" 'seen, flagged'
t append Work "$dir/none"; is_code 'no such file' 2
printf 'no header here\n' >"$dir/letter"
t append Work "$dir/letter"; is_code 'no message' 2
printf 'From: a\n\n\0' >"$dir/letter"
t append Work "$dir/letter"; is_code 'NUL' 2
timeout 60 "$tern" --home "$home" append inbox --push <"$mail/.Work/cur/$(ls "$mail/.Work/cur" | head -1)" 2>"$dir/talk"
code=$?; is_code 'from standard input' 0

# --- delete for ever -------------------------------------------------------------
t delete "$five" --for-ever; is_code 'for ever needs a yes' 2; has 'which' "$talk" '--yes'
t delete "$five" --for-ever --yes --push; is_code 'for ever' 0
is 'nowhere' "$(grep -l 'Subject: letter 5' -r "$mail" | wc -l)" 0
t undo; is_code 'what is final is passed over' 75; has 'and told' "$talk" 'cannot be undone'
t delete "$four" --push; is_code 'to the trash' 0
t empty-trash; is_code 'needs a yes' 2; has 'how many' "$talk" '1 message would'
t empty-trash --yes --push --json; is_code empty-trash 0
is 'one' "$(printf '%s\n' "$out" | field changed)" 1
is 'the trash is empty' "$(files .Trash)" 0
t empty-trash; is_code 'empty again' 0

# --- the queue -------------------------------------------------------------------
t move "$six" --to Archive; is_code 'move is queued' 75
at=$(row)
t queue hold "$at"; is_code hold 0
t push; is_code 'what is held stays' 75; has 'and says so' "$talk" 'held'
t queue --json; is 'held' "$(printf '%s\n' "$out" | field held)" true
t queue move "$at" Work --json; is_code 'another target' 75
is 'one change' "$(printf '%s\n' "$out" | field changed)" 1
at=$(row)
t queue --json; is 'the target' "$(printf '%s\n' "$out" | field target)" '"Work"'
t queue release "$at"; t queue retry "$at"; is_code retry 75
t queue drop "$at" --group; is_code drop 0
t queue; is 'nothing is queued' "$out" ''
is 'back in the inbox' "$(t list --mailbox inbox --json; printf '%s\n' "$out" | grep -c '"6.m@')" 1
t queue drop "$at"; is_code 'dropped already' 3
t queue hold x; is_code 'no number' 2
t queue move "$at" Work; is_code 'no such row' 3
t queue fly; is_code 'no such verb' 2

# --- history ---------------------------------------------------------------------
t move "$six" "$seven" --to Archive --push; is_code 'move' 0
t history --json --max 1; is_code history 0
step=$(printf '%s\n' "$out" | field step)
is 'its size' "$(printf '%s\n' "$out" | field messages)" 2
has 'in words' "$(printf '%s\n' "$out" | field what)" 'Archive'
is 'not undone' "$(printf '%s\n' "$out" | field undone)" false
t history; has 'as text' "$out" 'move of 2 messages'
t flag "$three" --push
t undo "$step" --json; is_code 'undo of a step' 75
is 'it is the step' "$(printf '%s\n' "$out" | field step)" "$step"
t push; is 'both are back' "$(files .Archive)" 0
t list --mailbox inbox --json
has 'a later step stays' "$(printf '%s\n' "$out" | grep '"3.m@')" 'Flagged'
t redo "$step" --push --json; is_code redo 0; is 'redone' "$(printf '%s\n' "$out" | field redone)" true
is 'both went again' "$(files .Archive)" 2
t redo; is_code 'nothing to do again' 3
t undo 99999; is_code 'no such step' 3
t undo x; is_code 'no number' 2
t history --max 0; is_code 'none at all' 2

# --- a large step ------------------------------------------------------------------
mkdir -p "$mail/.Big/cur" "$mail/.Big/new" "$mail/.Big/tmp"
i=0
while [ $i -lt 700 ]; do
	i=$((i + 1))
	printf 'From: big@example.org\nSubject: b%s\nMessage-ID: <b%s@example.org>\n\nx\n' $i $i \
		>"$mail/.Big/cur/b$i.m:2,"
done
t sync
t read-all Big --json; is_code 'a large step' 75
is 'is about all' "$(printf '%s\n' "$out" | field changed)" 700
t queue --json; is 'as one line' "$(printf '%s\n' "$out" | field messages)" 700
t history --max 1 --json
is 'as one step' "$(printf '%s\n' "$out" | field messages)" 700
is 'nothing is left of it' "$(printf '%s\n' "$out" | field left)" 0
t push; is_code 'push of it' 0
is 'it came true' "$(find "$mail/.Big" -name '*,S' | wc -l)" 700
t undo --push --json; is_code 'undo of it' 0
is 'all of it' "$(printf '%s\n' "$out" | field messages)" 700
is 'as it was' "$(find "$mail/.Big" -name '*,S' | wc -l)" 0

# --- an account that must not be changed ------------------------------------------
for word in off no false; do
	printf '[post]\ntype = maildir\npath = %s\ntwo-way = %s\n' "$mail" "$word" \
		>"$home/config/accounts.d/post.conf"
	t flag "$one"; is_code "two-way = $word" 1; has 'why not' "$talk" 'read-only'
done
t append Work "$mail/.Archive/cur/$(ls "$mail/.Archive/cur" | head -1)"; is_code 'no append either' 1
t mailbox create X; is_code 'no mailbox either' 1
t queue; is 'nothing is queued' "$out" ''
for word in on yes true; do
	sed -i "s/^two-way.*/two-way = $word/" "$home/config/accounts.d/post.conf"
	t flag "$one" --push; is_code "two-way = $word" 0
	t unflag "$one" --push
done
finish
