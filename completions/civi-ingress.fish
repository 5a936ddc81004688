# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_civi_ingress_global_optspecs
    string join \n now= q/quiet h/help V/version
end

function __fish_civi_ingress_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_civi_ingress_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_civi_ingress_using_subcommand
    set -l cmd (__fish_civi_ingress_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c civi-ingress -n "__fish_civi_ingress_needs_command" -l now -d 'Use this RFC 3339 instant as the present [default: SOURCE_DATE_EPOCH, else the clock; certificates are issued only if the two are at most 90 days apart]' -r
complete -c civi-ingress -n "__fish_civi_ingress_needs_command" -s q -l quiet -d 'Print no notes on stderr, only warnings and errors'
complete -c civi-ingress -n "__fish_civi_ingress_needs_command" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c civi-ingress -n "__fish_civi_ingress_needs_command" -s V -l version -d 'Print version'
complete -c civi-ingress -n "__fish_civi_ingress_needs_command" -f -a "new-instance" -d 'Make an instance\'s certificates and render its manifests'
complete -c civi-ingress -n "__fish_civi_ingress_needs_command" -f -a "wildcard-secret" -d 'Render the Secret of the wildcard certificate, newly made or taken from files'
complete -c civi-ingress -n "__fish_civi_ingress_needs_command" -f -a "wildcard" -d 'Render the Secret of the wildcard certificate, newly made or taken from files'
complete -c civi-ingress -n "__fish_civi_ingress_needs_command" -f -a "tls-store" -d 'Render the TLSStore that makes a Secret the default certificate'
complete -c civi-ingress -n "__fish_civi_ingress_needs_command" -f -a "traefik-values" -d 'Render the values file of the Traefik Helm chart'
complete -c civi-ingress -n "__fish_civi_ingress_needs_command" -f -a "ca" -d 'Make a CA as PEM files'
complete -c civi-ingress -n "__fish_civi_ingress_needs_command" -f -a "cert" -d 'Make a server certificate as PEM files, under an existing CA or one of its own'
complete -c civi-ingress -n "__fish_civi_ingress_needs_command" -f -a "inspect" -d 'Show what is in certificates: PEM files, bundles, Secrets in manifests'
complete -c civi-ingress -n "__fish_civi_ingress_needs_command" -f -a "gitops" -d 'Keep a fleet of instances as files in Git, with its keys'
complete -c civi-ingress -n "__fish_civi_ingress_needs_command" -f -a "status" -d 'Show when a fleet\'s certificates expire, and the path of each instance'
complete -c civi-ingress -n "__fish_civi_ingress_needs_command" -f -a "probe" -d 'Check a live host as a browser does, and its httpd as Traefik does'
complete -c civi-ingress -n "__fish_civi_ingress_needs_command" -f -a "lint" -d 'Find what would go wrong with manifests, before they are applied'
complete -c civi-ingress -n "__fish_civi_ingress_needs_command" -f -a "templates" -d 'List or export the built-in templates'
complete -c civi-ingress -n "__fish_civi_ingress_needs_command" -f -a "schema" -d 'Print the JSON Schema of a kind of file'
complete -c civi-ingress -n "__fish_civi_ingress_needs_command" -f -a "completions" -d 'Print a completion script'
complete -c civi-ingress -n "__fish_civi_ingress_needs_command" -f -a "man" -d 'Print the manual page'
complete -c civi-ingress -n "__fish_civi_ingress_needs_command" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand new-instance" -l host -d 'Host that browsers ask for [default: `externalhost` of the values]' -r
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand new-instance" -l alias -d 'Additional host of the instance, in the certificate and the route [repeatable]' -r
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand new-instance" -s n -l namespace -d 'Namespace of the objects' -r
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand new-instance" -s f -l values -d 'Values file of the Civiparoisse chart, or - for stdin; a later one wins [repeatable]' -r -F
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand new-instance" -l set -d 'Set a value, as Helm\'s --set does [repeatable]' -r
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand new-instance" -l set-string -d 'Set a value that stays a string [repeatable]' -r
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand new-instance" -l reuse -d 'Keep the keys and certificates of these manifests (file, directory, - for stdin) as long as they are good' -r -F
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand new-instance" -l context -d 'Context of kubectl [default: the current one]' -r
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand new-instance" -l output-dir -d 'Write one file per object into this new or empty directory instead of stdout' -r -f -a "(__fish_complete_directories)"
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand new-instance" -l templates -d 'Use the templates in this directory in place of the built-in ones of the same name' -r -f -a "(__fish_complete_directories)"
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand new-instance" -l traefik -d 'Traefik release that reads the manifests, 2.9 to 3.x' -r
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand new-instance" -l days -d 'Lifetime of the certificate: days, or the RFC 3339 instant at which it expires' -r
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand new-instance" -l ca-days -d 'Lifetime of the CA: days, or the RFC 3339 instant at which it expires' -r
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand new-instance" -l key-type -d 'Type of the keys: p256, p384, rsa2048, rsa3072, rsa4096' -r
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand new-instance" -l not-before -d 'Start of the validity [default: one hour before the present]' -r
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand new-instance" -l organization -d 'Organization in the certificates\' subjects' -r
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand new-instance" -l ca-cert -d 'Sign with this CA instead of a new one (PEM, DER, a Secret)' -r -F
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand new-instance" -l ca-key -d 'Private key of that CA (PEM, DER, a Secret)' -r -F
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand new-instance" -l ca-custody -d 'What becomes of the CA keys [default: stored; for an existing CA: dropped]' -r -f -a "stored\t'Write the CA keys beside the others, as the chart does'
dropped\t'Discard the CA keys after signing; a renewal makes a new CA'"
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand new-instance" -l ca-key-out -d 'Write the key of the new instance CA to this file' -r -F
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand new-instance" -l helm-release -d 'Mark the chart\'s objects so that this Helm release adopts them' -r
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand new-instance" -l retry -d 'Retry failed connections to the httpd, up to this many attempts in all' -r
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand new-instance" -l hsts -d 'Send Strict-Transport-Security with this max-age' -r
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand new-instance" -l traefik-namespace -d 'Namespace of Traefik\'s pods' -r
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand new-instance" -l traefik-label -d 'Label of Traefik\'s pods [repeatable] [default: app.kubernetes.io/name=traefik]' -r
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand new-instance" -l traefik-cidr -d 'Range of the nodes\' addresses [repeatable]' -r
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand new-instance" -l now -d 'Use this RFC 3339 instant as the present [default: SOURCE_DATE_EPOCH, else the clock; certificates are issued only if the two are at most 90 days apart]' -r
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand new-instance" -l cluster -d 'Ask the cluster that kubectl points to, instead of reading files'
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand new-instance" -l force -d 'Overwrite files that exist, but no private keys'
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand new-instance" -l replace-keys -d 'Overwrite private keys too: the old ones are lost'
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand new-instance" -l show-secrets -d 'Show private keys even if stdout is a terminal'
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand new-instance" -l create-namespace -d 'Render the Namespace too'
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand new-instance" -l config-map -d 'Render the httpd\'s ConfigMap too'
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand new-instance" -l client-auth -d 'Make a client CA and Traefik\'s own certificate, for an httpd that asks for one'
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand new-instance" -l network-policy -d 'Let only Traefik reach the httpd (NetworkPolicy)'
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand new-instance" -l default-deny -d 'Close the namespace to other namespaces, except for what --network-policy opens'
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand new-instance" -l traefik-host-network -d 'Traefik uses the nodes\' network: --traefik-cidr then names the nodes'
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand new-instance" -s q -l quiet -d 'Print no notes on stderr, only warnings and errors'
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand new-instance" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand wildcard-secret" -l domain -d 'Domain of the wildcard: the certificate is for *.DOMAIN' -r
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand wildcard-secret" -l cert -d 'Use this certificate, or this bundle of certificates and key (PEM, DER, a Secret), or - for stdin' -r -F
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand wildcard-secret" -l key -d 'Private key of that certificate (PEM, DER, a Secret)' -r -F
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand wildcard-secret" -l chain -d 'Intermediate certificates above it (PEM, DER)' -r -F
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand wildcard-secret" -s n -l namespace -d 'Namespace of the Secret and the TLSStore' -r
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand wildcard-secret" -l ca-out -d 'Write the CA certificate that browsers must import to this file, as DER if its name ends in .der' -r -F
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand wildcard-secret" -l reuse -d 'Keep the certificate of this Secret (file, directory, - for stdin) as long as it is good, and renew it under its CA, whose key is in the Secret or given with --ca-cert and --ca-key' -r -F
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand wildcard-secret" -l context -d 'Context of kubectl [default: the current one]' -r
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand wildcard-secret" -l output-dir -d 'Write one file per object into this new or empty directory instead of stdout' -r -f -a "(__fish_complete_directories)"
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand wildcard-secret" -l templates -d 'Use the templates in this directory in place of the built-in ones of the same name' -r -f -a "(__fish_complete_directories)"
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand wildcard-secret" -l traefik -d 'Traefik release that reads the TLSStore, 2.9 to 3.x' -r
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand wildcard-secret" -l days -d 'Lifetime of the certificate: days, or the RFC 3339 instant at which it expires' -r
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand wildcard-secret" -l ca-days -d 'Lifetime of the CA: days, or the RFC 3339 instant at which it expires' -r
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand wildcard-secret" -l key-type -d 'Type of the keys: p256, p384, rsa2048, rsa3072, rsa4096' -r
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand wildcard-secret" -l not-before -d 'Start of the validity [default: one hour before the present]' -r
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand wildcard-secret" -l organization -d 'Organization in the certificates\' subjects' -r
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand wildcard-secret" -l ca-cert -d 'Sign with this CA instead of a new one (PEM, DER, a Secret)' -r -F
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand wildcard-secret" -l ca-key -d 'Private key of that CA (PEM, DER, a Secret)' -r -F
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand wildcard-secret" -l ca-custody -d 'What becomes of the CA key in the Secret [default: dropped; with --reuse: as it was]' -r -f -a "stored\t'Write the CA keys beside the others, as the chart does'
dropped\t'Discard the CA keys after signing; a renewal makes a new CA'"
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand wildcard-secret" -l ca-key-out -d 'Write the CA\'s private key to this file' -r -F
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand wildcard-secret" -l now -d 'Use this RFC 3339 instant as the present [default: SOURCE_DATE_EPOCH, else the clock; certificates are issued only if the two are at most 90 days apart]' -r
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand wildcard-secret" -l apex -d 'Cover the domain itself too'
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand wildcard-secret" -l tls-store -d 'Render the TLSStore `default` too'
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand wildcard-secret" -l cluster -d 'Ask the cluster that kubectl points to, instead of reading files'
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand wildcard-secret" -l force -d 'Overwrite files that exist, but no private keys'
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand wildcard-secret" -l replace-keys -d 'Overwrite private keys too: the old ones are lost'
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand wildcard-secret" -l show-secrets -d 'Show private keys even if stdout is a terminal'
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand wildcard-secret" -s q -l quiet -d 'Print no notes on stderr, only warnings and errors'
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand wildcard-secret" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand wildcard" -l domain -d 'Domain of the wildcard: the certificate is for *.DOMAIN' -r
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand wildcard" -l cert -d 'Use this certificate, or this bundle of certificates and key (PEM, DER, a Secret), or - for stdin' -r -F
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand wildcard" -l key -d 'Private key of that certificate (PEM, DER, a Secret)' -r -F
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand wildcard" -l chain -d 'Intermediate certificates above it (PEM, DER)' -r -F
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand wildcard" -s n -l namespace -d 'Namespace of the Secret and the TLSStore' -r
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand wildcard" -l ca-out -d 'Write the CA certificate that browsers must import to this file, as DER if its name ends in .der' -r -F
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand wildcard" -l reuse -d 'Keep the certificate of this Secret (file, directory, - for stdin) as long as it is good, and renew it under its CA, whose key is in the Secret or given with --ca-cert and --ca-key' -r -F
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand wildcard" -l context -d 'Context of kubectl [default: the current one]' -r
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand wildcard" -l output-dir -d 'Write one file per object into this new or empty directory instead of stdout' -r -f -a "(__fish_complete_directories)"
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand wildcard" -l templates -d 'Use the templates in this directory in place of the built-in ones of the same name' -r -f -a "(__fish_complete_directories)"
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand wildcard" -l traefik -d 'Traefik release that reads the TLSStore, 2.9 to 3.x' -r
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand wildcard" -l days -d 'Lifetime of the certificate: days, or the RFC 3339 instant at which it expires' -r
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand wildcard" -l ca-days -d 'Lifetime of the CA: days, or the RFC 3339 instant at which it expires' -r
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand wildcard" -l key-type -d 'Type of the keys: p256, p384, rsa2048, rsa3072, rsa4096' -r
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand wildcard" -l not-before -d 'Start of the validity [default: one hour before the present]' -r
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand wildcard" -l organization -d 'Organization in the certificates\' subjects' -r
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand wildcard" -l ca-cert -d 'Sign with this CA instead of a new one (PEM, DER, a Secret)' -r -F
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand wildcard" -l ca-key -d 'Private key of that CA (PEM, DER, a Secret)' -r -F
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand wildcard" -l ca-custody -d 'What becomes of the CA key in the Secret [default: dropped; with --reuse: as it was]' -r -f -a "stored\t'Write the CA keys beside the others, as the chart does'
dropped\t'Discard the CA keys after signing; a renewal makes a new CA'"
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand wildcard" -l ca-key-out -d 'Write the CA\'s private key to this file' -r -F
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand wildcard" -l now -d 'Use this RFC 3339 instant as the present [default: SOURCE_DATE_EPOCH, else the clock; certificates are issued only if the two are at most 90 days apart]' -r
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand wildcard" -l apex -d 'Cover the domain itself too'
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand wildcard" -l tls-store -d 'Render the TLSStore `default` too'
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand wildcard" -l cluster -d 'Ask the cluster that kubectl points to, instead of reading files'
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand wildcard" -l force -d 'Overwrite files that exist, but no private keys'
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand wildcard" -l replace-keys -d 'Overwrite private keys too: the old ones are lost'
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand wildcard" -l show-secrets -d 'Show private keys even if stdout is a terminal'
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand wildcard" -s q -l quiet -d 'Print no notes on stderr, only warnings and errors'
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand wildcard" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand tls-store" -l secret -d 'Secret that holds the certificate, in the same namespace' -r
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand tls-store" -s n -l namespace -d 'Namespace of the TLSStore' -r
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand tls-store" -l output-dir -d 'Write one file per object into this new or empty directory instead of stdout' -r -f -a "(__fish_complete_directories)"
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand tls-store" -l templates -d 'Use the templates in this directory in place of the built-in ones of the same name' -r -f -a "(__fish_complete_directories)"
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand tls-store" -l traefik -d 'Traefik release that reads the TLSStore, 2.9 to 3.x' -r
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand tls-store" -l now -d 'Use this RFC 3339 instant as the present [default: SOURCE_DATE_EPOCH, else the clock; certificates are issued only if the two are at most 90 days apart]' -r
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand tls-store" -l force -d 'Overwrite files that exist, but no private keys'
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand tls-store" -l replace-keys -d 'Overwrite private keys too: the old ones are lost'
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand tls-store" -l show-secrets -d 'Show private keys even if stdout is a terminal'
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand tls-store" -s q -l quiet -d 'Print no notes on stderr, only warnings and errors'
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand tls-store" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand traefik-values" -l chart -d 'Major version of the Traefik Helm chart, 20 to 41' -r
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand traefik-values" -l replicas -d 'Run a Deployment of this many pods instead of a DaemonSet' -r
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand traefik-values" -l load-balancer -d 'Expose a Service of type LoadBalancer instead of host ports, with this traffic policy: Local, Cluster' -r
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand traefik-values" -l update-strategy -d 'Replace pods one after another, or when they are deleted: RollingUpdate, OnDelete' -r
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand traefik-values" -l log-level -d 'Log this level and above: TRACE, DEBUG, INFO, WARN, ERROR, FATAL, PANIC' -r
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand traefik-values" -l log-format -d 'Format of Traefik\'s log: json, common [default: json; charts 20 to 22: common]' -r
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand traefik-values" -l access-log -d 'Format of the access log: json, common, off [default: json; charts 20 to 22: common]' -r
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand traefik-values" -l redirect -d 'Redirect http to https: on, off [default: on; charts 20 to 22: off]' -r -f -a "on\t'Yes'
off\t'No'"
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand traefik-values" -l proxy-protocol-from -d 'Trust the PROXY protocol header of these peers [repeatable]' -r
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand traefik-values" -l forwarded-headers-from -d 'Trust the X-Forwarded headers of these peers [repeatable]' -r
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand traefik-values" -l watch-namespace -d 'Serve only routes of this namespace; name the TLSStore\'s too [repeatable] [default: all]' -r
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand traefik-values" -l read-timeout -d 'Cut off requests that take longer to arrive; 0s for no limit [default: 600s; charts 20 to 22: none]' -r
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand traefik-values" -l templates -d 'Use the templates in this directory in place of the built-in ones of the same name' -r -f -a "(__fish_complete_directories)"
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand traefik-values" -l now -d 'Use this RFC 3339 instant as the present [default: SOURCE_DATE_EPOCH, else the clock; certificates are issued only if the two are at most 90 days apart]' -r
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand traefik-values" -l host-network -d 'Bind ports 80 and 443 in the nodes\' network, as root, instead of using host ports'
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand traefik-values" -l prometheus -d 'Serve metrics for Prometheus on port 9100'
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand traefik-values" -s q -l quiet -d 'Print no notes on stderr, only warnings and errors'
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand traefik-values" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand ca" -l output-dir -d 'Directory for the files, new or empty' -r -f -a "(__fish_complete_directories)"
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand ca" -l permit-dns -l permit -d 'Domain that the CA may sign for, with all names below it [repeatable] [default: any]' -r
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand ca" -l permit-ip -d 'Address that the CA may sign for [repeatable] [default: any]' -r
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand ca" -l days -d 'Lifetime of the CA: days, or the RFC 3339 instant at which it expires' -r
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand ca" -l key-type -d 'Type of the key: p256, p384, rsa2048, rsa3072, rsa4096' -r
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand ca" -l not-before -d 'Start of the validity [default: one hour before the present]' -r
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand ca" -l organization -d 'Organization in the certificate\'s subject' -r
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand ca" -l now -d 'Use this RFC 3339 instant as the present [default: SOURCE_DATE_EPOCH, else the clock; certificates are issued only if the two are at most 90 days apart]' -r
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand ca" -l force -d 'Overwrite files that exist, but no private keys'
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand ca" -l replace-keys -d 'Overwrite private keys too: the old ones are lost'
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand ca" -s q -l quiet -d 'Print no notes on stderr, only warnings and errors'
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand ca" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand cert" -l dns -d 'Host name, or *.DOMAIN [repeatable]' -r
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand cert" -l ip -d 'IP address [repeatable]' -r
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand cert" -l output-dir -d 'Directory for the files, new or empty' -r -f -a "(__fish_complete_directories)"
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand cert" -l days -d 'Lifetime of the certificate: days, or the RFC 3339 instant at which it expires' -r
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand cert" -l ca-days -d 'Lifetime of the CA: days, or the RFC 3339 instant at which it expires' -r
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand cert" -l key-type -d 'Type of the keys: p256, p384, rsa2048, rsa3072, rsa4096' -r
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand cert" -l not-before -d 'Start of the validity [default: one hour before the present]' -r
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand cert" -l organization -d 'Organization in the certificates\' subjects' -r
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand cert" -l ca-cert -d 'Sign with this CA instead of a new one (PEM, DER, a Secret)' -r -F
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand cert" -l ca-key -d 'Private key of that CA (PEM, DER, a Secret)' -r -F
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand cert" -l ca-key-out -d 'Write the key of the new CA to this file' -r -F
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand cert" -l now -d 'Use this RFC 3339 instant as the present [default: SOURCE_DATE_EPOCH, else the clock; certificates are issued only if the two are at most 90 days apart]' -r
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand cert" -l force -d 'Overwrite files that exist, but no private keys'
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand cert" -l replace-keys -d 'Overwrite private keys too: the old ones are lost'
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand cert" -l client-auth -d 'Let the certificate identify a TLS client too'
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand cert" -s q -l quiet -d 'Print no notes on stderr, only warnings and errors'
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand cert" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand inspect" -s o -l format -l output -d 'Format of the report' -r -f -a "text\t'For people'
json\t'For programs'
yaml\t'The same as YAML'"
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand inspect" -l now -d 'Use this RFC 3339 instant as the present [default: SOURCE_DATE_EPOCH, else the clock; certificates are issued only if the two are at most 90 days apart]' -r
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand inspect" -l pem -d 'Print the certificates themselves as PEM, each once, and nothing else that is found'
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand inspect" -s q -l quiet -d 'Print no notes on stderr, only warnings and errors'
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand inspect" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand gitops; and not __fish_seen_subcommand_from init add remove render check diff status ca import help" -l now -d 'Use this RFC 3339 instant as the present [default: SOURCE_DATE_EPOCH, else the clock; certificates are issued only if the two are at most 90 days apart]' -r
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand gitops; and not __fish_seen_subcommand_from init add remove render check diff status ca import help" -s q -l quiet -d 'Print no notes on stderr, only warnings and errors'
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand gitops; and not __fish_seen_subcommand_from init add remove render check diff status ca import help" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand gitops; and not __fish_seen_subcommand_from init add remove render check diff status ca import help" -f -a "init" -d 'Write a starting fleet file into a directory, and what Git and sops must know of it'
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand gitops; and not __fish_seen_subcommand_from init add remove render check diff status ca import help" -f -a "add" -d 'Add an instance to the fleet file'
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand gitops; and not __fish_seen_subcommand_from init add remove render check diff status ca import help" -f -a "remove" -d 'Remove an instance from the fleet file'
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand gitops; and not __fish_seen_subcommand_from init add remove render check diff status ca import help" -f -a "render" -d 'Bring the tree in line with the fleet file: make, keep and renew certificates, write what has changed'
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand gitops; and not __fish_seen_subcommand_from init add remove render check diff status ca import help" -f -a "check" -d 'Check that the tree matches the fleet file and nothing is due; write nothing'
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand gitops; and not __fish_seen_subcommand_from init add remove render check diff status ca import help" -f -a "diff" -d 'Show what rendering would change; private keys as fingerprints'
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand gitops; and not __fish_seen_subcommand_from init add remove render check diff status ca import help" -f -a "status" -d 'Show when the tree\'s certificates expire'
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand gitops; and not __fish_seen_subcommand_from init add remove render check diff status ca import help" -f -a "ca" -d 'Print the CA of the tree that browsers import, or the CAs of an instance, as PEM'
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand gitops; and not __fish_seen_subcommand_from init add remove render check diff status ca import help" -f -a "import" -d 'Make a fleet file, and a tree with the keys that run already, from Secrets, values files or a CSV table'
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand gitops; and not __fish_seen_subcommand_from init add remove render check diff status ca import help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand gitops; and __fish_seen_subcommand_from init" -l output-dir -d 'Directory for the files' -r -f -a "(__fish_complete_directories)"
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand gitops; and __fish_seen_subcommand_from init" -l name -d 'Name of the fleet' -r
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand gitops; and __fish_seen_subcommand_from init" -l domain -d 'Domain that the wildcard certificate covers' -r
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand gitops; and __fish_seen_subcommand_from init" -l recipient -d 'age recipient for the private keys [repeatable] [default: those of `.sops.yaml` above the directory]' -r
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand gitops; and __fish_seen_subcommand_from init" -l now -d 'Use this RFC 3339 instant as the present [default: SOURCE_DATE_EPOCH, else the clock; certificates are issued only if the two are at most 90 days apart]' -r
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand gitops; and __fish_seen_subcommand_from init" -s q -l quiet -d 'Print no notes on stderr, only warnings and errors'
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand gitops; and __fish_seen_subcommand_from init" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand gitops; and __fish_seen_subcommand_from add" -l host -d 'Host that browsers ask for [default: as `externalHost` of the fleet file\'s defaults has it]' -r
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand gitops; and __fish_seen_subcommand_from add" -l profile -d 'Profile of the fleet file' -r
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand gitops; and __fish_seen_subcommand_from add" -s f -l fleet -d 'Fleet file [default: the nearest fleet.yaml, here or above]' -r -F
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand gitops; and __fish_seen_subcommand_from add" -l now -d 'Use this RFC 3339 instant as the present [default: SOURCE_DATE_EPOCH, else the clock; certificates are issued only if the two are at most 90 days apart]' -r
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand gitops; and __fish_seen_subcommand_from add" -s q -l quiet -d 'Print no notes on stderr, only warnings and errors'
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand gitops; and __fish_seen_subcommand_from add" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand gitops; and __fish_seen_subcommand_from remove" -s f -l fleet -d 'Fleet file [default: the nearest fleet.yaml, here or above]' -r -F
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand gitops; and __fish_seen_subcommand_from remove" -l now -d 'Use this RFC 3339 instant as the present [default: SOURCE_DATE_EPOCH, else the clock; certificates are issued only if the two are at most 90 days apart]' -r
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand gitops; and __fish_seen_subcommand_from remove" -s q -l quiet -d 'Print no notes on stderr, only warnings and errors'
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand gitops; and __fish_seen_subcommand_from remove" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand gitops; and __fish_seen_subcommand_from render" -s f -l fleet -d 'Fleet file, or - for stdin [default: the nearest fleet.yaml, here or above]' -r -F
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand gitops; and __fish_seen_subcommand_from render" -l output-dir -d 'Directory of the tree [default: that of the fleet file, or the fleet\'s tree elsewhere in the repository]' -r -f -a "(__fish_complete_directories)"
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand gitops; and __fish_seen_subcommand_from render" -l identity -d 'age key file that opens what is encrypted, or - for stdin; stored CA keys and changed recipients need it [repeatable] [default: SOPS_AGE_KEY_FILE, SOPS_AGE_KEY, ~/.config/sops/age/keys.txt]' -r -F
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand gitops; and __fish_seen_subcommand_from render" -l templates -d 'Use the templates in this directory in place of the built-in ones of the same name' -r -f -a "(__fish_complete_directories)"
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand gitops; and __fish_seen_subcommand_from render" -l jobs -d 'Number of threads [default: one per processor]' -r
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand gitops; and __fish_seen_subcommand_from render" -l phase -d 'Step of a roll-over to take; all at once is safe, because the old CA stays trusted alongside the new one' -r -f -a "all\t'All at once'
trust\t'Make successors that wait, and have their CAs trusted'
leaf\t'Let successors take over'
shrink\t'Trust only the current CAs'"
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand gitops; and __fish_seen_subcommand_from render" -l max-renewals -d 'Renew at most this many instances whose renewal can wait, those that expire soonest first' -r
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand gitops; and __fish_seen_subcommand_from render" -l max-issues -d 'Issue first keys to at most this many instances [default: in a tree that was rendered before, 5 or a tenth of all]' -r
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand gitops; and __fish_seen_subcommand_from render" -l ca-cert -d 'Sign with this CA instead of a new one (PEM, DER, a Secret)' -r -F
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand gitops; and __fish_seen_subcommand_from render" -l ca-key -d 'Private key of that CA (PEM, DER, a Secret)' -r -F
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand gitops; and __fish_seen_subcommand_from render" -l prune-max -d 'Remove at most this many instances, or give them other namespaces [default: 10, and no more than a fifth of all]' -r
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand gitops; and __fish_seen_subcommand_from render" -l fail-on -d 'Exit with 1 when everything is written but a certificate is blocked, or never' -r -f -a "blocked\t'A certificate that lacks something'
never\t'Nothing'"
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand gitops; and __fish_seen_subcommand_from render" -l summary -d 'Print a report for programs on stdout' -r -f -a "json\t'JSON, whose field `version` changes with its form'
yaml\t'The same as YAML'"
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand gitops; and __fish_seen_subcommand_from render" -l annotations -d 'Print on stdout what a CI shows beside the fleet file' -r -f -a "github\t'Workflow commands of GitHub Actions'
gitlab\t'A code quality report of GitLab'"
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand gitops; and __fish_seen_subcommand_from render" -l now -d 'Use this RFC 3339 instant as the present [default: SOURCE_DATE_EPOCH, else the clock; certificates are issued only if the two are at most 90 days apart]' -r
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand gitops; and __fish_seen_subcommand_from render" -l rekey -d 'Issue new keys where recipients or mode have changed; without it the keys stay, and --identity must open them'
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand gitops; and __fish_seen_subcommand_from render" -l prune -d 'Remove files of this fleet that are no longer needed'
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand gitops; and __fish_seen_subcommand_from render" -l adopt -d 'Take over files in the way that are not this fleet\'s'
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand gitops; and __fish_seen_subcommand_from render" -l allow-plain-in-git -d 'Keep private keys in clear text even in a Git work tree that does not ignore them'
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand gitops; and __fish_seen_subcommand_from render" -l verify -d 'Verify every signature and private value first, as `gitops check` does; reissue chains that do not hold, and leave damaged files as they are'
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand gitops; and __fish_seen_subcommand_from render" -l no-sync -d 'Do not wait until everything is on disk'
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand gitops; and __fish_seen_subcommand_from render" -s q -l quiet -d 'Print no notes on stderr, only warnings and errors'
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand gitops; and __fish_seen_subcommand_from render" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand gitops; and __fish_seen_subcommand_from check" -s f -l fleet -d 'Fleet file, or - for stdin [default: the nearest fleet.yaml, here or above]' -r -F
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand gitops; and __fish_seen_subcommand_from check" -l output-dir -d 'Directory of the tree [default: that of the fleet file, or the fleet\'s tree elsewhere in the repository]' -r -f -a "(__fish_complete_directories)"
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand gitops; and __fish_seen_subcommand_from check" -l identity -d 'age key file that opens what is encrypted, or - for stdin; stored CA keys and changed recipients need it [repeatable] [default: SOPS_AGE_KEY_FILE, SOPS_AGE_KEY, ~/.config/sops/age/keys.txt]' -r -F
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand gitops; and __fish_seen_subcommand_from check" -l templates -d 'Use the templates in this directory in place of the built-in ones of the same name' -r -f -a "(__fish_complete_directories)"
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand gitops; and __fish_seen_subcommand_from check" -l jobs -d 'Number of threads [default: one per processor]' -r
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand gitops; and __fish_seen_subcommand_from check" -l phase -d 'Step of a roll-over to take; all at once is safe, because the old CA stays trusted alongside the new one' -r -f -a "all\t'All at once'
trust\t'Make successors that wait, and have their CAs trusted'
leaf\t'Let successors take over'
shrink\t'Trust only the current CAs'"
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand gitops; and __fish_seen_subcommand_from check" -l max-renewals -d 'Renew at most this many instances whose renewal can wait, those that expire soonest first' -r
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand gitops; and __fish_seen_subcommand_from check" -l max-issues -d 'Issue first keys to at most this many instances [default: in a tree that was rendered before, 5 or a tenth of all]' -r
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand gitops; and __fish_seen_subcommand_from check" -l ca-cert -d 'Sign with this CA instead of a new one (PEM, DER, a Secret)' -r -F
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand gitops; and __fish_seen_subcommand_from check" -l ca-key -d 'Private key of that CA (PEM, DER, a Secret)' -r -F
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand gitops; and __fish_seen_subcommand_from check" -l summary -d 'Print a report for programs on stdout' -r -f -a "json\t'JSON, whose field `version` changes with its form'
yaml\t'The same as YAML'"
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand gitops; and __fish_seen_subcommand_from check" -l annotations -d 'Print on stdout what a CI shows beside the fleet file' -r -f -a "github\t'Workflow commands of GitHub Actions'
gitlab\t'A code quality report of GitLab'"
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand gitops; and __fish_seen_subcommand_from check" -l now -d 'Use this RFC 3339 instant as the present [default: SOURCE_DATE_EPOCH, else the clock; certificates are issued only if the two are at most 90 days apart]' -r
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand gitops; and __fish_seen_subcommand_from check" -l rekey -d 'Issue new keys where recipients or mode have changed; without it the keys stay, and --identity must open them'
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand gitops; and __fish_seen_subcommand_from check" -s q -l quiet -d 'Print no notes on stderr, only warnings and errors'
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand gitops; and __fish_seen_subcommand_from check" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand gitops; and __fish_seen_subcommand_from diff" -s f -l fleet -d 'Fleet file, or - for stdin [default: the nearest fleet.yaml, here or above]' -r -F
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand gitops; and __fish_seen_subcommand_from diff" -l output-dir -d 'Directory of the tree [default: that of the fleet file, or the fleet\'s tree elsewhere in the repository]' -r -f -a "(__fish_complete_directories)"
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand gitops; and __fish_seen_subcommand_from diff" -l identity -d 'age key file that opens what is encrypted, or - for stdin; stored CA keys and changed recipients need it [repeatable] [default: SOPS_AGE_KEY_FILE, SOPS_AGE_KEY, ~/.config/sops/age/keys.txt]' -r -F
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand gitops; and __fish_seen_subcommand_from diff" -l templates -d 'Use the templates in this directory in place of the built-in ones of the same name' -r -f -a "(__fish_complete_directories)"
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand gitops; and __fish_seen_subcommand_from diff" -l jobs -d 'Number of threads [default: one per processor]' -r
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand gitops; and __fish_seen_subcommand_from diff" -l phase -d 'Step of a roll-over to take; all at once is safe, because the old CA stays trusted alongside the new one' -r -f -a "all\t'All at once'
trust\t'Make successors that wait, and have their CAs trusted'
leaf\t'Let successors take over'
shrink\t'Trust only the current CAs'"
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand gitops; and __fish_seen_subcommand_from diff" -l max-renewals -d 'Renew at most this many instances whose renewal can wait, those that expire soonest first' -r
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand gitops; and __fish_seen_subcommand_from diff" -l max-issues -d 'Issue first keys to at most this many instances [default: in a tree that was rendered before, 5 or a tenth of all]' -r
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand gitops; and __fish_seen_subcommand_from diff" -l ca-cert -d 'Sign with this CA instead of a new one (PEM, DER, a Secret)' -r -F
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand gitops; and __fish_seen_subcommand_from diff" -l ca-key -d 'Private key of that CA (PEM, DER, a Secret)' -r -F
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand gitops; and __fish_seen_subcommand_from diff" -l now -d 'Use this RFC 3339 instant as the present [default: SOURCE_DATE_EPOCH, else the clock; certificates are issued only if the two are at most 90 days apart]' -r
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand gitops; and __fish_seen_subcommand_from diff" -l rekey -d 'Issue new keys where recipients or mode have changed; without it the keys stay, and --identity must open them'
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand gitops; and __fish_seen_subcommand_from diff" -s q -l quiet -d 'Print no notes on stderr, only warnings and errors'
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand gitops; and __fish_seen_subcommand_from diff" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand gitops; and __fish_seen_subcommand_from status" -l output-dir -d 'Directory of the tree [default: that of the fleet file, or the fleet\'s tree elsewhere in the repository]' -r -f -a "(__fish_complete_directories)"
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand gitops; and __fish_seen_subcommand_from status" -s f -l fleet -d 'Take the renewal dates from this fleet file [default: fleet.yaml in a directory that is read]' -r -F
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand gitops; and __fish_seen_subcommand_from status" -s o -l format -l output -d 'Format of the report' -r -f -a "table\t'A table, the most urgent certificate first'
json\t'For programs'
yaml\t'The same as YAML'
prometheus\t'Text format of Prometheus, for the textfile collector'
html\t'A page for the browser, complete in one file'
mermaid\t'A Mermaid flowchart of each instance\'s path'
dot\t'The same for Graphviz'"
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand gitops; and __fish_seen_subcommand_from status" -l fail-within -d 'Exit with 1 when a certificate expires within this time (30d, 12h, 4w), has expired, or cannot be read; without this option the exit status is 0 whatever is found' -r
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand gitops; and __fish_seen_subcommand_from status" -l output-file -d 'Write the report to this file instead of stdout, all of it or nothing' -r -F
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand gitops; and __fish_seen_subcommand_from status" -l now -d 'Use this RFC 3339 instant as the present [default: SOURCE_DATE_EPOCH, else the clock; certificates are issued only if the two are at most 90 days apart]' -r
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand gitops; and __fish_seen_subcommand_from status" -l force -d 'Overwrite that file'
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand gitops; and __fish_seen_subcommand_from status" -s q -l quiet -d 'Print no notes on stderr, only warnings and errors'
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand gitops; and __fish_seen_subcommand_from status" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand gitops; and __fish_seen_subcommand_from ca" -s f -l fleet -d 'Fleet file, or - for stdin [default: the nearest fleet.yaml, here or above]' -r -F
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand gitops; and __fish_seen_subcommand_from ca" -l output-dir -d 'Directory of the tree [default: that of the fleet file, or the fleet\'s tree elsewhere in the repository]' -r -f -a "(__fish_complete_directories)"
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand gitops; and __fish_seen_subcommand_from ca" -l now -d 'Use this RFC 3339 instant as the present [default: SOURCE_DATE_EPOCH, else the clock; certificates are issued only if the two are at most 90 days apart]' -r
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand gitops; and __fish_seen_subcommand_from ca" -s q -l quiet -d 'Print no notes on stderr, only warnings and errors'
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand gitops; and __fish_seen_subcommand_from ca" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand gitops; and __fish_seen_subcommand_from import" -l secrets -d 'Secrets as `kubectl get secret -A -o yaml` prints them, or - for stdin' -r -F
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand gitops; and __fish_seen_subcommand_from import" -l values -d 'Values file of a chart release, with the instance\'s name [repeatable]' -r
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand gitops; and __fish_seen_subcommand_from import" -l csv -d 'Table of instances, one per line, with a heading' -r -F
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand gitops; and __fish_seen_subcommand_from import" -l output-dir -d 'Directory for the files' -r -f -a "(__fish_complete_directories)"
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand gitops; and __fish_seen_subcommand_from import" -l name -d 'Name of the fleet' -r
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand gitops; and __fish_seen_subcommand_from import" -l domain -d 'Domain that the wildcard certificate covers' -r
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand gitops; and __fish_seen_subcommand_from import" -l recipient -d 'age recipient for the private keys [repeatable] [default: those of `.sops.yaml` above the directory]' -r
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand gitops; and __fish_seen_subcommand_from import" -l now -d 'Use this RFC 3339 instant as the present [default: SOURCE_DATE_EPOCH, else the clock; certificates are issued only if the two are at most 90 days apart]' -r
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand gitops; and __fish_seen_subcommand_from import" -l plain -d 'Keep private keys in clear text instead of encrypting them'
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand gitops; and __fish_seen_subcommand_from import" -l allow-plain-in-git -d 'Keep private keys in clear text even in a Git work tree that does not ignore them'
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand gitops; and __fish_seen_subcommand_from import" -s q -l quiet -d 'Print no notes on stderr, only warnings and errors'
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand gitops; and __fish_seen_subcommand_from import" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand gitops; and __fish_seen_subcommand_from help" -f -a "init" -d 'Write a starting fleet file into a directory, and what Git and sops must know of it'
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand gitops; and __fish_seen_subcommand_from help" -f -a "add" -d 'Add an instance to the fleet file'
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand gitops; and __fish_seen_subcommand_from help" -f -a "remove" -d 'Remove an instance from the fleet file'
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand gitops; and __fish_seen_subcommand_from help" -f -a "render" -d 'Bring the tree in line with the fleet file: make, keep and renew certificates, write what has changed'
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand gitops; and __fish_seen_subcommand_from help" -f -a "check" -d 'Check that the tree matches the fleet file and nothing is due; write nothing'
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand gitops; and __fish_seen_subcommand_from help" -f -a "diff" -d 'Show what rendering would change; private keys as fingerprints'
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand gitops; and __fish_seen_subcommand_from help" -f -a "status" -d 'Show when the tree\'s certificates expire'
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand gitops; and __fish_seen_subcommand_from help" -f -a "ca" -d 'Print the CA of the tree that browsers import, or the CAs of an instance, as PEM'
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand gitops; and __fish_seen_subcommand_from help" -f -a "import" -d 'Make a fleet file, and a tree with the keys that run already, from Secrets, values files or a CSV table'
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand gitops; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand status" -s f -l fleet -d 'Take the renewal dates from this fleet file [default: fleet.yaml in a directory that is read]' -r -F
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand status" -s o -l format -l output -d 'Format of the report' -r -f -a "table\t'A table, the most urgent certificate first'
json\t'For programs'
yaml\t'The same as YAML'
prometheus\t'Text format of Prometheus, for the textfile collector'
html\t'A page for the browser, complete in one file'
mermaid\t'A Mermaid flowchart of each instance\'s path'
dot\t'The same for Graphviz'"
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand status" -l fail-within -d 'Exit with 1 when a certificate expires within this time (30d, 12h, 4w), has expired, or cannot be read; without this option the exit status is 0 whatever is found' -r
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand status" -l output-file -d 'Write the report to this file instead of stdout, all of it or nothing' -r -F
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand status" -l context -d 'Context of kubectl [default: the current one]' -r
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand status" -l connect -d 'Check the certificates that a live host presents too; after `=`, the address to connect to instead of what DNS returns [repeatable]' -r
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand status" -l connect-file -d 'Check the hosts in this file too, one per line in the same form, or - for stdin' -r -F
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand status" -l connect-routes -d 'Check every host that a route of the manifests names too; after `=`, one address for all of them' -r
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand status" -l now -d 'Use this RFC 3339 instant as the present [default: SOURCE_DATE_EPOCH, else the clock; certificates are issued only if the two are at most 90 days apart]' -r
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand status" -l force -d 'Overwrite that file'
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand status" -l cluster -d 'Ask the cluster that kubectl points to, instead of reading files'
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand status" -s q -l quiet -d 'Print no notes on stderr, only warnings and errors'
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand status" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand probe" -l ca -d 'Trust this CA as browsers do (PEM, DER, a Secret) [default: that of the manifests\' TLSStore, else the system\'s roots]' -r -F
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand probe" -l manifest -d 'Read Traefik\'s configuration from these manifests (file, directory, - for stdin) [repeatable]' -r -F
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand probe" -s o -l format -l output -d 'Format of the report' -r -f -a "text\t'For people'
json\t'For programs'
yaml\t'The same as YAML'"
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand probe" -l connect -d 'Connect to this address instead of what DNS returns' -r
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand probe" -l path -d 'Request this path [default: / or one that the manifests\' route takes]' -r
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand probe" -l http -d 'Check whether port 80 redirects to https too' -r
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand probe" -l expires-within -d 'Warn of certificates that expire within this time' -r
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand probe" -l backend -d 'Check the leg from Traefik to the httpd too, at this address' -r
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand probe" -l service -d 'If the route has several services, check this one' -r
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand probe" -l backend-ca -d 'Trust this CA on that leg, if no manifests name one (PEM, DER, a Secret)' -r -F
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand probe" -l context -d 'Context of kubectl [default: the current one]' -r
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand probe" -l proxy-protocol -d 'Send this header first, as a load balancer does' -r -f -a "v1\t'A line of text'
v2\t'A binary block'"
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand probe" -l cert -d 'Present this certificate to a server that asks for one (PEM, DER, a Secret)' -r -F
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand probe" -l key -d 'Private key of that certificate (PEM, DER, a Secret)' -r -F
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand probe" -l timeout -d 'Wait this long for DNS, for each connection and for each TLS handshake' -r
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand probe" -l http-timeout -d 'Wait this long for an answer' -r
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand probe" -l now -d 'Use this RFC 3339 instant as the present [default: SOURCE_DATE_EPOCH, else the clock; certificates are issued only if the two are at most 90 days apart]' -r
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand probe" -l cluster -d 'Ask the cluster that kubectl points to, instead of reading files'
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand probe" -l insecure-continue -d 'Request the page even if the certificate is refused; the report says so'
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand probe" -s q -l quiet -d 'Print no notes on stderr, only warnings and errors'
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand probe" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand lint" -s o -l format -l output -d 'Format of the report' -r -f -a "text\t'For people'
json\t'For programs'
yaml\t'The same as YAML'
sarif\t'SARIF 2.1.0, for code forges'
github\t'Annotations of GitHub Actions'"
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand lint" -l explain -d 'Explain what a rule looks for, what would happen, and what to do' -r
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand lint" -l traefik -d 'Traefik release that reads the manifests [default: detected, else 3.7]' -r
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand lint" -l chart -d 'Version of Traefik\'s Helm chart that reads the values files [default: the newest that fits]' -r
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand lint" -l host -d 'Host that a route must answer for [repeatable]' -r
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand lint" -l expires-within -d 'Find certificates that expire within this many days [default: 30, or a third of a shorter lifetime]' -r
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand lint" -l level -d 'Show findings of this level and above' -r -f -a "info\t'Worth knowing'
warning\t'Works by luck, or for a while'
error\t'Fails in production'"
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand lint" -l fail-on -d 'Exit with 1 for findings of this level and above' -r -f -a "info\t'Worth knowing'
warning\t'Works by luck, or for a while'
error\t'Fails in production'"
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand lint" -l baseline -d 'Leave out the findings that this file accepts' -r -F
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand lint" -l write-baseline -d 'Write the findings to this file, to accept them from now on' -r -F
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand lint" -l now -d 'Use this RFC 3339 instant as the present [default: SOURCE_DATE_EPOCH, else the clock; certificates are issued only if the two are at most 90 days apart]' -r
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand lint" -l strict-references -d 'Treat references to objects outside the input as errors'
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand lint" -l force -d 'Overwrite an existing baseline'
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand lint" -s q -l quiet -d 'Print no notes on stderr, only warnings and errors'
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand lint" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand templates; and not __fish_seen_subcommand_from list export help" -l now -d 'Use this RFC 3339 instant as the present [default: SOURCE_DATE_EPOCH, else the clock; certificates are issued only if the two are at most 90 days apart]' -r
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand templates; and not __fish_seen_subcommand_from list export help" -s q -l quiet -d 'Print no notes on stderr, only warnings and errors'
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand templates; and not __fish_seen_subcommand_from list export help" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand templates; and not __fish_seen_subcommand_from list export help" -f -a "list" -d 'List the built-in templates by name'
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand templates; and not __fish_seen_subcommand_from list export help" -f -a "export" -d 'Write the built-in templates into a new or empty directory, to change and pass to --templates'
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand templates; and not __fish_seen_subcommand_from list export help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand templates; and __fish_seen_subcommand_from list" -l now -d 'Use this RFC 3339 instant as the present [default: SOURCE_DATE_EPOCH, else the clock; certificates are issued only if the two are at most 90 days apart]' -r
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand templates; and __fish_seen_subcommand_from list" -s q -l quiet -d 'Print no notes on stderr, only warnings and errors'
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand templates; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand templates; and __fish_seen_subcommand_from export" -l output-dir -d 'Directory for the files' -r -f -a "(__fish_complete_directories)"
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand templates; and __fish_seen_subcommand_from export" -l now -d 'Use this RFC 3339 instant as the present [default: SOURCE_DATE_EPOCH, else the clock; certificates are issued only if the two are at most 90 days apart]' -r
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand templates; and __fish_seen_subcommand_from export" -l force -d 'Overwrite files that exist'
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand templates; and __fish_seen_subcommand_from export" -s q -l quiet -d 'Print no notes on stderr, only warnings and errors'
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand templates; and __fish_seen_subcommand_from export" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand templates; and __fish_seen_subcommand_from help" -f -a "list" -d 'List the built-in templates by name'
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand templates; and __fish_seen_subcommand_from help" -f -a "export" -d 'Write the built-in templates into a new or empty directory, to change and pass to --templates'
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand templates; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand schema" -l now -d 'Use this RFC 3339 instant as the present [default: SOURCE_DATE_EPOCH, else the clock; certificates are issued only if the two are at most 90 days apart]' -r
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand schema" -s q -l quiet -d 'Print no notes on stderr, only warnings and errors'
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand schema" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand completions" -l now -d 'Use this RFC 3339 instant as the present [default: SOURCE_DATE_EPOCH, else the clock; certificates are issued only if the two are at most 90 days apart]' -r
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand completions" -s q -l quiet -d 'Print no notes on stderr, only warnings and errors'
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand completions" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand man" -l output-dir -d 'Write a page for the program and for each subcommand into this new or empty directory' -r -f -a "(__fish_complete_directories)"
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand man" -l now -d 'Use this RFC 3339 instant as the present [default: SOURCE_DATE_EPOCH, else the clock; certificates are issued only if the two are at most 90 days apart]' -r
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand man" -l force -d 'Overwrite files that exist'
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand man" -s q -l quiet -d 'Print no notes on stderr, only warnings and errors'
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand man" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand help; and not __fish_seen_subcommand_from new-instance wildcard-secret tls-store traefik-values ca cert inspect gitops status probe lint templates schema completions man help" -f -a "new-instance" -d 'Make an instance\'s certificates and render its manifests'
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand help; and not __fish_seen_subcommand_from new-instance wildcard-secret tls-store traefik-values ca cert inspect gitops status probe lint templates schema completions man help" -f -a "wildcard-secret" -d 'Render the Secret of the wildcard certificate, newly made or taken from files'
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand help; and not __fish_seen_subcommand_from new-instance wildcard-secret tls-store traefik-values ca cert inspect gitops status probe lint templates schema completions man help" -f -a "tls-store" -d 'Render the TLSStore that makes a Secret the default certificate'
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand help; and not __fish_seen_subcommand_from new-instance wildcard-secret tls-store traefik-values ca cert inspect gitops status probe lint templates schema completions man help" -f -a "traefik-values" -d 'Render the values file of the Traefik Helm chart'
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand help; and not __fish_seen_subcommand_from new-instance wildcard-secret tls-store traefik-values ca cert inspect gitops status probe lint templates schema completions man help" -f -a "ca" -d 'Make a CA as PEM files'
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand help; and not __fish_seen_subcommand_from new-instance wildcard-secret tls-store traefik-values ca cert inspect gitops status probe lint templates schema completions man help" -f -a "cert" -d 'Make a server certificate as PEM files, under an existing CA or one of its own'
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand help; and not __fish_seen_subcommand_from new-instance wildcard-secret tls-store traefik-values ca cert inspect gitops status probe lint templates schema completions man help" -f -a "inspect" -d 'Show what is in certificates: PEM files, bundles, Secrets in manifests'
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand help; and not __fish_seen_subcommand_from new-instance wildcard-secret tls-store traefik-values ca cert inspect gitops status probe lint templates schema completions man help" -f -a "gitops" -d 'Keep a fleet of instances as files in Git, with its keys'
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand help; and not __fish_seen_subcommand_from new-instance wildcard-secret tls-store traefik-values ca cert inspect gitops status probe lint templates schema completions man help" -f -a "status" -d 'Show when a fleet\'s certificates expire, and the path of each instance'
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand help; and not __fish_seen_subcommand_from new-instance wildcard-secret tls-store traefik-values ca cert inspect gitops status probe lint templates schema completions man help" -f -a "probe" -d 'Check a live host as a browser does, and its httpd as Traefik does'
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand help; and not __fish_seen_subcommand_from new-instance wildcard-secret tls-store traefik-values ca cert inspect gitops status probe lint templates schema completions man help" -f -a "lint" -d 'Find what would go wrong with manifests, before they are applied'
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand help; and not __fish_seen_subcommand_from new-instance wildcard-secret tls-store traefik-values ca cert inspect gitops status probe lint templates schema completions man help" -f -a "templates" -d 'List or export the built-in templates'
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand help; and not __fish_seen_subcommand_from new-instance wildcard-secret tls-store traefik-values ca cert inspect gitops status probe lint templates schema completions man help" -f -a "schema" -d 'Print the JSON Schema of a kind of file'
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand help; and not __fish_seen_subcommand_from new-instance wildcard-secret tls-store traefik-values ca cert inspect gitops status probe lint templates schema completions man help" -f -a "completions" -d 'Print a completion script'
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand help; and not __fish_seen_subcommand_from new-instance wildcard-secret tls-store traefik-values ca cert inspect gitops status probe lint templates schema completions man help" -f -a "man" -d 'Print the manual page'
complete -c civi-ingress -n "__fish_civi_ingress_using_subcommand help; and not __fish_seen_subcommand_from new-instance wildcard-secret tls-store traefik-values ca cert inspect gitops status probe lint templates schema completions man help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
