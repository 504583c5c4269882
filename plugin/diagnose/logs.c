/*
 * logs.c - the cause that a log tells: the first error and its chain, not the last lines.
 *
 * A log is cut into records: a line with what belongs to it (the trace of Python, Java, Go, Node,
 * Rust, .NET; a JSON line is read by its fields). Each record is held against the patterns of
 * prompts/log-patterns.txt; the heaviest match is the cause, of equals the first one (or the last,
 * for patterns that say so: the exception that nothing caught).
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include "diag.h"
#include "kta/alloc.h"
#include "kta/re.h"
#include "kta/utf8.h"
#include "log_records.h"

/* What a line holds if it may be of interest: spares the patterns most of a long log. */
static const char interesting[] =
    "error|exception|fatal|panic|fail|denied|refused|reset|cannot|can't|could ?n.t|unable|not "
    "found|missing|required|must be|must set|undefined|no such|invalid|unknown|traceback|caused "
    "by|unreachable|time(d)? ?out|expired|unauthori|forbidden|in use|read-only|not "
    "permitted|permission|no space|no route|resolve|lookup|not set|unset|empty|not defined|not "
    "exist|n't exist|syntax|out of memory|heap|killed|segmentation|bad |illegal|exec format|x509|"
    "certificate|abort|terminat|critical|emerg|crash|exit|unhealthy|usage:|unrecognized|"
    "unsupported|incompatible|corrupt|lock|quota|too many|listen|bind|nodename|peer|giving up|gave "
    "up|"
    "please|specify|specified|ya?ml:|json|toml|waiting for|connecting|must install|match|sigkill|"
    "already|licen[cs]e|unbound|encryption key|unavailable|is a directory|flood|locate|https "
    "client|tls|compiled|no main manifest|attempt to|not enabled|no servers|unrecognised|start "
    "line|harakiri|not write?able|environment var|too small|exhausted|logon|refusing|insecure|no "
    "module|compatible|corecl|bootstrapped|need to|disallowed|^[EF]\\d{4} ";

struct cause_at {
    const struct kta_log_pattern *p;
    struct kta_match m;
    size_t record;
};

bool kta_log_harmless(const char *text, size_t len)
{
    static struct kta_re *harmless;

    if (!harmless)
        harmless =
            kta_re_must("\\b(?:0|no|zero|without) (?:errors?|failures?|failed|exceptions?)\\b|"
                        "errors?[\"']?\\s*[=:]\\s*(?:0|\"\"|null|nil|none|false)\\b|"
                        "\\bfailover\\b",
                        KTA_RE_ICASE);
    return kta_re_find(harmless, text, len, 0, NULL);
}

static const struct kta_log_pattern *match_record(const struct kta_record *r, struct kta_match *m)
{
    static struct kta_re *filter;

    if (!filter)
        filter = kta_re_must(interesting, KTA_RE_ICASE | KTA_RE_MULTILINE);
    if (!kta_re_find(filter, r->text.s, r->text.len, 0, NULL))
        return NULL;
    size_t n;
    const struct kta_log_pattern *pats = kta_log_patterns(&n);
    bool calm = kta_log_harmless(r->text.s, r->text.len);
    for (size_t i = 0; i < n && !(calm && pats[i].weight < 50); i++)
        if (kta_re_find(kta_log_pattern_re(&pats[i]), r->text.s, r->text.len, 0, m))
            return &pats[i];
    return NULL;
}

static char *group(const struct kta_log_pattern *p, const struct kta_record *r,
                   const struct kta_match *m, const char *name)
{
    /* A pattern may give the same name to two branches: name, name2. */
    kta_auto_free char *second = kta_asprintf("%s2", name);
    const char *names[] = {name, second};
    for (size_t i = 0; i < 2; i++) {
        int g = kta_re_named(kta_log_pattern_re(p), names[i]);
        char *s = g >= 0 && g < m->n ? kta_re_group(r->text.s, m, g) : NULL;
        if (s && *s)
            return s;
        free(s);
    }
    return NULL;
}

