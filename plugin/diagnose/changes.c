/*
 * changes.c - what changed before it broke: the pod template that last worked against today's, who
 * changed it and when.
 *
 * Sources: ReplicaSets (Deployment), ControllerRevisions (StatefulSet, DaemonSet), managedFields.
 * A revision that differs by nothing but a restart's annotation is no change.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include "diag.h"
#include "kta/alloc.h"
#include "kta/clock.h"
#include "kta/quantity.h"
#include "stores.h"

/* ---- differences of templates ---- */

static const char *list_key(const char *path, const struct kta_json *item)
{
    (void)path;
    static const char *const keys[] = {"name", "mountPath", "containerPort",
                                       "key",  "ip",        "topologyKey"};
    for (size_t i = 0; i < KTA_LEN(keys); i++)
        if (kta_json_get(item, keys[i]))
            return keys[i];
    return NULL;
}

static bool secret_name(const char *name)
{
    static const char *const words[] = {"pass", "secret", "token", "key", "credential",
                                        "pwd",  "auth",   "dsn",   "url", "private"};
    for (size_t i = 0; i < KTA_LEN(words); i++)
        if (kta_stristr(name, words[i]))
            return true;
    return false;
}

static void value_text(const char *path, const struct kta_json *v, struct kta_str *out)
{
    if (!v) {
        kta_str_add(out, "(none)");
        return;
    }
    /* The value of a variable that may be a secret is not shown, only that it changed. */
    const char *env = strstr(path, "env[");
    if (env && secret_name(env) && (kta_ends(path, ".value") || kta_json_get(v, "value"))) {
        kta_str_add(out, "(value)");
        return;
    }
    kta_auto_str struct kta_str s = KTA_STR_INIT;
    if (kta_json_text(v))
        kta_str_add(&s, kta_json_text(v));
    else
        kta_json_print(v, false, &s);
    if (s.len > 160) {
        kta_str_truncate(&s, 160);
        kta_str_add(&s, "…");
    }
    kta_str_add(out, *s.s ? s.s : "\"\"");
}

static bool ignored(const char *path)
{
    static const char *const paths[] = {"metadata.labels.pod-template-hash",
                                        "metadata.creationTimestamp",
                                        "metadata.annotations.kubectl.kubernetes.io/restartedAt",
                                        "metadata.labels.controller-revision-hash",
                                        "$patch"}; /* of a ControllerRevision */
    for (size_t i = 0; i < KTA_LEN(paths); i++)
        if (kta_streq(path, paths[i]))
            return true;
    return false;
}

static const char *shorten(const char *path)
{
    return kta_starts(path, "spec.") ? path + 5 : path;
}

static size_t diff_at(const char *path, const struct kta_json *a, const struct kta_json *b,
                      struct kta_str *out);

static size_t diff_lists(const char *path, const struct kta_json *a, const struct kta_json *b,
                         struct kta_str *out)
{
    const char *key = list_key(path, kta_json_first(a) ? kta_json_first(a) : kta_json_first(b));
    size_t n = 0;
    for (int side = 0; side < 2; side++) {
        const struct kta_json *mine = side ? b : a, *other = side ? a : b;
        kta_json_each(x, mine) {
            const struct kta_json *twin = NULL;
            kta_json_each(y, other)
                if (kta_json_equal(kta_json_get(x, key), kta_json_get(y, key)))
                    twin = y;
            if (side && twin)
                continue;
            kta_auto_str struct kta_str sub = KTA_STR_INIT;
            kta_str_addf(&sub, "%s[", path);
            value_text("", kta_json_get(x, key), &sub);
            kta_str_addc(&sub, ']');
            n += diff_at(sub.s, side ? NULL : x, side ? x : twin, out);
        }
    }
    return n;
}

