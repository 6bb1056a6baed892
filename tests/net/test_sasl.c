/* Logging in without a server: vectors of the RFCs, and servers that cheat. */
#include "net/test_sasl.h"

#include <glib.h>
#include <string.h>

#include "net/sasl.h"

static const struct sasl_who user_pencil = { .user = "user", .secret = "pencil" };

/* Gives the challenge (plain text; NULL: none) and expects this response (plain). */
static int step(struct sasl *s, const char *challenge, const char *want, struct err *err)
{
	g_autofree char *in = NULL, *out = NULL;
	gsize n = 0;
	int r;

	if (challenge)
		in = g_base64_encode((const guchar *)challenge, strlen(challenge));
	r = sasl_step(s, in, in ? strlen(in) : 0, &out, err);
	if (r == 0 && want) {
		g_autofree char *plain = NULL;

		ck_assert_ptr_nonnull(out);
		plain = *out ? (char *)g_base64_decode(out, &n) : g_strdup("");
		ck_assert_uint_eq(n, strlen(want));
		ck_assert_mem_eq(plain, want, n);
	}
	return r;
}

struct vector {
	enum sasl_mechanism mechanism;
	const char *nonce, *first, *server_first, *final, *server_final;
};

static const struct vector vectors[] = {
	/* RFC 5802, section 5 */
	{ SASL_SCRAM_SHA_1, "fyko+d2lbbFgONRv9qkxdawL", "n,,n=user,r=fyko+d2lbbFgONRv9qkxdawL",
		"r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096",
		"c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,"
		"p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=",
		"v=rmF9pqV8S7suAoZWja4dJRkFsKQ=" },
	/* RFC 7677, section 3 */
	{ SASL_SCRAM_SHA_256, "rOprNGfwEbeRWgbNEkqO", "n,,n=user,r=rOprNGfwEbeRWgbNEkqO",
		"r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,"
		"s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",
		"c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,"
		"p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=",
		"v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=" },
};

START_TEST(scram_follows_the_rfcs)
{
	const struct vector *v = &vectors[_i];
	struct sasl *s;
	struct err err;

	sasl_fake_nonce(v->nonce);
	s = sasl_new(v->mechanism, &user_pencil, &err);
	ck_assert_int_eq(step(s, NULL, v->first, &err), 0);
	ck_assert_int_eq(step(s, v->server_first, v->final, &err), 0);
	ck_assert(!sasl_is_last(s));
	ck_assert_int_eq(sasl_accept(s, &err), ERR_TRUST); /* a yes without proof is none */
	ck_assert_int_eq(step(s, v->server_final, "", &err), 0);
	ck_assert(sasl_is_last(s));
	ck_assert_int_eq(sasl_accept(s, &err), 0);
	sasl_free(&s);
	sasl_fake_nonce(NULL);
}
END_TEST

START_TEST(scram_finds_a_wrong_signature)
{
	static const char *const wrong[] = { "v=smF9pqV8S7suAoZWja4dJRkFsKQ=", "v=", "v=AAAA",
		"rmF9pqV8S7suAoZWja4dJRkFsKQ=", "x=1,v=rmF9pqV8S7suAoZWja4dJRkFsKQ=" };
	const struct vector *v = &vectors[0];
	struct sasl *s;
	struct err err;

	sasl_fake_nonce(v->nonce);
	s = sasl_new(v->mechanism, &user_pencil, &err);
	step(s, NULL, NULL, &err);
	step(s, v->server_first, NULL, &err);
	ck_assert_int_eq(step(s, wrong[_i], NULL, &err), ERR_TRUST);
	ck_assert_int_eq(sasl_accept(s, &err), ERR_TRUST);
	sasl_free(&s);
	/* a signature before our proof */
	s = sasl_new(v->mechanism, &user_pencil, &err);
	step(s, NULL, NULL, &err);
	ck_assert_int_ne(step(s, v->server_final, NULL, &err), 0);
	sasl_free(&s);
	sasl_fake_nonce(NULL);
}
END_TEST

START_TEST(scram_refuses_what_is_out_of_bounds)
{
	static const struct {
		const char *first;
		int want;
	} rows[] = {
		{ "r=abcXY,s=QSXCR+Q6sek8bf92,i=4096", 0 },
		{ "r=abcXY,s=QSXCR+Q6sek8bf92,i=4095", ERR_TRUST },
		{ "r=abcXY,s=QSXCR+Q6sek8bf92,i=600001", ERR_LIMIT },
		{ "r=abcXY,s=QSXCR+Q6sek8bf92,i=-1", ERR_PROTOCOL },
		{ "r=abcXY,s=QSXCR+Q6sek8bf92,i=4096x", ERR_PROTOCOL },
		{ "r=abc,s=QSXCR+Q6sek8bf92,i=4096", ERR_PROTOCOL },   /* nothing of its own */
		{ "r=abdXY,s=QSXCR+Q6sek8bf92,i=4096", ERR_PROTOCOL }, /* not our nonce */
		{ "m=x,r=abcXY,s=QSXCR+Q6sek8bf92,i=4096", ERR_PROTOCOL },
		{ "r=abcXY,s=,i=4096", ERR_PROTOCOL },
		{ "", ERR_PROTOCOL },
	};
	struct sasl *s;
	struct err err;

	sasl_fake_nonce("abc");
	for (size_t n = 0; n < G_N_ELEMENTS(rows); n++) {
		s = sasl_new(SASL_SCRAM_SHA_256, &user_pencil, &err);
		step(s, NULL, NULL, &err);
		ck_assert_msg(step(s, rows[n].first, NULL, &err) == rows[n].want, "%s: %s",
			rows[n].first, err.text);
		sasl_free(&s);
	}
	sasl_fake_nonce(NULL);
}
END_TEST

