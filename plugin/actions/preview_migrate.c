/*
 * preview_migrate.c - what `kubectl apply --server-side` takes away from what was applied by the
 * client before: kubectl makes the old fields its own and applies again, so that those that the
 * manifest does not name go. Its dry run does neither.
 */
#include "actions.h"

#include "kta/obj.h"

#define CLIENT       "kubectl-client-side-apply"
#define LAST_APPLIED "f:kubectl.kubernetes.io/last-applied-configuration"

/* "f:data" → "data"; "k:{…}" of a list stays as it is. */
static const char *plain(const char *key)
{
    return kta_starts(key, "f:") ? key + 2 : key;
}

/* The fields of own that are nobody else's, as paths. */
static void alone(const struct kta_json *own, const struct kta_json *others, const char *path,
                  struct kta_str *out)
{
    kta_json_each(f, own) {
        const char *key = kta_json_key(f);
        const struct kta_json *theirs = kta_json_get(others, key);
        kta_auto_str struct kta_str at = KTA_STR_INIT;

        if (kta_streq(key, ".") || kta_streq(key, LAST_APPLIED))
            continue;
        kta_str_addf(&at, "%s%s%s", path, *path ? "." : "", plain(key));
        if (theirs)
            alone(f, theirs, at.s, out);
        else
            kta_str_addf(out, "%s%s", out->len ? ", " : "", at.s);
    }
}

/* What others than the client's apply own, together. Caller frees. */
static struct kta_json *others_of(const struct kta_json *after)
{
    struct kta_json *all = kta_json_new_object();

    kta_json_each(m, kta_json_at(after, "metadata.managedFields")) {
        struct kta_json *more;

        if (kta_streq(kta_json_str(m, "manager"), CLIENT))
            continue;
        more = kta_merge3(NULL, kta_json_get(m, "fieldsV1"), all);
        kta_json_free(all);
        all = more;
    }
    return all;
}

bool kta_preview_migrates(const struct kta_command *cmd)
{
    const char *manager = kta_command_flag(cmd, "field-manager");

    return kta_streq(cmd->verb, "apply") && kta_command_true(cmd, "server-side") &&
           (!manager || kta_streq(manager, "kubectl"));
}

void kta_preview_migrated(struct kta_step *s)
{
    for (size_t i = 0; i < s->touches->n; i++) {
        const struct kta_touch *t = &s->touches->v[i];
        kta_auto_json struct kta_json *others = others_of(t->after);
        kta_auto_str struct kta_str gone = KTA_STR_INIT;

        kta_json_each(m, kta_json_at(t->after, "metadata.managedFields")) {
            if (kta_streq(kta_json_str(m, "manager"), CLIENT) && !kta_json_str(m, "subresource"))
                alone(kta_json_get(m, "fieldsV1"), others, "", &gone);
        }
        if (gone.len)
            kta_preview_warn(&s->preview,
                             "kubectl takes over what it applied to '%s' before: what the manifest "
                             "does not name goes, which no dry run shows: %.400s",
                             t->name, gone.s);
    }
}
