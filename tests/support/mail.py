#!/usr/bin/env python3
# mail.py - make varied mail, always the same for the same seed
#
# usage: mail.py maildir DIR N [--seed S] [--first I] [--subdir .Foo]
#        mail.py mbox FILE N [--seed S] [--first I]
#        mail.py message I [--seed S]            (to standard output)
#
# Message I depends on I and the seed alone, not on N: a mailbox of 100 is the
# beginning of the one of 100,000, and --first appends to it. What is in it:
#   - 45 % answers, with In-Reply-To and References, up to 8 deep, threads
#     running through each other; 3 % answer a message that does not exist;
#   - names and subjects in RFC 2047 (Q and B, UTF-8 and ISO-8859-1), and a few
#     in raw UTF-8, as found in real mail;
#   - text/plain in 7bit, 8bit, quoted-printable and base64, text and HTML in
#     multipart/alternative (20 %), attachments (10 %, one large in 2,000);
#   - a header block of 12 to 20 fields, about 1.4 KiB; median size of a message
#     2.9 KiB; mailing lists (25 %) with their List- fields;
#   - dates half an hour apart from 2019-01-01 on, in several time zones; the
#     file's mtime (internal date) is up to some minutes later;
#   - flags: 85 % seen, 10 % answered, 3 % flagged;
#   - the field X-Test-Number: I, and the word "ticketI" in the body.
# Maildir names carry ,S= and ,W=, which spare the server a look into the file.
#
# exit: 0 done, 2 usage, 1 anything else
#
# SPDX-License-Identifier: GPL-3.0-or-later

import argparse
import base64
import os
import quopri
import random
import sys
import time

PEOPLE = [
    ("Ada Lovelace", "ada"), ("Grace Hopper", "grace"), ("Bjørn Åse", "bjorn"),
    ("李小龙", "xiaolong"), ("Anna Müller", "anna.mueller"),
    ("Dennis Ritchie", "dmr"), ("Zoë Kravchenko", "zoe"),
    ("O'Neil, Pat", "pat"), ("Ирина Смирнова", "irina"), ("محمد علي", "mali"),
    ("Jean-François Lefèvre", "jf"), ("山田 太郎", "taro"), ("", "noreply"),
    ("Margaret Hamilton", "mh"), ("Alan \"Al\" Perlis", "perlis"),
    ("Emmy Noether", "emmy"), ("Søren Kierkegård", "soren"), ("Jo 🦉", "jo"),
    ("Build robot", "build"), ("Katherine Johnson", "katherine"),
]
DOMAINS = ["example.org", "example.com", "mail.example.net",
           "dept.university.example", "firma.example"]
LISTS = ["devel", "announce", "users", "hiking", "council"]
AGENTS = ["Mutt/2.2.9", "Mozilla Thunderbird 102.4", "git-send-email 2.39.2",
          "Apple Mail (2.3731)", "K-9 Mail for Android"]
SUBJECT = ("budget report lunch invoice deploy kernel patch meeting résumé "
           "travel hotel plan urgent review draft server contract garden "
           "Prüfung holiday ticket printer release schedule naïve backup "
           "数据 новости question agenda photos").split()
WORDS = ("the of to and a in that it is was for on are with they be at one "
         "have this from by not but what all were when we there can an your "
         "which their said if do will each about how up out them then she many "
         "some so these would other into has more her two like him see time "
         "could no make than first been its who now people my made over did "
         "down only way find use may water long little very after words called "
         "just where most know server message folder deadline contract "
         "signature proposal estimate warranty delivery appointment").split()
FOREIGN = ("Größe übermäßig café déjà façade señor mañana æble smørrebrød "
           "привет почта 会議 資料 שלום العربية ħobż žluťoučký").split()
ZONES = [(0, "+0000"), (60, "+0100"), (120, "+0200"), (-300, "-0500"),
         (-480, "-0800"), (330, "+0530"), (540, "+0900")]
DAYS = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun",
          "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
BEGIN = 1546300800
STEP = 1800
MASK = (1 << 64) - 1


def mix(n):
    """A hash of n: 64 bits that look random."""
    n = (n + 0x9E3779B97F4A7C15) & MASK
    n = ((n ^ n >> 30) * 0xBF58476D1CE4E5B9) & MASK
    n = ((n ^ n >> 27) * 0x94D049BB133111EB) & MASK
    return n ^ n >> 31


