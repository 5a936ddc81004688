// Package v1 has of OpenShift's Route what external-dns names. There is no OpenShift in the tests, and the module
// that external-dns asks for cannot be had everywhere.
package v1

import (
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
)

// RouteIngressConditionType names a condition.
type RouteIngressConditionType string

// RouteAdmitted is the condition of a Route that a router serves.
const RouteAdmitted RouteIngressConditionType = "Admitted"

// Route leads a host to a Service.
type Route struct {
	metav1.TypeMeta
	metav1.ObjectMeta
	Status RouteStatus
}

// DeepCopyObject is never called: nothing lists Routes.
func (route *Route) DeepCopyObject() runtime.Object { return route }

// RouteStatus says which routers serve a Route.
type RouteStatus struct{ Ingress []RouteIngress }

// RouteIngress is a router that serves a Route.
type RouteIngress struct {
	Host, RouterName, RouterCanonicalHostname string
	Conditions                                []RouteIngressCondition
}

// RouteIngressCondition is a condition of a Route at a router.
type RouteIngressCondition struct {
	Type   RouteIngressConditionType
	Status corev1.ConditionStatus
}
