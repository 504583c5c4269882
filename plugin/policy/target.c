/*
 * target.c - a command's objects, files and manifest as one list of targets.
 */
#include "target.h"
#include "kta/str.h"

static void add(struct kta_targets *t, const char *kind, const char *name, const char *ns)
{
    struct kta_target *to = &t->v[t->n];

    if (t->n == KTA_MAX_NAMED) {
        t->many = true;
        return;
    }
    *to = (struct kta_target){.name = name, .namespace_ = ns, .written = kind};
    if (kind) {
        kta_canonical_kind(kind, t->kinds[t->n], sizeof t->kinds[0]);
        to->kind = t->kinds[t->n];
        if (strcmp(to->kind, "namespace") == 0)
            to->namespace_ = name;
        else if (kta_kind_is_cluster_scoped(kind))
            to->namespace_ = "";
    }
    t->n++;
}

static void add_manifest(struct kta_targets *t, const char *text, const char *ns)
{
    struct kta_err err = KTA_ERR_INIT;
    int n = kta_manifest_objects(text, t->docs, KTA_MAX_NAMED, &err);

    if (n < 0) { /* kubectl may read what we cannot */
        add(t, NULL, NULL, NULL);
        return;
    }
    if (n > KTA_MAX_NAMED)
        t->many = true;
    for (int i = 0; i < n && i < KTA_MAX_NAMED; i++) {
        const struct kta_doc *d = &t->docs[i];
        add(t, *d->kind ? d->kind : NULL, *d->name ? d->name : NULL,
            *d->namespace_ ? d->namespace_ : ns);
    }
}

void kta_targets_of(const struct kta_policy *p, struct kta_command *cmd, const char *stdin_text,
                    struct kta_targets *ret)
{
    struct kta_named named[KTA_MAX_NAMED];
    const char *ns = cmd->all_namespaces             ? NULL
                     : kta_or(cmd->namespace_, NULL) ? cmd->namespace_
                     : p                             ? p->namespace_
                                                     : NULL;
    size_t n = kta_command_objects(cmd, named, KTA_MAX_NAMED);

    ret->n = 0;
    ret->many = n > KTA_MAX_NAMED;
    ret->context = cmd->context ? cmd->context : p ? p->context : NULL;
    ret->from_file = strcmp(cmd->path, "kustomize") != 0 &&
                     (kta_command_has(cmd, "filename") || kta_command_has(cmd, "kustomize"));
    for (size_t i = 0; i < n && i < KTA_MAX_NAMED; i++)
        add(ret, named[i].kind, named[i].name, ns);
    if (cmd->reads_stdin && stdin_text)
        add_manifest(ret, stdin_text, ns);
    else if (ret->from_file)
        add(ret, NULL, NULL, ns);
    if (ret->n == 0)
        add(ret, "", "", "");
}

size_t kta_command_acts_on(const struct kta_argv *argv, const char *stdin_text,
                           struct kta_acted *ret, size_t max)
{
    struct kta_targets *t;
    struct kta_command cmd;
    struct kta_err ignored = KTA_ERR_INIT;
    size_t n = 0;

    if (kta_command_parse(argv, &cmd, &ignored) < 0)
        return 0;
    t = kta_calloc(1, sizeof *t);
    kta_targets_of(NULL, &cmd, stdin_text, t);
    for (size_t i = 0; i < t->n; i++) {
        const struct kta_target *x = &t->v[i];
        if (x->kind && !*x->kind && x->name && !*x->name)
            continue; /* it names none */
        if (n < max) {
            snprintf(ret[n].kind, sizeof ret[n].kind, "%s", kta_or(x->kind, ""));
            snprintf(ret[n].name, sizeof ret[n].name, "%s", kta_or(x->name, ""));
            snprintf(ret[n].namespace_, sizeof ret[n].namespace_, "%s", kta_or(x->namespace_, ""));
        }
        n++;
    }
    n += t->many;
    free(t);
    kta_command_release(&cmd);
    return n;
}
