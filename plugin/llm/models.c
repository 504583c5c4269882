/*
 * models.c - the models that an endpoint offers: GET /v1/models, as all providers have it.
 *
 * Source: https://platform.openai.com/docs/api-reference/models/list
 */
#include <stdlib.h>
#include <string.h>
#include "kta/alloc.h"
#include "kta/limits.h"
#include "llm_private.h"

#define MODELS_TIMEOUT_MS 10000

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

int kta_llm_models(struct kta_llm *m, struct kta_argv *ret, struct kta_err *err)
{
    kta_auto_free char *path = kta_asprintf("%s/models", m->prefix);
    struct kta_http_req r = {.path = path, .timeout_ms = MODELS_TIMEOUT_MS};
    kta_auto_json struct kta_json *v = NULL;
    struct kta_err bad = KTA_ERR_INIT;
    int rc = kta_http_run(m->http, &r, 1, err);

    if (rc < 0) {
        kta_http_req_release(&r);
        return -1;
    }
    if (!r.failed && r.status == 200)
        (void)kta_json_parse(r.answer.s, r.answer.len, &v, &bad);
    if (!kta_json_get(v, "data")) {
        kta_err_set(err, KTA_E_MODEL, "%s does not list its models (GET /models: %s %d)", m->shown,
                    r.failed ? "no answer, status" : "status", r.status);
        kta_http_req_release(&r);
        kta_err_clear(&bad);
        return kta_err_hint(err, "/model NAME takes another model all the same");
    }
    kta_http_req_release(&r);
    kta_json_each(entry, kta_json_get(v, "data")) {
        const char *id = kta_json_str(entry, "id");
        if (id && *id && ret->n < KTA_MAX_MODELS)
            kta_argv_add(ret, id);
    }
    qsort(ret->v, ret->n, sizeof(ret->v[0]), by_name);
    return 0;
}
