/* HTTP against a local server with bad manners. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <arpa/inet.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include "../../plugin/io/http_impl.h"
#include "../servers/server.h"
#include "kta/alloc.h"
#include "kta/clock.h"
#include "kta/fs.h"
#include "kta/http.h"
#include "kta/interrupt.h"
#include "kta/json.h"
#include "kta/limits.h"

static struct test_server plain;
static struct kta_http *http;

static struct kta_http *connect_to(const char *base, const struct kta_tls *tls)
{
    const char *const headers[] = {"X-One: 1", "Authorization: Bearer secret", NULL};
    struct kta_http_config config = {.base = base, .headers = headers};
    struct kta_http *h = NULL;
    struct kta_err err = KTA_ERR_INIT;
    if (tls)
        config.tls = *tls;
    if (kta_http_new(&config, &h, &err) < 0)
        fail_msg("%s", err.msg);
    return h;
}

static void run(struct kta_http *h, struct kta_http_req *r)
{
    struct kta_err err = KTA_ERR_INIT;
    assert_int_equal(kta_http_run(h, r, 1, &err), 0);
}

static void fails(struct kta_http *h, struct kta_http_req *r, enum kta_code code, const char *word)
{
    run(h, r);
    if (!r->failed || r->err.code != code ||
        (!strstr(r->err.msg, word) && !strstr(r->err.hint, word)))
        fail_msg("%s: failed %d, code %d, '%s' (wanted '%s')", r->path, r->failed, (int)r->err.code,
                 r->err.msg, word);
    kta_http_req_release(r);
}

static void test_request(void **state)
{
    const char *const more[] = {"X-Two: 2", NULL};
    struct kta_http_req r = {.method = "PATCH",
                             .path = "/echo?a=%20b",
                             .body = "{\"x\":1}",
                             .body_len = 7,
                             .content_type = "application/merge-patch+json",
                             .headers = more};
    kta_auto_json struct kta_json *v = NULL;
    struct kta_err err = KTA_ERR_INIT;
    (void)state;
    run(http, &r);
    assert_false(r.failed);
    assert_int_equal(r.status, 200);
    assert_string_equal(r.content_type_in, "application/json");
    assert_int_equal(kta_json_parse(r.answer.s, r.answer.len, &v, &err), 0);
    assert_string_equal(kta_json_str(v, "method"), "PATCH");
    assert_string_equal(kta_json_str(v, "path"), "/echo?a=%20b");
    assert_string_equal(kta_json_str(v, "body"), "{\"x\":1}");
    assert_string_equal(kta_json_text(kta_json_get(kta_json_get(v, "headers"), "content-type")),
                        "application/merge-patch+json");
    assert_string_equal(kta_json_text(kta_json_get(kta_json_get(v, "headers"), "x-two")), "2");
    assert_string_equal(kta_json_text(kta_json_get(kta_json_get(v, "headers"), "x-one")), "1");
    assert_string_equal(kta_json_text(kta_json_get(kta_json_get(v, "headers"), "authorization")),
                        "Bearer secret");
    kta_http_req_release(&r);
}

static void test_headers_are_replaced(void **state)
{
    struct kta_http_req r = {.path = "/echo"};
    (void)state;
    kta_http_header(http, "x-one", "new\r\nX-Evil: 1");
    run(http, &r);
    assert_non_null(strstr(r.answer.s, "\"x-one\": \"new\""));
    assert_null(strstr(r.answer.s, "evil"));
    kta_http_req_release(&r);
    kta_http_header(http, "X-One", NULL);
    r = (struct kta_http_req){.path = "/echo"};
    run(http, &r);
    assert_null(strstr(r.answer.s, "x-one"));
    kta_http_req_release(&r);
}

static void test_retry_after(void **state)
{
    static const struct {
        const char *value;
        int64_t ms;
    } rows[] = {{"7", 7000},
                {"0.5", 500},
                {"-3", 0},
                {"nan", 0},
                {"1e300", 86400000},
                {"Wed,%2021%20Oct%202015%2007:28:00%20GMT", 0},
                {"Fri,%2031%20Dec%202100%2023:59:59%20GMT", 86400000},
                {"soon", -1}};
    (void)state;
    for (size_t i = 0; i < KTA_LEN(rows); i++) {
        kta_auto_free char *path = kta_asprintf("/status/503?retry=%s", rows[i].value);
        struct kta_http_req r = {.path = path};
        run(http, &r);
        if (r.retry_after_ms != rows[i].ms)
            fail_msg("%s: %lld ms", rows[i].value, (long long)r.retry_after_ms);
        kta_http_req_release(&r);
    }
}

static void test_status_is_no_failure(void **state)
{
    struct kta_http_req r = {.path = "/status/429?retry=7"};
    (void)state;
    run(http, &r);
    assert_false(r.failed);
    assert_int_equal(r.status, 429);
    assert_int_equal(r.retry_after_ms, 7000);
    assert_non_null(strstr(r.answer.s, "said so"));
    kta_http_req_release(&r);
    r = (struct kta_http_req){.path = "/redirect"};
    run(http, &r);
    assert_int_equal(r.status, 302);
    assert_int_equal(r.retry_after_ms, -1);
    kta_http_req_release(&r);
    r = (struct kta_http_req){.method = "HEAD", .path = "/big/1000"};
    run(http, &r);
    assert_int_equal(r.status, 200);
    assert_int_equal(r.answer.len, 0);
    kta_http_req_release(&r);
}

static void test_many_at_once(void **state)
{
    struct kta_http_req r[40] = {0};
    struct kta_err err = KTA_ERR_INIT;
    int64_t start = kta_now_ms();
    (void)state;
    for (int i = 0; i < 40; i++)
        r[i].path = i % 10 == 3 ? "/status/404" : "/slow/300";
    assert_int_equal(kta_http_run(http, r, 40, &err), 0);
    for (int i = 0; i < 40; i++) {
        assert_false(r[i].failed);
        assert_int_equal(r[i].status, i % 10 == 3 ? 404 : 200);
        kta_http_req_release(&r[i]);
    }
    assert_true(kta_now_ms() - start < 9000);
}

struct pieces {
    int n, stop_at;
    size_t bytes;
};

static bool take(void *ctx, const char *p, size_t n)
{
    struct pieces *t = ctx;
    (void)p;
    t->bytes += n;
    return ++t->n != t->stop_at;
}

/* The paths of those that ended, in the order in which they did. */
static void note_end(struct kta_http_req *r)
{
    kta_str_addf(r->ctx, "%s%s ", r->path, r->failed ? "!" : "");
    kta_http_req_release(r);
}

