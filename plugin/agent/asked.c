/*
 * asked.c - whose idea a step is: an object that neither the user's words nor a finding names was
 * chosen by the model, perhaps because a log told it to.
 *
 * Invariant: only what cannot be written by the cluster counts as naming: the user's questions, the
 * objects that they were found to mean, the typed objects of findings and of their fixes. Never
 * evidence, a summary's words, what a tool read, or what the model says of itself.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "agent_private.h"
#include "kta/alloc.h"
#include "kta/policy.h"

enum { MAX_OBJECTS = 64, MAX_SOURCES = 3 };

struct named {
    const struct kta_agent *a;
    struct kta_argv names;      /* of objects */
    struct kta_argv namespaces; /* that are meant */
};

static bool name_byte(char c)
{
    return isalnum((unsigned char)c) || c == '-' || c == '.' || c == '_';
}

/* word stands in text by itself: "web" in "is web/db up?", not in "web-2". */
static bool has_word(const char *text, const char *word)
{
    size_t n = strlen(word);

    for (const char *p = text; n && p && (p = strcasestr(p, word)); p++) {
        const char *end = p + n;
        bool dot = *end == '.' && !name_byte(end[1]); /* the sentence's */
        if ((p == text || !name_byte(p[-1])) && (!name_byte(*end) || dot))
            return true;
    }
    return false;
}

/* The user's own words: this question and those before it. */
static bool user_said(const struct kta_agent *a, const char *word)
{
    if (has_word(kta_or(a->question, ""), word))
        return true;
    kta_json_each(m, a->history) {
        const char *text = kta_json_str(m, "content"), *last = NULL;
        if (!kta_streq(kta_json_str(m, "role"), "user"))
            continue;
        for (const char *p = text; p && (p = strstr(p, AGENT_QUESTION)); p++)
            last = p;
        if (last && has_word(last + strlen(AGENT_QUESTION), word))
            return true;
    }
    return false;
}

static bool in_list(const struct kta_argv *list, const char *word)
{
    for (size_t i = 0; i < list->n; i++)
        if (kta_streq(list->v[i], word))
            return true;
    return false;
}

static void add(struct named *k, const char *name, const char *ns)
{
    if (name && *name && !in_list(&k->names, name))
        kta_argv_add(&k->names, name);
    if (ns && *ns && !in_list(&k->namespaces, ns))
        kta_argv_add(&k->namespaces, ns);
}

static void add_fix(struct named *k, const struct kta_fix *fix)
{
    struct kta_acted on[MAX_OBJECTS];
    size_t n = kta_command_acts_on(&fix->argv, fix->stdin_text, on, MAX_OBJECTS);

    for (size_t i = 0; i < n && i < MAX_OBJECTS; i++)
        add(k, on[i].name, on[i].namespace_);
}

static void collect(struct named *k)
{
    const struct kta_agent *a = k->a;

    add(k, NULL, kta_or(a->scope.namespace_, kta_cluster_namespace(a->pipeline->cluster)));
    for (size_t i = 0; i < a->targets.n; i++)
        add(k, a->targets.v[i].object ? a->targets.v[i].ref.name : NULL,
            a->targets.v[i].ref.namespace_);
    for (size_t i = 0; i < a->findings.n; i++) {
        const struct kta_finding *f = a->findings.v[i];
        add(k, f->object.name, f->object.namespace_);
        for (size_t j = 0; j < f->n_symptoms; j++)
            add(k, f->symptoms[j].name, f->symptoms[j].namespace_);
        for (size_t j = 0; j < f->n_fixes; j++)
            add_fix(k, &f->fixes[j]);
    }
}

/* A pod or a ReplicaSet of something that is named. */
static bool owned_by_named(const struct named *k, const struct kta_acted *o)
{
    if (!kta_streq(o->kind, "pod") && !kta_streq(o->kind, "replicaset"))
        return false;
    for (size_t i = 0; i < k->names.n; i++)
        if (kta_starts(o->name, k->names.v[i]) && o->name[strlen(k->names.v[i])] == '-')
            return true;
    return false;
}

/* The i-th flag's file or folder; NULL: it is no such flag. */
static const char *file_of(const struct kta_command *cmd, size_t i)
{
    static const char *const flags[] = {"filename",  "kustomize", "values",
                                        "from-file", "set-file",  "from-env-file"};

    for (size_t f = 0; f < KTA_LEN(flags); f++)
        if (kta_streq(cmd->flags[i].name, flags[f]))
            return kta_or(cmd->flags[i].value, "");
    return NULL;
}

/* "a.yaml" of -f ./a.yaml, "a" of ./a. */
static bool said_file(const struct kta_agent *a, const char *file)
{
    return user_said(a, kta_starts(file, "./") ? file + strlen("./") : file);
}

/* Every file of the command is said, and there is one. */
static bool said_files(const struct named *k, const struct kta_command *cmd)
{
    size_t said = 0, files = 0;

    for (size_t i = 0; i < cmd->n_flags; i++) {
        const char *file = file_of(cmd, i);
        if (!file)
            continue;
        files++;
        said += !kta_streq(file, "-") && said_file(k->a, file);
    }
    return files > 0 && said == files;
}

bool agent_reads_unnamed(const struct kta_agent *a, const struct kta_argv *argv,
                         struct kta_str *ret_file)
{
    struct kta_command cmd;
    struct kta_err ignored = KTA_ERR_INIT;
    bool unnamed = false;

