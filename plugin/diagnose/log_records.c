/*
 * log_records.c - cuts a log into records, so that a trace of many lines stays whole.
 *
 * What continues a record: an indented line, a line that a trace is known to go on with ("Caused
 * by:", "goroutine 1 [running]:"), and everything up to its end while a trace is open (Python's
 * exception line, Rust's message, Go's panic).
 */
#include "log_records.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include "kta/alloc.h"
#include "kta/json.h"
#include "kta/utf8.h"

#define RECORD_MAX 16384 /* bytes of one record; a longer one is cut */

enum mode { PLAIN, PYTHON, RUST, GO, VALIDATION, SPRING, BANNER };

static const char *const follows[] = {
    "Caused by:",
    "caused by:",
    "Suppressed:",
    "During handling of the above exception",
    "The above exception was the direct cause",
    "goroutine ",
    "exit status ",
    "[signal ",
    "note: run with `RUST_BACKTRACE",
    "stack backtrace:",
    "Stack backtrace:",
    "Backtrace:",
    "CallStack (from HasCallStack)",
    "--- End of ",
    "...",
    "}",
    "Node.js v",
};

/* PostgreSQL adds to what it says in lines of their own, each with a time in front. */
static const char *const adds[] = {" DETAIL:  ", " HINT:  ", " STATEMENT:  ", " CONTEXT:  "};

static bool starts_any(const char *s, const char *const *words, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (kta_starts(s, words[i]))
            return true;
    return false;
}

static bool blank(const char *s)
{
    while (*s == ' ' || *s == '\t')
        s++;
    return !*s;
}

/* Does `line` belong to the record whose last non-empty line and mode are given? */
static bool continues(const char *line, enum mode mode, bool after_blank)
{
    if (kta_starts(line, "Traceback (most recent call last)"))
        return mode == PYTHON;
    if (starts_any(line, follows, KTA_LEN(follows)))
        return true;
    for (size_t i = 0; i < KTA_LEN(adds); i++)
        if (strstr(line, adds[i]))
            return true;
    bool stamped = isdigit((unsigned char)*line); /* with a time: somebody else speaks */
    if (mode == GO || (mode == BANNER && !after_blank))
        return !stamped;
    if (mode == SPRING) /* its report: up to what it suggests */
        return !stamped && !kta_starts(line, "Action:");
    if (mode == VALIDATION && !strchr(line, ' ')) /* pydantic: the field's name on its own */
        return true;
    if (after_blank && mode == PLAIN)
        return isspace((unsigned char)*line);
    if (mode == RUST)
        return true;
    return isspace((unsigned char)*line) || mode == PYTHON;
}

static enum mode mode_of(const char *line, enum mode mode, bool fresh)
{
    if (strstr(line, "Traceback (most recent call last)"))
        return PYTHON;
    if (kta_starts(line, "During handling") || kta_starts(line, "The above exception"))
        return PYTHON;
    if (kta_starts(line, "APPLICATION FAILED TO START"))
        return SPRING;
    if (strstr(line, "validation error"))
        return VALIDATION;
    if (kta_starts(line, "*** FATAL "))
        return BANNER;
    if (strstr(line, "panicked at") && strstr(line, "thread "))
        return strstr(line, "panicked at '") ? PLAIN : RUST;
    if (kta_starts(line, "panic: ") || kta_starts(line, "fatal error: "))
        return GO;
    if (mode == PYTHON && !fresh && *line && !isspace((unsigned char)*line) &&
        !kta_starts(line, "Traceback") && !kta_starts(line, "During handling") &&
        !kta_starts(line, "The above exception"))
        return PLAIN; /* the exception's own line ends the trace */
    if ((mode == RUST && kta_starts(line, "note: run with")) ||
        (mode == GO && kta_starts(line, "exit status ")))
        return PLAIN;
    return mode;
}

static const char *const level_keys[] = {"level", "severity", "lvl", "log.level", "@l", "loglevel"};
static const char *const text_keys[] = {"msg", "message", "@m", "event", "text"};
static const char *const error_keys[] = {"error",
                                         "err",
                                         "exception",
                                         "exc_info",
                                         "stack",
                                         "stack_trace",
                                         "stacktrace",
                                         "reason",
                                         "cause",
                                         "@x",
                                         "error.message",
                                         "error.stack_trace",
                                         "attr.error",
                                         "exception.message",
                                         "exception.stacktrace"};

