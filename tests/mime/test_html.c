#include "test_mime.h"

#include <string.h>

#include <glib.h>

#include "mime/body.h"
#include "mime/document.h"
#include "mime/html.h"

static const struct {
	const char *html, *text;
} rows[] = {
	{ "plain", "plain\n" },
	{ "<p>one</p><p>two</p>", "one\n\ntwo\n" },
	{ "<div>one</div><div>two</div>", "one\ntwo\n" },
	{ "<div>one</div><div><br></div><div>two</div>", "one\n\ntwo\n" },
	{ "a<br>b<br><br><br>c", "a\nb\n\nc\n" },
	{ "  much \n\t space&nbsp;&nbsp;here ", "much space here\n" },
	{ "<b>bold</b><i>joined</i> <u>word</u>", "boldjoined word\n" },
	{ "<h1>Title</h1>text", "Title\n\ntext\n" },
	{ "caf&eacute; &lt;&#8364;&gt; &unknown; &amp;", "caf\u00e9 <\u20ac> &unknown; &\n" },
	{ "<ul><li>a</li><li>b<ul><li>c</li></ul></li></ul>",
		"\u2022 a\n\u2022 b\n  \u2022 c\n" },
	{ "<ol><li>a<li>b</ol>", "1. a\n2. b\n" },
	{ "<blockquote><p>a</p><p>b</p></blockquote>c", "> a\n>\n> b\n\nc\n" },
	{ "<blockquote>a<blockquote>b</blockquote></blockquote>", "> a\n>\n> > b\n" },
	{ "<pre>x  y\n  z</pre>", "x  y\n  z\n" },
	{ "<a href='http://a.b/'>here</a> and <a href='http://c.d/'>there</a>",
		"here [1] and there [2]\n\n[1] http://a.b/\n[2] http://c.d/\n" },
	{ "<a href='http://a.b/'>x</a> <a href='http://a.b/'>y</a>",
		"x [1] y [1]\n\n[1] http://a.b/\n" },
	{ "<a href='http://a.b/'>http://a.b/</a>", "http://a.b/\n" },
	{ "<a href='mailto:a@b'>a@b</a>", "a@b\n" },
	{ "<a href='#top'>top</a><a href='javascript:x()'>js</a>", "topjs\n" },
	{ "<a href='http://a.b/'></a>x", "x\n" },
	{ "<table><tr><td>a</td><td>b</td></tr><tr><td>c</td><td>d</td></tr></table>",
		"a  b\nc  d\n" },
	{ "<img src=x alt='A cat'> <img src=y> <img src=z alt=t width=1 height=1>", "[A cat]\n" },
	{ "<a href='http://a.b/'><img src=x></a>", "[image] [1]\n\n[1] http://a.b/\n" },
	{ "<html><head><title>t</title><style>p{}</style></head><body>x<script>y()</script>z</body>",
		"xz\n" },
	{ "<div style='DISPLAY : none'>secret <span>a</span>b</div>seen", "seen\n" },
	{ "<span style='display:none'><span>x</span>y</span>seen", "seen\n" },
	{ "a<!-- comment <p> -->b<!--[if mso]>c<![endif]-->d", "abd\n" },
	{ "a<!-- never closed <b>b</b>", "ab\n" },
	{ "<p>never <b>closed <i>at all", "never closed at all\n" },
	{ "1 < 2 and 3 > 2", "1 < 2 and 3 > 2\n" },
	{ "a<hr>b", "a\n\u2500\u2500\u2500\u2500\u2500\u2500\u2500\u2500\u2500\u2500\u2500\u2500\u2500\u2500\u2500\u2500\u2500\u2500\u2500\u2500\nb\n" },
	{ "", "" },
	{ "<p>&nbsp;</p>", "" },
	{ "a<blockquote>b</blockquote>c", "a\n\n> b\n\nc\n" },
	{ "<div class=gmail_quote>On Monday A wrote:<blockquote class=gmail_quote>b</blockquote></div>",
		"On Monday A wrote:\n\n> b\n" },
	{ "a<div style='border-left:solid blue 1.5pt;padding:0 0 0 4pt'>b</div>", "a\n> b\n" },
	{ "<ol start=9><li>a<li>b<li value=20>c</ol>", " 9. a\n10. b\n20. c\n" },
	{ "<ol><li>a<ul><li>b</ul><li>c</ol>", "1. a\n   \u2022 b\n2. c\n" },
	{ "<ol type=a><li>a<li>b</ol><ol type=I start=4><li>c<li>d</ol>", "a. a\nb. b\n\nIV. c\nV. d\n" },
	{ "<ol type=A start=26><li>a<li>b</ol><ol type=x><li>c</ol>", "Z. a\nAA. b\n\n1. c\n" },
	{ "<li>a<li>b", "\u2022 a\n\u2022 b\n" },
	{ "<dl><dt>a<dd>b</dl>", "a\n    b\n" },
	{ "--<br>me", "-- \nme\n" },
	{ "5 m<sup>2</sup>, the 1<sup>st</sup>, H<sub>2</sub>O", "5 m^2, the 1st, H2O\n" },
	{ "he said <q>yes</q>", "he said \u201Cyes\u201D\n" },
	{ "x&#150;y &#147;z&#148;", "x\u2013y \u201Cz\u201D\n" },
	{ "a&shy;b&#8203;c&zwnj; &zwnj;&nbsp;&zwnj;&nbsp;d", "abc d\n" },
	{ "\u0645\u06CC&zwnj;\u062E", "\u0645\u06CC\u200C\u062E\n" },
	{ "<pre>\na\tb\n\n\n</pre>c", "a       b\n\nc\n" },
	/* images: words and size; spacers and trackers are gone */
	{ "<img alt=cat width=640 height=200>", "[cat 640x200]\n" },
	{ "<img alt='' width=640 height=200>x", "x\n" },
	{ "<img width=640 height=200>", "[image 640x200]\n" },
	{ "<img width=20 height=20>x", "x\n" },
	{ "<img alt=x width=1 height=1><img alt=y width=0><img alt=z height=3px>w", "w\n" },
	{ "<img title=t>", "[t]\n" },
	{ "<img alt=logo width=150 height=auto>", "[logo]\n" },
	{ "<img src=x width=600><img src=x width=60>y", "[image]y\n" },
	{ "<img src='cid:a'> <img src='cid:b' alt=''> <img src='cid:c' width=16 height=16>", "[image]\n" },
	{ "so <img alt='\U0001F600' width=20 height=20>, \u2192<img alt='\u2192 x'>", "so \U0001F600, \u2192[\u2192 x]\n" },
	{ "<details><summary>a</summary>b</details>c", "a\nb\nc\n" },
	/* entities that nobody closed */
	{ "a|&nbspb", "a| b\n" },
	{ "a&nbsp b &copy 2024 &reg, caf&eacute! &alpha x http://a.b/?x&copy=1&lt;&amp;&", "a b \u00a9 2024 \u00ae, caf\u00e9! "
	  "&alpha x http://a.b/?x&copy=1<&&\n" },
	{ "<map><area href=http://a.b alt=words></map>", "words [1]\n\n[1] http://a.b\n" },
	/* what was appended behind the end of the page */
	{ "<html><body><p>a</p></body></html>\n<br><hr>list footer", "a\n\n"
	  "\u2500\u2500\u2500\u2500\u2500\u2500\u2500\u2500\u2500\u2500\u2500\u2500\u2500\u2500\u2500\u2500\u2500\u2500\u2500\u2500\nlist footer\n" },
	{ "<html><body>a</BODY ></html ><html><body><div>b</div></body></html>c", "a\nb\nc\n" },
	{ "<div>a</bodyguard>b</div>", "ab\n" },
	/* what is hidden stays so */
	{ "<p style='visibility: hidden'>s</p>x", "x\n" },
	{ "<p style='font-size:0'>s</p>x", "x\n" },
	{ "<p style='font-size: 1px; color: red'>s</p>x", "x\n" },
	{ "<p style='font-size:1.2em'>s</p>", "s\n" },
	{ "<p style='opacity:0.0'>s</p>x", "x\n" },
	{ "<p style='opacity:0.5'>s</p>", "s\n" },
	{ "<p style='max-height:0;overflow:hidden'>s</p>x", "x\n" },
	{ "<p style='mso-hide:all'>s</p>x", "x\n" },
	{ "<p style='display:none !important'>s</p>x", "x\n" },
	{ "<p style='color:#fff;background-color:#FFF'>s</p>x", "x\n" },
	{ "<p style='color:#fff;background:#000'>s</p>", "s\n" },
	{ "<p hidden>s</p>x", "x\n" },
	/* by a class; what is for some screens only is not looked at */
	{ "<style>/* { */ body{margin:0} .pre-header, span.p2 { color:red; DISPLAY : none !important }"
	  "@media (max-width:600px){.desk{display:none} .x{display:none}} .a .b{display:none}"
	  ".shown{display:none}.shown{display:block}</style><span class='x pre-header y'>s</span>"
	  "<b class=p2>s</b><i class=desk>a</i><i class=b>b</i><i class=shown>c</i>"
	  "<i class=p2 style='display:inline'>d</i><i class=pre>e</i>", "abcde\n" },
	{ "<style MEDIA='print'>.h{display:none}</style><p class=h>x</p>", "x\n" },
	{ "<style><!-- @import 'x'; .h{display:none} --></style><p class=h>s</p>x", "x\n" },
	{ "<style>.h{display:none</style><p class=h>s</p>x<style>.h{</style><style>}{;@{</style>y", "xy\n" },
	/* a size and a colour pass on to what is inside, until something has its own */
	{ "<table><tr><td style='font-size:0px;padding:10px'><div style='font-size:13px'>seen</div>s</table>",
		"seen\n" },
	{ "<div style='font-size:0'><span style='font:14px/1.2 Arial'>a</span> <span style='font-size:small'>"
	  "b</span><i>s</i></div>x", "a b\nx\n" },
	{ "<div style='font-size:0'><b style='font-size:2em'>s</b></div>x", "x\n" },
	{ "<div style='font-size:0;line-height:0'>&nbsp;</div>x<div style='font-size:1px'>&nbsp;</div>y",
		"x\ny\n" },
	{ "<td style='color:#fff;background:#fff'><font color=black>a</font>s</td>x", "ax\n" },
	{ "a<span style='font-size:0'>s</span>b<span style='font-size:0'>s<u style='font-size:9pt'>c</u></span>",
		"abc\n" },
	{ "<p aria-hidden=true>s</p>", "s\n" },
	{ "<p style='display:none'>all</p>", "The sender hid all of this text:\n\nall\n" },
	{ "<template>s</template><noscript>s</noscript><svg><text>s</text></svg>x", "x\n" },
	{ "<script>if (a<b) '</p>'; <!-- </script>x-->y", "x-->y\n" },
	{ "<style>p{}</style >x<STYLE>y</sTyLe>z", "xz\n" },
	{ "x<script>never closed", "x\n" },
	{ "<title>never closed<p>x", "never closed\n\nx\n" },
	{ "<![if !mso]>a<![endif]><?xml:namespace x ?>b", "ab\n" },
	/* links: what may be opened, by its true target */
	{ "<a href=' java\nscript:x()'>a</a><a href='data:text/html,x'>b</a><a href=vbscript:x>c</a>"
	  "<a href=file:///etc/passwd>d</a><a href=cid:x>e</a><a href=x.html>f</a>",
		"abcdef\n" },
	{ "<a href='//a.b/c'>x</a> <a href=www.d.e>y</a>", "x [1] y [2]\n\n[1] https://a.b/c\n"
		"[2] http://www.d.e\n" },
	{ "<a href='http://a.b/'><table><tr><td>x</table></a> y <a href='http://c.d/'>z</a>",
		"x [1]\ny z [2]\n\n[1] http://a.b/\n[2] http://c.d/\n" },
	{ "<td><a href='http://a.b/'><table><tr><td>x</table></td>y", "x [1]\ny\n\n[1] http://a.b/\n" },
	{ "<base href=http://a.b/c/><a href=../d>x</a>", "x [1]\n\n[1] http://a.b/d\n" },
	{ "<a href='http://a.b/x y\u202Ez'>x</a>", "x [1]\n\n[1] http://a.b/x%20y%E2%80%AEz\n" },
	{ "<a href=http://a.b/>a.b</a> <a href=tel:123>123</a>", "a.b 123\n" },
	/* tables: data in columns, the others flow */
	{ "<table><tr><th>n<th>sum</tr><tr><td>ab<td>1.50</tr><tr><td>c<td>10</tr></table>x",
		"n    sum\n\u2500\u2500  \u2500\u2500\u2500\u2500\nab  1.50\nc     10\n\nx\n" },
	{ "<table border=1><tr><td colspan=2>long title<tr><td>a<td>b<tr><td rowspan=2>c<td>d<tr><td>e"
	  "</table>",
		"long title\na  b\nc  d\n   e\n" },
	{ "<table role=presentation><tr><td>a<td>b<tr><td>c<td><p>d<p>e</table>", "a  b\nc\n\nd\n\ne\n" },
	{ "<table role=presentation><tr><td>a<td>b<tr><td>c<br>1<td>d<br>2</table>", "a  b\nc\n1\nd\n2\n" },
	{ "<table><tr><td><table><tr><td>a<td>b<tr><td>c<td>d</table></table>", "a  b\nc  d\n" },
	{ "<table><tr><th>\u6728<th>b<tr><td>ccc<td>d</table>",
		"\u6728   b\n\u2500\u2500\u2500  \u2500\nccc  d\n" },
	{ "<blockquote><table><tr><th>a<th>b<tr><td>c<td>d</table></blockquote>",
		"> a  b\n> \u2500  \u2500\n> c  d\n" },
	{ "<table><tr><td style='border: 1px solid #ccc'>a<td style='border: 1px solid #ccc'>b<tr><td>c<td>"
	  "a text of more than a hundred and twenty letters, which is the most that a cell of a table holds "
	  "of which nothing says that it is one of data, so that it flows</table>",
		"a  b\nc  a text of more than a hundred and twenty letters, which is the most that a\n"
		"   cell of a table holds of which nothing says that it is one of data, so that\n   it flows\n" },
	/* Word's own lists */
	{ "<p style='mso-list:l0 level2 lfo1'><span style='mso-list:Ignore'>o<span>&nbsp; </span></span>a",
		"  \u2022 a\n" },
	{ "<p style='mso-list:l0 level1 lfo1'><span style='mso-list:Ignore'>1.<span>&nbsp;</span></span>a",
		"1. a\n" },
	{ "<style>p.MsoNormal{margin:0}</style><p class=MsoNormal>a<p class=MsoNormal>&nbsp;"
	  "<p class=MsoNormal>b<p class=MsoNormal>c", "a\n\nb\nc\n" },
};

