/* redact.c - the command redact: stdin to stdout, secrets replaced; any size, bounded memory. */
#include <errno.h>
#include <unistd.h>

#include "app.h"
#include "kta/interrupt.h"

int cmd_redact(struct app *app, struct kta_err *err)
{
    static char buf[256 << 10];
    kta_auto_str struct kta_str out = KTA_STR_INIT;
    ssize_t n;

    if (app_open_policy(app, err) < 0)
        return -1;
    struct kta_redact_stream *s = kta_redact_stream_new(app->redact);
    while ((n = read(0, buf, sizeof buf)) != 0) {
        if (kta_interrupt_check(err) < 0)
            break;
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0) {
            kta_err_sys(err, KTA_E_FAIL, errno, "cannot read the standard input");
            break;
        }
        kta_redact_stream_feed(s, buf, (size_t)n, &out);
        if (fwrite(out.s, 1, out.len, stdout) != out.len)
            break;
        kta_str_clear(&out);
    }
    kta_redact_stream_end(s, &out);
    if (err->code == KTA_E_OK)
        fwrite(out.s, 1, out.len, stdout);
    return err->code == KTA_E_OK ? 0 : -1;
}
