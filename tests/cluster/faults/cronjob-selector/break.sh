# shellcheck shell=bash
# Its pod waits on, whatever is done about the CronJob: the next one will tell.
kubectl create job report-now --from=cronjob/report -n "$NS"
