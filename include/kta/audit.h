/*
 * audit.h - who asked what, what was changed, who confirmed it, what came of it: one JSON object a
 * line, appended, never rewritten.
 *
 * $XDG_STATE_HOME/kubectl-todo-ai/audit.jsonl, 0600, kept to a size by rotation (audit.jsonl.1 is
 * the next older); the configuration's `auditLog:` names another file, bounds, syslog, or switches
 * it off:
 *   auditLog: false | FILE | syslog | {file: FILE, syslog: true, maxSize: 10Mi, keep: 5}
 * Texts are redacted by the caller. A change that cannot be audited is not run.
 */
#ifndef KTA_AUDIT_H
#define KTA_AUDIT_H

#include <stdbool.h>
#include <stddef.h>
#include "kta/err.h"
#include "kta/json.h"

struct kta_audit_config {
    char *file; /* owned; NULL: no file */
    bool syslog;
    size_t max_size; /* bytes of one file */
    int keep;        /* rotated files */
};

/* From `auditLog:` (NULL: not there). KTA_E_USAGE says what is wrong with it. */
int kta_audit_configure(const struct kta_json *value, struct kta_audit_config *ret,
                        struct kta_err *err);
void kta_audit_release(struct kta_audit_config *c);
/* Adds time, user, pid and type to the record, and appends it durably; takes ownership of it, also
 * when it fails. config NULL or with neither file nor syslog: nothing is done. */
int kta_audit_write(const struct kta_audit_config *config, const char *type,
                    struct kta_json *record, struct kta_err *err);

#endif
