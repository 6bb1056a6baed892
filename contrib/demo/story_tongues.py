# story_tongues.py - letters in many languages and character sets
# SPDX-License-Identifier: GPL-3.0-or-later

from build import m, person

person('de', 'Jürgen Großkötter', 'juergen@example.net', 60,
       'Jürgen Großkötter\nMühlenwöhrde 7')
person('de2', 'Käthe Brößlein', 'kaethe@example.com', 60)
person('fr', 'Élodie Françoise Lefèvre-Noël', 'elodie@example.com', 60,
       'Élodie')
person('fr2', 'Benoît Châtelâtre', 'benoit@example.net', 60)
person('es', 'Íñigo Peñaranda', 'inigo@example.net', 60)
person('pl', 'Żaneta Śliwińska-Gęś', 'zaneta@example.org', 60)
person('ru', 'Аглая Приморская', 'aglaya@example.com', 180)
person('ru2', 'Тимофей Маяков', 'timofey@example.net', 180)
person('el', 'Καλλιόπη Θαλασσινού', 'kalliopi@example.org', 120)
person('ar', 'ليلى المرساوي', 'layla@example.com', 180)
person('he', 'נועה ים־סוף', 'noa@example.net', 120)
person('zh', '海燕', 'haiyan@example.com', 480)
person('zh2', '陳小帆', 'xiaofan@example.net', 480)
person('zh3', '周潮生', 'chaosheng@example.org', 480)
person('ja', '荒波みなと', 'minato@example.com', 540)
person('ja2', '浜辺かもめ', 'kamome@example.net', 540)
person('ko', '한바다', 'bada@example.com', 540)
person('hi', 'सागर तटवाल', 'sagar@example.net', 330)
person('th', 'ทะเล ใจดี', 'thale@example.org', 420)
person('vi', 'Trần Hải Âu', 'haiau@example.com', 420)
person('is', 'Þórdís Ægisdóttir', 'thordis@example.net', 0)
person('cs', 'Přemysl Říčný', 'premysl@example.org', 60)
person('tr', 'Işıl Çağlayan-Göğüş', 'isil@example.com', 180)
person('uk', 'Ївга Чайка', 'yivha@example.net', 120)

m('de-1', '17 09:30', 'de', 'Grüße aus dem Trockendock und eine große '
  'Bitte', '''
Moin Robin,

unser Boot liegt seit zwei Wochen im Trockendock, und ich liege meiner
Frau auf der Seele. Der Rumpf ist geschliffen, die Farbe bestellt, der
Kaffee alle.

Nun die Bitte: Du hast doch noch den Rest von dem grünen Lack, den es
nicht mehr gibt? Ein Döschen würde reichen. Ich tausche gegen zwei
Gläser Heidelbeermarmelade und ein Geheimnis.

Schöne Grüße von der Küste, auch an Wren

@sig
''', cs='iso-8859-1', enc='quoted-printable', subj_cs='iso-8859-1',
  subj_mode='q', flags='RA')

m('de-2', '16 18:00', 'me', 'AW: Grüße aus dem Trockendock – und eine '
  'große Bitte', '''
@wrote
@q 3

Lieber Jürgen,

das Döschen geht morgen auf die Reise. Das Geheimnis bitte zuerst.

@sig
''', folder='Sent', to=('de',), re_='de-1')

m('de-3', '15 07:45', 'de', 'AW: Grüße aus dem Trockendock – und eine '
  'große Bitte', '''
@wrote
@q 1-3

Das Geheimnis: Die Marmelade ist von meiner Schwiegermutter. Ich darf
sie gar nicht verschenken. Bitte spülen und die Gläser zurück!

@sig
''', re_='de-2')

m('de-4', '48 12:10', 'de2', 'Die Rechnung: 48,50 € für den Fußball-Fender',
  '''
Sehr geehrter Robin Merrow,

anbei, wie besprochen, die Rechnung für einen Fender in Form eines
Fußballs, Größe 5, mit Öse:

    1 Stück, weiß-grün, seefest          39,50 €
    Versand nach Übersee                  9,00 €
    ---------------------------------------------
    zusammen                             48,50 €

Bitte überweisen Sie den Betrag ohne Eile. Fußbälle verderben nicht.

Mit freundlichen Grüßen
Käthe Brößlein
''', cs='iso-8859-15', enc='8bit', subj_cs='iso-8859-15', subj_mode='q')