static void test_each_is_told_as_it_ends(void **state)
{
    kta_auto_str struct kta_str ended = KTA_STR_INIT;
    struct kta_err err = KTA_ERR_INIT;
    struct kta_http_req r[] = {{.path = "/slow/500"}, {.path = "/drop"}};
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        r[i].on_end = note_end;
        r[i].ctx = &ended;
    }
    assert_int_equal(kta_http_run(http, r, 2, &err), 0);
    assert_string_equal(ended.s, "/drop! /slow/500 ");
}

/* The first answer leads to another request, which is done before the slow one beside it. */
static void ask_more(struct kta_http_req *r)
{
    struct kta_str *ended = r->ctx;
    struct kta_http_req more[] = {{.path = "/status/404", .on_end = note_end, .ctx = ended},
                                  {.path = "/drop", .on_end = note_end, .ctx = ended}};
    struct kta_err err = KTA_ERR_INIT;
    note_end(r);
    assert_int_equal(kta_http_run(http, more, 2, &err), 0);
    kta_str_add(ended, "(both) ");
}

static void test_an_answer_leads_to_more(void **state)
{
    kta_auto_str struct kta_str ended = KTA_STR_INIT;
    struct kta_err err = KTA_ERR_INIT;
    struct kta_http_req r[KTA_HTTP_PARALLEL + 2] = {0};
    (void)state;
    for (size_t i = 0; i < sizeof r / sizeof r[0]; i++)
        r[i] = (struct kta_http_req){.path = "/slow/700", .on_end = note_end, .ctx = &ended};
    r[3].path = "/status/200";
    r[3].on_end = ask_more;
    assert_int_equal(kta_http_run(http, r, sizeof r / sizeof r[0], &err), 0);
    const char *both = strstr(ended.s, "(both) "), *slow = strstr(ended.s, "/slow/700");
    assert_int_equal(strncmp(ended.s, "/status/200 ", 12), 0);
    assert_non_null(strstr(ended.s, "/drop!"));
    assert_non_null(both);
    assert_true(both < slow);
    for (size_t i = 0; i < sizeof r / sizeof r[0]; i++)
        assert_int_equal(r[i].status, 200);
}

