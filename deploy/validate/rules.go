package main

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/apimachinery/pkg/util/validation"
)

// checker collects broken rules.
type checker struct {
	*manifests
	found []string
}

// check returns a line for each broken rule.
func (m *manifests) check() []string {
	c := &checker{manifests: m}
	for _, w := range m.workloads() {
		c.pod(w)
		if w.job != nil {
			c.job(w)
		}
	}
	c.deploymentRules()
	c.serviceRules()
	c.policyRules()
	c.claimRules()
	c.sameAsNightly()
	return c.found
}

func (c *checker) must(ok bool, format string, args ...any) {
	if !ok {
		c.found = append(c.found, fmt.Sprintf(format, args...))
	}
}

func isTrue(b *bool) bool { return b != nil && *b }

func isFalse(b *bool) bool { return b != nil && !*b }

// pod: nothing runs as root or can become it, every container has its share of the machine, and what it mounts is there.
func (c *checker) pod(w workload) {
	p := &w.template.Spec
	c.must(w.namespace != "", "%s: has no namespace", w.name)
	c.must(isFalse(p.AutomountServiceAccountToken), "%s: gets a token of the API server, which it has no use for", w.name)
	s := p.SecurityContext
	c.must(s != nil && isTrue(s.RunAsNonRoot), "%s: may run as root: runAsNonRoot", w.name)
	c.must(s != nil && s.SeccompProfile != nil && s.SeccompProfile.Type == corev1.SeccompProfileTypeRuntimeDefault,
		"%s: seccompProfile", w.name)
	c.must(s != nil && s.FSGroup != nil && s.RunAsGroup != nil && *s.FSGroup == *s.RunAsGroup,
		"%s: its group can't write to the volumes: fsGroup", w.name)
	volumes := map[string]bool{}
	for _, v := range p.Volumes {
		volumes[v.Name] = true
		if claim := v.PersistentVolumeClaim; claim != nil {
			c.must(c.names["PersistentVolumeClaim/"+w.namespace+"/"+claim.ClaimName],
				"%s: there is no claim %s", w.name, claim.ClaimName)
		}
	}
	c.must(len(p.Containers) == 1, "%s: has %d containers", w.name, len(p.Containers))
	for i := range p.Containers {
		c.container(w, &p.Containers[i], volumes)
	}
}

func (c *checker) container(w workload, k *corev1.Container, volumes map[string]bool) {
	s := k.SecurityContext
	c.must(s != nil && isFalse(s.AllowPrivilegeEscalation), "%s: allowPrivilegeEscalation", w.name)
	c.must(s != nil && isTrue(s.ReadOnlyRootFilesystem), "%s: readOnlyRootFilesystem", w.name)
	c.must(s != nil && s.Capabilities != nil && slices.Contains(s.Capabilities.Drop, "ALL"), "%s: keeps capabilities", w.name)
	c.must(strings.Contains(k.Image, "/") && strings.Contains(k.Image, ":") && !strings.HasSuffix(k.Image, ":latest"),
		"%s: image %s is not of a registry and a version", w.name, k.Image)
	for _, name := range []corev1.ResourceName{corev1.ResourceCPU, corev1.ResourceMemory} {
		c.must(!k.Resources.Requests.Name(name, resource.DecimalSI).IsZero(), "%s: requests no %s", w.name, name)
	}
	limit := k.Resources.Limits.Memory()
	c.must(!limit.IsZero(), "%s: has no limit of memory", w.name)
	for _, e := range k.Env {
		if e.Name == "GOMEMLIMIT" {
			soft, err := resource.ParseQuantity(strings.TrimSuffix(e.Value, "B"))
			c.must(err == nil && soft.Cmp(*limit) < 0, "%s: GOMEMLIMIT %s is not below the limit of %s", w.name, e.Value, limit)
		}
	}
	var mounts []string
	for _, m := range k.VolumeMounts {
		mounts = append(mounts, m.MountPath)
		c.must(volumes[m.Name], "%s: mounts a volume %s that it does not have", w.name, m.Name)
		delete(volumes, m.Name)
	}
	c.must(len(volumes) == 0, "%s: has volumes that are not mounted", w.name)
	c.must(slices.Contains(mounts, "/tmp"), "%s: has no /tmp to write to", w.name)
	for _, a := range k.Args {
		c.argument(w, k, a, mounts)
	}
}

