# story_lists.py - two mailing lists
# SPDX-License-Identifier: GPL-3.0-or-later
#
# The people and the programs they talk about are made up, and so are
# the decisions: nothing here says how tern works.

from build import m, multi, text


def dev(key, when, who, body, re_=None, subject=None, **kw):
    return m(key, when, who, subject, body, lst='tern-devel', re_=re_, **kw)


def sail(key, when, who, body, re_=None, subject=None, **kw):
    return m(key, when, who, subject, body, lst='sailing', re_=re_, **kw)


# ----------------------------------------------- the thread about the width

dev('wrap-1', '18 09:00', 'chiara', '''
Hello all,

A small question with, I hope, a small answer:

Should the pager wrap text at the width of the window, or at a width
that people can read, whichever is smaller?

My window is 210 columns wide. Letters from people who do not break
their lines are one line long. I turn my head like somebody watching
tennis.

@sig
''', subject='Wrap at the window, or at a readable width?')

dev('wrap-2', '18 09:25', 'bruno', '''
@wrote
@q 3

Window. If I make my window wide it is because I want it wide.

Bruno
''', re_='wrap-1')

dev('wrap-3', '18 09:41', 'dag', '''
@wrote
@q 2

You make your window wide because the code on the left is wide. The
mail just happens to live there too.

I vote for readable: 72, perhaps 80.

Dag
''', re_='wrap-2')

dev('wrap-4', '18 10:10', 'bruno', '''
@wrote
@q 2

Please do not tell me why my window is wide. My window and I have an
understanding.

Bruno
''', re_='wrap-3')

dev('wrap-5', '18 13:30', 'esther', '''
@wrote
@q 3

Could it be a setting?

(I know. I am sorry. Somebody had to.)

@sig
''', re_='wrap-1')

dev('wrap-6', '18 13:52', 'aleph', '''
@wrote
@q 2

It could. But every setting is a question that we were too shy to
answer ourselves. I would like one good default first, and then see if
anybody still wants the setting.

@sig
''', re_='wrap-5', flags='RF')

dev('wrap-7', '18 15:03', 'chiara', '''
@wrote
@q 2

"A question that we were too shy to answer ourselves" is going on a mug.

@sig
''', re_='wrap-6')

dev('wrap-8', '18 22:40', 'fumiko', '''
Good morning from the other side.

Please remember that a column is not a character. A line of 72 columns
is 36 characters of Japanese. And a line of Japanese may be broken
between nearly any two of them, but not before the full stop.

So "wrap at 72" is two things: where, and how.

Fumiko
''', re_='wrap-1')

dev('wrap-9', '17 08:12', 'dag', '''
@wrote
@q 3

Good point. What happens today if one wraps only at spaces?

Dag
''', re_='wrap-8')

dev('wrap-10', '17 08:50', 'fumiko', '''
@wrote
@q 2

Then a whole letter is one word, and it leaves the window on the right,
and does not come back.

Fumiko
''', re_='wrap-9')

dev('wrap-11', '17 09:02', 'bruno', '''
@wrote
@q 2

That I call a fair argument. I withdraw half of what I said.

Bruno
''', re_='wrap-10')

dev('wrap-12', '17 09:10', 'dag', '''
@wrote
@q 2

Which half?

Dag
''', re_='wrap-11')

dev('wrap-13', '17 09:15', 'bruno', '''
@wrote
@q 2

The left one.

Bruno
''', re_='wrap-12')

dev('wrap-14', '17 16:20', 'gil', '''
What about text that must NOT be wrapped: patches, tables, poems?

If you wrap my patch I cannot read it. If you wrap my poem I cannot
forgive you.

Gil
''', re_='wrap-1')

dev('wrap-15', '17 17:01', 'aleph', '''
@wrote
@q 1-2

A rule of thumb that has served me elsewhere:

  - a line that fits is never touched, whatever it is;
  - a line that does not fit is broken for display only;
  - whoever wants to see it unbroken can turn the breaking off.

Poems have short lines by nature. Patches mostly do, too.

@sig
''', re_='wrap-14', flags='RF')

