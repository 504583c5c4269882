/*
 * crash.h - what crash.c and the files of its causes share.
 */
#ifndef KTA_CRASH_H
#define KTA_CRASH_H

#include "diag.h"

/* Fills in summary, advice and fixes of a finding whose log cause is c. */
typedef void kta_crash_teller(const struct kta_pod_trouble *t, struct kta_finding *f,
                              const struct kta_log_cause *c);

struct kta_crash_kind {
    const char *class_, *code;
    double confidence;
    kta_crash_teller *tell;
};

/* trouble.c */
struct kta_json *kta_trouble_ended(const struct kta_pod_trouble *t);
struct kta_finding *kta_trouble_find(const struct kta_pod_trouble *t, const char *code);
struct kta_finding *kta_trouble_add(const struct kta_pod_trouble *t, const char *code,
                                    enum kta_severity severity, double confidence);
const char *kta_trouble_log(const struct kta_pod_trouble *t, size_t *ret_len, bool *ret_previous);
void kta_trouble_quote_log(const struct kta_pod_trouble *t, struct kta_finding *f,
                           const struct kta_log_cause *c, bool previous);
char *kta_trouble_who(const struct kta_pod_trouble *t);

/* crash.c */
const char *kta_crash_code(const char *class_); /* of a log's class: "CrashLoop.MissingEnv" */

/* crash_plain.c: the log's line, with advice where nothing can be computed */
kta_crash_teller kta_crash_plain;

/* crash_env.c: variables */
kta_crash_teller kta_crash_env;
/* The variable that the line says to be missing, as the container's spec knows it, or NULL. Caller
 * frees. */
char *kta_crash_env_named(const struct kta_pod_trouble *t, const char *line);
bool kta_has_key(const struct kta_json *o, const char *key); /* a ConfigMap or Secret */
void kta_crash_service_links(const struct kta_pod_trouble *t, struct kta_finding *f,
                             const struct kta_log_cause *c);
void kta_crash_unexpanded(const struct kta_pod_trouble *t, struct kta_finding *f);

/* crash_file.c: files and directories, and the volumes that hold them */
kta_crash_teller kta_crash_file, kta_crash_directory, kta_crash_config;
const char *kta_base_name(const char *path);
/* The container's mount that a path lies in, a volume by its name, the ConfigMap or Secret of one;
 * NULL: there is none (or it could not be read). */
const struct kta_json *kta_mount_of(const struct kta_json *container, const char *path);
const struct kta_json *kta_volume_named(const struct kta_json *spec, const char *name);
const struct kta_json *kta_store_of(struct kta_world *w, const char *ns,
                                    const struct kta_json *volume);
/* Does a volume of the container hold that file? */
bool kta_crash_holds(const struct kta_pod_trouble *t, const char *path);
bool kta_crash_hidden(const struct kta_pod_trouble *t, struct kta_finding *f, const char *path);

/* crash_mounts.c: adds the paths, in the container, of the files that ConfigMaps and Secrets give
 * it at that mount. */
void kta_mount_files(const struct kta_pod_trouble *t, const struct kta_json *mount,
                     struct kta_argv *out);
/* The text (of a log, of the runtime) asks for a file, without its folder or by that of the
 * container's workingDir, which a volume gives in another: then that is told, and true. */
bool kta_crash_working_dir(const struct kta_pod_trouble *t, struct kta_finding *f,
                           const char *text);
/* The same where nobody knows what the volumes hold: only fixes. path: what is missing, or NULL. */
void kta_crash_guess_dir(const struct kta_pod_trouble *t, struct kta_finding *f, const char *path);

/* podconfig.c: a ConfigMap, Secret or key that `of` (a variable's valueFrom, an envFrom, a volume
 * or a source of one) refers to as optional, and that does not exist: quoted, with the nearest. */
void kta_config_optional(const struct kta_pod_trouble *t, struct kta_finding *f,
                         const struct kta_json *of);

/* crash_command.c: commands */
kta_crash_teller kta_crash_command, kta_crash_architecture;
void kta_crash_fix_command(const struct kta_pod_trouble *t, struct kta_finding *f,
                           const char *program);
/* A script of a volume that does not say what runs it: then it is told. */
bool kta_crash_without_shell(const struct kta_pod_trouble *t, struct kta_finding *f,
                             const char *script);
void kta_crash_fix_script(const struct kta_pod_trouble *t, struct kta_finding *f,
                          const char *script);

/* crash_flag.c: a flag that the program does not know, as that line of its log says */
void kta_crash_fix_flag(const struct kta_pod_trouble *t, struct kta_finding *f, const char *line);

/* crash_limits.c: memory, ports, file systems, permissions */
kta_crash_teller kta_crash_memory, kta_crash_port, kta_crash_privileged, kta_crash_permission,
    kta_crash_readonly, kta_crash_disk, kta_crash_child, kta_crash_timeout;
/* Raises the sizeLimit of an emptyDir; nothing where it has none. */
void kta_fix_size_limit(struct kta_world *w, struct kta_finding *f, const struct kta_json *owner,
                        const struct kta_json *volume);
void kta_crash_oom(const struct kta_pod_trouble *t, const struct kta_json *ended);
/* The event of a container's node that ran out of memory within so many seconds of then, or NULL.
 */
const struct kta_json *kta_node_oom(const struct kta_pod_trouble *t, int64_t when, int64_t near);

/* dependency.c: another service */
kta_crash_teller kta_crash_dependency;
/* Tells of the NetworkPolicy that drops the connections which time out, as the log's cause says. */
void kta_dropped(const struct kta_pod_trouble *t, struct kta_finding *effect,
                 const struct kta_log_cause *c);

/* policies.c: tells of a NetworkPolicy between the pods and what they cannot reach (service NULL:
 * the cluster's DNS); the finding so far becomes its effect. */
void kta_policy_in_the_way(const struct kta_pod_trouble *t, struct kta_finding *effect,
                           struct kta_json *service, const char *port);

/* probe_ends.c: did the kubelet end the last run because of a probe? By its events; by how long the
 * run lasted, where events can tell nothing (not readable, or aged out). */
bool kta_probe_ended(const struct kta_pod_trouble *t);
bool kta_probe_ended_by_time(const struct kta_pod_trouble *t);

/* rights.c */
kta_crash_teller kta_crash_forbidden;

/* Keys of a Secret's or ConfigMap's data, from managedFields; "" -terminated names are malloc'ed.
 * Returns how many. Freed with kta_keys_free. */
size_t kta_data_keys(const struct kta_json *o, char ***ret);
void kta_keys_free(char **keys, size_t n);
/* A patch of a variable takes the place of the one that is there: what else gave its value goes, or
 * the API server refuses it. */
void kta_env_over(struct kta_json *env, const struct kta_json *there);
/* The value that a container's variable has: literal, or out of a ConfigMap (read then). Caller
 * frees; NULL: unknown, or from a Secret. */
char *kta_env_value(struct kta_world *w, const char *ns, const struct kta_json *env);

#endif