var (
	variable  = regexp.MustCompile(`\$\(([A-Z_]+)\)`)
	pathInArg = regexp.MustCompile(`^--(?:input|output|data|runs|inputs)=(.*)$`)
)

// argument: variables are set, and folders lie in volumes.
func (c *checker) argument(w workload, k *corev1.Container, text string, mounts []string) {
	for _, m := range variable.FindAllStringSubmatch(text, -1) {
		set := slices.ContainsFunc(k.Env, func(e corev1.EnvVar) bool { return e.Name == m[1] })
		if m[1] == "JOB_COMPLETION_INDEX" { // set by the job's controller
			set = w.job != nil && w.job.CompletionMode != nil && *w.job.CompletionMode == "Indexed"
		}
		c.must(set, "%s: nothing sets $(%s)", w.name, m[1])
	}
	if m := pathInArg.FindStringSubmatch(text); m != nil {
		inside := slices.ContainsFunc(mounts, func(mount string) bool { return strings.HasPrefix(m[1]+"/", mount+"/") })
		c.must(inside, "%s: %s is in no volume", w.name, text)
	}
}

var shardArgument = regexp.MustCompile(`^--shard=\$\(JOB_COMPLETION_INDEX\)/(\d+)$`)

// job: it ends some time, attempts do not begin where none can help, and all parts of a run are done.
func (c *checker) job(w workload) {
	j := w.job
	c.must(w.template.Spec.RestartPolicy == corev1.RestartPolicyNever, "%s: podFailurePolicy needs restartPolicy Never", w.name)
	c.must(j.ActiveDeadlineSeconds != nil, "%s: may run for ever: activeDeadlineSeconds", w.name)
	wrongUsage := false
	if j.PodFailurePolicy != nil {
		for _, r := range j.PodFailurePolicy.Rules {
			if codes := r.OnExitCodes; codes != nil {
				wrongUsage = wrongUsage || slices.Contains(codes.Values, 2)
				c.must(codes.ContainerName != nil && *codes.ContainerName == w.template.Spec.Containers[0].Name,
					"%s: exit codes of no container", w.name)
			}
		}
	}
	c.must(wrongUsage, "%s: repeats a wrong command line (exit code 2)", w.name)
	indexed := j.CompletionMode != nil && *j.CompletionMode == "Indexed"
	for _, a := range w.template.Spec.Containers[0].Args {
		if !strings.HasPrefix(a, "--shard") {
			continue
		}
		m := shardArgument.FindStringSubmatch(a)
		c.must(m != nil && indexed && j.Completions != nil && m[1] == fmt.Sprint(*j.Completions),
			"%s: %s is not of as many parts as there are completions", w.name, a)
		c.must(j.Parallelism != nil && j.Completions != nil && *j.Parallelism <= *j.Completions, "%s: parallelism", w.name)
		c.must(j.BackoffLimitPerIndex != nil, "%s: one part's failures would end all: backoffLimitPerIndex", w.name)
	}
}

// deploymentRules: it finds its own pods, and every container says when it is alive and ready, at a port that it has.
func (c *checker) deploymentRules() {
	for _, d := range c.deployments {
		c.must(selects(d.Spec.Selector.MatchLabels, d.Spec.Template.Labels),
			"deployment %s: its selector does not match its pods", d.Name)
		ports := portNames(&d.Spec.Template.Spec)
		for _, k := range d.Spec.Template.Spec.Containers {
			for _, p := range []struct {
				name  string
				probe *corev1.Probe
				path  string
			}{
				{"livenessProbe", k.LivenessProbe, "/healthz"},
				{"readinessProbe", k.ReadinessProbe, "/readyz"},
				{"startupProbe", k.StartupProbe, "/healthz"},
			} {
				ok := p.probe != nil && p.probe.HTTPGet != nil
				c.must(ok && p.probe.HTTPGet.Path == p.path, "deployment %s: %s is not %s", d.Name, p.name, p.path)
				c.must(ok && isPort(ports, p.probe.HTTPGet.Port), "deployment %s: %s asks at no port of the pod", d.Name, p.name)
			}
		}
		for _, v := range d.Spec.Template.Spec.Volumes {
			if claim := v.PersistentVolumeClaim; claim != nil && !c.shared(d.Namespace, claim.ClaimName) {
				c.must(d.Spec.Replicas != nil && *d.Spec.Replicas == 1 && d.Spec.Strategy.Type == "Recreate",
					"deployment %s: two pods would wait for one volume", d.Name)
			}
		}
	}
}

