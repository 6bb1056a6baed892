# story_town.py - the welcome, the club, the family and the town
# SPDX-License-Identifier: GPL-3.0-or-later

from build import html, m, multi, text

# ------------------------------------------------------------ the welcome

m('welcome', '1 20:40', 'tern', 'Welcome to tern', '''
Hello, and welcome aboard!

This is tern, a mail client for the terminal. The mailbox you are
looking at is a demonstration: about two hundred and fifty letters of
one Robin Merrow, who lives in a small harbour town, sails a small boat
and gets all kinds of mail. None of it is real, nothing you do here is
sent to anybody, and you cannot break anything that matters.

These keys take you a long way:

    j  k     move down, move up
    Enter    open the message, or the folder
    q        go back; from the list, quit

    s        move the message to another folder
    a        archive it
    d        delete it
    u        undo what you just did
    F        flag it, or take the flag off
    U        mark it unread, or read again

    c        change to another folder
    ?        help: every key, and what it does
    :        the command prompt, for all that has no key

If you remember only two of them, remember u and ?. The first takes
back your mistakes, the second saves you from making them.

The next letter in the list has a few things to try. Press q to go
back to the list, j to move down to it, and Enter to open it.

Fair winds,

@sig
''', flags='')

m('five', '1 20:20', 'tern', 'What to try in five minutes', '''
Five small excursions, about a minute each.

1. Read a conversation.
   Look for "Who has the key to the boat shed?" and follow it down.
   The answers sit under the letters they answer. Quoted text is set
   apart by its depth: one >, two >>, and sometimes more.

2. Tidy up, then change your mind.
   Press d on anything at all. Then press u. It is back. Do the same
   with a, and with s. Nothing here is as final as it looks.

3. Change folders.
   Press c and go to Lists/tern-devel, where people have been arguing
   very politely about one setting for some days. Come back with c
   to INBOX.

4. Look at a letter with things in it.
   "Minutes, map and the famous spreadsheet" carries several files:
   press v to list them, s to save the one under the cursor.
   "The new harbour logo" has a picture in the middle of the text.
   Where a letter has links, o puts letters on them to open one, gl
   lists them all. z opens long quotations, and gU leaves a list.

5. Look at a rude one.
   Some letters here try to misbehave: one paints your screen red,
   one hides its sender behind backwards text. They should not get
   anywhere. See whether you can tell what they were up to.

There is no sixth excursion, but the kettle is probably ready.

@sig
''', flags='')

m('strange', '1 19:55', 'tern', 'The strange letters, and where to find '
  'them', '''
Mail is an old art, and not all letters are well made. This mailbox
holds a collection of oddities, so that you can see how they look
before one arrives in your own:

  - letters in nearly twenty languages, a few written from right to
    left, and several in character sets older than some readers;
  - one without a date, one without a sender, one without a subject
    and one without any text at all;
  - a log of three hundred lines, and a letter whose lines never end;
  - a letter that is nothing but HTML, and a newsletter in two forms;
  - a letter that came back because nobody lived there;
  - an invitation, a receipt, a patch, and a poem that would be ruined
    if anybody touched its line breaks.

If one of them looks wrong on your screen, we would like to know.

@sig
''', flags='')

m('own', '1 19:30', 'tern', 'When you want your own mail', '''
When you have seen enough of Robin's life, you will want your own.

Leave with q, then have a look at the manual page: it tells where the
settings live and how to point tern at your mail. Until you do that,
it stays with this demonstration and touches nothing else.

A few things that are good to know beforehand:

  - Your mail is yours. Pictures and pages out on the network are not
    fetched because a letter asks for it.
  - You can undo. You can also look before you leap: the command
    prompt opened by : completes what you type.
  - Help is always one ? away, and it is about the place you are in.

Thank you for trying it.

@sig
''', flags='')

# ------------------------------------- the boat shed key (a club thread)

CLUB = ('bea', 'gus', 'priya', 'tomas', 'nell', 'marco')


