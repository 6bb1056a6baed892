# story_shapes.py - letters that are here for their form
# SPDX-License-Identifier: GPL-3.0-or-later

from build import (archive, attach, enclose, html, m, multi, pdf,
                   person, png, raw_message, rfc2231, text)

# ------------------------------------------------------------- pictures

SKY = {'.': (214, 232, 244), '~': (52, 110, 150), '-': (96, 158, 190),
       '#': (40, 44, 52), 'w': (250, 250, 250), 'o': (226, 110, 40)}


def logo(scale=4):
    """A tern over the sea, as far as thirty-two squares allow it."""
    rows = ['................................',
            '................................',
            '.####......................####.',
            '...####..................####...',
            '....#www#..............#www#....',
            '......#wwww#........#wwww#......',
            '........#wwwww####wwwww#........',
            '..........#wwwwwwwwww#..........',
            '............#wwwwww#............',
            '............##wwww##............',
            '.............##ww##.............',
            '..............#oo#..............',
            '...............oo...............',
            '................................',
            '~~----~~~~~~----~~~~~~----~~~~~~',
            '~~~~~~~~----~~~~~~----~~~~~~----']
    return png([''.join(c * scale for c in r) for r in rows
                for _ in range(scale)], SKY)


def chart(w=120, h=60):
    """A tide curve: two highs, two lows, drawn with whole numbers."""
    curve = [30, 27, 23, 20, 17, 15, 14, 15, 17, 20, 23, 27]
    curve += [60 - c for c in curve]
    rows = []
    for y in range(h):
        rows.append(''.join(
            '~' if y > curve[x * 2 * len(curve) // w % len(curve)] + 1
            else '#' if y >= curve[x * 2 * len(curve) // w % len(curve)]
            else 'w' if x % 20 == 0 else '.' for x in range(w)))
    return png(rows, SKY)


# ------------------------------------------------------------------ files

m('files', '1 11:30', 'bea', 'Minutes, map and the famous spreadsheet',
  cc=('gus', 'priya'), flags='F', content=multi('mixed', [
      text('''Dear committee,

Attached, all at once, so that nobody can say they did not get them:

  - the minutes, as a PDF (the key affair is on page 1 of 1)
  - the tide curve for regatta day, as a picture
  - who owes what, as a CSV table
  - my notes as plain text
  - everything again in one zip file, for Gus, who loses things

--\x20
Bea Holloway, Secretary
Saltmere Sailing Club (est. by mistake)
'''),
      attach('application/pdf', 'minutes.pdf', pdf([
          'SALTMERE SAILING CLUB', 'Minutes of the committee', '',
          '1. The key of the boat shed was found in a hood.',
          '2. The hood was found on Robin.',
          '3. Biscuits (ginger) were received and examined.',
          '4. None of the biscuits passed the examination intact.',
          '5. The diesel key is granted to Tomas in perpetuity.', '',
          'Signed: B. Holloway'], 'Minutes of the committee')),
      attach('image/png', 'tide-curve.png', chart()),
      attach('text/csv; charset=us-ascii', 'owed.csv',
             'name,for,amount\n"Applegarth, Gus",coffee,4.20\n'
             '"Lindqvist, Marco",being silent about a key,1.00\n'
             '"Merrow, Robin",biscuits,0.00\n'
             '"Rindt, Tomas","one key, sentimental",0.50\n'
             '"Venn, Priya",cat damage,2.75\n', enc='7bit'),
      attach('text/plain; charset=us-ascii', 'notes.txt',
             'Ask mussel farmer about the withies.\nBuy hooks. MORE hooks.'
             '\nFrom now on: label every key.\n', enc='7bit'),
      attach('application/zip', 'everything.zip', archive([
          ('minutes.txt', 'The key was in the hood.\n'),
          ('notes.txt', 'Buy hooks. MORE hooks.\n'),
          ('for-gus.txt', 'Gus: this is the one to keep.\n')])),
  ], 'files'))

m('logo', '10 14:10', 'priya', 'The new harbour logo 🎨', flags='RF',
  content=multi('related', [
      html('''<html><body>
<p>Hello Robin,</p>
<p>Here is the new logo for the harbour. It is supposed to be a tern:</p>
<p><img src="cid:logo@example.com" alt="A tern over the sea" width="128"
height="64"></p>
<p>Gus says it is a <b>moustache</b>. Nell says it is <i>two</i>
moustaches. Be honest.</p>
<p>Priya</p>
</body></html>
'''),
      attach('image/png', 'logo.png', logo(), 'inline',
             extra=('Content-ID: <logo@example.com>',))], 'logo',
      params='\n type="text/html";'))

m('photo', '25 10:40', 'imogen', 'Zdjęcie, Foto, φωτογραφία: the blue egg',
  flags='R', content=multi('mixed', [
      text('The New One has laid again. Behold.\n\nThe file name is in '
           'three languages because my\nphone is having a day.\n\n-- \n'
           'Imo x\n'),
      attach('image/png', '', png(
          ['.' * 24] * 4 + [('.' * (12 - n) + '-' * (2 * n) +
                             '.' * (12 - n)) for n in
                            (2, 4, 6, 7, 8, 9, 9, 10, 10, 10, 9, 8, 6, 3)] +
          ['o' * 24] * 4, SKY),
          raw_name=rfc2231('blaues Ei – голубое яйцо – μπλε αβγό.png',
                           split=14))], 'photo'))

m('schedule', '37 08:00', 'school', 'Stundenplan für die Brieffreunde',
  flags='R', content=multi('mixed', [
      text('Dear families,\n\nour partner school has sent its timetable. '
           'Wren\'s pen friend is in\nthe room called "Möwe".\n\n-- \n'
           'Harbour Lane School\n'),
      attach('text/csv; charset=iso-8859-1', '',
             'Stunde;Fach;Raum\n1;Rechnen;Möwe\n2;Knoten;Möwe\n'
             '3;Frühstück;Küche\n4;Wattwandern;draußen\n'
             .encode('iso-8859-1'),
             raw_name=rfc2231('Stundenplan für Gäste.csv', 'iso-8859-1',
                              'de'))], 'schedule'))

ICS = '''BEGIN:VCALENDAR
PRODID:-//Saltmere//Harbour Calendar//EN
VERSION:2.0
METHOD:REQUEST
BEGIN:VEVENT
UID:pontoon-party@example.org
SEQUENCE:0
DTSTAMP:20261118T090000Z
DTSTART:20261128T100000Z
DTEND:20261128T130000Z
SUMMARY:Working party: pontoon B
LOCATION:The old steps\\, Saltmere
DESCRIPTION:Bring gloves. Soup is provided. The gull is not invited.
ORGANIZER;CN=Beatrix Holloway:mailto:bea.holloway@example.org
ATTENDEE;CN=Robin Merrow;PARTSTAT=NEEDS-ACTION;RSVP=TRUE:mailto:robin@ex
 ample.org
ATTENDEE;CN=Priya Venn;PARTSTAT=ACCEPTED:mailto:priya.venn@example.com
END:VEVENT
END:VCALENDAR
'''.replace('\n', '\r\n')

m('invite', '2 09:00', 'bea', 'Invitation: Working party, pontoon B',
  flags='', content=multi('mixed', [
      multi('alternative', [
          text('You are invited to a working party on pontoon B.\n\n'
               'Where: the old steps, Saltmere\nWhen:  see the invitation; '
               'three hours, then soup\n\nBring gloves. The gull is not '
               'invited.\n'),
          text(ICS, subtype='calendar', params='; method=REQUEST',
               enc='base64')], 'invite-alt'),
      attach('application/ics', 'invite.ics', ICS)], 'invite'))

m('forward', '14 19:30', 'tomas', 'Fwd: The printer', flags='R',
  content=multi('mixed', [
      text('Robin, your father has forwarded me this with the words "see '
           'if the\nsailor can do better". I cannot. I am framing it.\n\n'
           'Tomas\n'),
      enclose(raw_message('printer-1'))], 'forward'))

person('hen', 'Admiral', 'admiral@hens.example.net')
m('compliments', '8 16:00', 'me', 'With compliments on the eggs', '''
Dear Admiral,

One a day, punctual. The fleet salutes you.

Wren (and Robin)
''', folder='Sent', to=('hen',))

m('bounce', '8 16:01', 'daemon', 'Undelivered Mail Returned to Sender',
  flags='', content=multi('report', [
      text('''This is the mail system at host mail.example.org.

I am sorry to tell you that your message could not be delivered to one
or more recipients. It is attached below.

<admiral@hens.example.net>: host mx.example.net said:
    550 5.1.1 No such hen here
''', extra=('Content-Description: Notification',)),
      (['Content-Type: message/delivery-status',
        'Content-Description: Delivery report'],
       b'Reporting-MTA: dns; mail.example.org\n'
       b'X-Queue-ID: 4BZ0K71QxY\n\n'
       b'Final-Recipient: rfc822; admiral@hens.example.net\n'
       b'Action: failed\nStatus: 5.1.1\n'
       b'Remote-MTA: dns; mx.example.net\n'
       b'Diagnostic-Code: smtp; 550 5.1.1 No such hen here\n'),
      enclose(raw_message('compliments'), (
          'Content-Description: Undelivered message',))],
      'bounce', params=' report-type=delivery-status;'),
  extra=['Auto-Submitted: auto-replied'])

# ------------------------------------------------------------------- HTML

m('htmlonly', '23 09:00', 'ferry', 'Your crossing is confirmed ⛴',
  flags='R', content=html('''<!DOCTYPE html>
<html><head><style>
 body { font-family: sans-serif; color: #123 }
 td.n { text-align: right }
</style></head><body>
<h1>Northern Ferries</h1>
<p>Thank you, <b>Robin Merrow</b>. Your crossing is confirmed.</p>
<table border="1">
<tr><th>What</th><th>How many</th><th>Price</th></tr>
<tr><td>Adult</td><td class="n">1</td><td class="n">38,00&nbsp;&euro;</td>
</tr>
<tr><td>Child</td><td class="n">1</td><td class="n">19,00&nbsp;&euro;</td>
</tr>
<tr><td>Ladder, long</td><td class="n">1</td>
<td class="n">6,50&nbsp;&euro;</td></tr>
</table>
<p>Booking number: <code>NF-77-OTTER</code></p>
<ul><li>Be at the quay forty minutes before.</li>
<li>Dogs travel free, if they sing.</li>
<li>The upper deck is <em>windy</em>. We mean it.</li></ul>
<blockquote>"The best soup between two places."<br>
&mdash; a passenger</blockquote>
<p><a href="https://ferry.example.com/b/NF-77-OTTER">Change the
booking</a> | <a href="https://ferry.example.com/help">Help</a></p>
</body></html>
''', enc='quoted-printable'))

m('hotel', '22 08:15', 'hotel', 'Reservierung bestätigt: Zimmer „Strandläufer“',
  flags='R', content=multi('alternative', [
      text('''Sehr geehrter Gast,

Ihr Zimmer "Strandläufer" ist für Sie reserviert: zwei Nächte, zwei
Personen, Frühstück mit Rührei und Meeresblick.

Die Leiter darf im Flur stehen.

Herzliche Grüße
Pension Möwe
''', enc='quoted-printable'),
      html('''<p>Sehr geehrter Gast,</p>
<p>Ihr Zimmer <b>&bdquo;Strandl&auml;ufer&ldquo;</b> ist f&uuml;r Sie
reserviert: zwei N&auml;chte, zwei Personen, Fr&uuml;hst&uuml;ck mit
R&uuml;hrei und Meeresblick.</p>
<p>Die Leiter darf im Flur stehen.</p>
<p>Herzliche Gr&uuml;&szlig;e<br>Pension M&ouml;we</p>
''')], 'hotel'))

m('sale', '5 06:00', 'chandler', 'Rope sale: up to a third off, by the '
  'metre', flags='', content=multi('alternative', [
      text('''ROPE SALE at Knot & Cleat

  braided, 8 mm      1.10  now 0.80 a metre
  braided, 12 mm     2.00  now 1.40 a metre
  three-strand       1.60  now 1.10 a metre

See it all: https://chandlery.example.com/sale
No more letters like this: https://chandlery.example.com/u/robin
'''),
      html('''<html><body bgcolor="#ffffee"><center>
<font size="6" color="#aa0000"><b>ROPE SALE</b></font>
<table><tr><td>braided, 8 mm</td><td><s>1.10</s> <b>0.80</b></td></tr>
<tr><td>braided, 12 mm</td><td><s>2.00</s> <b>1.40</b></td></tr>
<tr><td>three-strand</td><td><s>1.60</s> <b>1.10</b></td></tr></table>
<a href="https://chandlery.example.com/sale"><img
src="https://chandlery.example.com/rope.jpg" alt="A heap of rope"></a>
<p><a href="https://chandlery.example.com/u/robin">No more letters like
this</a></p></center></body></html>
''')], 'sale'),
  extra=['List-Unsubscribe: <https://chandlery.example.com/u/robin>',
         'List-Unsubscribe-Post: List-Unsubscribe=One-Click'])

# ------------------------------------------------------- plain, but special

m('flowed', '28 18:30', 'nell', 'A paragraph that flows', '''
Robin, this letter is written in paragraphs without hard line ends. If\x20
your mail program knows about format=flowed, it can make the lines as\x20
long or as short as your window and nothing will look torn.

> It even works for quoted text, which is the clever part, because the\x20
> quote marks are put in again at the start of each new line.

Make the window narrow and see what happens to me.

Nell
'''[1:], params='; format=flowed', body_raw=True)

LONG = ('About the thing we discussed on the pontoon the other evening, '
        'namely whether the small anchor should be on the bow or in the '
        'locker, and also the large anchor, the kettle, the question of '
        'the second kettle, my brother\'s wedding, the loan of the long '
        'ladder, the jar with the crab in it, and thank you for the eggs')
m('longsubject', '32 20:20', 'gus', LONG, '''
Never mind. I have written it all in the subject. I thought that was
where one writes.

@sig
''', flags='R')

m('nosubject', '11 21:45', 'neighbour',
  '', '''
could you move the bicycle, i have a piano coming

Otis
''', flags='RA')

m('nobody', '9 22:10', 'dad', 'Photograph of the smoker (attached)', '',
  flags='')

m('nodate', '35 12:00', 'aunt', 'I do not hold with dates', '''
Robin dear,

This computer asks me what day it is every time it wakes up. I have told
it that it is none of its business, and so this letter may reach you
without one.

When it comes, it comes.

Your loving
Aunt Dorothea
''', no_date=True)

person('nobody', 'nobody', 'nobody@example.org')
m('nofrom', '57 03:33', 'nobody', 'You know who this is', '''
The third stone from the left, behind the old steps. Bring a torch and
a small spoon.

(If you are reading this and you do not know who it is, please ask Wren
what she has buried.)
''', no_from=True)

m('poem', '72 22:05', 'vera', 'A poem for the harbour wall', '''
They want a poem on the harbour wall, so I have made one. It must keep
its shape, or it will sink:

                          the tide
                     goes out, and
                leaves its letters
           on the sand   for anyone
      who walks there early      and
  can read
      the small hand of the birds,
           the round hand
                of the worm,
                     and one long line
                          a boat
                                drew
                                     going

        and then the tide
                comes in
                        and signs it.

@sig
''', flags='RF')

m('longlines', '41 13:37', 'marco', 'Everything about the delivery trip, '
  'in one breath',
  ' '.join('''So we left at six because the lock opens at six but the lock
keeper opens at seven and so we tied up again and had breakfast and by the
time we had finished the breakfast the lock was shut for the ten o'clock
ship which was called the Patience and was forty minutes late and had on
board as far as we could see nothing but chairs and when we finally got
through the wind had gone round to exactly where we wanted to go, which is
the thing about wind, and so we motored until the motor made the noise and
then we sailed until the sail made the noise and in the end we drifted very
elegantly onto the only sandbank on the whole river, in front of a
restaurant, at dinner time, with everybody on the terrace clapping, and I
can tell you that the soup was good, because they sent a boy with two bowls
of it in a rowing boat, and the boy was nine and rowed better than either
of us.'''.split()) + '\n\n' +
  'And here is a line with no spaces at all, the address of the photos: '
  'https://photos.example.com/' + '/'.join(
      'delivery-trip-part-%d-of-12-the-sandbank' % i
      for i in range(1, 13)) + '\n\nMarco\n',
  body_raw=True, wide=True)

m('escape', '12 03:14', 'nobody', 'Look, no paint', '''
This letter tries to be clever. If the next line is red, something is
wrong with your mail program:

    \x1b[31mthis is not red\x1b[0m

If your screen has just been cleared, or your window has a new title,
something is very wrong:

    \x1b[2J\x1b[H\x1b]0;I am the captain now\x07

Nor should there be a bell, here: \x07 or anything missing, h\x08ere.

All of it is harmless. It only ever works on programs that hand what
they are given straight to the screen.
''', extra=['X-Mailer: \x1b[7mpaintbrush\x1b[0m'],
  raw_subject='\x1b[31mLook, \x1b[1mno paint\x1b[0m =?utf-8?Q?'
              '=1B[2J_and_no_=1B]0;title=07_either?=', flags='')

person('bidi', 'Bank Service \u202emoc.elpmaxe@eruces\u202c',
       'crab-salad@phish.example.net')
m('bidi', '10 04:44', 'bidi', 'Who am I, \u202etrosnoc ruoy', '''
The name of this sender holds a character that turns the writing around
from there on, so that a careless program shows an address which is not
the real one. The file name "invoice-\u202efdp.exe" uses the same trick.

A careful program shows that something is hidden there.

(This one is only for show. The true address is crab-salad, and there
is no salad either.)
''', flags='')

person('zwsp', 'Priya\u200b Venn', 'priya.venn@impostor.example.net')
m('zwsp', '38 04:10', 'zwsp', 'quick favour', '''
Hi its Priya, i am in a meeting and cant talk. Can you buy me six gift
cards and read the numbers to me here. Its for the cat

Priya
''', folder='Junk', flags='R')

# A patient log: three hundred lines from a few dozen phrases.
WINDS = ('W 3', 'WSW 3', 'SW 4', 'SW 4 to 5', 'S 2', 'calm', 'NW 3',
         'variable 1', 'SE 2', 'WNW 5', 'N 2')
SEAS = ('smooth', 'slight', 'slight, some swell', 'like glass', 'lumpy',
        'moderate, rude')
NOTES = ('Tea.', 'Changed to the small jib.', 'Tea. Biscuits.',
         'Changed back to the big jib.', 'Seal to port, unimpressed.',
         'Wren steering; course has corners.', 'Nothing to report.',
         'Reported nothing.', 'Lobster buoy, red. Just missed.',
         'Lobster buoy, yellow. Hit it.', 'Soup.',
         'Sock overboard. Mourned briefly.',
         'Tern diving. Four tries, one fish.', 'Bilge dry.',
         'Bilge not as dry as stated.', 'Sang. Asked not to.',
         'Porpoises, three.', 'Porpoises, the same three.',
         'Kettle lost its lid.', 'Lid found, in the bunk.',
         'A ferry. Waved. Ferry waved.', 'Reefed.', 'Shook out the reef.',
         'Reefed again; told you so.', 'Bearing on the church.',
         'Bearing on the other church.', 'Two churches is plenty.',
         'Argument: the shape of a cloud.', 'It was a teapot.',
         'Sun. Actual sun.', 'Drizzle, horizontal.')
log = ['Log of the yacht MARIGOLD, 5.4 m', 'From Saltmere round the Outer '
       'Oar and home again', 'Kept by R. and W. Merrow', '']
for i in range(292):
    hour, minute = i * 20 // 60, i * 20 % 60
    log.append('%d %02d%02d  %-10s %-18s %s' % (
        hour // 24 + 1, hour % 24, minute, WINDS[i * i // 7 % len(WINDS)],
        SEAS[(i // 5 + i // 11) % len(SEAS)],
        NOTES[(i * 7 + i // 31) % len(NOTES)]))
log += ['', 'Alongside in Saltmere. Everything that left came back,',
        'except for one sock.', 'END OF LOG']
m('log', '43 19:00', 'wren', 'Our ship log, all of it, typed by me',
  '\n'.join(log) + '\n', body_raw=True, flags='RF')

m('old', '399 12:00', 'gus', 'testing testing', '''
Is this on
''', no_mime=True)

m('brokenmime', '67 11:00', 'nobody', 'A letter in a torn envelope',
  content=(['Content-Type: multipart/mixed; boundary="torn"'],
           b'This is a multi-part message in MIME format.\n\n'
           b'--torn\nContent-Type: text/plain; charset=us-ascii\n\n'
           b'The envelope of this letter was torn on the way: the line that'
           b'\nshould close it never arrived.\n\n'
           b'--torn\nContent-Type: text/plain; charset=x-seagull\n'
           b'Content-Transfer-Encoding: 7bit\n\n'
           b'And this half is in a character set that nobody has heard of.'
           b'\nBoth halves should be readable all the same.\n'))

m('from-line', '83 09:12', 'teacher', 'What the class wrote about the sea',
  '''
Three openings from Class 4, exactly as handed in:

From the window I can see the sea and it can see me.

From here to the island is nine thousand fish.

>From is how my computer writes From, says Wren, and she is very proud
of knowing why.

@sig
''', flags='R')

m('wrongcharset', '98 10:30', 'tea', 'Ein Gruß aus der Küche', '''
Grüß Gott! Dieser Brief sagt, er sei ASCII. Das stimmt nicht: Äpfel,
Öl, Übermut, Spaß.
''', content=(['Content-Type: text/plain; charset=us-ascii',
               'Content-Transfer-Encoding: 8bit'],
              'Grüß Gott! Dieser Brief sagt, er sei ASCII. Das stimmt '
              'nicht: Äpfel,\nÖl, Übermut, Spaß.\n'.encode('iso-8859-1')))
