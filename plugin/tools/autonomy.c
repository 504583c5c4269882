/*
 * autonomy.c - what mode auto may do: a risk for each namespace, a budget of changes, and a circuit
 * breaker, counted in $XDG_STATE_HOME/kubectl-todo-ai/remediation.json.
 *
 * What cannot be counted may not be done.
 */
#include "kta/alloc.h"
#include "kta/clock.h"
#include "kta/fs.h"
#include "kta/limits.h"
#include "kta/policy.h"
#include "tool_list.h"

#define BUDGET      5    /* changes an hour */
#define BREAK_AFTER 3    /* failures in a row that open the breaker */
#define BREAK_S     3600 /* for so long */

static char *state_file(void)
{
    return kta_xdg_path(KTA_XDG_STATE, "remediation.json");
}

/* The caller's; an empty object where nothing was counted yet. */
static struct kta_json *load_state(struct kta_err *err)
{
    kta_auto_free char *file = state_file();
    kta_auto_str struct kta_str text = KTA_STR_INIT;
    struct kta_json *v = NULL;

    if (!file || !kta_fs_exists(file))
        return kta_json_new_object();
    if (kta_fs_read(file, KTA_MAX_CONFIG_FILE, &text, err) < 0 ||
        kta_json_parse(text.s, text.len, &v, err) < 0) {
        kta_err_wrap(err, "read %s, which counts the automatic changes", file);
        kta_err_hint(err, "remove it to count from nothing");
        return NULL;
    }
    return v;
}

static int save_state(const struct kta_json *v, struct kta_err *err)
{
    kta_auto_free char *file = state_file(), *dir = file ? kta_fs_dirname(file) : NULL;
    kta_auto_str struct kta_str text = KTA_STR_INIT;

    kta_json_print(v, false, &text);
    if (!file)
        return kta_err_set(err, KTA_E_FAIL, "there is no place to count changes: HOME is not set");
    return kta_fs_mkdirs(dir, err) < 0 ? -1 : kta_fs_write(file, text.s, text.len, err);
}

static int changes_last_hour(const struct kta_json *state)
{
    int n = 0;

    kta_json_each(t, kta_json_get(state, "changes")) {
        n += kta_json_int(t, "", 0) > kta_wall() - 3600;
    }
    return n;
}

int autonomy_risk(const struct kta_json *config, const char *ns)
{
    enum kta_risk risk;
    const char *here =
        ns ? kta_json_text(kta_json_get(kta_json_get(config, "namespaces"), ns)) : NULL;
    const char *text = here ? here : kta_json_str(config, "risk");

    return text && kta_risk_parse(text, &risk) == 0 ? (int)risk : -1;
}

int autonomy_check(const struct kta_json *config, struct kta_err *err)
{
    kta_auto_json struct kta_json *state = load_state(err);
    int budget = kta_json_count(config, "changesPerHour", BUDGET);
    int64_t until = kta_json_int(state, "openUntil", 0);

    if (!state || save_state(state, err) < 0) {
        err->code = KTA_E_POLICY;
        return kta_err_wrap(err, "automatic changes must be counted");
    }
    if (until > kta_wall())
        return kta_err_set(err, KTA_E_POLICY,
                           "the circuit breaker is open for %d more minutes, after remediations "
                           "that failed",
                           (int)((until - kta_wall()) / 60 + 1));
    if (changes_last_hour(state) >= budget)
        return kta_err_set(err, KTA_E_POLICY,
                           "the budget of %d automatic changes an hour is used up", budget);
    return 0;
}

void autonomy_changed(size_t changes)
{
    struct kta_err ignored = KTA_ERR_INIT;
    kta_auto_json struct kta_json *state = load_state(&ignored);
    struct kta_json *kept = kta_json_new_array();

    if (!state)
        state = kta_json_new_object();
    kta_json_each(t, kta_json_get(state, "changes")) {
        if (kta_json_int(t, "", 0) > kta_wall() - 3600)
            kta_json_push(kept, kta_json_copy(t));
    }
    for (size_t i = 0; i < changes; i++)
        kta_json_push(kept, kta_json_new_int(kta_wall()));
    kta_json_set(state, "changes", kept);
    save_state(state, &ignored);
}

void autonomy_ended(const struct kta_json *config, bool recovered)
{
    struct kta_err ignored = KTA_ERR_INIT;
    kta_auto_json struct kta_json *state = load_state(&ignored);
    int64_t failures = recovered ? 0 : kta_json_int(state, "failures", 0) + 1;

    if (!state)
        state = kta_json_new_object();
    if (failures >= kta_json_int(config, "breakAfter", BREAK_AFTER)) {
        kta_json_set_int(state, "openUntil", kta_wall() + BREAK_S);
        failures = 0;
    }
    kta_json_set_int(state, "failures", failures);
    save_state(state, &ignored);
}
