#!/usr/bin/env python3
# check.py - see that the demo mailbox holds what it promises
# SPDX-License-Identifier: GPL-3.0-or-later
#
# usage: check.py [FILE]
#
# Reads FILE (demo.mbox beside this script), counts what is in it, and
# runs generate.py again to see that it comes out the same.

import email
import email.header
import email.policy
import email.utils
import os
import re
import subprocess
import sys
import unicodedata
from collections import Counter
from datetime import datetime, timedelta, timezone

HERE = os.path.dirname(os.path.abspath(__file__))
PATH = sys.argv[1] if len(sys.argv) > 1 else os.path.join(HERE, 'demo.mbox')
END = datetime(2026, 11, 20, tzinfo=timezone.utc)

passed = failed = 0


def check(what, ok, found=''):
    global passed, failed
    if ok:
        passed += 1
    else:
        failed += 1
        print('FAIL: %s%s' % (what, found != '' and ' (%s)' % (found,)))


def at_least(what, n, found):
    found = len(found) if not isinstance(found, int) else found
    check('%s: at least %d' % (what, n), found >= n, found)


def read_mboxrd(data):
    """The messages of an mboxrd file, as (separator, bytes)."""
    out, prev_blank = [], True
    for line in data.split(b'\n')[:-1]:
        if prev_blank and line.startswith(b'From '):
            out.append((line, []))
        else:
            out[-1][1].append(re.sub(rb'^>(>*From )', rb'\1', line))
        prev_blank = line == b''
    return [(sep, b'\n'.join(body)) for sep, body in out]


def header(msg, name):
    """A header, decoded, with the bytes that are no ASCII kept."""
    value = msg.get(name)
    if value is None:
        return None
    parts = []
    for raw, cs in email.header.decode_header(str(value)):
        if isinstance(raw, bytes):
            raw = raw.decode(cs or 'ascii', 'replace')
        parts.append(raw)
    return re.sub(r'\n[ \t]', ' ', ''.join(parts))


def decoded(part):
    raw = part.get_payload(decode=True) or b''
    try:
        return raw.decode(part.get_content_charset('ascii'))
    except (LookupError, UnicodeDecodeError):
        return raw.decode('utf-8', 'replace')


data = open(PATH, 'rb').read()
check('smaller than 2 MB', len(data) < 2000000, len(data))
again = subprocess.run([sys.executable,
                        os.path.join(HERE, 'generate.py'), '-'],
                       stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                       check=False)
check('generate.py runs', again.returncode == 0)
check('generate.py finds no line too long', again.stderr == b'',
      again.stderr.decode('utf-8', 'replace'))
check('generate.py gives the same bytes', again.stdout == data)
check('no CR outside base64', b'\r' not in data)
check('no NUL', b'\0' not in data)
check('ends in an empty line', data.endswith(b'\n\n'))

raws = read_mboxrd(data)
msgs = [email.message_from_bytes(raw) for _, raw in raws]
check('about 200 to 300 messages', 200 <= len(msgs) <= 300, len(msgs))
check('every separator is well formed', all(re.fullmatch(
    rb'From \S+@\S+ \w{3} \w{3} [ \d]\d \d\d:\d\d:\d\d \d{4}', sep)
    for sep, _ in raws))

# folders and flags
folders = Counter(x['X-Tern-Folder'] for x in msgs)
check('every message has a folder', None not in folders)
for name, n in (('INBOX', 110), ('Sent', 15), ('Drafts', 3),
                ('Archive', 10), ('Junk', 5), ('Trash', 3),
                ('Lists/tern-devel', 30), ('Lists/sailing', 8),
                ('Travel', 5)):
    at_least('messages in ' + name, n, folders[name])
check('Status on all', all(x['Status'] in ('RO', 'O') for x in msgs))
check('X-Status on all', all(
    re.fullmatch('[AFTD]*', (x['X-Status'] or '-').strip()) is not None
    or x['X-Status'] == '' for x in msgs))
unread = [x for x in msgs if x['X-Tern-Folder'] == 'INBOX' and
          'R' not in x['Status']]
check('30 to 45 unread in INBOX', 30 <= len(unread) <= 45, len(unread))
at_least('flagged', 20, [x for x in msgs if 'F' in x['X-Status']])
at_least('answered', 10, [x for x in msgs if 'A' in x['X-Status']])
check('drafts are marked', all('T' in x['X-Status'] for x in msgs
                               if x['X-Tern-Folder'] == 'Drafts'))

# threads
ids = [x['Message-ID'] for x in msgs]
check('message ids are unique', len(set(ids)) == len(ids) and
      None not in ids)