def club(key, when, who, body, re_=None, subject=None, **kw):
    to = tuple(p for p in CLUB + ('me',) if p != who)
    return m(key, when, who, subject, body, to=to[-1:], cc=to[:-1],
             re_=re_, **kw)


club('key-1', '9 08:12', 'bea', '''
Dear all,

The boat shed is locked, which is what it is for. The key, however, is
not on the hook, not under the lobster pot, and not in the place we all
agreed never to mention in writing.

Who has the key to the boat shed?

The rescue launch is in there. So are the biscuits.

@sig
''', subject='Who has the key to the boat shed?')

club('key-2', '9 08:40', 'gus', '''
Not me. I gave it to Tomas after the working party.

@sig
''', re_='key-1')

club('key-3', '9 09:05', 'tomas', '''
@wrote
@q 1

You gave me A key, Gus. It has a yellow float on it and opens nothing I
have ever met. I have tried it on the shed, the clubhouse, the toilet
and, in a low moment, my own front door.

Tomas
''', re_='key-2', flags='RA')

club('key-4', '9 09:31', 'gus', '''
@wrote
@q 2

Ah. Yellow float. That will be the diesel tank.

Then where did I put the shed one?

@sig
''', re_='key-3')

club('key-5', '9 10:02', 'priya', '''
Could we take one step back and ask who was LAST in the shed?

I was there on the evening of the pontoon repair, and Nell locked up.
I remember because she sang.

@sig
''', re_='key-1')

club('key-6', '9 10:20', 'nell', '''
@wrote
@q 1-2

I did lock up, and I did sing. I then handed the key to Robin, who was
carrying both oars and said "put it in my hood".

Robin, have you worn that jacket since?

Nell
''', re_='key-5', flags='RAF')

m('key-7', '9 12:45', 'me', None, '''
@wrote
@q 3

Oh no.

I have worn it every day since. I have also wondered why it rattled.

The key is in my hood. It has been in my hood for eleven days. I am
coming down now, and I am bringing replacement biscuits as a fine.

Robin

@sig
''', folder='Sent', to=('nell',), cc=('bea', 'gus', 'priya', 'tomas',
                                      'marco'), re_='key-6')

club('key-8', '9 12:58', 'bea', '''
@wrote
@q 1-4

The fine is accepted. The committee prefers the ginger ones.

I am writing this into the minutes exactly as it happened.

@sig
''', re_='key-7')

club('key-9', '9 13:15', 'priya', '''
@wrote
@q 1-3

I have laughed so hard that the cat has left the room.

@sig
''', re_='key-8', flags='')

club('key-10', '9 14:00', 'marco', '''
I have been away for one week. ONE week.

For what it is worth, I have a spare shed key. It is on my key ring.
It has always been on my key ring. Nobody asked me.

Marco
''', re_='key-7')

club('key-11', '9 14:12', 'bea', '''
Marco!!

@all

@sig
''', re_='key-10', flags='RF')

club('key-12', '9 14:30', 'gus', '''
So what do we do with the diesel tank key? Because the tank went to the
scrapyard four years ago.

@sig
''', re_='key-4', flags='')

club('key-13', '8 07:50', 'tomas', '''
@wrote
@q 1

I have grown fond of it. I would like to keep it as a memorial.

Tomas
''', re_='key-12', flags='')

club('key-14', '8 09:00', 'bea', '''
Summary for the noticeboard:

  Shed key .......... back on the hook
  Spare shed key .... Marco, who will mention it next time
  Diesel key ........ Tomas, for sentimental reasons
  Biscuits .......... ginger, two packets, received with thanks

Thread closed. Please do not reply to all.

@sig
''', re_='key-8', flags='')

club('regatta-1', '31 17:20', 'bea', '''
Dear members,

The date for the Mudlark Regatta is fixed: six weeks from this coming
weekend, high water a little after noon, so nobody needs to get up at
an hour that damages marriages.

We still need:

 1. a race officer who can count backwards from five;
 2. two people for the safety boat;
 3. somebody to talk to the mussel farmer, nicely this time.

Offers to me, please.

@sig
''', subject='Mudlark Regatta: the date, and three gaps')

