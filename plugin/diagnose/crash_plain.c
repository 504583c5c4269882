/* crash_plain.c - crashes of which the line in the log tells all, and what a person must do. */
#include "crash.h"
#include "kta/alloc.h"

/* What a person must do where nothing can be computed. */
static const struct {
    const char *class_, *advice;
} advices[] = {
    {"MissingModule", "The image lacks what the program loads: rebuild it with that dependency, or "
                      "set the image that worked."},
    {"DiskFull",
     "Free space on that volume, or give it more (the PersistentVolumeClaim's size, the "
     "emptyDir's sizeLimit)."},
    {"Architecture", "The program is built for another architecture than its node's: use an image "
                     "for this one, or let the pods run where it fits (kubernetes.io/arch)."},
    {"Limits", "It wants more open files, watches, threads, mapped areas or connections than the "
               "node, the runtime or the server "
               "runtime allows: raise that limit there (ulimit, sysctl, podPidsLimit), or make it "
               "use fewer."},
    {"License", "Provide a license that is valid, where the program looks for it. Only you can "
                "know it."},
    {"TLS", "Provide the certificate or the authority that the program does not trust, or the "
            "address that its certificate was made for."},
    {"Auth",
     "Provide the right credentials: correct the Secret that the container reads them from, "
     "then restart the workload. Only you can know them."},
    {"Database", "Bring the database to the schema that this version expects (run its migrations, "
                 "create what is missing), or go back to the version that fits it."},
    {"Config",
     "Correct the setting that the log names, in the ConfigMap, argument or variable that "
     "it comes from."},
    {"Lock", "Make sure that only one instance uses that lock or data, then remove a stale lock."},
    {"Signal",
     "The program crashed in its own code or a library of it: go back to the version that "
     "worked, or report it to its authors with the log."},
    {"Exception", "The program itself fails: correct what the exception names, or go back to the "
                  "version that worked."},
    {"Error", "Correct what the log names, or go back to the version that worked."},
};

void kta_crash_plain(const struct kta_pod_trouble *t, struct kta_finding *f,
                     const struct kta_log_cause *c)
{
    kta_auto_free char *who = kta_trouble_who(t);
    kta_finding_summary(f, "%s exits: %s", who, c->line);
    for (size_t i = 0; i < KTA_LEN(advices); i++)
        if (kta_streq(advices[i].class_, c->pattern->class_))
            kta_finding_advice(f, "%s", advices[i].advice);
}
