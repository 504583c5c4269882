/*
 * crash.c - containers that end when they should run: why, from message, exit code and log.
 *
 * The order of belief: what the runtime says (it could not start, the kernel killed it), what the
 * kubelet did (a probe), what the log says, and last the exit code alone.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include "crash.h"
#include "kta/alloc.h"
#include "kta/clock.h"
#include "kta/re.h"

/* A log's class → the finding's code, how it is said, and who computes its fixes. */
static const struct kta_crash_kind kinds[] = {
    {"MissingEnv", "CrashLoop.MissingEnv", 0.95, kta_crash_env},
    {"MissingFile", "CrashLoop.MissingFile", 0.85, kta_crash_file},
    {"IsDirectory", "CrashLoop.MissingFile", 0.85, kta_crash_directory},
    {"MissingModule", "CrashLoop.MissingModule", 0.9, kta_crash_plain},
    {"Architecture", "Image.Architecture", 0.9, kta_crash_architecture},
    {"BadCommand", "CrashLoop.BadCommand", 0.9, kta_crash_command},
    {"PortInUse", "CrashLoop.PortInUse", 0.9, kta_crash_port},
    {"PrivilegedPort", "CrashLoop.PrivilegedPort", 0.9, kta_crash_privileged},
    {"PermissionDenied", "CrashLoop.PermissionDenied", 0.85, kta_crash_permission},
    {"ReadOnlyFilesystem", "CrashLoop.ReadOnlyFilesystem", 0.95, kta_crash_readonly},
    {"DiskFull", "CrashLoop.DiskFull", 0.9, kta_crash_disk},
    {"Limits", "CrashLoop.Limits", 0.85, kta_crash_plain},
    {"License", "CrashLoop.License", 0.85, kta_crash_plain},
    {"ChildKilled", "Memory.OOMKilled", 0.75, kta_crash_child},
    {"WorkerTimeout", "CrashLoop.WorkerTimeout", 0.8, kta_crash_timeout},
    {"DNS", "CrashLoop.DNS", 0.85, kta_crash_dependency},
    {"DependencyUnreachable", "CrashLoop.DependencyUnreachable", 0.85, kta_crash_dependency},
    {"TLS", "CrashLoop.TLS", 0.85, kta_crash_plain},
    {"Auth", "CrashLoop.Auth", 0.85, kta_crash_plain},
    {"Database", "CrashLoop.Database", 0.85, kta_crash_plain},
    {"Forbidden", "Rights.Forbidden", 0.9, kta_crash_forbidden},
    {"OutOfMemory", "CrashLoop.OutOfMemory", 0.85, kta_crash_memory},
    {"Config", "CrashLoop.Config", 0.85, kta_crash_config},
    {"Lock", "CrashLoop.Lock", 0.75, kta_crash_plain},
    {"Signal", "CrashLoop.Signal", 0.75, kta_crash_plain},
    {"Exception", "CrashLoop.Exception", 0.8, kta_crash_plain},
    {"Error", "CrashLoop.Error", 0.65, kta_crash_plain},
};

/* ---- what the runtime says ---- */

