/*
 * helm_objects.c - a release's records (the Secrets in which helm keeps its revisions), and the
 * objects that one of them holds, as the API server will have them.
 */
#include "actions.h"

#include "kta/alloc.h"
#include "kta/b64.h"
#include "kta/obj.h"

static int64_t version_of(const struct kta_json *secret)
{
    const char *text = kta_obj_label(secret, "version");

    return text ? strtoll(text, NULL, 10) : 0;
}

const struct kta_json *kta_helm_record(const struct kta_json *records, const char *status,
                                       int64_t version)
{
    const struct kta_json *best = NULL;

    kta_json_each(o, kta_json_get(records, "items")) {
        if (status && !kta_streq(kta_obj_label(o, "status"), status))
            continue;
        if (version ? version_of(o) == version : version_of(o) > version_of(best))
            best = o;
    }
    return best;
}

int64_t kta_helm_revision(const struct kta_json *records)
{
    return version_of(kta_helm_record(records, NULL, 0));
}

/* The API server keeps a Secret's stringData as data. */
static void fold(struct kta_json *secret)
{
    struct kta_json *data = kta_json_get(secret, "data");

    if (kta_json_len(kta_json_get(secret, "stringData")) > 0 && !data)
        data = kta_json_set(secret, "data", kta_json_new_object());
    kta_json_each(m, kta_json_get(secret, "stringData")) {
        const char *text = kta_or(kta_json_text(m), "");
        kta_auto_str struct kta_str encoded = KTA_STR_INIT;

        kta_b64_encode(text, strlen(text), &encoded);
        kta_json_set_str(data, kta_json_key(m), encoded.s);
    }
    kta_json_remove(secret, "stringData");
}

struct kta_json *kta_helm_objects(const struct kta_json *release)
{
    const char *manifest = kta_json_str(release, "manifest");
    struct kta_err ignored = KTA_ERR_INIT;
    struct kta_json *v = manifest ? kta_manifest_open(manifest, &ignored) : NULL;

    kta_json_each(o, v) {
        if (kta_streq(kta_obj_kind(o), "Secret"))
            fold(o);
    }
    return v ? v : kta_json_new_array();
}

const struct kta_json *kta_helm_object(const struct kta_json *objects, const struct kta_json *like)
{
    const char *ns = kta_obj_namespace(like);

    kta_json_each(o, objects) {
        const char *own = kta_obj_namespace(o); /* none: the release's */

        if (kta_streq(kta_obj_kind(o), kta_obj_kind(like)) &&
            kta_streq(kta_obj_name(o), kta_obj_name(like)) && (!own || !ns || kta_streq(own, ns)))
            return o;
    }
    return NULL;
}
