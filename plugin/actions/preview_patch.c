/*
 * preview_patch.c - verbs that are a plain patch: asked of the API server directly (PATCH with
 * dryRun=All), without a process. Where their flags make more of them, kubectl is asked.
 */
#include "actions.h"

#include "kta/alloc.h"
#include "kta/interrupt.h"
#include "kta/obj.h"
#include "kta/yaml.h"

static const char *patch_type(const struct kta_command *cmd)
{
    const char *type = kta_or(kta_command_flag(cmd, "type"), "strategic");

    if (kta_streq(type, "json"))
        return KTA_PATCH_JSON;
    return kta_streq(type, "merge") ? KTA_PATCH_MERGE : KTA_PATCH_STRATEGIC;
}

/* What is scaled by nothing but its spec.replicas. */
static bool plainly_scaled(const struct kta_step *s, const struct kta_command *cmd)
{
    static const char *const KINDS[] = {"Deployment", "StatefulSet", "ReplicaSet",
                                        "ReplicationController"};

    for (size_t i = 0; i < s->touches->n; i++) {
        size_t k = 0;

        while (k < KTA_LEN(KINDS) && !kta_touch_is(&s->touches->v[i], KINDS[k]))
            k++;
        if (k == KTA_LEN(KINDS))
            return false;
    }
    return !kta_command_has(cmd, "current-replicas") && !kta_command_has(cmd, "resource-version");
}

/* Scaled by its scale subresource, which alone knows the field: that it is spec.replicas is told by
 * its having the number that the scale has. */
static int scale_custom(struct kta_pipeline *p, struct kta_step *s, struct kta_touch *t,
                        const char *type, const char *body, struct kta_err *err)
{
    const struct kta_dry_how how = {type, "kubectl-patch", false};
    kta_auto_free char *path = kta_asprintf("%s/scale", t->path);
    struct kta_touch scale = {.path = path};
    kta_auto_json struct kta_json *is = NULL, *will = NULL;
    struct kta_err ignored = KTA_ERR_INIT;
    int64_t from, to;

    if (kta_cluster_get(p->cluster, &is, &ignored, "%s", path) < 0 ||
        kta_dry_validate(p, s, &scale, &how, body, &will, err) < 0 || !will)
        return kta_interrupt_check(err);
    from = kta_json_int(is, "spec.replicas", 0);
    to = kta_json_int(will, "spec.replicas", 0);
    s->preview.validated = true;
    if (kta_json_int(t->live, "spec.replicas", 0) != from) {
        kta_preview_warn(&s->preview, "the scale of '%s' goes from %lld to %lld", t->name,
                         (long long)from, (long long)to);
        return 0;
    }
    kta_json_free(t->after);
    t->after = kta_json_copy(t->live);
    kta_json_set_int(kta_json_get(t->after, "spec"), "replicas", to);
    t->known_after = true;
    return 0;
}

/* A patch of the scale of what the step names. */
static int scaled(struct kta_pipeline *p, struct kta_step *s, const char *type, const char *body,
                  struct kta_err *err)
{
    if (plainly_scaled(s, &(struct kta_command){0}))
        return kta_dry_patch_all(p, s, type, body, err);
    for (size_t i = 0; i < s->touches->n; i++)
        if (scale_custom(p, s, &s->touches->v[i], type, body, err) < 0)
            return -1;
    return 0;
}

int kta_preview_patch(struct kta_pipeline *p, struct kta_step *s, struct kta_command *cmd,
                      struct kta_err *err)
{
    const char *given = kta_command_flag(cmd, "patch"),
               *part = kta_command_flag(cmd, "subresource");
    kta_auto_str struct kta_str real = KTA_STR_INIT, body = KTA_STR_INIT;
    kta_auto_json struct kta_json *patch = NULL;
    struct kta_err why = KTA_ERR_INIT;

    if (!given || (part && !kta_streq(part, "scale")))
        return kta_preview_by_kubectl(p, s, cmd, err);
    if (kta_redact_has_placeholder(given) && p->redact) {
        if (kta_redact_restore(p->redact, given, &real, &why) < 0) {
            kta_preview_warn(&s->preview, "%s", why.msg);
            s->preview.rejected = true;
            return 0;
        }
    } else {
        kta_str_add(&real, given);
    }
    if (kta_yaml_parse(real.s, real.len, &patch, &why) < 0) { /* JSON is YAML */
        kta_preview_warn(&s->preview, "the patch is broken: %s", why.msg);
        s->preview.rejected = true;
        return 0;
    }
    kta_json_print(patch, false, &body);
    return part ? scaled(p, s, patch_type(cmd), body.s, err)
                : kta_dry_patch_all(p, s, patch_type(cmd), body.s, err);
}