static bool could_not_start(const struct kta_pod_trouble *t)
{
    const struct kta_json *end = kta_trouble_ended(t);
    const char *reason = kta_json_str(end, "reason");
    const char *text = kta_json_str(end, "message");
    if (!kta_streq(reason, "StartError") && !kta_streq(reason, "ContainerCannotRun"))
        text = kta_json_str(t->status, "state.waiting.message");
    if (!text || (!strstr(text, "exec") && !strstr(text, "OCI runtime") && !strstr(text, "stat ")))
        return false;
    if (kta_streq(kta_json_str(t->status, "state.waiting.reason"), "CrashLoopBackOff") &&
        text == kta_json_str(t->status, "state.waiting.message"))
        return false;
    bool format = strstr(text, "exec format error") != NULL;
    const char *code = format ? "Image.Architecture" : "CrashLoop.BadCommand";
    if (kta_trouble_find(t, code))
        return true;
    struct kta_finding *f = kta_trouble_add(t, code, KTA_CRITICAL, 0.95);
    kta_auto_free char *who = kta_trouble_who(t);
    static struct kta_re *re;
    if (!re)
        re = kta_re_must("exec: \"([^\"]+)\"|stat ([^:]+):|chdir to cwd \\(\"([^\"]+)\"", 0);
    struct kta_match m;
    kta_auto_free char *program = NULL;
    if (kta_re_find(re, text, strlen(text), 0, &m))
        for (int g = 1; g < m.n && !program; g++)
            program = kta_re_group(text, &m, g);
    if (format)
        kta_finding_summary(f, "%s cannot start: its program is built for another architecture",
                            who);
    else
        kta_finding_summary(
            f, "%s cannot start: %s %s", who, program ? program : "its command",
            program && kta_crash_holds(t, program) && !strstr(text, "permission")
                ? "is there, but not the interpreter that its first line names (do its "
                  "lines end as Windows' do?)"
            : strstr(text, "permission denied") ? "is not executable"
            : strstr(text, "chdir")             ? "(its working directory) is not in the image"
                                                : "is not in the image");
    kta_auto_free char *source = kta_asprintf("status pod/%s", kta_obj_name(t->pod));
    kta_finding_quote(f, source, "%.*s", KTA_DIAG_QUOTE, text);
    if (format && program && kta_crash_without_shell(t, f, program))
        return true;
    if (!format && !strstr(text, "$PATH") && kta_crash_working_dir(t, f, text))
        return true;
    if (program && (strstr(text, "chdir") || *program == '.'))
        kta_crash_guess_dir(t, f, NULL);
    if (program && strstr(text, "permission denied"))
        kta_crash_fix_script(t, f, program);
    else if (program && !format && kta_crash_hidden(t, f, program))
        return true;
    else if (!format)
        kta_crash_fix_command(t, f, program);
    if (!f->n_fixes)
        kta_finding_advice(f, "Set a command that the image holds (spec.containers[].command), or "
                              "the image that holds this one.");
    return true;
}

/* runc: error mounting "…/volume-subpaths/V/C/0" to rootfs at "/etc/app.conf": … not a directory */
static bool could_not_mount(const struct kta_pod_trouble *t)
{
    const struct kta_json *end = kta_trouble_ended(t);
    const char *text = kta_or(kta_json_str(end, "message"),
                              kta_or(kta_json_str(t->status, "state.waiting.message"), ""));
    static struct kta_re *re;
    if (!re)
        re = kta_re_must("error mounting \"[^\"]+\" to rootfs at \"([^\"]+)\"", 0);
    struct kta_match m;
    if (!kta_re_find(re, text, strlen(text), 0, &m))
        return false;
    bool kind = strstr(text, "not a directory") != NULL;
    const char *code = kind ? "CrashLoop.MissingFile" : "Volume.MountFailed";
    if (kta_trouble_find(t, code))
        return true;
    struct kta_finding *f = kta_trouble_add(t, code, KTA_CRITICAL, 0.9);
    kta_auto_free char *path = kta_re_group(text, &m, 1), *who = kta_trouble_who(t);
    kta_auto_free char *source = kta_asprintf("status pod/%s", kta_obj_name(t->pod));
    struct kta_log_cause c = {.path = path};
    kta_finding_quote(f, source, "%.*s", KTA_DIAG_QUOTE, text);
    kta_finding_summary(f, "%s cannot start: nothing can be mounted at %s", who, path);
    kta_finding_advice(f,
                       "The message says why: correct the volumeMount or what the volume holds.");
    if (kind)
        kta_crash_directory(t, f, &c);
    return true;
}

/* Its hook calls a port of the container itself, where nothing listens: the one that it declares.
 */
static void hook_port(const struct kta_pod_trouble *t, struct kta_finding *f, const char *said)
{
    const struct kta_json *get = kta_json_at(t->container, "lifecycle.postStart.httpGet");
    const struct kta_json *ports = kta_json_get(t->container, "ports");
    int64_t called = kta_json_int(get, "port", 0), right = 0;
    kta_json_each(p, ports) {
        right = right ? right : kta_json_int(p, "containerPort", 0);
        if (kta_json_int(p, "containerPort", 0) == called)
            return;
    }
    if (!called || kta_json_str(get, "host") || !right || !strstr(said, "refused"))
        return;
    kta_finding_quote(f, "spec", "the hook calls port %lld, container %s declares port %lld",
                      (long long)called, t->name, (long long)right);
    struct kta_json *c;
    struct kta_json *spec = kta_fix_container_patch(t->list, t->name, &c);
    for (const char *const *in = (const char *const[]){"lifecycle", "postStart", "httpGet", NULL};
         *in; in++)
        c = kta_json_set(c, *in, kta_json_new_object());
    kta_json_set_int(c, "port", right);
    (void)kta_fix_template(t->w, f, KTA_RISK_MEDIUM, t->owner, spec,
                           "let the hook call port %lld, which the container declares",
                           (long long)right);
}