club('regatta-2', '31 18:02', 'priya', '''
@wrote
@q 4

1. I can count backwards from five. I can do it in three languages.
   Put me down.

@sig
''', re_='regatta-1')

club('regatta-3', '31 19:44', 'marco', '''
@wrote
@q 4

2. Nell and I will take the safety boat, provided that there is a flask
   on board and that it is not the flask from last time.

Marco
''', re_='regatta-1')

club('regatta-4', '30 08:15', 'nell', '''
@wrote
@q 2-3

Confirmed. The flask from last time is now a vase.

Nell
''', re_='regatta-3')

m('regatta-5', '30 11:30', 'me', None, '''
@wrote
@q 4

I will talk to the mussel farmer. He buys his eggs from my sister, so
there is leverage.

@sig
''', folder='Sent', to=('bea',), cc=('gus', 'priya', 'tomas', 'nell',
                                     'marco'), re_='regatta-1')

club('regatta-6', '30 12:10', 'gus', '''
@wrote
@q 1-2

Leverage! In my day we just moored somewhere else and waved.

@sig
''', re_='regatta-5')

club('regatta-7', '24 16:05', 'bea', '''
All three gaps filled. The mussel farmer says yes, and asks that the
course stay outside the withies this time. He also says: "Good eggs."

@sig
''', re_='regatta-5', flags='RF')

m('berth-1', '63 09:30', 'club', 'Your berth: inspection of lines and '
  'fenders', '''
Dear berth holder,

Our harbour walk found the following on MARIGOLD, berth 14:

    bow line        good
    stern line      chafed at the fairlead, please replace
    springs         good
    fenders         three, of which one is a football

The football is doing its job and may stay. The stern line is not and
may not. Kindly see to it within two weeks.

The Harbour Committee
''', flags='RA')

m('berth-2', '62 18:10', 'me', None, '''
Dear committee,

New stern line is on, 14 mm, with leather at the fairlead. The football
thanks you for your understanding.

@all

@sig
''', folder='Sent', to=('club',), re_='berth-1')

m('berth-3', '61 09:00', 'club', None, '''
Noted with thanks. File closed.

Between us: it is the best fender on that pontoon.

The Harbour Committee
''', re_='berth-2')

m('club-fee', '120 10:00', 'club', 'Membership renewal: one boat, one '
  'adult, one child', '''
Dear Robin,

Your membership is due for renewal:

    adult member              84.00
    cadet member (Wren)       12.00
    boat under six metres     30.00
    working party discount   -15.00
    -------------------------------
    to pay                   111.00

Reference for your payment: SSC-0142-M

With thanks for painting the slipway rail, and for painting most of it
the right colour.

Saltmere Sailing Club
''', flags='RF')

# ------------------------------------------------------------- the family

m('lunch-1', '5 17:05', 'mum', 'Lunch, and the matter of the table', '''
Dear both,

Lunch at ours on the weekend after next, the whole family for once. Kit
will be over. Your father wants to do the fish.

Now: the table seats six and we are nine. Ideas, please, and not the
ironing board again.

Love, Mum
''', to=('me', 'imogen'), cc=('kit', 'dad'))

m('lunch-2', '5 18:30', 'imogen', None, '''
@wrote
@q 3

What was wrong with the ironing board? It held up for nearly the whole
soup.

I can bring the trestles from the egg stall. They smell faintly of
chicken, but only faintly.

@sig
''', to=('mum',), cc=('me', 'kit', 'dad'), re_='lunch-1')

m('lunch-3', '4 07:40', 'dad', None, '''
Trestles. Good. I shall want the hose near the back door. Not saying
why.

@all

@sig
''', to=('imogen',), cc=('mum', 'me', 'kit'), re_='lunch-2')

m('lunch-4', '4 08:10', 'mum', None, '''
@wrote
@q 1

Edwin, WHY do you need the hose?

Robin, please come early and find out what he is planning.

Mum
''', to=('dad',), cc=('me', 'imogen', 'kit'), re_='lunch-3', flags='RA')