dev('wrap-16', '17 17:44', 'gil', '''
@wrote
@q 3

You have not read my poems.

But yes: if the lines that fit are left alone, I am content.

Gil
''', re_='wrap-15')

dev('wrap-17', '17 18:30', 'esther', '''
@wrote
@q 3

And how does one see that a line was broken by the pager and not by the
writer? A mark in the margin? A small plus, like the old folks had?

@sig
''', re_='wrap-15')

dev('wrap-18', '17 19:20', 'chiara', '''
@wrote
@q 2

A mark in the margin, please, and not a coloured one. I have one friend
who reads mail on a machine with two colours: amber and off.

@sig
''', re_='wrap-17')

dev('wrap-19', '17 19:32', 'bruno', '''
@wrote
@q 2

I am that friend. Hello.

Bruno
''', re_='wrap-18')

dev('wrap-20', '17 19:40', 'chiara', '''
@wrote
@q 2

You have a window of 210 columns on an amber screen??

@sig
''', re_='wrap-19')

dev('wrap-21', '17 19:55', 'bruno', '''
@wrote
@q 2

Two screens. One behind the other. There is a mirror.

Bruno
''', re_='wrap-20', flags='RF')

dev('wrap-22', '16 07:30', 'aleph', '''
Before we lose ourselves in the mirror, what I have understood so far:

 1. Lines that fit are left alone.
 2. Lines that do not fit are broken at the smaller of the window and
    some readable width.
 3. Broken by columns, not characters, and by the rules of the script.
 4. A plain mark shows where it happened.
 5. One key turns it off for the letter at hand.

Open: the number in 2. I shall not answer that one on an empty stomach.

@sig
''', re_='wrap-1', flags='RF')

dev('wrap-23', '16 07:58', 'dag', '''
@wrote
@q 3

72.

Dag
''', re_='wrap-22')

dev('wrap-24', '16 08:01', 'gil', '''
@wrote
@q 3

80. (It is midnight here, so I count as awake and therefore as right.)

Gil
''', re_='wrap-22')

dev('wrap-25', '16 08:20', 'fumiko', '''
@wrote
@q 3

76, as nobody else will say it.

Fumiko
''', re_='wrap-22')

dev('wrap-26', '16 13:00', 'esther', '''
@wrote
@q 2

I had pie, and I am now of the opinion that the number is whatever Alva
picks, and that we shall all have been in favour of it.

@sig
''', re_='wrap-25')

dev('wrap-27', '16 14:10', 'bruno', '''
@wrote
@q 2

Agreed, and I withdraw the other half as well.

Bruno
''', re_='wrap-26', flags='')

m('wrap-28', '16 18:45', 'me', None, '''
@wrote
@q 2

A reader's view, from a boat: my screen is 80 columns when the battery
is full and 60 when I have to squint. Whatever number you choose, could
the SMALLER window win, as in point 2? Then I will never notice any of
this, which I think is the highest praise.

@sig
''', folder='Sent', to=('list:tern-devel',), re_='wrap-22')

dev('wrap-29', '15 06:40', 'aleph', '''
@wrote
@q 2

"I will never notice any of this" shall go on the other side of the
mug.

The smaller one wins. Thank you all; I am off to write it down before
anybody has another idea.

@sig
''', re_='wrap-28', flags='F')

# ------------------------------------------------------------- the patches

dev('patch-1', '7 20:10', 'gil', '''
From here on the attachment count in the index said "1 files". This
makes it say "1 file", at the price of one more line.

From the department of small mercies:

Signed-off-by: Gil Redwater <gil@example.net>
---
 src/index_count.c | 7 ++++---
 1 file changed, 4 insertions(+), 3 deletions(-)

diff --git a/src/index_count.c b/src/index_count.c
index 3f1c0aa..9be27d4 100644
--- a/src/index_count.c
+++ b/src/index_count.c
@@ -41,8 +41,9 @@ static void
 count_files(char *buf, size_t size, unsigned n)
 {
-	/* nobody will ever send just one */
-	snprintf(buf, size, "%u files", n);
-	buf[size - 1] = '\\0';
+	if (n == 1)
+		snprintf(buf, size, "1 file");
+	else
+		snprintf(buf, size, "%u files", n);
 }
\x20
 static int
--\x20
2.39.9
''', subject='[PATCH] index: count one file as one file')