/* Appends to b, which body_text_init made. */
static void render_into(const char *html, int width, struct body_text *b)
{
	struct html_how how = { .width = width };
	struct html_out out = { .text = b->text, .spans = b->spans, .links = b->links };

	html_to_text(html, strlen(html), &how, &out);
	b->blocked += out.blocked;
	b->wide = b->wide || out.wide;
	b->notes |= out.cut ? BODY_CUT : 0u;
}

static GString *render(const char *html)
{
	struct body_text b;
	GString *text;

	body_text_init(&b);
	render_into(html, 0, &b);
	text = g_steal_pointer(&b.text);
	body_text_clear(&b);
	return text;
}

START_TEST(pages)
{
	g_autoptr(GString) out = render(rows[_i].html);

	ck_assert_str_eq(out->str, rows[_i].text);
}
END_TEST

static char *repeat(const char *s, size_t bytes)
{
	GString *out = g_string_sized_new(bytes + 16);

	while (out->len < bytes)
		g_string_append(out, s);
	return g_string_free(out, FALSE);
}

START_TEST(bombs)
{
	static const char *const seeds[] = { "<div>", "<a", "<a \"", "<a b='", "<b><i>", "</b>",
		"<span></b>", "<table><tr><td>", "<blockquote>", "<ul><li>", "<font size=1>x", "<!--",
		"<a href=x>y", "&amp", "<p ", "<![CDATA[", "<script>", "<form>", "<select><option>",
		"<a b c d e f g h i j k l m n o p q r s t u v w x y z>" };
	g_autofree char *html = repeat(seeds[_i % (int)G_N_ELEMENTS(seeds)], HTML_BODY_MAX);
	g_autofree char *page = g_strconcat("before ", html, NULL);
	gint64 begin = g_get_monotonic_time();
	g_autoptr(GString) out = render(page);

	ck_assert(g_str_has_prefix(out->str, "before"));
	ck_assert(g_utf8_validate(out->str, (gssize)out->len, NULL));
	ck_assert_msg(g_get_monotonic_time() - begin < 20 * G_USEC_PER_SEC, "%s took %ld ms",
		seeds[_i], (long)(g_get_monotonic_time() - begin) / 1000);
}
END_TEST

