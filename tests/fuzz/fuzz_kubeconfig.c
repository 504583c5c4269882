/* fuzz_kubeconfig.c - a kubeconfig file of any bytes: loaded or refused with a sentence. */
#include "fuzz.h"
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include "kta/kubeconfig.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static int fd = -1;
    static char path[64];
    struct kta_kubeconfig *k = NULL;
    kta_auto_argv struct kta_argv names = KTA_ARGV_INIT;
    struct kta_err err = KTA_ERR_INIT;

    if (fd < 0) {
        fd = memfd_create("kubeconfig", 0);
        snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    }
    CHECK(fd >= 0 && ftruncate(fd, 0) == 0 && pwrite(fd, data, size, 0) == (ssize_t)size);
    struct kta_kube_flags flags = {.kubeconfig = path};
    if (kta_kubeconfig_load(&flags, &k, &err) < 0)
        CHECK(err.msg[0]);
    else
        CHECK(k->server && *k->server);
    kta_kubeconfig_free(k);
    kta_err_clear(&err);
    (void)kta_kubeconfig_contexts(&flags, &names, &err);
    return 0;
}
