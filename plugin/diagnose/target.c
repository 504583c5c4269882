/*
 * target.c - which objects the words of a question mean, found out against the cluster.
 *
 * A word is tried as kind/name, as the name of a workload, a Service or a pod, as an app label, as
 * the beginning of a name; in scope first, then by exact name in other namespaces. Words that a
 * question is made of (prompts/words.txt) are no names unless nothing else could be meant.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include "diag.h"
#include "kta/alloc.h"
#include "kta/embedded.h"
#include "kta/kinds.h"
#include "kta/selector.h"

#define MAX_WORDS 64

struct words {
    char *v[MAX_WORDS];
    const struct kta_kind *kind[MAX_WORDS]; /* when the word names a kind */
    size_t n;
};

void kta_targets_release(struct kta_targets *t)
{
    for (size_t i = 0; i < t->n; i++)
        kta_ref_release(&t->v[i].ref);
    free(t->v);
    free(t->suggestion);
    free(t->unknown);
    *t = (struct kta_targets){0};
}

/* ---- words ---- */

static bool is_common(const char *word)
{
    const char *text = kta_embedded("words.txt");
    size_t n = strlen(word);
    for (const char *p = text; p && (p = strstr(p, word)); p += n) {
        bool left = p == text || isspace((unsigned char)p[-1]);
        bool right = !p[n] || isspace((unsigned char)p[n]);
        if (left && right)
            return true;
    }
    return false;
}

static bool name_char(char c)
{
    return isalnum((unsigned char)c) || c == '-' || c == '.' || c == '/' || c == '_' || c == ':';
}

/* "config map", "service accounts": the last two words are one kind. */
static void join(struct words *w)
{
    if (w->n < 2)
        return;
    kta_auto_free char *both = kta_asprintf("%s%s", w->v[w->n - 2], w->v[w->n - 1]);
    const struct kta_kind *k = kta_kind_known(both);
    if (!k)
        return;
    free(w->v[--w->n]);
    free(w->v[w->n - 1]);
    w->v[w->n - 1] = kta_strdup(both);
    w->kind[w->n - 1] = k;
}

static void split(const char *text, struct words *w)
{
    while (*text && w->n < MAX_WORDS) {
        while (*text && !name_char(*text))
            text++;
        size_t n = 0;
        while (name_char(text[n]))
            n++;
        size_t end = n;
        while (end && strchr(".:/-_", text[end - 1]))
            end--;
        if (end && end < 254) {
            char *s = kta_strndup(text, end);
            for (char *p = s; *p; p++)
                *p = (char)tolower((unsigned char)*p);
            w->kind[w->n] = strchr(s, '/') ? NULL : kta_kind_known(s);
            w->v[w->n++] = s;
            join(w);
        }
        text += n;
    }
}

static void words_release(struct words *w)
{
    for (size_t i = 0; i < w->n; i++)
        free(w->v[i]);
}

/* ---- matches ---- */

static void add(struct kta_targets *t, struct kta_json *o, int by)
{
    for (size_t i = 0; i < t->n; i++)
        if (t->v[i].object == o)
            return;
    KTA_GROW(t->v, t->n, t->cap);
    struct kta_target *x = &t->v[t->n++];
    *x = (struct kta_target){.object = o, .by = by};
    kta_ref_set(&x->ref, kta_obj_kind(o), kta_obj_namespace(o), kta_obj_name(o));
}

static const char *const by_name_kinds[] = {"deployments", "statefulsets", "daemonsets", "services",
                                            "pods"};
/* These are read only for a word that names them. */
static const char *const rare_kinds[] = {"jobs", "cronjobs", "ingresses", "persistentvolumeclaims",
                                         "horizontalpodautoscalers"};

static struct kta_json *named(struct kta_world *w, const char *plural, const char *ns,
                              const char *name)
{
    struct kta_json *const *v;
    size_t n = kta_world_list(w, plural, ns, &v);
    for (size_t i = 0; i < n; i++)
        if (kta_streq(kta_obj_name(v[i]), name) &&
            (!ns || !kta_obj_namespace(v[i]) || kta_streq(kta_obj_namespace(v[i]), ns)))
            return v[i];
    /* Of a long list the healthy ones were not kept. */
    return ns && kta_world_partial(w, plural, ns) ? kta_world_get(w, plural, ns, name, NULL) : NULL;
}