m('lunch-5', '4 12:20', 'me', None, '''
@wrote
@q 2-3

I asked. It is a "hot smoker". It is made from the old filing cabinet.
I think the hose is the safety plan.

I will come early. I will bring the fire blanket from the boat.

@sig
''', folder='Sent', to=('mum',), cc=('imogen', 'kit'), re_='lunch-4')

m('lunch-6', '3 02:15', 'kit', None, '''
@wrote
@q 3

The filing cabinet!! Top drawer for the trout, bottom drawer for the
tax returns?

My train gets in at ten past eleven. I am bringing someone. Please, all
of you, be normal.

Kit
''', to=('me',), cc=('mum', 'imogen', 'dad'), re_='lunch-5', flags='F')

m('lunch-7', '3 07:02', 'mum', None, '''
@wrote
@q 3

SOMEONE? Who? Then we are ten.

Imogen, bring both trestles.

Mum
''', to=('kit',), cc=('me', 'imogen', 'dad'), re_='lunch-6', flags='')

m('lunch-8', '2 16:44', 'imogen', None, '''
@wrote
@q 3

Nobody in this family has ever been normal and I am not going to be the
first to try.

Both trestles are in the van.

@sig
''', to=('kit',), cc=('me', 'mum', 'dad'), re_='lunch-6', flags='')

m('printer-1', '77 09:15', 'dad', 'The printer', '''
Dear Robin

The printer says it is offline. I have told it that it is not. It is
sitting right in front of me.

What do I press

@sig
''', flags='RA')

m('printer-2', '77 12:30', 'me', None, '''
@wrote
@q 2

Turn it off, count to twenty, turn it on. Do not argue with it while it
is waking up.

R.
''', folder='Sent', to=('dad',), re_='printer-1')

m('printer-3', '77 13:55', 'dad', None, '''
@wrote
@q 2

Counted to twenty. It printed forty-one copies of the letter to the
council, because I had pressed the button forty-one times.

It is a good letter. Would you like some

@sig
''', re_='printer-2', flags='RF')

m('birthday', '12 06:00', 'aunt', '🎂 Happy birthday, dear Robin! 🎉', '''
Dearest Robin,

Many happy returns of the day! 🎈

I have sent a parcel. It is soft and it is knitted and that is all I
will say, except that your mother told me your head measurement and I
did not believe her, and so I measured a melon.

Do you remember the birthday when the cake fell into the harbour, and
the swans ate it, and followed you home? I tell that story to everyone.
They followed you for a WEEK.

Be good, or at least be warm.

Your loving
Aunt Dorothea 🧶
''', flags='RAF')

m('birthday-2', '12 15:40', 'wren', 'i made you a card but the scanner is '
  'broken so here', r'''
HAPPY BIRTHDAY

          i i i i i
         {:~:~:~:~:}
       __{_________}__
      {\/\/\/\/\/\/\/\}
      {_______________}

it is a cake. the i are candles. there are five because i got bored

love from wren

ps can we have fish fingers
pps i did the washing up, most of it
''', flags='RAF')

m('eggs', '18 06:50', 'imogen', 'Egg report', '''
The hens have decided:

    Admiral        1 a day, punctual
    Mrs Pudding    2 in three days, dramatic about it
    Stormy         0, but she is thinking about it
    The New One    1, blue, everyone is pretending not to be jealous

Your box is by the gate. Leave the old box, please, the last three have
walked off to your boat and we both know why.

@sig
''')

m('moving-1', '150 20:10', 'kit', 'the flat', '''
I got the flat!! Fourth floor, no lift, a view of a wall with a very
good cat on it.

Can you lend me the long ladder, and yourself?

Kit
''', flags='RA')

m('moving-2', '149 07:00', 'me', None, '''
@wrote
@q 2

The ladder is yours for a week. I am yours for a day and a half, and I
want lunch both times.

@sig
''', folder='Sent', to=('kit',), re_='moving-1')