m('fr-1', '21 19:05', 'fr', 'Le phare est à vendre ! (et je fais une '
  'bêtise)', '''
Cher Robin,

Tu te souviens du petit phare au bout de la jetée, celui où l'on avait
mangé des huîtres sous la pluie ? Il est à vendre. Il n'a pas l'eau,
pas de chauffage, et l'escalier a perdu sept marches.

Évidemment, je l'achète.

Il me faut maintenant un ami qui sache réparer un escalier en colimaçon
et qui n'ait pas le vertige. Tu connais quelqu'un ? Il serait nourri.
Très bien nourri.

Je t'embrasse bien fort,
@sig
''', cs='utf-8', enc='quoted-printable', flags='RF')

m('fr-2', '80 10:00', 'fr2', 'Bœuf, cœur et œufs : le menu du dîner', '''
Bonjour à tous,

Voici le menu du dîner des anciens :

    œufs cocotte, crème et ciboulette
    bœuf aux carottes, façon grand-mère
    cœurs d'artichaut pour ceux qui n'aiment pas le bœuf
    fromage (12 € par personne, vin compris)

Prévenez-moi si vous venez accompagnés, ou si vous venez seulement pour
le fromage. Il n'y a pas de honte.

Benoît
''', cs='iso-8859-15', enc='quoted-printable', subj_cs='iso-8859-15',
  subj_mode='q')

m('es', '29 14:30', 'es', '¿Vienes a la vendimia? ¡Te guardo unas tijeras!',
  '''
¡Hola, Robin!

Este año la viña viene cargada y el tío Eusebio ya no puede agacharse,
así que buscamos manos. Se empieza al amanecer, se almuerza a las diez,
y después se trabaja cantando. La paga es en vino, en jamón y en
historias del tío, que mejoran cada año.

¿Te animas? Trae sombrero. Las avispas ya preguntan por ti.

Un abrazo muy grande,
Íñigo
''', cs='windows-1252', enc='8bit', subj_cs='windows-1252', subj_mode='q')

m('pl', '34 16:20', 'pl', 'Gęś na pomoście, czyli zażółcona jaźń', '''
Cześć Robin!

Na naszym pomoście zamieszkała gęś. Nie prosiła o pozwolenie. Chodzi za
prezesem klubu krok w krok, a kiedy ktoś próbuje odcumować, syczy jak
czajnik. Regaty przesunięto o tydzień, bo gęś siedziała na linii startu.

Dzieci nazwały ją Pani Komandor. Wczoraj dostała czapkę.

Przyjedź ją zobaczyć, zanim przejmie władzę nad całym jeziorem.

Ściskam,
Żaneta
''', flags='RF')

m('ru-1', '38 09:10', 'ru', 'Маяк, чай и кот смотрителя', '''
Здравствуй, Робин!

Пишу тебе с маяка. Ветер такой, что чайник свистит сам, без огня. Кот
смотрителя, Боцман, спит на судовом журнале, поэтому за вчерашний день
в журнале нет ни одной записи. Так и отметим: "Погода: кот".

Твою открытку с чайкой я повесила у окна. Чайки приходят посмотреть.

Обнимаю,
Аглая
''', cs='koi8-r', enc='8bit', subj_cs='koi8-r', name_cs='koi8-r',
  name_mode='b')

m('ru-2', '56 12:45', 'ru2', 'Список вещей для похода под парусом', '''
Привет!

Проверь, пожалуйста, всё ли я записал:

  1. гитара (без неё не отпустят)
  2. котелок
  3. спички, и ещё одни спички, сухие
  4. карта, на которой нет пятна от варенья
  5. варенье

Отходим с утренней водой. Не опаздывай: повар сердится, а повар у нас
я.

Тимофей
''', cs='windows-1251', enc='base64', subj_cs='windows-1251',
  name_cs='windows-1251', name_mode='b')

m('uk', '82 08:30', 'uk', 'Чайка сіла на щоглу', '''
Добрий день, Робіне!

Сьогодні на нашу щоглу сіла чайка і дві години не хотіла злітати. Ми
обідали, вона дивилася. Ми мили посуд, вона дивилася. Врешті онук дав
їй шматок пирога, і вона пішла, дуже задоволена.

Пиріг був із вишнями. Рецепт надішлю, якщо чайка дозволить.

Ївга
''')

