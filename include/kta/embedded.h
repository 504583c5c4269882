/*
 * embedded.h - the files of prompts/, built into the program.
 */
#ifndef KTA_EMBEDDED_H
#define KTA_EMBEDDED_H

#include <stddef.h>

struct kta_embedded {
    const char *name; /* "system.md"; NULL ends the table */
    const char *text; /* followed by a NUL that size does not count */
    size_t size;
};
extern const struct kta_embedded kta_embedded_files[];
/* The text of a file of prompts/, or NULL. Static. */
const char *kta_embedded(const char *name);

#endif
