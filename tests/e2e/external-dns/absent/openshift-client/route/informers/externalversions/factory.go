// Package externalversions stands for OpenShift's informers, which the tests do not start.
package externalversions

import (
	"reflect"
	"time"

	"github.com/openshift/client-go/route/clientset/versioned"
	v1 "github.com/openshift/client-go/route/informers/externalversions/route/v1"
)

// SharedInformerOption changes a factory.
type SharedInformerOption func()

// Factory has no informers.
type Factory struct{}

// Versions leads to those of v1.
type Versions struct{}

// Group leads to those of Routes.
type Group struct{}

// WithNamespace changes nothing.
func WithNamespace(string) SharedInformerOption { return func() {} }

// NewSharedInformerFactoryWithOptions returns a factory that has no informers.
func NewSharedInformerFactoryWithOptions(versioned.Interface, time.Duration, ...SharedInformerOption) Factory {
	return Factory{}
}

// Route leads to the informers of Routes.
func (Factory) Route() Versions { return Versions{} }

// Start starts nothing.
func (Factory) Start(<-chan struct{}) {}

// WaitForCacheSync waits for nothing.
func (Factory) WaitForCacheSync(<-chan struct{}) map[reflect.Type]bool { return nil }

// V1 leads to those of v1.
func (Versions) V1() Group { return Group{} }

// Routes returns no informer.
func (Group) Routes() v1.RouteInformer { return nil }