static bool by_exact_name(struct kta_world *w, const char *ns, const char *name,
                          struct kta_targets *t)
{
    for (size_t k = 0; k < KTA_LEN(by_name_kinds); k++) {
        struct kta_json *o = named(w, by_name_kinds[k], ns, name);
        if (!o)
            continue;
        add(t, o, kta_streq(by_name_kinds[k], "services") ? KTA_BY_SERVICE : KTA_BY_NAME);
        return true;
    }
    return false;
}

static bool by_label(struct kta_world *w, const char *ns, const char *word, struct kta_targets *t)
{
    static const char *const keys[] = {"app", "app.kubernetes.io/name", "k8s-app",
                                       "app.kubernetes.io/component", "app.kubernetes.io/instance"};
    bool found = false;
    for (size_t k = 0; k < 3 && !found; k++) {
        struct kta_json *const *v;
        size_t n = kta_world_list(w, by_name_kinds[k], ns, &v);
        for (size_t i = 0; i < n; i++)
            for (size_t j = 0; j < KTA_LEN(keys); j++)
                if (kta_streq(kta_obj_label(v[i], keys[j]), word) ||
                    kta_streq(kta_json_text(kta_json_get(
                                  kta_json_at(v[i], "spec.template.metadata.labels"), keys[j])),
                              word)) {
                    add(t, v[i], KTA_BY_APP_LABEL);
                    found = true;
                    break;
                }
    }
    if (found)
        return true;
    struct kta_json *const *pods;
    size_t n = kta_world_list(w, "pods", ns, &pods);
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < KTA_LEN(keys); j++)
            if (kta_streq(kta_obj_label(pods[i], keys[j]), word)) {
                add(t, kta_world_owner(w, pods[i]), KTA_BY_APP_LABEL);
                found = true;
                break;
            }
    return found;
}

static bool by_prefix(struct kta_world *w, const char *ns, const char *word, struct kta_targets *t)
{
    if (strlen(word) < 3)
        return false;
    bool found = false;
    for (size_t k = 0; k < KTA_LEN(by_name_kinds) && !found; k++) {
        struct kta_json *const *v;
        size_t n = kta_world_list(w, by_name_kinds[k], ns, &v);
        for (size_t i = 0; i < n; i++) {
            const char *name = kta_or(kta_obj_name(v[i]), "");
            size_t len = strlen(word);
            if (strncmp(name, word, len) != 0 || (name[len] != '-' && name[len] != '.'))
                continue;
            add(t, kta_streq(by_name_kinds[k], "pods") ? kta_world_owner(w, v[i]) : v[i],
                KTA_BY_PREFIX);
            found = true;
        }
    }
    return found;
}

static void whole_namespace(const char *ns, struct kta_json *object, struct kta_targets *t)
{
    if (!ns)
        return;
    KTA_GROW(t->v, t->n, t->cap);
    t->v[t->n] = (struct kta_target){.by = KTA_BY_NAMESPACE, .object = object};
    kta_ref_set(&t->v[t->n++].ref, "Namespace", NULL, ns);
}

/* "deployment/backend", "deployment backend", "backend deployment". */
static bool by_kind_and_name(struct kta_world *w, const char *ns, const struct kta_kind *kind,
                             const char *name, struct kta_targets *t)
{
    const char *in = kind->namespaced ? ns : NULL;
    struct kta_json *o = NULL;
    bool listed = false;
    for (size_t i = 0; i < KTA_LEN(by_name_kinds); i++)
        listed |= kta_streq(kind->plural, by_name_kinds[i]);
    if (listed || !in)
        o = named(w, kind->plural, in, name);
    else
        o = kta_world_get(w, kind->plural, in, name, NULL);
    if (o && kta_streq(kind->plural, "namespaces"))
        whole_namespace(name, o, t);
    else if (o)
        add(t, o, KTA_BY_KIND_NAME);
    return o != NULL;
}

static bool is_namespaces(const struct kta_kind *kind)
{
    return kind && kta_streq(kind->plural, "namespaces");
}

