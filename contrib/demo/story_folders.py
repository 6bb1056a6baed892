# story_folders.py - drafts, archive, junk, trash and travel
# SPDX-License-Identifier: GPL-3.0-or-later

from build import attach, file_away, html, m, multi, pdf, person, text

# ----------------------------------------------------------------- drafts

m('draft-1', '2 21:10', 'me', 'Regatta: a word to the mussel farmer', '''
Dear Mr

(look up his name!! NOT "the mussel farmer")

Last year's misunderstanding about the withies was entirely our fault,
and we were sorry about the

''', folder='Drafts', to=('bea',), flags='RT')

m('draft-2', '6 23:40', 'me', 'An idea for the tide tables', '''
Hanna, I cannot sleep, so here is an idea:

what if the app knew how long it takes to walk to the water? Then it
could say "leave NOW" instead of a time. I would have been on time for
three regattas and one

@sig
''', folder='Drafts', to=('hanna',), flags='RT')

m('draft-3', '60 22:05', 'me', 'Poem', '''
There once was a gull on the quay

(no)

O gull, thou feathered

(NO)
''', folder='Drafts', to=('vera',), flags='RT')

# ------------------------------------------------------------------- sent

m('sent-1', '1 18:20', 'me', 'Fish fingers', '''
Yes to fish fingers. Thank you for doing "most of" the washing up. I
found the rest under the bed.

Love, R.
''', folder='Sent', to=('wren',))

m('sent-2', '11 22:00', 'me', 'Re: ', '''
@wrote
@q 1

Done, it is in the yard. A PIANO? Does it know about the stairs?

@sig
''', folder='Sent', to=('neighbour',), re_='nosubject')

m('sent-3', '94 18:45', 'me', None, '''
(X) 18:00

@sig
''', folder='Sent', to=('school',), re_='school-6')

m('sent-4', '12 19:00', 'me', None, '''
@wrote
@q 2

It is a hat, it is orange, and it fits. The melon was a good melon.

The swans still look at me, you know.

@sig
''', folder='Sent', to=('aunt',), re_='birthday')

m('sent-5', '8 12:30', 'me', 'Re: [#2207] The app greets me with "Ahoy" '
  'at a funeral', '''
Dear vicar,

I am sorry about the "Ahoy". From the next version on there is a quiet
mode, which you find under Settings, Greetings, None.

I am glad that some people laughed. I am told that he would have.

@sig
''', folder='Sent', to=('tracker',), re_='ticket-1')

# ---------------------------------------------------------------- archive

m('arch-1', '398 10:00', 'landlord', 'The flat: welcome, and the boiler',
  '''
Dear Robin,

Welcome to 3 Ropewalk. The boiler needs to be spoken to firmly, then
left alone. The loose stair is the fifth. The window in the kitchen
opens if you lift it first and believe in it.

Rent on the first, please. Bread I bake twice a week; there is always
too much.

@sig
''', folder='Archive', flags='RF')

m('arch-2', '380 09:00', 'hanna', 'Welcome to Tidebox', '''
Dear Robin,

We are glad to have you. On your first day, you will get a desk, a mug
and a harbour. (Everybody looks after one. Yours is Little Oar; it has
an unusual correction, I am sure that will never matter.)

@sig
''', folder='Archive', flags='RA')

m('arch-3', '379 18:00', 'me', None, '''
@wrote
@q 2

Thank you! What happened to the last person who looked after Little Oar?

@sig
''', folder='Sent', to=('hanna',), re_='arch-2')

m('arch-4', '378 08:00', 'hanna', None, '''
@wrote
@q 2

That was Dev. He does not like to talk about it.

@sig
''', folder='Archive', re_='arch-3')

m('arch-5', '365 12:10', 'club', 'Welcome, MARIGOLD', '''
Dear Robin,

Your application for a berth has been heard, discussed, interrupted by
tea, and granted: berth 14, between "Sideboard" and a boat whose owner
nobody has ever seen.

The key to the shed hangs on the hook. It always has.

Saltmere Sailing Club
''', folder='Archive', flags='RF')

m('arch-6', '350 16:00', 'chandler', 'Order KC-198220: thank you!', '''
Order number:  KC-198220

    1  Boat, wooden, small (see photograph)     900.00
    1  Bucket, for the boat                       5.00
    1  Bucket, for the boat                       5.00

We added the second bucket ourselves. You will see why.

Knot & Cleat Chandlery
''', folder='Archive', flags='RF')

