/*
 * record.h - a whole session in a file (--record), and the session again from it (--replay), with
 * neither cluster nor model: for bug reports and tests.
 *
 * The file has a JSON document a line: first the head, then each answer of the API server, the
 * model, kubectl and helm, and each line that was typed, in the order in which they came. Secrets
 * are replaced before anything is written; the file is made with mode 0600. In a replay equal
 * requests get the recorded answers one after the other, the last one again and again; what was
 * never asked is refused in words. Nobody needs to type, and there need be no terminal.
 */
#ifndef KTA_RECORD_H
#define KTA_RECORD_H

#include "kta/err.h"
#include "kta/json.h"
#include "kta/redact.h"

struct kta_recording;

/* head is borrowed; its texts are redacted. From now on everything goes to the file. */
int kta_record_begin(const char *path, struct kta_redact *redact, const struct kta_json *head,
                     struct kta_recording **ret, struct kta_err *err);
/* Reads a recording; from now on it answers. Secrets of the recording are told to redact. */
int kta_replay_begin(const char *path, struct kta_redact *redact, struct kta_recording **ret,
                     struct kta_err *err);
const struct kta_json *kta_recording_head(const struct kta_recording *r); /* of a replay */
/* Ends either. -1 when the file could not be written whole. NULL is fine. */
int kta_recording_end(struct kta_recording *r, struct kta_err *err);

#endif