m('moving-3', '149 21:30', 'kit', None, '''
@wrote
@q 2

Deal. The cat's name is Gerald, I asked the neighbour.

Kit
''', re_='moving-2')

m('recipe', '205 11:00', 'mum', "Grandmother's plum cake, as best I can "
  'read it', '''
Robin, you asked. It is on the back of an envelope, and part of it is
plum.

    250 g flour
    150 g butter, "cold as charity"
    100 g sugar
    1 egg
    1 kg plums, "the small sour ones, not the show-offs"
    a little cinnamon
    [here is a stain]

Rub, rest, roll, line the tin. Plums upright in circles like a theatre
audience. Hot oven, three quarters of an hour, "until it smells like
school is over".

She never measured any of it. I followed her about with a spoon.

Love, Mum
''', flags='RF')

# ------------------------------------------------------------- the school

m('school-1', '2 14:30', 'teacher', 'Class 4: the tide table project', '''
Dear parents and guardians,

The Oystercatchers will measure the tide at the old steps every day for
two weeks. Each child has one day. Please see that your child has:

  * boots that reach higher than you think
  * a pencil (ink and harbours do not mix)
  * a grown-up, standing close enough to grab

Wren is on day nine. She has asked whether she may bring "professional
equipment from work". I understand that is you, Robin.

@sig
''', flags='F')

m('school-2', '16 08:05', 'school', 'Lost property: the shelf is full', '''
Dear families,

The lost property shelf has reached the ceiling. Among other things, it
holds nine single gloves, a recorder, one very good hat, a jar labelled
DO NOT OPEN (we have not), and a left boot that has been here since
before the current head teacher.

Whatever is not collected in two weeks goes to the theatre group, where
it will have a second life as "assorted peasants".

@sig
''')

m('school-3', '15 17:30', 'teacher', 'About the jar', '''
Dear Robin,

A quiet word about the jar labelled DO NOT OPEN on the lost property
shelf. Wren tells me it is hers and that it contains "a scientific
crab".

Could you collect it tomorrow? Today, even?

@sig
''', flags='RA')

m('school-4', '15 17:52', 'me', None, '''
@wrote
@q 3

On my way now. I am so sorry. It is probably only the shell. I say
probably.

@sig
''', folder='Sent', to=('teacher',), re_='school-3')

m('school-5', '14 08:20', 'teacher', None, '''
@wrote
@q 2

It was only the shell. The head teacher is out from under the desk.

@sig
''', re_='school-4')

m('school-6', '95 09:00', 'school', 'Parent evening: please choose a time',
  '''
Dear family of Wren Merrow,

Please choose one of these times by replying to this mail:

    ( ) 17:00     ( ) 17:20     ( ) 17:40
    ( ) 18:00     ( ) 18:20

If you do not choose, we choose, and we will choose 17:00.

@sig
''', flags='RA')

# ------------------------------------------------------ shops, bank, town

m('order-1', '22 13:10', 'chandler', 'Order KC-204817: thank you!', '''
Thank you for your order, Robin.

Order number:  KC-204817

  Qty  Article                                  Each     Total
  ------------------------------------------------------------
    2  Mooring line, 14 mm, 8 m, navy          21.50     43.00
    1  Shackle, stainless, 8 mm                 4.20      4.20
    6  Sail ties, "the good ones"               1.80     10.80
    1  Fender, white, not a football           18.90     18.90
  ------------------------------------------------------------
                                    Delivery              4.50
                                    TOTAL                81.40

Delivery to: R. Merrow, 3 Ropewalk, first floor, Saltmere

We pack it today, if the shop cat gets off the table.

Knot & Cleat Chandlery
''', flags='RF')

m('order-2', '21 16:00', 'chandler', 'Order KC-204817: on its way', '''
Hello Robin,

Your parcel has left us. Tracking number: KCX 5518 2290 07

    picked up       yes
    in transit      yes
    at your door    the day after tomorrow, before noon

The fender makes the parcel look like a seal. The driver has been told.

Knot & Cleat Chandlery
''', re_='order-1')