dev('patch-2', '7 21:02', 'esther', '''
@wrote
> +	if (n == 1)
> +		snprintf(buf, size, "1 file");
> +	else
> +		snprintf(buf, size, "%u files", n);

There are languages with three plural forms, and at least one with six.
ngettext() knows them all, so that we need not:

	snprintf(buf, size, ngettext("%u file", "%u files", n), n);

@sig
''', re_='patch-1')

dev('patch-3', '6 05:30', 'gil', '''
@wrote
@q 2

Six! What do they do with six?

Thanks. Second version below; I have said so in the log as well.

---
 src/index_count.c | 4 +---
 1 file changed, 1 insertion(+), 3 deletions(-)

--- a/src/index_count.c
+++ b/src/index_count.c
@@ -41,7 +41,5 @@ static void
 count_files(char *buf, size_t size, unsigned n)
 {
-	/* nobody will ever send just one */
-	snprintf(buf, size, "%u files", n);
-	buf[size - 1] = '\\0';
+	snprintf(buf, size, ngettext("%u file", "%u files", n), n);
 }
\x20
''', re_='patch-2', subject='[PATCH v2] index: count one file as one file')

dev('patch-4', '6 08:00', 'aleph', '''
@wrote
> +	snprintf(buf, size, ngettext("%u file", "%u files", n), n);

Applied, with thanks to both. Two lines shorter than it was and right in
more languages than I can name. That is how I like my patches.

@sig
''', re_='patch-3', flags='')

dev('patch-5', '6 09:14', 'fumiko', '''
@wrote
@q 2

Mine has one plural form, and it is the same as the singular. You are
all welcome to borrow it.

Fumiko
''', re_='patch-4', flags='')

# --------------------------------------------------------------- a digest


def digest(parts):
    def one(frm, subject, body):
        return (['Content-Type: message/rfc822'],
                ('From: %s\nTo: tern-devel@lists.example.org\n'
                 'Subject: %s\n\n%s' % (frm, subject, body)).encode())
    listing = ''.join('   %d. %s (%s)\n' % (i + 1, s, f.split(' <')[0])
                      for i, (f, s, _) in enumerate(parts))
    return multi('mixed', [
        text('tern-devel digest, volume 4, issue 19\n\nIn this issue:\n\n' +
             listing),
        multi('digest', [one(*p) for p in parts], 'digest-in'),
        text('-- \ntern-devel mailing list\n'
             'tern-devel@lists.example.org\n')], 'digest')


m('digest', '26 02:00', 'listbot', 'tern-devel digest, vol 4, issue 19',
  lst='tern-devel', content=digest([
      ('Dag Solheim-Vik <dag@example.net>', 'Manual: who is it for?',
       'I read the manual as a newcomer would, with a cup of coffee and\n'
       'no patience. I got as far as the third paragraph. It is very\n'
       'correct. Could it begin with what people want to DO?\n\nDag\n'),
      ('Alva Thorncroft <alva@example.org>', 'Re: Manual: who is it for?',
       'Dag wrote:\n> Could it begin with what people want to DO?\n\n'
       'Yes. Reading, answering, finding, tidying. In that order.\n\n'
       'Alva\n'),
      ('Chiara Montebruno <chiara@example.com>', 'Test mail wanted',
       'I collect letters that look wrong in a terminal. Send me your\n'
       'worst. I have a flag sequence that turned my prompt into a\n'
       'chessboard.\n\nChiara\n'),
      ('Bruno Weidenfeld <bruno.w@example.net>', 'Re: Test mail wanted',
       'How large a letter will you take? I have one from my uncle.\n\n'
       'Bruno\n')]))

