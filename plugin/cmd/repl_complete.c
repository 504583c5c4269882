/*
 * repl_complete.c - what a word of a line can become: commands, kinds, names. Only what is known
 * already is offered; nothing here waits.
 */
#include "repl.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "kta/alloc.h"
#include "kta/journal.h"
#include "kta/kinds.h"

struct wanted {
    const struct repl *r;
    const char *word;
    struct kta_argv *ret;
};

static void offer(const struct wanted *w, const char *candidate)
{
    if (!kta_starts(candidate, w->word))
        return;
    for (size_t i = 0; i < w->ret->n; i++)
        if (kta_streq(w->ret->v[i], candidate))
            return;
    kta_argv_add(w->ret, candidate);
}

static void offer_list(const struct wanted *w, const struct kta_argv *list)
{
    for (size_t i = 0; list && i < list->n; i++)
        offer(w, list->v[i]);
}

static void offer_names(const struct wanted *w, const char *plural)
{
    offer_list(w, names_of(w->r->names, plural));
}

static void offer_contexts(const struct wanted *w)
{
    struct kta_kube_flags flags = {.kubeconfig = set_text(&w->r->app->set, OPT_KUBECONFIG)};
    kta_auto_argv struct kta_argv names = KTA_ARGV_INIT;
    struct kta_err err = KTA_ERR_INIT;

    if (kta_kubeconfig_contexts(&flags, &names, &err) == 0)
        offer_list(w, &names);
}

static void lower(const char *s, char *buf, size_t n)
{
    size_t i = 0;

    for (; s[i] && i + 1 < n; i++)
        buf[i] = (char)tolower((unsigned char)s[i]);
    buf[i] = '\0';
}

static void offer_kinds(const struct wanted *w)
{
    size_t n;
    const struct kta_kind *kinds = kta_kinds(&n);
    char name[64];

    if (!*w->word)
        return; /* too many to help */
    for (size_t i = 0; i < n; i++) {
        lower(kinds[i].kind, name, sizeof name);
        offer(w, name);
        if (kta_starts(w->word, name))
            offer(w, kinds[i].plural);
    }
}

/* "deployment/ba": names of that kind. */
static bool offer_kind_name(const struct wanted *w)
{
    const char *slash = strchr(w->word, '/');
    kta_auto_free char *kind = slash ? kta_strndup(w->word, (size_t)(slash - w->word)) : NULL;
    const struct kta_kind *k = kind ? kta_kind_known(kind) : NULL;
    const struct kta_argv *names = k ? names_of(w->r->names, k->plural) : NULL;

    for (size_t i = 0; names && i < names->n; i++) {
        kta_auto_free char *whole = kta_asprintf("%s/%s", kind, names->v[i]);
        offer(w, whole);
    }
    return slash != NULL;
}

/* The word before this one; "" if there is none. Caller frees. */
static char *previous(const char *before)
{
    size_t end = strlen(before), begin;

    while (end > 0 && isspace((unsigned char)before[end - 1]))
        end--;
    for (begin = end; begin > 0 && !isspace((unsigned char)before[begin - 1]); begin--)
        continue;
    return kta_strndup(before + begin, end - begin);
}

static void offer_words(const struct wanted *w, const char *before)
{
    static const char *const namespaces[] = {"-n", "--namespace", "namespace", "namespaces", "ns"};
    kta_auto_free char *prev = previous(before);
    const struct kta_kind *k = *prev ? kta_kind_known(prev) : NULL;

    for (size_t i = 0; i < KTA_LEN(namespaces); i++) {
        if (!kta_streq(prev, namespaces[i]))
            continue;
        offer_names(w, "namespaces");
        return;
    }
    if (kta_streq(prev, "--context") || kta_streq(prev, "context")) {
        offer_contexts(w);
        return;
    }
    if (offer_kind_name(w))
        return;
    if (k && names_of(w->r->names, k->plural)) {
        offer_names(w, k->plural);
        return;
    }
    offer_kinds(w);
    for (size_t i = 0; names_kind(i); i++)
        offer_names(w, names_kind(i));
}

