/*
 * strict.c - names and addresses, which redaction `strict` hides, too: addresses of machines and
 * people, host names, names of what runs in the cluster by the words in front of them.
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
     "(?<![0-9A-Za-z:])(?:[0-9a-fA-F]{1,4}:){2,7}(?::|[0-9a-fA-F]{1,4})(?::?[0-9a-fA-F]{1,4}){0,6}("
     "?![0-9A-Za-z:])",
     0, KTA_HIDE_ADDRESS, NULL},
    {"e-mail address", "[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(?:\\.[A-Za-z0-9-]+)+", 0, KTA_HIDE_NAME,
     NULL},
    {"host name",
     "(?<![A-Za-z0-9_./"
     "-])(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\\.)+(?:com|net|org|io|dev|local|internal|lan|cloud|app|"
     "svc|eu|de|uk|fr|ch|at|info|biz|co|us|corp|intra|home|test|example)(?![A-Za-z0-9_-])",
     0, KTA_HIDE_ADDRESS, NULL},
    {"node name",
     "\\b(?:node|host|hostname|nodeName)[\"']?[:=/ ]+[\"']?([a-z0-9][a-z0-9.-]{2,62}[a-z0-9])", 1,
     KTA_HIDE_NAME, NULL},
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
