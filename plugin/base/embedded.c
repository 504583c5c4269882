/* embedded.c - looks up a file of prompts/ that was built into the program. */
#include "kta/embedded.h"
#include <string.h>

const char *kta_embedded(const char *name)
{
    for (const struct kta_embedded *f = kta_embedded_files; f->name; f++)
        if (!strcmp(f->name, name))
            return f->text;
    return NULL;
}