START_TEST(giant_tags)
{
	g_autofree char *data = repeat("QUFB", HTML_TAG_MAX + 1);
	g_autofree char *attrs = repeat("a ", HTML_ATTRS_MAX * 2 + 2);
	g_autofree char *page = g_strdup_printf("a<img alt='no' src='data:x;%s'>b<p %s>c", data, attrs);
	g_autoptr(GString) out = render(page);

	ck_assert_str_eq(out->str, "abc\n");
}
END_TEST

/* One line a span: kind, value, text. */
static char *spans_of(const struct body_text *b)
{
	GString *out = g_string_new(NULL);

	for (guint i = 0; i < b->spans->len; i++) {
		const struct document_span *s = &g_array_index(b->spans, struct document_span, i);

		g_string_append_printf(out, "%d %d %.*s|", s->kind, s->value, (int)s->len,
			b->text->str + s->at);
	}
	return g_string_free(out, FALSE);
}

static const struct {
	const char *html, *spans;
} span_rows[] = {
	{ "<b>a <i>b</i></b>", "0 0 a b|1 0 b|" },
	{ "<b>a<b>b</b>c</b>", "0 0 abc|" },
	{ "<b>a<div>b</div></b>", "0 0 a|0 0 b|" },
	{ "<u>a</u><del>b</del><ins>c</ins><code>d</code>", "2 0 a|3 0 b|2 0 c|4 0 d|" },
	{ "<span style='font-weight:700;font-style:italic'>a</span>", "0 0 a|1 0 a|" },
	{ "<h2>t</h2>x", "5 2 t|" },
	{ "<ul><li>a<li>b</ul>", "9 2 \u2022 a\n\u2022 b|" },
	{ "<ul><li>a<ul><li>b</ul></ul>", "9 2 \u2022 a|9 4   \u2022 b|" },
	{ "<pre>a\nb</pre>c", "8 0 a\nb|" },
	{ "<a href=http://a.b>x</a>", "6 0 x|11 0 [1]|9 4 [1] http://a.b|11 0 [1] |6 0 http://a.b|" },
	{ "<img alt=x>", "7 0 [x]|" },
	{ "<table><tr><th>a<th>b<tr><td>c<td><i>d</i></table>",
		"8 0 a  b\n\u2500  \u2500\nc  d|0 0 a|0 0 b|1 0 d|" },
	{ "<b> </b>x", "" },
};

