#include "net/http.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <dlfcn.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include <glib.h>

#include "base/host.h"
#include "base/i18n.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/url.h"
#include "net/resolve.h"
#include "net/trust.h"

enum { POLL_MS = 250, ADDRESSES_MAX = 8, HTTPS_PORT = 443 };

/* --- the library ---------------------------------------------------------- */

#define FUNCTIONS(X)                                                                               \
	X(curl_global_init)                                                                        \
	X(curl_easy_init)                                                                          \
	X(curl_easy_setopt)                                                                        \
	X(curl_easy_getinfo)                                                                       \
	X(curl_easy_strerror)                                                                      \
	X(curl_easy_cleanup)                                                                       \
	X(curl_slist_append)                                                                       \
	X(curl_slist_free_all)                                                                     \
	X(curl_multi_init)                                                                         \
	X(curl_multi_add_handle)                                                                   \
	X(curl_multi_remove_handle)                                                                \
	X(curl_multi_perform)                                                                      \
	X(curl_multi_poll)                                                                         \
	X(curl_multi_info_read)                                                                    \
	X(curl_multi_cleanup)

/* The header checks the types of options by macros of these names. */
#undef curl_easy_setopt
#undef curl_easy_getinfo

static struct {
	void *library;
#define POINTER(f) __typeof__(f) *f;
	FUNCTIONS(POINTER)
#undef POINTER
} lib;