dev('hello', '53 12:00', 'gil', '''
Hello list,

I am Gil. I fix lighthouse lamps for a living and small programs for
fun. I have no questions yet. I just think that one should knock.

Gil
''', subject='Knock knock')

dev('hello-2', '53 13:10', 'esther', '''
@wrote
@q 2

Come in! Mind the cables. There is pie.

@sig
''', re_='hello')

dev('bug-1', '30 19:00', 'bruno', '''
Steps to see it:

  1. Open a folder with exactly one message.
  2. Delete that message.
  3. Press k.

Expected: nothing much.
Got: the cursor sits one line above the list and looks at me.

It does no harm, but it has a way of looking.

Bruno
''', subject='Cursor above an empty list')

dev('bug-2', '30 20:12', 'aleph', '''
@wrote
@q 2-3

An index that starts at one less than nothing. Fixed, with a test that
has an empty folder, a folder of one, and a folder of two, since I was
there.

@sig
''', re_='bug-1')

dev('bug-3', '29 07:00', 'bruno', '''
@wrote
@q 2

Confirmed, it has stopped looking. I almost miss it.

Bruno
''', re_='bug-2')

# ------------------------------------------------------------- the sailors

sail('anchor-1', '14 10:30', 'marco', '''
Gentle people of shallow water,

What do you use for an anchor in mud that has the firmness of custard?

Mine goes in like a spoon and comes out like one.

Marco
''', subject='Anchors and custard')

sail('anchor-2', '14 11:15', 'gus', '''
A bigger spoon.

@all

@sig
''', re_='anchor-1')

sail('anchor-3', '14 12:40', 'tomas', '''
@wrote
@q 2

More chain, and patience. The anchor is only there to keep the end of
the chain tidy.

Tomas
''', re_='anchor-1')

sail('anchor-4', '14 13:05', 'isa', '''
@wrote
@q 2

This, and a flat boat. I dry out on every tide and have not dragged in
thirty years, because one cannot drag a house.

@sig
''', re_='anchor-3')

sail('anchor-5', '13 09:00', 'marco', '''
@wrote
@q 2

I have put out ten metres more. We did not move all night. We did not
sleep either, as the silence was so unusual.

Thank you.

Marco
''', re_='anchor-3', flags='')

sail('swap-1', '35 15:00', 'nell', '''
Swap: one outboard, 4 hp, starts on the third pull or on a threat.

For:  a pair of oars, a wheelbarrow, or honest conversation.

Can be seen at Saltmere, pontoon A, at any state of the tide. Can be
heard from further off.

Nell
''', subject='SWAP: outboard for oars')

sail('swap-2', '34 18:18', 'priya', '''
@wrote
@q 2

I have oars AND conversation, but they are attached to Gus.

@sig
''', re_='swap-1')

sail('fog-1', '78 08:00', 'gus', '''
Friends,

Passage note for the Outer Oar: the green buoy has moved fifty metres to
the south. The chart has not. If you go by the chart you will meet the
bank, which is a nice enough bank, but you will have it for six hours.

@sig
''', subject='The green buoy at Outer Oar has wandered', flags='RF')

sail('knots', '115 21:00', 'tomas', '''
For the collection, a knot I saw on a fishing boat and drew at once:

        ___       ___
       /   \\_____/   \\
      |  ___     ___  |
       \\_\\  \\___/  /_/
         |___   ___|
             | |
             | |

The fisherman says that it has no name and has never come undone. His
wife says that it has a name, but not one for the list.

Tomas
''', subject='A knot without a name')

sail('rules', '300 09:00', 'bea', '''
A friendly reminder of how we do things on this list:

  * answer below, cut what you do not need
  * no attachments larger than your boat
  * weather may be discussed, but not blamed on anybody
  * spelling of rope names: there is no right way, stop it

@sig
''', subject='How we do things here')