/* Words beside a kind's name are names even if they are common words. */
static bool explicit_target(struct kta_world *w, const char *ns, const struct words *q, size_t i,
                            struct kta_targets *t)
{
    char *slash = strchr(q->v[i], '/');
    if (slash) {
        kta_auto_free char *kind = kta_strndup(q->v[i], (size_t)(slash - q->v[i]));
        const struct kta_kind *k = kta_kind_known(kind);
        return k && by_kind_and_name(w, ns, k, slash + 1, t);
    }
    if (q->kind[i])
        return false;
    const struct kta_kind *beside[] = {i > 0 ? q->kind[i - 1] : NULL,
                                       i + 1 < q->n ? q->kind[i + 1] : NULL};
    for (size_t k = 0; k < 2; k++)
        if (beside[k] && !is_namespaces(beside[k]) && !(is_common(q->v[i]) && k == 1) &&
            by_kind_and_name(w, ns, beside[k], q->v[i], t))
            return true;
    return false;
}

static bool plain_target(struct kta_world *w, const char *ns, const char *word,
                         struct kta_targets *t)
{
    return by_exact_name(w, ns, word, t) || by_label(w, ns, word, t) || by_prefix(w, ns, word, t);
}

/* ---- other namespaces, near misses ---- */

static void other_namespaces(struct kta_world *w, const char *word, struct kta_targets *t)
{
    for (size_t k = 0; k < KTA_LEN(by_name_kinds) && !t->n; k++) {
        struct kta_json *const *v;
        size_t n = kta_world_list(w, by_name_kinds[k], NULL, &v);
        for (size_t i = 0; i < n; i++)
            if (kta_streq(kta_obj_name(v[i]), word))
                add(t, v[i], KTA_BY_NAME);
    }
    t->ambiguous = t->n > 1;
}

static bool near_miss(struct kta_world *w, const char *ns, const char *word, struct kta_targets *t)
{
    if (strlen(word) < 4)
        return false;
    for (size_t k = 0; k < 4; k++) {
        size_t n;
        const char **names = kta_world_names(w, by_name_kinds[k], ns, &n);
        const char *near = kta_nearest(word, names, n);
        struct kta_json *o = near ? named(w, by_name_kinds[k], ns, near) : NULL;
        free(names);
        if (!o)
            continue;
        t->suggestion = kta_strdup(near);
        add(t, o, KTA_BY_NAME);
        return true;
    }
    return false;
}

/* ---- -l ---- */

static int by_selector(struct kta_world *w, const struct kta_scope *scope, struct kta_targets *t,
                       struct kta_err *err)
{
    static const char *const kinds[] = {"deployments", "statefulsets", "daemonsets",
                                        "cronjobs",    "jobs",         "pods"};

    for (size_t k = 0; k < KTA_LEN(kinds); k++) {
        struct kta_json *const *v;
        size_t n = kta_world_list(w, kinds[k], scope->namespace_, &v);
        for (size_t i = 0; i < n; i++)
            if (kta_selector_text_matches(scope->selector, kta_json_at(v[i], "metadata.labels")))
                add(t, kta_world_owner(w, v[i]), KTA_BY_APP_LABEL);
    }
    if (t->n)
        return 0;
    kta_err_set(err, KTA_E_NOT_FOUND, "nothing in %s%s has labels that match '%s'",
                scope->namespace_ ? "namespace " : "the cluster", kta_or(scope->namespace_, ""),
                scope->selector);
    return kta_err_hint(err, "'kubectl get pods --show-labels' shows what there is");
}

/* ---- all together ---- */

static bool rare_target(struct kta_world *w, const char *ns, const char *word,
                        struct kta_targets *t)
{
    for (size_t k = 0; k < KTA_LEN(rare_kinds); k++) {
        struct kta_json *o = named(w, rare_kinds[k], ns, word);
        if (o) {
            add(t, o, KTA_BY_NAME);
            return true;
        }
    }
    return false;
}

/* "in kube-system" */
static bool leads_to_place(const char *word)
{
    static const char *const words[] = {"in", "from", "inside", "within", "of"};
    for (size_t i = 0; i < KTA_LEN(words); i++)
        if (kta_streq(word, words[i]))
            return true;
    return false;
}

