# story_work.py - the office: three programmers, one sandwich expert
# SPDX-License-Identifier: GPL-3.0-or-later

from build import m

TEAM = ('hanna', 'dev', 'yusuf', 'lotte')


def work(key, when, who, body, re_=None, subject=None, **kw):
    kw.setdefault('to', ('team',))
    kw.setdefault('cc', ('me',) if who != 'me' else ())
    return m(key, when, who, subject, body, re_=re_, **kw)


work('lowtide-1', '7 08:05', 'lotte', '''
Good morning,

A customer in Little Oar says that our app shows low water at 13:72.

Is that a new kind of afternoon?

@sig
''', subject='Low water at 13:72')

work('lowtide-2', '7 08:20', 'dev', '''
@wrote
@q 2

It is now.

Looking. My guess is that somebody adds minutes after the formatting
instead of before it. By "somebody" I mean me, some years ago.

@sig
''', re_='lowtide-1')

work('lowtide-3', '7 08:58', 'yusuf', '''
@wrote
@q 3

It is you, some years ago. Here:

    snprintf(buf, sizeof buf, "%02d:%02d", h, min + corr);

corr is the harbour correction in minutes. Little Oar has +31, which is
the largest on the whole coast, so nobody else ever saw it.

Yusuf
''', re_='lowtide-2', flags='RF')

work('lowtide-4', '7 09:15', 'hanna', '''
@wrote
@q 2-4

Good find. Two questions before anybody fixes anything:

1. What happens around midnight? 23:50 plus 31 is tomorrow.
2. Do we have a test with a correction that is not a multiple of 5?

@sig
''', re_='lowtide-3')

work('lowtide-5', '7 09:40', 'dev', '''
@wrote
@q 3

1. It says 23:81, which I think we can all agree is late.
2. We do not have a test with a correction at all.

I am writing both now. Nobody look at me.

@sig
''', re_='lowtide-4')

m('lowtide-6', '7 10:10', 'me', None, '''
@wrote
@q 2

I will take the midnight case, since I wrote the day roll-over. Please
keep corr signed: two of the harbours upriver have negative ones.

And could the test use the real table of Little Oar? They print it on a
tea towel. I own the tea towel.

@sig
''', folder='Sent', to=('dev',), cc=('team',), re_='lowtide-5')

work('lowtide-7', '7 10:31', 'lotte', '''
@wrote
@q 3

May I quote "I own the tea towel" to the customer? I feel that it would
calm them.

@sig
''', re_='lowtide-6')

work('lowtide-8', '7 15:02', 'yusuf', '''
Both fixes are in. I checked all 212 harbours against the printed
tables: no time has more than 59 minutes in it any more.

One harbour has no low water at all on one day. That is correct, it is
just a very odd harbour.

Yusuf
''', re_='lowtide-6')

work('lowtide-9', '7 16:30', 'lotte', '''
The customer writes: "Thank you. I had adjusted my lunch."

Closing the ticket.

@sig
''', re_='lowtide-8', flags='')

work('lowtide-10', '6 08:00', 'hanna', '''
For the record, and for next time:

  what      minutes above 59 for harbours with large corrections
  since     always
  seen by   one customer, who simply believed us
  cause     adding after formatting
  now       added before; tests for +31, -17 and midnight

I am touched by the customer who moved lunch. Let us deserve that.

@sig
''', re_='lowtide-8', flags='F')

work('standup-1', '3 07:30', 'hanna', '''
Short notes from this morning, for the two who were on trains:

* Yusuf: moon phase icons. The waxing gibbous looks like a potato.
  He is aware.
* Dev: the export to CSV. Done but for the commas.
* Lotte: nine tickets, two cakes.
* Robin: review of the cache; please, before the week is out.

@sig
''', subject='Notes from this morning', flags='F')

work('standup-2', '3 07:44', 'dev', '''
@wrote
@q 2

"Done but for the commas" was meant as a joke and is now in writing.

It IS done but for the commas, though.

@sig
''', re_='standup-1', flags='')

work('standup-3', '3 09:10', 'yusuf', '''
@wrote
@q 2

Please find a new gibbous in the branch. Now it looks like a better
potato.

Yusuf
''', re_='standup-2', flags='')

