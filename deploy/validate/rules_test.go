package main

import (
	"strings"
	"testing"
)

var folders = []string{"../nightly", "../once", "../serve"}

// rendered returns the shipped manifests as one stream.
func rendered(t *testing.T) string {
	t.Helper()
	var all []string
	for _, f := range folders {
		stream, err := render(f)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, string(stream))
	}
	return strings.Join(all, "---\n")
}

// TestShippedManifests: they break no rule.
func TestShippedManifests(t *testing.T) {
	found, err := run(folders, "")
	if err != nil || len(found) > 0 {
		t.Errorf("error %v, found %q", err, found)
	}
}

// TestTheRulesBite breaks each rule once.
func TestTheRulesBite(t *testing.T) {
	good := rendered(t)
	for _, c := range []struct{ before, after, want string }{
		{"concurrencyPolicy: Forbid", "concurrencyPolice: Forbid", `unknown field "concurrencyPolice"`},
		{"kind: Service\n", "kind: Servise\n", "is not a kind that is known here"},
		{"parallelism: 8", "parallelism: many", "cannot unmarshal string"},
		{"name: restock-parts\n", "name: restock-merge\n", "is there twice"},
		{"namespace: restock\n", "namespace: \"\"\n", "has no namespace"},
		{"automountServiceAccountToken: false", "automountServiceAccountToken: true", "gets a token"},
		{"runAsNonRoot: true", "runAsNonRoot: false", "may run as root"},
		{"type: RuntimeDefault", "type: Unconfined", "seccompProfile"},
		{"fsGroup: 65532", "fsGroup: 1", "can't write to the volumes"},
		{"allowPrivilegeEscalation: false", "allowPrivilegeEscalation: true", "allowPrivilegeEscalation"},
		{"readOnlyRootFilesystem: true", "readOnlyRootFilesystem: false", "readOnlyRootFilesystem"},
		{"- ALL", "- KILL", "keeps capabilities"},
		{"restock:0.2.0", "restock:latest", "is not of a registry and a version"},
		{"cpu: \"2\"", "cpu: \"0\"", "requests no cpu"},
		{"value: 900MiB", "value: 2GiB", "is not below the limit"},
		{"- emptyDir: {}\n            name: temp\n", "- emptyDir: {}\n            name: tomp\n", "mounts a volume"},
		{"mountPath: /data", "mountPath: /date", "is in no volume"},
		{"mountPath: /tmp", "mountPath: /temp", "has no /tmp"},
		{"claimName: restock-batch", "claimName: restock-bitch", "there is no claim"},
		{"- ReadWriteMany", "- ReadWriteOnce", "mounts it from several nodes"},
		{"storage: 100Gi", "storage: \"0\"", "asks for no storage"},
		{"name: NATS_URL", "name: NATS", "nothing sets $(NATS_URL)"},
		{"completionMode: Indexed", "completionMode: NonIndexed", "nothing sets $(JOB_COMPLETION_INDEX)"},
		{"completions: 32", "completions: 31", "is not of as many parts"},
		{"parallelism: 8", "parallelism: 33", "parallelism"},
		{"backoffLimitPerIndex: 12", "backoffLimit: 12", "one part's failures"},
		{"restartPolicy: Never", "restartPolicy: OnFailure", "podFailurePolicy needs"},
		{"activeDeadlineSeconds: 21600", "suspend: false", "may run for ever"},
		{"          - 2\n", "          - 1\n", "repeats a wrong command line"},
		{"containerName: restock", "containerName: stock", "exit codes of no container"},
		{"replicas: 1", "replicas: 2", "two pods would wait for one volume"},
		{"path: /readyz", "path: /ready", "readinessProbe is not /readyz"},
		{"port: http\n", "port: web\n", "asks at no port"},
		{"targetPort: http", "targetPort: 8081", "has no port 8081"},
		{"component: serve\n      app.kubernetes.io/name: restock\n  strategy",
			"component: server\n      app.kubernetes.io/name: restock\n  strategy", "its selector does not match"},
		{"kind: NetworkPolicy", "kind: NetworkPolicy\nstatus: {}", `unknown field "status"`},
		{"  - Egress\n", "", "is under no network policy"},
		{"name: restock-serve\n  namespace", "name: restock_serve\n  namespace", "is no name"},
		{"--date=2026-01-05\n", "--date=2026-01-05\n        - --seed=2\n", "in more than the date"},
		{"name: restock-parts-2026-01-05", "name: restock-part-2026-01-05", "is like no cron job"},
	} {
		bad := strings.ReplaceAll(good, c.before, c.after)
		if bad == good {
			t.Errorf("%q is not in the manifests", c.before)
			continue
		}
		var found []string
		m, err := decode([]byte(bad))
		if err != nil {
			found = []string{err.Error()}
		} else {
			found = m.check()
		}
		if !strings.Contains(strings.Join(found, "\n"), c.want) {
			t.Errorf("%q → %q: found %q, want %q", c.before, c.after, found, c.want)
		}
	}
}
