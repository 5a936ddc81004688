// Command external-dns prints the records that external-dns finds in a cluster, by its own sources: as the program
// does, but for the part that writes them to a provider. Each record is a line: name, type, seconds to live, target.
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"slices"
	"strings"

	"sigs.k8s.io/external-dns/pkg/apis/externaldns"
	"sigs.k8s.io/external-dns/source"
	"sigs.k8s.io/external-dns/source/annotations"
)

func main() {
	config := externaldns.NewConfig()
	var sources string
	flag.StringVar(&config.KubeConfig, "kubeconfig", "", "access to the API server")
	flag.StringVar(&config.AnnotationPrefix, "annotation-prefix", annotations.DefaultAnnotationPrefix, "as the option of external-dns")
	flag.StringVar(&sources, "sources", "", "where to look, separated by commas")
	flag.Parse()
	annotations.SetAnnotationPrefix(config.AnnotationPrefix)
	lines, err := records(context.Background(), config, strings.Split(sources, ","))
	if err != nil {
		log.Fatal(err)
	}
	for _, line := range lines {
		fmt.Println(line)
	}
}

func records(running context.Context, config *externaldns.Config, names []string) ([]string, error) {
	settings, err := source.NewSourceConfig(config)
	if err != nil {
		return nil, err
	}
	var lines []string
	for _, name := range names {
		found, err := source.BuildWithConfig(running, name, settings.ClientGenerator(), settings)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		endpoints, err := found.Endpoints(running)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		for _, endpoint := range endpoints {
			for _, target := range endpoint.Targets {
				lines = append(lines, fmt.Sprint(endpoint.DNSName, " ", endpoint.RecordType, " ", endpoint.RecordTTL, " ", target))
			}
		}
	}
	slices.Sort(lines)
	return lines, nil
}
