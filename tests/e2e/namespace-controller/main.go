// Command namespace-controller runs the namespace controller of kube-controller-manager, and no other: without it a
// Namespace that is deleted stays Terminating, and what is in it stays too. It takes KUBECONFIG and ends on SIGTERM.
package main

import (
	"context"
	"log"
	"os"
	"os/signal"
	"syscall"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/metadata"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/kubernetes/pkg/controller/namespace"
)

const (
	resync  = 30 * time.Second
	workers = 4
)

func main() {
	if err := run(); err != nil {
		log.Fatal(err)
	}
}

func run() error {
	ending, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	config, err := clientcmd.BuildConfigFromFlags("", os.Getenv("KUBECONFIG"))
	if err != nil {
		return err
	}
	// The default of 5 requests a second would make the tests wait for the client and not for the cluster.
	config.QPS, config.Burst = 100, 200
	objects, err := kubernetes.NewForConfig(config)
	if err != nil {
		return err
	}
	contents, err := metadata.NewForConfig(config)
	if err != nil {
		return err
	}
	shared := informers.NewSharedInformerFactory(objects, resync)
	controller := namespace.NewNamespaceController(
		ending, objects, contents, objects.Discovery().ServerPreferredNamespacedResources,
		shared.Core().V1().Namespaces(), resync, corev1.FinalizerKubernetes,
	)
	shared.Start(ending.Done())
	controller.Run(ending, workers)
	return nil
}
