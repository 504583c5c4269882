/*
 * address.c - the address that a container calls: which Service a host is, and which variable of
 * the container gives it.
 *
 * A host may be a Service's name in any of its lengths, a pod of a StatefulSet before its headless
 * Service, a cluster IP or a pod's own.
 */
#include "address.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kta/alloc.h"
#include "kta/re.h"
#include "stores.h"

int kta_service_ready(struct kta_world *w, const struct kta_json *service)
{
    struct kta_json *const *v;
    const char *ns = kta_obj_namespace(service);
    if (!kta_world_readable(w, "endpointslices", ns))
        return -1;
    size_t n = kta_world_list(w, "endpointslices", ns, &v);
    int ready = 0;
    for (size_t i = 0; i < n; i++) {
        if (!kta_streq(kta_obj_label(v[i], "kubernetes.io/service-name"), kta_obj_name(service)))
            continue;
        kta_json_each(e, kta_json_get(v[i], "endpoints"))
            ready += kta_json_bool(e, "conditions.ready", true) ? 1 : 0;
    }
    return ready;
}

bool address_is_ip(const char *host)
{
    return strspn(host, "0123456789.") == strlen(host) || strchr(host, ':');
}

static bool holds(const struct kta_json *slice, const char *ip)
{
    kta_json_each(e, kta_json_get(slice, "endpoints"))
        kta_json_each(a, kta_json_get(e, "addresses"))
            if (kta_streq(kta_json_text(a), ip))
                return true;
    return false;
}

/* The Service that a pod's own address was learnt from: a headless one, where there is one. */
static struct kta_json *service_of_pod(struct kta_world *w, const char *ns, const char *ip)
{
    struct kta_json *const *v;
    struct kta_json *found = NULL;
    size_t n = kta_world_list(w, "endpointslices", ns, &v);
    for (size_t i = 0; i < n; i++) {
        const char *name = kta_obj_label(v[i], "kubernetes.io/service-name");
        struct kta_json *s =
            name && holds(v[i], ip) ? kta_world_get(w, "services", ns, name, NULL) : NULL;
        if (s && (!found || kta_streq(kta_json_str(s, "spec.clusterIP"), "None")))
            found = s;
    }
    return found;
}

const char *address_from_service(struct kta_world *w, const char *ns, const char *host,
                                 const struct kta_json **ret_set)
{
    struct kta_json *const *v;
    const char *dot = strchr(host, '.');
    size_t n = dot ? kta_world_list(w, "statefulsets", ns, &v) : 0;
    for (size_t i = 0; i < n; i++) {
        size_t len = strlen(kta_obj_name(v[i]));
        if (!strncmp(host, kta_obj_name(v[i]), len) && host[len] == '-' && host + len + 1 < dot &&
            host + len + 1 + strspn(host + len + 1, "0123456789") == dot) {
            if (ret_set)
                *ret_set = v[i];
            return dot + 1;
        }
    }
    return host;
}

struct kta_json *kta_dependency_service(struct kta_world *w, const char *ns, const char *host,
                                        const char **ret_ns, bool *ret_cluster_name)
{
    static char space[256];
    *ret_ns = ns;
    *ret_cluster_name = false;
    if (address_is_ip(host)) {
        struct kta_json *const *v;
        size_t n = kta_world_list(w, "services", ns, &v);
        for (size_t i = 0; i < n; i++)
            if (kta_streq(kta_json_str(v[i], "spec.clusterIP"), host))
                return v[i];
        return service_of_pod(w, ns, host);
    }
    host = address_from_service(w, ns, host, NULL);
    size_t first = strcspn(host, ".");
    kta_auto_free char *name = kta_strndup(host, first);
    const char *rest = host[first] ? host + first + 1 : "";
    if (!*rest) {
        *ret_cluster_name = true;
        return kta_world_get(w, "services", ns, name, NULL);
    }
    /* name.namespace, name.namespace.svc…; pod.service.namespace.svc of a headless Service */
    size_t second = strcspn(rest, ".");
    const char *tail = rest + second;
    if (*tail && !kta_starts(tail, ".svc")) {
        size_t third = strcspn(tail + 1, ".");
        if (!kta_starts(tail + 1 + third, ".svc"))
            return NULL;
        (void)snprintf(space, sizeof space, "%.*s", (int)third, tail + 1);
        kta_auto_free char *svc = kta_strndup(rest, second);
        *ret_ns = space;
        *ret_cluster_name = true;
        return kta_world_get(w, "services", space, svc, NULL);
    }
    (void)snprintf(space, sizeof space, "%.*s", (int)second, rest);
    *ret_ns = space;
    struct kta_json *s = kta_world_get(w, "services", space, name, NULL);
    /* One with that name is here: a namespace is meant, if a wrong one. */
    *ret_cluster_name = s || *tail || kta_world_get(w, "services", ns, name, NULL);
    return s;
}

