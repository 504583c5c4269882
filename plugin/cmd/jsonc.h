/*
 * jsonc.h - the JSON that editors keep (comments, a comma before a closing bracket), changed in one
 * place: every other byte stays as it is.
 */
#ifndef CMD_JSONC_H
#define CMD_JSONC_H

#include "kta/json.h"

/* The document's value. KTA_E_PARSE. A text of blanks and comments alone is an empty object. */
int jsonc_parse(const char *text, struct kta_json **ret, struct kta_err *err);
/* Appends the text with doc[object][member] set to the value; object is made if it is not there.
 * KTA_E_PARSE when it cannot be done without touching anything else. */
int jsonc_set(const char *text, const char *object, const char *member,
              const struct kta_json *value, struct kta_str *out, struct kta_err *err);

#endif
