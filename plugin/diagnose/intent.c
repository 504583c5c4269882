/*
 * intent.c - what a question wants, by the rules of prompts/intents.txt.
 *
 * Each line is an intent and a pattern; the first that matches decides. When none does, the general
 * diagnosis is given, and that it is a guess is said (sure is false).
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include "diag.h"
#include "kta/alloc.h"
#include "kta/embedded.h"
#include "kta/intent.h"
#include "kta/kinds.h"
#include "kta/re.h"

static const struct {
    const char *word;
    enum kta_intent intent;
} names[] = {
    {"diagnose", KTA_INTENT_DIAGNOSE}, {"memory", KTA_INTENT_MEMORY},
    {"cpu", KTA_INTENT_CPU},           {"restart", KTA_INTENT_RESTART},
    {"scale", KTA_INTENT_SCALE},       {"list", KTA_INTENT_LIST},
    {"logs", KTA_INTENT_LOGS},         {"changes", KTA_INTENT_CHANGES},
    {"restarts", KTA_INTENT_RESTARTS}, {"notready", KTA_INTENT_NOT_READY},
    {"images", KTA_INTENT_IMAGES},     {"whocan", KTA_INTENT_WHO_CAN},
    {"reach", KTA_INTENT_REACH},       {"install", KTA_INTENT_INSTALL},
    {"image", KTA_INTENT_IMAGE},       {"rollback", KTA_INTENT_ROLLBACK},
    {"limits", KTA_INTENT_LIMITS},     {"yaml", KTA_INTENT_YAML},
    {"usedby", KTA_INTENT_USED_BY},    {"uses", KTA_INTENT_USES},
    {"rights", KTA_INTENT_RIGHTS},
};

struct rule {
    enum kta_intent intent;
    char *pattern;
    struct kta_re *re; /* NULL: not tried yet */
};

static struct rule *rules;
static size_t n_rules, cap_rules;

static void load(void)
{
    const char *text = kta_embedded("intents.txt");
    while (text && *text) {
        size_t n = strcspn(text, "\n"), key = strcspn(text, " \n");
        for (size_t i = 0; n && *text != '#' && i < KTA_LEN(names); i++) {
            if (strlen(names[i].word) != key || strncmp(names[i].word, text, key) != 0)
                continue;
            char *pattern = kta_strndup(text + key + 1, n - key - 1);
            KTA_GROW(rules, n_rules, cap_rules);
            rules[n_rules++] = (struct rule){names[i].intent, pattern, NULL};
        }
        text += n + (text[n] == '\n');
    }
}

static size_t word_at(const char *q)
{
    size_t n = 0;

    while (isalpha((unsigned char)q[n]))
        n++;
    return n;
}

/* The kind that begins at q, in one word or more ("service accounts"), and its length there. */
static const struct kta_kind *kind_at(const char *q, size_t *ret_n)
{
    const struct kta_kind *found = NULL;
    kta_auto_str struct kta_str word = KTA_STR_INIT;
    size_t n = 0;

    for (int words = 0; words < 3; words++) {
        size_t len = word_at(q + n);
        kta_str_addn(&word, q + n, len);
        n += len;
        const struct kta_kind *k = word.len > 1 ? kta_kind_known(word.s) : NULL;
        if (!k && word.len > 3 && word.s[word.len - 1] == 's') { /* "pvcs" */
            kta_auto_free char *one = kta_strndup(word.s, word.len - 1);
            k = kta_kind_known(one);
        }
        if (k || !found)
            *ret_n = n;
        if (k)
            found = k;
        if (q[n] != ' ' || !isalpha((unsigned char)q[n + 1]))
            break;
        n++;
    }
    if (!found)
        *ret_n = word_at(q);
    return found;
}

/* The kind that the question names, for a list; and what follows it. */
static const char *kind_in(const char *q, char *out, size_t size)
{
    *out = '\0';
    while (*q) {
        while (*q && !isalpha((unsigned char)*q))
            q++;
        size_t n = 0;
        const struct kta_kind *k = kind_at(q, &n);
        q += n;
        if (k && !kta_streq(k->plural, "namespaces")) {
            (void)snprintf(out, size, "%s", k->plural);
            break;
        }
        if (k && !*out)
            (void)snprintf(out, size, "%s", k->plural);
    }
    return q;
}