static const char *level_word(const struct kta_json *v)
{
    if (kta_json_type(v) == KTA_JSON_NUMBER) { /* pino, bunyan */
        kta_auto_str struct kta_str s = KTA_STR_INIT;
        kta_json_print(v, false, &s);
        long n = strtol(s.s, NULL, 10);
        return n >= 60 ? "FATAL" : n >= 50 ? "ERROR" : n >= 40 ? "WARN" : "INFO";
    }
    return kta_json_text(v);
}

static void add_field(const struct kta_json *v, struct kta_str *out)
{
    static const char *const inner[] = {"message", "msg", "stack", "type", "code"};
    if (kta_json_text(v) && *kta_json_text(v))
        kta_str_addf(out, ": %s", kta_json_text(v));
    else if (kta_json_type(v) == KTA_JSON_OBJECT)
        for (size_t i = 0; i < KTA_LEN(inner); i++)
            if (kta_json_text(kta_json_get(v, inner[i])))
                kta_str_addf(out, ": %s", kta_json_text(kta_json_get(v, inner[i])));
}

/* By its name, which may hold dots, or a step for each of them. */
static const struct kta_json *member(const struct kta_json *v, const char *name)
{
    const struct kta_json *flat = kta_json_get(v, name);
    return flat ? flat : kta_json_at(v, name);
}

/* A JSON line as text, or false. */
static bool json_line(const char *line, size_t n, struct kta_str *out)
{
    if (*line != '{' || line[n - 1] != '}')
        return false;
    struct kta_err err = KTA_ERR_INIT;
    kta_auto_json struct kta_json *v = NULL;
    if (kta_json_parse(line, n, &v, &err))
        return false;
    const char *level = NULL, *text = NULL;
    for (size_t i = 0; i < KTA_LEN(level_keys) && !level; i++)
        level = level_word(member(v, level_keys[i]));
    for (size_t i = 0; i < KTA_LEN(text_keys) && !text; i++)
        text = kta_json_text(kta_json_get(v, text_keys[i]));
    if (!level && !text)
        return false;
    for (const char *p = kta_or(level, "INFO"); *p; p++)
        kta_str_addc(out, (char)toupper((unsigned char)*p));
    size_t so_far = out->len;
    kta_str_addf(out, " %s", kta_or(text, ""));
    for (size_t i = 0; i < KTA_LEN(error_keys); i++)
        add_field(member(v, error_keys[i]), out);
    if (out->len == so_far + 1) /* its text is in a field that nobody else has */
        kta_str_addn(out, line, n);
    return true;
}

static struct kta_record *begin(struct kta_records *rs, size_t line)
{
    KTA_GROW(rs->v, rs->n, rs->cap);
    struct kta_record *r = &rs->v[rs->n++];
    *r = (struct kta_record){.line = line, .said = 1};
    kta_str_init(&r->text, RECORD_MAX);
    return r;
}

/* Two equal neighbours become one that counts. */
static void merge_last(struct kta_records *rs)
{
    if (rs->n < 2)
        return;
    struct kta_record *a = &rs->v[rs->n - 2], *b = &rs->v[rs->n - 1];
    if (!kta_streq(a->text.s, b->text.s))
        return;
    a->said++;
    kta_str_release(&b->text);
    rs->n--;
}

void kta_records_of(const char *log, size_t len, struct kta_records *rs)
{
    kta_auto_str struct kta_str text = KTA_STR_INIT;
    kta_clean(log, len, &text);
    enum mode mode = PLAIN;
    struct kta_record *r = NULL;
    bool gap = false;
    size_t number = 0;
    for (char *p = text.s, *end = text.s + text.len; p < end;) {
        char *nl = memchr(p, '\n', (size_t)(end - p));
        size_t n = nl ? (size_t)(nl - p) : (size_t)(end - p);
        p[n] = '\0';
        number++;
        if (blank(p)) {
            gap = true;
        } else if (r && continues(p, mode, gap)) {
            kta_str_addf(&r->text, "\n%s", p);
            mode = mode_of(p, mode, false);
            gap = false;
        } else {
            merge_last(rs);
            r = begin(rs, number);
            if (!json_line(p, n, &r->text))
                kta_str_addn(&r->text, p, n);
            mode = mode_of(p, PLAIN, true);
            gap = false;
        }
        p += n + 1;
    }
    merge_last(rs);
}

void kta_records_release(struct kta_records *rs)
{
    for (size_t i = 0; i < rs->n; i++)
        kta_str_release(&rs->v[i].text);
    free(rs->v);
    *rs = (struct kta_records){0};
}
