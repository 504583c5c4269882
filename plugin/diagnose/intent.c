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
#include "kta/kinds.h"
#include "kta/re.h"

static const struct {
    const char *word;
    enum kta_intent intent;
} names[] = {
    {"diagnose", KTA_INTENT_DIAGNOSE}, {"memory", KTA_INTENT_MEMORY},   {"cpu", KTA_INTENT_CPU},
    {"restart", KTA_INTENT_RESTART},   {"scale", KTA_INTENT_SCALE},     {"list", KTA_INTENT_LIST},
    {"logs", KTA_INTENT_LOGS},         {"changes", KTA_INTENT_CHANGES},
};

struct rule {
    enum kta_intent intent;
    struct kta_re *re;
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
            kta_auto_free char *pattern = kta_strndup(text + key + 1, n - key - 1);
            KTA_GROW(rules, n_rules, cap_rules);
            rules[n_rules++] = (struct rule){names[i].intent, kta_re_must(pattern, KTA_RE_ICASE)};
        }
        text += n + (text[n] == '\n');
    }
}

/* The kind that the question names, for a list. */
static void kind_in(const char *q, char *out, size_t size)
{
    *out = '\0';
    while (*q) {
        while (*q && !isalpha((unsigned char)*q))
            q++;
        size_t n = 0;
        while (isalpha((unsigned char)q[n]))
            n++;
        kta_auto_free char *word = kta_strndup(q, n);
        const struct kta_kind *k = n > 1 ? kta_kind_known(word) : NULL;
        if (k && !kta_streq(k->plural, "namespaces")) {
            (void)snprintf(out, size, "%s", k->plural);
            return;
        }
        if (k && !*out)
            (void)snprintf(out, size, "%s", k->plural);
        q += n;
    }
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

void kta_intent_of(const char *question, struct kta_intent_match *ret)
{
    *ret = (struct kta_intent_match){.intent = KTA_INTENT_DIAGNOSE, .number = -1};
    if (!n_rules)
        load();
    for (size_t i = 0; i < n_rules; i++)
        if (kta_re_find(rules[i].re, question, strlen(question), 0, NULL)) {
            ret->intent = rules[i].intent;
            ret->sure = true;
            break;
        }
    if (ret->intent == KTA_INTENT_LIST)
        kind_in(question, ret->kind, sizeof ret->kind);
    if (ret->intent == KTA_INTENT_LIST && !*ret->kind) {
        ret->intent = KTA_INTENT_DIAGNOSE;
        ret->sure = false;
    }
    if (ret->intent == KTA_INTENT_SCALE) {
        ret->number = number_in(question);
        ret->sure = ret->number >= 0;
    }
}
