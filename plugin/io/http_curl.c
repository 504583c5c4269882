/*
 * http_curl.c - loads libcurl when it is first needed, or a little before, beside other work.
 *
 * The loading thread does nothing else, hears no signal, and is waited for before the first call
 * and before the program ends: libcurl's own clean-up at exit must not meet its start.
 */
#include "http_impl.h"

#include <dlfcn.h>
#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include "kta/alloc.h"

struct http_curl http_curl;
static pthread_t loader;
static bool loading, loaded;
static struct kta_err failure = KTA_ERR_INIT;

#define CURL_NAME(f) {#f, offsetof(struct http_curl, f)},
static int load(struct kta_err *err)
{
    static const struct {
        const char *name;
        size_t at;
    } calls[] = {CURL_CALLS(CURL_NAME)};
    void *handle = dlopen("libcurl.so.4", RTLD_NOW | RTLD_LOCAL);

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

static void *load_beside(void *unused)
{
    (void)unused;
    load(&failure);
    return NULL;
}

void kta_http_preload(void)
{
    sigset_t all, before;

    if (loading || loaded)
        return;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    loading = pthread_create(&loader, NULL, load_beside, NULL) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
}

void kta_http_preload_wait(void)
{
    if (loading)
        pthread_join(loader, NULL);
    loading = false;
}

int http_curl_load(struct kta_err *err)
{
    kta_http_preload_wait();
    if (!loaded && failure.code == KTA_E_OK)
        load(&failure);
    if (loaded)
        return 0;
    *err = failure;
    return -1;
}
