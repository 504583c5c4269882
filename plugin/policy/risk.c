/*
 * risk.c - how much a change may cost, by the rows of prompts/risk.txt.
 *
 * A change is as risky as the riskiest row that holds for it. What stands here decides which
 * question is asked (a bare --yes covers medium), never whether a command may run.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "kta/alloc.h"
#include "kta/embedded.h"
#include "kta/str.h"
#include "target.h"

enum { LOW, MEDIUM, HIGH };
enum { MAX_RULES = 256, FIELDS = 5 };

/* A row of prompts/risk.txt; the columns point into one copy of the file. */
struct risk_rule {
    const char *what;    /* "verb", "kind", "flag", "namespace", "production", "count" */
    const char *program; /* of a verb or a flag */
    const char *subject; /* a command's path ("" for all), a kind, a prefix, words */
    const char *flag;    /* of a flag: its name … */
    const char *value;   /* … and the value it must have, or NULL */
    int gentle, risk;
    const char *why;
};

struct risk_rules {
    struct risk_rule v[MAX_RULES];
    size_t n;
};

static char *trimmed(char *s)
{
    size_t n;

    s += strspn(s, " \t");
    for (n = strlen(s); n && strchr(" \t", s[n - 1]); n--)
        s[n - 1] = '\0';
    return s;
}

/* Cuts s at the first c, which it takes out; what is behind it, or NULL. */
static char *cut(char *s, char c)
{
    char *p = strchr(s, c);

    if (p)
        *p++ = '\0';
    return p;
}

static int risk_of(const char *name)
{
    static const char *const names[] = {"low", "medium", "high"};

    for (int i = LOW; i <= HIGH; i++)
        if (strcmp(names[i], name) == 0)
            return i;
    abort(); /* a row of ours; the tests would see it */
}

static void read_rule(char *line, struct risk_rules *all)
{
    char *field[FIELDS] = {NULL}, *next, *risks;
    struct risk_rule r = {0};
    size_t n = 0, at = 2;

    for (char *p = line; p && n < FIELDS; p = next) {
        next = cut(p, '|');
        field[n++] = trimmed(p);
    }
    if (n < 3 || all->n == MAX_RULES)
        abort();
    r.what = field[0];
    r.subject = field[1];
    if (strcmp(r.what, "verb") == 0 || strcmp(r.what, "flag") == 0) {
        r.program = field[1];
        r.subject = kta_or(cut(field[1], ' '), "");
    }
    if (strcmp(r.what, "flag") == 0) {
        r.value = cut(field[at], '=');
        r.flag = field[at++];
    }
    if (at >= n)
        abort();
    risks = cut(field[at], ' ');
    r.gentle = risk_of(field[at]);
    r.risk = risks ? risk_of(trimmed(risks)) : r.gentle;
    r.why = at + 1 < n ? field[at + 1] : "";
    all->v[all->n++] = r;
}

/* Read at first use and kept. */
static const struct risk_rules *rules(void)
{
    static struct risk_rules all;
    char *next;

    if (all.n)
        return &all;
    for (char *line = kta_strdup(kta_or(kta_embedded("risk.txt"), "")); line; line = next) {
        next = cut(line, '\n');
        if (*line && *line != '#')
            read_rule(line, &all);
    }
    return &all;
}

/* The next row of that sort behind r (NULL: the first), or NULL. */
static const struct risk_rule *next_rule(const struct risk_rule *r, const char *what)
{
    const struct risk_rules *all = rules();

    for (r = r ? r + 1 : all->v; r < all->v + all->n; r++)
        if (strcmp(r->what, what) == 0)
            return r;
    return NULL;
}

#define EACH_RULE(r, what)                                                                         \
    (const struct risk_rule *r = next_rule(NULL, what); r; r = next_rule(r, what))

static void raise_risk(struct kta_verdict *v, int risk, const char *why)
{
    if (risk <= v->risk)
        return;
    v->risk = risk;
    snprintf(v->risk_why, sizeof v->risk_why, "%s", why);
}

static void by_verb(const struct kta_command *cmd, struct kta_verdict *v)
{
    const struct risk_rule *best = NULL;

    for
        EACH_RULE(r, "verb")
        {
            size_t n = strlen(r->subject);
            if (strcmp(r->program, cmd->program) == 0 && strncmp(r->subject, cmd->path, n) == 0 &&
                (cmd->path[n] == ' ' || cmd->path[n] == '\0') &&
                (!best || n > strlen(best->subject)))
                best = r;
        }
    if (best)
        raise_risk(v, best->risk, best->why);
}

/* A switch that is on, or any value. */
static bool is_given(const struct kta_command *cmd, const char *name)
{
    const char *value = kta_command_flag(cmd, name);

    for (size_t i = 0; i < cmd->n_flags; i++)
        if (strcmp(cmd->flags[i].name, name) == 0 && cmd->flags[i].takes != KTA_FLAG_BOOL)
            return value && *value;
    return kta_command_true(cmd, name);
}

/* "00" and "0x0" are "0" for them, too. */
static bool same_value(const char *value, const char *want)
{
    char *end, *end_of_want;
    long number = strtol(kta_or(value, ""), &end, 0), wanted = strtol(want, &end_of_want, 0);

    return kta_streq(value, want) ||
           (value && *value && !*end && !*end_of_want && number == wanted);
}

