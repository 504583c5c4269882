/*
 * helmrel.c - Helm's release Secrets, unpacked.
 */
#include "kta/helmrel.h"

#include "kta/b64.h"
#include "kta/gzip.h"
#include "kta/obj.h"
#include "kta/str.h"

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