m('order-3', '19 11:30', 'chandler', 'Order KC-204817: delivered (to the '
  'person next door)', '''
Delivered to: OTIS, 3A Ropewalk
Signed:       a drawing of a seal

Was everything in order? Then we are glad. Was anything not? Then just
answer this mail; a person reads it. Her name is Jo.

Knot & Cleat Chandlery
''', re_='order-2')

m('receipt', '46 12:02', 'books', 'Your receipt from The Leaning Shelf', '''
THE LEANING SHELF
second-hand books, first-hand opinions

Receipt 00917

  1  "Pilotage for the Nervous" (foxed)            6.00
  1  "A Hen for All Reasons"                       3.50
  1  "The Lighthouse Cookbook", signed by the cat  4.00
                                                 ------
  Total, paid by card                             13.50
  Card ending                                      0000

Returns within thirty days, unless you have finished it.
''')

m('tea-1', '28 07:00', 'tea', 'Your tea subscription: what is in the tin '
  'this time ☕', '''
Good morning!

This time in your tin:

  🍃 Fog Signal     smoky, black, for the morning after the morning
  🌼 Low Water      chamomile and apple, for the evening
  🫖 Staff Room     strong enough to hold up a spoon and a conversation

You can pause, skip or stop the subscription whenever you like. There
is no catch. We checked.

Kettle & Co.
''')

m('bike', '39 15:20', 'bike', 'Your bicycle is ready. We have questions.',
  '''
Hello Robin,

Your bicycle is ready to be collected. We have done this:

    new chain, new cassette
    brakes adjusted
    rear wheel trued
    removed from the frame: 2.1 m of seaweed, 1 barnacle (alive)

Total 74.00. The barnacle is in a glass on the counter. We have named
it Sprocket. Where do you RIDE?

Spoke House
''', flags='RF')

m('bank-1', '33 04:00', 'bank', 'Your statement is ready', '''
Dear Robin Merrow,

A new statement for your account ending 0417 is ready. To read it, open
our site the way you always do. We never put links to your account in a
mail, and we never ask for your password. Nobody honest does.

Saltmere Savings Bank
''')

m('bank-2', '64 04:00', 'bank', 'Your statement is ready', '''
Dear Robin Merrow,

A new statement for your account ending 0417 is ready. To read it, open
our site the way you always do. We never put links to your account in a
mail, and we never ask for your password. Nobody honest does.

Saltmere Savings Bank
''')

m('bank-3', '6 09:10', 'bank', 'A payment was declined', '''
Dear Robin Merrow,

We declined one payment from your card ending 0417:

    Amount      1.00
    To          FERRET INSURANCE DIRECT
    Reason      not like you

If it was you after all, call the number on the back of your card and
ask for Maud. If it was not, there is nothing to do; we did it.

Saltmere Savings Bank
''', flags='F')

m('dentist', '7 10:00', 'dentist', 'It is that time again', '''
Dear patient,

Your last visit was six months ago. Your teeth remember, even if you do
not. Please call the desk for an appointment.

We have a new ceiling. It has clouds painted on it. Several people have
asked for a second filling.

The desk
''', flags='')

m('landlord-1', '52 08:20', 'landlord', 'Noise from above', '''
Dear Robin,

I do not like to complain, but what are you rolling about up there of
an evening? It goes from the window to the door and back again.

@sig
''', flags='RA')

m('landlord-2', '52 19:00', 'me', None, '''
@wrote
@q 2

That is Wren's bowling ball, which is a cannonball from the beach, which
I did not know about until ten minutes ago. It now lives on a cushion.

Sorry, Mr Pell. There are eggs for you on the stairs.

@sig
''', folder='Sent', to=('landlord',), re_='landlord-1')

m('landlord-3', '51 08:00', 'landlord', None, '''
@wrote
@q 2

A cannonball. Well. I was a boy once too; mine was a ship's bell.

The eggs were excellent.

@sig
''', re_='landlord-2')

