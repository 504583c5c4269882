/* embedded.c - looks up a file of prompts/ that was built into the program. */
#include "kta/embedded.h"
#include "kta/str.h"

const char *kta_embedded(const char *name)
{
    for (const struct kta_embedded *f = kta_embedded_files; f->name; f++)
        if (kta_streq(f->name, name))
            return f->text;
    return NULL;
}