START_TEST(spans)
{
	struct body_text b;
	g_autofree char *got = NULL;

	body_text_init(&b);
	render_into(span_rows[_i].html, 80, &b);
	got = spans_of(&b);
	ck_assert_str_eq(got, span_rows[_i].spans);
	body_text_clear(&b);
}
END_TEST

static const struct {
	const char *words, *target;
	bool differs;
} claims[] = {
	{ "click here", "http://a.b/", false },
	{ "http://bank.example/login", "http://evil.example/", true },
	{ "bank.example", "http://bank.example.evil.net/", true },
	{ "bank.example", "http://bank.example@evil.net/", true },
	{ "bank.example", "https://www.bank.example/x?y", false },
	{ "www.bank.example", "https://login.bank.example/", false },
	{ "login.bank.example", "https://bank.example/", true },
	{ "Please go to www.bank.example now.", "http://evil.net/", true },
	{ "BANK.example", "http://bank.EXAMPLE/", false },
	{ "report.pdf", "http://files.example/1", false },
	{ "e.g.", "http://a.b/", false },
	{ "bob@a.example", "mailto:bob@a.example", false },
	{ "bob@a.example", "mailto:eve@b.example", true },
	{ "bob@a.example", "http://a.example/", true },
	{ "http://a.example/x", "mailto:x@b.example", true },
	{ "a.example", "http:\\\\a.example\\x", false },
};

