/*
 * images.c - images that cannot be pulled: why, and which image would do instead.
 *
 * The candidates are images that are known to exist: of the revision that worked, of another
 * workload, or on a node.
 */
#include <stdlib.h>
#include <string.h>
#include "diag.h"
#include "kta/alloc.h"

static const char *const reasons[] = {"ImagePullBackOff",    "ErrImagePull",
                                      "InvalidImageName",    "ErrImageNeverPull",
                                      "ImageInspectError",   "ErrImageInspect",
                                      "RegistryUnavailable", "SignatureValidationFailed"};

bool kta_image_trouble(const char *reason, const char *message)
{
    (void)message;
    for (size_t i = 0; i < KTA_LEN(reasons); i++)
        if (kta_streq(reason, reasons[i]))
            return true;
    return false;
}

/* The first text that is found in the message decides. */
static const struct {
    const char *text, *code, *means;
} causes[] = {
    {"toomanyrequests", "Image.RateLimited", "the registry limits how often it may be pulled"},
    {"too many requests", "Image.RateLimited", "the registry limits how often it may be pulled"},
    {"no match for platform", "Image.Architecture", "it is not built for this node's architecture"},
    {"does not match the specified platform", "Image.Architecture",
     "it is not built for this node's architecture"},
    {"manifest unknown", "Image.NotFound", "there is no such tag"},
    {"manifest for", "Image.NotFound", "there is no such tag"},
    {"repository does not exist", "Image.NotFound",
     "there is no such repository, or it needs a login"},
    {"unauthorized", "Image.Unauthorized", "the registry wants a login"},
    {"authentication required", "Image.Unauthorized", "the registry wants a login"},
    {"no basic auth credentials", "Image.Unauthorized", "the registry wants a login"},
    {"403 Forbidden", "Image.Unauthorized", "the registry refuses access"},
    {"401", "Image.Unauthorized", "the registry wants a login"},
    {"access denied", "Image.Unauthorized", "the registry refuses access"},
    {"denied:", "Image.Unauthorized", "the registry refuses access"},
    {"no such host", "Image.RegistryUnreachable", "the registry's name cannot be resolved"},
    {"server misbehaving", "Image.RegistryUnreachable", "the registry's name cannot be resolved"},
    {"connection refused", "Image.RegistryUnreachable", "the registry cannot be reached"},
    {"i/o timeout", "Image.RegistryUnreachable", "the registry does not answer"},
    {"no route to host", "Image.RegistryUnreachable", "the registry cannot be reached"},
    {"network is unreachable", "Image.RegistryUnreachable", "the registry cannot be reached"},
    {"TLS handshake", "Image.RegistryUnreachable", "the registry does not answer"},
    {"server gave HTTP response", "Image.RegistryUnreachable", "the registry does not speak TLS"},
    {"x509", "Image.RegistryUnreachable", "the registry's certificate is not trusted"},
    {"deadline exceeded", "Image.RegistryUnreachable", "the registry does not answer"},
    {"dial tcp", "Image.RegistryUnreachable", "the registry cannot be reached"},
    {"not found", "Image.NotFound", "there is no such image or tag"},
    {"404", "Image.NotFound", "there is no such image or tag"},
};

/* "registry/repo" without tag or digest. Caller frees. */
static char *repository(const char *image)
{
    const char *slash = strrchr(image, '/'), *from = slash ? slash : image;
    size_t n = (size_t)(from - image) + strcspn(from, ":@");
    return kta_strndup(image, n);
}

/* An image as a node names it, without what a person leaves out. */
static const char *familiar(const char *image)
{
    if (kta_starts(image, "docker.io/library/"))
        return image + strlen("docker.io/library/");
    if (kta_starts(image, "docker.io/"))
        return image + strlen("docker.io/");
    return image;
}

static const char *tag_of(const char *image)
{
    const char *slash = strrchr(image, '/');
    const char *colon = strchr(slash ? slash : image, ':');
    return colon && !strchr(image, '@') ? colon + 1 : "latest";
}

static bool same_repository(const char *a, const char *b)
{
    kta_auto_free char *x = repository(familiar(a)), *y = repository(familiar(b));
    return kta_streq(x, y);
}

struct candidate {
    const char *image;
    int distance;
};

enum { ELSEWHERE = 40 }; /* farther than any other candidate */

/* The same name and tag in another registry: "registry.old:5000/web:v1", "web:v1". */
static bool moved(const char *a, const char *b)
{
    const char *x = strrchr(familiar(a), '/'), *y = strrchr(familiar(b), '/');
    x = x ? x + 1 : familiar(a);
    y = y ? y + 1 : familiar(b);
    return kta_streq(x, y) && !kta_streq(tag_of(a), "latest");
}

static void consider(struct candidate *best, const char *wanted, const char *image)
{
    if (!image || strchr(image, '@') || kta_streq(familiar(image), familiar(wanted)))
        return;
    int d;
    if (same_repository(wanted, image)) {
        d = kta_distance(tag_of(wanted), tag_of(image), 12);
    } else if (moved(wanted, image)) {
        d = ELSEWHERE;
    } else {
        kta_auto_free char *x = repository(familiar(wanted)), *y = repository(familiar(image));
        int limit = strlen(x) < 6 ? 1 : 2;
        d = kta_distance(x, y, limit);
        if (d > limit)
            return;
        d += 20 + kta_distance(tag_of(wanted), tag_of(image), 8);
    }
    if (!best->image || d < best->distance)
        *best = (struct candidate){familiar(image), d};
}