m('el', '42 10:10', 'el', 'Καλημέρα από το νησί – και μια μικρή πρόσκληση',
  '''
Αγαπητέ Ρόμπιν,

Η θάλασσα σήμερα είναι λάδι και ο γάιδαρος του κυρ Στέλιου κοιμάται
στη μέση του λιμανιού. Το καράβι της γραμμής περιμένει να ξυπνήσει.

Ανοίγουμε την ταβέρνα του παππού ξανά: έξι τραπέζια, δώδεκα καρέκλες,
ένα χταπόδι. Σε περιμένουμε στα εγκαίνια. Φέρε και τη Ρεν, της έχουμε
κρατήσει το τραπέζι με θέα στα καβούρια.

Με αγάπη,
Καλλιόπη
''')

m('ar', '47 13:00', 'ar', 'دعوة إلى سباق القوارب الصغيرة', '''
عزيزي روبن،

تحية طيبة من المرفأ القديم. يسعدنا أن ندعوك إلى سباق القوارب الصغيرة
الذي نقيمه كل عام عند الخليج. الجائزة سلة من التين (12 حبة) وكأس من
النحاس صنعه جدي بيده.

القارب الأبطأ يفوز أيضًا بجائزة: يجلس صاحبه إلى جانب جدتي ويستمع إلى
حكاياتها حتى غروب الشمس. صدقني، إنها الجائزة الأفضل.

مع أطيب التحيات،
ليلى
''', flags='RF')

m('he', '49 17:15', 'he', 'החתול של המרינה (ושאלה אחת)', '''
שלום רובין,

החתול של המרינה, שקוראים לו Admiral, החליט לגור בסירה שלי. הוא ישן על
המפה, אוכל את הסרדינים, ומתעורר רק כשאני מפליגה.

שאלה: האם מותר לרשום חתול כאיש צוות? בטופס יש 3 שורות, ובאחת מהן כתוב
"תפקיד". חשבתי לכתוב "מנהל".

להתראות בים,
נועה
''', enc='base64')

m('zh-1', '54 03:20', 'zh', '码头边的茶馆终于开张了', '''
罗宾你好：

告诉你一个好消息，码头边的小茶馆终于开张了！只有五张桌子，
窗外就是渔船。第一天来了十七位客人，其中十六位是亲戚，还有
一位是走错路的邮递员。他喝了三壶茶，把信送到天黑。

给你留了一罐今年的新茶。下次靠岸，记得来坐坐。

海燕
''', cs='gb2312', enc='8bit', subj_cs='gb2312', name_cs='gb2312',
  name_mode='b')

m('zh-2', '70 05:00', 'zh2', '颱風過後，風箏還在屋頂上', '''
羅賓：

颱風已經走了，家裡都平安。只是你送給孩子的那隻海鷗風箏，還卡在
鄰居的屋頂上。鄰居說不必拿下來，因為鴿子看了都不敢來，他的辣椒
今年長得特別好。

所以，能不能再寄一隻來？這次要老鷹。隔壁的隔壁也種了辣椒。

小帆
''', cs='big5', enc='base64', subj_cs='big5', name_cs='big5',
  name_mode='b')

m('zh-3', '101 02:10', 'zh3', '关于潮汐表的一个小问题', '''
您好：

我在用贵公司的潮汐表。本地渔民说，表上的高潮比实际早四分钟。
我在堤上坐了六天，带着怀表和一壶茶，结论是：渔民说得对，而且
我的怀表也慢了四分钟。

请问应该改哪一个？附：堤上的日出很好，㎡ 和 𠮷 字也想请您试试。

周潮生 敬上
''', cs='gb18030', enc='quoted-printable', subj_cs='gb18030',
  name_cs='gb18030', name_mode='b')

m('ja-1', '59 00:40', 'ja', '港の小さな写真展のご案内', '''
ロビン様

お元気ですか。荒波です。

来月、港の古い倉庫で小さな写真展をひらきます。題は「待っている船」
です。二十枚の写真のうち、三枚にあなたの船が写っています。どれも
フェンダーのサッカーボールが主役です。

入場は無料、お茶とせんべいが出ます。猫もいます。

荒波みなと
''', cs='iso-2022-jp', enc='7bit', subj_cs='iso-2022-jp',
  name_cs='iso-2022-jp', name_mode='b')

