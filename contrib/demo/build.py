# build.py - the tools the demo mailbox is put together with
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Everything that ends up in demo.mbox is spelled out here rather than
# left to the email, zipfile or zlib modules: what those write may change
# from one Python to the next, and the mailbox must come out the same.

import base64
import hashlib
import re
import struct
import sys
import unicodedata
import zlib
from datetime import datetime, timedelta, timezone

END = datetime(2026, 11, 20, tzinfo=timezone.utc)
DAYS = ('Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun')
MONTHS = ('Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun',
          'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec')

people = {}
messages = []
by_key = {}


class Person:
    def __init__(self, name, addr, tz=0, sig=None):
        self.name, self.addr, self.tz, self.sig = name, addr, tz, sig


def person(key, name, addr, tz=0, sig=None):
    people[key] = Person(name, addr, tz, sig)


# ---------------------------------------------------------------- headers

def encoded_words(text, charset='utf-8', mode='b', first=60):
    """RFC 2047: TEXT as a list of encoded words that fit a line."""
    def word(s):
        raw = s.encode(charset)
        if mode == 'b':
            body = base64.b64encode(raw).decode()
        else:
            body = ''.join(
                '_' if c == 32 else
                chr(c) if chr(c).isalnum() and c < 128 else '=%02X' % c
                for c in raw)
        return '=?%s?%s?%s?=' % (charset, mode, body)

    out, cur, room = [], '', first
    for ch in text:
        if cur and not unicodedata.combining(ch) and \
           len(word(cur + ch)) > room:
            out.append(word(cur))
            cur, room = '', 72
        cur += ch
    out.append(word(cur))
    return out


def fold(name, words):
    """A header line, folded between WORDS at 76 columns."""
    out = line = name + ':'
    for w in words:
        if len(line) + 1 + len(w) > 76 and line.strip() != name + ':':
            out += '\n ' + w
            line = ' ' + w
        else:
            out += ' ' + w
            line += ' ' + w
    return out


def ascii_only(s):
    return all(ord(c) < 128 for c in s)


def subject_header(text, charset, mode):
    if ascii_only(text):
        return fold('Subject', text.split(' '))
    return fold('Subject', encoded_words(text, charset, mode))


def address_words(p, charset='utf-8', mode='q'):
    if not p.name:
        return [p.addr]
    if not ascii_only(p.name):
        return encoded_words(p.name, charset, mode, 50) + \
            ['<%s>' % p.addr]
    if re.search(r'[^A-Za-z0-9 \'-]', p.name):
        return ['"%s"' % p.name, '<%s>' % p.addr]
    return p.name.split(' ') + ['<%s>' % p.addr]


def address_header(name, who, charset='utf-8', mode='q'):
    words = []
    for i, p in enumerate(who):
        w = address_words(p, charset, mode)
        if i + 1 < len(who):
            w[-1] += ','
        words += w
    return fold(name, words)