static void test_streaming(void **state)
{
    struct pieces t = {0};
    struct kta_http_req r = {
        .path = "/drip/5/30", .on_body = take, .ctx = &t, .timeout_ms = -1, .idle_ms = 2000};
    (void)state;
    run(http, &r);
    assert_false(r.failed);
    assert_int_equal(t.bytes, 20);
    assert_true(t.n >= 3);
    assert_int_equal(r.answer.len, 0);
    kta_http_req_release(&r);
    /* ended by the callback: no error */
    t = (struct pieces){.stop_at = 2};
    r = (struct kta_http_req){.path = "/drip/100/30", .on_body = take, .ctx = &t, .timeout_ms = -1};
    run(http, &r);
    assert_false(r.failed);
    assert_int_equal(t.n, 2);
    kta_http_req_release(&r);
    /* an error's body is collected */
    t = (struct pieces){0};
    r = (struct kta_http_req){.path = "/status/500", .on_body = take, .ctx = &t};
    run(http, &r);
    assert_int_equal(t.n, 0);
    assert_non_null(strstr(r.answer.s, "said so"));
    kta_http_req_release(&r);
}

static void test_failures(void **state)
{
    (void)state;
    fails(http, &(struct kta_http_req){.path = "/big/5000", .max_body = 4096}, KTA_E_LIMIT,
          "larger than 4 KiB");
    fails(http, &(struct kta_http_req){.path = "/slow/5000", .timeout_ms = 200}, KTA_E_TIMEOUT,
          "within 0.2 s");
    fails(http,
          &(struct kta_http_req){.path = "/slow/5000", .timeout_ms = -1, .first_byte_ms = 150},
          KTA_E_TIMEOUT, "no answer within 0.15 s");
    fails(http, &(struct kta_http_req){.path = "/stall", .timeout_ms = -1, .idle_ms = 150},
          KTA_E_TIMEOUT, "stalled");
    fails(http, &(struct kta_http_req){.path = "/cut"}, KTA_E_CLUSTER, "broke off");
    fails(http, &(struct kta_http_req){.path = "/drop"}, KTA_E_CLUSTER, "without an answer");
    fails(http, &(struct kta_http_req){.path = "/garbage"}, KTA_E_CLUSTER, "not HTTP");
}

static void test_nobody_there(void **state)
{
    struct kta_http *h = connect_to("http://127.0.0.1:1", NULL);
    (void)state;
    fails(h, &(struct kta_http_req){.path = "/"}, KTA_E_CLUSTER, "Connection refused");
    kta_http_free(h);
    h = connect_to("http://no-such-host.invalid", NULL);
    fails(h, &(struct kta_http_req){.path = "/"}, KTA_E_CLUSTER, "could not be resolved");
    kta_http_free(h);
}

/* A listener whose queue is full: who comes then gets no answer, and no refusal. */
static int full_listener(int *ret_port, int queued[], size_t n)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof at;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof at), 0);
    assert_int_equal(listen(fd, 0), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &len), 0);
    for (size_t i = 0; i < n; i++) {
        queued[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        (void)connect(queued[i], (struct sockaddr *)&at, sizeof at);
    }
    *ret_port = ntohs(at.sin_port);
    return fd;
}

/* The connection has a deadline of its own, however long the answer may take. */
static void test_connect_timeout(void **state)
{
    int queued[4], port, fd = full_listener(&port, queued, KTA_LEN(queued));
    kta_auto_free char *base = kta_asprintf("http://127.0.0.1:%d", port);
    struct kta_http_config config = {.base = base, .connect_ms = 150};
    struct kta_http *h = NULL;
    struct kta_err err = KTA_ERR_INIT;
    (void)state;
    assert_int_equal(kta_http_new(&config, &h, &err), 0);
    fails(h, &(struct kta_http_req){.path = "/", .timeout_ms = 8000, .first_byte_ms = 9000},
          KTA_E_TIMEOUT, "no connection within 0.15 s");
    kta_http_free(h);
    for (size_t i = 0; i < KTA_LEN(queued); i++)
        close(queued[i]);
    close(fd);
}

/* A proxy comes from the kubeconfig ("" is none) or from the environment; this machine needs none.
 */
