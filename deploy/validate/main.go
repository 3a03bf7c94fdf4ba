// Command validate checks the Kubernetes manifests without a cluster: each folder is rendered as kubectl apply -k does, decoded
// strictly into the types of the Kubernetes API, and judged by the rules in rules.go.
//
//	validate -restock ../../bin/restock ../nightly ../once ../serve
package main

import (
	"flag"
	"fmt"
	"os"
)

func main() {
	restock := flag.String("restock", "", "also try the containers' command lines on this program, with --help")
	flag.Parse()
	if flag.NArg() == 0 {
		fmt.Fprintln(os.Stderr, "usage: validate [-restock PROGRAM] FOLDER…")
		os.Exit(2)
	}
	found, err := run(flag.Args(), *restock)
	if err != nil {
		fmt.Fprintln(os.Stderr, "validate:", err)
		os.Exit(1)
	}
	for _, f := range found {
		fmt.Fprintln(os.Stderr, f)
	}
	if len(found) > 0 {
		os.Exit(1)
	}
}

// run returns a line for each broken rule. A manifest that can't be read is an error.
func run(folders []string, restock string) (found []string, err error) {
	var all manifests
	for _, folder := range folders {
		stream, err := render(folder)
		if err != nil {
			return nil, err
		}
		m, err := decode(stream)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", folder, err)
		}
		fmt.Printf("%s: %d objects\n", folder, len(m.names))
		all.merge(m)
	}
	found = all.check()
	if restock != "" {
		found = append(found, all.tryCommands(restock)...)
	}
	return found, nil
}