static bool load_functions(void *library)
{
#define LOAD(f)                                                                                    \
	*(void **)&lib.f = dlsym(library, #f);                                                     \
	if (!lib.f)                                                                                \
		return false;
	FUNCTIONS(LOAD)
#undef LOAD
	return true;
}

/* Once a process; it stays loaded. */
static int load(struct err *err)
{
	static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
	int r = 0;

	pthread_mutex_lock(&lock);
	if (!lib.library) {
		void *library = dlopen("libcurl.so.4", RTLD_NOW | RTLD_LOCAL);

		if (library && load_functions(library) &&
			lib.curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK)
			lib.library = library;
		else
			r = err_set(err, ERR_UNSUPPORTED,
				_("libcurl cannot be loaded, which this needs; install libcurl4."));
	}
	pthread_mutex_unlock(&lock);
	return r;
}

/* --- who may be asked ----------------------------------------------------- */

static bool is_public_4(uint32_t a)
{
	static const struct {
		uint32_t net;
		int bits;
	} closed[] = {
		{ 0x00000000, 8 }, { 0x0A000000, 8 }, { 0x64400000, 10 }, { 0x7F000000, 8 },
		{ 0xA9FE0000, 16 }, { 0xAC100000, 12 }, { 0xC0000000, 24 }, { 0xC0A80000, 16 },
		{ 0xC6120000, 15 }, { 0xE0000000, 4 }, { 0xF0000000, 4 },
	};

	for (size_t i = 0; i < G_N_ELEMENTS(closed); i++)
		if ((a ^ closed[i].net) >> (32 - closed[i].bits) == 0)
			return false;
	return true;
}

static uint32_t word_at(const unsigned char *b)
{
	return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
}

/* Only global unicast (2000::/3), and what carries an IPv4 address is judged by that. */
static bool is_public_6(const struct in6_addr *a)
{
	static const unsigned char nat64[12] = { 0, 0x64, 0xFF, 0x9B };
	const unsigned char *b = a->s6_addr;

	if (IN6_IS_ADDR_V4MAPPED(a) || memcmp(b, nat64, sizeof nat64) == 0)
		return is_public_4(word_at(b + 12));
	if (b[0] == 0x20 && b[1] == 0x02) /* 6to4 */
		return is_public_4(word_at(b + 2));
	return (b[0] & 0xE0) == 0x20;
}

bool http_is_public(const struct sockaddr *a)
{
	if (a->sa_family == AF_INET)
		return is_public_4(ntohl(((const struct sockaddr_in *)(const void *)a)->sin_addr.s_addr));
	return a->sa_family == AF_INET6 &&
	       is_public_6(&((const struct sockaddr_in6 *)(const void *)a)->sin6_addr);
}

/* --- one request ---------------------------------------------------------- */

struct exchange {
	const struct http_request *request;
	CURL *easy;
	CURLM *multi;
	struct curl_slist *headers, *addresses;
	char host[HOST_MAX];
	struct http_answer answer;
	size_t header_bytes;
	bool refused;          /* an address was not public */
	struct err trouble;    /* of a callback */
};

static void exchange_clear(struct exchange *x)
{
	if (x->multi && x->easy)
		lib.curl_multi_remove_handle(x->multi, x->easy);
	if (x->easy)
		lib.curl_easy_cleanup(x->easy);
	if (x->multi)
		lib.curl_multi_cleanup(x->multi);
	if (lib.library) {
		lib.curl_slist_free_all(x->headers);
		lib.curl_slist_free_all(x->addresses);
	}
}

static curl_socket_t open_socket(void *ctx, curlsocktype purpose, struct curl_sockaddr *a)
{
	struct exchange *x = ctx;

	(void)purpose;
	if (!x->request->private_ok && !http_is_public(&a->addr)) {
		x->refused = true;
		return CURL_SOCKET_BAD;
	}
	return socket(a->family, a->socktype | SOCK_CLOEXEC, a->protocol);
}

static CURLcode prepare_tls(CURL *easy, void *ssl_ctx, void *ctx)
{
	struct exchange *x = ctx;

	(void)easy;
	return trust_context(ssl_ctx, x->request->ca_file, &x->trouble) < 0 ? CURLE_SSL_CERTPROBLEM
									    : CURLE_OK;
}

/* The body is only counted; what is too much ends the request, which has done its work by then. */
static size_t take_body(char *data, size_t size, size_t n, void *ctx)
{
	struct exchange *x = ctx;

	(void)data;
	if (size * n > HTTP_ANSWER_MAX - x->answer.bytes) {
		x->answer.bytes = HTTP_ANSWER_MAX;
		x->answer.cut = true;
		return 0;
	}
	x->answer.bytes += size * n;
	return size * n;
}

static size_t take_header(char *data, size_t size, size_t n, void *ctx)
{
	struct exchange *x = ctx;

	(void)data;
	x->header_bytes += size * n;
	return x->header_bytes > HTTP_HEADERS_MAX ? 0 : size * n;
}

static int url_port(const char *url)
{
	const char *authority = url + strlen("https://");
	g_autofree char *s = g_strndup(authority, strcspn(authority, "/?#"));
	const char *host = strrchr(s, '@'), *colon;
	guint64 port;

	host = host ? host + 1 : s;
	colon = *host == '[' ? strstr(host, "]:") : strchr(host, ':');
	if (!colon)
		return HTTPS_PORT;
	colon += *host == '[';
	return g_ascii_string_to_unsigned(colon + 1, 10, 1, 65535, &port, NULL) ? (int)port : HTTPS_PORT;
}

/* "host:port:address,address": so that nobody waits for a name longer than he wants to. */
static int look_up(struct exchange *x, struct err *err)
{
	struct addrinfo *list = NULL;
	int port = url_port(x->request->url), n = 0;
	g_autoptr(GString) line = g_string_new(NULL);
	unsigned char raw[16];

	if (inet_pton(AF_INET, x->host, raw) == 1 || inet_pton(AF_INET6, x->host, raw) == 1)
		return 0;
	if (resolve_host(x->host, port, x->request->cancel, x->request->time_ms, &list, err) < 0)
		return err->code;
	g_string_printf(line, "%s:%d:", x->host, port);
	for (const struct addrinfo *a = list; a && n < ADDRESSES_MAX; a = a->ai_next) {
		char text[INET6_ADDRSTRLEN + 20];

		if (getnameinfo(a->ai_addr, a->ai_addrlen, text, sizeof text, NULL, 0, NI_NUMERICHOST) == 0)
			g_string_append_printf(line, a->ai_family == AF_INET6 ? "%s[%s]" : "%s%s",
				n++ ? "," : "", text);
	}
	freeaddrinfo(list);
	x->addresses = lib.curl_slist_append(NULL, line->str);
	return 0;
}

#define SET(option, value)                                                                         \
	ok &= lib.curl_easy_setopt(x->easy, CURLOPT_##option, (value)) == CURLE_OK

static bool set_request(struct exchange *x)
{
	bool ok = true;

	x->headers = lib.curl_slist_append(NULL, "Expect:");
	SET(URL, x->request->url);
	SET(PROTOCOLS_STR, "https");
	SET(POSTFIELDSIZE, (long)strlen(x->request->form));
	SET(POSTFIELDS, x->request->form);
	SET(HTTPHEADER, x->headers);
	SET(USERAGENT, "tern");
	SET(FOLLOWLOCATION, 0L);
	SET(NETRC, (long)CURL_NETRC_IGNORED);
	SET(PROXY, "");
	SET(NOSIGNAL, 1L);
	SET(TIMEOUT_MS, (long)x->request->time_ms);
	SET(WRITEFUNCTION, take_body);
	SET(WRITEDATA, x);
	SET(HEADERFUNCTION, take_header);
	SET(HEADERDATA, x);
	if (x->addresses)
		SET(RESOLVE, x->addresses);
	return ok;
}

static bool set_trust(struct exchange *x)
{
	bool ok = true;

	SET(OPENSOCKETFUNCTION, open_socket);
	SET(OPENSOCKETDATA, x);
	SET(SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	SET(SSL_VERIFYPEER, 1L);
	SET(SSL_VERIFYHOST, 2L);
	SET(CAINFO, NULL); /* prepare_tls names the authorities */
	SET(CAPATH, NULL);
	SET(SSL_CTX_FUNCTION, prepare_tls); /* fails where libcurl does not use OpenSSL */
	SET(SSL_CTX_DATA, x);
	return ok;
}
#undef SET

static int set_up(struct exchange *x, struct err *err)
{
	if (look_up(x, err) < 0)
		return err->code;
	x->easy = lib.curl_easy_init();
	x->multi = lib.curl_multi_init();
	if (!x->easy || !x->multi || !set_request(x) || !set_trust(x) ||
		lib.curl_multi_add_handle(x->multi, x->easy) != CURLM_OK)
		return err_set(err, ERR_UNSUPPORTED,
			_("This machine's libcurl cannot do what is needed; 7.85 or newer with "
			  "OpenSSL can."));
	return 0;
}

static int wait_for_end(struct exchange *x, struct err *err)
{
	struct cancel *cancel = x->request->cancel;
	struct curl_waitfd extra = { .fd = cancel ? cancel_fd(cancel) : -1, .events = CURL_WAIT_POLLIN };
	int running = 1;

	while (running) {
		if (cancel && cancel_is_set(cancel))
			return err_set(err, ERR_CANCELED, _("Stopped."));
		if (lib.curl_multi_perform(x->multi, &running) != CURLM_OK ||
			(running && lib.curl_multi_poll(x->multi, &extra, cancel ? 1 : 0, POLL_MS, NULL) !=
					    CURLM_OK))
			return err_set(err, ERR_PROTOCOL, _("The request to %s failed."), x->host);
	}
	return 0;
}

/* In words what libcurl told; a big answer was cut by us and is none. */
static int judge(struct exchange *x, CURLcode code, struct err *err)
{
	long verdict = 0, status = 0;

	lib.curl_easy_getinfo(x->easy, CURLINFO_RESPONSE_CODE, &status);
	x->answer.status = (int)status;
	if (code == CURLE_OK || (code == CURLE_WRITE_ERROR && x->answer.cut))
		return 0;
	log_event(LOG_INFO, "http.failed", "s:s, s:i", "host", x->host, "curl", (int)code);
	if (x->trouble.code < 0) {
		*err = x->trouble;
		return err->code;
	}
	switch (code) {
	case CURLE_PEER_FAILED_VERIFICATION:
		lib.curl_easy_getinfo(x->easy, CURLINFO_SSL_VERIFYRESULT, &verdict);
		return trust_refuse(verdict ? verdict : X509_V_ERR_HOSTNAME_MISMATCH, x->host, err);
	case CURLE_OPERATION_TIMEDOUT:
		return err_set(err, ERR_RETRY, _("%s gave no answer in time; try again later."), x->host);
	case CURLE_COULDNT_RESOLVE_HOST:
	case CURLE_COULDNT_CONNECT:
		if (x->refused)
			return err_set(err, ERR_REFUSED,
				_("%s is an address of this computer or of a private network: nothing "
				  "was sent (option unsubscribe-private)."), x->host);
		return err_set(err, ERR_OFFLINE, _("%s cannot be reached."), x->host);
	case CURLE_WRITE_ERROR:
		return err_set(err, ERR_LIMIT, _("The answer of %s has too many headers."), x->host);
	default:
		return err_set(err, ERR_PROTOCOL, _("The request to %s failed: %s."), x->host,
			lib.curl_easy_strerror(code));
	}
}

static int exchange_run(struct exchange *x, struct err *err)
{
	CURLMsg *message;
	int left;

	if (set_up(x, err) < 0 || wait_for_end(x, err) < 0)
		return err->code;
	message = lib.curl_multi_info_read(x->multi, &left);
	if (!message || message->msg != CURLMSG_DONE)
		return err_set(err, ERR_PROTOCOL, _("The request to %s failed."), x->host);
	return judge(x, message->data.result, err);
}

int http_post(const struct http_request *r, struct http_answer *out, struct err *err)
{
	struct http_request request = *r;
	AUTO(exchange_clear) struct exchange x = { .request = &request };

	if (!g_str_has_prefix(r->url, "https://"))
		return err_set(err, ERR_USAGE, _("The address does not begin with https://."));
	if (request.time_ms <= 0)
		request.time_ms = HTTP_TIME_MS;
	url_host(r->url, x.host, sizeof x.host);
	if (load(err) < 0 || exchange_run(&x, err) < 0)
		return err->code;
	*out = x.answer;
	return 0;
}