static void fill(struct kta_log_cause *ret, const struct cause_at *c, const struct kta_record *r)
{
    const char *s = r->text.s;
    size_t a = c->m.start[0], b = c->m.end[0], len = r->text.len;
    while (a < b && (s[a] == '\n' || s[a] == ' '))
        a++;
    while (a > 0 && s[a - 1] != '\n')
        a--;
    size_t e = a;
    while (e < len && s[e] != '\n')
        e++;
    /* A pattern that spans lines ends in the one that tells. */
    struct kta_str line = KTA_STR_INIT;
    kta_str_addn(&line, s + a, e - a);
    if (b > e) {
        size_t f = b;
        while (f < len && s[f] != '\n')
            f++;
        kta_str_truncate(&line, 0);
        for (size_t i = a; i < f; i++)
            kta_str_addc(&line, s[i] == '\n' ? ' ' : s[i]);
    }
    kta_str_trim(&line);
    if (line.len > 400)
        kta_str_truncate(&line, kta_utf8_prefix(line.s, line.len, 400));
    ret->pattern = c->p;
    ret->line = kta_str_detach(&line);
    ret->name = group(c->p, r, &c->m, "name");
    ret->host = group(c->p, r, &c->m, "host");
    ret->port = group(c->p, r, &c->m, "port");
    ret->path = group(c->p, r, &c->m, "path");
    ret->at = r->line;

    struct kta_str q = KTA_STR_INIT;
    if (len <= KTA_DIAG_QUOTE) {
        kta_str_addn(&q, s, len);
    } else { /* the record's head, and the surroundings of the cause */
        size_t head = kta_utf8_prefix(s, len, KTA_DIAG_QUOTE / 3);
        kta_str_addn(&q, s, head);
        if (a > head)
            kta_str_add(&q, "\n…\n");
        size_t from = a > head ? a : head;
        kta_str_addn(&q, s + from,
                     kta_utf8_prefix(s + from, len - from, (size_t)KTA_DIAG_QUOTE * 2 / 3));
        if (from + KTA_DIAG_QUOTE * 2 / 3 < len)
            kta_str_add(&q, "\n…");
    }
    kta_str_trim(&q);
    ret->quote = kta_str_detach(&q);
}

/* Of equals the first one, unless the pattern says otherwise. */
static void heavier(struct cause_at *best, const struct cause_at *c)
{
    if (!best->p || c->p->weight > best->p->weight ||
        (c->p->weight == best->p->weight && c->p->last))
        *best = *c;
}

/* only: of that class, or NULL for any. */
static bool cause_of(const char *log, size_t len, const char *only, struct kta_log_cause *ret)
{
    struct kta_records rs = {0};
    kta_records_of(log, len, &rs);
    struct cause_at best = {0}, kill = {0};
    bool hung = false;
    for (size_t i = 0; i < rs.n; i++) {
        struct cause_at c = {.record = i};
        c.p = match_record(&rs.v[i], &c.m);
        if (!c.p)
            continue;
        hung |= kta_streq(c.p->class_, "WorkerTimeout");
        if (only && !kta_streq(c.p->class_, only))
            continue;
        heavier(kta_streq(c.p->class_, "ChildKilled") ? &kill : &best, &c);
    }
    if (kill.p && !hung) /* else its own parent has ended it */
        heavier(&best, &kill);
    *ret = (struct kta_log_cause){0};
    if (best.p) {
        const struct kta_record *r = &rs.v[best.record];
        fill(ret, &best, r);
        for (size_t i = 0; i < rs.n; i++)
            ret->count += rs.v[i].said && kta_streq(rs.v[i].text.s, r->text.s)
                              ? rs.v[i].said
                              : (size_t)kta_streq(rs.v[i].text.s, r->text.s);
    }
    kta_records_release(&rs);
    return best.p != NULL;
}

bool kta_log_cause(const char *log, size_t len, struct kta_log_cause *ret)
{
    return cause_of(log, len, NULL, ret);
}

bool kta_log_says(const char *log, size_t len, const char *class_, struct kta_log_cause *ret)
{
    return cause_of(log, len, class_, ret);
}

void kta_log_cause_release(struct kta_log_cause *c)
{
    free(c->line);
    free(c->quote);
    free(c->name);
    free(c->host);
    free(c->port);
    free(c->path);
    *c = (struct kta_log_cause){0};
}