static size_t diff_at(const char *path, const struct kta_json *a, const struct kta_json *b,
                      struct kta_str *out)
{
    if ((a && b && kta_json_equal(a, b)) || ignored(path))
        return 0;
    enum kta_json_type ta = kta_json_type(a), tb = kta_json_type(b);
    bool maps = kta_streq(path, "metadata") || kta_streq(path, "metadata.annotations") ||
                kta_streq(path, "metadata.labels");
    if ((ta == KTA_JSON_OBJECT && tb == KTA_JSON_OBJECT) ||
        (maps && (ta == KTA_JSON_OBJECT || tb == KTA_JSON_OBJECT))) {
        size_t n = 0;
        for (int side = 0; side < 2; side++) {
            const struct kta_json *mine = side ? b : a, *other = side ? a : b;
            kta_json_each(m, mine) {
                const struct kta_json *twin = kta_json_get(other, kta_json_key(m));
                if (side && twin)
                    continue;
                kta_auto_free char *sub =
                    kta_asprintf("%s%s%s", path, *path ? "." : "", kta_json_key(m));
                n += diff_at(sub, side ? NULL : m, side ? m : twin, out);
            }
        }
        return n;
    }
    bool lists = (ta == KTA_JSON_ARRAY || !a) && (tb == KTA_JSON_ARRAY || !b) && (a || b);
    const struct kta_json *some = kta_json_first(a) ? kta_json_first(a) : kta_json_first(b);
    if (lists && kta_json_type(some) == KTA_JSON_OBJECT && list_key(path, some))
        return diff_lists(path, a, b, out);
    kta_str_addf(out, "%s: ", shorten(path));
    value_text(path, a, out);
    kta_str_add(out, " -> ");
    value_text(path, b, out);
    kta_str_addc(out, '\n');
    return 1;
}

size_t kta_template_diff(const struct kta_json *before, const struct kta_json *after,
                         struct kta_str *out)
{
    return diff_at("", before, after, out);
}

/* ---- who ---- */

/* The next step of "containers[backend].command": a key, or the name of a list's item. */
static bool step(const char **p, char *word, size_t n, bool *ret_item)
{
    const char *s = *p;
    *ret_item = *s == '[';
    size_t len = *ret_item ? strcspn(s + 1, "]") : strcspn(s, ".[");
    const char *from = *ret_item ? s + 1 : s;
    if (!len || len >= n)
        return false;
    memcpy(word, from, len);
    word[len] = '\0';
    s = from + len;
    if (*ret_item && *s == ']')
        s++;
    if (*s == '.')
        s++;
    *p = s;
    return true;
}

/* Does a fieldsV1 tree hold the field? Stops where the tree does, if that is a leaf. */
static bool owns(const struct kta_json *tree, const char *path)
{
    const char *p = path;
    char word[256];
    bool item;
    while (*p && step(&p, word, sizeof word, &item)) {
        const struct kta_json *next = NULL;
        kta_auto_free char *key = kta_asprintf("f:%s", word);
        if (!item)
            next = kta_json_get(tree, key);
        else
            kta_json_each(m, tree)
                if (kta_starts(kta_json_key(m), "k:") && strstr(kta_json_key(m), word))
                    next = m;
        if (!next)
            return false;
        if (!kta_json_len(next))
            return true;
        tree = next;
    }
    return true;
}

bool kta_managed_by(const struct kta_json *o, const char *field, const char **ret_manager,
                    int64_t *ret_when)
{
    bool found = false;
    kta_json_each(m, kta_json_at(o, "metadata.managedFields")) {
        int64_t t = kta_time_parse(kta_json_str(m, "time"));
        if (kta_streq(kta_json_str(m, "subresource"), "status") ||
            !owns(kta_json_get(m, "fieldsV1"), field))
            continue;
        if (found && t < *ret_when)
            continue;
        *ret_manager = kta_or(kta_json_str(m, "manager"), "someone");
        *ret_when = t;
        found = true;
    }
    return found;
}

/* ---- revisions ---- */

static int64_t revision_of(const struct kta_json *o)
{
    const char *s = kta_obj_annotation(o, "deployment.kubernetes.io/revision");
    return s ? strtoll(s, NULL, 10) : kta_json_int(o, "revision", 0);
}

bool kta_pod_outdated(struct kta_world *w, const struct kta_json *pod, const struct kta_json *owner)
{
    const struct kta_json *ref = kta_obj_controller(pod);
    const struct kta_json *set = ref ? kta_world_uid(w, kta_json_str(ref, "uid")) : NULL;

    return set && owner && kta_streq(kta_obj_kind(owner), "Deployment") && revision_of(set) > 0 &&
           revision_of(owner) > 0 && revision_of(set) != revision_of(owner);
}

