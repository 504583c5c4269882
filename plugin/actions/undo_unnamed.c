/*
 * undo_unnamed.c - objects whose names the server chose, when the plugin did not live to hear them.
 *
 * Told by what was noted before the step ran: an object with that generateName that was not there
 * then, was made by kubectl within the time that a step may take, and of which there are no more
 * than the step would have made. Where somebody else made one, too, none is taken for ours.
 */
#include "journal_private.h"

#include "kta/alloc.h"
#include "kta/clock.h"
#include "kta/obj.h"

#define SKEW_S 300 /* between the cluster's clock and ours */

static bool was_there(const struct kta_json *image, const char *uid)
{
    kta_json_each(u, kta_json_get(image, "there")) {
        if (kta_streq(kta_json_text(u), uid))
            return true;
    }
    return false;
}

static bool by_kubectl(const struct kta_json *o)
{
    kta_json_each(m, kta_json_at(o, "metadata.managedFields")) {
        if (kta_starts(kta_or(kta_json_str(m, "manager"), ""), "kubectl"))
            return true;
    }
    return false;
}

static bool may_be(const struct kta_json *image, const struct kta_json *o)
{
    int64_t started = kta_json_int(image, "started", 0), made = kta_obj_created(o);

    return kta_streq(kta_json_str(o, "metadata.generateName"), kta_json_str(image, "prefix")) &&
           !was_there(image, kta_obj_uid(o)) && by_kubectl(o) && made != KTA_NO_TIME &&
           made >= started - SKEW_S && made <= started + KTA_STEP_MS / 1000 + SKEW_S;
}

static bool is_unnamed(const struct kta_json *image)
{
    return kta_json_get(image, "prefix") && !kta_or(kta_json_str(image, "name"), "")[0];
}

static bool alike(const struct kta_json *a, const struct kta_json *b)
{
    return kta_streq(kta_json_str(a, "path"), kta_json_str(b, "path")) &&
           kta_streq(kta_json_str(a, "prefix"), kta_json_str(b, "prefix"));
}

static void take(struct kta_undo *u, const struct kta_json *image, const struct kta_json *o)
{
    struct kta_json *none = kta_json_push(u->before, kta_json_copy(image));
    kta_auto_free char *path = kta_asprintf("%s/%s", kta_json_str(image, "path"), kta_obj_name(o));

    kta_json_set_str(none, "path", path);
    kta_json_set_str(none, "name", kta_obj_name(o));
    kta_json_set_int(none, "status", 404);
    kta_json_set(none, "object", kta_json_new_null());
    kta_report_note(u->p->report, "%s/%s is taken for what the change made",
                    kta_json_str(image, "kind"), kta_obj_name(o));
}

/* The n objects of one kind and one prefix that the step would have made. */
static int find(struct kta_undo *u, const struct kta_json *image, size_t n, struct kta_err *err)
{
    kta_auto_json struct kta_json *list = NULL;
    kta_auto_str struct kta_str names = KTA_STR_INIT;
    size_t found = 0;

    if (kta_cluster_get(u->p->cluster, &list, err, "%s", kta_json_str(image, "path")) < 0)
        return -1;
    kta_json_each(o, kta_json_get(list, "items")) {
        if (may_be(image, o) && ++found <= n + 3)
            kta_str_addf(&names, "%s%s", names.len ? ", " : "", kta_obj_name(o));
    }
    if (found > n) {
        kta_str_addf(&u->unsure,
                     "%swhich of %s (%s) the change made is not known: they are left as they are",
                     u->unsure.len ? "; " : "", names.s, kta_json_str(image, "kind"));
        return 0;
    }
    kta_json_each(o, kta_json_get(list, "items")) {
        if (may_be(image, o))
            take(u, image, o);
    }
    return 0;
}

int kta_undo_unnamed(struct kta_undo *u, const struct kta_json *b, const struct kta_json *a,
                     struct kta_err *err)
{
    for (size_t i = 0; i < kta_json_len(b); i++) {
        const struct kta_json *image = kta_json_item(b, i);
        size_t n = 0;

        for (size_t k = 0; is_unnamed(image) && k < kta_json_len(b); k++) {
            const char *told = kta_json_str(kta_json_item(a, k), "name"); /* a is in b's order */

            if (!alike(image, kta_json_item(b, k)) || (told && *told))
                continue;
            if (n == 0 && k != i) /* looked for already */
                break;
            n++;
        }
        if (n > 0 && find(u, image, n, err) < 0)
            return -1;
    }
    return 0;
}
