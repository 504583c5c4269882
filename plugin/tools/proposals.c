/*
 * proposals.c - plans that wait for a yes: kept sealed, used once.
 *
 * state/kubectl-todo-ai/proposals/
 *   ID           the commands, or the change to undo; sealed under the name of the file
 *   ID.token     the secret half of the newest token and until when it counts; sealed
 *   ID.claimed   made with O_EXCL by whoever runs it: nobody else can
 *   ID.done      what became of it; sealed
 *
 * Invariant: an ID is checked (16 hex digits) before it is part of a path.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "kta/alloc.h"
#include "kta/clock.h"
#include "kta/fs.h"
#include "kta/journal.h"
#include "kta/limits.h"
#include "kta/seal.h"
#include "tool_list.h"
#include "kta/tools_plan.h"
#include "kta/tools_proposal.h"

#define ID_LEN     16u
#define SECRET_LEN 32u
#define MAX_FILE   (KTA_MAX_MANIFEST * 8)

static bool is_hex(const char *s, size_t n)
{
    return s && strspn(s, "0123456789abcdef") >= n;
}

static bool is_id(const char *id)
{
    return is_hex(id, ID_LEN) && strlen(id) == ID_LEN;
}

static char *file_of(const char *id, const char *suffix)
{
    kta_auto_free char *name = kta_asprintf("proposals/%s%s", id, suffix);

    return kta_xdg_path(KTA_XDG_STATE, name);
}

static int put(const char *id, const char *suffix, const struct kta_json *v, struct kta_err *err)
{
    kta_auto_free char *file = file_of(id, suffix), *key = kta_xdg_path(KTA_XDG_STATE, "seal.key");
    kta_auto_free char *dir = kta_xdg_path(KTA_XDG_STATE, "proposals");
    kta_auto_free char *about = kta_asprintf("proposal %s%s", id, suffix);
    kta_auto_str struct kta_str text = KTA_STR_INIT, sealed = KTA_STR_INIT;

    if (!file || !dir)
        return kta_err_set(err, KTA_E_FAIL, "there is no place to keep a plan: HOME is not set");
    kta_json_print(v, false, &text);
    if (kta_fs_mkdirs(dir, err) < 0 || kta_seal(key, about, text.s, text.len, &sealed, err) < 0)
        return -1;
    return kta_fs_write(file, sealed.s, sealed.len, err);
}

static int take(const char *id, const char *suffix, struct kta_json **ret, struct kta_err *err)
{
    kta_auto_free char *file = file_of(id, suffix), *key = kta_xdg_path(KTA_XDG_STATE, "seal.key");
    kta_auto_free char *about = kta_asprintf("proposal %s%s", id, suffix);
    kta_auto_str struct kta_str text = KTA_STR_INIT, sealed = KTA_STR_INIT;

    if (!file || kta_fs_read(file, MAX_FILE, &sealed, err) < 0 ||
        kta_unseal(key, about, sealed.s, sealed.len, &text, err) < 0)
        return -1;
    return kta_json_parse(text.s, text.len, ret, err);
}

/* Old ones go when new ones come. */
static void sweep(void)
{
    kta_auto_free char *dir = kta_xdg_path(KTA_XDG_STATE, "proposals");
    struct kta_err ignored = KTA_ERR_INIT;
    char **names = NULL;
    size_t n = 0;

    if (!dir || kta_fs_list(dir, &names, &n, &ignored) < 0)
        return;
    for (size_t i = 0; i < n; i++) {
        kta_auto_json struct kta_json *v = NULL;
        if (!is_id(names[i]))
            continue;
        if (take(names[i], "", &v, &ignored) == 0 &&
            kta_json_int(v, "created", 0) + 24 * KTA_PROPOSAL_S > kta_wall())
            continue;
        static const char *const suffixes[] = {"", ".token", ".claimed", ".done"};
        for (size_t k = 0; k < KTA_LEN(suffixes); k++) {
            kta_auto_free char *file = file_of(names[i], suffixes[k]);
            unlink(file);
        }
    }
    kta_fs_free_names(names, n);
}

int tool_proposal_put(struct kta_pipeline *p, const struct kta_plan *plan, char **ret_id,
                      struct kta_err *err)
{
    char id[2 * ID_LEN];
    kta_auto_json struct kta_json *o = kta_json_new_object();

    sweep();
    kta_random_hex(id, ID_LEN / 2);
    kta_json_set_int(o, "created", kta_wall());
    kta_json_set_str(o, "question", plan->question);
    kta_json_set_str(o, "context", plan->context);
    kta_json_set_str(o, "namespace", plan->namespace_);
    kta_json_set_str(o, "server", kta_cluster_server(p->cluster));
    if (plan->undo_of) /* its manifests hold real values: it is made anew when it is used */
        kta_json_set_str(o, "undo", plan->undo_of);
    else
        kta_json_set(o, "plan", kta_plan_json(plan));
    if (put(id, "", o, err) < 0)
        return -1;
    *ret_id = kta_strdup(id);
    return 0;
}