static const struct kta_json *revision_template(const struct kta_json *o)
{
    const struct kta_json *t = kta_json_at(o, "spec.template");
    return t ? t : kta_json_at(o, "data.spec.template");
}

struct revisions {
    struct kta_json *current, *good;
    bool worked;
};

/* The revision that worked last: one that has ready pods beats any other; then the newest one that
 * differs from today's. */
static void find_good(struct kta_world *w, const struct kta_json *workload, const char *kind,
                      struct revisions *r)
{
    struct kta_json *const *v;
    size_t n = kta_world_list(w, kind, kta_obj_namespace(workload), &v);
    const char *uid = kta_obj_uid(workload);
    const struct kta_json *now = kta_json_at(workload, "spec.template");
    for (size_t i = 0; i < n; i++)
        if (kta_obj_owned_by(v[i], uid) &&
            (!r->current || revision_of(v[i]) > revision_of(r->current)))
            r->current = v[i];
    for (size_t i = 0; i < n; i++) {
        if (!kta_obj_owned_by(v[i], uid) || v[i] == r->current)
            continue;
        kta_auto_str struct kta_str d = KTA_STR_INIT;
        if (!kta_template_diff(revision_template(v[i]), now, &d))
            continue;
        bool ready = kta_json_int(v[i], "status.readyReplicas", 0) > 0;
        if (!r->good || (ready && !r->worked) ||
            (ready == r->worked && revision_of(v[i]) > revision_of(r->good))) {
            r->good = v[i];
            r->worked = ready;
        }
    }
}

/* Who touched the object at that moment (seconds); NULL: unknown. A field that was removed has no
 * manager any more, but who removed it has been there then. */
static const char *manager_at(const struct kta_json *o, int64_t when)
{
    const char *who = NULL;
    int64_t at = KTA_NO_TIME;
    kta_json_each(m, kta_json_at(o, "metadata.managedFields")) {
        int64_t t = kta_time_parse(kta_json_str(m, "time"));
        if (t == KTA_NO_TIME || when == KTA_NO_TIME || t < when - 5 || t > when + 1 ||
            kta_json_str(m, "subresource") || (who && t < at) ||
            kta_streq(kta_json_str(m, "manager"), "kube-controller-manager"))
            continue;
        who = kta_json_str(m, "manager");
        at = t;
    }
    return who;
}

/* When today's revision became today's: its own age tells only if it was new then; one that is gone
 * back to keeps its old creation time. */
static int64_t revision_since(struct kta_world *w, const struct kta_json *workload,
                              const struct kta_json *current)
{
    int64_t when = kta_obj_created(current);
    if (kta_streq(kta_obj_kind(workload), "Deployment")) {
        kta_auto_free char *up =
            kta_asprintf("Scaled up replica set %s from 0 ", kta_obj_name(current));
        kta_auto_free char *any = kta_asprintf("Scaled up replica set %s ", kta_obj_name(current));
        const struct kta_json *ev = kta_diag_event(w, workload, "ScalingReplicaSet", up);
        if (!ev)
            ev = kta_diag_event(w, workload, "ScalingReplicaSet", any);
        return ev && kta_event_time(ev) > when ? kta_event_time(ev) : when;
    }
    struct kta_json **pods;
    size_t n = kta_world_pods_of(w, workload, &pods);
    int64_t first = KTA_NO_TIME;
    for (size_t i = 0; i < n; i++) {
        const char *hash = kta_obj_label(pods[i], "controller-revision-hash");
        int64_t t = kta_obj_created(pods[i]);
        if (hash && kta_ends(kta_obj_name(current), hash) && (first == KTA_NO_TIME || t < first))
            first = t;
    }
    free(pods);
    return first != KTA_NO_TIME && first > when + 60 ? first : when;
}

