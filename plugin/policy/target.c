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
