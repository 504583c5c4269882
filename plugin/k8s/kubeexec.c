/* kubeexec.c - a user's exec credential plugin, as the kubeconfig describes it. */
#include "kubeexec.h"

#include <stdlib.h>
#include <string.h>
#include "kta/alloc.h"
#include "kta/fs.h"
#include "kta/json.h"

#define EXEC_GROUP "client.authentication.k8s.io/"

void kube_exec_free(struct kta_exec_spec *x)
{
    if (!x)
        return;
    kta_argv_release(&x->argv);
    kta_argv_release(&x->env);
    free(x->api_version);
    free(x->install_hint);
    free(x->interactive_mode);
    free(x->cluster_config);
    free(x);
}

static int exec_env(const struct kube_entry *e, const struct kta_json *env, struct kta_argv *ret,
                    struct kta_err *err)
{
    if (env && kta_json_type(env) != KTA_JSON_ARRAY && kta_json_type(env) != KTA_JSON_NULL)
        return kube_entry_fail(e, "exec.env", err, "exec.env must be a list of name and value");
    kta_json_each(v, env) {
        const char *name = kta_json_text(kta_json_get(v, "name"));
        const char *value = kta_json_text(kta_json_get(v, "value"));

        if (!name || !*name || strchr(name, '='))
            return kube_entry_fail(e, "exec.env", err,
                                   "an entry of exec.env has no name of a variable");
        if (kta_json_get(v, "value") && !value)
            return kube_entry_fail(e, "exec.env", err,
                                   "the value of %s in exec.env must be a string (put it in "
                                   "quotes)",
                                   name);
        kta_argv_addf(ret, "%s=%s", name, kta_or(value, ""));
    }
    return 0;
}

static int exec_api(const struct kube_entry *e, struct kta_exec_spec *x, struct kta_err *err)
{
    static const char *const modes[] = {"Never", "IfAvailable", "Always"};
    bool known = false;

    if (!x->api_version)
        return kube_entry_fail(e, "exec", err, "exec has no apiVersion");
    if (strcmp(x->api_version, EXEC_GROUP "v1") != 0 &&
        strcmp(x->api_version, EXEC_GROUP "v1beta1") != 0)
        return kube_entry_fail(e, "exec.apiVersion", err,
                               "exec.apiVersion '%s' is not supported: it must be " EXEC_GROUP
                               "v1 or v1beta1",
                               x->api_version);
    if (!x->interactive_mode) {
        if (strcmp(x->api_version, EXEC_GROUP "v1") == 0)
            return kube_entry_fail(e, "exec", err,
                                   "exec has no interactiveMode (Never, IfAvailable or Always)");
        x->interactive_mode = kta_strdup("IfAvailable");
    }
    for (size_t i = 0; i < KTA_LEN(modes); i++)
        known |= strcmp(x->interactive_mode, modes[i]) == 0;
    if (!known)
        return kube_entry_fail(e, "exec.interactiveMode", err,
                               "exec.interactiveMode must be Never, IfAvailable or Always");
    return 0;
}

int kube_exec_load(const struct kube_entry *user, struct kta_exec_spec **ret, struct kta_err *err)
{
    const struct kta_json *v = kta_json_get(user->value, "exec");
    struct kube_entry e = *user;
    struct kta_exec_spec *x;
    const char *command;

    if (!v || kta_json_type(v) == KTA_JSON_NULL)
        return 0;
    if (kta_json_type(v) != KTA_JSON_OBJECT)
        return kube_entry_fail(user, "exec", err, "'exec' must be a map");
    *ret = x = kta_calloc(1, sizeof *x);
    e.value = v; /* members of exec; its errors name the line of the user */
    if (kube_entry_str(&e, "command", &command, err) < 0 ||
        kube_entry_copy(&e, "apiVersion", &x->api_version, err) < 0 ||
        kube_entry_copy(&e, "installHint", &x->install_hint, err) < 0 ||
        kube_entry_copy(&e, "interactiveMode", &x->interactive_mode, err) < 0 ||
        kube_entry_bool(&e, "provideClusterInfo", &x->provide_cluster_info, err) < 0)
        return -1;
    if (!command)
        return kube_entry_fail(user, "exec", err, "exec has no command");
    if (strchr(command, '/')) {
        kta_auto_free char *path = kta_fs_join(e.file->dir, command);
        kta_argv_add(&x->argv, path);
    } else {
        kta_argv_add(&x->argv, command);
    }
    if (kube_entry_list(user, "exec.args", kta_json_get(v, "args"), &x->argv, err) < 0 ||
        exec_env(user, kta_json_get(v, "env"), &x->env, err) < 0)
        return -1;
    return exec_api(user, x, err);
}

void kube_exec_config(const struct kube_entry *cluster, struct kta_exec_spec *x)
{
    kta_json_each(m, kta_json_get(cluster->value, "extensions")) {
        if (kta_streq(kta_json_text(kta_json_get(m, "name")), EXEC_GROUP "exec") &&
            kta_json_get(m, "extension")) {
            struct kta_str s = KTA_STR_INIT;

            kta_json_print(kta_json_get(m, "extension"), false, &s);
            x->cluster_config = kta_str_detach(&s);
        }
    }
}