static int read_base(struct kta_world *w, const char *ns, const struct words *q, bool early,
                     struct kta_err *err)
{
    struct kta_early_words words = {q->v, q->n};
    int rc;

    kta_report_progress(kta_world_report(w), "looking for what is meant");
    kta_world_on_list(w, early ? kta_collect_early : NULL, &words);
    rc = kta_world_prefetch(w, ns, kta_base_kinds, kta_n_base_kinds, err);
    kta_world_on_list(w, NULL, NULL);
    return rc;
}

/* One word against what there is in ns. False: nothing is called that. */
static bool find_word(struct kta_world *w, const char *ns, const struct words *q, size_t i,
                      struct kta_targets *ret)
{
    const char *word = q->v[i];

    if (explicit_target(w, ns, q, i, ret) || q->kind[i] || *word == '-')
        return true; /* (a flag that is part of the question) */
    if (!is_common(word))
        return plain_target(w, ns, word, ret);
    /* "api" may be a word or a name: only an exact name or label makes it one. */
    if (named(w, "deployments", ns, word) || named(w, "statefulsets", ns, word))
        (void)by_exact_name(w, ns, word, ret);
    else if (strlen(word) > 2)
        (void)by_label(w, ns, word, ret);
    return true;
}

/* The words' objects in ns; unmatched: the words that name none. */
static void find_in(struct kta_world *w, const char *ns, const struct words *q, bool *unmatched,
                    struct kta_targets *ret)
{
    for (size_t i = 0; i < q->n; i++) {
        bool here = q->v[i] == ns || (kta_streq(q->v[i], ns) && i && leads_to_place(q->v[i - 1]));
        unmatched[i] = !here && !find_word(w, ns, q, i, ret);
    }
    for (size_t i = 0; i < q->n && !ret->n; i++) {
        const char *slash = strchr(q->v[i], '/');
        if (unmatched[i])
            (void)rare_target(w, ns, slash ? slash + 1 : q->v[i], ret);
    }
}

/* The word that "namespace X", "the X namespace" or "-n X" names, or NULL. */
static const char *said_namespace(struct kta_world *w, const struct words *q)
{
    for (size_t i = 0; i < q->n; i++) {
        const char *before = i > 0 && !is_common(q->v[i - 1]) ? q->v[i - 1] : NULL;
        const char *after = i + 1 < q->n ? q->v[i + 1] : NULL;
        bool flag = kta_streq(q->v[i], "-n") || kta_streq(q->v[i], "--namespace");
        bool inside = i > 1 && (leads_to_place(q->v[i - 2]) || kta_streq(q->v[i - 2], "the"));

        if (flag && after)
            return after;
        if (!is_namespaces(q->kind[i]))
            continue;
        if (after && !is_common(after) && !(before && inside))
            return after;
        if (before)
            return before;
        if (after && kta_world_get(w, "namespaces", NULL, after, NULL))
            return after; /* "namespace test", but not "which namespace is" */
    }
    return NULL;
}

/* The namespace among the words that named nothing ("… in shop"), or NULL. */
static const char *place(struct kta_world *w, const struct words *q, const bool *unmatched)
{
    for (size_t i = 1; i < q->n; i++)
        if (unmatched[i] && leads_to_place(q->v[i - 1]) &&
            kta_world_get(w, "namespaces", NULL, q->v[i], NULL))
            return q->v[i];
    return NULL;
}

/* Is a word that named nothing a name by where it stands or how it is written ("why is WORD
 * failing", "the WORD pod", "web-2"), and not only a word that is not known? */
static bool must_be_name(const struct words *q, size_t i)
{
    static const char *const leads[] = {"is",  "are", "does", "do", "did",
                                        "has", "was", "the",  "my", "our"};
    const char *word = q->v[i];
    bool beside = (i > 0 && q->kind[i - 1]) || (i + 1 < q->n && q->kind[i + 1]);
    bool last = i + 1 == q->n, led = false;

    if (isdigit((unsigned char)*word) || strchr(word, '/'))
        return false;
    for (size_t k = 0; i > 0 && k < KTA_LEN(leads); k++)
        led = led || kta_streq(q->v[i - 1], leads[k]);
    return beside || word[strcspn(word, "-0123456789")] ||
           (led && (last || is_common(q->v[i + 1])));
}

