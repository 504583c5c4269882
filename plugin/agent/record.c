/*
 * record.c - records a session and replays it (kta/record.h).
 *
 * What comes from the cluster is redacted by structure where it is JSON or YAML, else by the text
 * rules; what the model says is kept as it is, since it only ever saw placeholders. In a replay
 * each placeholder becomes a made-up value that the redactor is told of first, so that the program
 * works on raw text as it does on a cluster and every placeholder gets its old number again.
 */
#include "kta/record.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kta/alloc.h"
#include "kta/fs.h"
#include "kta/limits.h"
#include "kta/tap.h"
#include "kta/yaml.h"

#define MAX_RECORDING (256u << 20) /* bytes of a file */
#define MAX_SECRETS   10000
#define OPEN          "\xE2\x9F\xA6"
#define CLOSE         "\xE2\x9F\xA7"

struct entry {
    char *key;
    struct kta_json *v;
    bool used;
};

struct kta_recording {
    struct kta_tap tap;
    struct kta_redact *redact;
    int fd;
    struct kta_err failed; /* the first failure to write */
    /* of a replay */
    struct kta_json *head;
    struct entry *v;
    size_t n, cap;
};

/* ---- writing ---- */

static void write_all(struct kta_recording *r, const struct kta_str *text)
{
    for (size_t at = 0; at < text->len && r->failed.code == KTA_E_OK;) {
        ssize_t n = write(r->fd, text->s + at, text->len - at);
        if (n < 0 && errno != EINTR)
            kta_err_sys(&r->failed, KTA_E_FAIL, errno, "cannot write the recording");
        at += n > 0 ? (size_t)n : 0;
    }
}

static void write_line(struct kta_recording *r, const struct kta_json *v)
{
    kta_auto_str struct kta_str line = KTA_STR_INIT;

    kta_json_print(v, /* pretty= */ false, &line);
    kta_str_addc(&line, '\n');
    write_all(r, &line);
}

/* JSON (one document, or the events of a watch, a line each), YAML, else text. */
static void redacted(struct kta_redact *redact, const char *s, size_t n, struct kta_str *out)
{
    kta_auto_json struct kta_json *v = NULL;
    struct kta_err ignored = KTA_ERR_INIT;
    const char *end = s + n;

    if (n && *s == '{') {
        if (kta_json_parse(s, n, &v, &ignored) == 0) {
            kta_redact_object(redact, v);
            kta_json_print(v, false, out);
            return;
        }
        const char *nl = memchr(s, '\n', n);
        if (nl && nl + 1 < end && kta_json_parse(s, (size_t)(nl - s), &v, &ignored) == 0) {
            struct kta_json *object = kta_json_get(v, "object");
            kta_redact_object(redact, object ? object : v);
            kta_json_print(v, false, out);
            kta_str_addc(out, '\n');
            redacted(redact, nl + 1, (size_t)(end - nl - 1), out);
            return;
        }
    } else if ((kta_starts(s, "apiVersion:") || kta_starts(s, "kind:")) &&
               kta_yaml_parse(s, n, &v, &ignored) == 0) {
        kta_redact_object(redact, v);
        kta_yaml_print(v, out);
        return;
    }
    kta_redact_text(redact, s, n, out);
}

static void set_redacted(struct kta_recording *r, struct kta_json *to, const char *key,
                         const struct kta_str *text)
{
    kta_auto_str struct kta_str safe = KTA_STR_INIT;

    redacted(r->redact, text->s, text->len, &safe);
    kta_json_set_str(to, key, safe.s);
}

/* A path of the API begins with /api, /apis or /version; anything else is the model's. */
static bool of_cluster(const char *path)
{
    return kta_starts(path, "/api/") || kta_starts(path, "/apis") || kta_streq(path, "/api") ||
           kta_starts(path, "/version");
}

static char *http_key(const struct kta_http_req *q)
{
    const char *path = kta_or(q->path, "/");

    /* the model's address is not what makes a request another one */
    if (!of_cluster(path)) {
        const char *slash = strrchr(path, '/');
        path = slash ? slash : path;
    }
    return kta_asprintf("%s %s", kta_or(q->method, "GET"), path);
}