def rfc822_date(when, tz):
    t = when + timedelta(minutes=tz)
    sign = '-' if tz < 0 else '+'
    return '%s, %02d %s %d %02d:%02d:%02d %s%02d%02d' % (
        DAYS[t.weekday()], t.day, MONTHS[t.month - 1], t.year,
        t.hour, t.minute, t.second, sign, abs(tz) // 60, abs(tz) % 60)


# ------------------------------------------------------------- body parts

def quoted_printable(raw):
    out = []
    for line in raw.split(b'\n'):
        cur = ''
        for i, c in enumerate(line):
            last = i == len(line) - 1
            if c == 61 or c > 126 or (c < 32 and c != 9) or \
               (last and c in (9, 32)):
                tok = '=%02X' % c
            else:
                tok = chr(c)
            if len(cur) + len(tok) > (76 if last else 75):
                out.append(cur + '=')
                cur = ''
            cur += tok
        out.append(cur)
    return '\n'.join(out).encode('ascii')


def base64_lines(raw):
    s = base64.b64encode(raw)
    return b'\n'.join(s[i:i + 76] for i in range(0, len(s), 76)) + b'\n'


def encode_body(raw, enc):
    if enc == 'quoted-printable':
        return quoted_printable(raw)
    if enc == 'base64':
        return base64_lines(raw)
    return raw


def text(body, charset='utf-8', enc=None, subtype='plain', params='',
         extra=()):
    """A text part.  Returns its header lines and its bytes."""
    if body and not body.endswith('\n'):
        body += '\n'
    raw = body.encode(charset)
    if enc is None:
        enc = '7bit' if all(c < 128 for c in raw) else '8bit'
    if charset == 'utf-8' and enc == '7bit':
        charset = 'us-ascii'
    head = ['Content-Type: text/%s; charset=%s%s' %
            (subtype, charset, params),
            'Content-Transfer-Encoding: ' + enc]
    return head + list(extra), encode_body(raw, enc)


def html(body, **kw):
    return text(body, subtype='html', **kw)


def attach(ctype, name, data, disposition='attachment', extra=(),
           raw_name=None, enc='base64'):
    """An attachment; raw_name overrides the written filename parameter."""
    head = ['Content-Type: ' + ctype +
            ('' if raw_name else ';\n name="%s"' % name)]
    head.append('Content-Transfer-Encoding: ' + enc)
    head.append('Content-Disposition: %s;\n %s' %
                (disposition, raw_name or 'filename="%s"' % name))
    if isinstance(data, str):
        data = data.encode('utf-8')
    return head + list(extra), encode_body(data, enc)


def rfc2231(name, charset='utf-8', lang='', split=0):
    """RFC 2231: a filename parameter, split in pieces when asked."""
    def pct(b):
        return ''.join(chr(c) if chr(c).isalnum() and c < 128 or c in b'.-_'
                       else '%%%02X' % c for c in b)
    if not split:
        return "filename*=%s'%s'%s" % (charset, lang,
                                       pct(name.encode(charset)))
    parts = [name[i:i + split] for i in range(0, len(name), split)]
    out = []
    for i, p in enumerate(parts):
        lead = "%s'%s'" % (charset, lang) if i == 0 else ''
        out.append('filename*%d*=%s%s' % (i, lead, pct(p.encode(charset))))
    return ';\n '.join(out)


def multi(subtype, parts, mark, params='', preamble=b''):
    b = ('=_%s_%s' % (mark, hashlib.sha1(mark.encode()).hexdigest()[:10]))
    out = preamble
    for head, body in parts:
        out += b'\n--' + b.encode() + b'\n'
        out += '\n'.join(head).encode('utf-8') + b'\n\n' + body
    out += b'\n--' + b.encode() + b'--\n'
    if not preamble:
        out = out[1:]
    return ['Content-Type: multipart/%s;%s\n boundary="%s"' %
            (subtype, params, b)], out


def enclose(msg_bytes, extra=('Content-Disposition: inline',)):
    enc = '8bit' if any(c > 127 for c in msg_bytes) else '7bit'
    return ['Content-Type: message/rfc822',
            'Content-Transfer-Encoding: ' + enc] + list(extra), msg_bytes


# ------------------------------------------------- small files of our own

def png(rows, palette):
    """An indexed PNG; ROWS are strings, one letter a pixel."""
    letters = sorted(palette)
    index = {c: i for i, c in enumerate(letters)}
    raw = b''.join(b'\0' + bytes(index[c] for c in row) for row in rows)
    z = b'\x78\x01'
    for i in range(0, len(raw), 65535):
        block = raw[i:i + 65535]
        z += struct.pack('<BHH', i + 65535 >= len(raw), len(block),
                         len(block) ^ 0xffff) + block
    z += struct.pack('>I', zlib.adler32(raw))

    def chunk(kind, data):
        return struct.pack('>I', len(data)) + kind + data + \
            struct.pack('>I', zlib.crc32(kind + data))
    return (b'\x89PNG\r\n\x1a\n' +
            chunk(b'IHDR', struct.pack('>IIBBBBB', len(rows[0]), len(rows),
                                       8, 3, 0, 0, 0)) +
            chunk(b'PLTE', b''.join(bytes(palette[c]) for c in letters)) +
            chunk(b'IDAT', z) + chunk(b'IEND', b''))


def pdf(lines, title):
    """A one-page PDF that says LINES."""
    def esc(s):
        return s.replace('\\', '\\\\').replace('(', '\\(') \
                .replace(')', '\\)')
    page = 'BT /F1 12 Tf 72 770 Td 16 TL\n'
    for s in lines:
        page += '(%s) Tj T*\n' % esc(s)
    page += 'ET\n'
    objs = ['<< /Type /Catalog /Pages 2 0 R >>',
            '<< /Type /Pages /Kids [3 0 R] /Count 1 >>',
            '<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842]'
            ' /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>',
            '<< /Length %d >>\nstream\n%sendstream' % (len(page), page),
            '<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>',
            '<< /Title (%s) >>' % esc(title)]
    out, at = '%PDF-1.4\n', []
    for i, o in enumerate(objs):
        at.append(len(out))
        out += '%d 0 obj\n%s\nendobj\n' % (i + 1, o)
    xref = len(out)
    out += 'xref\n0 %d\n0000000000 65535 f \n' % (len(objs) + 1)
    out += ''.join('%010d 00000 n \n' % a for a in at)
    out += ('trailer\n<< /Size %d /Root 1 0 R /Info 6 0 R >>\n'
            'startxref\n%d\n%%%%EOF\n' % (len(objs) + 1, xref))
    return out.encode('ascii')


def archive(files):
    """A zip archive, nothing compressed."""
    out, central = b'', b''
    for name, data in files:
        data = data.encode('utf-8')
        n = name.encode('ascii')
        common = struct.pack('<HHHHHIIIHH', 20, 0, 0, 0, 0x21,
                             zlib.crc32(data), len(data), len(data),
                             len(n), 0)
        central += (b'PK\x01\x02' + struct.pack('<H', 0x314) + common +
                    struct.pack('<HHHII', 0, 0, 0, 0o100644 << 16,
                                len(out)) + n)
        out += b'PK\x03\x04' + common + n + data
    end = struct.pack('<HHHHIIH', 0, 0, len(files), len(files),
                      len(central), len(out), 0)
    return out + central + b'PK\x05\x06' + end


# --------------------------------------------------------------- messages

class Message:
    pass


def width(s):
    return sum(0 if unicodedata.combining(c) else
               2 if unicodedata.east_asian_width(c) in 'WF' else 1
               for c in s)


def quote(lines):
    return ['>' if not s else '>' + s if s.startswith('>') else '> ' + s
            for s in lines]


def paragraphs(body):
    body = body.split('\n-- \n')[0]
    return [p.split('\n') for p in body.strip('\n').split('\n\n')]


def expand(body, sender, parent):
    """Carry out the @ lines in a body: quotes, attributions, signatures."""
    out = []
    for line in body.strip('\n').split('\n'):
        if line == '@wrote':
            out.append('%s wrote:' % parent.sender.name)
        elif line == '@sig':
            out += ['-- ', *(sender.sig or sender.name).split('\n')]
        elif line == '@all':
            out.append('%s wrote:' % parent.sender.name)
            out += quote(parent.text.split('\n-- \n')[0]
                         .strip('\n').split('\n'))
        elif line.startswith('@q '):
            lo, _, hi = line[3:].partition('-')
            paras = paragraphs(parent.text)[int(lo) - 1:int(hi or lo)]
            assert paras, (line, parent.key)
            joined = []
            for p in paras:
                joined += ([''] if joined else []) + p
            out += quote(joined)
        else:
            assert not re.match(r'@(q|wrote|sig|all)\b', line), line
            out.append(line)
    return '\n'.join(out) + '\n'


def moment(when):
    """'12 09:30' is half past nine UTC, twelve days before the end."""
    day, clock = when.split()
    h, mi = clock.split(':')
    sec = int(hashlib.sha1(when.encode()).hexdigest(), 16) % 60
    return END - timedelta(days=int(day)) + \
        timedelta(hours=int(h), minutes=int(mi), seconds=sec)


LISTS = {
    'tern-devel': ('tern-devel@lists.example.org',
                   'Talk about the making of tern'),
    'sailing': ('sailing@lists.example.net',
                'Small boats, shallow water'),
}


def list_headers(name):
    addr, desc = LISTS[name]
    host = addr.split('@')[1]
    base = '%s-%%s@%s' % (name, host)
    return ['List-Id: %s <%s.%s>' % (desc, name, host),
            'List-Post: <mailto:%s>' % addr,
            'List-Help: <mailto:%s?subject=help>' % (base % 'request'),
            'List-Subscribe: <mailto:%s>' % (base % 'join'),
            'List-Unsubscribe: <https://%s/u/%s>,\n <mailto:%s>' %
            (host, name, base % 'leave'),
            'List-Unsubscribe-Post: List-Unsubscribe=One-Click',
            'List-Archive: <https://%s/archive/%s/>' % (host, name),
            'Precedence: list']


def m(key, when, who, subject, body='', folder='INBOX', to=('me',), cc=(),
      re_=None, flags='R', cs='utf-8', enc=None, subj_cs=None,
      subj_mode='b', name_cs=None, name_mode='q', extra=(), content=None,
      lst=None, params='', wide=False, no_date=False, no_from=False,
      raw_subject=None, body_raw=False, no_mime=False):
    """Add one message.  content is a part of one's own making."""
    msg = Message()
    assert key not in by_key, key
    sender = people[who]
    parent = by_key[re_] if re_ else None
    msg.key, msg.sender, msg.when = key, sender, moment(when)
    if parent:
        assert msg.when > parent.when, (key, re_)
    msg.folder, msg.flags = folder, flags
    if lst:
        if folder == 'INBOX':
            msg.folder = 'Lists/' + lst
        people.setdefault('list:' + lst, Person('', LISTS[lst][0]))
        to = ('list:' + lst,)
    if subject is None and parent:
        base = parent.subject
        subject = base if base[:4].lower() in ('re: ', 'aw: ') \
            else 'Re: ' + base
    msg.subject = subject
    msg.text = body if body_raw else expand(body, sender, parent) \
        if body else ''
    if not wide:
        for line in msg.text.split('\n'):
            limit = 79 if line.startswith('>') else 72
            if width(line) > limit:
                print('%s: %d columns: %s' % (key, width(line), line),
                      file=sys.stderr)
    tag = hashlib.sha1(key.encode()).hexdigest()
    msg.id = '<%s.%s@%s>' % (key, tag[:8], sender.addr.split('@')[1])
    msg.refs = parent.refs + [parent.id] if parent else []

    hcs = subj_cs or cs
    head = []
    if not no_from:
        head.append(address_header('From', [sender], name_cs or cs,
                                   name_mode))
    head.append(address_header('To', [people[t] for t in to],
                               name_cs or 'utf-8', name_mode))
    if cc:
        head.append(address_header('Cc', [people[t] for t in cc],
                                   name_cs or 'utf-8', name_mode))
    if raw_subject is not None:
        head.append('Subject: ' + raw_subject)
    elif subject is not None:
        head.append(subject_header(subject, hcs, subj_mode))
    if not no_date:
        head.append('Date: ' + rfc822_date(msg.when, sender.tz))
    head.append('Message-ID: ' + msg.id)
    if parent:
        head.append('In-Reply-To: ' + parent.id)
        head.append('References: ' + '\n '.join(msg.refs))
    if lst:
        head += list_headers(lst)
    head += list(extra)
    if content is None:
        content = text(msg.text, cs, enc, params=params)
    if not no_mime:
        head.append('MIME-Version: 1.0')
        head += content[0]
    msg.plain_head = '\n'.join(head)
    msg.body = content[1]
    if parent and who == 'me' and folder == 'Sent':
        parent.flags += 'RA'
    messages.append(msg)
    by_key[key] = msg
    return msg


def file_away(folder, *keys):
    """Put messages told earlier into another folder."""
    for key in keys:
        by_key[key].folder = folder


def raw_message(key):
    """A message as it went over the wire, to enclose in another."""
    msg = by_key[key]
    return msg.plain_head.encode('utf-8') + b'\n\n' + msg.body


def mbox():
    out = []
    for msg in sorted(messages, key=lambda x: (x.when, x.key)):
        t = msg.when
        sep = 'From %s %s %s %2d %02d:%02d:%02d %d\n' % (
            msg.sender.addr, DAYS[t.weekday()], MONTHS[t.month - 1],
            t.day, t.hour, t.minute, t.second, t.year)
        xstatus = ''.join(c for c in 'AFTD' if c in msg.flags)
        head = '%s\nStatus: %s\nX-Status:%s\nX-Tern-Folder: %s\n\n' % (
            msg.plain_head, 'RO' if 'R' in msg.flags else 'O',
            xstatus and ' ' + xstatus, msg.folder)
        raw = head.encode('utf-8') + msg.body
        raw = re.sub(rb'(?m)^(>*From )', rb'>\1', raw)
        if not raw.endswith(b'\n'):
            raw += b'\n'
        out.append(sep.encode('ascii') + raw + b'\n')
    return b''.join(out)
