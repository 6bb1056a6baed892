# story_people.py - who writes in the demo mailbox
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Nobody here exists.  The mailbox belongs to Robin Merrow of Saltmere,
# a small harbour town that is on no map.

from build import person

person('me', 'Robin Merrow', 'robin@example.org', 0,
       'Robin Merrow\n"Marigold", berth 14, Saltmere')
person('tern', 'tern', 'welcome@example.org', 0,
       'tern, a mail client that stays out of the way')

# the sailing club
person('bea', 'Beatrix Holloway', 'bea.holloway@example.org', 0,
       'Bea Holloway, Secretary\nSaltmere Sailing Club (est. by mistake)')
person('tomas', 'Tomas Rindt', 'tomas@example.net', 60)
person('priya', 'Priya Venn', 'priya.venn@example.com', 0,
       'Priya\n"If it floats, it counts."')
person('gus', 'Gus Applegarth', 'gus@example.net', 0,
       'Gus Applegarth, Bosun (retired, allegedly)')
person('nell', 'Nell Osterby', 'nell.osterby@example.org', 0)
person('marco', 'Marco Lindqvist', 'marco@example.com', 60)
person('club', 'Saltmere Sailing Club', 'office@sailing.example.org', 0)

# the family
person('mum', 'Ruth Merrow', 'ruth.merrow@example.net', 0)
person('dad', 'Edwin Merrow', 'edwin.merrow@example.net', 0,
       'E. Merrow\nSent from the big computer upstairs')
person('imogen', 'Imogen Merrow', 'imogen@example.com', 60,
       'Imo x')
person('kit', 'Kit Merrow', 'kit@example.net', -300)
person('aunt', 'Aunt Dorothea', 'dorothea@example.net', 0)
person('wren', 'Wren Merrow 🐦', 'wren@example.org', 0)

# the office: Tidebox makes tide tables for small harbours
person('hanna', 'Hanna Oyelaran', 'hanna@tidebox.example.com', 60,
       'Hanna Oyelaran\nTidebox, tides for small harbours')
person('dev', 'Dev Castellane', 'dev@tidebox.example.com', 0,
       'Dev\n"Works on my mooring."')
person('yusuf', 'Yusuf Brandt', 'yusuf@tidebox.example.com', 60)
person('lotte', 'Lotte Achterberg', 'lotte@tidebox.example.com', 60,
       'Lotte Achterberg | support & sandwiches | Tidebox')
person('ci', 'Tidebox Builds', 'builds@tidebox.example.com', 0)
person('tracker', 'Tidebox Tracker', 'tracker@tidebox.example.com', 0)
person('team', '', 'team@tidebox.example.com')

# the town
person('school', 'Harbour Lane School', 'office@school.example.org', 0,
       'Harbour Lane School\nThe office is open when the flag is up.')
person('teacher', 'Oona Fairweather', 'o.fairweather@school.example.org',
       0, 'Ms O. Fairweather\nClass 4 (the Oystercatchers)')
person('library', 'Saltmere Library', 'loans@library.example.org', 0)
person('bank', 'Saltmere Savings Bank', 'noreply@bank.example.net', 0)
person('dentist', 'Dr. P. Molar & Partners', 'desk@dentist.example.com', 0)
person('landlord', 'Cornelius Pell', 'c.pell@example.com', 0,
       'C. Pell, 3 Ropewalk, ground floor')
person('choir', 'Ropewalk Choir', 'choir@example.org', 0)
person('vera', 'Vera Quillfeather', 'vera@example.org', 0,
       'Vera\nsecond alto, first to the biscuits')
person('neighbour', 'Otis (next door)', 'otis@example.net', 0)
person('vet', 'Saltmere Vets', 'paws@vets.example.org', 0)
person('council', 'Saltmere Town Council', 'post@town.example.org', 0)

# shops and other senders of many letters
person('chandler', 'Knot & Cleat Chandlery', 'orders@chandlery.example.com',
       0)
person('books', 'The Leaning Shelf', 'shop@books.example.com', 0)
person('tea', 'Kettle & Co.', 'hello@tea.example.net', 0)
person('bike', 'Spoke House', 'workshop@bikes.example.com', 0)
person('gazette', 'The Saltmere Gazette', 'letters@gazette.example.com', 0)
person('birds', 'Shorebird Weekly', 'editor@shorebird.example.org', 0)
person('bakery', 'Crumb Bakery 🥐', 'hello@bakery.example.com', 0)
person('rail', 'Coast Line Railways', 'tickets@rail.example.net', 0)
person('ferry', 'Northern Ferries', 'booking@ferry.example.com', 60)
person('hotel', 'Pension Möwe', 'rezeption@pension.example.net', 60)
person('daemon', 'Mail Delivery System', 'mailer-daemon@example.org', 0)

# the two lists
person('aleph', 'Alva Thorncroft', 'alva@example.org', 0,
       'Alva')
person('bruno', 'Bruno Weidenfeld', 'bruno.w@example.net', 60)
person('chiara', 'Chiara Montebruno', 'chiara@example.com', 60,
       'Chiara\n80x24 is a lifestyle')
person('dag', 'Dag Solheim-Vik', 'dag@example.net', 60)
person('esther', 'Esther Nwachuku-Lane', 'esther@example.org', -300,
       'Esther | packager, pedant, pie enthusiast')
person('fumiko', 'Fumiko Aranami', 'fumiko@example.com', 540)
person('gil', 'Gil Redwater', 'gil@example.net', -480)
person('listbot', 'tern-devel digests', 'tern-devel-owner@lists.example.org',
       0)
person('isa', 'Isa Flatwater', 'isa@example.net', 0,
       'Isa, aboard "Sideboard"')
