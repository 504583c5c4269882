/*
 * text_commands.c - kubectl and helm commands in a model's text.
 *
 * Taken: lines of fenced blocks, and lines outside of them that begin with "kubectl " or "helm ",
 * with or without a "$ " prompt or backquotes around them. A trailing backslash joins lines. A
 * fenced YAML block with apiVersion and kind becomes "kubectl apply -f -" with the block as stdin,
 * unless a command of the same text already reads it from a file.
 */
#include <string.h>

#include "agent_private.h"
#include "kta/alloc.h"
#include "kta/limits.h"
#include "kta/yaml.h"

struct scan {
    void (*found)(void *ctx, struct kta_proposed *p);
    void *ctx;
    size_t n; /* commands handed out */
};

static const char *skip_prompt(const char *line)
{
    line += strspn(line, " \t");
    if (line[0] == '$' && line[1] == ' ')
        line += 2;
    while (*line == '`')
        line++;
    return line + strspn(line, " \t");
}

static bool is_command(const char *line)
{
    return kta_starts(line, "kubectl ") || kta_starts(line, "helm ");
}

static void hand_out(struct scan *s, struct kta_proposed *p)
{
    if (s->n++ < KTA_MAX_STEPS)
        s->found(s->ctx, p);
    kta_argv_release(&p->argv);
    free(p->stdin_text);
    free(p->problem);
}

static void take_command(struct scan *s, const char *line, const char *stdin_text)
{
    struct kta_proposed p = {.argv = KTA_ARGV_INIT};
    struct kta_err err = KTA_ERR_INIT;
    kta_auto_str struct kta_str clean = KTA_STR_INIT;

    kta_str_add(&clean, line);
    kta_str_trim(&clean);
    while (clean.len > 0 && clean.s[clean.len - 1] == '`')
        kta_str_truncate(&clean, clean.len - 1);
    if (kta_argv_split(clean.s, &p.argv, &err) < 0) {
        kta_argv_release(&p.argv);
        kta_argv_add(&p.argv, clean.s);
        p.problem = kta_strdup(err.msg);
    }
    p.stdin_text = kta_strdup(stdin_text);
    hand_out(s, &p);
}

static bool is_manifest(const char *text)
{
    struct kta_err err = KTA_ERR_INIT;
    kta_auto_json struct kta_json *docs = NULL;

    if (!strstr(text, "apiVersion") || kta_yaml_parse_all(text, strlen(text), &docs, &err) < 0)
        return false;
    kta_json_each(d, docs)
    {
        if (!kta_json_str(d, "apiVersion") || !kta_json_str(d, "kind"))
            return false;
    }
    return kta_json_len(docs) > 0;
}

/* "kubectl apply -f - <<EOF … EOF": the document is the stdin; *pp is moved behind it. */
static bool take_heredoc(struct scan *s, const char *line, const char **pp)
{
    const char *mark = strstr(line, "<<");
    char word[32];
    size_t n = 0;

    if (!mark)
        return false;
    kta_auto_free char *command = kta_strndup(line, (size_t)(mark - line));
    mark += 2 + (mark[2] == '-');
    mark += strspn(mark, " '\"");
    while (*mark && !strchr(" '\"", *mark) && n + 1 < sizeof word)
        word[n++] = *mark++;
    word[n] = '\0';
    kta_auto_str struct kta_str body = KTA_STR_LIMITED(KTA_MAX_MANIFEST);
    const char *p = *pp;
    while (*p) {
        size_t len = strcspn(p, "\n");
        if (len == n && !strncmp(p, word, n)) {
            *pp = p + len + (p[len] == '\n');
            take_command(s, command, body.s);
            return true;
        }
        kta_str_addn(&body, p, len);
        kta_str_addc(&body, '\n');
        p += len + (p[len] == '\n');
    }
    return false;
}

/* Reads one logical line (backslashes joined) from *pp. */
static void next_line(const char **pp, struct kta_str *line)
{
    kta_str_clear(line);
    for (;;) {
        size_t len = strcspn(*pp, "\r\n");
        kta_str_addn(line, *pp, len);
        *pp += len;
        if (**pp == '\r')
            ++*pp;
        if (**pp == '\n')
            ++*pp;
        if (line->len == 0 || line->s[line->len - 1] != '\\' || !**pp)
            return;
        kta_str_truncate(line, line->len - 1);
    }
}

static void scan_lines(struct scan *s, const char *text)
{
    kta_auto_str struct kta_str line = KTA_STR_LIMITED(KTA_MAX_ARG);

    while (*text) {
        next_line(&text, &line);
        const char *c = skip_prompt(line.s);
        if (is_command(c) && !take_heredoc(s, c, &text))
            take_command(s, c, NULL);
    }
}

void kta_commands_in_text(const char *text, void (*found)(void *ctx, struct kta_proposed *p),
                          void *ctx)
{
    struct scan s = {.found = found, .ctx = ctx};
    kta_auto_str struct kta_str block = KTA_STR_LIMITED(KTA_MAX_MANIFEST), outside = KTA_STR_INIT;
    bool inside = false;

    for (const char *p = text; *p;) {
        size_t len = strcspn(p, "\n");
        const char *t = p + strspn(p, " \t");
        if (kta_starts(t, "```")) {
            if (inside && is_manifest(block.s))
                take_command(&s, "kubectl apply -f -", block.s);
            else if (inside)
                scan_lines(&s, block.s);
            else
                scan_lines(&s, outside.s);
            kta_str_clear(&outside);
            kta_str_clear(&block);
            inside = !inside;
        } else {
            kta_str_addn(inside ? &block : &outside, p, len);
            kta_str_addc(inside ? &block : &outside, '\n');
        }
        p += len + (p[len] == '\n');
    }
    if (inside && is_manifest(block.s))
        take_command(&s, "kubectl apply -f -", block.s);
    else
        scan_lines(&s, inside ? block.s : outside.s);
}