/* ---- the variable that names the host ---- */

void naming_release(struct naming *x)
{
    free(x->name);
    free(x->value);
    free(x->host);
    free(x->port);
}

/* "host" as a word of its own in a value. */
static const char *word_in(const char *value, const char *host)
{
    size_t n = strlen(host);
    for (const char *p = value; (p = strstr(p, host)); p++) {
        bool left = p == value || strchr("/@,:=(\"'\n\t ", p[-1]);
        bool right = !p[n] || strchr(":/,;?)\"'\n\t ", p[n]);
        if (left && right)
            return p;
    }
    return NULL;
}

static bool rename_one(const char *text, const struct renaming *way, struct kta_str *out)
{
    bool found = false;
    for (const char *at; (at = word_in(text, way->from)); text = at + strlen(way->from)) {
        kta_str_addn(out, text, (size_t)(at - text));
        kta_str_add(out, way->to);
        found = true;
    }
    kta_str_add(out, text);
    return found;
}

bool address_rename(const char *text, const struct renaming *ways, size_t n, struct kta_str *out)
{
    bool found = false;
    kta_str_add(out, text);
    for (size_t i = 0; i < n; i++) {
        kta_auto_free char *before = kta_strdup(out->s);
        kta_str_clear(out);
        found |= rename_one(before, &ways[i], out);
    }
    return found;
}

/* The variable that names the host, among those that whole ConfigMaps give (envFrom). */
static bool naming_in_configmaps(const struct kta_pod_trouble *t, const char *host,
                                 struct naming *ret)
{
    const char *ns = kta_obj_namespace(t->pod);
    kta_json_each(from, kta_json_get(t->container, "envFrom")) {
        const char *name = kta_json_str(from, "configMapRef.name");
        kta_auto_json struct kta_json *cm = NULL;
        struct kta_err err = KTA_ERR_INIT;
        if (!name || !kta_world_cluster(t->w) ||
            kta_cluster_get(kta_world_cluster(t->w), &cm, &err,
                            "/api/v1/namespaces/%s/configmaps/%s", ns, name))
            continue;
        kta_json_each(member, kta_json_get(cm, "data")) {
            const char *v = kta_json_text(member);
            if (!v || !word_in(v, host))
                continue;
            ret->name = kta_asprintf("%s%s", kta_or(kta_json_str(from, "prefix"), ""),
                                     kta_json_key(member));
            ret->value = kta_strdup(v);
            return true;
        }
    }
    return false;
}

bool naming_of(const struct kta_pod_trouble *t, const char *host, struct naming *ret)
{
    static struct kta_re *re;
    if (!re)
        re = kta_re_must("(?:://(?:[^@/\\s]*@)?|^)([a-z][a-z0-9\\-]*(?:\\.[a-z0-9\\-]+)*)"
                         "(?::(\\d{2,5}))?(?=[/?,]|$)",
                         0);
    kta_json_each(e, kta_json_get(t->container, "env")) {
        kta_auto_free char *v = kta_env_value(t->w, kta_obj_namespace(t->pod), e);
        struct kta_match m;
        if (!v || (host && !word_in(v, host)))
            continue;
        if (!host) {
            const char *name = kta_or(kta_json_str(e, "name"), "");
            bool likely = strstr(v, "://") || kta_stristr(name, "host") ||
                          kta_stristr(name, "addr") || kta_stristr(name, "url");
            if (!likely || !kta_re_find(re, v, strlen(v), 0, &m))
                continue;
        }
        *ret = (struct naming){.name = kta_strdup(kta_or(kta_json_str(e, "name"), ""))};
        if (!host) {
            ret->host = kta_re_group(v, &m, 1);
            ret->port = kta_re_group(v, &m, 2);
        }
        ret->value = KTA_STEAL(v);
        return true;
    }
    return host && naming_in_configmaps(t, host, ret);
}

struct kta_json *renamed_command(const struct kta_pod_trouble *t, const struct renaming *ways,
                                 size_t n)
{
    static const char *const lists[] = {"command", "args"};
    struct kta_json *c;
    struct kta_json *spec = kta_fix_container_patch(t->list, t->name, &c);
    bool found = false;
    for (size_t l = 0; l < KTA_LEN(lists); l++) {
        struct kta_json *now = kta_json_new_array();
        bool here = false;
        kta_json_each(word, kta_json_get(t->container, lists[l])) {
            kta_auto_str struct kta_str s = KTA_STR_INIT;
            here |= address_rename(kta_or(kta_json_text(word), ""), ways, n, &s);
            kta_json_push_str(now, s.s);
        }
        if (here)
            kta_json_set(c, lists[l], now);
        else
            kta_json_free(now);
        found |= here;
    }
    if (found)
        return spec;
    kta_json_free(spec);
    return NULL;
}

