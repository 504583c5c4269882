/*
 * depend.c - how the steps of one plan hang together.
 */
#include "actions.h"

#include "kta/alloc.h"
#include "kta/obj.h"

static bool same_object(const struct kta_touch *a, const struct kta_touch *b)
{
    return kta_streq(a->path, b->path) && a->name[0];
}

static bool comes(const struct kta_touch *t)
{
    return t->status == 404 || (t->known_after && t->after && !t->live);
}

/* "web", "deployment/web", "-nweb", "--from=cronjob/web" */
static bool is_named(const char *word, const char *name)
{
    size_t n = strlen(word), m = strlen(name);

    return m > 0 && kta_ends(word, name) &&
           (n == m || (n == m + 2 && word[0] == '-') || strchr("/=", word[n - m - 1]));
}

/* Does `earlier` make what `s` needs: an object that it names, its namespace, its kind? */
static bool makes_for(const struct kta_step *earlier, const struct kta_step *s)
{
    const struct kta_touches *e = earlier->touches, *t = s->touches;

    for (size_t i = 0; e && i < e->n; i++) {
        if (!comes(&e->v[i]))
            continue;
        if (kta_touch_is(&e->v[i], "CustomResourceDefinition"))
            return true;
        for (size_t k = 0; t && k < t->n; k++)
            if (same_object(&e->v[i], &t->v[k]) ||
                (kta_touch_is(&e->v[i], "Namespace") && kta_streq(e->v[i].name, t->v[k].ns)))
                return true;
        for (size_t k = 0; k < s->argv.n; k++)
            if (is_named(s->argv.v[k], e->v[i].name))
                return true;
    }
    return false;
}

/* Does `earlier` change an object that `s` touches? What is refused now may not be then. */
static bool changes_for(const struct kta_step *earlier, const struct kta_step *s)
{
    const struct kta_touches *e = earlier->touches, *t = s->touches;

    for (size_t i = 0; e && t && i < e->n; i++)
        for (size_t k = 0; k < t->n; k++)
            if (same_object(&e->v[i], &t->v[k]))
                return true;
    return false;
}

static bool has_word(const char *text, const char *word)
{
    static const char NAME[] = "abcdefghijklmnopqrstuvwxyz0123456789-";
    size_t n = strlen(word);

    for (const char *at = strstr(text, word); at; at = strstr(at + 1, word))
        if ((at == text || !strchr(NAME, at[-1])) && (!at[n] || !strchr(NAME, at[n])))
            return true;
    return false;
}

static bool is_touched(const struct kta_step *s, const char *name)
{
    for (size_t i = 0; s->touches && i < s->touches->n; i++)
        if (kta_streq(s->touches->v[i].name, name))
            return true;
    return false;
}

/* Does `earlier` change what refuses `s`: an account, a class or a quota that the refusal names, or
 * who may do what? A name that both touch says nothing: the refusal names its own object. */
static bool is_refused_for(const struct kta_step *earlier, const struct kta_step *s)
{
    const struct kta_touches *e = earlier->touches;
    const char *why = kta_or(kta_rejection(s), "");

    for (size_t i = 0; e && i < e->n; i++)
        if ((s->preview.allowed == 0 &&
             kta_streq(e->v[i].kind->group, "rbac.authorization.k8s.io")) ||
            (e->v[i].name[0] && !is_touched(s, e->v[i].name) && has_word(why, e->v[i].name)))
            return true;
    return false;
}

static void wait_for(struct kta_step *s, const struct kta_step *earlier)
{
    bool makes = makes_for(earlier, s);

    if (!s->touches || (!makes && !changes_for(earlier, s) && !is_refused_for(earlier, s)))
        return;
    s->preview.rejected = false;
    while (makes && s->preview.n_warnings > 0) /* what failed is what the earlier step makes */
        free(s->preview.warnings[--s->preview.n_warnings]);
    s->touches->later = true;
    kta_preview_warn(&s->preview, "needs step %s: it is validated again when that has run",
                     earlier->id);
}

void kta_plan_dependencies(struct kta_plan *plan)
{
    for (size_t i = 1; i < plan->n; i++)
        for (size_t k = 0; plan->v[i]->preview.rejected && k < i; k++)
            if (!plan->v[k]->preview.rejected && plan->v[k]->state == KTA_PLANNED)
                wait_for(plan->v[i], plan->v[k]);
}

/* Kinds that workloads wait for. */
static const char *const NEEDED[] = {
    "ConfigMap", "Secret",      "PersistentVolumeClaim", "ServiceAccount", "Service",
    "Role",      "RoleBinding", "NetworkPolicy",         "ResourceQuota",  "LimitRange",
};

bool kta_verify_later(const struct kta_plan *plan, const bool *go, size_t i)
{
    const struct kta_touches *mine = plan->v[i]->touches;

    for (size_t k = i + 1; k < plan->n; k++) {
        const struct kta_touches *t = plan->v[k]->touches;

        if (!go[k] || !t || !mine)
            continue;
        for (size_t a = 0; a < t->n; a++) {
            for (size_t b = 0; b < mine->n; b++) {
                if (same_object(&t->v[a], &mine->v[b]) ||
                    (t->v[a].live && kta_obj_owned_by(t->v[a].live, kta_obj_uid(mine->v[b].live))))
                    return true;
                for (size_t n = 0; n < KTA_LEN(NEEDED); n++)
                    if (kta_touch_is(&t->v[a], NEEDED[n]) && kta_streq(t->v[a].ns, mine->v[b].ns))
                        return true;
            }
        }
    }
    return false;
}