static void http_done(void *ctx, const char *base, const struct kta_http_req *q,
                      const struct kta_str *body)
{
    struct kta_recording *r = ctx;
    kta_auto_json struct kta_json *v = kta_json_new_object();
    kta_auto_free char *key = http_key(q);

    (void)base;
    kta_json_set_str(v, "http", key);
    kta_json_set_int(v, "status", q->status);
    kta_json_set_str(v, "type", q->content_type_in);
    if (q->retry_after_ms >= 0)
        kta_json_set_int(v, "retryAfterMs", q->retry_after_ms);
    if (q->failed) {
        kta_json_set_str(v, "failed", q->err.msg);
        kta_json_set_int(v, "code", q->err.code);
        kta_json_set_bool(v, "broke", q->broke);
    }
    if (of_cluster(kta_or(q->path, "/")))
        set_redacted(r, v, "body", body);
    else
        kta_json_set_str(v, "body", body->s);
    write_line(r, v);
}

static char *proc_key(struct kta_redact *redact, const struct kta_proc *p)
{
    kta_auto_str struct kta_str line = KTA_STR_INIT;

    kta_argv_quote(p->argv, &line);
    return kta_redact_dup(redact, line.s);
}

static void proc_done(void *ctx, const struct kta_proc *p)
{
    struct kta_recording *r = ctx;
    kta_auto_json struct kta_json *v = kta_json_new_object();
    kta_auto_free char *key = proc_key(r->redact, p);

    kta_json_set_str(v, "proc", key);
    kta_json_set_int(v, "exit", p->exit_code);
    set_redacted(r, v, "out", &p->out);
    set_redacted(r, v, "err", &p->err);
    write_line(r, v);
}

static const char *const typed_names[] = {
    [KTA_TYPED_LINE] = "line", [KTA_TYPED_ANSWER] = "answer", [KTA_TYPED_EDIT] = "edit"};

static void typed(void *ctx, enum kta_typed as, const char *line)
{
    struct kta_recording *r = ctx;
    kta_auto_json struct kta_json *v = kta_json_new_object();

    kta_json_set_str(v, "typed", typed_names[as]);
    if (line) {
        kta_auto_free char *safe = kta_redact_dup(r->redact, line);
        kta_json_set_str(v, "text", safe);
    }
    write_line(r, v);
}

/* Every text of the head, in place. */
static void redact_texts(struct kta_redact *redact, struct kta_json *v)
{
    if (kta_json_text(v)) {
        kta_auto_free char *safe = kta_redact_dup(redact, kta_json_text(v));
        kta_json_replace_text(v, safe);
    }
    kta_json_each(member, v) {
        redact_texts(redact, member);
    }
}

int kta_record_begin(const char *path, struct kta_redact *redact, const struct kta_json *head,
                     struct kta_recording **ret, struct kta_err *err)
{
    kta_auto_json struct kta_json *first = kta_json_copy(head);
    int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);

    if (fd < 0)
        return kta_err_sys(err, KTA_E_USAGE, errno, "cannot write the recording '%s'", path);
    struct kta_recording *r = kta_calloc(1, sizeof *r);
    r->redact = redact;
    r->fd = fd;
    r->tap =
        (struct kta_tap){.ctx = r, .http_done = http_done, .proc_done = proc_done, .typed = typed};
    redact_texts(redact, first);
    kta_json_set_str(first, "kind", "Recording");
    kta_json_set_str(first, "apiVersion", "todo-ai/v1");
    write_line(r, first);
    kta_tap_set(&r->tap);
    *ret = r;
    return 0;
}

/* ---- replaying ---- */

/* The made-up value behind placeholder i. */
static void made_up(int i, struct kta_str *out)
{
    kta_str_addf(out, "recordedSecretValue%06d", i);
}

/* Placeholders become their made-up values; *most is the highest number. */
static char *put_back(const char *s, int *most)
{
    struct kta_str out = KTA_STR_INIT;

    for (const char *open; (open = strstr(s, OPEN));) {
        const char *colon = strchr(open, ':'), *close = strstr(open, CLOSE);
        char *end = NULL;
        long i = colon && close && colon < close ? strtol(colon + 1, &end, 10) : 0;
        bool is = i > 0 && i <= MAX_SECRETS && end == close;
        kta_str_addn(&out, s, (size_t)(open - s));
        if (is) {
            made_up((int)i, &out);
            *most = i > *most ? (int)i : *most;
        } else {
            kta_str_addn(&out, open, strlen(OPEN));
        }
        s = is ? close + strlen(CLOSE) : open + strlen(OPEN);
    }
    kta_str_add(&out, s);
    return kta_str_detach(&out);
}