/* Its own hook failed, so the kubelet ended it again and again. */
static bool failed_hook(const struct kta_pod_trouble *t)
{
    const char *text =
        kta_streq(kta_json_str(t->status, "state.waiting.reason"), "PostStartHookError")
            ? kta_json_str(t->status, "state.waiting.message")
            : NULL;
    const struct kta_json *ev = kta_diag_event(t->w, t->pod, "FailedPostStartHook", NULL);
    const char *of = kta_or(kta_json_str(ev, "involvedObject.fieldPath"), t->name);
    if (!kta_json_at(t->container, "lifecycle.postStart") ||
        (!text && (!ev || !strstr(of, t->name))))
        return false;
    if (kta_trouble_find(t, "CrashLoop.PostStart"))
        return true;
    struct kta_finding *f = kta_trouble_add(t, "CrashLoop.PostStart", KTA_CRITICAL, 0.9);
    kta_auto_free char *who = kta_trouble_who(t), *hook = NULL;
    kta_auto_free char *source = kta_asprintf("status pod/%s", kta_obj_name(t->pod));
    const char *said = text ? strstr(text, "message: \"") : NULL;
    if (said)
        hook = kta_strndup(said + strlen("message: \""),
                           strcspn(said + strlen("message: \""), "\\\""));
    kta_finding_summary(f, "%s is ended each time because its postStart hook fails%s%s", who,
                        hook ? ": " : "", kta_or(hook, ""));
    if (text)
        kta_finding_quote(f, source, "%.*s", KTA_DIAG_QUOTE, text);
    else
        kta_diag_quote_event(f, t->pod, ev);
    hook_port(t, f, text ? text : kta_or(kta_json_str(ev, "message"), ""));
    kta_finding_advice(f,
                       "Correct the command of the container's lifecycle.postStart, or do what it "
                       "does elsewhere: a container whose hook fails is not left running.");
    return true;
}

static bool killed_for_memory(const struct kta_pod_trouble *t)
{
    const struct kta_json *end = kta_trouble_ended(t);
    const struct kta_json *last = kta_json_at(t->status, "lastState.terminated");
    if (!kta_streq(kta_json_str(end, "reason"), "OOMKilled") &&
        kta_streq(kta_json_str(last, "reason"), "OOMKilled"))
        end = last;
    /* A limit too low for the program's very start: the runtime tells, not the kernel's reason. */
    bool at_start = kta_stristr(kta_or(kta_json_str(end, "message"), ""), "OOM-killed") != NULL;
    /* What its node ends for want of memory has no reason of its own, if it is a child. */
    bool of_node = kta_json_int(end, "exitCode", 0) == 137 &&
                   kta_node_oom(t, kta_time_parse(kta_json_str(end, "finishedAt")), 10);
    if (!kta_streq(kta_json_str(end, "reason"), "OOMKilled") && !at_start && !of_node)
        return false;
    if (!kta_trouble_find(t, "Memory.OOMKilled"))
        kta_crash_oom(t, end);
    return true;
}

/* ---- what the log says ---- */

static const struct kta_crash_kind *kind_of(const char *class_)
{
    for (size_t i = 0; i < KTA_LEN(kinds); i++)
        if (kta_streq(kinds[i].class_, class_))
            return &kinds[i];
    return &kinds[KTA_LEN(kinds) - 1];
}

const char *kta_crash_code(const char *class_)
{
    return kind_of(class_)->code;
}

/* Whatever class its words are of: what it did not find may be in another folder. */
static void not_found(const struct kta_pod_trouble *t, struct kta_finding *f,
                      const struct kta_log_cause *c)
{
    static const char *const missing[] = {"CrashLoop.MissingFile", "CrashLoop.MissingModule"};
    static struct kta_re *re;
    if (!re)
        re = kta_re_must("no ?such ?file|not ?found|enoent|(?:can ?not|can't|could not|unable to) "
                         "(?:open|find|read|load|import|access|locate)|(?:does not|doesn't) exist",
                         KTA_RE_ICASE);
    bool file = kta_streq(f->code, missing[0]) || kta_streq(f->code, missing[1]);
    if (!file &&
        (!kta_starts(f->code, "CrashLoop.") || !kta_re_find(re, c->line, strlen(c->line), 0, NULL)))
        return;
    if (kta_crash_working_dir(t, f, c->line))
        f->code = missing[0];
    else if (file)
        kta_crash_guess_dir(t, f, c->path);
}

