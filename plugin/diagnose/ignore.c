/*
 * ignore.c - findings that are not to be told: the configuration's ignore: list, and those of an
 * earlier run (--baseline).
 *
 * A row is a code, or {code, object}, both as a shell writes patterns. An object is a name,
 * kind/name, namespace/name or namespace/kind/name; case and short kinds do not matter.
 */
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>
#include "diag.h"
#include "kta/alloc.h"
#include "kta/kinds.h"

static bool like(const char *pattern, const char *s)
{
    return fnmatch(pattern, s, FNM_CASEFOLD) == 0;
}

static const char *code_of(const struct kta_json *row)
{
    return kta_json_text(row) ? kta_json_text(row) : kta_json_str(row, "code");
}

/* "deploy/web" and "demo/Deployment/web" with the word for the kind that findings have. */
static char *with_kind(const char *object)
{
    const char *name = strrchr(object, '/');
    if (!name)
        return kta_strdup(object);
    const char *from = name;
    while (from > object && from[-1] != '/')
        from--;
    kta_auto_free char *word = kta_strndup(from, (size_t)(name - from));
    const struct kta_kind *k = kta_kind_known(word);
    return kta_asprintf("%.*s%s%s", (int)(from - object), object, k ? k->kind : word, name);
}

bool kta_ignored(const struct kta_json *ignore, const struct kta_finding *f)
{
    const char *kind = f->object.kind, *ns = kta_or(f->object.namespace_, "");
    const char *name = f->object.name;
    kta_auto_free char *by_kind = kta_asprintf("%s/%s", kind, name);
    kta_auto_free char *by_ns = kta_asprintf("%s/%s", ns, name);
    kta_auto_free char *full = kta_asprintf("%s/%s/%s", ns, kind, name);
    const char *const forms[] = {name, by_kind, by_ns, full};
    kta_json_each(row, ignore) {
        const char *code = code_of(row), *object = kta_json_str(row, "object");
        if ((!code && !object) || (code && !like(code, f->code)))
            continue;
        kta_auto_free char *pattern = object ? with_kind(object) : NULL;
        for (size_t i = 0; pattern && i < KTA_LEN(forms); i++)
            if (like(pattern, forms[i]))
                return true;
        if (!pattern)
            return true;
    }
    return false;
}

bool kta_known(const struct kta_json *earlier, const struct kta_finding *f)
{
    kta_json_each(row, earlier) {
        if (kta_streq(kta_json_str(row, "code"), f->code) &&
            kta_streq(kta_json_str(row, "object.kind"), f->object.kind) &&
            kta_streq(kta_json_str(row, "object.namespace"), f->object.namespace_) &&
            kta_streq(kta_json_str(row, "object.name"), f->object.name))
            return true;
    }
    return false;
}

/* ---- a list that means nothing would hide nothing, or everything ---- */

static int check_code(const char *code, struct kta_err *err)
{
    size_t n;
    const char *const *codes = kta_explain_codes(&n);
    for (size_t i = 0; i < n; i++)
        if (like(code, codes[i]))
            return 0;
    const char *near = kta_nearest(code, codes, n);
    kta_err_set(err, KTA_E_USAGE, "no finding has the code '%s'", code);
    return near ? kta_err_hint(err, "did you mean %s?", near)
                : kta_err_hint(err, "kubectl todo-ai explain lists the codes");
}

int kta_ignore_check(const struct kta_json *ignore, struct kta_err *err)
{
    kta_json_each(row, ignore) {
        if (kta_json_text(row)) {
            if (check_code(kta_json_text(row), err) < 0)
                return -1;
            continue;
        }
        bool map = kta_json_type(row) == KTA_JSON_OBJECT && kta_json_len(row) > 0;
        kta_json_each(m, map ? row : NULL) {
            bool code = kta_streq(kta_json_key(m), "code");
            if (!code && !kta_streq(kta_json_key(m), "object"))
                return kta_err_set(err, KTA_E_USAGE, "unknown key '%s': code or object",
                                   kta_json_key(m));
            map = map && kta_json_text(m) && *kta_json_text(m);
            if (map && code && check_code(kta_json_text(m), err) < 0)
                return -1;
        }
        if (!map)
            return kta_err_set(err, KTA_E_USAGE,
                               "each row is a code, or a map of code and object, both text");
    }
    return 0;
}