static void put_back_in(struct kta_json *v, const char *key, int *most)
{
    const char *text = kta_json_str(v, key);

    if (!text || !strstr(text, OPEN))
        return;
    kta_auto_free char *raw = put_back(text, most);
    kta_json_set_str(v, key, raw);
}

static struct entry *next_of(struct kta_recording *r, const char *key)
{
    struct entry *last = NULL;

    for (size_t i = 0; i < r->n; i++) {
        if (strcmp(r->v[i].key, key) != 0)
            continue;
        last = &r->v[i];
        if (!last->used)
            break;
    }
    if (last)
        last->used = true;
    return last;
}

static void http_answer(void *ctx, const char *base, struct kta_http_req *q)
{
    struct kta_recording *r = ctx;
    kta_auto_free char *key = http_key(q);
    const struct entry *e = next_of(r, key);

    (void)base;
    if (!e) {
        q->failed = true;
        kta_err_set(&q->err, KTA_E_CLUSTER, "the recording has no answer to '%s'", key);
        return;
    }
    q->status = kta_json_count(e->v, "status", 0);
    q->retry_after_ms = kta_json_int(e->v, "retryAfterMs", -1);
    snprintf(q->content_type_in, sizeof q->content_type_in, "%s",
             kta_or(kta_json_str(e->v, "type"), ""));
    const char *body = kta_or(kta_json_str(e->v, "body"), "");
    if (*body)
        kta_tap_body(q, body, strlen(body));
    if (kta_json_str(e->v, "failed")) {
        int code = (int)kta_json_int(e->v, "code", KTA_E_CLUSTER);
        q->failed = true;
        q->broke = kta_json_bool(e->v, "broke", false);
        kta_err_set(&q->err,
                    code > KTA_E_OK && code <= KTA_E_INTERRUPTED ? (enum kta_code)code
                                                                 : KTA_E_CLUSTER,
                    "%s", kta_json_str(e->v, "failed"));
    }
}

static int proc_answer(void *ctx, struct kta_proc *p, struct kta_err *err)
{
    struct kta_recording *r = ctx;
    kta_auto_free char *key = proc_key(r->redact, p);
    const struct entry *e = next_of(r, key);

    if (!e)
        return kta_err_set(err, KTA_E_FAIL, "the recording has no answer to '%.300s'", key);
    p->started = true;
    p->exit_code = kta_json_count(e->v, "exit", 0);
    kta_str_add(&p->out, kta_or(kta_json_str(e->v, "out"), ""));
    kta_str_add(&p->err, kta_or(kta_json_str(e->v, "err"), ""));
    if (p->on_output && p->out.len)
        p->on_output(p->ctx, 1, p->out.s, p->out.len);
    if (p->on_output && p->err.len)
        p->on_output(p->ctx, 2, p->err.s, p->err.len);
    return 0;
}

static struct entry *next_typed(const struct kta_recording *r, enum kta_typed as)
{
    for (size_t i = 0; i < r->n; i++)
        if (!r->v[i].used && kta_streq(kta_json_str(r->v[i].v, "typed"), typed_names[as]))
            return &r->v[i];
    return NULL;
}

static bool types(void *ctx, enum kta_typed as)
{
    return next_typed(ctx, as) != NULL;
}

static char *type(void *ctx, enum kta_typed as)
{
    struct entry *e = next_typed(ctx, as);

    e->used = true;
    return kta_strdup(kta_json_str(e->v, "text"));
}

static int take_line(struct kta_recording *r, const char *s, size_t n, int *most,
                     struct kta_err *err)
{
    struct kta_json *v = NULL;

    if (n == 0)
        return 0;
    if (kta_json_parse(s, n, &v, err) < 0)
        return -1;
    if (!r->head) {
        r->head = v;
        if (kta_streq(kta_json_str(v, "kind"), "Recording") &&
            kta_streq(kta_json_str(v, "apiVersion"), "todo-ai/v1"))
            return 0;
        return kta_err_set(err, KTA_E_PARSE, "it is no recording of this program's version");
    }
    const char *http = kta_json_str(v, "http"), *proc = kta_json_str(v, "proc");
    const char *path = http ? strchr(http, ' ') : NULL, *typed_as = kta_json_str(v, "typed");
    if (!path && !proc && !typed_as) {
        kta_json_free(v);
        return 0; /* of a later version */
    }
    if (proc || typed_as || of_cluster(path + 1)) {
        put_back_in(v, "text", most);
        put_back_in(v, "body", most);
        put_back_in(v, "out", most);
        put_back_in(v, "err", most);
    }
    KTA_GROW(r->v, r->n, r->cap);
    r->v[r->n++] = (struct entry){.key = kta_strdup(http ? http : kta_or(proc, typed_as)), .v = v};
    return 0;
}

