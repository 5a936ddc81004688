# Writes a tree of hand-written instances, with all that makes `lint` look for an object among the others: what is
# named and not there, what appears twice, what several directories call alike, charts and values that releases share.
#
#   awk -v count=N -v form=FORM -v out=DIRECTORY -f crowd.awk
#
# form  together  one kustomization takes all; each instance has a namespace, which its objects name
#                 but for Gateways, which take that of the directory's kustomization
#       apart     no kustomization takes those of the instances: each is a root, and gives the namespace
#       crowded   all instances are in one namespace, and their objects have names of their own

BEGIN {
  for (number = 0; number < count; number++)
    folders = folders " " out "/" instance(number)
  system("mkdir -p" folders)
  for (number = 0; number < count; number++)
    all = all "- " one(instance(number)) "\n"
  if (form != "apart")
    write(out "/kustomization.yaml", "resources:\n" all)
}

function instance(number) { return sprintf("p%05d", number) }

function write(file, text) { printf "%s", text > file; close(file) }

# An object, its name with that of the instance where all are in one namespace.
function object(version, kind, name, rest) {
  return "---\napiVersion: " version "\nkind: " kind "\nmetadata: {name: " name own space "}\n" rest "\n"
}

function one(p,   at, routes) {
  at = out "/" p "/"
  own = form == "crowded" ? "-" p : ""
  space = form == "apart" ? "" : ", namespace: " (form == "crowded" ? "crowd" : p)
  host = p ".example.org"

  routes = object("traefik.io/v1alpha1", "IngressRoute", "route", \
    "spec: {routes: [{kind: Rule, match: 'Host(`" host "`)', middlewares: [{name: missing" own "}], services: [{name: missing" own \
    ", port: 443, scheme: https, serversTransport: transport" own "}]}], tls: {secretName: missing" own "}}")
  routes = routes object("traefik.io/v1alpha1", "ServersTransport", "transport", \
    "spec: {serverName: httpd, rootCAs: [{secret: missing-ca" own "}]}")
  routes = routes object("traefik.io/v1alpha1", "IngressRouteTCP", "tcp", \
    "spec: {routes: [{match: 'HostSNI(`tcp." host "`)', services: [{name: missing" own ", port: 443}]}], tls: {passthrough: true}}")
  routes = routes object("v1", "Service", "free", "spec: {ports: [{port: 80}], selector: {app: " p "}}")
  routes = routes object("v1", "Secret", "free", "stringData: {key: value}")
  routes = routes object("networking.k8s.io/v1", "Ingress", "ingress", \
    "spec: {rules: [{host: ingress." host ", http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: missing" own \
    ", port: {number: 80}}}}]}}]}")
  sub("metadata: {name: ingress", "metadata: {annotations: {traefik.ingress.kubernetes.io/router.middlewares: missing-" p \
    "@kubernetescrd}, name: ingress", routes)
  write(at "routes.yaml", routes)
  write(at "again.yaml", routes)

  if (form == "together") space = ""
  write(at "gateways.yaml", object("gateway.networking.k8s.io/v1", "Gateway", "gateway", \
    "spec: {gatewayClassName: traefik, listeners: [{name: https, port: 443, protocol: HTTPS, hostname: gateway." host \
    ", tls: {certificateRefs: [{name: missing" own "}]}}]}"))
  write(at "gateway-routes.yaml", object("gateway.networking.k8s.io/v1", "HTTPRoute", "route", \
    "spec: {parentRefs: [{name: gateway" own "}], hostnames: [gateway." host "], rules: [{backendRefs: [{name: missing" own \
    ", port: 443}]}]}"))

  # As Flux wants it, in each form.
  space = ", namespace: " p
  write(at "release.yaml", object("helm.toolkit.fluxcd.io/v2", "HelmRelease", "traefik", \
    "spec: {chartRef: {kind: OCIRepository, name: traefik" own "}, valuesFrom: [{kind: ConfigMap, name: values" own "}]}") \
    object("source.toolkit.fluxcd.io/v1", "OCIRepository", "traefik", "spec: {url: oci://ghcr.io/traefik/helm/traefik}") \
    object("v1", "ConfigMap", "values", "data: {values.yaml: '{ports: {web: {port: 8000}}}'}"))

  write(at "kustomization.yaml", (form == "crowded" ? "" : "namespace: " p "\n") \
    "resources: [routes.yaml, again.yaml, gateways.yaml, gateway-routes.yaml, release.yaml]\n")
  return p
}
