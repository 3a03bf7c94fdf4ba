package main

import (
	"fmt"
	"maps"
	"os/exec"
	"slices"
	"strings"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
)

// workload is a pod template and what it belongs to.
type workload struct {
	name, namespace string
	template        *corev1.PodTemplateSpec
	job             *batchv1.JobSpec // nil for a deployment
}

// merge adds the objects of another folder.
func (m *manifests) merge(o *manifests) {
	m.deployments = append(m.deployments, o.deployments...)
	m.cronJobs = append(m.cronJobs, o.cronJobs...)
	m.jobs = append(m.jobs, o.jobs...)
	m.services = append(m.services, o.services...)
	m.claims = append(m.claims, o.claims...)
	m.policies = append(m.policies, o.policies...)
	if m.names == nil {
		m.names = map[string]bool{}
	}
	maps.Copy(m.names, o.names)
}

// workloads lists all pod templates.
func (m *manifests) workloads() (list []workload) {
	for _, d := range m.deployments {
		list = append(list, workload{"deployment " + d.Name, d.Namespace, &d.Spec.Template, nil})
	}
	for _, c := range m.cronJobs {
		spec := &c.Spec.JobTemplate.Spec
		list = append(list, workload{"cron job " + c.Name, c.Namespace, &spec.Template, spec})
	}
	for _, j := range m.jobs {
		list = append(list, workload{"job " + j.Name, j.Namespace, &j.Spec.Template, &j.Spec})
	}
	return list
}

// selects tells whether all labels of a selector are there. An empty one would select everything: that is never meant here.
func selects(selector, labels map[string]string) bool {
	for k, v := range selector {
		if labels[k] != v {
			return false
		}
	}
	return len(selector) > 0
}

// portNames returns the numbers of a pod's ports by name.
func portNames(pod *corev1.PodSpec) map[string]int32 {
	ports := map[string]int32{}
	for _, c := range pod.Containers {
		for _, p := range c.Ports {
			ports[p.Name] = p.ContainerPort
		}
	}
	return ports
}

// variables are values that fit.
var variables = strings.NewReplacer("$(JOB_COMPLETION_INDEX)", "0", "$(NATS_URL)", "nats://localhost:4222")

// tryCommands runs the containers' command lines with --help: unknown commands, flags and values are found, and nothing is done.
func (m *manifests) tryCommands(restock string) (found []string) {
	for _, w := range m.workloads() {
		for _, c := range w.template.Spec.Containers {
			var args []string
			for _, a := range c.Args {
				args = append(args, variables.Replace(a))
			}
			out, err := exec.Command(restock, append(slices.Clip(args), "--help")...).CombinedOutput()
			if err != nil {
				first, _, _ := strings.Cut(string(out), "\n")
				found = append(found, fmt.Sprintf("%s: %s %s: %v: %s", w.name, restock, strings.Join(args, " "), err, first))
			}
		}
	}
	return found
}
