/*
 * parse_main.c - our parse of argv, and how a read of it is run, one JSON line for each JSON array
 * on stdin: differential.py compares it with what the real programs do.
 */
#include "kta/json.h"
#include "kta/policy.h"

static struct kta_json *objects_of(struct kta_command *cmd)
{
    struct kta_json *list = kta_json_new_array();
    struct kta_named named[32];
    size_t n = kta_command_objects(cmd, named, 32);

    for (size_t i = 0; i < n && i < 32; i++) {
        struct kta_json *pair = kta_json_push(list, kta_json_new_array());
        kta_json_push(pair, kta_json_new_str(named[i].kind));
        kta_json_push(pair, kta_json_new_str(named[i].name));
    }
    return list;
}

/* As a read is run. */
static struct kta_json *run_of(struct kta_argv *argv)
{
    struct kta_json *list = kta_json_new_array();

    kta_command_hide_secrets(argv);
    for (size_t i = 0; i < argv->n; i++)
        kta_json_push(list, kta_json_new_str(argv->v[i]));
    return list;
}

static struct kta_json *parse_of(const struct kta_json *words)
{
    kta_auto_argv struct kta_argv argv = KTA_ARGV_INIT;
    struct kta_command cmd;
    struct kta_err err = KTA_ERR_INIT;
    struct kta_json *o = kta_json_new_object();

    kta_json_each(w, words)
        kta_argv_add(&argv, kta_json_text(w));
    if (kta_command_parse(&argv, &cmd, &err) < 0) {
        kta_json_set_str(o, "error", err.msg);
        kta_json_set_str(o, "verb", NULL);
        return o;
    }
    kta_json_set_str(o, "verb", cmd.verb);
    kta_json_set_str(o, "namespace", cmd.namespace_);
    kta_json_set_bool(o, "all", cmd.all_namespaces);
    kta_json_set(o, "objects", objects_of(&cmd));
    kta_command_release(&cmd);
    kta_json_set(o, "run", run_of(&argv));
    return o;
}

int main(void)
{
    char *line = NULL;
    size_t cap = 0;
    ssize_t n;

    while ((n = getline(&line, &cap, stdin)) > 0) {
        kta_auto_json struct kta_json *words = NULL, *o = NULL;
        kta_auto_str struct kta_str text = KTA_STR_INIT;
        struct kta_err err = KTA_ERR_INIT;
        if (kta_json_parse(line, (size_t)n, &words, &err) < 0)
            return 1;
        o = parse_of(words);
        kta_json_print(o, false, &text);
        puts(text.s);
    }
    free(line);
    return 0;
}