START_TEST(scram_prepares_names)
{
	const struct sasl_who odd = { .user = "a=b,c", .secret = "x" };
	const struct sasl_who soft = { .user = "I\302\255X",
		.secret = "\342\205\250" }; /* RFC 4013 */
	const struct sasl_who bad = { .user = "a\007", .secret = "x" };
	struct sasl *s;
	struct err err;

	sasl_fake_nonce("abc");
	s = sasl_new(SASL_SCRAM_SHA_1, &odd, &err);
	ck_assert_int_eq(step(s, NULL, "n,,n=a=3Db=2Cc,r=abc", &err), 0);
	sasl_free(&s);
	s = sasl_new(SASL_SCRAM_SHA_1, &soft, &err);
	ck_assert_int_eq(step(s, NULL, "n,,n=IX,r=abc", &err), 0);
	sasl_free(&s);
	ck_assert_ptr_null(sasl_new(SASL_SCRAM_SHA_1, &bad, &err));
	ck_assert_int_eq(err.code, ERR_USAGE);
	sasl_fake_nonce(NULL);
}
END_TEST

START_TEST(plain_and_login)
{
	static const char want[] = "\0user\0pencil";
	struct sasl *s;
	struct err err;
	g_autofree char *out = NULL, *plain = NULL;
	gsize n;

	s = sasl_new(SASL_PLAIN, &user_pencil, &err);
	ck_assert(!sasl_is_last(s));
	ck_assert_int_eq(sasl_step(s, NULL, 0, &out, &err), 0);
	plain = (char *)g_base64_decode(out, &n);
	ck_assert_uint_eq(n, sizeof want - 1);
	ck_assert_mem_eq(plain, want, n);
	ck_assert(sasl_is_last(s));
	ck_assert_int_eq(step(s, "more?", NULL, &err), ERR_PROTOCOL);
	sasl_free(&s);

	s = sasl_new(SASL_LOGIN, &user_pencil, &err);
	g_clear_pointer(&out, g_free);
	ck_assert_int_eq(sasl_step(s, NULL, 0, &out, &err), 0);
	ck_assert_ptr_null(out);
	ck_assert_int_eq(step(s, "Username:", "user", &err), 0);
	ck_assert_int_eq(step(s, "Password:", "pencil", &err), 0);
	ck_assert(sasl_is_last(s));
	ck_assert_int_eq(step(s, "Again:", NULL, &err), ERR_PROTOCOL);
	sasl_free(&s);
}
END_TEST

START_TEST(oauth_answers_the_error_challenge)
{
	const struct sasl_who who = { .user = "user@example.com",
		.secret = "vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg==",
		.host = "server.example.com",
		.port = 143 };
	static const char json[] = "{\"status\":\"invalid_token\",\"scope\":\"example_scope\"}";
	struct sasl *s;
	struct err err;

	s = sasl_new(SASL_OAUTHBEARER, &who, &err);
	ck_assert_int_eq(step(s, NULL,
				 "n,a=user@example.com,\001host=server.example.com\001port=143\001"
				 "auth=Bearer vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg==\001\001",
				 &err),
		0);
	ck_assert(!sasl_is_last(s)); /* a refusal comes as a challenge */
	ck_assert_int_eq(step(s, json, "\001", &err), 0);
	ck_assert(sasl_is_last(s));
	ck_assert_str_eq(sasl_reason(s), json);
	sasl_free(&s);

	s = sasl_new(SASL_XOAUTH2, &who, &err);
	ck_assert_int_eq(step(s, NULL,
				 "user=user@example.com\001auth=Bearer "
				 "vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg==\001\001",
				 &err),
		0);
	ck_assert_int_eq(step(s, json, "", &err), 0);
	ck_assert_str_eq(sasl_reason(s), json);
	sasl_free(&s);
}
END_TEST

START_TEST(nonsense_is_refused)
{
	struct sasl *s = sasl_new(SASL_SCRAM_SHA_1, &user_pencil, NULL);
	g_autofree char *long_one = g_strnfill(SASL_CHALLENGE_MAX + 1, 'A'), *out = NULL;
	struct err err;

	step(s, NULL, NULL, &err);
	ck_assert_int_eq(sasl_step(s, long_one, strlen(long_one), &out, &err), ERR_LIMIT);
	ck_assert_int_eq(sasl_step(s, "=", 1, &out, &err), ERR_PROTOCOL);
	ck_assert_int_eq(sasl_step(s, "AAAA", 4, &out, &err), ERR_PROTOCOL); /* NUL inside */
	sasl_free(&s);
}
END_TEST

Suite *sasl_suite(void)
{
	Suite *s = suite_create("sasl");
	TCase *t = tcase_create("sasl");

	tcase_add_loop_test(t, scram_follows_the_rfcs, 0, G_N_ELEMENTS(vectors));
	tcase_add_loop_test(t, scram_finds_a_wrong_signature, 0, 5);
	tcase_add_test(t, scram_refuses_what_is_out_of_bounds);
	tcase_add_test(t, scram_prepares_names);
	tcase_add_test(t, plain_and_login);
	tcase_add_test(t, oauth_answers_the_error_challenge);
	tcase_add_test(t, nonsense_is_refused);
	suite_add_tcase(s, t);
	return s;
}