static void describe(const struct kta_json *workload, struct kta_change *c, int64_t fallback)
{
    kta_auto_free char *line = kta_diag_first_line(c->diff, 300);
    size_t lines = 0;
    for (const char *p = c->diff; (p = strchr(p, '\n')); p++)
        lines++;
    kta_auto_free char *path = kta_strndup(line, strcspn(line, ":"));
    kta_auto_free char *full = kta_starts(path, "metadata.")
                                   ? kta_asprintf("spec.template.%s", path)
                                   : kta_asprintf("spec.template.spec.%s", path);
    const char *who = NULL;
    c->when = fallback;
    int64_t when = KTA_NO_TIME;
    /* The field's manager may have set it long before: then only the revision's time is true. */
    bool owned = kta_managed_by(workload, full, &who, &when) && when != KTA_NO_TIME;
    if (owned && (fallback == KTA_NO_TIME || when >= fallback - 60))
        c->when = when;
    else
        who = manager_at(workload, fallback);
    kta_auto_free char *more =
        lines > 1 ? kta_asprintf(" (and %zu more field%s)", lines - 1, lines > 2 ? "s" : "")
                  : kta_strdup("");
    c->who = kta_strdup(who);
    c->text = who ? kta_asprintf("%s changed %s%s", who, line, more)
                  : kta_asprintf("this changed: %s%s", line, more);
}

bool kta_change_of(struct kta_world *w, struct kta_json *workload, struct kta_change *ret)
{
    *ret = (struct kta_change){.when = KTA_NO_TIME, .since = KTA_NO_TIME};
    const char *kind = kta_obj_kind(workload);
    struct revisions r = {0};
    if (kta_streq(kind, "Deployment"))
        find_good(w, workload, "replicasets", &r);
    else if (kta_streq(kind, "StatefulSet") || kta_streq(kind, "DaemonSet"))
        find_good(w, workload, "controllerrevisions", &r);
    if (!r.good)
        return false;
    const struct kta_json *old = revision_template(r.good);
    kta_auto_str struct kta_str d = KTA_STR_INIT;
    if (!kta_template_diff(old, kta_json_at(workload, "spec.template"), &d))
        return false;
    ret->diff = kta_str_detach(&d);
    ret->revision = revision_of(r.good);
    ret->worked = r.worked;
    ret->since = r.current ? kta_obj_created(r.current) : KTA_NO_TIME;
    ret->back = r.current && ret->since < kta_obj_created(r.good);
    ret->template_ = (struct kta_json *)(uintptr_t)old;
    describe(workload, ret, revision_since(w, workload, r.current));
    return true;
}

void kta_change_release(struct kta_change *c)
{
    free(c->text);
    free(c->diff);
    free(c->who);
    *c = (struct kta_change){.when = KTA_NO_TIME};
}

/* ---- findings that follow a change ---- */

/* A failure follows a change if it began at most this long after it (seconds), and not before. */
#define FOLLOWS_WITHIN (30 * 60)

static bool follows(const struct kta_finding *f, const struct kta_change *c)
{
    if (c->when == KTA_NO_TIME || f->since == KTA_NO_TIME)
        return true;
    return f->since + 5 >= c->when && f->since - c->when < FOLLOWS_WITHIN;
}

/* ---- ConfigMaps and Secrets that changed before it broke ---- */

struct store_change {
    const struct kta_json *store;
    const char *who;
    int64_t when;
    const struct kta_json *keys; /* members "f:KEY" */
};

static void consider_store(struct kta_world *w, const char *plural, const char *ns,
                           const char *name, struct store_change *best)
{
    const struct kta_json *o = kta_world_get(w, plural, ns, name, NULL);
    kta_json_each(m, kta_json_at(o, "metadata.managedFields")) {
        int64_t t = kta_time_parse(kta_json_str(m, "time"));
        const struct kta_json *keys = kta_json_get(kta_json_get(m, "fieldsV1"), "f:data");
        if (t == KTA_NO_TIME || t <= kta_obj_created(o) || (best->store && t <= best->when) ||
            !keys)
            continue;
        *best = (struct store_change){o, kta_or(kta_json_str(m, "manager"), "someone"), t, keys};
    }
}

static void stores_of(struct kta_world *w, const char *ns, const struct kta_json *v,
                      struct store_change *best)
{
    kta_json_each(m, v) {
        for (size_t i = 0; kta_json_key(m) && i < kta_n_store_refs; i++) {
            const struct kta_store_ref *r = &kta_store_refs[i];
            if (kta_streq(kta_json_key(m), r->member) && kta_json_str(m, r->name))
                consider_store(w, r->plural, ns, kta_json_str(m, r->name), best);
        }
        stores_of(w, ns, m, best);
    }
}