/* A link whose words are an address of somebody else is told (the true target is in the list). */
START_TEST(pretence)
{
	g_autofree char *page = g_strdup_printf("<a href='%s'>%s</a>", claims[_i].target,
		claims[_i].words);
	struct body_text b;
	struct document_link *l;

	body_text_init(&b);
	render_into(page, 80, &b);
	ck_assert_uint_eq(b.links->len, 1);
	l = b.links->pdata[0];
	ck_assert_str_eq(l->target, claims[_i].target);
	ck_assert_str_eq(l->label, claims[_i].words);
	ck_assert_msg(l->differs == claims[_i].differs, "%s -> %s", claims[_i].words,
		claims[_i].target);
	body_text_clear(&b);
}
END_TEST

/* Two pages in one message: numbers go on; a harmless link first does not excuse the second. */
START_TEST(links_go_on)
{
	struct body_text b;

	body_text_init(&b);
	render_into("<a href=http://a.b/>x</a>", 80, &b);
	render_into("<a href=http://evil.net/>more</a> <a href=http://evil.net/>bank.example</a>", 80, &b);
	ck_assert_str_eq(b.text->str, "x [1]\n\n[1] http://a.b/\n"
				      "more [2] bank.example [2]\n\n[2] http://evil.net/\n");
	ck_assert_uint_eq(b.links->len, 2);
	ck_assert(((struct document_link *)b.links->pdata[1])->differs);
	ck_assert_str_eq(((struct document_link *)b.links->pdata[1])->label, "bank.example");
	body_text_clear(&b);
}
END_TEST