func isPort(ports map[string]int32, p intstr.IntOrString) bool {
	if p.Type == intstr.String {
		return ports[p.StrVal] > 0
	}
	for _, number := range ports {
		if number == p.IntVal {
			return true
		}
	}
	return false
}

// shared tells whether pods on several nodes can mount a claim.
func (c *checker) shared(namespace, name string) bool {
	for _, claim := range c.claims {
		if claim.Namespace == namespace && claim.Name == name {
			return slices.Contains(claim.Spec.AccessModes, corev1.ReadWriteMany)
		}
	}
	return false
}

// serviceRules: every service has pods, and its port is one of theirs.
func (c *checker) serviceRules() {
	for _, s := range c.services {
		backed := false
		for _, w := range c.workloads() {
			if w.namespace != s.Namespace || !selects(s.Spec.Selector, w.template.Labels) {
				continue
			}
			backed = true
			for _, p := range s.Spec.Ports {
				c.must(isPort(portNames(&w.template.Spec), p.TargetPort),
					"service %s: %s has no port %s", s.Name, w.name, p.TargetPort.String())
			}
		}
		c.must(backed, "service %s: selects no pods", s.Name)
	}
}

// policyRules: every pod is under a network policy for both directions, and every policy has pods.
func (c *checker) policyRules() {
	covered := map[string]bool{}
	for _, p := range c.policies {
		used := false
		for _, w := range c.workloads() {
			if w.namespace != p.Namespace || !selects(p.Spec.PodSelector.MatchLabels, w.template.Labels) {
				continue
			}
			used = true
			covered[w.name] = covered[w.name] || len(p.Spec.PolicyTypes) == 2
			for _, rule := range p.Spec.Ingress {
				for _, port := range rule.Ports {
					c.must(port.Port != nil && isPort(portNames(&w.template.Spec), *port.Port),
						"network policy %s: %s has no such port", p.Name, w.name)
				}
			}
		}
		c.must(used, "network policy %s: selects no pods", p.Name)
	}
	for _, w := range c.workloads() {
		c.must(covered[w.name], "%s: is under no network policy", w.name)
	}
}

// claimRules: volumes that several pods mount at once can be.
func (c *checker) claimRules() {
	for _, claim := range c.claims {
		c.must(!claim.Spec.Resources.Requests.Storage().IsZero(), "claim %s: asks for no storage", claim.Name)
		for _, w := range c.workloads() {
			for _, v := range w.template.Spec.Volumes {
				if p := v.PersistentVolumeClaim; p != nil && p.ClaimName == claim.Name && w.job != nil {
					c.must(c.shared(claim.Namespace, claim.Name), "claim %s: %s mounts it from several nodes", claim.Name, w.name)
				}
			}
		}
	}
	for name := range c.names {
		parts := strings.Split(name, "/")
		c.must(len(validation.IsDNS1123Subdomain(parts[2])) == 0, "%s is no name", name)
	}
}

var dateArgument = regexp.MustCompile(`^--date=.*$`)

// sameAsNightly: the pods of a job by hand are those of the cron job that its name begins with, but for the date.
func (c *checker) sameAsNightly() {
	for _, j := range c.jobs {
		one := j.Spec.DeepCopy()
		one.TTLSecondsAfterFinished = nil
		matched := false
		for _, cron := range c.cronJobs {
			if !strings.HasPrefix(j.Name, cron.Name+"-") {
				continue
			}
			matched = true
			other := cron.Spec.JobTemplate.Spec.DeepCopy()
			for _, args := range [][]string{one.Template.Spec.Containers[0].Args, other.Template.Spec.Containers[0].Args} {
				for i := range args {
					args[i] = dateArgument.ReplaceAllString(args[i], "--date=")
				}
			}
			c.must(equality.Semantic.DeepEqual(one, other),
				"job %s: differs from the cron job %s in more than the date", j.Name, cron.Name)
		}
		c.must(matched || len(c.cronJobs) == 0, "job %s: is like no cron job", j.Name)
	}
}