static bool among(const char *word, const char *const *list, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (kta_streq(word, list[i]))
            return true;
    return false;
}

static void offer_run(const struct wanted *w, const char *before)
{
    static const char *const verbs[] = {
        "kubectl", "helm",  "get",   "describe", "logs",     "top",      "events",        "rollout",
        "scale",   "apply", "patch", "set",      "label",    "annotate", "delete",        "explain",
        "auth",    "exec",  "diff",  "cordon",   "uncordon", "drain",    "api-resources",
    };
    kta_auto_free char *prev = previous(before);

    if (kta_streq(prev, "/run") || kta_streq(prev, "kubectl"))
        for (size_t i = kta_streq(prev, "kubectl") ? 2 : 0; i < KTA_LEN(verbs); i++)
            offer(w, verbs[i]);
    else if (!*w->word && among(prev, verbs, KTA_LEN(verbs)))
        for (size_t i = 0; names_kind(i); i++)
            offer(w, names_kind(i));
    else
        offer_words(w, before);
}

static void offer_changes(const struct wanted *w)
{
    kta_auto_json struct kta_json *list = NULL;
    struct kta_err err = KTA_ERR_INIT;

    if (kta_journal_list(NULL, &list, &err) == 0)
        kta_json_each(c, list)
            offer(w, kta_or(kta_json_str(c, "id"), ""));
}

static void offer_evidence(const struct wanted *w)
{
    const struct conversation *c = w->r->c;
    char id[32];

    for (size_t i = 0; c->asked && i < c->last.evidence.n; i++) {
        snprintf(id, sizeof id, "e%zu", i + 1);
        offer(w, id);
    }
    for (size_t i = 0; c->asked && i < c->last.findings.n; i++)
        offer(w, c->last.findings.v[i]->id);
}

static void offer_commands(const struct wanted *w)
{
    for (const struct repl_command *c = repl_commands; c->name; c++)
        if (c->help)
            offer(w, c->name);
}

static const struct repl_command *command_of(const char *line)
{
    size_t n = strcspn(line, " \t");

    for (const struct repl_command *c = repl_commands; c->name; c++)
        if (strlen(c->name) == n && kta_starts(line, c->name))
            return c;
    return NULL;
}

static bool takes_one(const struct repl_command *c)
{
    return c->complete != COMPLETE_RUN && c->complete != COMPLETE_FILE;
}

static bool has_argument(const char *line)
{
    line += strcspn(line, " \t");
    return line[strspn(line, " \t")] != '\0';
}

bool repl_complete(void *ctx, const char *before, const char *word, struct kta_argv *ret)
{
    struct wanted w = {.r = ctx, .word = word, .ret = ret};

    before += strspn(before, " \t");
    if (!*before && word[0] == '/') {
        offer_commands(&w);
        return false;
    }
    const struct repl_command *c = before[0] == '/' ? command_of(before) : NULL;
    if (c && takes_one(c) && has_argument(before))
        return false;
    switch (c ? c->complete : NO_COMPLETION) {
    case COMPLETE_COMMAND:
        offer_commands(&w);
        break;
    case COMPLETE_CONTEXT:
        offer_contexts(&w);
        break;
    case COMPLETE_NAMESPACE:
        offer_names(&w, "namespaces");
        break;
    case COMPLETE_FILE:
        return true;
    case COMPLETE_RUN:
        offer_run(&w, before);
        break;
    case COMPLETE_CHANGE:
        offer_changes(&w);
        break;
    case COMPLETE_EVIDENCE:
        offer_evidence(&w);
        break;
    case NO_COMPLETION:
        if (!c)
            offer_words(&w, before);
        break;
    }
    return false;
}
