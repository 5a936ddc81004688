package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"time"

	cmacme "github.com/cert-manager/cert-manager/pkg/apis/acme/v1"
	"github.com/cert-manager/cert-manager/pkg/issuer/acme/http/solver"
	logf "github.com/cert-manager/cert-manager/pkg/logs"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	k8serrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/cache"
)

const (
	// The port of a solver's container. All solvers share the addresses of one network: each has the next one that is free.
	firstPort = 8089
	lastPort  = firstPort + 200
	// The name of that port in a solver's Service (pkg/issuer/acme/http/service.go).
	portName = "http"
	// How long an unknown failure waits for the next try.
	again = time.Second
)

// pods runs the solvers of Pods, and keeps the endpoints of their Services.
type pods struct {
	client  kubernetes.Interface
	address string
	running map[types.UID]*running
	// Services that have endpoints.
	served map[types.NamespacedName]bool
}

type running struct {
	solver *solver.HTTP01Solver
	labels labels.Set
	port   int32
}

// solve does until the context ends what the kubelet and the controllers of endpoints do for Pods of HTTP-01 solvers.
func solve(ending context.Context, client kubernetes.Interface, address string) error {
	ofSolvers := informers.WithTweakListOptions(func(options *metav1.ListOptions) {
		options.LabelSelector = cmacme.SolverIdentificationLabelKey + "=true"
	})
	shared := informers.NewSharedInformerFactoryWithOptions(client, 0, ofSolvers)
	allPods, allServices := shared.Core().V1().Pods(), shared.Core().V1().Services()
	changed := make(chan struct{}, 1)
	signal := func() {
		select {
		case changed <- struct{}{}:
		default:
		}
	}
	handler := cache.ResourceEventHandlerFuncs{
		AddFunc:    func(any) { signal() },
		UpdateFunc: func(any, any) { signal() },
		DeleteFunc: func(any) { signal() },
	}
	for _, informer := range []cache.SharedIndexInformer{allPods.Informer(), allServices.Informer()} {
		if _, err := informer.AddEventHandler(handler); err != nil {
			return err
		}
	}
	shared.Start(ending.Done())
	shared.WaitForCacheSync(ending.Done())
	state := pods{client, address, make(map[types.UID]*running), make(map[types.NamespacedName]bool)}
	for {
		pods, err := allPods.Lister().List(labels.Everything())
		if err != nil {
			return err
		}
		services, err := allServices.Lister().List(labels.Everything())
		if err != nil {
			return err
		}
		if err := errors.Join(state.run(ending, pods), state.connect(ending, services)); err != nil {
			logf.Log.Error(err, "solvers")
			time.AfterFunc(again, signal)
		}
		select {
		case <-changed:
		case <-ending.Done():
			return nil
		}
	}
}

// run starts the solver of each Pod that is new, and ends those whose Pod is gone.
func (p *pods) run(ending context.Context, wanted []*corev1.Pod) error {
	var failures []error
	there := make(map[types.UID]bool)
	for _, pod := range wanted {
		there[pod.UID] = true
		if p.running[pod.UID] != nil {
			continue
		}
		started, err := start(pod)
		if err == nil {
			p.running[pod.UID] = started
			err = p.tellReady(ending, pod)
		}
		failures = append(failures, err)
	}
	for uid, running := range p.running {
		if !there[uid] {
			failures = append(failures, running.solver.Close())
			delete(p.running, uid)
		}
	}
	return errors.Join(failures...)
}

// start runs what the arguments of a Pod's container ask for, on the first port that is free.
func start(pod *corev1.Pod) (*running, error) {
	arguments := flag.NewFlagSet("acmesolver", flag.ContinueOnError)
	domain, token := arguments.String("domain", "", ""), arguments.String("token", "", "")
	key := arguments.String("key", "", "")
	arguments.Int("listen-port", firstPort, "")
	if err := arguments.Parse(pod.Spec.Containers[0].Args); err != nil {
		return nil, err
	}
	for port := firstPort; port <= lastPort; port++ {
		server := &solver.HTTP01Solver{ListenPort: port, Domain: *domain, Token: *token, Key: *key}
		ended := make(chan error, 1)
		go func() { ended <- server.Listen(logf.Log.WithName(pod.Name)) }()
		if answers(server, ended) {
			return &running{server, pod.Labels, int32(port)}, nil
		}
	}
	return nil, fmt.Errorf("no port from %d to %d is free", firstPort, lastPort)
}