static bool on_nodes(struct kta_world *w, const char *image, struct candidate *best)
{
    struct kta_json *const *v;
    size_t n = kta_world_list(w, "nodes", NULL, &v);
    bool there = false;
    for (size_t i = 0; i < n; i++)
        kta_json_each(im, kta_json_at(v[i], "status.images"))
            kta_json_each(name, kta_json_get(im, "names")) {
                const char *s = kta_json_text(name);
                if (!s)
                    continue;
                kta_auto_free char *full =
                    strchr(strrchr(image, '/') ? strrchr(image, '/') : image, ':')
                        ? kta_strdup(image)
                        : kta_asprintf("%s:latest", image);
                there |= kta_streq(familiar(s), familiar(full));
                consider(best, image, s);
            }
    return there;
}

static void in_use(struct kta_world *w, const char *ns, const char *image, struct candidate *best)
{
    struct kta_json *const *v;
    size_t n = kta_world_list(w, "pods", ns, &v);
    for (size_t i = 0; i < n; i++)
        kta_json_each(s, kta_json_at(v[i], "status.containerStatuses"))
            if (kta_json_at(s, "state.running"))
                consider(best, image, kta_json_str(s, "image"));
}

static void fix_policy(const struct kta_pod_trouble *t, struct kta_finding *f, const char *why)
{
    struct kta_json *c;
    struct kta_json *spec = kta_fix_container_patch(t->list, t->name, &c);
    kta_json_set_str(c, "imagePullPolicy", "IfNotPresent");
    (void)kta_fix_template(t->w, f, KTA_RISK_MEDIUM, t->owner, spec,
                           "set imagePullPolicy IfNotPresent for %s: %s", t->name, why);
}

static void pull_secrets(const struct kta_pod_trouble *t, struct kta_finding *f)
{
    const struct kta_json *list = kta_json_at(t->pod, "spec.imagePullSecrets");
    const char *ns = kta_obj_namespace(t->pod);
    kta_json_each(s, list) {
        bool known;
        const char *name = kta_json_str(s, "name");
        if (!name || kta_world_get(t->w, "secrets", ns, name, &known) || !known)
            continue;
        kta_finding_quote(f, "spec", "imagePullSecrets names Secret %s, which does not exist",
                          name);
        kta_finding_advice(f,
                           "Create the pull secret that the pod names: kubectl create secret "
                           "docker-registry %s -n %s --docker-server=… --docker-username=… "
                           "--docker-password=…",
                           name, ns);
        return;
    }
    if (kta_streq(f->code, "Image.Unauthorized"))
        kta_finding_advice(f, "%s",
                           kta_json_len(list)
                               ? "The credentials in the pull secret are not accepted: renew them."
                               : "Give the pod credentials for the registry: a Secret of type "
                                 "docker-registry, named in imagePullSecrets.");
}

void kta_image_analyze(const struct kta_pod_trouble *t)
{
    const char *reason = kta_json_str(t->status, "state.waiting.reason");
    const char *message = kta_or(kta_json_str(t->status, "state.waiting.message"), "");
    const struct kta_json *ev = kta_diag_event(t->w, t->pod, "Failed", "pull");
    if (ev && !kta_stristr(kta_json_str(ev, "message"), t->name) &&
        !strstr(kta_json_str(ev, "message"), kta_or(kta_json_str(t->container, "image"), "\n")))
        ev = NULL;
    /* The back-off's own message says nothing: the event of the pull does. */
    const char *told = ev && !strstr(message, "rpc error") ? kta_json_str(ev, "message") : message;
    const char *image = kta_or(kta_json_str(t->container, "image"), "?");
    const char *code = "Image.PullFailed", *means = "the pull fails";
    if (kta_streq(reason, "InvalidImageName")) {
        code = "Image.InvalidName";
        means = "the name is not a valid image reference";
    } else if (kta_streq(reason, "ErrImageNeverPull")) {
        code = "Image.NeverPull";
        means = "it is not on the node and imagePullPolicy is Never";
    } else {
        for (size_t i = 0; i < KTA_LEN(causes); i++)
            if (kta_stristr(told, causes[i].text)) {
                code = causes[i].code;
                means = causes[i].means;
                break;
            }
    }
    if (kta_diag_find(t->out, code, t->owner))
        return;
    struct kta_finding *f = kta_diag_add(t->out, code, KTA_CRITICAL, t->owner, 0.9);
    f->since = kta_obj_created(t->pod);
    kta_auto_free char *ref = kta_diag_ref(t->owner);
    kta_finding_summary(f, "image %s of container %s of %s cannot be pulled: %s", image, t->name,
                        ref, means);
    kta_auto_free char *source = kta_asprintf("status pod/%s", kta_obj_name(t->pod));
    kta_finding_quote(f, source, "container %s: %s: %.*s", t->name, reason, KTA_DIAG_QUOTE,
                      message);
    if (ev)
        kta_diag_quote_event(f, t->pod, ev);

    struct candidate best = {0};
    bool there = on_nodes(t->w, image, &best);
    in_use(t->w, kta_obj_namespace(t->pod), image, &best);
    bool always = kta_streq(kta_json_str(t->container, "imagePullPolicy"), "Always");
    if (there && always)
        fix_policy(t, f, "a node has the image already");
    /* A registry that wants a login has the image: another's of that name may be something else. */
    if (best.distance >= ELSEWHERE && kta_streq(code, "Image.Unauthorized"))
        best.image = NULL;
    if (best.image && !there) {
        kta_finding_quote(f, "nodes", "image %s is there or in use", best.image);
        (void)kta_fix_image(t->w, f, t->owner, t->name, best.image,
                            "that image is on a node or in use");
    }
    if (kta_streq(code, "Image.NeverPull") && !best.image)
        fix_policy(t, f, "then it is pulled when it is not there");
    pull_secrets(t, f);
    if (!f->advice)
        kta_finding_advice(f,
                           "Check the image's name and tag, and push it if it was never pushed.");
}