static bool in_command(const struct kta_pod_trouble *t, struct kta_finding *f,
                       const struct renaming *ways, size_t n, const char *why)
{
    struct kta_json *spec = renamed_command(t, ways, n);

    if (spec)
        (void)kta_fix_template(t->w, f, KTA_RISK_MEDIUM, t->owner, spec,
                               "call %s instead of %s: %s", ways->to, ways->from, why);
    return spec != NULL;
}

/* Both may: a command that only speaks of an address that a file gives. */
bool naming_elsewhere(const struct kta_pod_trouble *t, struct kta_finding *f,
                      const struct renaming *ways, size_t n, const char *why)
{
    bool file = kta_store_rename(t, f, ways, n, why);
    return in_command(t, f, ways, n, why) || file;
}

/* ---- the address that a log leaves out ---- */

/* Takes the first Service that the text names, or one that a policy closes. whole: the text may be
 * a name alone. */
static void given_in(struct given *g, const char *text, bool whole)
{
    static struct kta_re *re;
    if (!re)
        re = kta_re_must("(?<![\\w.\\-])([a-z][a-z0-9\\-]*(?:\\.[a-z0-9\\-]+)*)"
                         "(?:(?::|[\"']?, ?| )(\\d{2,5})(?![\\w.])|$)",
                         0);
    struct kta_match m;
    size_t len = text ? strlen(text) : 0;
    for (size_t from = 0; from < len && !g->closed && kta_re_find(re, text, len, from, &m);
         from = m.end[0]) {
        kta_auto_free char *host = kta_re_group(text, &m, 1);
        kta_auto_free char *port = m.n > 2 ? kta_re_group(text, &m, 2) : NULL;
        const char *in;
        bool cluster;
        struct kta_reach_gap gap;
        if (g->only ? !kta_streq(port, g->only) : !port && (!whole || m.start[0] != 0))
            continue;
        struct kta_json *service =
            kta_dependency_service(g->t->w, kta_obj_namespace(g->t->pod), host, &in, &cluster);
        if (!service)
            continue;
        g->closed = kta_reach_closed(g->t->w, g->t->owner, service, port, &gap) != NULL;
        if (g->host && !g->closed)
            continue;
        free(g->host);
        free(g->port);
        g->host = KTA_STEAL(host);
        g->port = KTA_STEAL(port);
    }
}

struct given address_said(const struct kta_pod_trouble *t, const char *text, const char *port)
{
    struct given g = {.t = t, .only = port};
    given_in(&g, text, /* whole= */ false);
    return g;
}

struct given address_behind(const struct kta_pod_trouble *t, const char *ip, const char *port)
{
    struct naming x;
    if (!naming_of(t, ip, &x))
        return address_given(t, port);
    naming_release(&x);
    return (struct given){.t = t};
}

struct given address_given(const struct kta_pod_trouble *t, const char *port)
{
    static const char *const lists[] = {"command", "args"};
    struct given g = {.t = t, .only = port};
    kta_json_each(e, kta_json_get(t->container, "env")) {
        kta_auto_free char *v = kta_env_value(t->w, kta_obj_namespace(t->pod), e);
        given_in(&g, v, /* whole= */ true);
    }
    for (size_t l = 0; l < KTA_LEN(lists); l++)
        kta_json_each(word, kta_json_get(t->container, lists[l]))
            given_in(&g, kta_json_text(word), /* whole= */ false);
    return g;
}

void naming_fix(const struct kta_pod_trouble *t, struct kta_finding *f, const struct naming *x,
                const char *from, const char *to, const char *why)
{
    const char *at = word_in(x->value, from);
    if (!at)
        return;
    kta_auto_str struct kta_str v = KTA_STR_INIT;
    kta_str_addn(&v, x->value, (size_t)(at - x->value));
    kta_str_add(&v, to);
    kta_str_add(&v, at + strlen(from));
    struct kta_json *c;
    struct kta_json *spec = kta_fix_container_patch(t->list, t->name, &c);
    struct kta_json *env =
        kta_json_push(kta_json_set(c, "env", kta_json_new_array()), kta_json_new_object());
    kta_json_set_str(env, "name", x->name);
    kta_json_set_str(env, "value", v.s);
    kta_env_over(env, kta_diag_env(t->container, x->name));
    (void)kta_fix_template(t->w, f, KTA_RISK_MEDIUM, t->owner, spec, "set %s to %s: %s", x->name,
                           to, why);
}