/* The kind of what the log tells, which what else is known of the container may correct. */
static const struct kta_crash_kind *kind_by(const struct kta_pod_trouble *t,
                                            struct kta_log_cause *c)
{
    const struct kta_crash_kind *k = kind_of(c->pattern->class_);
    /* 126: it is the command itself that may not be run. */
    if (k->tell == kta_crash_permission && kta_json_int(kta_trouble_ended(t), "exitCode", 0) == 126)
        return kind_of("BadCommand");
    if (k->tell != kta_crash_plain && k->tell != kta_crash_config)
        return k;
    char *variable = kta_crash_env_named(t, c->line);
    if (!variable)
        return k;
    free(c->name);
    c->name = variable;
    return kind_of("MissingEnv");
}

static bool log_tells(const struct kta_pod_trouble *t)
{
    size_t len;
    bool previous;
    const char *log = kta_trouble_log(t, &len, &previous);
    const char *message = kta_json_str(kta_trouble_ended(t), "message");
    struct kta_log_cause c;
    bool from_log = log && kta_log_cause(log, len, &c);
    if (!from_log && (!message || !kta_log_cause(message, strlen(message), &c)))
        return false;
    const struct kta_crash_kind *k = kind_by(t, &c);
    if (!kta_trouble_find(t, k->code)) {
        struct kta_finding *f = kta_trouble_add(t, k->code, KTA_CRITICAL, k->confidence);
        if (from_log)
            kta_trouble_quote_log(t, f, &c, previous);
        else
            kta_finding_quote(f, "termination message", "%s", c.quote);
        k->tell(t, f, &c);
        not_found(t, f, &c);
        kta_crash_unexpanded(t, f);
        kta_crash_service_links(t, f, &c);
    }
    kta_log_cause_release(&c);
    return true;
}

/* What a ready container's log tells of a process within it is news for a day. */
#define NEWS (24LL * 60 * 60)

static bool lately(const struct kta_pod_trouble *t, const char *class_)
{
    kta_auto_str struct kta_str log = KTA_STR_INIT;
    struct kta_log_cause c;
    if (!kta_world_log_late(t->w, t->pod, t->name, NEWS, &log))
        return true;
    bool said = kta_log_says(log.s, log.len, class_, &c);
    if (said)
        kta_log_cause_release(&c);
    return said;
}

bool kta_child_analyze(const struct kta_pod_trouble *t)
{
    size_t len;
    bool previous = false, ready = kta_json_bool(t->status, "ready", false);
    struct kta_log_cause c;
    const char *log = ready ? kta_world_has_log(t->w, t->pod, t->name, false, &len)
                            : kta_trouble_log(t, &len, &previous);
    /* A ready one has got over what else its log tells. */
    if (!log || previous ||
        !(ready ? kta_log_says(log, len, "ChildKilled", &c) ||
                      kta_log_says(log, len, "WorkerTimeout", &c)
                : kta_log_cause(log, len, &c)))
        return false;
    const struct kta_crash_kind *k = kind_of(c.pattern->class_);
    bool child = k->tell == kta_crash_child || k->tell == kta_crash_timeout;
    if (child && !kta_trouble_find(t, k->code) && (!ready || lately(t, c.pattern->class_))) {
        struct kta_finding *f =
            kta_trouble_add(t, k->code, ready ? KTA_WARNING : KTA_CRITICAL, k->confidence);
        kta_trouble_quote_log(t, f, &c, previous);
        k->tell(t, f, &c);
    }
    kta_log_cause_release(&c);
    return child;
}

/* ---- the exit code alone ---- */

static const struct {
    int code;
    const char *finding, *means;
} exits[] = {
    {0, "CrashLoop.Completed", "ends by itself with exit code 0, but should run for good"},
    {126, "CrashLoop.BadCommand", "exits with 126: its command cannot be executed"},
    {127, "CrashLoop.BadCommand", "exits with 127: its command was not found"},
    {134, "CrashLoop.Signal", "aborts (SIGABRT)"},
    {137, "CrashLoop.Killed", "is killed (SIGKILL) by something other than its own memory limit"},
    {139, "CrashLoop.Signal", "crashes with a segmentation fault"},
    {143, "CrashLoop.Killed", "is asked to end (SIGTERM) and ends"},
};

