/*
 * session.c - conversations on disk.
 *
 * An ID is taken by creating its file exclusively, so two programs never share one. An ID is digits
 * and dashes alone: it names a file and must not name another folder's.
 */
#include "kta/session.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "kta/alloc.h"
#include "kta/clock.h"
#include "kta/fs.h"

#define SUFFIX ".json"

void kta_session_init(struct kta_session *s)
{
    memset(s, 0, sizeof *s);
    s->turns = kta_json_new_array();
}

void kta_session_release(struct kta_session *s)
{
    free(s->id);
    free(s->created);
    kta_json_free(s->turns);
    kta_json_free(s->messages);
    memset(s, 0, sizeof *s);
}

void kta_session_clear(struct kta_session *s)
{
    kta_json_free(s->turns);
    kta_json_free(s->messages);
    s->turns = kta_json_new_array();
    s->messages = NULL;
}

/* An array without its first n elements. */
static struct kta_json *without_first(const struct kta_json *array, size_t n)
{
    struct kta_json *rest = kta_json_new_array();

    for (size_t i = n; i < kta_json_len(array); i++)
        kta_json_push(rest, kta_json_copy(kta_json_item(array, i)));
    return rest;
}

void kta_session_add(struct kta_session *s, const char *question, const char *answer)
{
    kta_auto_str struct kta_str now = KTA_STR_INIT;
    struct kta_json *turn = kta_json_push(s->turns, kta_json_new_object());

    kta_time_format(kta_wall(), &now);
    kta_json_set_str(turn, "time", now.s);
    kta_json_set_str(turn, "question", question);
    kta_json_set_str(turn, "answer", answer);
    if (!s->created)
        s->created = kta_str_detach(&now);
    if (kta_json_len(s->turns) > KTA_MAX_TURNS) {
        struct kta_json *all = s->turns;
        s->turns = without_first(all, kta_json_len(all) - KTA_MAX_TURNS);
        kta_json_free(all);
    }
}

static void say(struct kta_json *messages, const char *role, const char *text)
{
    struct kta_json *m = kta_json_push(messages, kta_json_new_object());

    kta_json_set_str(m, "role", role);
    kta_json_set_str(m, "content", text);
}

void kta_session_say(struct kta_session *s, const char *user, const char *assistant)
{
    if (!s->messages)
        s->messages = kta_json_new_array();
    say(s->messages, "user", user);
    say(s->messages, "assistant", assistant);
}

/* ---- files ---- */

static char *folder(struct kta_err *err)
{
    char *dir = kta_xdg_path(KTA_XDG_STATE, "sessions");

    if (!dir)
        kta_err_set(err, KTA_E_USAGE,
                    "neither HOME nor XDG_STATE_HOME is set, so there is no "
                    "place for sessions");
    return dir;
}

static bool is_id(const char *id)
{
    size_t n = strlen(id);

    return n > 0 && n <= 32 && strspn(id, "0123456789-") == n;
}

static char *file_of(const char *id, struct kta_err *err)
{
    if (!is_id(id)) {
        kta_err_set(err, KTA_E_USAGE, "'%s' is no session's ID", id);
        kta_err_hint(err, "'kubectl todo-ai --list-sessions' lists them");
        return NULL;
    }
    kta_auto_free char *dir = folder(err), *name = kta_asprintf("%s" SUFFIX, id);
    return dir ? kta_fs_join(dir, name) : NULL;
}

static int64_t changed(const char *path)
{
    struct stat st;

    return stat(path, &st) < 0 ? 0
                               : (int64_t)st.st_mtim.tv_sec * 1000 + st.st_mtim.tv_nsec / 1000000;
}

struct file {
    char *id, *path;
    int64_t changed; /* ms */
};

static int latest_first(const void *a, const void *b)
{
    const struct file *x = a, *y = b;

    return x->changed != y->changed ? (x->changed < y->changed) - (x->changed > y->changed)
                                    : strcmp(y->id, x->id);
}

static void free_files(struct file *v, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        free(v[i].id);
        free(v[i].path);
    }
    free(v);
}

static int list_files(struct file **ret, size_t *ret_n, struct kta_err *err)
{
    kta_auto_free char *dir = folder(err);
    char **names = NULL;
    size_t n = 0;

    if (!dir || kta_fs_list(dir, &names, &n, err) < 0)
        return -1;
    struct file *v = kta_calloc(n + 1, sizeof *v);
    size_t have = 0;
    for (size_t i = 0; i < n; i++) {
        size_t len = strlen(names[i]);
        if (!kta_ends(names[i], SUFFIX))
            continue;
        kta_auto_free char *id = kta_strndup(names[i], len - strlen(SUFFIX));
        if (!is_id(id))
            continue;
        v[have].id = KTA_STEAL(id);
        v[have].path = kta_fs_join(dir, names[i]);
        v[have].changed = changed(v[have].path);
        have++;
    }
    kta_fs_free_names(names, n);
    if (have > 1)
        qsort(v, have, sizeof *v, latest_first);
    *ret = v;
    *ret_n = have;
    return 0;
}