static void test_proxies(void **state)
{
    static const char far[] = "http://no-such-host.invalid", near[] = "http://127.0.0.1:%d";
    static const struct {
        const char *given, *variable, *no_proxy, *base;
        const char *path; /* as the proxy sees it, or the server; NULL: word */
        const char *word; /* of the failure */
    } rows[] = {
        {near, NULL, NULL, far, "http://no-such-host.invalid/echo", NULL},
        {NULL, "http_proxy", NULL, far, "http://no-such-host.invalid/echo", NULL},
        {NULL, "HTTP_PROXY", NULL, far, "http://no-such-host.invalid/echo", NULL},
        {NULL, "ALL_PROXY", NULL, far, "http://no-such-host.invalid/echo", NULL},
        {NULL, "HTTPS_PROXY", NULL, "https://no-such-host.invalid", NULL, "proxy"},
        {NULL, "HTTPS_PROXY", NULL, far, NULL, "could not be resolved"},
        {NULL, "http_proxy", "no-such-host.invalid", far, NULL, "could not be resolved"},
        {"", "http_proxy", NULL, far, NULL, "could not be resolved"},
        {NULL, "http_proxy", NULL, near, "/echo", NULL},
    };
    static const char *const names[] = {"http_proxy", "HTTP_PROXY", "HTTPS_PROXY", "https_proxy",
                                        "ALL_PROXY",  "all_proxy",  "NO_PROXY",    "no_proxy"};
    kta_auto_free char *here = kta_asprintf("http://127.0.0.1:%d", plain.port);
    (void)state;
    for (size_t i = 0; i < KTA_LEN(rows); i++) {
        struct kta_http_config config = {.base = rows[i].base == near ? here : rows[i].base,
                                         .proxy = rows[i].given == near ? here : rows[i].given};
        struct kta_http_req r = {.path = "/echo"};
        struct kta_http *h = NULL;
        struct kta_err err = KTA_ERR_INIT;
        kta_auto_json struct kta_json *said = NULL;
        for (size_t k = 0; k < KTA_LEN(names); k++)
            unsetenv(names[k]);
        if (rows[i].variable)
            setenv(rows[i].variable, here, 1);
        if (rows[i].no_proxy)
            setenv("NO_PROXY", rows[i].no_proxy, 1);
        assert_int_equal(kta_http_new(&config, &h, &err), 0);
        if (rows[i].word) {
            run(h, &r);
            if (!r.failed || !strstr(r.err.msg, rows[i].word))
                fail_msg("row %zu: %s", i, r.err.msg);
        } else {
            run(h, &r);
            assert_int_equal(kta_json_parse(r.answer.s, r.answer.len, &said, &err), 0);
            assert_string_equal(kta_json_str(said, "path"), rows[i].path);
        }
        kta_http_req_release(&r);
        kta_http_free(h);
    }
    for (size_t k = 0; k < KTA_LEN(names); k++)
        unsetenv(names[k]);
}

static CURLMcode take_nothing(CURLM *multi, CURL *easy)
{
    (void)multi;
    (void)easy;
    return CURLM_INTERNAL_ERROR;
}

static struct curl_slist *append_nothing(struct curl_slist *list, const char *line)
{
    (void)list;
    (void)line;
    return NULL;
}

/* What libcurl does not take is a failure of its request, at once; a header that is lost for want
 * of memory would make another request of it: that ends the program. */
static void test_libcurl_refuses(void **state)
{
    struct http_curl good = http_curl;
    int status;
    (void)state;
    http_curl.curl_multi_add_handle = take_nothing;
    fails(http, &(struct kta_http_req){.path = "/echo"}, KTA_E_FAIL, "does not take the request");
    http_curl = good;
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        http_curl.curl_slist_append = append_nothing;
        close(STDERR_FILENO);
        run(http, &(struct kta_http_req){.path = "/echo"});
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 1);
}

static void test_wrong_address(void **state)
{
    static const char *const rows[] = {"", "ftp://x", "nonsense://", "https://", "file:///etc/x"};
    (void)state;
    for (size_t i = 0; i < KTA_LEN(rows); i++) {
        struct kta_http_config config = {.base = rows[i]};
        struct kta_http *h = NULL;
        struct kta_err err = KTA_ERR_INIT;
        assert_int_equal(kta_http_new(&config, &h, &err), -1);
        assert_int_equal(err.code, KTA_E_USAGE);
        assert_null(h);
    }
}