place = {x['Message-ID']: i for i, x in enumerate(msgs)}
check('every reply finds its parent, earlier in the file', all(
    place.get(x['In-Reply-To'], 1 << 30) < i
    for i, x in enumerate(msgs) if x['In-Reply-To']))
good, root = True, {}
for x in msgs:
    refs = (x['References'] or '').split()
    parent = x['In-Reply-To']
    if parent:
        up = msgs[place[parent]]
        good = good and refs == (up['References'] or '').split() + [parent]
        root[x['Message-ID']] = root[parent]
    else:
        good = good and not refs
        root[x['Message-ID']] = x['Message-ID']
check('References are the ancestors, in order', good)
sizes = Counter(root.values())
at_least('threads of 3 to 14', 8,
         [s for s in sizes.values() if 3 <= s <= 14])
at_least('threads of 25 or more', 1, [s for s in sizes.values() if s > 24])
mine = {x['In-Reply-To'] for x in msgs if x['X-Tern-Folder'] == 'Sent'
        and x['In-Reply-To']}
at_least('answers in Sent', 10, mine)
check('what was answered is marked so', all(
    'A' in msgs[place[i]]['X-Status'] for i in mine))

# dates
dates = []
for x in msgs:
    if x['Date']:
        dates.append(email.utils.parsedate_to_datetime(x['Date']))
        check('weekday agrees: %s' % x['Date'],
              email.utils.format_datetime(dates[-1]) == x['Date'])
check('newest a few hours before the end',
      END - timedelta(hours=8) < max(dates) < END)
check('nothing older than 400 days', min(dates) >= END - timedelta(400))
at_least('older than 300 days', 3,
         [d for d in dates if d < END - timedelta(300)])
newest = sorted((x for x in msgs if x['Date']), reverse=True,
                key=lambda x: email.utils.parsedate_to_datetime(x['Date']))
check('the welcome is the newest',
      newest[0]['Subject'] == 'Welcome to tern')
check('the four newest are from tern', all(
    'welcome@example.org' in x['From'] for x in newest[:4]))

# addresses
joined = data.replace(b'=\n', b'')
hosts = set(re.findall(rb'@([A-Za-z0-9.-]+\.[a-z]{2,})', joined)) | \
    set(re.findall(rb'https?://([A-Za-z0-9.-]+)', joined))
check('only reserved domains', all(
    re.search(rb'(^|\.)example\.(com|net|org)$', h) for h in hosts),
    sorted(h for h in hosts
           if not re.search(rb'(^|\.)example\.(com|net|org)$', h)))

# bodies
parts = [p for x in msgs for p in x.walk()]
leaves = [p for p in parts if not p.is_multipart()]
types = Counter(p.get_content_type() for p in parts)
charsets = Counter(p.get_content_charset() for p in parts)
codings = Counter((p['Content-Transfer-Encoding'] or '').lower()
                  for p in parts)
for cs in ('utf-8', 'us-ascii', 'iso-8859-1', 'iso-8859-15',
           'windows-1252', 'windows-1251', 'koi8-r', 'gb2312', 'gb18030',
           'big5', 'iso-2022-jp', 'shift_jis', 'euc-kr'):
    at_least('charset ' + cs, 1, charsets[cs])
for enc in ('7bit', '8bit', 'quoted-printable', 'base64'):
    at_least('encoding ' + enc, 4, codings[enc])
for ct, n in (('multipart/alternative', 4), ('multipart/related', 1),
              ('multipart/mixed', 5), ('multipart/digest', 1),
              ('multipart/report', 1), ('message/rfc822', 5),
              ('message/delivery-status', 1), ('text/calendar', 1),
              ('application/pdf', 3), ('application/zip', 1),
              ('application/ics', 1), ('image/png', 3), ('text/csv', 2)):
    at_least(ct, n, types[ct])
at_least('HTML and nothing else', 2,
         [x for x in msgs if x.get_content_type() == 'text/html'])
at_least('inline image with an id', 1,
         [p for p in parts if p['Content-ID'] and
          'inline' in p['Content-Disposition']])
check('calendar says REQUEST', any(
    p.get_param('method') == 'REQUEST' for p in parts
    if p.get_content_type() == 'text/calendar'))
at_least('format=flowed', 1, [p for p in parts
                              if p.get_param('format') == 'flowed'])
for p in leaves:
    raw = p.get_payload(decode=True)
    ct = p.get_content_type()
    if ct == 'image/png':
        check('a PNG is a PNG', raw.startswith(b'\x89PNG\r\n\x1a\n') and
              raw.endswith(b'IEND\xaeB`\x82'))
    elif ct == 'application/pdf':
        at = int(raw.split(b'startxref\n')[1].split()[0])
        check('a PDF finds its table', raw[at:at + 4] == b'xref')
    elif ct == 'application/zip':
        check('a zip is a zip', raw.startswith(b'PK\3\4'))