static void by_flags(const struct kta_command *cmd, bool remade, struct kta_verdict *v)
{
    for
        EACH_RULE(r, "flag")
        {
            if ((remade && strcmp(r->flag, "force") == 0) ||
                strcmp(r->program, cmd->program) != 0 ||
                (*r->subject && strcmp(r->subject, cmd->path) != 0))
                continue;
            if (r->value ? same_value(kta_command_flag(cmd, r->flag), r->value)
                         : is_given(cmd, r->flag))
                raise_risk(v, r->risk, r->why);
        }
}

/* One pod that something owns comes back: the one delete that is not high by itself. */
static bool deletes_pods_by_name(const struct kta_command *cmd, const struct kta_targets *t)
{
    if (strcmp(cmd->program, "kubectl") != 0 || strcmp(cmd->path, "delete") != 0 || t->n != 1)
        return false;
    return kta_streq(t->v[0].kind, "pod") && t->v[0].name;
}

/* Pods and Jobs that are deleted to be made again by the same command: their pods start anew, which
 * is what deleting them one by one would do. */
static bool remakes_pods(const struct kta_command *cmd, const struct kta_targets *t)
{
    if (strcmp(cmd->program, "kubectl") != 0 || strcmp(cmd->path, "replace") != 0 || t->n != 1)
        return false;
    return (kta_streq(t->v[0].kind, "pod") || kta_streq(t->v[0].kind, "job")) && t->v[0].name;
}

/* "rollout restart deployment": where these are given a kind and no name, they take all of it. */
static bool takes_all_of_kind(const struct kta_command *cmd, const struct kta_targets *t)
{
    if (strcmp(cmd->program, "kubectl") != 0 || !kta_streq(cmd->verb, "rollout"))
        return false;
    for (size_t i = 0; i < t->n; i++)
        if (t->v[i].kind && *t->v[i].kind && !t->v[i].name)
            return true;
    return false;
}

static bool is_gentle(const struct kta_command *cmd)
{
    return kta_streq(cmd->verb, "label") || kta_streq(cmd->verb, "annotate") ||
           kta_streq(cmd->verb, "create") || kta_streq(cmd->verb, "apply");
}

static void by_targets(const struct kta_command *cmd, const struct kta_targets *t,
                       struct kta_verdict *v)
{
    bool gentle = is_gentle(cmd);

    for (size_t i = 0; i < t->n; i++) {
        for
            EACH_RULE(r, "kind")
        if (kta_streq(t->v[i].kind, r->subject))
            raise_risk(v, gentle ? r->gentle : r->risk, r->why);
        for
            EACH_RULE(r, "namespace")
        if (t->v[i].namespace_ && kta_starts(t->v[i].namespace_, r->subject))
            raise_risk(v, r->risk, r->why);
    }
}

static void by_count(const struct kta_command *cmd, const struct kta_targets *t,
                     struct kta_verdict *v)
{
    for
        EACH_RULE(r, "count")
        {
            if (strcmp(r->subject, "all") == 0    ? takes_all_of_kind(cmd, t)
                : strcmp(r->subject, "many") == 0 ? t->many
                                                  : t->n > 1)
                raise_risk(v, r->risk, r->why);
        }
}

/* "prod1" is the word "prod". */
static bool is_one_of(const char *s, size_t n, const char *words)
{
    for (const char *w = words; *w; w += strspn(w, " ")) {
        size_t len = strcspn(w, " ");
        if (n >= len && strncasecmp(s, w, len) == 0 && strspn(s + len, "0123456789") >= n - len)
            return true;
        w += len;
    }
    return false;
}

/* "prod", "eu-production-2", "prod1", but not "non-prod" or "preprod". */
static bool looks_like(const char *name, const char *words)
{
    bool negated = false;

    for (const char *p = kta_or(name, ""); *p;) {
        size_t n = strcspn(p, "-_./:@");
        if (n == 3 && (strncasecmp(p, "non", n) == 0 || strncasecmp(p, "pre", n) == 0))
            negated = true;
        if (n && !negated && is_one_of(p, n, words))
            return true;
        p += n + (p[n] != '\0');
    }
    return false;
}

static void by_place(const struct kta_targets *t, struct kta_verdict *v)
{
    for
        EACH_RULE(r, "production")
        {
            if (looks_like(t->context, r->subject))
                raise_risk(v, r->risk, "the context looks like production");
            for (size_t i = 0; i < t->n; i++)
                if (looks_like(t->v[i].namespace_, r->subject))
                    raise_risk(v, r->risk, "the namespace looks like production");
        }
}

void kta_assess_risk(struct kta_command *cmd, const struct kta_targets *t, struct kta_verdict *v)
{
    v->risk = LOW;
    v->risk_why[0] = '\0';
    if (v->class_ == KTA_CLASS_READ)
        return;
    if (v->class_ == KTA_CLASS_DENY) {
        v->risk = HIGH;
        return;
    }
    if (!deletes_pods_by_name(cmd, t))
        by_verb(cmd, v);
    else
        raise_risk(v, MEDIUM, "deletes a pod");
    if (remakes_pods(cmd, t))
        raise_risk(v, MEDIUM, "deletes and makes again");
    by_flags(cmd, remakes_pods(cmd, t), v);
    by_targets(cmd, t, v);
    by_count(cmd, t, v);
    by_place(t, v);
}
