{{/*
Which Secret this release uses, as JSON: name, managed (the chart creates it), data (base64, as
known), known (data was read or given). In this order:
  1. secrets.existingSecret;
  2. values given now, over what the chart created before: an upgrade without them keeps them;
  3. the Secret that the running release uses, since `--set` without `-f` forgets earlier values;
  4. todo-app-secrets.
Without a cluster (helm template, helm lint) a look-up finds nothing and nothing is refused.
*/}}
{{- define "todo-app.secret" -}}
{{- $in := .Values.secrets -}}
{{- $own := printf "%s-secrets" (include "todo-app.fullname" .) -}}
{{- $given := dict -}}
{{- range $key, $value := dict "DATABASE_URL" $in.databaseUrl "BETTER_AUTH_SECRET" $in.betterAuthSecret "OPENAI_API_KEY" $in.openaiApiKey -}}
{{- if $value -}}{{- $_ := set $given $key (b64enc $value) -}}{{- end -}}
{{- end -}}
{{- if and $in.existingSecret $given -}}
{{- fail "secrets: give either secrets.existingSecret or the values themselves, not both" -}}
{{- end -}}

{{- /* Helm itself lists the namespace's Secrets, so this asks for no right that it lacks. */ -}}
{{- $list := lookup "v1" "Secret" .Release.Namespace "" -}}
{{- $live := dict -}}
{{- range $list.items -}}{{- $_ := set $live .metadata.name . -}}{{- end -}}
{{- $before := dig $own dict $live -}}
{{- if ne (dig "metadata" "annotations" "meta.helm.sh/release-name" "" $before) .Release.Name -}}
{{- $before = dict -}}
{{- end -}}

{{- $secret := dict "managed" false "name" "todo-app-secrets" -}}
{{- if $in.existingSecret -}}
{{- $_ := set $secret "name" $in.existingSecret -}}
{{- else if or $given $before -}}
{{- $_ := merge $given (dig "data" dict $before) -}}
{{- $secret = dict "managed" true "name" $own "data" $given "known" true -}}
{{- else -}}
{{- $deployment := lookup "apps/v1" "Deployment" .Release.Namespace "backend" -}}
{{- if eq (dig "metadata" "annotations" "meta.helm.sh/release-name" "" $deployment) .Release.Name -}}
{{- with dig "metadata" "annotations" "todo-app/secret" "" $deployment -}}{{- $_ := set $secret "name" . -}}{{- end -}}
{{- end -}}
{{- end -}}

{{- if and (not $secret.managed) (hasKey $list "items") -}}
{{- $found := dig $secret.name dict $live -}}
{{- $_ := set $secret "known" true -}}
{{- $_ := set $secret "data" (dig "data" dict $found) -}}
{{- if not $found -}}
{{- fail (printf "\n\nNamespace %q has no Secret %q, which must hold DATABASE_URL and BETTER_AUTH_SECRET (and may hold OPENAI_API_KEY). Create it:\n\n  kubectl create secret generic %s --namespace %s \\\n    --from-literal=DATABASE_URL='postgresql://USER:PASSWORD@HOST/DB?sslmode=require' \\\n    --from-literal=BETTER_AUTH_SECRET=\"$(openssl rand -base64 32)\" \\\n    --from-literal=OPENAI_API_KEY='sk-...'\n\nor name another with --set secrets.existingSecret=NAME, or give secrets.databaseUrl and secrets.betterAuthSecret.\n" .Release.Namespace $secret.name $secret.name .Release.Namespace) -}}
{{- end -}}
{{- end -}}
{{- if $secret.known -}}
{{- $missing := list -}}
{{- range list "DATABASE_URL" "BETTER_AUTH_SECRET" -}}
{{- if not (index $secret.data .) -}}{{- $missing = append $missing . -}}{{- end -}}
{{- end -}}
{{- if $missing -}}
{{- fail (printf "\n\nSecret %q lacks %s. %s\n" $secret.name (join " and " $missing) (ternary "Give secrets.databaseUrl and secrets.betterAuthSecret." (printf "Add it with kubectl edit secret %s --namespace %s." $secret.name .Release.Namespace) $secret.managed)) -}}
{{- end -}}
{{- /* Checked here, not in the schema: helm 4 prints what the schema refuses. */ -}}
{{- if not (regexMatch "^(postgres(ql)?|sqlite)([+][a-z0-9]+)?://" (b64dec $secret.data.DATABASE_URL)) -}}
{{- fail (printf "\n\nSecret %q: DATABASE_URL must begin with postgresql:// or sqlite://\n" $secret.name) -}}
{{- end -}}
{{- if lt (len (b64dec $secret.data.BETTER_AUTH_SECRET)) 32 -}}
{{- fail (printf "\n\nSecret %q: BETTER_AUTH_SECRET must have at least 32 characters: openssl rand -base64 32\n" $secret.name) -}}
{{- end -}}
{{- end -}}
{{- if le (int .Values.terminationGracePeriodSeconds) (int .Values.preStopSeconds) -}}
{{- fail (printf "\n\nterminationGracePeriodSeconds (%d) must be more than preStopSeconds (%d)\n" (int .Values.terminationGracePeriodSeconds) (int .Values.preStopSeconds)) -}}
{{- end -}}
{{- toJson $secret -}}
{{- end -}}