static void remove_oldest(void)
{
    struct kta_err ignored = KTA_ERR_INIT;
    struct file *v = NULL;
    size_t n = 0;

    if (list_files(&v, &n, &ignored) < 0)
        return;
    for (size_t i = KTA_MAX_SESSIONS; i < n; i++)
        unlink(v[i].path);
    free_files(v, n);
}

/* Takes a new ID by making its file. */
static int take_id(struct kta_session *s, struct kta_err *err)
{
    kta_auto_free char *dir = folder(err);
    time_t now = (time_t)kta_wall();
    struct tm tm;
    char day[16];

    if (!dir || kta_fs_mkdirs(dir, err) < 0)
        return -1;
    if (!localtime_r(&now, &tm) || strftime(day, sizeof day, "%Y%m%d", &tm) == 0)
        snprintf(day, sizeof day, "00000000");
    for (int i = 1; i < 10000; i++) {
        kta_auto_free char *id = kta_asprintf("%s-%04d", day, i);
        kta_auto_free char *path = kta_asprintf("%s/%s" SUFFIX, dir, id);
        int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
        if (fd >= 0) {
            close(fd);
            s->id = KTA_STEAL(id);
            remove_oldest();
            return 0;
        }
        if (errno != EEXIST)
            return kta_err_sys(err, KTA_E_FAIL, errno, "cannot make the session's file %s", path);
    }
    return kta_err_set(err, KTA_E_LIMIT, "there are too many sessions of today in %s", dir);
}

static struct kta_json *document(const struct kta_session *s)
{
    struct kta_json *doc = kta_json_new_object();
    kta_auto_str struct kta_str now = KTA_STR_INIT;

    kta_time_format(kta_wall(), &now);
    kta_json_set_str(doc, "apiVersion", "todo-ai/v1");
    kta_json_set_str(doc, "kind", "Session");
    kta_json_set(doc, "id", kta_json_new_str(s->id));
    kta_json_set(doc, "created", kta_json_new_str(s->created));
    kta_json_set_str(doc, "updated", now.s);
    kta_json_set_int(doc, "promptTokens", s->prompt_tokens);
    kta_json_set_int(doc, "completionTokens", s->completion_tokens);
    kta_json_set_int(doc, "modelTurns", s->turns_with_model);
    kta_json_set(doc, "turns", kta_json_copy(s->turns));
    if (s->messages)
        kta_json_set(doc, "messages", kta_json_copy(s->messages));
    return doc;
}

int kta_session_save(struct kta_session *s, const char *path, struct kta_err *err)
{
    kta_auto_str struct kta_str text = KTA_STR_INIT;

    bool fresh = !path && !s->id;

    if (fresh && take_id(s, err) < 0)
        return -1;
    kta_auto_free char *own = path ? kta_strdup(path) : file_of(s->id, err);
    if (!own)
        return -1;
    kta_auto_json struct kta_json *doc = document(s);
    kta_json_print(doc, false, &text);
    kta_str_addc(&text, '\n');
    if (kta_fs_write(own, text.s, text.len, err) == 0)
        return 0;
    if (fresh) {
        unlink(own);
        free(s->id);
        s->id = NULL;
    }
    return -1;
}

/* ---- back ---- */

static bool is_text_key(const char *key)
{
    static const char *const names[] = {"role", "type", "id", "tool_call_id", "time", "name"};

    for (size_t i = 0; key && i < KTA_LEN(names); i++)
        if (kta_streq(key, names[i]))
            return false;
    return true;
}

/* Every text is read as text of outside: what a person put into the file is redacted, too. */
static void defuse(struct kta_json *v, struct kta_redact *redact)
{
    if (kta_json_text(v)) {
        if (is_text_key(kta_json_key(v))) {
            kta_auto_free char *safe = kta_redact_dup(redact, kta_json_text(v));
            kta_json_replace_text(v, safe);
        }
        return;
    }
    kta_json_each(m, v) {
        defuse(m, redact);
    }
}

static bool is_role(const char *role)
{
    return kta_streq(role, "user") || kta_streq(role, "assistant") || kta_streq(role, "tool");
}