static int unknown(const char *id, struct kta_err *err)
{
    kta_err_set(err, KTA_E_NOT_FOUND, "there is no plan '%.40s'", kta_or(id, ""));
    return kta_err_hint(err, "plans are kept for %d minutes; propose it again",
                        KTA_PROPOSAL_S / 60);
}

int tool_proposal_get(const char *id, struct kta_pipeline *p, struct kta_plan *ret,
                      struct kta_json **ret_done, struct kta_err *err)
{
    kta_auto_json struct kta_json *o = NULL;
    struct kta_err ignored = KTA_ERR_INIT;

    if (ret_done)
        *ret_done = NULL;
    if (!is_id(id) || take(id, "", &o, &ignored) < 0)
        return unknown(id, err);
    if (ret_done && take(id, ".done", ret_done, &ignored) == 0)
        return 0;
    if (kta_json_int(o, "created", 0) + KTA_PROPOSAL_S < kta_wall())
        return unknown(id, err);
    if (!kta_streq(kta_json_str(o, "server"), kta_cluster_server(p->cluster)))
        return kta_err_set(err, KTA_E_POLICY, "plan %s is for the cluster at %s, not for %s", id,
                           kta_or(kta_json_str(o, "server"), "?"), kta_cluster_server(p->cluster));
    if (kta_json_str(o, "undo"))
        return kta_journal_undo_plan(p, kta_json_str(o, "undo"), false, ret, err);
    return kta_plan_parse(o, p->policy, ret, err);
}

int tool_proposal_claim(const char *id, struct kta_err *err)
{
    kta_auto_free char *file = file_of(id, ".claimed");
    int fd = open(file, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600);

    if (fd < 0)
        return errno == EEXIST ? kta_err_set(err, KTA_E_POLICY, "plan %s has already been used", id)
                               : kta_err_sys(err, KTA_E_FAIL, errno, "cannot use plan %s", id);
    close(fd);
    return 0;
}

void tool_proposal_unclaim(const char *id)
{
    kta_auto_free char *file = file_of(id, ".claimed");

    unlink(file);
}

int tool_proposal_token(const char *id, const struct kta_plan *plan, char **ret_token,
                        struct kta_err *err)
{
    char secret[SECRET_LEN + 1], digest[65];
    kta_auto_json struct kta_json *o = kta_json_new_object();

    kta_random_hex(secret, SECRET_LEN / 2);
    kta_plan_digest(plan, digest);
    kta_json_set_str(o, "secret", secret);
    kta_json_set_str(o, "digest", digest);
    kta_json_set_int(o, "expires", kta_wall() + KTA_TOKEN_S);
    if (put(id, ".token", o, err) < 0)
        return -1;
    *ret_token = kta_asprintf("%s-%s", id, secret);
    return 0;
}

/* Takes as long for a wrong secret as for the right one. */
static bool same_secret(const char *a, const char *b)
{
    unsigned char differs = 0;

    if (strlen(a) != SECRET_LEN || strlen(b) != SECRET_LEN)
        return false;
    for (size_t i = 0; i < SECRET_LEN; i++)
        differs |= (unsigned char)(a[i] ^ b[i]);
    return differs == 0;
}

int kta_proposal_take(const char *token, struct kta_pipeline *p, struct kta_plan *ret,
                      char **ret_plan_id, struct kta_err *err)
{
    kta_auto_json struct kta_json *o = NULL;
    struct kta_err ignored = KTA_ERR_INIT;
    kta_auto_free char *id = kta_strndup(token, ID_LEN);

    if (strlen(token) != ID_LEN + 1 + SECRET_LEN || !is_id(id) || token[ID_LEN] != '-' ||
        take(id, ".token", &o, &ignored) < 0 ||
        !same_secret(token + ID_LEN + 1, kta_or(kta_json_str(o, "secret"), "")))
        return kta_err_set(err, KTA_E_POLICY,
                           "this token was not given by this program here, or a "
                           "newer one took its place");
    if (kta_json_int(o, "expires", 0) < kta_wall()) {
        kta_err_set(err, KTA_E_POLICY, "this token has expired");
        return kta_err_hint(err, "have the plan applied again: that gives a new one");
    }
    if (tool_proposal_claim(id, err) < 0)
        return -1;
    if (tool_proposal_get(id, p, ret, NULL, err) < 0) {
        tool_proposal_unclaim(id);
        return -1;
    }
    kta_auto_free char *file = file_of(id, ".token");
    unlink(file);
    *ret_plan_id = KTA_STEAL(id);
    return 0;
}

void kta_proposal_done(const char *plan_id, const struct kta_plan *plan, const struct kta_err *err)
{
    kta_auto_json struct kta_json *o = kta_json_new_object();
    struct kta_err ignored = KTA_ERR_INIT;

    kta_json_set_str(o, "change", plan->id);
    kta_json_set(o, "plan", kta_plan_json(plan));
    kta_json_set_str(o, "error", err->code ? err->msg : "");
    put(plan_id, ".done", o, &ignored);
}
