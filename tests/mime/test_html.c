#include "test_mime.h"

#include <string.h>

#include <glib.h>

#include "mime/body.h"
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
	{ "<blockquote>a<blockquote>b</blockquote></blockquote>", "> a\n> >\n> > b\n" },
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
};

static GString *render(const char *html)
{
	struct html_how how = { 0 };
	struct body_text b;
	struct html_out out;
	GString *text;

	body_text_init(&b);
	out = (struct html_out){ .text = b.text, .spans = b.spans, .links = b.links };
	html_to_text(html, strlen(html), &how, &out);
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

TCase *html_cases(void)
{
	TCase *c = tcase_create("html");

	tcase_set_timeout(c, 60);
	tcase_add_loop_test(c, pages, 0, (int)G_N_ELEMENTS(rows));
	tcase_add_loop_test(c, bombs, 0, 20);
	tcase_add_test(c, giant_tags);
	return c;
}