work('cache-1', '2 10:20', 'dev', '''
Robin, when you get to the cache review: the part that worries me is
eviction. We drop the oldest table when there is no room, but the
oldest table is always Saltmere, because it is first in the alphabet of
harbours we care about.

So each new table throws out the one that everybody uses.

@sig
''', subject='Cache: we always evict home', to=('me',), cc=('hanna',),
     flags='RA')

m('cache-2', '2 12:05', 'me', None, '''
@wrote
@q 1

You mean that every time somebody looks up Great Wexley, my own harbour
is forgotten. This explains a lot about the other evening.

Least recently USED, not least recently ADDED: move the table to the
front on each hit. It is four lines. I have put them in the review.

@sig
''', folder='Sent', to=('dev',), cc=('hanna',), re_='cache-1')

work('cache-3', '2 13:22', 'dev', '''
@wrote
@q 3

Three lines, if one is mean about braces. Applied, thank you. Hit rate
went from 12 to 94 per cent. I am going outside to shout at the sea.

@sig
''', re_='cache-2', to=('me',), cc=('hanna',), flags='')

work('lunch-rota', '44 09:00', 'lotte', '''
Dear all,

The sandwich rota for the month:

    first week     Dev      (cheese, and an opinion about cheese)
    second week    Yusuf    (the flatbread; do not be late)
    third week     Hanna    (soup. It counts. We voted.)
    fourth week    Robin    (eggs, one assumes)

Allergies as before: Dev no nuts, Robin no celery, Yusuf no mornings.

@sig
''', subject='Sandwich rota')

work('release', '90 15:00', 'hanna', '''
Dear team,

Version 3.4 is out, and nothing has caught fire. Highlights:

  - tables load in a third of the time (Dev)
  - harbours can have names in their own script (Yusuf)
  - the help now helps (Lotte)
  - midnight (Robin)

Go home early. That is an order, the only one you will get this year.

@sig
''', subject='3.4 is out', flags='RF')

work('ci-1', '4 23:12', 'ci', '''
Build 1893 FAILED on branch "commas"

  configure .......... ok
  compile ............ ok
  test ............... 411 passed, 1 failed

  FAIL  export/csv_test: row 7: expected 6 fields, found 211

Last change by: Dev Castellane
  "commas: should be all of them now"
''', subject='[build] 1893 failed: commas', flags='')

work('ci-2', '3 00:02', 'ci', '''
Build 1894 passed on branch "commas"

  configure .......... ok
  compile ............ ok
  test ............... 412 passed, 0 failed

Last change by: Dev Castellane
  "commas: fewer"
''', subject='[build] 1894 passed: commas', flags='')

work('ticket-1', '8 11:41', 'tracker', '''
Lotte Achterberg assigned this ticket to you.

  #2207   The app greets me with "Ahoy" at a funeral
  From    a vicar
  Wish    a quiet mode

  Lotte: I promised an answer within the week. He was very kind about
  it. The deceased had been a sailor and several people laughed.
''', subject='[#2207] The app greets me with "Ahoy" at a funeral',
     to=('me',), cc=(), flags='F')

work('oncall', '27 16:45', 'hanna', '''
Robin,

Could you take the pager from tomorrow noon until the same time next
week? Yusuf has a wedding. (His own. He asked me not to make a fuss, so
this is me not making one, in capital letters: CONGRATULATIONS.)

@sig
''', subject='Pager swap, and a wedding', to=('me',), cc=(), flags='RA')

m('oncall-2', '27 17:20', 'me', None, '''
@wrote
@q 2

Of course. Tell him that the tides for the day are excellent, I looked:
high water at the ceremony, slack for the speeches.

@sig
''', folder='Sent', to=('hanna',), re_='oncall')

work('oncall-3', '25 22:15', 'yusuf', '''
Thank you for the pager, and for the tea towel. It hangs in the kitchen
already. We looked up the day on it; you were right about the speeches.

Yusuf (and Leila)
''', subject='Thank you!', to=('me',), cc=(), flags='RF')