m('library-1', '11 06:30', 'library', 'Two loans are due in three days', '''
Borrower 20-1187, Merrow R.

  1. Knots: A History in Forty Tangles
  2. How to Talk to Teenagers (for when it is time)

Renew once by answering with the word RENEW. Your cadet borrower, Merrow
W., has nine loans about crabs; those are renewed for ever, by order of
the librarian.
''', flags='')

m('library-2', '40 06:30', 'library', 'A book you asked for has come in',
  '''
Borrower 20-1187, Merrow R.

  "The Shipping Forecast as Literature", reserved by you, is waiting at
  the desk. It will wait for seven days. It is a patient book.
''')

m('choir-1', '13 20:15', 'vera', 'Choir: we have lost a tenor', '''
Dear choir,

We have lost Bernard. He is not dead, he has taken up badminton. That
leaves us with one tenor, who is Robin, and Robin is a baritone.

Does anybody know a man who can sing above the stave and is free in the
evenings? He need not be good. He need be HIGH.

@sig
''', to=('choir',), cc=('me',), flags='RA')

m('choir-2', '13 21:00', 'me', None, '''
@wrote
@q 2

I know a harbour pilot with a foghorn of a voice, in the right octave.
He only knows sea songs, and only some of the words are printable.

@sig
''', folder='Sent', to=('vera',), cc=('choir',), re_='choir-1')

m('choir-3', '12 08:30', 'vera', None, '''
@wrote
@q 2

Bring him. We will hum through the rest.

@sig
''', to=('me',), cc=('choir',), re_='choir-2')

m('choir-4', '4 20:40', 'vera', None, '''
@wrote
@q 2

He came, he sang, the lamp in the hall is cracked. We are keeping him.

He asks whether the concert could be at high water, as he has a ship at
low.

@sig
''', to=('me',), cc=('choir',), re_='choir-3', flags='')

m('otis-1', '19 12:00', 'neighbour', 'parcel shaped like a seal', '''
Have a parcel here for you shaped like a seal. I signed for it with a
picture of a seal. Hope that is ok.

It is sitting in my armchair. No hurry. We are watching the snooker.

Otis
''')

m('otis-2', '10 18:20', 'neighbour', 'your light', '''
You left the light on in the cabin again. Either that or Marigold has
learned to read.

Otis
''', flags='')

m('vet', '26 10:15', 'vet', 'Reminder for: Biscuit (cat, "difficult")', '''
Dear human of Biscuit,

Biscuit is due for her yearly vaccination. Our notes from the last visit
say: "Two towels. Bring the big gloves. She WAITS."

Please ring us to find a quiet hour.

Saltmere Vets
''', flags='RF')

m('council', '36 11:11', 'council', 'Your letter, of which we have '
  'forty-one copies', '''
Dear Mr Merrow, Dear Robin Merrow,

Thank you for the forty-one letters concerning the bench by the slipway.
We take it that feelings run high.

The bench will be mended. One letter would have been enough, but none
would have been as memorable.

Saltmere Town Council, Benches
''', cc=('dad',))

m('rail', '58 13:00', 'rail', 'Your ticket: Saltmere to Great Wexley', '''
Booking reference: QX7TRN

    Saltmere       dep 08:14    platform 1 (the only one)
    Little Oar     change       4 minutes, walk briskly
    Great Wexley   arr 09:52

    1 adult, 1 child, 1 crab pot (free of charge, on the lap)

Show this mail on the train. The guard likes it larger than you think.
''')

m('gull', '3 11:20', 'council', 'Notice: the gull', '''
To all households on Ropewalk and Harbour Lane

The gull is back. It is the same gull. It has learned to press the
button on the door of the bakery.

Until further notice, please carry pasties in a closed bag, walk in
pairs, and do not make eye contact.

Saltmere Town Council, Wildlife (and Benches)
''', flags='')

m('bakery', '2 05:10', 'bakery', 'We have put in a different button 🥐', '''
Good morning from the ovens!

Because of the gull we have changed the door. You now have to PULL.

To make up for the trouble, this week:

    🥐 two croissants for the price of one
    🍞 harbour loaf with seeds
    🧁 "gull's eggs" (they are buns, they are round, they are filled)

It is watching us through the window as I write this.

Crumb Bakery
''', flags='')