static int take_document(struct kta_json *doc, struct kta_session *s, struct kta_err *err)
{
    struct kta_json *turns = kta_json_get(doc, "turns"), *messages = kta_json_get(doc, "messages");

    if (!kta_streq(kta_json_str(doc, "kind"), "Session") ||
        kta_json_type(turns) != KTA_JSON_ARRAY ||
        (messages && kta_json_type(messages) != KTA_JSON_ARRAY))
        return kta_err_set(err, KTA_E_PARSE, "it is no session that this program saved");
    kta_json_each(m, messages) {
        if (!is_role(kta_json_str(m, "role")))
            return kta_err_set(err, KTA_E_PARSE, "one of its messages is nobody's");
    }
    kta_json_each(t, turns) {
        if (!kta_json_str(t, "question") || !kta_json_str(t, "answer"))
            return kta_err_set(err, KTA_E_PARSE, "one of its questions has no text");
    }
    s->created = kta_strdup(kta_json_str(doc, "created"));
    s->turns = kta_json_copy(turns);
    s->messages = messages ? kta_json_copy(messages) : NULL;
    s->prompt_tokens = kta_json_int(doc, "promptTokens", 0);
    s->completion_tokens = kta_json_int(doc, "completionTokens", 0);
    s->turns_with_model = kta_json_count(doc, "modelTurns", 0);
    return 0;
}

int kta_session_read(const char *path, struct kta_redact *redact, struct kta_session *s,
                     struct kta_err *err)
{
    kta_auto_str struct kta_str text = KTA_STR_INIT;
    kta_auto_json struct kta_json *doc = NULL;
    struct kta_session fresh = {.id = NULL};

    if (kta_fs_read(path, KTA_MAX_SESSION, &text, err) < 0)
        return -1;
    if (kta_json_parse(text.s, text.len, &doc, err) < 0 || take_document(doc, &fresh, err) < 0)
        return kta_err_wrap(err, "%s", path);
    defuse(fresh.turns, redact);
    defuse(fresh.messages, redact);
    fresh.id = KTA_STEAL(s->id);
    kta_session_release(s);
    *s = fresh;
    return 0;
}

/* The ID as it was given, or of the latest. Caller frees. */
static char *find_id(const char *id, struct kta_err *err)
{
    struct file *v = NULL;
    size_t n = 0;

    if (!kta_streq(id, "latest"))
        return kta_strdup(id);
    if (list_files(&v, &n, err) < 0)
        return NULL;
    char *found = n ? kta_strdup(v[0].id) : NULL;
    free_files(v, n);
    if (!found)
        kta_err_set(err, KTA_E_USAGE, "there is no session to resume");
    return found;
}

int kta_session_resume(const char *id, struct kta_redact *redact, struct kta_session *s,
                       struct kta_err *err)
{
    kta_auto_free char *real = find_id(id, err);
    kta_auto_free char *path = real ? file_of(real, err) : NULL;

    if (!path)
        return -1;
    if (kta_session_read(path, redact, s, err) < 0) {
        if (err->code == KTA_E_NOT_FOUND) {
            kta_err_set(err, KTA_E_USAGE, "there is no session '%s'", real);
            kta_err_hint(err, "'kubectl todo-ai --list-sessions' lists them");
        }
        return -1;
    }
    free(s->id);
    s->id = KTA_STEAL(real);
    return 0;
}

int kta_session_delete(const char *id, struct kta_err *err)
{
    kta_auto_free char *path = file_of(id, err);

    if (!path)
        return -1;
    if (unlink(path) < 0) {
        if (errno != ENOENT)
            return kta_err_sys(err, KTA_E_FAIL, errno, "cannot remove the session %s", id);
        kta_err_set(err, KTA_E_USAGE, "there is no session '%s'", id);
        return kta_err_hint(err, "'kubectl todo-ai --list-sessions' lists them");
    }
    return 0;
}

int kta_session_list(struct kta_json **ret, struct kta_err *err)
{
    struct file *v = NULL;
    size_t n = 0;

    if (list_files(&v, &n, err) < 0)
        return -1;
    *ret = kta_json_new_array();
    for (size_t i = 0; i < n; i++) {
        kta_auto_str struct kta_str text = KTA_STR_INIT, when = KTA_STR_INIT;
        kta_auto_json struct kta_json *doc = NULL;
        struct kta_err ignored = KTA_ERR_INIT;
        if (kta_fs_read(v[i].path, KTA_MAX_SESSION, &text, &ignored) < 0 ||
            kta_json_parse(text.s, text.len, &doc, &ignored) < 0)
            continue; /* being written, or broken: nothing can be told of it */
        kta_time_format(v[i].changed / 1000, &when);
        struct kta_json *o = kta_json_push(*ret, kta_json_new_object());
        kta_json_set_str(o, "id", v[i].id);
        kta_json_set_str(o, "updated", when.s);
        kta_json_set_int(o, "questions", (int64_t)kta_json_len(kta_json_get(doc, "turns")));
        kta_json_set_str(o, "first", kta_or(kta_json_str(doc, "turns[0].question"), ""));
    }
    free_files(v, n);
    return 0;
}

void kta_session_markdown(const struct kta_session *s, struct kta_str *out)
{
    kta_json_each(t, s->turns) {
        kta_str_addf(out, "## %s\n\n%s\n", kta_json_str(t, "question"), kta_json_str(t, "answer"));
        if (!kta_ends(out->s, "\n\n"))
            kta_str_addc(out, '\n');
    }
}