/* "secrets and config maps": no one kind. */
static bool goes_on(const char *rest)
{
    return *rest == ',' || strncmp(rest, " and ", 5) == 0 || strncmp(rest, " or ", 4) == 0;
}

static int number_in(const char *q)
{
    static const char *const words[] = {"zero", "one",   "two",   "three", "four", "five",
                                        "six",  "seven", "eight", "nine",  "ten"};
    static struct kta_re *re;
    if (!re)
        re =
            kta_re_must("(?:to|=|with|replicas|instances)\\s+(\\d{1,4})\\b|(?<![\\w-])(\\d{1,4})"
                        "(?:\\s+(?:replicas?|pods?|instances?|copies))|(?<![\\w.-])(\\d{1,4})\\s*$",
                        KTA_RE_ICASE);
    struct kta_match m;
    if (kta_re_find(re, q, strlen(q), 0, &m))
        for (int g = 1; g < m.n; g++) {
            kta_auto_free char *s = kta_re_group(q, &m, g);
            if (s)
                return (int)strtol(s, NULL, 10);
        }
    for (size_t i = 0; i < KTA_LEN(words); i++) {
        const char *p = kta_stristr(q, words[i]);
        size_t n = strlen(words[i]);
        if (p && (p == q || p[-1] == ' ') && (!p[n] || !isalpha((unsigned char)p[n])))
            return (int)i;
    }
    return -1;
}

/* ---- parts ---- */

static void part_as_it_is(const struct kta_re *re, const char *q, const struct kta_match *m,
                          const char *name, char *out, size_t size)
{
    int g = kta_re_named(re, name);
    kta_auto_free char *s = g >= 0 && g < m->n ? kta_re_group(q, m, g) : NULL;

    (void)snprintf(out, size, "%s", kta_or(s, ""));
    for (size_t n = strlen(out); n && strchr(".:/-?", out[n - 1]); n--)
        out[n - 1] = '\0';
}

static void part(const struct kta_re *re, const char *q, const struct kta_match *m,
                 const char *name, char *out, size_t size)
{
    part_as_it_is(re, q, m, name, out, size);
    for (char *c = out; *c; c++)
        *c = (char)tolower((unsigned char)*c);
}

static void parts(const struct kta_re *re, const char *q, const struct kta_match *m,
                  struct kta_intent_match *ret)
{
    part(re, q, m, "from", ret->from, sizeof ret->from);
    part(re, q, m, "to", ret->to, sizeof ret->to);
    part(re, q, m, "port", ret->port, sizeof ret->port);
    part(re, q, m, "verb", ret->verb, sizeof ret->verb);
    part(re, q, m, "res", ret->resource, sizeof ret->resource);
    part(re, q, m, "name", ret->name, sizeof ret->name);
    part(re, q, m, "ns", ret->ns, sizeof ret->ns);
    part_as_it_is(re, q, m, "subject", ret->subject, sizeof ret->subject);
    part_as_it_is(re, q, m, "image", ret->image, sizeof ret->image);
    if (*ret->ns && !*ret->from && *ret->to) /* "pods in namespace shop" */
        (void)snprintf(ret->from, sizeof ret->from, "namespace/%s", ret->ns);
    /* backend:8000 */
    char *colon = strrchr(ret->to, ':');
    if (colon && strchr(ret->to, ':') == colon && !*ret->port) {
        (void)snprintf(ret->port, sizeof ret->port, "%s", colon + 1);
        *colon = '\0';
    }
}

