package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	yamlstream "k8s.io/apimachinery/pkg/util/yaml"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"
	"sigs.k8s.io/yaml"
)

// manifests are the objects of a folder, by kind.
type manifests struct {
	deployments []*appsv1.Deployment
	cronJobs    []*batchv1.CronJob
	jobs        []*batchv1.Job
	services    []*corev1.Service
	claims      []*corev1.PersistentVolumeClaim
	policies    []*networkingv1.NetworkPolicy
	names       map[string]bool // kind/namespace/name
}

// render builds a folder with a kustomization, as kubectl apply -k does.
func render(folder string) ([]byte, error) {
	built, err := krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(filesys.MakeFsOnDisk(), folder)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", folder, err)
	}
	return built.AsYaml()
}

// decode reads a stream of YAML documents. A field that its kind does not have, or has twice, is an error, as is a kind that no
// rule is for.
func decode(stream []byte) (*manifests, error) {
	m := &manifests{names: map[string]bool{}}
	documents := yamlstream.NewYAMLReader(bufio.NewReader(bytes.NewReader(stream)))
	for n := 1; ; n++ {
		text, err := documents.Read()
		if err == io.EOF {
			return m, nil
		}
		if err != nil {
			return nil, fmt.Errorf("document %d: %w", n, err)
		}
		var of metav1.TypeMeta
		if err := yaml.Unmarshal(text, &of); err != nil {
			return nil, fmt.Errorf("document %d: %w", n, err)
		}
		if err := m.add(of, text); err != nil {
			return nil, fmt.Errorf("document %d, %s %s: %w", n, of.APIVersion, of.Kind, err)
		}
	}
}

func (m *manifests) add(of metav1.TypeMeta, text []byte) error {
	switch of.APIVersion + " " + of.Kind {
	case "apps/v1 Deployment":
		return strict(m, of.Kind, text, &m.deployments)
	case "batch/v1 CronJob":
		return strict(m, of.Kind, text, &m.cronJobs)
	case "batch/v1 Job":
		return strict(m, of.Kind, text, &m.jobs)
	case "v1 Service":
		return strict(m, of.Kind, text, &m.services)
	case "v1 PersistentVolumeClaim":
		return strict(m, of.Kind, text, &m.claims)
	case "networking.k8s.io/v1 NetworkPolicy":
		return strict(m, of.Kind, text, &m.policies)
	}
	return fmt.Errorf("is not a kind that is known here")
}

// strict appends an object, whose name must be new.
func strict[T any, P interface {
	*T
	metav1.Object
}](m *manifests, kind string, text []byte, list *[]P) error {
	o := P(new(T))
	if err := yaml.UnmarshalStrict(text, o); err != nil {
		return err
	}
	name := kind + "/" + o.GetNamespace() + "/" + o.GetName()
	if m.names[name] {
		return fmt.Errorf("%s is there twice", name)
	}
	m.names[name] = true
	*list = append(*list, o)
	return nil
}
