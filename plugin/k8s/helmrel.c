/*
 * helmrel.c - Helm's release Secrets, unpacked.
 */
#include "kta/helmrel.h"

#include "kta/alloc.h"
#include "kta/b64.h"
#include "kta/gzip.h"
#include "kta/obj.h"
#include "kta/str.h"
#include "kta/yaml.h"

/* The Secret's own base64, then Helm's, then gzip (releases of Helm 2 were not always packed). */
static int unpack(const char *data, struct kta_str *out, struct kta_err *err)
{
    kta_auto_str struct kta_str once = KTA_STR_INIT, twice = KTA_STR_INIT;

    if (kta_b64_decode(data, strlen(data), &once) < 0 ||
        kta_b64_decode(once.s, once.len, &twice) < 0)
        return kta_err_set(err, KTA_E_PARSE, "it is not base64 of base64");
    if (twice.len > 3 && (unsigned char)twice.s[0] == 0x1f && (unsigned char)twice.s[1] == 0x8b)
        return kta_gunzip(twice.s, twice.len, out, err);
    kta_str_addn(out, twice.s, twice.len);
    return 0;
}

int kta_helm_release_decode(const struct kta_json *secret, struct kta_json **ret,
                            struct kta_err *err)
{
    const char *data = kta_json_str(secret, "data.release");
    const char *name = kta_or(kta_obj_name(secret), "?");
    kta_auto_str struct kta_str json = KTA_STR_INIT;

    if (!data)
        return kta_err_set(err, KTA_E_PARSE, "secret '%s' holds no Helm release", name);
    if (unpack(data, &json, err) < 0 || kta_json_parse(json.s, json.len, ret, err) < 0)
        return kta_err_wrap(err, "the Helm release in secret '%s'", name);
    return 0;
}

/* Every object redacted as one of the cluster is, so that the same values stay the same. What is no
 * YAML is left out. */
static void redact_manifest(const char *manifest, struct kta_redact *r, struct kta_str *out)
{
    kta_auto_json struct kta_json *docs = NULL;
    struct kta_err ignored = KTA_ERR_INIT;

    if (kta_yaml_parse_all(manifest, strlen(manifest), &docs, &ignored) < 0)
        return;
    kta_json_each(o, docs) {
        kta_redact_object(r, o);
        kta_str_add(out, "---\n");
        kta_json_print(o, /* pretty= */ false, out);
        kta_str_addc(out, '\n');
    }
}

char *kta_helm_release_redacted(const struct kta_json *secret, struct kta_redact *r)
{
    static const char *const kept[] = {"name", "namespace", "version", "apply_method", "info"};
    kta_auto_json struct kta_json *record = NULL, *slim = kta_json_new_object();
    kta_auto_str struct kta_str manifest = KTA_STR_INIT, json = KTA_STR_INIT, once = KTA_STR_INIT;
    struct kta_str twice = KTA_STR_INIT;
    struct kta_err ignored = KTA_ERR_INIT;

    if (kta_helm_release_decode(secret, &record, &ignored) < 0)
        return NULL;
    for (size_t i = 0; i < KTA_LEN(kept); i++)
        if (kta_json_get(record, kept[i]))
            kta_json_set(slim, kept[i], kta_json_copy(kta_json_get(record, kept[i])));
    kta_json_remove(kta_json_get(slim, "info"), "notes");
    kta_redact_object(r, slim);
    redact_manifest(kta_or(kta_json_str(record, "manifest"), ""), r, &manifest);
    kta_json_set_str(slim, "manifest", manifest.s);
    kta_json_print(slim, /* pretty= */ false, &json);
    kta_b64_encode(json.s, json.len, &once);
    kta_b64_encode(once.s, once.len, &twice);
    return kta_str_detach(&twice);
}
