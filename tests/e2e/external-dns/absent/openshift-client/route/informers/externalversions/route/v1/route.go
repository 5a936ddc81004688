// Package v1 stands for OpenShift's informers of Routes.
package v1

import "k8s.io/client-go/tools/cache"

// RouteInformer learns of Routes.
type RouteInformer interface{ Informer() cache.SharedIndexInformer }