int kta_preview_scale(struct kta_pipeline *p, struct kta_step *s, struct kta_command *cmd,
                      struct kta_err *err)
{
    const char *replicas = kta_command_flag(cmd, "replicas");
    kta_auto_str struct kta_str body = KTA_STR_INIT;
    char *end = NULL;
    long n = replicas ? strtol(replicas, &end, 10) : -1;
    int rc = 0;

    if (!replicas || *end || n < 0 || n > 1000000) {
        kta_preview_warn(&s->preview, "scale needs --replicas with a number");
        s->preview.rejected = true;
        return 0;
    }
    if (!plainly_scaled(s, cmd)) { /* kubectl knows whether it may; it prints what is, not what
                                      will be */
        rc = kta_preview_by_kubectl(p, s, cmd, err);
        for (size_t i = 0; i < s->touches->n; i++)
            s->touches->v[i].known_after = false;
        if (rc < 0 || s->preview.rejected)
            return rc;
    }
    kta_str_addf(&body, "{\"spec\":{\"replicas\":%ld}}", n);
    return scaled(p, s, KTA_PATCH_MERGE, body.s, err);
}

/* ---- labels and annotations ---- */

/* "key=value" and "key-": behind the objects. */
static const char *key_end(const char *arg)
{
    const char *eq = strchr(arg, '=');
    size_t n = strlen(arg);

    return eq ? eq : n > 1 && arg[n - 1] == '-' ? arg + n - 1 : NULL;
}

/* The flags with which it is still one plain patch of the objects that were named. */
static bool plain_flags(const struct kta_command *cmd)
{
    static const char *const plain[] = {"namespace", "context", "overwrite", "dry-run", "output"};

    for (size_t i = 0; i < cmd->n_flags; i++) {
        size_t k = 0;
        while (k < KTA_LEN(plain) && !kta_streq(cmd->flags[i].name, plain[k]))
            k++;
        if (k == KTA_LEN(plain))
            return false;
    }
    return true;
}

/* A value that is there stays without --overwrite: kubectl refuses, the patch would not. */
static bool would_overwrite(struct kta_step *s, const char *map, const char *key, const char *value)
{
    for (size_t i = 0; i < s->touches->n; i++) {
        const struct kta_json *metadata = kta_json_get(s->touches->v[i].live, "metadata");
        const char *old = kta_json_text(kta_json_get(kta_json_get(metadata, map), key));

        if (!old || kta_streq(old, value))
            continue;
        kta_preview_warn(&s->preview,
                         "'%s' already has a value ('%s'), and --overwrite is not given", key, old);
        s->preview.rejected = true;
        return true;
    }
    return false;
}

/* label and annotate: a merge patch of the map. */
int kta_preview_marks(struct kta_pipeline *p, struct kta_step *s, struct kta_command *cmd,
                      struct kta_err *err)
{
    const char *map = kta_streq(cmd->verb, "label") ? "labels" : "annotations";
    bool overwrite = kta_command_true(cmd, "overwrite"), pairs = false;
    kta_auto_json struct kta_json *patch = kta_json_new_object();
    kta_auto_str struct kta_str body = KTA_STR_INIT;
    struct kta_json *keys = kta_json_set(kta_json_set(patch, "metadata", kta_json_new_object()),
                                         map, kta_json_new_object());

    if (!plain_flags(cmd) || s->touches->partial || s->touches->n == 0)
        return kta_preview_by_kubectl(p, s, cmd, err);
    for (size_t i = 0; i < cmd->n_args; i++) {
        const char *end = key_end(cmd->args[i]);

        if (!end)
            continue;
        kta_auto_free char *key = kta_strndup(cmd->args[i], (size_t)(end - cmd->args[i]));
        if (kta_redact_has_placeholder(cmd->args[i]) || kta_json_get(keys, key))
            return kta_preview_by_kubectl(p, s, cmd, err);
        pairs = true;
        if (*end == '=' && !overwrite && would_overwrite(s, map, key, end + 1))
            return 0;
        kta_json_set(keys, key, *end == '=' ? kta_json_new_str(end + 1) : kta_json_new_null());
    }
    if (!pairs)
        return kta_preview_by_kubectl(p, s, cmd, err);
    kta_json_print(patch, false, &body);
    return kta_dry_patch_all(p, s, KTA_PATCH_MERGE, body.s, err);
}
