/*
 * spread.c - topology spread constraints that the nodes there are cannot meet: a label that none
 * has, more domains than there are.
 */
#include <stdlib.h>
#include <string.h>
#include "diag.h"
#include "kta/alloc.h"

#define NEAR 3 /* letters that a label's misspelt key may differ in */

/* How many values the nodes have of that label. */
static int domains_of(struct kta_world *w, const char *key)
{
    struct kta_json *const *v;
    size_t n = kta_world_list(w, "nodes", NULL, &v);
    int count = 0;
    for (size_t i = 0; i < n; i++) {
        const char *value = kta_obj_label(v[i], key);
        bool seen = !value;
        for (size_t k = 0; k < i && !seen; k++)
            seen = kta_streq(kta_obj_label(v[k], key), value);
        count += !seen;
    }
    return count;
}

static const char *label_near(struct kta_world *w, const char *key)
{
    struct kta_json *const *v;
    size_t n = kta_world_list(w, "nodes", NULL, &v);
    const char *best = NULL;
    for (size_t i = 0, at = NEAR + 1; i < n; i++)
        kta_json_each(l, kta_json_at(v[i], "metadata.labels")) {
            size_t d = (size_t)kta_distance(key, kta_json_key(l), NEAR);
            if (d < at) {
                at = d;
                best = kta_json_key(l);
            }
        }
    return best;
}

/* Pushes the member of a strategic patch that names the constraint. */
static struct kta_json *constraint(struct kta_json *patch, const char *key)
{
    struct kta_json *x = kta_json_push(patch, kta_json_new_object());
    kta_json_set_str(x, "topologyKey", key);
    return x;
}

/* What is wrong with one constraint, told and put right in the patch; false: nothing. */
static bool judge(struct kta_world *w, struct kta_finding *f, const char *pods,
                  const struct kta_json *c, struct kta_json *patch)
{
    const char *key = kta_or(kta_json_str(c, "topologyKey"), "");
    int64_t least = kta_json_int(c, "minDomains", 1);
    int domains = domains_of(w, key);
    const char *near = domains ? NULL : label_near(w, key);
    if (domains >= least || !kta_streq(kta_json_str(c, "whenUnsatisfiable"), "DoNotSchedule"))
        return false;
    kta_finding_quote(f, "spec", "topologySpreadConstraints: %s, minDomains %lld", key,
                      (long long)least);
    if (domains) {
        kta_finding_summary(f,
                            "pods of %s find no node: they are to be spread over %lld domains of "
                            "%s, and there %s %d",
                            pods, (long long)least, key, domains == 1 ? "is" : "are", domains);
        kta_json_set_int(constraint(patch, key), "minDomains", domains);
    } else {
        kta_finding_summary(
            f, "pods of %s find no node: they are to be spread by the label %s, which no node has",
            pods, key);
        if (near) {
            kta_finding_quote(f, "nodes", "there are nodes with the label %s", near);
            kta_json_set_str(constraint(patch, key), "$patch", "delete");
            struct kta_json *now = kta_json_push(patch, kta_json_copy(c));
            kta_json_set_str(now, "topologyKey", near);
        }
    }
    return true;
}

static struct kta_json *begin(struct kta_json **ret_list)
{
    struct kta_json *spec = kta_json_new_object();
    *ret_list = kta_json_set(spec, "topologySpreadConstraints", kta_json_new_array());
    return spec;
}

void kta_scheduling_spread(struct kta_world *w, struct kta_finding *f, struct kta_json *owner)
{
    const struct kta_json *all =
        kta_json_get(kta_json_get(kta_diag_template(owner), "spec"), "topologySpreadConstraints");
    kta_auto_free char *ref = kta_diag_ref(owner);
    struct kta_json *right, *looser, *mend = begin(&right), *relax = begin(&looser);
    bool known = kta_world_readable(w, "nodes", NULL), told = false;
    kta_json_each(c, all)
        told |= known && judge(w, f, ref, c, right);
    kta_json_each(c, all) {
        if (!kta_streq(kta_json_str(c, "whenUnsatisfiable"), "DoNotSchedule"))
            continue;
        struct kta_json *x = constraint(looser, kta_or(kta_json_str(c, "topologyKey"), ""));
        kta_json_set_str(x, "whenUnsatisfiable", "ScheduleAnyway");
        if (kta_json_get(c, "minDomains")) /* which only a strict one may have */
            kta_json_set(x, "minDomains", kta_json_new_null());
    }
    if (kta_json_len(right))
        (void)kta_fix_template(w, f, KTA_RISK_MEDIUM, owner, KTA_STEAL(mend),
                               "spread over the domains that there are");
    if (kta_json_len(looser))
        (void)kta_fix_template(w, f, KTA_RISK_MEDIUM, owner, KTA_STEAL(relax),
                               "spread over nodes where that is possible, not always");
    if (told)
        kta_finding_advice(f, "Or add nodes that have the label, with as many values of it.");
    kta_json_free(mend);
    kta_json_free(relax);
}