/* Nothing is loaded; what would have been is counted. */
START_TEST(loads)
{
	static const struct {
		const char *html;
		int blocked;
	} pages_that_load[] = { { "<img src=http://a.b/c><img src=https://a.b/c width=1>", 2 },
		{ "<img src=cid:x><img src=data:x><img src=local.png>", 0 },
		{ "<body background='//a.b/c'>", 1 },
		{ "<p style='background:url( \"http://a.b/c\")'>", 1 },
		{ "<style>@import url(http://a.b); p { background: URL('https://a.b/c') }</style>", 2 },
		{ "<iframe src=http://a.b></iframe><object data=http://a.b></object>", 2 },
		{ "<link rel=stylesheet href=http://a.b><video src=http://a.b></video>", 2 },
		{ "<a href=http://a.b>x</a>", 0 } };

	for (size_t i = 0; i < G_N_ELEMENTS(pages_that_load); i++) {
		struct body_text b;

		body_text_init(&b);
		render_into(pages_that_load[i].html, 80, &b);
		ck_assert_msg(b.blocked == pages_that_load[i].blocked, "%s: %d",
			pages_that_load[i].html, b.blocked);
		body_text_clear(&b);
	}
}
END_TEST

/* A table that is too wide wraps its cells, and then says each cell behind its heading. */
START_TEST(narrow_tables)
{
	static const char *page = "<table><tr><th>Name<th>Remark<tr><td>Alexander<td>"
				  "a remark of several words</table>";
	struct body_text b;

	body_text_init(&b);
	render_into(page, 80, &b);
	ck_assert(b.wide);
	ck_assert(strstr(b.text->str, "\nAlexander  a remark of several words\n"));
	g_string_truncate(b.text, 0);
	g_array_set_size(b.spans, 0);
	render_into(page, 25, &b);
	ck_assert(strstr(b.text->str, "\nAlexander  a remark of\n           several words\n"));
	g_string_truncate(b.text, 0);
	g_array_set_size(b.spans, 0);
	render_into(page, 12, &b);
	ck_assert_str_eq(b.text->str, "Name: Alexander\nRemark: a remark of several words\n");
	body_text_clear(&b);
}
END_TEST

