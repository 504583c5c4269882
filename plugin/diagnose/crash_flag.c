/*
 * crash_flag.c - a flag that the program does not know: the one that it does know and that is spelt
 * nearly so, by its own usage text.
 */
#include <stdlib.h>
#include <string.h>
#include "crash.h"
#include "kta/alloc.h"
#include "kta/re.h"

enum { FLAGS_MAX = 200 };

static size_t dashes(const char *flag)
{
    return strspn(flag, "-");
}

/* The next flag of a text from *at on, or NULL. Caller frees. */
static char *next_flag(const char *text, size_t len, size_t *at)
{
    static struct kta_re *re;
    struct kta_match m;
    if (!re)
        re = kta_re_must("(?<![\\w\\-])-{1,2}[A-Za-z][\\w.\\-]*", 0);
    if (*at >= len || !kta_re_find(re, text, len, *at, &m))
        return NULL;
    *at = m.end[0];
    return kta_re_group(text, &m, 0);
}

/* The flag that the log names, other than the wrong one, and that is spelt nearest. Caller frees.
 */
static char *known_flag(const char *log, size_t len, const char *wrong)
{
    char *flags[FLAGS_MAX];
    const char *bare[FLAGS_MAX];
    size_t n = 0, at = 0;
    for (char *s; n < FLAGS_MAX && (s = next_flag(log, len, &at));) {
        flags[n] = s;
        bare[n] = kta_streq(s, wrong) ? NULL : s + dashes(s);
        n++;
    }
    const char *near = kta_nearest(wrong + dashes(wrong), bare, n);
    char *found = NULL;
    for (size_t i = 0; i < n; i++) {
        if (near && bare[i] == near)
            found = kta_strdup(flags[i]);
        free(flags[i]);
    }
    return found;
}

/* Where a word of the command line has the flag, by any number of dashes: alone, before "=", or in
 * a script. */
static const char *flag_in(const char *word, const char *flag)
{
    const char *name = flag + dashes(flag);
    size_t n = strlen(name);
    for (const char *p = word; (p = strstr(p, name)); p++) {
        const char *from = p;
        while (from > word && from[-1] == '-')
            from--;
        bool left = from < p && (from == word || strchr(" \t\n\"'", from[-1]));
        if (left && (!p[n] || strchr("= \t\n\"'", p[n])))
            return from;
    }
    return NULL;
}

/* The word with the flag put right: as many dashes as it had, or as the known one needs. */
static char *put_right(const char *word, const char *at, const char *wrong, const char *right)
{
    size_t had = dashes(at), need = dashes(right);
    return kta_asprintf("%.*s%.*s%s%s", (int)(at - word), word, (int)(had > need ? had : need),
                        "--", right + need, at + had + strlen(wrong + dashes(wrong)));
}

void kta_crash_fix_flag(const struct kta_pod_trouble *t, struct kta_finding *f, const char *line)
{
    static const char *const lists[] = {"command", "args"};
    size_t len, at = 0;
    bool previous, changed = false;
    const char *log = kta_trouble_log(t, &len, &previous);
    kta_auto_free char *wrong = next_flag(line, strlen(line), &at);
    kta_auto_free char *right = log && wrong ? known_flag(log, len, wrong) : NULL;
    if (!right)
        return;
    struct kta_json *c;
    kta_auto_json struct kta_json *spec = kta_fix_container_patch(t->list, t->name, &c);
    for (size_t l = 0; l < KTA_LEN(lists); l++) {
        struct kta_json *now = kta_json_new_array();
        bool here = false;
        kta_json_each(w, kta_json_get(t->container, lists[l])) {
            const char *word = kta_or(kta_json_text(w), ""), *in = flag_in(word, wrong);
            kta_auto_free char *better = in ? put_right(word, in, wrong, right) : NULL;
            kta_json_push_str(now, better ? better : word);
            here |= in != NULL;
        }
        if (here)
            kta_json_set(c, lists[l], now);
        else
            kta_json_free(now);
        changed |= here;
    }
    if (changed)
        (void)kta_fix_template(t->w, f, KTA_RISK_MEDIUM, t->owner, KTA_STEAL(spec),
                               "give the flag %s, which the program knows, instead of %s", right,
                               wrong);
}