// answers is whether a solver has come up: on a port that is taken, another one may answer.
func answers(server *solver.HTTP01Solver, ended <-chan error) bool {
	url := fmt.Sprintf("http://127.0.0.1:%d%s/%s", server.ListenPort, solver.HTTPChallengePath, server.Token)
	request, err := http.NewRequest(http.MethodGet, url, nil)
	if err != nil {
		return false
	}
	request.Host = server.Domain
	for {
		select {
		case <-ended:
			return false
		case <-time.After(10 * time.Millisecond):
		}
		answer, err := http.DefaultClient.Do(request)
		if err != nil {
			continue
		}
		key, err := io.ReadAll(answer.Body)
		answer.Body.Close()
		if err == nil && string(key) == server.Key {
			return true
		}
	}
}

func (p *pods) tellReady(ending context.Context, pod *corev1.Pod) error {
	ready := pod.DeepCopy()
	ready.Status.Phase = corev1.PodRunning
	ready.Status.PodIP = p.address
	ready.Status.PodIPs = []corev1.PodIP{{IP: p.address}}
	ready.Status.Conditions = []corev1.PodCondition{
		{Type: corev1.ContainersReady, Status: corev1.ConditionTrue},
		{Type: corev1.PodReady, Status: corev1.ConditionTrue},
	}
	_, err := p.client.CoreV1().Pods(pod.Namespace).UpdateStatus(ending, ready, metav1.UpdateOptions{})
	if k8serrors.IsNotFound(err) {
		return nil
	}
	return err
}

// connect gives each Service the endpoints of its Pods, and takes those of Services away that are gone.
func (p *pods) connect(ending context.Context, services []*corev1.Service) error {
	var failures []error
	there := make(map[types.NamespacedName]bool)
	for _, service := range services {
		name := types.NamespacedName{Namespace: service.Namespace, Name: service.Name}
		there[name] = true
		if p.served[name] {
			continue
		}
		for _, running := range p.running {
			if labels.SelectorFromSet(service.Spec.Selector).Matches(running.labels) {
				if err := p.serve(ending, name, running.port); err != nil {
					failures = append(failures, err)
				} else {
					p.served[name] = true
				}
			}
		}
	}
	for name := range p.served {
		if !there[name] {
			failures = append(failures, p.withdraw(ending, name))
			delete(p.served, name)
		}
	}
	return errors.Join(failures...)
}

// serve makes the endpoints of a Service: an EndpointSlice, and Endpoints for Traefiks before 3.1.
func (p *pods) serve(ending context.Context, name types.NamespacedName, port int32) error {
	meta := metav1.ObjectMeta{Name: name.Name, Namespace: name.Namespace, Labels: map[string]string{discoveryv1.LabelServiceName: name.Name}}
	slice := &discoveryv1.EndpointSlice{
		ObjectMeta:  meta,
		AddressType: discoveryv1.AddressTypeIPv4,
		Endpoints:   []discoveryv1.Endpoint{{Addresses: []string{p.address}, Conditions: discoveryv1.EndpointConditions{Ready: new(true), Serving: new(true)}}},
		Ports:       []discoveryv1.EndpointPort{{Name: new(portName), Port: new(port)}},
	}
	endpoints := &corev1.Endpoints{
		ObjectMeta: meta,
		Subsets:    []corev1.EndpointSubset{{Addresses: []corev1.EndpointAddress{{IP: p.address}}, Ports: []corev1.EndpointPort{{Name: portName, Port: port}}}},
	}
	_, err := p.client.DiscoveryV1().EndpointSlices(name.Namespace).Create(ending, slice, metav1.CreateOptions{})
	if err != nil && !k8serrors.IsAlreadyExists(err) {
		return err
	}
	_, err = p.client.CoreV1().Endpoints(name.Namespace).Create(ending, endpoints, metav1.CreateOptions{})
	if k8serrors.IsAlreadyExists(err) {
		return nil
	}
	return err
}

func (p *pods) withdraw(ending context.Context, name types.NamespacedName) error {
	first := p.client.DiscoveryV1().EndpointSlices(name.Namespace).Delete(ending, name.Name, metav1.DeleteOptions{})
	second := p.client.CoreV1().Endpoints(name.Namespace).Delete(ending, name.Name, metav1.DeleteOptions{})
	for _, err := range []error{first, second} {
		if err != nil && !k8serrors.IsNotFound(err) {
			return err
		}
	}
	return nil
}
