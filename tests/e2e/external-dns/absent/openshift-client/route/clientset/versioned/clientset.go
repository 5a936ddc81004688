// Package versioned stands for OpenShift's client, which the tests do not call.
package versioned

import (
	"errors"

	"k8s.io/client-go/rest"
)

// Interface is the client.
type Interface any

// NewForConfig fails: there is no OpenShift.
func NewForConfig(*rest.Config) (Interface, error) {
	return nil, errors.New("OpenShift's client is not part of this program")
}