/* "exec into pods" is RBAC's create of pods/exec. */
static bool rights_words(struct kta_intent_match *ret)
{
    static const struct {
        const char *word, *verb, *sub;
    } verbs[] = {
        {"read", "get", NULL},
        {"see", "get", NULL},
        {"view", "get", NULL},
        {"access", "get", NULL},
        {"get", "get", NULL},
        {"show", "get", NULL},
        {"list", "list", NULL},
        {"watch", "watch", NULL},
        {"delete", "delete", NULL},
        {"remove", "delete", NULL},
        {"kill", "delete", NULL},
        {"create", "create", NULL},
        {"make", "create", NULL},
        {"add", "create", NULL},
        {"deploy", "create", NULL},
        {"update", "update", NULL},
        {"edit", "update", NULL},
        {"change", "update", NULL},
        {"modify", "update", NULL},
        {"patch", "patch", NULL},
        {"exec", "create", "exec"},
        {"attach", "create", "attach"},
        {"scale", "update", "scale"},
        {"impersonate", "impersonate", NULL},
        {"", "get", NULL},
    };
    bool all = kta_streq(ret->verb, "do anything") || kta_streq(ret->resource, "anything") ||
               kta_streq(ret->resource, "admin") || kta_streq(ret->verb, "administer");

    if (all) {
        (void)snprintf(ret->verb, sizeof ret->verb, "*");
        (void)snprintf(ret->resource, sizeof ret->resource, "*");
        *ret->name = '\0';
        return true;
    }
    if (kta_streq(ret->verb, "exec") && !*ret->resource)
        (void)snprintf(ret->resource, sizeof ret->resource, "pods");
    if (kta_streq(ret->name, "logs") || kta_streq(ret->name, "log")) {
        size_t n = strlen(ret->resource);
        (void)snprintf(ret->resource + n, sizeof ret->resource - n, "/log");
        *ret->name = '\0';
    }
    for (size_t i = 0; *ret->resource && i < KTA_LEN(verbs); i++) {
        size_t n = strlen(ret->resource);
        if (!kta_streq(ret->verb, verbs[i].word))
            continue;
        (void)snprintf(ret->verb, sizeof ret->verb, "%s", verbs[i].verb);
        if (verbs[i].sub && !strchr(ret->resource, '/'))
            (void)snprintf(ret->resource + n, sizeof ret->resource - n, "/%s", verbs[i].sub);
        return true;
    }
    return false;
}

