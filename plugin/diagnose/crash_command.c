/*
 * crash_command.c - commands that are not there or cannot be run: misspelt, given as one word, a
 * script that no one may execute or that does not say what runs it.
 */
#include <string.h>
#include "address.h"
#include "crash.h"
#include "kta/alloc.h"
#include "kta/re.h"

/* clang-format off */
static const char *const programs[] = {
    "sh", "bash", "sleep", "python", "python3", "pip", "node", "npm", "npx", "yarn", "java", "nginx",
    "httpd", "uvicorn", "gunicorn", "flask", "celery", "redis-server", "postgres", "psql", "mysqld",
    "mysql", "mongod", "ruby", "php", "php-fpm", "dotnet", "go", "perl", "tini", "busybox", "traefik",
    "envoy", "caddy", "haproxy", "memcached", "rabbitmq-server", "etcd", "nc", "curl", "wget", "git",
    "tail", "head", "cat", "cut", "cmp", "echo", "printf", "env", "true", "false", "test", "exec",
    "export", "grep", "sed", "awk", "date", "mkdir", "touch", "chmod", "chown", "find", "sudo",
    "ping", "tree", "tar",
};
/* clang-format on */

/* A script out of a ConfigMap or Secret, whose files are not executable unless it is said. */
void kta_crash_fix_script(const struct kta_pod_trouble *t, struct kta_finding *f,
                          const char *script)
{
    const struct kta_json *m = kta_mount_of(t->container, script);
    const struct kta_json *v =
        m ? kta_volume_named(kta_json_get(t->pod, "spec"), kta_json_str(m, "name")) : NULL;
    const char *part = kta_json_get(v, "configMap") ? "configMap"
                       : kta_json_get(v, "secret")  ? "secret"
                                                    : NULL;
    if (!part)
        return;
    kta_finding_quote(f, "spec", "%s comes from volume %s (%s), whose files are not executable",
                      script, kta_json_str(m, "name"), part);
    struct kta_json *spec = kta_json_new_object();
    struct kta_json *x =
        kta_json_push(kta_json_set(spec, "volumes", kta_json_new_array()), kta_json_new_object());
    kta_json_set_str(x, "name", kta_json_str(m, "name"));
    kta_json_set_int(kta_json_set(x, part, kta_json_new_object()), "defaultMode", 0755);
    (void)kta_fix_template(t->w, f, KTA_RISK_MEDIUM, t->owner, spec,
                           "make the files of volume %s executable (defaultMode 0755)",
                           kta_json_str(m, "name"));
}

/* The whole command line as one word: ["sh -c serve"]. */
static bool fix_one_word(const struct kta_pod_trouble *t, struct kta_finding *f,
                         const struct kta_json *command, const char *line)
{
    kta_auto_argv struct kta_argv words = {0};
    struct kta_err err = KTA_ERR_INIT;
    if (!strchr(line, ' ') || kta_argv_split(line, &words, &err) || words.n < 2)
        return false;
    struct kta_json *c;
    struct kta_json *spec = kta_fix_container_patch(t->list, t->name, &c);
    struct kta_json *now = kta_json_set(c, "command", kta_json_new_array());
    for (size_t i = 0; i < words.n; i++)
        kta_json_push_str(now, words.v[i]);
    for (size_t i = 1; i < kta_json_len(command); i++)
        kta_json_push(now, kta_json_copy(kta_json_item(command, i)));
    (void)kta_fix_template(t->w, f, KTA_RISK_MEDIUM, t->owner, spec,
                           "give the command as words of their own, %s first", words.v[0]);
    return true;
}

/* The usual program that a name is one letter away from, or two of a longer one that begins alike;
 * NULL where it is itself a usual one. */
static const char *misspelt(const char *name)
{
    const char *near = NULL;
    int at = 3;
    for (size_t i = 0; i < KTA_LEN(programs); i++) {
        int d = kta_distance(name, programs[i], 2);
        if (d == 0)
            return NULL;
        bool close = d == 1 || (d == 2 && *name == *programs[i] && strlen(name) > 3);
        if (close && d < at) {
            at = d;
            near = programs[i];
        }
    }
    return near;
}

/* An image that is made for one program starts it by itself; one that is made for others to build
 * on starts a shell, or nothing. */
static bool has_program(const char *image)
{
    static const char *const bases[] = {"busybox", "alpine", "debian", "ubuntu",  "bash",
                                        "python",  "node",   "golang", "openjdk", "eclipse-temurin",
                                        "ruby",    "php",    "rust",   "centos",  "fedora"};
    const char *name = kta_base_name(kta_or(image, ""));
    size_t len = strcspn(name, ":@");
    for (size_t i = 0; i < KTA_LEN(bases); i++)
        if (strlen(bases[i]) == len && !strncmp(name, bases[i], len))
            return false;
    return len > 0;
}

static void own_program(const struct kta_pod_trouble *t, struct kta_finding *f, const char *first)
{
    const char *image = kta_json_str(t->container, "image");
    if (!has_program(image) || kta_crash_holds(t, first))
        return;
    struct kta_json *c;
    struct kta_json *spec = kta_fix_container_patch(t->list, t->name, &c);
    kta_json_set(c, "command", kta_json_new_null());
    if (kta_json_get(t->container, "args"))
        kta_json_set(c, "args", kta_json_new_null());
    (void)kta_fix_template(t->w, f, KTA_RISK_MEDIUM, t->owner, spec,
                           "let image %s start its own program: it does not hold %s", image, first);
}

