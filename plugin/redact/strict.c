/*
 * strict.c - names and addresses, which redaction `strict` hides, too: those of machines and
 * people. Names of objects stay, with the names of Services that other texts call by them: a read
 * may not put a placeholder back, since its output would print what it stands for, so with them
 * hidden a model could neither look nor say what is to be mended. For the same reason a Node's own
 * object is named where it is listed by itself ("Name:", metadata.name).
 */
#include "scanner.h"
#include "kta/alloc.h"
#include "kta/re.h"

static struct rule {
    const char *name, *pattern;
    int group;
    enum kta_hidden kind;
    struct kta_re *re;
} rules[] = {
    {"IPv4 address",
     "(?<![0-9.])(?:(?:25[0-5]|2[0-4][0-9]|1?[0-9]{1,2})\\.){3}(?:25[0-5]|2[0-4][0-9]|1?[0-9]{1,2})"
     "(?![0-9.]*[0-9])",
     0, KTA_HIDE_ADDRESS, NULL},
    {"IPv6 address",
     "(?<![0-9A-Za-z:.])(?:(?:[0-9a-fA-F]{1,4}:){7}[0-9a-fA-F]{1,4}|"
     "[0-9a-fA-F]{1,4}(?::[0-9a-fA-F]{1,4}){0,6}::(?:[0-9a-fA-F]{1,4}(?::[0-9a-fA-F]{1,4}){0,6})?|"
     "::[0-9a-fA-F]{1,4}(?::[0-9a-fA-F]{1,4}){0,6})(?![0-9A-Za-z:])",
     0, KTA_HIDE_ADDRESS, NULL},
    {"MAC address", "(?<![0-9A-Za-z:])(?:[0-9a-fA-F]{2}:){5}[0-9a-fA-F]{2}(?![0-9A-Za-z:])", 0,
     KTA_HIDE_ADDRESS, NULL},
    {"host of an address",
     "://(?:[^\\s/@]{0,200}@)?([A-Za-z0-9-]+(?:\\.[A-Za-z0-9-]+)*\\.[A-Za-z][A-Za-z0-9-]*)", 1,
     KTA_HIDE_ADDRESS, NULL},
    {"address in a name", "(?<![A-Za-z0-9])ip-(?:[0-9]{1,3}-){3}[0-9]{1,3}(?![A-Za-z0-9-])", 0,
     KTA_HIDE_ADDRESS, NULL},
    {"e-mail address", "[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(?:\\.[A-Za-z0-9-]+)+", 0, KTA_HIDE_NAME,
     NULL},
    {"host name",
     "(?<![A-Za-z0-9_./"
     "-])(?!(?:[a-z0-9-]+\\.)*(?:k8s|kubernetes)\\.io\\b)(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\\.)+(?:"
     "com|net|org|io|dev|local|internal|lan|cloud|app|"
     "svc|eu|de|uk|fr|ch|at|info|biz|co|us|corp|intra|home|test|example)(?![A-Za-z0-9_-])",
     0, KTA_HIDE_ADDRESS, NULL},
    {"node name",
     "\\b(?:[Nn]ode|[Hh]ost|hostname|nodeName)(?:[\"']?[:=/]+ *[\"']?|[ ]+[\"'])"
     "([a-z0-9](?:[a-z0-9.-]{0,61}[a-z0-9])?)(?![A-Za-z0-9])",
     1, KTA_HIDE_NAME, NULL},
    {"node name in a sentence",
     "\\b[Nn]ode (?=[a-z.-]*[0-9])([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?![A-Za-z0-9:])", 1,
     KTA_HIDE_NAME, NULL},
    {"node names in a path or quoted",
     "\\bnodes(?:/| [\"'])(?=[a-z.-]*[0-9])([a-z0-9](?:[a-z0-9.-]{0,61}[a-z0-9]))", 1,
     KTA_HIDE_NAME, NULL},
    {"node name behind kubelet", "\\bkubelet, ([a-z0-9](?:[a-z0-9.-]{0,61}[a-z0-9])?)", 1,
     KTA_HIDE_NAME, NULL},
    {"node name of an event", "assigned [^ ]+ to ([a-z0-9](?:[a-z0-9.-]{0,61}[a-z0-9])?)", 1,
     KTA_HIDE_NAME, NULL},
    {"node name behind a pod's address",
     "(?:[0-9]{1,3}\\.){3}[0-9]{1,3} {2,}([a-z0-9][a-z0-9.-]+) +<none>", 1, KTA_HIDE_NAME, NULL},
    {"node name in a table of nodes",
     "(?<![^\\n])([a-z0-9][a-z0-9.-]*) +(?:(?:Not)?Ready|Unknown)(?:,SchedulingDisabled)? +[^ ]+ "
     "+[^ ]+ +v[0-9]",
     1, KTA_HIDE_NAME, NULL},
    {"node name in what it uses", "(?<![^\\n])([a-z0-9][a-z0-9.-]*) +[0-9]+m +[0-9]+% +[0-9]+", 1,
     KTA_HIDE_NAME, NULL},
    {"user name",
     "\\b(?:[Uu]ser(?:[Nn]ame|-name|_name)?|[Ll]ogin)(?:[\"']?[:=]+ *[\"']?|[ ]+[\"'])(?!system:)"
     "([A-Za-z0-9][A-Za-z0-9._@-]{1,62})",
     1, KTA_HIDE_NAME, NULL},
    {"user of a binding",
     "\\bkind\"?: *\"?User\"?\\s*,?\\s*(?:\"?apiGroup\"?: *[^\\s,]+\\s*,?\\s*)?\"?name\"?: *[\"']?"
     "(?!system:)([A-Za-z0-9][A-Za-z0-9._@-]{0,62})",
     1, KTA_HIDE_NAME, NULL},
    {"user who logs in",
     "\\b(?:password|publickey|[Ll]ogin|session (?:opened|closed)|[Aa]uthentication failure) for "
     "(?:invalid )?(?:user )?([A-Za-z0-9._-]{2,62}) (?:from|by) ",
     1, KTA_HIDE_NAME, NULL},
    {"user of a process", "\\b[ug]id=[0-9]+\\(([A-Za-z0-9._-]{2,62})\\)", 1, KTA_HIDE_NAME, NULL},
    {"name in front of an e-mail address",
     "\\b(?:Author|Commit|Committer|From|To|Cc|[A-Za-z-]+-[Bb]y): ([^\\s<>\\n][^<>\\n]{0,80}?) <",
     1, KTA_HIDE_NAME, NULL},
    {"user and host of ssh",
     "\\b(?:ssh|scp|sftp|rsync)\\b[^\\n|;]{0,200}?[ ]([A-Za-z0-9._-]{1,62}@[A-Za-z0-9.-]{1,200})",
     1, KTA_HIDE_NAME, NULL},
};

void kta_scan_strict(struct scanner *sc)
{
    for (size_t i = 0; i < KTA_LEN(rules); i++) {
        struct rule *rule = &rules[i];
        if (!rule->re)
            rule->re = kta_re_must(rule->pattern, 0);
        struct kta_match m;
        for (size_t at = 0; kta_re_find(rule->re, sc->s, sc->n, at, &m) && m.end[0] > at;
             at = m.end[0]) {
            size_t n = sc->out->n;
            kta_hide(sc, m.start[0], m.start[rule->group], m.end[rule->group], rule->name);
            if (sc->out->n > n)
                sc->out->v[n].kind = rule->kind;
        }
    }
}