/* "connection to server at "db", port 5432 failed" names a port that somebody else listens on. */
static bool tells_of_trouble(const char *log, size_t len, size_t at)
{
    static struct kta_re *re;
    if (!re)
        re = kta_re_must("refused|failed|fail to|error|cannot|could not|can't|unable|timed? ?out|"
                         "denied|unreachable|in use|connect(?:ed|ing|ion)? to|no route",
                         KTA_RE_ICASE);
    size_t from = at, to = at;
    while (from > 0 && log[from - 1] != '\n')
        from--;
    while (to < len && log[to] != '\n')
        to++;
    return kta_re_find(re, log + from, to - from, 0, NULL);
}

int kta_log_listening(const char *log, size_t len)
{
    static struct kta_re *re;
    if (!re)
        re = kta_re_must(
            "(?:listening|running|serving|start(?:ed|ing)|server|ready|bound|accepting|available)"
            "\\b[^\\n]{"
            "0,80}?(?:\\bport[\\s:=]+|://[\\w.\\-\\[\\]*:]*?:|0\\.0\\.0\\.0:|127\\.0\\.0\\.1:|"
            "localhost:|\\[::\\]:|\\*:|\\s:)(\\d{2,5})\\b",
            KTA_RE_ICASE);
    int port = -1;
    struct kta_match m;
    for (size_t from = 0; from < len && kta_re_find(re, log, len, from, &m); from = m.end[0])
        if (!tells_of_trouble(log, len, m.start[0]))
            port = (int)strtol(log + m.start[1], NULL, 10);
    return port > 0 && port < 65536 ? port : -1;
}

bool kta_log_only_local(const char *log, size_t len, int64_t port)
{
    kta_auto_free char *local =
        kta_asprintf("(?:127\\.0\\.0\\.1|localhost|\\[::1\\]):%lld\\b", (long long)port);
    static const char everywhere[] = "0\\.0\\.0\\.0|\\[::\\]|\\*:\\d|all (?:addresses|interfaces)";
    struct kta_re *here = kta_re_must(local, 0), *all = kta_re_must(everywhere, 0);
    bool only = kta_re_find(here, log, len, 0, NULL) && !kta_re_find(all, log, len, 0, NULL);
    kta_re_free(here);
    kta_re_free(all);
    return only;
}

/* Equal but for their numbers: an access log's lines, a loop's. */
bool kta_log_alike(const char *a, const char *b)
{
    while (*a && *b) {
        bool da = isdigit((unsigned char)*a);
        bool db = isdigit((unsigned char)*b);
        if (da && db) {
            a += strspn(a, "0123456789");
            b += strspn(b, "0123456789");
        } else if (*a++ != *b++) {
            return false;
        }
    }
    return !*a && !*b;
}

/* Neighbours that are alike become the first of them and a count. */
static void collapse(struct kta_records *rs)
{
    size_t n = 0;
    for (size_t i = 0; i < rs->n; i++) {
        if (n && kta_log_alike(rs->v[n - 1].text.s, rs->v[i].text.s)) {
            rs->v[n - 1].said += rs->v[i].said;
            kta_str_release(&rs->v[i].text);
        } else {
            rs->v[n++] = rs->v[i];
        }
    }
    rs->n = n;
}

void kta_log_digest(const char *log, size_t len, size_t max, struct kta_str *out)
{
    struct kta_records rs = {0};
    kta_records_of(log, len, &rs);
    collapse(&rs);
    size_t total = 0;
    for (size_t i = 0; i < rs.n; i++)
        total += rs.v[i].text.len + 1;
    struct kta_log_cause cause;
    bool found = total > max && kta_log_cause(log, len, &cause);
    size_t room = max;
    if (found) {
        kta_str_addf(out, "line %zu: %s\n…\n", cause.at, cause.quote);
        room = max > strlen(cause.quote) + 200 ? max - strlen(cause.quote) : 200;
        kta_log_cause_release(&cause);
    }
    size_t from = rs.n, used = 0;
    while (from > 0 && used + rs.v[from - 1].text.len + 16 < room)
        used += rs.v[--from].text.len + 16;
    if (from > 0 && !found)
        kta_str_addf(out, "… %zu lines cut\n", rs.v[from < rs.n ? from : rs.n - 1].line - 1);
    for (size_t i = from; i < rs.n; i++) {
        kta_str_addn(out, rs.v[i].text.s, rs.v[i].text.len);
        if (rs.v[i].said > 1)
            kta_str_addf(out, "  (%zu like this)", rs.v[i].said);
        kta_str_addc(out, '\n');
    }
    kta_records_release(&rs);
}