    if (kta_command_parse(argv, &cmd, &ignored) < 0)
        return false;
    for (size_t i = 0; i < cmd.n_flags && !unnamed; i++) {
        const char *file = file_of(&cmd, i);
        unnamed = file && !kta_streq(file, "-") && !said_file(a, file);
        if (unnamed)
            kta_str_add(ret_file, file);
    }
    bool folder = kta_streq(cmd.path, "kustomize"); /* its argument is one */
    const char *where = cmd.n_args ? cmd.args[0] : ".";
    if (!unnamed && folder && !said_file(a, where)) {
        unnamed = true;
        kta_str_add(ret_file, where);
    }
    kta_command_release(&cmd);
    return unnamed;
}

/* A selector holds a name that is meant. */
static bool selects_named(const struct named *k, const struct kta_command *cmd)
{
    static const char *const selectors[] = {"selector", "field-selector"};

    for (size_t s = 0; s < KTA_LEN(selectors); s++)
        for (size_t i = 0; i < k->names.n; i++)
            if (has_word(kta_or(kta_command_flag(cmd, selectors[s]), ""), k->names.v[i]))
                return true;
    return false;
}

/* "delete the failed pods": the kind is said, and the command picks among it; or its files are
 * said, or what it selects by. */
static bool asked_as_many(const struct named *k, const struct kta_step *s,
                          const struct kta_acted *o)
{
    kta_auto_free char *plural = kta_asprintf("%ss", o->kind);
    struct kta_command cmd;
    struct kta_err ignored = KTA_ERR_INIT;

    if (*o->kind && (user_said(k->a, o->kind) || user_said(k->a, plural)))
        return true;
    if (kta_command_parse(&s->argv, &cmd, &ignored) < 0)
        return false;
    bool asked = *o->kind ? selects_named(k, &cmd) : said_files(k, &cmd);
    kta_command_release(&cmd);
    return asked;
}

static bool asked_for(const struct named *k, const struct kta_step *s, const struct kta_acted *o)
{
    bool of_namespace = kta_streq(o->kind, "namespace");

    if (!of_namespace && *o->namespace_ && !in_list(&k->namespaces, o->namespace_) &&
        !user_said(k->a, o->namespace_))
        return false;
    if (!*o->name)
        return asked_as_many(k, s, o);
    /* a namespace, and all that is in it, is not meant where something in it is */
    return user_said(k->a, o->name) || (!of_namespace && in_list(&k->names, o->name)) ||
           owned_by_named(k, o);
}

/* ---- evidence ---- */

static void add_source(struct kta_str *out, size_t *n, char mark, size_t i, const char *source)
{
    kta_auto_free char *text = kta_asprintf("[%c%zu] %s", mark, i + 1, source);

    if (*n == MAX_SOURCES || (out->len && strstr(out->s, text)))
        return;
    kta_str_addf(out, "%s%s", *n ? "; " : "", text);
    ++*n;
}

/* "[e3]" of the step's reason, the finding of its fix, and where its objects' names stand. */
static void sources(const struct kta_agent *a, const struct kta_step *s, const struct kta_acted *on,
                    size_t n_on, struct kta_str *out)
{
    size_t n = 0;

    for (size_t i = 0; i < a->findings.n; i++) {
        const struct kta_finding *f = a->findings.v[i];
        size_t len = strlen(f->id);
        if (strncmp(s->fix_id, f->id, len) != 0 || s->fix_id[len] != '.')
            continue;
        for (size_t j = 0; j < f->n_evidence; j++)
            add_source(out, &n, 'f', i, f->evidence[j].source);
    }
    for (const char *p = kta_or(s->why, ""); (p = strstr(p, "[e")); p++) {
        size_t e = strtoul(p + 2, NULL, 10);
        if (e >= 1 && e <= a->evidence.n)
            add_source(out, &n, 'e', e - 1, a->evidence.v[e - 1].source);
    }
    for (size_t k = 0; !s->fix_id[0] && k < n_on; k++)
        for (size_t e = 0; *on[k].name && e < a->evidence.n; e++)
            if (has_word(a->evidence.v[e].text, on[k].name) ||
                has_word(a->evidence.v[e].source, on[k].name))
                add_source(out, &n, 'e', e, a->evidence.v[e].source);
}

void agent_mark_steps(struct kta_agent *a, struct kta_plan *plan)
{
    struct named k = {.a = a};

    collect(&k);
    for (size_t i = 0; i < plan->n; i++) {
        struct kta_step *s = plan->v[i];
        struct kta_acted on[MAX_OBJECTS];
        kta_auto_str struct kta_str from = KTA_STR_INIT;
        size_t n = kta_command_acts_on(&s->argv, s->stdin_text, on, MAX_OBJECTS);
        bool asked = n <= MAX_OBJECTS;

        if (n > MAX_OBJECTS)
            n = MAX_OBJECTS;
        for (size_t o = 0; o < n; o++)
            asked = asked && asked_for(&k, s, &on[o]);
        if (s->verdict.outside[0])
            asked = asked && user_said(a, s->verdict.outside);
        sources(a, s, on, n, &from);
        if (from.len && !s->evidence)
            s->evidence = kta_str_detach(&from);
        s->unasked = !s->fix_id[0] && !asked;
        kta_step_classify(plan, a->pipeline->policy, s);
    }
    kta_argv_release(&k.names);
    kta_argv_release(&k.namespaces);
}