m('arch-7', '330 20:00', 'imogen', 'Names for the hens', '''
Four hens, no names. The shortlist so far, from the family:

    Mum      Mrs Pudding
    Dad      Admiral
    Kit      Stormy
    Wren     The New One ("so that she has something to grow into")

If you have no better ideas by tonight, that is it.

@sig
''', folder='Archive')

m('arch-8', '290 07:45', 'school', 'Wren has been made Keeper of the Crabs',
  '''
Dear Robin,

It is our pleasure to tell you that Wren has been elected Keeper of the
Crabs for Class 4, with nineteen votes and one pinch.

@sig
''', folder='Archive', flags='RF')

m('arch-9', '260 11:00', 'bank', 'Your new card is on its way', '''
Dear Robin Merrow,

Your new card, ending 0417, is on its way to you by post. The number to
unlock it comes in a letter of its own, three days later, so that the
two do not meet.

Saltmere Savings Bank
''', folder='Archive')

m('arch-10', '240 13:30', 'dev', 'How to talk to Little Oar', '''
Since you asked, and since Hanna laughed:

  - the gauge reports in feet
  - except after a restart, when it reports in metres
  - it restarts when a cormorant sits on it

I have left you the cormorant statistics in a folder. Good luck.

@sig
''', folder='Archive', flags='RF')

m('arch-11', '220 09:10', 'library', 'A note about the crab books', '''
Borrower 20-1187 and dependants,

We have nine books about crabs. They are all at your house. We are not
cross; we would just like to know how they are.

The Librarian
''', folder='Archive')

m('arch-12', '180 17:00', 'vera', 'Programme for the concert', '''
Dear choir, the programme:

  1. The Tide Comes In          (all; try to come in together)
  2. Three Songs about Herring  (women)
  3. One Song about the Cook    (men, quietly, he will be there)
  4. Interval, biscuits
  5. The Tide Goes Out          (all, walking, mind the step)

@sig
''', folder='Archive')

# ------------------------------------------------------------------- junk

person('fakebank', 'Saltmere S\u0430vings B\u0430nk',
       'security@bank-example.example.com')
m('junk-1', '6 03:12', 'fakebank', 'URGENT!! You\'re account was locked', '''
Dear valued costumer,

Because of a secureity we have locked you're account. To open it please
confirm within 24 hour you're password, you're pin and the name of
you're first pet:

    https://bank.example.com.login.example.net/verify

If you not confirm, all money will be donated to the sea.

Saltmere Savings Bank Security Departement
''', folder='Junk', flags='', extra=['X-Spam-Flag: YES',
                                    'X-Spam-Score: 14.2'])

person('prince', 'Admiral Bartholomew Gold', 'fortune@lucky.example.net')
m('junk-2', '18 02:00', 'prince', 'A chest, a map, and your kind discretion',
  '''
Most Esteemed Friend,

I am the last admiral of a fleet that is no more. In a bay I may not
name there lies a chest. I ask only a small fee for the shovel.

Yours in the utmost secrecy, to you and eleven thousand others,

Admiral B. Gold
''', folder='Junk', flags='R')

person('pills', 'FERRET INSURANCE DIRECT', 'offers@ferret.example.com')
m('junk-3', '9 04:30', 'pills', 'Is YOUR ferret covered?? 🦡🦡🦡',
  folder='Junk', flags='', content=html('''<html><body
bgcolor="yellow"><h1><blink>FERRETS!</blink></h1>
<p>Nine in ten ferrets are <font color="red" size="7">NOT COVERED</font>.
<p>Only <s>99.00</s> <b>1.00</b> for the first month*
<p><a href="https://ferret.example.com/yes">YES</a>
<a href="https://ferret.example.com/yes">ALSO YES</a>
<p><font size="1" color="#eeee00">* a month is four days</font>
<img src="https://ferret.example.com/seen.gif?robin" width=1 height=1>
</body></html>
''', enc='base64'))

m('junk-4', '24 03:33', 'pills', 'RE: RE: RE: your ferret (last warning)',
  '''
We have tried to reach you about your ferret.

We have now also tried to reach your ferret.
''', folder='Junk', flags='R')

person('seo', 'Rank Rocket', 'hello@rocket.example.com')
m('junk-5', '45 05:00', 'seo', 'I was looking at your website "marigold"',
  '''
Hi Marigold,

I was looking at your website and noticed that you do not have one. With
our help it could be number one in only six weeks.

Shall we jump on a quick call, Marigold?
''', folder='Junk', flags='R')

# ------------------------------------------------------------------ trash

m('trash-1', '4 10:00', 'tea', 'How did we do? One question. (It is seven.)',
  '''
How likely are you to recommend Fog Signal to a friend, a colleague, a
stranger on a train, or a horse?

Kettle & Co.
''', folder='Trash')