static void by_exit_code(const struct kta_pod_trouble *t)
{
    const struct kta_json *end = kta_trouble_ended(t);
    if (!end)
        return;
    int64_t exit_code = kta_json_int(end, "exitCode", 0);
    const char *code = "CrashLoop.Exit", *means = NULL;
    for (size_t i = 0; i < KTA_LEN(exits); i++)
        if (exits[i].code == exit_code) {
            code = exits[i].finding;
            means = exits[i].means;
        }
    if (kta_trouble_find(t, code))
        return;
    struct kta_finding *f = kta_trouble_add(t, code, KTA_CRITICAL, 0.6);
    kta_auto_free char *who = kta_trouble_who(t);
    if (means)
        kta_finding_summary(f, "%s %s", who, means);
    else
        kta_finding_summary(f, "%s exits with code %lld and its log names no cause", who,
                            (long long)exit_code);
    const struct kta_json *command = kta_json_get(t->container, "command");
    const struct kta_json *args = kta_json_get(t->container, "args");
    if (command || args) {
        kta_auto_str struct kta_str s = KTA_STR_INIT;
        if (command)
            kta_json_print(command, false, &s);
        if (args) {
            kta_str_add(&s, command ? " " : "args ");
            kta_json_print(args, false, &s);
        }
        kta_finding_quote(f, "spec", "command of container %s: %s", t->name, s.s);
    }
    size_t len;
    bool previous;
    const char *log = kta_trouble_log(t, &len, &previous);
    if (log) {
        kta_auto_str struct kta_str s = KTA_STR_INIT;
        kta_log_digest(log, len, 600, &s);
        kta_auto_free char *source = kta_asprintf("log pod/%s %s%s", kta_obj_name(t->pod), t->name,
                                                  previous ? " previous" : "");
        kta_finding_quote(f, source, "%s", s.s);
    } else {
        kta_finding_quote(f, "log", "container %s wrote nothing to its log", t->name);
    }
    kta_crash_unexpanded(t, f);
    if (exit_code == 127 || exit_code == 126)
        kta_crash_fix_command(t, f, NULL);
    kta_finding_advice(
        f, "%s",
        exit_code == 0 ? "Give it a command that stays in the foreground, or make it a Job if it "
                         "is meant to end."
                       : "Look at what the command does; if it overrides the image's own "
                         "entrypoint, that may be all that is wrong.");
}

void kta_crash_analyze(const struct kta_pod_trouble *t)
{
    if (killed_for_memory(t) || could_not_mount(t) || failed_hook(t) || could_not_start(t) ||
        kta_probe_ended(t) || log_tells(t) || kta_probe_ended_by_time(t))
        return; /* the kubelet ended it because of a probe: probes.c tells */
    by_exit_code(t);
}

/* ---- an init container that waits ---- */

#define REPEATS     8  /* equal lines at a log's end: a loop */
#define LOOPS       60 /* seconds that an init container may wait in one */
#define SURE_WEIGHT 79 /* of a log's pattern: what names a cause rather than trouble as such */

/* A host of this namespace that the container's own command waits for and that is no Service: the
 * words of a resolver, so that it is followed like one that a log tells. NULL: none. */
static char *waits_for(const struct kta_pod_trouble *t)
{
    static struct kta_re *re;
    if (!re)
        re = kta_re_must(
            "\\b(?:(?:nslookup|getent hosts|ping|nc)(?: +(?:-[a-zA-Z]*[wct] *\\d+|-[a-zA-Z]+))* +"
            "|(?:pg_isready|redis-cli|mysqladmin +ping) +(?:-[^h]\\S* +)*-h *"
            "|(?:curl|wget) [^;|&\\n]*?\\w+://(?:[^@/\\s]*@)?)"
            "[\"']?(?!localhost\\b)([a-z][\\w-]*(?:\\.[\\w-]+)*)",
            0);
    static const char *const fields[] = {"command", "args"};
    for (size_t i = 0; i < KTA_LEN(fields); i++)
        kta_json_each(word, kta_json_get(t->container, fields[i])) {
            const char *text = kta_or(kta_json_text(word), "");
            struct kta_match m;
            if (!kta_re_find(re, text, strlen(text), 0, &m))
                continue;
            kta_auto_free char *host = kta_re_group(text, &m, 1);
            const char *ns;
            bool inside;
            if (host &&
                !kta_dependency_service(t->w, kta_obj_namespace(t->pod), host, &ns, &inside) &&
                (inside || !strchr(host, '.')))
                return kta_asprintf("bad address '%s'", host);
        }
    return NULL;
}

