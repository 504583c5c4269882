/*
 * line_readline.c - loads readline when the first line is read.
 */
#include "line_readline.h"

#include <dlfcn.h>
#include <stddef.h>
#include <string.h>
#include "kta/alloc.h"

struct line_readline line_rl;

#define READLINE_NAME(f) {#f, offsetof(struct line_readline, f)},

int line_readline_load(struct kta_err *err)
{
    static const struct {
        const char *name;
        size_t at;
    } names[] = {READLINE_NAMES(READLINE_NAME)};
    static void *handle;

    if (handle)
        return 0;
    handle = dlopen("libreadline.so.8", RTLD_NOW | RTLD_LOCAL);
    for (size_t i = 0; handle && i < KTA_LEN(names); i++) {
        void *p = dlsym(handle, names[i].name);
        if (!p) {
            dlclose(handle);
            handle = NULL;
        } else {
            memcpy((char *)&line_rl + names[i].at, &p, sizeof p);
        }
    }
    if (handle)
        return 0;
    kta_err_set(err, KTA_E_FAIL, "cannot load libreadline.so.8");
    return kta_err_hint(err, "install it: apt-get install libreadline8");
}
