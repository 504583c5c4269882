{{/* The chart's name, or nameOverride. */}}
{{- define "todo-app.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 40 | trimSuffix "-" -}}
{{- end -}}

{{/* release-chart: the prefix of every name that the mission does not fix.
     53 characters leave room for the longest suffix. */}}
{{- define "todo-app.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 48 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name (include "todo-app.name" .) | trunc 48 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{/* Labels of every object. Call with the root context. */}}
{{- define "todo-app.labels" -}}
app.kubernetes.io/name: {{ include "todo-app.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/part-of: todo-app
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end -}}

{{/* What selects a component's pods. Call with (list $ "backend"). Immutable in a Deployment. */}}
{{- define "todo-app.selector" -}}
app: {{ index . 1 }}
app.kubernetes.io/instance: {{ (index . 0).Release.Name }}
{{- end -}}

{{/* Image reference. Call with (list $ "backend"). */}}
{{- define "todo-app.image" -}}
{{- $all := (index . 0).Values.image -}}
{{- $one := index $all (index . 1) -}}
{{- with $all.registry }}{{ trimSuffix "/" . }}/{{ end -}}
{{ $one.repository }}{{ if $one.digest }}@{{ $one.digest }}{{ else }}:{{ $one.tag }}{{ end }}
{{- end -}}

{{/* Pod-level and container-level settings that Pod Security "restricted" asks for. */}}
{{- define "todo-app.podSecurity" -}}
runAsNonRoot: true
runAsUser: 65532
runAsGroup: 65532
fsGroup: 65532
seccompProfile:
  type: RuntimeDefault
{{- end -}}
{{- define "todo-app.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop: [ALL]
{{- end -}}

{{/* What a component reads as environment from its ConfigMap. Call with (list $ "backend"). */}}
{{- define "todo-app.config" -}}
{{- $v := (index . 0).Values -}}
{{- if eq (index . 1) "frontend" -}}
BACKEND_URL: http://backend-service:{{ $v.backend.service.port }}
{{- if $v.frontend.publicUrl }}
BETTER_AUTH_URL: {{ $v.frontend.publicUrl | quote }}
{{- else if $v.ingress.enabled }}
BETTER_AUTH_URL: http{{ if $v.ingress.tls.enabled }}s{{ end }}://{{ $v.ingress.host }}
{{- end }}
{{- else -}}
LOG_LEVEL: {{ $v.backend.logLevel }}
OPENAI_BASE_URL: {{ $v.backend.model.baseUrl | quote }}
OPENAI_MODEL: {{ $v.backend.model.name | quote }}
{{- end }}
{{- end -}}

{{/* The egress rule for name look-ups. */}}
{{- define "todo-app.dnsEgress" -}}
- ports:
    - {port: 53, protocol: UDP}
    - {port: 53, protocol: TCP}
  {{- with .Values.networkPolicy.dns }}
  to:
    {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end -}}