/* "in the last 2 hours", "since yesterday", "today"; 0: not said. */
static int64_t span_in(const char *q)
{
    static struct kta_re *re;
    static const struct {
        char unit;
        int64_t seconds;
    } units[] = {{'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86400}, {'w', 7 * 86400}};
    struct kta_match m;

    if (!re)
        re = kta_re_must("\\b(?:(?:last|past|previous)\\s+(\\d{1,4}|few|couple of)?\\s*|within\\s+"
                         "(?:the\\s+)?(\\d{1,4})\\s*)(?<unit>sec|min|hour|hr|day|week|[smhdw]\\b)",
                         KTA_RE_ICASE);
    if (kta_re_find(re, q, strlen(q), 0, &m)) {
        kta_auto_free char *a = kta_re_group(q, &m, 1), *b = kta_re_group(q, &m, 2);
        kta_auto_free char *unit = kta_re_group(q, &m, 3);
        const char *number = kta_or(a, b);
        int64_t n = number ? strtol(number, NULL, 10) : 1;
        for (size_t i = 0; unit && i < KTA_LEN(units); i++)
            if (tolower((unsigned char)*unit) == units[i].unit)
                return (n > 0 ? n : 3) * units[i].seconds;
    }
    if (kta_stristr(q, "yesterday"))
        return 2 * 86400;
    return kta_stristr(q, "today") || kta_stristr(q, "tonight") ? 86400 : 0;
}

/* Words that are no sentence: a kind ("pods", "all svc in demo") is to be listed, a name
 * ("backend", "deployment backend") to be looked at. */
static void bare_words(const char *q, struct kta_intent_match *ret)
{
    static struct kta_re *of_kind, *of_name;
    struct kta_match m;

    if (!of_kind) {
        of_kind = kta_re_must("^\\s*(?:(?:all|my|our|the|running)\\s+)*([a-z]+)(?:\\s+(?:here|now|"
                              "please|(?:in|from|on|across|-n|--namespace)\\b.*|-A))?\\s*[?.!]*$",
                              KTA_RE_ICASE);
        of_name =
            kta_re_must("^\\s*(?:(?:my|our|the)\\s+)*([a-z0-9][\\w./-]*)(?:\\s+([a-z0-9][\\w.-]*)"
                        ")?\\s*[?.!]*$",
                        KTA_RE_ICASE);
    }
    kta_auto_free char *kind =
        kta_re_find(of_kind, q, strlen(q), 0, &m) ? kta_re_group(q, &m, 1) : NULL;
    const struct kta_kind *k = kind ? kta_kind_known(kind) : NULL;
    if (k) {
        ret->intent = KTA_INTENT_LIST;
        ret->sure = true;
        return;
    }
    if (!kta_re_find(of_name, q, strlen(q), 0, &m))
        return;
    kta_auto_free char *a = kta_re_group(q, &m, 1), *b = m.n > 2 ? kta_re_group(q, &m, 2) : NULL;
    const char *name = !b || kta_kind_known(b) ? a : kta_kind_known(a) ? b : NULL;
    ret->sure = name != NULL;
    (void)snprintf(ret->name, sizeof ret->name, "%s", kta_or(name, ""));
}

static bool says_everywhere(const char *q)
{
    static struct kta_re *re;
    if (!re)
        re = kta_re_must(
            "\\b(?:all|every|across|any)\\s+(?:the\\s+)?namespaces?\\b|\\beverywhere\\b|"
            "\\b(?:whole|entire)\\s+cluster\\b|\\bcluster-?wide\\b|(?<!\\S)(?:-A|"
            "--all-namespaces)(?!\\S)",
            0);
    return kta_re_find(re, q, strlen(q), 0, NULL);
}

/* "which services …", "is the hpa …", "services without …": not for a change. */
static bool asks_for_fact(const char *q)
{
    static struct kta_re *re;
    if (!re)
        re = kta_re_must(
            "^\\s*(?:(?:which|what|where|when|who|how (?:many|much|long|old)|any|list|show|is|are|"
            "do|does|has|have)\\b|"
            "[a-z]+s\\s+(?:with|without|that|which|having)\\b)",
            KTA_RE_ICASE);
    return kta_re_find(re, q, strlen(q), 0, NULL);
}

void kta_intent_of(const char *question, struct kta_intent_match *ret)
{
    *ret = (struct kta_intent_match){.intent = KTA_INTENT_DIAGNOSE, .number = -1};
    if (!n_rules)
        load();
    struct kta_match m;
    for (size_t i = 0; i < n_rules && !ret->sure; i++) {
        struct rule *rule = &rules[i];
        if (!rule->re)
            rule->re = kta_re_must(rule->pattern, KTA_RE_ICASE);
        if (!kta_re_find(rule->re, question, strlen(question), 0, &m))
            continue;
        ret->intent = rule->intent;
        ret->sure = true;
        parts(rule->re, question, &m, ret);
    }
    if (!ret->sure)
        bare_words(question, ret);
    if (ret->intent == KTA_INTENT_WHO_CAN && !rights_words(ret)) {
        ret->intent = KTA_INTENT_DIAGNOSE;
        ret->sure = false;
        *ret->name = '\0';
    }
    ret->everywhere = says_everywhere(question);
    if (ret->intent == KTA_INTENT_CHANGES)
        ret->seconds = span_in(question);
    ret->fact = !ret->sure && asks_for_fact(question);
    if (ret->intent == KTA_INTENT_LIST || ret->intent == KTA_INTENT_USES || ret->fact) {
        const char *rest = kind_in(question, ret->kind, sizeof ret->kind);
        if (ret->intent == KTA_INTENT_USES && goes_on(rest))
            *ret->kind = '\0';
    }
    if (!ret->sure && kta_streq(ret->kind, "pods"))
        *ret->kind = '\0'; /* the diagnosis is about them */
    if (ret->intent == KTA_INTENT_LIST && !*ret->kind && kta_stristr(question, "warning"))
        (void)snprintf(ret->kind, sizeof ret->kind, "events");
    if (ret->intent == KTA_INTENT_LIST && !*ret->kind) {
        ret->intent = KTA_INTENT_DIAGNOSE;
        ret->sure = false;
    }
    if (ret->intent == KTA_INTENT_SCALE) {
        ret->number = number_in(question);
        ret->sure = ret->number >= 0;
    }
}