static void test_prefix_and_escape(void **state)
{
    kta_auto_free char *base = kta_asprintf("http://127.0.0.1:%d/a/b/", plain.port);
    struct kta_http *h = connect_to(base, NULL);
    struct kta_http_req r = {.path = "/../x"};
    kta_auto_str struct kta_str out = KTA_STR_INIT;
    (void)state;
    run(h, &r);
    assert_int_equal(r.status, 404);
    kta_http_req_release(&r);
    kta_http_free(h);
    kta_url_escape("a b/c=é~", &out);
    assert_string_equal(out.s, "a%20b%2Fc%3D%C3%A9~");
}

static void test_interrupt(void **state)
{
    struct kta_http_req r[2] = {{.path = "/slow/5000"}, {.path = "/slow/5000"}};
    struct kta_err err = KTA_ERR_INIT;
    int64_t start = kta_now_ms();
    pid_t child;
    (void)state;
    kta_interrupt_install();
    child = fork();
    if (child == 0) {
        usleep(150000);
        kill(getppid(), SIGINT);
        _exit(0);
    }
    assert_int_equal(kta_http_run(http, r, 2, &err), -1);
    assert_int_equal(err.code, KTA_E_INTERRUPTED);
    assert_true(r[0].failed && r[1].failed);
    assert_true(kta_now_ms() - start < 4500);
    waitpid(child, NULL, 0);
    kta_interrupt_clear();
    kta_http_req_release(&r[0]);
    kta_http_req_release(&r[1]);
}

/* ---- TLS: an authority, a server and a client, made by the openssl command ---- */

static char dir[] = "/tmp/kta-test-http-XXXXXX";

static char *pem(const char *name)
{
    kta_auto_free char *path = kta_fs_join(dir, name);
    struct kta_str s = KTA_STR_INIT;
    struct kta_err err = KTA_ERR_INIT;
    if (kta_fs_read(path, 1 << 20, &s, &err) < 0)
        fail_msg("%s (is openssl installed?)", err.msg);
    return kta_str_detach(&s);
}

static void make_certificates(void)
{
    static const char script[] =
        "cd \"$0\" && exec 2>log\n"
        "key() { openssl ecparam -name prime256v1 -genkey -noout -out $1.key; }\n"
        "for n in ca other server old client; do key $n; done\n"
        "for n in ca other; do openssl req -x509 -new -key $n.key -subj /CN=$n -days 2 -out $n.pem;"
        " done\n"
        "sign() { openssl req -new -key $1.key -subj /CN=$1 | openssl x509 -req -CA ca.pem"
        " -CAkey ca.key -CAcreateserial -days $2 -extfile $1.ext -out $1.pem; }\n"
        "echo subjectAltName=DNS:kube.test,IP:127.0.0.1 >server.ext; cp server.ext old.ext\n"
        "echo extendedKeyUsage=clientAuth >client.ext\n"
        "sign server 2; sign old -1; sign client 2\n";
    const char *const argv[] = {"sh", "-c", script, dir, NULL};
    pid_t pid;
    if (posix_spawnp(&pid, "sh", NULL, NULL, (char *const *)(void *)(size_t)argv, environ) == 0)
        waitpid(pid, NULL, 0);
}

static void start_tls(struct test_server *s, const char *cert, bool client, char **ret_base)
{
    kta_auto_free char *crt = kta_asprintf("%s/%s.pem", dir, cert);
    kta_auto_free char *key = kta_asprintf("%s/%s.key", dir, cert);
    kta_auto_free char *ca = kta_asprintf("%s/ca.pem", dir);
    const char *const argv[] = {"python3", "tests/servers/http_server.py", "--tls", crt,
                                key,       client ? "--client-ca" : NULL,  ca,      NULL};
    assert_int_equal(test_server_start(s, argv), 0);
    *ret_base = kta_asprintf("https://127.0.0.1:%d", s->port);
}

static void tls_fails(const char *base, const struct kta_tls *tls, const char *word)
{
    struct kta_http *h = connect_to(base, tls);
    fails(h, &(struct kta_http_req){.path = "/echo"}, KTA_E_AUTH, word);
    kta_http_free(h);
}

static void tls_needs_certificate(const char *base, const struct kta_tls *tls)
{
    struct kta_http *h = connect_to(base, tls);
    struct kta_http_req r = {.path = "/echo"};
    run(h, &r);
    assert_true(r.failed);
    if (!strstr(r.err.msg, "client certificate") && !strstr(r.err.hint, "client certificate"))
        fail_msg("%s", r.err.msg);
    kta_http_req_release(&r);
    kta_http_free(h);
}