/* An image without that shell has a plain one, if any. */
static void plain_shell(const struct kta_pod_trouble *t, struct kta_finding *f,
                        const struct kta_json *command)
{
    static const char *const shells[] = {"bash", "zsh", "ksh", "dash", "ash"};
    const char *first = kta_or(kta_json_text(kta_json_item(command, 0)), "");
    size_t i = 0;
    while (i < KTA_LEN(shells) && !kta_streq(kta_base_name(first), shells[i]))
        i++;
    if (i == KTA_LEN(shells))
        return;
    struct kta_json *c;
    struct kta_json *spec = kta_fix_container_patch(t->list, t->name, &c);
    struct kta_json *now = kta_json_set(c, "command", kta_json_copy(command));
    kta_json_replace_text(kta_json_first(now), "/bin/sh");
    (void)kta_fix_template(t->w, f, KTA_RISK_MEDIUM, t->owner, spec,
                           "run it by /bin/sh: the image does not hold %s", first);
}

/* A word of a script that a shell runs: "sh", "-c", "ech ready". */
static void fix_in_script(const struct kta_pod_trouble *t, struct kta_finding *f,
                          const char *program)
{
    struct renaming way = {program, strlen(program) > 2 ? misspelt(program) : NULL};
    bool near = way.to && kta_distance(way.from, way.to, 2) == 1;
    struct kta_json *spec = near ? renamed_command(t, &way, 1) : NULL;

    if (spec)
        (void)kta_fix_template(t->w, f, KTA_RISK_MEDIUM, t->owner, spec,
                               "run %s instead of %s, which looks misspelt", way.to, way.from);
}

void kta_crash_fix_command(const struct kta_pod_trouble *t, struct kta_finding *f,
                           const char *program)
{
    const struct kta_json *command = kta_json_get(t->container, "command");
    const char *first = kta_json_text(kta_json_item(command, 0));
    if (program && !kta_streq(first, program))
        fix_in_script(t, f, program);
    if (!command || !first || (program && !kta_streq(first, program)) ||
        fix_one_word(t, f, command, first))
        return;
    const char *name = kta_base_name(first), *near = misspelt(name);
    if (program)
        plain_shell(t, f, command);
    if (!near) {
        if (program)
            own_program(t, f, first);
        return;
    }
    struct kta_json *c;
    struct kta_json *spec = kta_fix_container_patch(t->list, t->name, &c);
    struct kta_json *now = kta_json_set(c, "command", kta_json_new_array());
    kta_auto_free char *path = kta_asprintf("%.*s%s", (int)(name - first), first, near);
    kta_json_push_str(now, path);
    for (size_t i = 1; i < kta_json_len(command); i++)
        kta_json_push(now, kta_json_copy(kta_json_item(command, i)));
    (void)kta_fix_template(t->w, f, KTA_RISK_MEDIUM, t->owner, spec,
                           "start %s instead of %s, which looks misspelt", path, first);
}

bool kta_crash_without_shell(const struct kta_pod_trouble *t, struct kta_finding *f,
                             const char *script)
{
    const struct kta_json *command = kta_json_get(t->container, "command");
    if (!kta_crash_holds(t, script))
        return false;
    kta_auto_free char *who = kta_trouble_who(t);
    f->code = "CrashLoop.BadCommand";
    kta_finding_summary(f, "%s cannot start: the first line of %s does not name what runs it (#!)",
                        who, script);
    kta_finding_advice(f, "Begin the script with #!/bin/sh, or whatever runs it.");
    if (!kta_streq(kta_json_text(kta_json_item(command, 0)), script))
        return true;
    struct kta_json *c;
    struct kta_json *spec = kta_fix_container_patch(t->list, t->name, &c);
    struct kta_json *now = kta_json_set(c, "command", kta_json_new_array());
    kta_json_push_str(now, "sh");
    kta_json_each(word, command)
        kta_json_push(now, kta_json_copy(word));
    (void)kta_fix_template(t->w, f, KTA_RISK_MEDIUM, t->owner, spec, "run %s by sh", script);
    return true;
}

void kta_crash_architecture(const struct kta_pod_trouble *t, struct kta_finding *f,
                            const struct kta_log_cause *c)
{
    static struct kta_re *re;
    struct kta_match m;
    if (!re)
        re = kta_re_must("(/[^\\s:]+):", 0);
    kta_auto_free char *program =
        kta_re_find(re, c->line, strlen(c->line), 0, &m) ? kta_re_group(c->line, &m, 1) : NULL;
    if (!program || !kta_crash_without_shell(t, f, program))
        kta_crash_plain(t, f, c);
}

void kta_crash_command(const struct kta_pod_trouble *t, struct kta_finding *f,
                       const struct kta_log_cause *c)
{
    kta_auto_free char *who = kta_trouble_who(t);
    if (kta_streq(c->pattern->class_, "PermissionDenied"))
        kta_finding_summary(f, "%s exits because its command is not executable: %s", who, c->line);
    else if (c->name)
        kta_finding_summary(f, "%s exits because the command %s is not in the image", who, c->name);
    else
        kta_finding_summary(f, "%s exits because its command line is wrong: %s", who, c->line);
    kta_auto_str struct kta_str s = KTA_STR_INIT;
    static const char *const parts[] = {"command", "args"};
    for (size_t i = 0; i < KTA_LEN(parts); i++)
        if (kta_json_get(t->container, parts[i])) {
            kta_str_addf(&s, "%s%s ", s.len ? ", " : "", parts[i]);
            kta_json_print(kta_json_get(t->container, parts[i]), false, &s);
        }
    if (s.len)
        kta_finding_quote(f, "spec", "container %s: %s", t->name, s.s);
    kta_crash_fix_command(t, f, c->name);
    kta_crash_fix_flag(t, f, c->line);
    kta_finding_advice(f, "Correct the container's command or arguments, or use an image that "
                          "holds the command.");
}