/* Each gets its number before any other spelling of one, which has a number of its own, is learned.
 */
static void learn_secrets(struct kta_redact *redact, int most)
{
    for (int learn = 0; learn <= 1; learn++)
        for (int i = 1; i <= most; i++) {
            kta_auto_str struct kta_str text = KTA_STR_INIT, out = KTA_STR_INIT;
            kta_str_add(&text, learn ? "" : "password=");
            made_up(i, &text);
            if (learn)
                kta_redact_learn(redact, text.s, text.len, "a secret of the recording");
            else
                kta_redact_text(redact, text.s, text.len, &out);
        }
}

int kta_replay_begin(const char *path, struct kta_redact *redact, struct kta_recording **ret,
                     struct kta_err *err)
{
    kta_auto_str struct kta_str all = KTA_STR_INIT;
    struct kta_recording *r = kta_calloc(1, sizeof *r);
    int most = 0, line = 0, rc = kta_fs_read(path, MAX_RECORDING, &all, err);

    r->fd = -1;
    r->redact = redact;
    r->tap = (struct kta_tap){.ctx = r,
                              .http_answer = http_answer,
                              .proc_answer = proc_answer,
                              .types = types,
                              .type = type};
    for (const char *p = all.s; rc == 0 && *p;) {
        size_t n = strcspn(p, "\n");
        line++;
        rc = take_line(r, p, n, &most, err);
        if (rc < 0)
            kta_err_wrap(err, "line %d", line);
        p += n + (p[n] == '\n');
    }
    if (rc == 0 && !r->head)
        rc = kta_err_set(err, KTA_E_PARSE, "it is empty");
    if (rc < 0) {
        err->code = KTA_E_USAGE;
        kta_recording_end(r, &(struct kta_err)KTA_ERR_INIT);
        return kta_err_wrap(err, "the recording '%s'", path);
    }
    learn_secrets(redact, most);
    kta_tap_set(&r->tap);
    *ret = r;
    return 0;
}

const struct kta_json *kta_recording_head(const struct kta_recording *r)
{
    return r->head;
}

/* What was written before a value was learned may hold it. (A pipe cannot be mended.) */
static void redact_again(struct kta_recording *r)
{
    kta_auto_str struct kta_str all = KTA_STR_LIMITED(MAX_RECORDING), safe = KTA_STR_INIT;
    char buf[64 << 10];
    ssize_t n;

    for (off_t at = 0; (n = pread(r->fd, buf, sizeof buf, at)) > 0; at += n)
        kta_str_addn(&all, buf, (size_t)n);
    if ((n < 0 && errno == ESPIPE) || !all.len)
        return;
    kta_redact_again(r->redact, all.s, all.len, &safe);
    if (n == 0 && !all.cut && safe.len == all.len && !memcmp(safe.s, all.s, all.len))
        return;
    if (all.cut)
        errno = EFBIG;
    if (n < 0 || all.cut || lseek(r->fd, 0, SEEK_SET) < 0 || ftruncate(r->fd, 0) < 0)
        kta_err_sys(&r->failed, KTA_E_FAIL, errno, "cannot go through the recording again");
    else
        write_all(r, &safe);
}

int kta_recording_end(struct kta_recording *r, struct kta_err *err)
{
    int rc = 0;

    if (!r)
        return 0;
    kta_tap_set(NULL);
    if (r->fd >= 0 && r->failed.code == KTA_E_OK)
        redact_again(r);
    if (r->fd >= 0 && close(r->fd) < 0 && r->failed.code == KTA_E_OK)
        kta_err_sys(&r->failed, KTA_E_FAIL, errno, "cannot write the recording");
    if (r->failed.code != KTA_E_OK) {
        *err = r->failed;
        rc = -1;
    }
    for (size_t i = 0; i < r->n; i++) {
        free(r->v[i].key);
        kta_json_free(r->v[i].v);
    }
    free(r->v);
    kta_json_free(r->head);
    free(r);
    return rc;
}