static void tls_works(const char *base, const struct kta_tls *tls, const char *word)
{
    struct kta_http *h = connect_to(base, tls);
    struct kta_http_req r = {.path = "/echo"};
    run(h, &r);
    if (r.failed || r.status != 200)
        fail_msg("%s", r.err.msg);
    assert_non_null(strstr(r.answer.s, word));
    kta_http_req_release(&r);
    kta_http_free(h);
}

static void test_tls(void **state)
{
    struct test_server s, old, strict;
    kta_auto_free char *base = NULL, *old_base = NULL, *strict_base = NULL, *host = NULL;
    kta_auto_free char *by_name = NULL;
    kta_auto_free char *ca = NULL, *other = NULL, *cert = NULL, *key = NULL;
    (void)state;
    assert_non_null(mkdtemp(dir));
    make_certificates();
    ca = pem("ca.pem"), other = pem("other.pem"), cert = pem("client.pem"), key = pem("client.key");
    start_tls(&s, "server", false, &base);
    start_tls(&old, "old", false, &old_base);
    start_tls(&strict, "server", true, &strict_base);
    by_name = kta_asprintf("https://localhost:%d", s.port);
    host = kta_asprintf("\"host\": \"localhost:%d\"", s.port);

    tls_works(base, &(struct kta_tls){.ca_pem = ca}, "GET");
    tls_works(base, &(struct kta_tls){.insecure = true}, "GET");
    tls_works(by_name, &(struct kta_tls){.ca_pem = ca, .server_name = "kube.test"}, host);
    tls_works(strict_base, &(struct kta_tls){.ca_pem = ca, .cert_pem = cert, .key_pem = key},
              "GET");
    tls_fails(base, &(struct kta_tls){0}, "unknown authority");
    tls_fails(base, &(struct kta_tls){.ca_pem = other}, "unknown authority");
    tls_fails(base, &(struct kta_tls){.ca_pem = "nonsense"}, "authority");
    tls_fails(base, &(struct kta_tls){.ca_pem = ca, .server_name = "wrong.test"}, "another host");
    tls_fails(by_name, &(struct kta_tls){.ca_pem = ca}, "another host");
    tls_fails(old_base, &(struct kta_tls){.ca_pem = ca}, "expired");
    /* the alert may come, or the connection may be gone before it is read */
    tls_needs_certificate(strict_base, &(struct kta_tls){.ca_pem = ca});
    tls_fails(base, &(struct kta_tls){.ca_pem = ca, .cert_pem = cert, .key_pem = "x"},
              "client certificate");
    free(KTA_STEAL(base));
    base = kta_asprintf("https://127.0.0.1:%d", plain.port);
    tls_fails(base, &(struct kta_tls){.ca_pem = ca}, "does not speak TLS");
    test_server_stop(&s);
    test_server_stop(&old);
    test_server_stop(&strict);
}

static int begin(void **state)
{
    const char *const argv[] = {"python3", "tests/servers/http_server.py", NULL};
    kta_auto_free char *base = NULL;
    (void)state;
    signal(SIGPIPE, SIG_IGN);
    if (test_server_start(&plain, argv) < 0)
        return -1;
    base = kta_asprintf("http://127.0.0.1:%d", plain.port);
    http = connect_to(base, NULL);
    return 0;
}

static int end(void **state)
{
    static const char *const argv[] = {"rm", "-rf", dir, NULL};
    pid_t pid;
    (void)state;
    kta_http_free(http);
    test_server_stop(&plain);
    if (posix_spawnp(&pid, "rm", NULL, NULL, (char *const *)(void *)(size_t)argv, environ) == 0)
        waitpid(pid, NULL, 0);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_request),
        cmocka_unit_test(test_headers_are_replaced),
        cmocka_unit_test(test_retry_after),
        cmocka_unit_test(test_status_is_no_failure),
        cmocka_unit_test(test_many_at_once),
        cmocka_unit_test(test_each_is_told_as_it_ends),
        cmocka_unit_test(test_an_answer_leads_to_more),
        cmocka_unit_test(test_streaming),
        cmocka_unit_test(test_failures),
        cmocka_unit_test(test_nobody_there),
        cmocka_unit_test(test_connect_timeout),
        cmocka_unit_test(test_proxies),
        cmocka_unit_test(test_libcurl_refuses),
        cmocka_unit_test(test_wrong_address),
        cmocka_unit_test(test_prefix_and_escape),
        cmocka_unit_test(test_tls),
        cmocka_unit_test(test_interrupt),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