/* The same but for digits: times, counts. */
static bool same_words(const char *a, size_t na, const char *b, size_t nb)
{
    size_t i = 0, k = 0;
    for (;; i++, k++) {
        while (i < na && isdigit((unsigned char)a[i]))
            i++;
        while (k < nb && isdigit((unsigned char)b[k]))
            k++;
        if (i == na || k == nb)
            return i == na && k == nb;
        if (a[i] != b[k])
            return false;
    }
}

/* Says it the same over and over: it waits in a loop. */
static bool repeats(const char *log, size_t len)
{
    size_t again = 0;
    while (len && log[len - 1] == '\n')
        len--;
    size_t at = len;
    while (at && log[at - 1] != '\n')
        at--;
    const char *last = log + at;
    size_t n = len - at;
    while (n && at && again < REPEATS) {
        size_t end = --at;
        while (at && log[at - 1] != '\n')
            at--;
        again += same_words(log + at, end - at, last, n);
    }
    return again >= REPEATS;
}

/* Its own command has no end, or none today. */
static bool endless(const struct kta_json *container)
{
    static struct kta_re *re;
    if (!re)
        re = kta_re_must("\\bsleep +(?:inf\\w*|\\d{4,}|\\d+[hd])\\b|\\btail +-[fF]\\b|"
                         "\\bwhile +(?:true|:) *;(?!.*\\b(?:break|exit)\\b)",
                         KTA_RE_DOTALL);
    kta_auto_str struct kta_str line = KTA_STR_INIT;
    struct kta_match m;
    kta_json_each(word, kta_json_get(container, "command"))
        kta_str_addf(&line, "%s ", kta_or(kta_json_text(word), ""));
    kta_json_each(word, kta_json_get(container, "args"))
        kta_str_addf(&line, "%s ", kta_or(kta_json_text(word), ""));
    return kta_re_find(re, line.s, line.len, 0, &m);
}

void kta_init_analyze(const struct kta_pod_trouble *t, int64_t silent)
{
    size_t len = 0;
    const char *log = kta_world_log(t->w, kta_obj_namespace(t->pod), kta_obj_name(t->pod), t->name,
                                    /* previous= */ false, &len);
    struct kta_log_cause c;
    bool told = log && kta_log_cause(log, len, &c);
    int64_t since = kta_time_parse(kta_json_str(t->status, "state.running.startedAt"));
    /* Who holds a lock is at work, as a rule: another replica's migration. */
    bool sure = told && c.pattern->weight >= SURE_WEIGHT && !kta_streq(c.pattern->class_, "Lock");
    if (endless(t->container))
        silent = 0;
    else if (log && repeats(log, len))
        silent = LOOPS;
    kta_auto_free char *asks = sure ? NULL : waits_for(t);
    if (asks) {
        if (told)
            kta_log_cause_release(&c);
        told = sure = kta_log_cause(asks, strlen(asks), &c);
    }
    if ((sure || kta_world_now(t->w) - since >= silent) && !kta_trouble_find(t, "Init.NeverEnds")) {
        struct kta_finding *f =
            kta_trouble_add(t, "Init.NeverEnds", KTA_CRITICAL, sure ? 0.9 : 0.7);
        f->since = since;
        const struct kta_crash_kind *k = sure ? kind_of(c.pattern->class_) : NULL;
        if (asks)
            kta_finding_quote(f, "spec", "the command of container %s asks for %s", t->name,
                              kta_or(c.host, asks));
        else if (told)
            kta_trouble_quote_log(t, f, &c, false);
        if (k && k->tell == kta_crash_dependency)
            k->tell(t, f, &c); /* what it waits for, followed to the Service */
        kta_auto_free char *who = kta_trouble_who(t);
        kta_auto_free char *why = k && f->summary ? kta_strdup(f->summary)
                                  : told          ? kta_strdup(c.line)
                                                  : kta_strdup("its log names no cause");
        kta_finding_summary(f, "%s does not end, so the pod does not start: %s", who, why);
        if (!f->advice)
            kta_finding_advice(f, "See what it waits for; an init container has to end before the "
                                  "pod's containers start.");
    }
    if (told)
        kta_log_cause_release(&c);
}