def word(text, charset="utf-8", letter="B"):
    """text as one or more encoded words of RFC 2047."""
    out = []
    for i in range(0, len(text), 12):
        data = text[i:i + 12].encode(charset)
        if letter == "B":
            coded = base64.b64encode(data).decode()
        else:
            coded = "".join(chr(c) if chr(c).isalnum() and c < 128
                            else "_" if c == 32 else "=%02X" % c for c in data)
        out.append("=?%s?%s?%s?=" % (charset, letter, coded))
    return "\n ".join(out)


def header_text(text, h):
    if text.isascii():
        return text
    if h % 40 == 0:
        return text                       # raw, wrong, and real
    if h % 3 == 0:
        try:
            return word(text, "iso-8859-1", "Q")
        except UnicodeEncodeError:
            pass
    return word(text, "utf-8", "BQ"[h % 2])


def address(h):
    name, local = PEOPLE[h % len(PEOPLE)]
    addr = "%s@%s" % (local, DOMAINS[(h >> 8) % len(DOMAINS)])
    if not name:
        return addr, addr
    if name.isascii() and not name.replace(" ", "").replace("-", "").isalnum():
        name = '"%s"' % name.replace('"', '\\"')
    return "%s <%s>" % (header_text(name, h >> 16), addr), addr


def date(t, zone):
    offset, text = zone
    g = time.gmtime(t + offset * 60)
    return "%s, %d %s %d %02d:%02d:%02d %s" % (
        DAYS[g.tm_wday], g.tm_mday, MONTHS[g.tm_mon - 1], g.tm_year,
        g.tm_hour, g.tm_min, g.tm_sec, text)