m('ja-2', '73 06:15', 'ja2', '灯台守の猫が帰ってきました', '''
ロビンさん

灯台守の猫が三週間ぶりに帰ってきました。少し太って、首に知らない
リボンをつけていました。リボンには「ごちそうさまでした」と書いて
ありました。どこのお宅かはわかりません。

とりあえず、こちらからも手紙をつけて出かけさせることにします。

かもめ
''', cs='shift_jis', enc='base64', subj_cs='shift_jis',
  name_cs='shift_jis', name_mode='b')

m('ko', '66 01:30', 'ko', '등대 음악회에 초대합니다', '''
로빈에게,

안녕하세요! 다음 달 보름달이 뜨는 밤에 등대 아래에서 작은 음악회를
엽니다. 바이올린 둘, 첼로 하나, 그리고 파도 소리입니다.

작년에는 갈매기가 독주를 했습니다. 올해는 악보를 미리 주었습니다.

따뜻한 옷을 꼭 챙겨 오세요.

한바다 드림
''', cs='euc-kr', enc='8bit', subj_cs='euc-kr', name_cs='euc-kr',
  name_mode='b')

m('hi', '75 07:20', 'hi', 'नाव का नया नाम चुनना है', '''
प्रिय रॉबिन,

नमस्ते! हमारी नाव की मरम्मत पूरी हो गई है और अब उसे एक नया नाम चाहिए।
दादी कहती हैं "लहर", पिताजी कहते हैं "हवा", और छोटी बहन कहती है
"समोसा"।

अभी तक समोसा आगे चल रहा है। तुम्हारा वोट किसे जाएगा?

तुम्हारा,
सागर
''')

m('th', '85 04:45', 'th', 'ตลาดน้ำตอนเช้ากับเป็ดเจ้าปัญหา', '''
สวัสดีโรบิน

เช้านี้ที่ตลาดน้ำมีเป็ดตัวหนึ่งขึ้นมานั่งบนเรือขนมครกของยาย
มันไม่ยอมลง ลูกค้าคิดว่าเป็นโฆษณา วันนี้เลยขายหมดก่อนแปดโมง

ยายตัดสินใจจ้างเป็ดแล้ว ค่าแรงวันละสองฝา

ทะเล
''')

m('vi', '88 06:00', 'vi', 'Chiếc thuyền thúng và cơn mưa bất ngờ', '''
Chào Robin,

Hôm qua mình chèo thuyền thúng ra ngoài vịnh để câu mực. Trời đang đẹp
bỗng đổ mưa, mực không thấy đâu mà cá thì nhảy thẳng vào thuyền. Mình về
nhà ướt như chuột, nhưng có bữa canh chua ngon nhất năm.

Khi nào bạn sang chơi, nhớ mang theo áo mưa và một cái bụng thật đói.

Thân mến,
Hải Âu
''', enc='quoted-printable')

m('is', '110 12:00', 'is', 'Þokan, lundinn og þvotturinn', '''
Sæll Robin,

Hér er þoka svo þykk að lundarnir ganga heim. Ég hengdi út þvottinn í
gær og hef ekki fundið snúruna síðan.

Kaffið er heitt. Komdu þegar þú sérð húsið.

Þórdís
''', cs='iso-8859-1', enc='8bit', subj_cs='iso-8859-1', subj_mode='q')

m('cs', '130 09:45', 'cs', 'Příliš žluťoučký vor', '''
Ahoj Robine,

postavili jsme vor ze starých dveří. Plave výborně, jen se do něj pořád
klepe. Děda otevřel a byl to kapr.

Příště bereme okna, ať je vidět, kdo jde.

Přemysl
''')

m('tr', '140 08:00', 'tr', 'Işıklı iskele ve İnatçı kedi', '''
Merhaba Robin,

İskeleye yeni ışıklar takıldı, bütün köy izlemeye geldi. Kedi düğmenin
üstüne oturdu ve bir saat boyunca kimse ışığı açamadı. Herkes karanlıkta
çay içti, çok güzel oldu.

Sevgiler,
Işıl
''')
