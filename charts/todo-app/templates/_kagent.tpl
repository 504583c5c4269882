{{/*
Which Secret holds kagent's bearer token, as JSON: name, managed (the chart makes it), token (base64,
where it is known). One that the chart made before is kept.
*/}}
{{- define "todo-app.kagentToken" -}}
{{- $in := .Values.kagent.token -}}
{{- $own := printf "%s-kagent" (include "todo-app.fullname" .) -}}
{{- $found := lookup "v1" "Secret" .Release.Namespace (default $own $in.existingSecret) -}}
{{- $known := dig "data" "token" "" $found -}}
{{- if $in.existingSecret -}}
{{- if and $found (not $known) -}}
{{- fail (printf "\n\nSecret %q lacks the key token: kagent's bearer token, at least 16 characters\n" $in.existingSecret) -}}
{{- end -}}
{{- toJson (dict "managed" false "name" $in.existingSecret "token" $known) -}}
{{- else -}}
{{- toJson (dict "managed" true "name" $own "token" ($known | default (randAlphaNum 48 | b64enc))) -}}
{{- end -}}
{{- end -}}

{{/* The namespaces that kagent may look at, as a JSON list: the release's own where none is named. */}}
{{- define "todo-app.kagentNamespaces" -}}
{{- .Values.kagent.namespaces | default (list .Release.Namespace) | uniq | toJson -}}
{{- end -}}