class Generator:
    def __init__(self, seed):
        self.salt = mix(seed) << 1
        r = random.Random(seed)
        # Paragraphs to choose from; the choice is a message's own.
        self.plain = []
        self.foreign = []
        for k in range(600):
            lines = [" ".join(r.choices(WORDS, k=r.randrange(8, 13)))
                     for _ in range(r.randrange(2, 7))]
            text = "\n".join(lines).capitalize() + ".\n"
            self.plain.append(text)
            spots = text.split(" ")
            for _ in range(3):
                spots[r.randrange(len(spots))] = r.choice(FOREIGN)
            self.foreign.append(" ".join(spots))
        blob = r.randbytes(300000)
        self.blob = base64.encodebytes(blob).decode()
        self.dkim = base64.b64encode(r.randbytes(3000)).decode()

    def hash(self, i, what=0):
        return mix(self.salt ^ i << 8 ^ what)

    def parent(self, i):
        """The message i answers, or None. Within a block of 64 there are
        eight threads' lanes, so a thread's members are eight or more apart."""
        h = self.hash(i, 1)
        if i % 64 < 8 or h % 100 >= 50:
            return None
        p = i - 8
        if h >> 20 & 3 == 0 and i % 64 >= 16:
            p -= 8
        return p

    def message_id(self, i):
        h = self.hash(i, 2)
        return "<%d.%x@%s>" % (i, h & 0xFFFFFFFFFF,
                               DOMAINS[h >> 48 & 3])

    def subject(self, root):
        h = self.hash(root, 3)
        n = len(SUBJECT)
        words = [SUBJECT[(h >> s) % n] for s in range(0, 10 + h % 40, 10)]
        return " ".join(words)

    def when(self, i):
        return BEGIN + i * STEP + self.hash(i, 4) % 1500

    def flags(self, i):
        h = self.hash(i, 5)
        return (("F" if h % 100 < 3 else "")
                + ("R" if h >> 8 & 1023 < 102 else "")
                + ("S" if (h >> 20) % 100 < 85 else ""))

    def message(self, i):
        """(internal date, bytes with LF)"""
        h = self.hash(i)
        t = self.when(i)
        zone = ZONES[(h >> 4) % len(ZONES)]
        zulu = date(t, ZONES[0])
        sender, addr = address(h >> 8)
        chain = []
        p = self.parent(i)
        root = i
        while p is not None:
            chain.append(p)
            root = p
            p = self.parent(p)
        answer = bool(chain)
        refs = [self.message_id(k) for k in reversed(chain)]
        if not answer and h % 33 == 0:
            answer = True
            refs = ["<gone.%x@example.net>" % (h & 0xFFFFFF)]
        subject = header_text(self.subject(root), h >> 30)
        domain = addr.split("@")[1]
        number = h & 0xFFFFFFFF
        d = h % 2000

        head = [
            "Return-Path: <%s>" % addr,
            "Delivered-To: alice@example.com",
            "Received: from mx.example.com (mx.example.com [192.0.2.%d])\n"
            "\tby imap.example.com (Postfix) with ESMTPS id %08X\n"
            "\tfor <alice@example.com>; %s" % (h % 254 + 1, number, zulu),
            "Received: from out.%s (out.%s [198.51.100.%d])\n"
            "\t(using TLSv1.3 with cipher TLS_AES_256_GCM_SHA384 (256/256 bits))\n"
            "\tby mx.example.com (Postfix) with ESMTPS id %08X\n"
            "\tfor <alice@example.com>; %s"
            % (domain, domain, h % 253 + 1, number ^ 0x5A5A5A, zulu),
            "Authentication-Results: mx.example.com; dkim=pass header.d=%s;\n"
            "\tspf=pass smtp.mailfrom=%s" % (domain, addr),
        ]
        if h & 1:
            head.append(
                "DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d=%s;\n"
                "\ts=s%d; t=%d; h=from:to:subject:date:message-id:mime-version;\n"
                "\tbh=%s;\n\tb=%s\n\t %s\n\t %s\n\t %s"
                % (domain, number % 9, t, self.dkim[d:d + 44],
                   self.dkim[d + 50:d + 120], self.dkim[d + 120:d + 190],
                   self.dkim[d + 190:d + 260], self.dkim[d + 260:d + 342]))
        head.append("From: " + sender)
        mailing_list = None
        if h >> 34 & 3 == 0:
            mailing_list = LISTS[(h >> 36) % len(LISTS)]
            head.append("To: %s@lists.example.org" % mailing_list)
        else:
            head.append("To: Alice Example <alice@example.com>")
        if (h >> 40) % 5 == 0:
            head.append("Cc: %s,\n\t%s" % (address(h >> 21)[0],
                                           address(h >> 11)[0]))
        if (h >> 44) % 12 == 0:
            head.append("Reply-To: <reply+%x@%s>" % (number, domain))
        head += ["Subject: " + ("Re: " if answer else "") + subject,
                 "Date: " + date(t, zone),
                 "Message-ID: " + self.message_id(i)]
        if answer:
            head.append("In-Reply-To: " + refs[-1])
            if h % 50:
                head.append("References: " + "\n ".join(refs))
        if mailing_list:
            head += ["List-Id: <%s.lists.example.org>" % mailing_list,
                     "List-Post: <mailto:%s@lists.example.org>" % mailing_list,
                     "List-Unsubscribe: "
                     "<https://lists.example.org/%s/leave?u=%x>"
                     % (mailing_list, number),
                     "Precedence: list"]
        head += ["User-Agent: " + AGENTS[(h >> 50) % len(AGENTS)],
                 "X-Test-Number: %d" % i,
                 "MIME-Version: 1.0"]

        # Paragraphs: mostly few, now and then many.
        g = self.hash(i, 6)
        count = 2 + g % 7
        if g >> 8 & 15 == 0:
            count *= 6
        kind = (g >> 12) % 20
        pool = self.foreign if kind % 3 == 1 else self.plain
        step = (g >> 20) % 599 + 1
        at = g >> 32
        parts = ["Hello,\n"]
        for k in range(count):
            parts.append(pool[(at + k * step) % 600])
        if answer and g & 3:
            parts.insert(1, "> " + pool[at % 599].replace("\n", "\n> ", 2))
        parts.append("ticket%d\n\n-- \n%s\n" % (i, addr))
        text = "\n".join(parts)
        block = self.text_part(text, kind, pool is self.foreign)
        boundary = "=_%x" % self.hash(i, 7)
        if (g >> 16) % 5 == 0:
            html = ("<html><head><meta charset=utf-8><style>p{color:#333}"
                    "</style></head><body><p>%s</p></body></html>\n"
                    % text.replace(">", "&gt;").replace("\n\n", "</p><p>"))
            block = ("Content-Type: multipart/alternative; boundary=\"%sa\"\n\n"
                     "--%sa\n%s\n--%sa\n"
                     "Content-Type: text/html; charset=utf-8\n"
                     "Content-Transfer-Encoding: 8bit\n\n%s\n--%sa--\n"
                     % (boundary, boundary, block, boundary, html, boundary))
        a = self.hash(i, 8)
        if a % 10 == 0:
            if a % 2000 == 0:
                size = 200000
            else:
                size = 500 + (a >> 16) % 150 * ((a >> 24) % 150)
            size -= size % 77
            name = ("report-%d.pdf" % i, "Übersicht %d.pdf" % i,
                    "photo.jpg")[(a >> 8) % 3]
            if name.isascii():
                how = 'filename="%s"' % name
            else:
                how = "filename*=utf-8''" + "".join(
                    chr(c) if 32 < c < 127 else "%%%02X" % c
                    for c in name.encode())
            mime = "image/jpeg" if name == "photo.jpg" else "application/pdf"
            block = ("Content-Type: multipart/mixed; boundary=\"%s\"\n\n"
                     "This is a message in MIME format.\n--%s\n%s\n--%s\n"
                     "Content-Type: %s\n"
                     "Content-Disposition: attachment; %s\n"
                     "Content-Transfer-Encoding: base64\n\n%s\n--%s--\n"
                     % (boundary, boundary, block, boundary, mime, how,
                        self.blob[:size], boundary))
        return (t + (h >> 12) % 400,
                ("\n".join(head) + "\n" + block).encode())

    @staticmethod
    def text_part(text, kind, foreign):
        if kind == 0:
            return ("Content-Type: text/plain; charset=utf-8\n"
                    "Content-Transfer-Encoding: base64\n\n"
                    + base64.encodebytes(text.encode()).decode())
        if kind in (1, 2):
            return ("Content-Type: text/plain; charset=iso-8859-1\n"
                    "Content-Transfer-Encoding: quoted-printable\n\n"
                    + quopri.encodestring(
                        text.encode("iso-8859-1", "replace")).decode("ascii"))
        if foreign:
            return ("Content-Type: text/plain; charset=utf-8\n"
                    "Content-Transfer-Encoding: 8bit\n\n" + text)
        if kind == 3:
            return "Content-Type: text/plain; format=flowed\n\n" + text
        return ("Content-Type: text/plain; charset=us-ascii\n"
                "Content-Transfer-Encoding: 7bit\n\n" + text)


