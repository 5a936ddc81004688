//! What is looked for.

use crate::lint::rule::rules;

rules! {
    CI238 "unknown-annotation" Error
        "an annotation with Traefik's prefix is unknown to Traefik"
        "It logs `Failed to parse annotations` and ignores the whole Ingress or Service: 404."
        "Use an option from `pkg/provider/kubernetes/ingress/annotations.go`, such as `router.entrypoints` or `service.serverstransport`."
    CI239 "annotation-in-wrong-place" Warning
        "a Traefik annotation is set where it is not read"
        "Nothing happens, and nothing reports it."
        "Put `router.…` on the Ingress and `service.…` on the Service; an IngressRoute has fields instead."
    CI240 "annotation-without-provider" Error
        "an annotation names an object without its provider or namespace"
        "Traefik looks among the objects of the Ingress provider, and logs `servers transport not found …@kubernetes` or `middleware … does not exist`: 404 (seen with 3.0.4 and 3.7.15)."
        "Write `NAMESPACE-NAME@kubernetescrd`."
    CI253 "annotation-of-ingress-nginx" Warning
        "an annotation of ingress-nginx is set on an Ingress that Traefik serves"
        "Nothing happens, and nothing reports it: no redirect, no limit, no authentication."
        "Use Traefik's middlewares, or its provider `kubernetesIngressNGINX` with the class `nginx`."
}