bool kta_store_set_number(struct kta_world *w, const struct kta_json *o, int64_t since,
                          int64_t number)
{
    struct store_change c = {0};
    stores_of(w, kta_obj_namespace(o), kta_json_get(kta_diag_template(o), "spec"), &c);
    return c.store && c.when >= since && kta_store_holds_number(w, c.store, c.keys, number);
}

static void store_changed(struct kta_world *w, struct kta_finding *f, const struct kta_json *o)
{
    if (!kta_starts(f->code, "CrashLoop.") && !kta_starts(f->code, "Config.") &&
        !kta_starts(f->code, "Probe.") && !kta_streq(f->code, "Service.PortMismatch"))
        return;
    struct store_change c = {0};
    stores_of(w, kta_obj_namespace(o), kta_json_get(kta_diag_template(o), "spec"), &c);
    if (!c.store || f->since == KTA_NO_TIME || f->since + 60 < c.when ||
        f->since - c.when > FOLLOWS_WITHIN)
        return;
    kta_auto_free char *ref = kta_diag_ref(c.store);
    kta_diag_changed(w, f, c.when, "%s changed %s, which it reads", c.who, ref);
    if (kta_store_restore(w, f, o, c.store))
        kta_finding_last_fix_first(f);
}

/* Codes whose cause cannot be the pod template of the object they blame. */
static bool not_by_template(const char *code)
{
    static const char *const areas[] = {"Node.", "Storage.", "Deployment.Paused",
                                        "Deployment.ScaledToZero", "Ingress."};
    for (size_t i = 0; i < KTA_LEN(areas); i++)
        if (kta_starts(code, areas[i]))
            return true;
    return false;
}

/* A memory limit that was raised is not what killed it. */
static bool raised_only(const struct kta_finding *f, const struct kta_change *c)
{
    const char *at = strstr(c->diff, "resources.limits.memory: ");
    const char *newline = strchr(c->diff, '\n');
    if (!kta_starts(f->code, "Memory.") || !at || (newline && newline[1]))
        return false;
    const char *old = at + strlen("resources.limits.memory: "), *now = strstr(old, " -> ");
    if (!now)
        return false;
    kta_auto_free char *a = kta_strndup(old, (size_t)(now - old));
    kta_auto_free char *b = kta_strndup(now + 4, strcspn(now + 4, "\n"));
    int64_t before = kta_quantity_milli(a);
    return before >= 0 && kta_quantity_milli(b) >= before;
}

static void undo_first(struct kta_world *w, struct kta_finding *f, struct kta_json *o,
                       const struct kta_change *c)
{
    (void)kta_fix_undo(w, f, o, c);
    kta_finding_last_fix_first(f);
}

void kta_changes_apply(struct kta_world *w, struct kta_findings *f)
{
    for (size_t i = 0; i < f->n; i++) {
        struct kta_finding *x = f->v[i];
        static const char *const kinds[][2] = {{"Deployment", "deployments"},
                                               {"StatefulSet", "statefulsets"},
                                               {"DaemonSet", "daemonsets"}};
        struct kta_json *o = NULL;
        for (size_t k = 0; k < KTA_LEN(kinds) && !o; k++)
            if (kta_streq(x->object.kind, kinds[k][0]))
                o = kta_world_get(w, kinds[k][1], x->object.namespace_, x->object.name, NULL);
        struct kta_change c;
        if (!o || x->severity == KTA_INFO || not_by_template(x->code) || x->change)
            continue;
        if (!kta_change_of(w, o, &c)) {
            store_changed(w, x, o);
            continue;
        }
        if (follows(x, &c) && !raised_only(x, &c)) {
            kta_diag_changed(w, x, c.when, "%s", c.text);
            kta_finding_quote(x, "what changed", "%.*s", KTA_DIAG_QUOTE, c.diff);
            undo_first(w, x, o, &c);
            x->confidence = x->confidence < 0.9 ? x->confidence + 0.05 : x->confidence;
        }
        if (!x->change)
            store_changed(w, x, o);
        kta_change_release(&c);
    }
}