/* The objects that the words mean, in the namespace that they name or else in ns. */
static int find(struct kta_world *w, const char *ns, const struct words *q, struct kta_targets *ret,
                struct kta_err *err)
{
    bool unmatched[MAX_WORDS] = {0};
    const char *said = said_namespace(w, q), *in = kta_or(said, ns);
    const char *elsewhere;

    if (read_base(w, in, q, /* early= */ true, err))
        return -1;
    find_in(w, in, q, unmatched, ret);
    if (!ret->n && !said && (elsewhere = place(w, q, unmatched))) {
        said = in = elsewhere;
        if (read_base(w, in, q, /* early= */ true, err))
            return -1;
        find_in(w, in, q, unmatched, ret);
    }
    for (size_t i = 0; i < q->n && !ret->n; i++)
        if (unmatched[i] && !near_miss(w, in, q->v[i], ret) && !said && ns && strlen(q->v[i]) > 2)
            other_namespaces(w, q->v[i], ret);
    for (size_t i = 0; i < q->n && !ret->n && !ret->unknown; i++)
        if (unmatched[i] && must_be_name(q, i))
            ret->unknown = kta_strdup(q->v[i]);
    if (!ret->n)
        whole_namespace(in, said ? kta_world_get(w, "namespaces", NULL, said, NULL) : NULL, ret);
    return 0;
}

int kta_target_find(struct kta_world *w, const struct kta_scope *scope, const char *text,
                    struct kta_targets *ret, struct kta_err *err)
{
    *ret = (struct kta_targets){0};
    const char *ns = scope->namespace_;
    bool selects = scope->selector && *scope->selector;
    if (selects && kta_selector_text_check(scope->selector, err) < 0)
        return -1;
    struct words q = {0};
    split(text ? text : "", &q);
    int rc = selects
                 ? read_base(w, ns, &q, /* early= */ false, err) || by_selector(w, scope, ret, err)
                 : 0;
    if (!rc)
        rc = find(w, ns, &q, ret, err);
    words_release(&q);
    return rc ? -1 : 0;
}

int kta_target_check(const struct kta_targets *t, const struct kta_scope *scope, const char *text,
                     struct kta_err *err)
{
    if (t->n && t->v[0].object && !t->suggestion)
        return 0;
    kta_err_set(err, KTA_E_NOT_FOUND, "nothing in %s is called '%s'",
                kta_or(scope->namespace_, "any namespace"), text);
    if (t->suggestion)
        return kta_err_hint(err, "the nearest name is '%s'", t->suggestion);
    return kta_err_hint(err, "look in another namespace with -n, or in all with -A");
}

bool kta_target_focus(struct kta_world *w, const struct kta_targets *t)
{
    kta_world_focus_clear(w);
    for (size_t i = 0; t && i < t->n; i++) {
        if (t->v[i].by == KTA_BY_NAMESPACE || !t->v[i].object)
            continue;
        kta_world_focus_add(w, t->v[i].object);
        kta_world_focus_add(w, kta_world_owner(w, t->v[i].object));
    }
    return kta_world_has_focus(w);
}

void kta_target_words(const struct kta_targets *t, const struct kta_scope *scope,
                      struct kta_str *out)
{
    bool all = !t->n || !t->v[0].object || t->v[0].by == KTA_BY_NAMESPACE;
    const char *ns = t->n && t->v[0].by == KTA_BY_NAMESPACE ? t->v[0].ref.name : scope->namespace_;

    if (all && ns)
        kta_str_addf(out, "namespace %s", ns);
    else if (all)
        kta_str_add(out, "the cluster");
    for (size_t i = 0; !all && i < t->n && i < 5; i++) {
        const struct kta_ref *r = &t->v[i].ref;
        bool told = !r->namespace_ || kta_streq(r->namespace_, scope->namespace_);
        kta_str_addf(out, "%s%s %s%s%s", i ? ", " : "", r->kind, told ? "" : r->namespace_,
                     told ? "" : "/", r->name);
    }
}