def maildir(gen, directory, first, n):
    for d in "cur", "new", "tmp":
        os.makedirs(os.path.join(directory, d), exist_ok=True)
    cur = os.path.join(directory, "cur")
    for i in range(first, first + n):
        t, data = gen.message(i)
        size = len(data)
        path = "%s/%d.M%06dP1.localhost,S=%d,W=%d:2,%s" % (
            cur, BEGIN + i * STEP, i % 1000000, size,
            size + data.count(b"\n"), gen.flags(i))
        fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
        os.write(fd, data)
        os.utime(fd, (t, t))
        os.close(fd)


def mbox(gen, name, first, n):
    with open(name, "wb") as f:
        for i in range(first, first + n):
            t, data = gen.message(i)
            flags = gen.flags(i)
            status = b"Status: %sO\n" % (b"R" if "S" in flags else b"")
            more = "".join(c for c in ("A" if "R" in flags else "",
                                       "F" if "F" in flags else ""))
            if more:
                status += b"X-Status: %s\n" % more.encode()
            f.write(b"From test@example.org %s\n%s%s\n" % (
                time.asctime(time.gmtime(t)).encode(), status,
                data.replace(b"\nFrom ", b"\n>From ")))


def main():
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--seed", type=int, default=1)
    parser = argparse.ArgumentParser(description="make varied mail")
    sub = parser.add_subparsers(dest="what", required=True)
    for what in "maildir", "mbox":
        p = sub.add_parser(what, parents=[common])
        p.add_argument("target")
        p.add_argument("n", type=int)
        p.add_argument("--first", type=int, default=0)
        if what == "maildir":
            p.add_argument("--subdir", default="")
    sub.add_parser("message", parents=[common]).add_argument("i", type=int)
    a = parser.parse_args()
    gen = Generator(a.seed)
    if a.what == "message":
        sys.stdout.buffer.write(gen.message(a.i)[1])
    elif a.what == "mbox":
        mbox(gen, a.target, a.first, a.n)
    else:
        target = os.path.join(a.target, a.subdir)
        maildir(gen, target, a.first, a.n)
        if a.subdir:
            open(os.path.join(target, "maildirfolder"), "w").close()


if __name__ == "__main__":
    main()