undecodable = 0
for p in leaves:
    if p.get_content_maintype() == 'text':
        try:
            p.get_payload(decode=True).decode(
                p.get_content_charset('ascii'))
        except (LookupError, UnicodeDecodeError):
            undecodable += 1
check('two texts lie about their charset, no more', undecodable == 2,
      undecodable)

# headers
lists = [x for x in msgs if x['List-Id']]
at_least('list mail', 40, lists)
at_least('with List-Post', 40, [x for x in lists if x['List-Post']])
at_least('one-click', 40, [x for x in lists if x['List-Unsubscribe'] and
                           'One-Click' in x['List-Unsubscribe-Post']])
at_least('encoded subjects', 25, [x for x in msgs
                                  if '=?' in str(x['Subject'])])
at_least('split encoded words', 5, [
    x for x in msgs if re.search(r'\?=\n =\?', str(x['Subject']))])
at_least('encoded names', 20, [x for x in msgs if '=?' in str(x['From'])])
at_least('RFC 2231 names', 2, [
    p for p in parts
    if 'filename*' in str(p.get('Content-Disposition', ''))])
at_least('names in continued pieces', 1, [
    p for p in parts
    if 'filename*1*' in str(p.get('Content-Disposition', ''))])
at_least('emoji in subjects', 5, [
    x for x in msgs if re.search('[\U0001f000-\U0001faff]',
                                 header(x, 'Subject') or '')])
at_least('emoji in names', 2, [
    x for x in msgs if re.search('[\U0001f000-\U0001faff]',
                                 header(x, 'From') or '')])
at_least('without Date', 1, [x for x in msgs if x['Date'] is None])
at_least('without From', 1, [x for x in msgs if x['From'] is None])
at_least('with an empty subject', 1,
         [x for x in msgs if x['Subject'] is not None and
          not str(x['Subject']).strip()])
at_least('very long subject', 1,
         [x for x in msgs if len(header(x, 'Subject') or '') > 250])
at_least('with an empty body', 1,
         [x for x in msgs if not x.is_multipart() and
          not x.get_payload().strip()])
at_least('escape in a subject', 1,
         [x for x in msgs if '\x1b' in (x['Subject'] and
                                        header(x, 'Subject') or '')
          and 'iso-2022' not in str(x['Subject']).lower()])
at_least('bidi override in a name', 1,
         [x for x in msgs if '\u202e' in (header(x, 'From') or '')])

# texts
texts = [(x, decoded(p)) for x in msgs for p in x.walk()
         if p.get_content_type() == 'text/plain']
for mark in ('>', '>>', '>>>'):
    at_least('quoted with ' + mark, 1,
             [t for _, t in texts
              if re.search('(?m)^%s [^>]' % mark, t)])
at_least('signatures', 80, [t for _, t in texts if '\n-- \n' in t])
at_least('three hundred lines', 1,
         [t for _, t in texts if t.count('\n') >= 300])
at_least('a very long line', 1, [
    t for _, t in texts if max(map(len, t.split('\n'))) > 800])
at_least('patches', 2, [t for _, t in texts if '\n@@ -' in t])
at_least('From at the start of a line', 2,
         [t for _, t in texts if re.search('(?m)^>*From ', t)])
at_least('escape in a text', 1, [
    t for x, t in texts if '\x1b[31m' in t])
SCRIPTS = ('CYRILLIC', 'GREEK', 'ARABIC', 'HEBREW', 'CJK', 'HIRAGANA',
           'HANGUL', 'DEVANAGARI', 'THAI')
for script in SCRIPTS:
    at_least('text in ' + script, 1, [
        t for _, t in texts
        if sum(unicodedata.name(c, '').startswith(script)
               for c in t) > 60])
for word in ('Grüße', 'Évidemment', '¿Te animas', 'pomoście', 'thuyền'):
    at_least('a text with ' + word, 1, [t for _, t in texts if word in t])
DAY = (r'\b((Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day|January|February|'
       r'April|June|July|August|September|October|November|December|'
       r'202[4-7])\b')
bad = [(header(x, 'Subject'), re.search(DAY, t).group(0))
       for x, t in texts if re.search(DAY, t)]
check('no weekdays, months or years in the texts', not bad, bad)

print('%d messages, %d bytes, %d folders; %d unread in INBOX' %
      (len(msgs), len(data), len(folders), len(unread)))
print('%d passed, %d failed' % (passed, failed))
sys.exit(1 if failed else 0)
