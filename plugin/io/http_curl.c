/*
 * http_curl.c - loads libcurl when it is first needed.
 *
 * Not in a thread of its own beside other work: what the loader copies on write, a second thread
 * makes both processors flush their translations, which costs more than it saves. Calls are bound
 * when they are first made (RTLD_LAZY): most of its 30 libraries' never are.
 */
#include "http_impl.h"

#include <dlfcn.h>
#include <stddef.h>
#include <string.h>
#include "kta/alloc.h"

struct http_curl http_curl;
static bool loaded;

#define CURL_NAME(f) {#f, offsetof(struct http_curl, f)},
static int load(struct kta_err *err)
{
    static const struct {
        const char *name;
        size_t at;
    } calls[] = {CURL_CALLS(CURL_NAME)};
    void *handle = dlopen("libcurl.so.4", RTLD_LAZY | RTLD_LOCAL);

    for (size_t i = 0; handle && i < KTA_LEN(calls); i++) {
        void *call = dlsym(handle, calls[i].name);
        if (!call) {
            dlclose(handle);
            handle = NULL;
        } else {
            memcpy((char *)&http_curl + calls[i].at, &call, sizeof call);
        }
    }
    if (!handle) {
        kta_err_set(err, KTA_E_FAIL, "cannot load libcurl.so.4");
        return kta_err_hint(err, "install it: apt-get install libcurl4");
    }
    if (http_curl.curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        return kta_err_set(err, KTA_E_FAIL, "cannot start libcurl");
    loaded = true;
    return 0;
}

int http_curl_load(struct kta_err *err)
{
    return loaded ? 0 : load(err);
}
