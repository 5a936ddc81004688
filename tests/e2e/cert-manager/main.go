// Command cert-manager runs cert-manager's own controllers, as its chart's Deployment does, and the solvers of its
// HTTP-01 challenges, as a kubelet does. The module of cert-manager has no program: its cmd/ is a module apart.
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"os/signal"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/cert-manager/cert-manager/pkg/controller"
	_ "github.com/cert-manager/cert-manager/pkg/controller/acmechallenges"
	_ "github.com/cert-manager/cert-manager/pkg/controller/acmeorders"
	_ "github.com/cert-manager/cert-manager/pkg/controller/certificaterequests/acme"
	_ "github.com/cert-manager/cert-manager/pkg/controller/certificaterequests/approver"
	_ "github.com/cert-manager/cert-manager/pkg/controller/certificaterequests/ca"
	_ "github.com/cert-manager/cert-manager/pkg/controller/certificaterequests/selfsigned"
	_ "github.com/cert-manager/cert-manager/pkg/controller/certificates/issuing"
	_ "github.com/cert-manager/cert-manager/pkg/controller/certificates/keymanager"
	_ "github.com/cert-manager/cert-manager/pkg/controller/certificates/readiness"
	_ "github.com/cert-manager/cert-manager/pkg/controller/certificates/requestmanager"
	_ "github.com/cert-manager/cert-manager/pkg/controller/certificates/revisionmanager"
	_ "github.com/cert-manager/cert-manager/pkg/controller/certificates/trigger"
	_ "github.com/cert-manager/cert-manager/pkg/controller/clusterissuers"
	_ "github.com/cert-manager/cert-manager/pkg/controller/issuers"
	_ "github.com/cert-manager/cert-manager/pkg/issuer/acme"
	_ "github.com/cert-manager/cert-manager/pkg/issuer/ca"
	_ "github.com/cert-manager/cert-manager/pkg/issuer/selfsigned"
	logf "github.com/cert-manager/cert-manager/pkg/logs"
	"k8s.io/klog/v2"
)

// What cert-manager's own program has for each controller (internal/apis/config/controller/v1alpha1/defaults.go).
const workers = 5

func main() {
	var options options
	flag.StringVar(&options.kubeconfig, "kubeconfig", "", "access to the API server")
	flag.StringVar(&options.http01, "http01-nameserver", "", "address and port of whom the check before HTTP-01 asks")
	flag.StringVar(&options.dns01, "dns01-nameserver", "", "address and port of whom the check before DNS-01 asks")
	flag.StringVar(&options.address, "solver-address", "", "address under which solvers are reached")
	klog.InitFlags(nil)
	flag.Parse()
	ending, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	if err := run(ending, options); err != nil {
		log.Fatal(err)
	}
}

type options struct {
	kubeconfig, http01, dns01, address string
}

func run(ending context.Context, options options) error {
	ending = logf.NewContext(ending, logf.Log)
	factory, err := controller.NewContextFactory(ending, options.ofController())
	if err != nil {
		return err
	}
	shared, err := factory.Build()
	if err != nil {
		return err
	}
	runners := make(map[string]controller.Interface)
	for name, construct := range controller.Known() {
		if runners[name], err = construct(factory); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	shared.SharedInformerFactory.Start(ending.Done())
	shared.KubeSharedInformerFactory.Start(ending.Done())
	shared.HTTP01ResourceMetadataInformersFactory.Start(ending.Done())
	var all sync.WaitGroup
	for name, runner := range runners {
		all.Go(func() {
			if err := runner.Run(workers, ending); err != nil {
				log.Fatalf("%s: %v", name, err)
			}
		})
	}
	all.Go(func() {
		if err := solve(ending, shared.Client, options.address); err != nil {
			log.Fatalf("solvers: %v", err)
		}
	})
	all.Wait()
	return nil
}

// ofController is what the flags of cert-manager's own program come to, with its defaults but for two: the namespace of the
// chart, and --dns01-recursive-nameservers-only with a shorter period, because no name server of the world is to be asked.
func (o options) ofController() controller.ContextOptions {
	return controller.ContextOptions{
		Kubeconfig:         o.kubeconfig,
		KubernetesAPIQPS:   20,
		KubernetesAPIBurst: 50,
		IssuerOptions:      controller.IssuerOptions{ClusterResourceNamespace: "cert-manager"},
		ACMEOptions: controller.ACMEOptions{
			HTTP01SolverImage:            "quay.io/jetstack/cert-manager-acmesolver",
			ACMEHTTP01SolverRunAsNonRoot: true,
			HTTP01SolverNameservers:      strings.Fields(o.http01),
			DNS01Nameservers:             strings.Fields(o.dns01),
			DNS01CheckRetryPeriod:        time.Second,
		},
		CertificateOptions: controller.CertificateOptions{
			CopiedAnnotationPrefixes:                 []string{"*", "-kubectl.kubernetes.io/", "-fluxcd.io/", "-argocd.argoproj.io/"},
			CertificateRequestMinimumBackoffDuration: time.Hour,
			CertificateRequestMaximumBackoffDuration: 32 * time.Hour,
		},
		SchedulerOptions: controller.SchedulerOptions{MaxConcurrentChallenges: 60},
	}
}