m('trash-2', '9 22:30', 'neighbour', 'ignore this', '''
sorry, wrong Robin

Otis
''', folder='Trash')

m('trash-3', '33 07:12', 'ci', '''[build] 1702 failed: tidy''', '''
Build 1702 FAILED on branch "tidy"

  configure .......... failed: you tidied away the compiler
''', folder='Trash')

m('trash-4', '61 06:00', 'bakery', 'Yesterday\'s offers', '''
By the time you read this, they have been eaten.

Crumb Bakery
''', folder='Trash')

# ----------------------------------------------------------------- travel

m('trav-1', '21 20:00', 'fr', 'Comment venir au phare', '''
Cher Robin,

Pour venir : le ferry, puis le car jusqu'au bout de la route, puis à
pied, à marée basse, tout droit. À marée haute : attendre, il y a un
banc. Le gardien du banc s'appelle Gaston, c'est un mouton.

N'oublie pas l'échelle.

@sig
''', folder='Travel', cs='windows-1252', enc='quoted-printable',
  subj_mode='q', flags='RF')

m('trav-2', '22 09:30', 'ferry', 'Boarding pass NF-77-OTTER',
  folder='Travel', flags='RF', content=multi('mixed', [
      text('Your boarding pass is attached. Print it, or show it on your '
           'screen.\nThe ladder has a boarding pass of its own.\n\n'
           'Northern Ferries\n'),
      attach('application/pdf', 'boarding-pass.pdf', pdf([
          'NORTHERN FERRIES', 'Boarding pass  NF-77-OTTER', '',
          'Robin Merrow, Wren Merrow, one ladder', '',
          'Gate: the only one'], 'Boarding pass')),
      attach('application/pdf', 'boarding-pass-ladder.pdf', pdf([
          'NORTHERN FERRIES', 'Boarding pass  NF-77-OTTER-L', '',
          'Ladder, long', 'Seat: deck, starboard, lying down'],
          'Boarding pass for a ladder'))], 'boarding'))

m('trav-3', '21 07:00', 'rail', 'Your ticket: Great Wexley to the ferry',
  '''
Booking reference: LK2OAR

    Great Wexley   dep 06:20    platform 4
    Ferry Quay     arr 08:05

    1 adult, 1 child, 1 ladder (guard's van, on its side)

Coast Line Railways
''', folder='Travel')

m('trav-4', '15 11:00', 'kit', 'packing list, since you never make one', '''
    [ ] passports (TWO. remember last time)
    [ ] ladder
    [ ] toothbrushes
    [ ] the book you say you will read
    [ ] the book you will actually read
    [ ] wren

Kit
''', folder='Travel', flags='RF')

m('trav-5', '6 16:40', 'fr', 'Merci pour l’escalier !', '''
Cher Robin, chère Wren,

L'escalier tient ! Les sept marches sont en place, et la huitième, que
vous avez ajoutée « pour le chat », est déjà occupée.

J'ai allumé la lampe hier soir. Trois bateaux ont répondu.

Mille mercis, et revenez vite,
@sig
''', folder='Travel', flags='')

m('trav-6', '57 14:00', 'hotel', 'Rechnung', '''
Sehr geehrter Gast,

für Ihren letzten Aufenthalt:

    2 Nächte im Zimmer "Austernfischer"     142,00 €
    Frühstück für eine Möwe (vom Tisch)       0,00 €
    ------------------------------------------------
    bezahlt, vielen Dank                    142,00 €

Pension Möwe
''', folder='Travel', cs='iso-8859-15', enc='quoted-printable')

m('trav-7', '145 19:00', 'el', 'Το πλοίο φεύγει όποτε φεύγει', '''
Ρόμπιν μου,

Το πλοίο για το νησί φεύγει το πρωί, εκτός αν ο καπετάνιος ψαρεύει. Αν
ψαρεύει, περίμενε στο καφενείο με το γαλάζιο τραπέζι. Θα σου φέρουν
καφέ χωρίς να ρωτήσουν.

Καλλιόπη
''', folder='Travel')

# Robin tidies up now and then.
file_away('Archive', 'club-fee', 'moving-1', 'moving-3', 'recipe',
          'release', 'bank-2', 'berth-1', 'berth-3', 'school-6', 'old',
          'library-2', 'printer-3', 'lunch-rota', 'receipt', 'rail',
          'landlord-1', 'landlord-3', 'oncall', 'oncall-3', 'bike',
          'birds-3', 'schedule')
