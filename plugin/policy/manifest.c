/*
 * manifest.c - which objects a manifest names, for rules and risk.
 */
#include "classify.h"
#include "kta/limits.h"
#include "kta/str.h"
#include "kta/yaml.h"

struct docs {
    struct kta_doc *v;
    int n, max;
};

static void copy(char *to, size_t n, const char *from)
{
    snprintf(to, n, "%s", kta_or(from, ""));
}

static void add_object(struct docs *d, const struct kta_json *o, int depth)
{
    const char *kind = kta_json_text(kta_json_get(o, "kind"));

    if (kind && kta_ends(kind, "List") && depth < 3 &&
        kta_json_type(kta_json_get(o, "items")) == KTA_JSON_ARRAY) {
        kta_json_each(item, kta_json_get(o, "items"))
            add_object(d, item, depth + 1);
        return;
    }
    if (d->n < d->max) {
        const struct kta_json *meta = kta_json_get(o, "metadata");
        struct kta_doc *doc = &d->v[d->n];
        copy(doc->kind, sizeof doc->kind, kind);
        copy(doc->name, sizeof doc->name, kta_json_text(kta_json_get(meta, "name")));
        copy(doc->namespace_, sizeof doc->namespace_,
             kta_json_text(kta_json_get(meta, "namespace")));
    }
    d->n++;
}

int kta_manifest_objects(const char *text, struct kta_doc *ret, int max, struct kta_err *err)
{
    kta_auto_json struct kta_json *all = NULL;
    struct docs d = {.v = ret, .max = max};
    size_t n = strlen(text);

    if (n > KTA_MAX_MANIFEST)
        return kta_err_set(err, KTA_E_LIMIT, "the manifest is larger than %u bytes",
                           KTA_MAX_MANIFEST);
    if (kta_yaml_parse_all(text, n, &all, err) < 0)
        return -1;
    kta_json_each(doc, all)
        add_object(&d, doc, 0);
    return d.n;
}