/* What is nested deeper than the limit is flat, but there. */
START_TEST(deep)
{
	g_autofree char *font = repeat("<font>x ", 8 * HTML_DEPTH_MAX * 3);
	g_autofree char *divs = repeat("<div>", 5 * 200000);
	g_autofree char *page = g_strconcat(divs, "end", NULL);
	g_autoptr(GString) words = render(font), end = render(page);
	int n = 0;

	for (const char *p = words->str; (p = strchr(p, 'x')); p++)
		n++;
	ck_assert_int_ge(n, HTML_DEPTH_MAX * 3);
	ck_assert_str_eq(end->str, "end\n");
}
END_TEST

/* Limits leave things out, they never fail, and no page takes long. */
START_TEST(limits)
{
	static const char *const seeds[] = { "<table><tr><td>", "<table border=1><tr><td>a<td>b</table>",
		"<tr><td>1<td>2", "<td>", "<a href=http://a.b>z</a>", "<b><i><u>x<br>", "<pre>x\t",
		"<blockquote><pre>x\n\n", "<sup>1</sup>", "<p style='a:b;c:d;e:f'>x", "<ol><li>x",
		"<style>url(http:", "<script></scrip>", "<i>x</b>", "&#150;", "\u200C\u00A0", "<" };
	static const char *const before[] = { "", "<table border=1>", "<pre>", "<i><i><i><i><i><i><i>" };

	for (size_t i = 0; i < G_N_ELEMENTS(before); i++) {
		g_autofree char *many = repeat(seeds[_i], HTML_BODY_MAX / 2);
		g_autofree char *page = g_strconcat(before[i], many, NULL);
		struct body_text b;

		body_text_init(&b);
		render_into(page, 80, &b);
		ck_assert(g_utf8_validate(b.text->str, (gssize)b.text->len, NULL));
		ck_assert_uint_le(b.spans->len, HTML_SPANS_MAX);
		ck_assert_uint_le(b.links->len, HTML_LINKS_MAX);
		ck_assert_uint_le(b.text->len, HTML_TEXT_MAX * 2);
		body_text_clear(&b);
	}
}
END_TEST

TCase *html_cases(void)
{
	TCase *c = tcase_create("html");

	tcase_set_timeout(c, 60);
	tcase_add_loop_test(c, pages, 0, (int)G_N_ELEMENTS(rows));
	tcase_add_test(c, giant_tags);
	tcase_add_loop_test(c, spans, 0, (int)G_N_ELEMENTS(span_rows));
	tcase_add_loop_test(c, pretence, 0, (int)G_N_ELEMENTS(claims));
	tcase_add_test(c, links_go_on);
	tcase_add_test(c, loads);
	tcase_add_test(c, narrow_tables);
	tcase_add_test(c, deep);
	return c;
}

/* Pages near the limits; with sanitizers the fuzzer's small ones must do. */
TCase *html_bombs(void)
{
	TCase *c = tcase_create("html bombs");

	tcase_set_tags(c, "slow");
	tcase_set_timeout(c, 120);
	tcase_add_loop_test(c, bombs, 0, 20);
	tcase_add_loop_test(c, limits, 0, 17);
	return c;
}