# ---------------------------------------------------------- newsletters

LINKS = [('The curlew that would not leave the car park', 'curlew'),
         ('Five ways to tell a dunlin from a sanderling', 'dunlin'),
         ('A reader asks: is it a stint, or is it far away?', 'stint'),
         ('Spotted: the ringed plover of Pier Street', 'plover'),
         ('Terns, and why they shout', 'terns'),
         ('Mud: an appreciation', 'mud'),
         ('Binoculars under a hundred: we dropped them all', 'drop'),
         ('The great wader count: how to take part', 'count'),
         ('Recipe: flapjack that survives a rucksack', 'flapjack'),
         ('Corrections: that was a bin bag', 'binbag')]


def newsletter(key, when, number, title, intro, links, **kw):
    plain = ('SHOREBIRD WEEKLY, number %d\n%s\n\n%s\n\n' %
             (number, title, intro) +
             ''.join('* %s\n  https://shorebird.example.org/%d/%s\n\n' %
                     (t, number, slug) for t, slug in links) +
             'You get this because you asked for it. To stop, use\n'
             'https://shorebird.example.org/stop\n')
    page = ('<html><head><title>%s</title><style>h1{color:#246}'
            'li{margin:6px}</style></head>\n<body>\n'
            '<h1>Shorebird Weekly <small>no. %d</small></h1>\n'
            '<h2>%s</h2>\n<p>%s</p>\n<ol>\n' %
            (title, number, title, intro.replace('\n', ' ')) +
            ''.join('<li><a href="https://shorebird.example.org/%d/%s">'
                    '%s</a></li>\n' % (number, slug, t)
                    for t, slug in links) +
            '</ol>\n<hr>\n<p><small>You get this because you asked for it.'
            ' <a href="https://shorebird.example.org/stop">Stop</a> &middot;'
            ' <a href="https://shorebird.example.org/%d">Read in a browser'
            '</a></small></p>\n'
            '<img src="https://shorebird.example.org/seen.gif" width="1"'
            ' height="1" alt="">\n</body></html>\n' % number)
    return m(key, when, 'birds', 'Shorebird Weekly %d: %s' %
             (number, title),
             content=multi('alternative',
                           [text(plain),
                            html(page, enc='quoted-printable')], key),
             extra=['List-Id: Shorebird Weekly <weekly.shorebird.'
                    'example.org>',
                    'List-Unsubscribe: <https://shorebird.example.org/'
                    'stop?r=robin>',
                    'List-Unsubscribe-Post: List-Unsubscribe=One-Click'],
             **kw)


newsletter('birds-1', '6 05:00', 212, 'Terns, and why they shout',
           'Good morning. They shout because they have something to say.\n'
           'Below: ten stories, and one apology.', LINKS, flags='')
newsletter('birds-2', '13 05:00', 211, 'A quiet week on the mud',
           'Nothing happened this week, and we were there for all of it.',
           LINKS[3:8])
newsletter('birds-3', '20 05:00', 210, 'The heron issue',
           'A heron stood still. We stood still too. Here is our report.',
           LINKS[1:6])

m('gazette', '1 06:00', 'gazette', 'The Saltmere Gazette: morning edition',
  '''
THE SALTMERE GAZETTE                            the news, and the tides

GULL DEFEATS SECOND DOOR
  "It pulled", says baker. Council to meet.

BENCH MENDED AFTER STORM OF LETTERS
  All forty-one by the same hand, experts say.

CHOIR LAMP: PILOT CONFESSES
  "I was only warming up."

REGATTA: MUSSEL FARMER "MOSTLY CALM"

LETTERS
  Sir: the so-called football on pontoon B is a disgrace and also the
  only thing keeping my paint on. - Berth 15

You read the Gazette by mail. To stop, write to
letters@gazette.example.com with the word ENOUGH.
''', flags='')
