
using namespace System.Management.Automation
using namespace System.Management.Automation.Language

Register-ArgumentCompleter -Native -CommandName 'civi-ingress' -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)

    $commandElements = $commandAst.CommandElements
    $command = @(
        'civi-ingress'
        for ($i = 1; $i -lt $commandElements.Count; $i++) {
            $element = $commandElements[$i]
            if ($element -isnot [StringConstantExpressionAst] -or
                $element.StringConstantType -ne [StringConstantType]::BareWord -or
                $element.Value.StartsWith('-') -or
                $element.Value -eq $wordToComplete) {
                break
        }
        $element.Value
    }) -join ';'

    $completions = @(switch ($command) {
        'civi-ingress' {
            [CompletionResult]::new('--now', '--now', [CompletionResultType]::ParameterName, 'Use this RFC 3339 instant as the present [default: SOURCE_DATE_EPOCH, else the clock; certificates are issued only if the two are at most 90 days apart]')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print no notes on stderr, only warnings and errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print no notes on stderr, only warnings and errors')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('new-instance', 'new-instance', [CompletionResultType]::ParameterValue, 'Make an instance''s certificates and render its manifests')
            [CompletionResult]::new('wildcard-secret', 'wildcard-secret', [CompletionResultType]::ParameterValue, 'Render the Secret of the wildcard certificate, newly made or taken from files')
            [CompletionResult]::new('wildcard', 'wildcard', [CompletionResultType]::ParameterValue, 'Render the Secret of the wildcard certificate, newly made or taken from files')
            [CompletionResult]::new('tls-store', 'tls-store', [CompletionResultType]::ParameterValue, 'Render the TLSStore that makes a Secret the default certificate')
            [CompletionResult]::new('traefik-values', 'traefik-values', [CompletionResultType]::ParameterValue, 'Render the values file of the Traefik Helm chart')
            [CompletionResult]::new('ca', 'ca', [CompletionResultType]::ParameterValue, 'Make a CA as PEM files')
            [CompletionResult]::new('cert', 'cert', [CompletionResultType]::ParameterValue, 'Make a server certificate as PEM files, under an existing CA or one of its own')
            [CompletionResult]::new('inspect', 'inspect', [CompletionResultType]::ParameterValue, 'Show what is in certificates: PEM files, bundles, Secrets in manifests')
            [CompletionResult]::new('gitops', 'gitops', [CompletionResultType]::ParameterValue, 'Keep a fleet of instances as files in Git, with its keys')
            [CompletionResult]::new('status', 'status', [CompletionResultType]::ParameterValue, 'Show when a fleet''s certificates expire, and the path of each instance')
            [CompletionResult]::new('probe', 'probe', [CompletionResultType]::ParameterValue, 'Check a live host as a browser does, and its httpd as Traefik does')
            [CompletionResult]::new('lint', 'lint', [CompletionResultType]::ParameterValue, 'Find what would go wrong with manifests, before they are applied')
            [CompletionResult]::new('templates', 'templates', [CompletionResultType]::ParameterValue, 'List or export the built-in templates')
            [CompletionResult]::new('schema', 'schema', [CompletionResultType]::ParameterValue, 'Print the JSON Schema of a kind of file')
            [CompletionResult]::new('completions', 'completions', [CompletionResultType]::ParameterValue, 'Print a completion script')
            [CompletionResult]::new('man', 'man', [CompletionResultType]::ParameterValue, 'Print the manual page')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'civi-ingress;new-instance' {
            [CompletionResult]::new('--host', '--host', [CompletionResultType]::ParameterName, 'Host that browsers ask for [default: `externalhost` of the values]')
            [CompletionResult]::new('--alias', '--alias', [CompletionResultType]::ParameterName, 'Additional host of the instance, in the certificate and the route [repeatable]')
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'Namespace of the objects')
            [CompletionResult]::new('--namespace', '--namespace', [CompletionResultType]::ParameterName, 'Namespace of the objects')
            [CompletionResult]::new('-f', '-f', [CompletionResultType]::ParameterName, 'Values file of the Civiparoisse chart, or - for stdin; a later one wins [repeatable]')
            [CompletionResult]::new('--values', '--values', [CompletionResultType]::ParameterName, 'Values file of the Civiparoisse chart, or - for stdin; a later one wins [repeatable]')
            [CompletionResult]::new('--set', '--set', [CompletionResultType]::ParameterName, 'Set a value, as Helm''s --set does [repeatable]')
            [CompletionResult]::new('--set-string', '--set-string', [CompletionResultType]::ParameterName, 'Set a value that stays a string [repeatable]')
            [CompletionResult]::new('--reuse', '--reuse', [CompletionResultType]::ParameterName, 'Keep the keys and certificates of these manifests (file, directory, - for stdin) as long as they are good')
            [CompletionResult]::new('--context', '--context', [CompletionResultType]::ParameterName, 'Context of kubectl [default: the current one]')
            [CompletionResult]::new('--output-dir', '--output-dir', [CompletionResultType]::ParameterName, 'Write one file per object into this new or empty directory instead of stdout')
            [CompletionResult]::new('--templates', '--templates', [CompletionResultType]::ParameterName, 'Use the templates in this directory in place of the built-in ones of the same name')
            [CompletionResult]::new('--traefik', '--traefik', [CompletionResultType]::ParameterName, 'Traefik release that reads the manifests, 2.9 to 3.x')
            [CompletionResult]::new('--days', '--days', [CompletionResultType]::ParameterName, 'Lifetime of the certificate: days, or the RFC 3339 instant at which it expires')
            [CompletionResult]::new('--ca-days', '--ca-days', [CompletionResultType]::ParameterName, 'Lifetime of the CA: days, or the RFC 3339 instant at which it expires')
            [CompletionResult]::new('--key-type', '--key-type', [CompletionResultType]::ParameterName, 'Type of the keys: p256, p384, rsa2048, rsa3072, rsa4096')
            [CompletionResult]::new('--not-before', '--not-before', [CompletionResultType]::ParameterName, 'Start of the validity [default: one hour before the present]')
            [CompletionResult]::new('--organization', '--organization', [CompletionResultType]::ParameterName, 'Organization in the certificates'' subjects')
            [CompletionResult]::new('--ca-cert', '--ca-cert', [CompletionResultType]::ParameterName, 'Sign with this CA instead of a new one (PEM, DER, a Secret)')
            [CompletionResult]::new('--ca-key', '--ca-key', [CompletionResultType]::ParameterName, 'Private key of that CA (PEM, DER, a Secret)')
            [CompletionResult]::new('--ca-custody', '--ca-custody', [CompletionResultType]::ParameterName, 'What becomes of the CA keys [default: stored; for an existing CA: dropped]')
            [CompletionResult]::new('--ca-key-out', '--ca-key-out', [CompletionResultType]::ParameterName, 'Write the key of the new instance CA to this file')
            [CompletionResult]::new('--helm-release', '--helm-release', [CompletionResultType]::ParameterName, 'Mark the chart''s objects so that this Helm release adopts them')
            [CompletionResult]::new('--retry', '--retry', [CompletionResultType]::ParameterName, 'Retry failed connections to the httpd, up to this many attempts in all')
            [CompletionResult]::new('--hsts', '--hsts', [CompletionResultType]::ParameterName, 'Send Strict-Transport-Security with this max-age')
            [CompletionResult]::new('--traefik-namespace', '--traefik-namespace', [CompletionResultType]::ParameterName, 'Namespace of Traefik''s pods')
            [CompletionResult]::new('--traefik-label', '--traefik-label', [CompletionResultType]::ParameterName, 'Label of Traefik''s pods [repeatable] [default: app.kubernetes.io/name=traefik]')
            [CompletionResult]::new('--traefik-cidr', '--traefik-cidr', [CompletionResultType]::ParameterName, 'Range of the nodes'' addresses [repeatable]')
            [CompletionResult]::new('--now', '--now', [CompletionResultType]::ParameterName, 'Use this RFC 3339 instant as the present [default: SOURCE_DATE_EPOCH, else the clock; certificates are issued only if the two are at most 90 days apart]')
            [CompletionResult]::new('--cluster', '--cluster', [CompletionResultType]::ParameterName, 'Ask the cluster that kubectl points to, instead of reading files')
            [CompletionResult]::new('--force', '--force', [CompletionResultType]::ParameterName, 'Overwrite files that exist, but no private keys')
            [CompletionResult]::new('--replace-keys', '--replace-keys', [CompletionResultType]::ParameterName, 'Overwrite private keys too: the old ones are lost')
            [CompletionResult]::new('--show-secrets', '--show-secrets', [CompletionResultType]::ParameterName, 'Show private keys even if stdout is a terminal')
            [CompletionResult]::new('--create-namespace', '--create-namespace', [CompletionResultType]::ParameterName, 'Render the Namespace too')
            [CompletionResult]::new('--config-map', '--config-map', [CompletionResultType]::ParameterName, 'Render the httpd''s ConfigMap too')
            [CompletionResult]::new('--client-auth', '--client-auth', [CompletionResultType]::ParameterName, 'Make a client CA and Traefik''s own certificate, for an httpd that asks for one')
            [CompletionResult]::new('--network-policy', '--network-policy', [CompletionResultType]::ParameterName, 'Let only Traefik reach the httpd (NetworkPolicy)')
            [CompletionResult]::new('--default-deny', '--default-deny', [CompletionResultType]::ParameterName, 'Close the namespace to other namespaces, except for what --network-policy opens')
            [CompletionResult]::new('--traefik-host-network', '--traefik-host-network', [CompletionResultType]::ParameterName, 'Traefik uses the nodes'' network: --traefik-cidr then names the nodes')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print no notes on stderr, only warnings and errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print no notes on stderr, only warnings and errors')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'civi-ingress;wildcard-secret' {
            [CompletionResult]::new('--domain', '--domain', [CompletionResultType]::ParameterName, 'Domain of the wildcard: the certificate is for *.DOMAIN')
            [CompletionResult]::new('--cert', '--cert', [CompletionResultType]::ParameterName, 'Use this certificate, or this bundle of certificates and key (PEM, DER, a Secret), or - for stdin')
            [CompletionResult]::new('--key', '--key', [CompletionResultType]::ParameterName, 'Private key of that certificate (PEM, DER, a Secret)')
            [CompletionResult]::new('--chain', '--chain', [CompletionResultType]::ParameterName, 'Intermediate certificates above it (PEM, DER)')
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'Namespace of the Secret and the TLSStore')
            [CompletionResult]::new('--namespace', '--namespace', [CompletionResultType]::ParameterName, 'Namespace of the Secret and the TLSStore')
            [CompletionResult]::new('--ca-out', '--ca-out', [CompletionResultType]::ParameterName, 'Write the CA certificate that browsers must import to this file, as DER if its name ends in .der')
            [CompletionResult]::new('--reuse', '--reuse', [CompletionResultType]::ParameterName, 'Keep the certificate of this Secret (file, directory, - for stdin) as long as it is good, and renew it under its CA, whose key is in the Secret or given with --ca-cert and --ca-key')
            [CompletionResult]::new('--context', '--context', [CompletionResultType]::ParameterName, 'Context of kubectl [default: the current one]')
            [CompletionResult]::new('--output-dir', '--output-dir', [CompletionResultType]::ParameterName, 'Write one file per object into this new or empty directory instead of stdout')
            [CompletionResult]::new('--templates', '--templates', [CompletionResultType]::ParameterName, 'Use the templates in this directory in place of the built-in ones of the same name')
            [CompletionResult]::new('--traefik', '--traefik', [CompletionResultType]::ParameterName, 'Traefik release that reads the TLSStore, 2.9 to 3.x')
            [CompletionResult]::new('--days', '--days', [CompletionResultType]::ParameterName, 'Lifetime of the certificate: days, or the RFC 3339 instant at which it expires')
            [CompletionResult]::new('--ca-days', '--ca-days', [CompletionResultType]::ParameterName, 'Lifetime of the CA: days, or the RFC 3339 instant at which it expires')
            [CompletionResult]::new('--key-type', '--key-type', [CompletionResultType]::ParameterName, 'Type of the keys: p256, p384, rsa2048, rsa3072, rsa4096')
            [CompletionResult]::new('--not-before', '--not-before', [CompletionResultType]::ParameterName, 'Start of the validity [default: one hour before the present]')
            [CompletionResult]::new('--organization', '--organization', [CompletionResultType]::ParameterName, 'Organization in the certificates'' subjects')
            [CompletionResult]::new('--ca-cert', '--ca-cert', [CompletionResultType]::ParameterName, 'Sign with this CA instead of a new one (PEM, DER, a Secret)')
            [CompletionResult]::new('--ca-key', '--ca-key', [CompletionResultType]::ParameterName, 'Private key of that CA (PEM, DER, a Secret)')
            [CompletionResult]::new('--ca-custody', '--ca-custody', [CompletionResultType]::ParameterName, 'What becomes of the CA key in the Secret [default: dropped; with --reuse: as it was]')
            [CompletionResult]::new('--ca-key-out', '--ca-key-out', [CompletionResultType]::ParameterName, 'Write the CA''s private key to this file')
            [CompletionResult]::new('--now', '--now', [CompletionResultType]::ParameterName, 'Use this RFC 3339 instant as the present [default: SOURCE_DATE_EPOCH, else the clock; certificates are issued only if the two are at most 90 days apart]')
            [CompletionResult]::new('--apex', '--apex', [CompletionResultType]::ParameterName, 'Cover the domain itself too')
            [CompletionResult]::new('--tls-store', '--tls-store', [CompletionResultType]::ParameterName, 'Render the TLSStore `default` too')
            [CompletionResult]::new('--cluster', '--cluster', [CompletionResultType]::ParameterName, 'Ask the cluster that kubectl points to, instead of reading files')
            [CompletionResult]::new('--force', '--force', [CompletionResultType]::ParameterName, 'Overwrite files that exist, but no private keys')
            [CompletionResult]::new('--replace-keys', '--replace-keys', [CompletionResultType]::ParameterName, 'Overwrite private keys too: the old ones are lost')
            [CompletionResult]::new('--show-secrets', '--show-secrets', [CompletionResultType]::ParameterName, 'Show private keys even if stdout is a terminal')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print no notes on stderr, only warnings and errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print no notes on stderr, only warnings and errors')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'civi-ingress;wildcard' {
            [CompletionResult]::new('--domain', '--domain', [CompletionResultType]::ParameterName, 'Domain of the wildcard: the certificate is for *.DOMAIN')
            [CompletionResult]::new('--cert', '--cert', [CompletionResultType]::ParameterName, 'Use this certificate, or this bundle of certificates and key (PEM, DER, a Secret), or - for stdin')
            [CompletionResult]::new('--key', '--key', [CompletionResultType]::ParameterName, 'Private key of that certificate (PEM, DER, a Secret)')
            [CompletionResult]::new('--chain', '--chain', [CompletionResultType]::ParameterName, 'Intermediate certificates above it (PEM, DER)')
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'Namespace of the Secret and the TLSStore')
            [CompletionResult]::new('--namespace', '--namespace', [CompletionResultType]::ParameterName, 'Namespace of the Secret and the TLSStore')
            [CompletionResult]::new('--ca-out', '--ca-out', [CompletionResultType]::ParameterName, 'Write the CA certificate that browsers must import to this file, as DER if its name ends in .der')
            [CompletionResult]::new('--reuse', '--reuse', [CompletionResultType]::ParameterName, 'Keep the certificate of this Secret (file, directory, - for stdin) as long as it is good, and renew it under its CA, whose key is in the Secret or given with --ca-cert and --ca-key')
            [CompletionResult]::new('--context', '--context', [CompletionResultType]::ParameterName, 'Context of kubectl [default: the current one]')
            [CompletionResult]::new('--output-dir', '--output-dir', [CompletionResultType]::ParameterName, 'Write one file per object into this new or empty directory instead of stdout')
            [CompletionResult]::new('--templates', '--templates', [CompletionResultType]::ParameterName, 'Use the templates in this directory in place of the built-in ones of the same name')
            [CompletionResult]::new('--traefik', '--traefik', [CompletionResultType]::ParameterName, 'Traefik release that reads the TLSStore, 2.9 to 3.x')
            [CompletionResult]::new('--days', '--days', [CompletionResultType]::ParameterName, 'Lifetime of the certificate: days, or the RFC 3339 instant at which it expires')
            [CompletionResult]::new('--ca-days', '--ca-days', [CompletionResultType]::ParameterName, 'Lifetime of the CA: days, or the RFC 3339 instant at which it expires')
            [CompletionResult]::new('--key-type', '--key-type', [CompletionResultType]::ParameterName, 'Type of the keys: p256, p384, rsa2048, rsa3072, rsa4096')
            [CompletionResult]::new('--not-before', '--not-before', [CompletionResultType]::ParameterName, 'Start of the validity [default: one hour before the present]')
            [CompletionResult]::new('--organization', '--organization', [CompletionResultType]::ParameterName, 'Organization in the certificates'' subjects')
            [CompletionResult]::new('--ca-cert', '--ca-cert', [CompletionResultType]::ParameterName, 'Sign with this CA instead of a new one (PEM, DER, a Secret)')
            [CompletionResult]::new('--ca-key', '--ca-key', [CompletionResultType]::ParameterName, 'Private key of that CA (PEM, DER, a Secret)')
            [CompletionResult]::new('--ca-custody', '--ca-custody', [CompletionResultType]::ParameterName, 'What becomes of the CA key in the Secret [default: dropped; with --reuse: as it was]')
            [CompletionResult]::new('--ca-key-out', '--ca-key-out', [CompletionResultType]::ParameterName, 'Write the CA''s private key to this file')
            [CompletionResult]::new('--now', '--now', [CompletionResultType]::ParameterName, 'Use this RFC 3339 instant as the present [default: SOURCE_DATE_EPOCH, else the clock; certificates are issued only if the two are at most 90 days apart]')
            [CompletionResult]::new('--apex', '--apex', [CompletionResultType]::ParameterName, 'Cover the domain itself too')
            [CompletionResult]::new('--tls-store', '--tls-store', [CompletionResultType]::ParameterName, 'Render the TLSStore `default` too')
            [CompletionResult]::new('--cluster', '--cluster', [CompletionResultType]::ParameterName, 'Ask the cluster that kubectl points to, instead of reading files')
            [CompletionResult]::new('--force', '--force', [CompletionResultType]::ParameterName, 'Overwrite files that exist, but no private keys')
            [CompletionResult]::new('--replace-keys', '--replace-keys', [CompletionResultType]::ParameterName, 'Overwrite private keys too: the old ones are lost')
            [CompletionResult]::new('--show-secrets', '--show-secrets', [CompletionResultType]::ParameterName, 'Show private keys even if stdout is a terminal')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print no notes on stderr, only warnings and errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print no notes on stderr, only warnings and errors')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'civi-ingress;tls-store' {
            [CompletionResult]::new('--secret', '--secret', [CompletionResultType]::ParameterName, 'Secret that holds the certificate, in the same namespace')
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'Namespace of the TLSStore')
            [CompletionResult]::new('--namespace', '--namespace', [CompletionResultType]::ParameterName, 'Namespace of the TLSStore')
            [CompletionResult]::new('--output-dir', '--output-dir', [CompletionResultType]::ParameterName, 'Write one file per object into this new or empty directory instead of stdout')
            [CompletionResult]::new('--templates', '--templates', [CompletionResultType]::ParameterName, 'Use the templates in this directory in place of the built-in ones of the same name')
            [CompletionResult]::new('--traefik', '--traefik', [CompletionResultType]::ParameterName, 'Traefik release that reads the TLSStore, 2.9 to 3.x')
            [CompletionResult]::new('--now', '--now', [CompletionResultType]::ParameterName, 'Use this RFC 3339 instant as the present [default: SOURCE_DATE_EPOCH, else the clock; certificates are issued only if the two are at most 90 days apart]')
            [CompletionResult]::new('--force', '--force', [CompletionResultType]::ParameterName, 'Overwrite files that exist, but no private keys')
            [CompletionResult]::new('--replace-keys', '--replace-keys', [CompletionResultType]::ParameterName, 'Overwrite private keys too: the old ones are lost')
            [CompletionResult]::new('--show-secrets', '--show-secrets', [CompletionResultType]::ParameterName, 'Show private keys even if stdout is a terminal')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print no notes on stderr, only warnings and errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print no notes on stderr, only warnings and errors')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'civi-ingress;traefik-values' {
            [CompletionResult]::new('--chart', '--chart', [CompletionResultType]::ParameterName, 'Major version of the Traefik Helm chart, 20 to 41')
            [CompletionResult]::new('--replicas', '--replicas', [CompletionResultType]::ParameterName, 'Run a Deployment of this many pods instead of a DaemonSet')
            [CompletionResult]::new('--load-balancer', '--load-balancer', [CompletionResultType]::ParameterName, 'Expose a Service of type LoadBalancer instead of host ports, with this traffic policy: Local, Cluster')
            [CompletionResult]::new('--update-strategy', '--update-strategy', [CompletionResultType]::ParameterName, 'Replace pods one after another, or when they are deleted: RollingUpdate, OnDelete')
            [CompletionResult]::new('--log-level', '--log-level', [CompletionResultType]::ParameterName, 'Log this level and above: TRACE, DEBUG, INFO, WARN, ERROR, FATAL, PANIC')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'Format of Traefik''s log: json, common [default: json; charts 20 to 22: common]')
            [CompletionResult]::new('--access-log', '--access-log', [CompletionResultType]::ParameterName, 'Format of the access log: json, common, off [default: json; charts 20 to 22: common]')
            [CompletionResult]::new('--redirect', '--redirect', [CompletionResultType]::ParameterName, 'Redirect http to https: on, off [default: on; charts 20 to 22: off]')
            [CompletionResult]::new('--proxy-protocol-from', '--proxy-protocol-from', [CompletionResultType]::ParameterName, 'Trust the PROXY protocol header of these peers [repeatable]')
            [CompletionResult]::new('--forwarded-headers-from', '--forwarded-headers-from', [CompletionResultType]::ParameterName, 'Trust the X-Forwarded headers of these peers [repeatable]')
            [CompletionResult]::new('--watch-namespace', '--watch-namespace', [CompletionResultType]::ParameterName, 'Serve only routes of this namespace; name the TLSStore''s too [repeatable] [default: all]')
            [CompletionResult]::new('--read-timeout', '--read-timeout', [CompletionResultType]::ParameterName, 'Cut off requests that take longer to arrive; 0s for no limit [default: 600s; charts 20 to 22: none]')
            [CompletionResult]::new('--templates', '--templates', [CompletionResultType]::ParameterName, 'Use the templates in this directory in place of the built-in ones of the same name')
            [CompletionResult]::new('--now', '--now', [CompletionResultType]::ParameterName, 'Use this RFC 3339 instant as the present [default: SOURCE_DATE_EPOCH, else the clock; certificates are issued only if the two are at most 90 days apart]')
            [CompletionResult]::new('--host-network', '--host-network', [CompletionResultType]::ParameterName, 'Bind ports 80 and 443 in the nodes'' network, as root, instead of using host ports')
            [CompletionResult]::new('--prometheus', '--prometheus', [CompletionResultType]::ParameterName, 'Serve metrics for Prometheus on port 9100')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print no notes on stderr, only warnings and errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print no notes on stderr, only warnings and errors')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'civi-ingress;ca' {
            [CompletionResult]::new('--output-dir', '--output-dir', [CompletionResultType]::ParameterName, 'Directory for the files, new or empty')
            [CompletionResult]::new('--permit-dns', '--permit-dns', [CompletionResultType]::ParameterName, 'Domain that the CA may sign for, with all names below it [repeatable] [default: any]')
            [CompletionResult]::new('--permit', '--permit', [CompletionResultType]::ParameterName, 'Domain that the CA may sign for, with all names below it [repeatable] [default: any]')
            [CompletionResult]::new('--permit-ip', '--permit-ip', [CompletionResultType]::ParameterName, 'Address that the CA may sign for [repeatable] [default: any]')
            [CompletionResult]::new('--days', '--days', [CompletionResultType]::ParameterName, 'Lifetime of the CA: days, or the RFC 3339 instant at which it expires')
            [CompletionResult]::new('--key-type', '--key-type', [CompletionResultType]::ParameterName, 'Type of the key: p256, p384, rsa2048, rsa3072, rsa4096')
            [CompletionResult]::new('--not-before', '--not-before', [CompletionResultType]::ParameterName, 'Start of the validity [default: one hour before the present]')
            [CompletionResult]::new('--organization', '--organization', [CompletionResultType]::ParameterName, 'Organization in the certificate''s subject')
            [CompletionResult]::new('--now', '--now', [CompletionResultType]::ParameterName, 'Use this RFC 3339 instant as the present [default: SOURCE_DATE_EPOCH, else the clock; certificates are issued only if the two are at most 90 days apart]')
            [CompletionResult]::new('--force', '--force', [CompletionResultType]::ParameterName, 'Overwrite files that exist, but no private keys')
            [CompletionResult]::new('--replace-keys', '--replace-keys', [CompletionResultType]::ParameterName, 'Overwrite private keys too: the old ones are lost')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print no notes on stderr, only warnings and errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print no notes on stderr, only warnings and errors')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'civi-ingress;cert' {
            [CompletionResult]::new('--dns', '--dns', [CompletionResultType]::ParameterName, 'Host name, or *.DOMAIN [repeatable]')
            [CompletionResult]::new('--ip', '--ip', [CompletionResultType]::ParameterName, 'IP address [repeatable]')
            [CompletionResult]::new('--output-dir', '--output-dir', [CompletionResultType]::ParameterName, 'Directory for the files, new or empty')
            [CompletionResult]::new('--days', '--days', [CompletionResultType]::ParameterName, 'Lifetime of the certificate: days, or the RFC 3339 instant at which it expires')
            [CompletionResult]::new('--ca-days', '--ca-days', [CompletionResultType]::ParameterName, 'Lifetime of the CA: days, or the RFC 3339 instant at which it expires')
            [CompletionResult]::new('--key-type', '--key-type', [CompletionResultType]::ParameterName, 'Type of the keys: p256, p384, rsa2048, rsa3072, rsa4096')
            [CompletionResult]::new('--not-before', '--not-before', [CompletionResultType]::ParameterName, 'Start of the validity [default: one hour before the present]')
            [CompletionResult]::new('--organization', '--organization', [CompletionResultType]::ParameterName, 'Organization in the certificates'' subjects')
            [CompletionResult]::new('--ca-cert', '--ca-cert', [CompletionResultType]::ParameterName, 'Sign with this CA instead of a new one (PEM, DER, a Secret)')
            [CompletionResult]::new('--ca-key', '--ca-key', [CompletionResultType]::ParameterName, 'Private key of that CA (PEM, DER, a Secret)')
            [CompletionResult]::new('--ca-key-out', '--ca-key-out', [CompletionResultType]::ParameterName, 'Write the key of the new CA to this file')
            [CompletionResult]::new('--now', '--now', [CompletionResultType]::ParameterName, 'Use this RFC 3339 instant as the present [default: SOURCE_DATE_EPOCH, else the clock; certificates are issued only if the two are at most 90 days apart]')
            [CompletionResult]::new('--force', '--force', [CompletionResultType]::ParameterName, 'Overwrite files that exist, but no private keys')
            [CompletionResult]::new('--replace-keys', '--replace-keys', [CompletionResultType]::ParameterName, 'Overwrite private keys too: the old ones are lost')
            [CompletionResult]::new('--client-auth', '--client-auth', [CompletionResultType]::ParameterName, 'Let the certificate identify a TLS client too')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print no notes on stderr, only warnings and errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print no notes on stderr, only warnings and errors')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'civi-ingress;inspect' {
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'Format of the report')
            [CompletionResult]::new('--format', '--format', [CompletionResultType]::ParameterName, 'Format of the report')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Format of the report')
            [CompletionResult]::new('--now', '--now', [CompletionResultType]::ParameterName, 'Use this RFC 3339 instant as the present [default: SOURCE_DATE_EPOCH, else the clock; certificates are issued only if the two are at most 90 days apart]')
            [CompletionResult]::new('--pem', '--pem', [CompletionResultType]::ParameterName, 'Print the certificates themselves as PEM, each once, and nothing else that is found')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print no notes on stderr, only warnings and errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print no notes on stderr, only warnings and errors')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'civi-ingress;gitops' {
            [CompletionResult]::new('--now', '--now', [CompletionResultType]::ParameterName, 'Use this RFC 3339 instant as the present [default: SOURCE_DATE_EPOCH, else the clock; certificates are issued only if the two are at most 90 days apart]')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print no notes on stderr, only warnings and errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print no notes on stderr, only warnings and errors')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('init', 'init', [CompletionResultType]::ParameterValue, 'Write a starting fleet file into a directory, and what Git and sops must know of it')
            [CompletionResult]::new('add', 'add', [CompletionResultType]::ParameterValue, 'Add an instance to the fleet file')
            [CompletionResult]::new('remove', 'remove', [CompletionResultType]::ParameterValue, 'Remove an instance from the fleet file')
            [CompletionResult]::new('render', 'render', [CompletionResultType]::ParameterValue, 'Bring the tree in line with the fleet file: make, keep and renew certificates, write what has changed')
            [CompletionResult]::new('check', 'check', [CompletionResultType]::ParameterValue, 'Check that the tree matches the fleet file and nothing is due; write nothing')
            [CompletionResult]::new('diff', 'diff', [CompletionResultType]::ParameterValue, 'Show what rendering would change; private keys as fingerprints')
            [CompletionResult]::new('status', 'status', [CompletionResultType]::ParameterValue, 'Show when the tree''s certificates expire')
            [CompletionResult]::new('ca', 'ca', [CompletionResultType]::ParameterValue, 'Print the CA of the tree that browsers import, or the CAs of an instance, as PEM')
            [CompletionResult]::new('import', 'import', [CompletionResultType]::ParameterValue, 'Make a fleet file, and a tree with the keys that run already, from Secrets, values files or a CSV table')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'civi-ingress;gitops;init' {
            [CompletionResult]::new('--output-dir', '--output-dir', [CompletionResultType]::ParameterName, 'Directory for the files')
            [CompletionResult]::new('--name', '--name', [CompletionResultType]::ParameterName, 'Name of the fleet')
            [CompletionResult]::new('--domain', '--domain', [CompletionResultType]::ParameterName, 'Domain that the wildcard certificate covers')
            [CompletionResult]::new('--recipient', '--recipient', [CompletionResultType]::ParameterName, 'age recipient for the private keys [repeatable] [default: those of `.sops.yaml` above the directory]')
            [CompletionResult]::new('--now', '--now', [CompletionResultType]::ParameterName, 'Use this RFC 3339 instant as the present [default: SOURCE_DATE_EPOCH, else the clock; certificates are issued only if the two are at most 90 days apart]')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print no notes on stderr, only warnings and errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print no notes on stderr, only warnings and errors')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'civi-ingress;gitops;add' {
            [CompletionResult]::new('--host', '--host', [CompletionResultType]::ParameterName, 'Host that browsers ask for [default: as `externalHost` of the fleet file''s defaults has it]')
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'Profile of the fleet file')
            [CompletionResult]::new('-f', '-f', [CompletionResultType]::ParameterName, 'Fleet file [default: the nearest fleet.yaml, here or above]')
            [CompletionResult]::new('--fleet', '--fleet', [CompletionResultType]::ParameterName, 'Fleet file [default: the nearest fleet.yaml, here or above]')
            [CompletionResult]::new('--now', '--now', [CompletionResultType]::ParameterName, 'Use this RFC 3339 instant as the present [default: SOURCE_DATE_EPOCH, else the clock; certificates are issued only if the two are at most 90 days apart]')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print no notes on stderr, only warnings and errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print no notes on stderr, only warnings and errors')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'civi-ingress;gitops;remove' {
            [CompletionResult]::new('-f', '-f', [CompletionResultType]::ParameterName, 'Fleet file [default: the nearest fleet.yaml, here or above]')
            [CompletionResult]::new('--fleet', '--fleet', [CompletionResultType]::ParameterName, 'Fleet file [default: the nearest fleet.yaml, here or above]')
            [CompletionResult]::new('--now', '--now', [CompletionResultType]::ParameterName, 'Use this RFC 3339 instant as the present [default: SOURCE_DATE_EPOCH, else the clock; certificates are issued only if the two are at most 90 days apart]')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print no notes on stderr, only warnings and errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print no notes on stderr, only warnings and errors')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'civi-ingress;gitops;render' {
            [CompletionResult]::new('-f', '-f', [CompletionResultType]::ParameterName, 'Fleet file, or - for stdin [default: the nearest fleet.yaml, here or above]')
            [CompletionResult]::new('--fleet', '--fleet', [CompletionResultType]::ParameterName, 'Fleet file, or - for stdin [default: the nearest fleet.yaml, here or above]')
            [CompletionResult]::new('--output-dir', '--output-dir', [CompletionResultType]::ParameterName, 'Directory of the tree [default: that of the fleet file, or the fleet''s tree elsewhere in the repository]')
            [CompletionResult]::new('--identity', '--identity', [CompletionResultType]::ParameterName, 'age key file that opens what is encrypted, or - for stdin; stored CA keys and changed recipients need it [repeatable] [default: SOPS_AGE_KEY_FILE, SOPS_AGE_KEY, ~/.config/sops/age/keys.txt]')
            [CompletionResult]::new('--templates', '--templates', [CompletionResultType]::ParameterName, 'Use the templates in this directory in place of the built-in ones of the same name')
            [CompletionResult]::new('--jobs', '--jobs', [CompletionResultType]::ParameterName, 'Number of threads [default: one per processor]')
            [CompletionResult]::new('--phase', '--phase', [CompletionResultType]::ParameterName, 'Step of a roll-over to take; all at once is safe, because the old CA stays trusted alongside the new one')
            [CompletionResult]::new('--max-renewals', '--max-renewals', [CompletionResultType]::ParameterName, 'Renew at most this many instances whose renewal can wait, those that expire soonest first')
            [CompletionResult]::new('--max-issues', '--max-issues', [CompletionResultType]::ParameterName, 'Issue first keys to at most this many instances [default: in a tree that was rendered before, 5 or a tenth of all]')
            [CompletionResult]::new('--ca-cert', '--ca-cert', [CompletionResultType]::ParameterName, 'Sign with this CA instead of a new one (PEM, DER, a Secret)')
            [CompletionResult]::new('--ca-key', '--ca-key', [CompletionResultType]::ParameterName, 'Private key of that CA (PEM, DER, a Secret)')
            [CompletionResult]::new('--prune-max', '--prune-max', [CompletionResultType]::ParameterName, 'Remove at most this many instances, or give them other namespaces [default: 10, and no more than a fifth of all]')
            [CompletionResult]::new('--fail-on', '--fail-on', [CompletionResultType]::ParameterName, 'Exit with 1 when everything is written but a certificate is blocked, or never')
            [CompletionResult]::new('--summary', '--summary', [CompletionResultType]::ParameterName, 'Print a report for programs on stdout')
            [CompletionResult]::new('--annotations', '--annotations', [CompletionResultType]::ParameterName, 'Print on stdout what a CI shows beside the fleet file')
            [CompletionResult]::new('--now', '--now', [CompletionResultType]::ParameterName, 'Use this RFC 3339 instant as the present [default: SOURCE_DATE_EPOCH, else the clock; certificates are issued only if the two are at most 90 days apart]')
            [CompletionResult]::new('--rekey', '--rekey', [CompletionResultType]::ParameterName, 'Issue new keys where recipients or mode have changed; without it the keys stay, and --identity must open them')
            [CompletionResult]::new('--prune', '--prune', [CompletionResultType]::ParameterName, 'Remove files of this fleet that are no longer needed')
            [CompletionResult]::new('--adopt', '--adopt', [CompletionResultType]::ParameterName, 'Take over files in the way that are not this fleet''s')
            [CompletionResult]::new('--allow-plain-in-git', '--allow-plain-in-git', [CompletionResultType]::ParameterName, 'Keep private keys in clear text even in a Git work tree that does not ignore them')
            [CompletionResult]::new('--verify', '--verify', [CompletionResultType]::ParameterName, 'Verify every signature and private value first, as `gitops check` does; reissue chains that do not hold, and leave damaged files as they are')
            [CompletionResult]::new('--no-sync', '--no-sync', [CompletionResultType]::ParameterName, 'Do not wait until everything is on disk')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print no notes on stderr, only warnings and errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print no notes on stderr, only warnings and errors')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'civi-ingress;gitops;check' {
            [CompletionResult]::new('-f', '-f', [CompletionResultType]::ParameterName, 'Fleet file, or - for stdin [default: the nearest fleet.yaml, here or above]')
            [CompletionResult]::new('--fleet', '--fleet', [CompletionResultType]::ParameterName, 'Fleet file, or - for stdin [default: the nearest fleet.yaml, here or above]')
            [CompletionResult]::new('--output-dir', '--output-dir', [CompletionResultType]::ParameterName, 'Directory of the tree [default: that of the fleet file, or the fleet''s tree elsewhere in the repository]')
            [CompletionResult]::new('--identity', '--identity', [CompletionResultType]::ParameterName, 'age key file that opens what is encrypted, or - for stdin; stored CA keys and changed recipients need it [repeatable] [default: SOPS_AGE_KEY_FILE, SOPS_AGE_KEY, ~/.config/sops/age/keys.txt]')
            [CompletionResult]::new('--templates', '--templates', [CompletionResultType]::ParameterName, 'Use the templates in this directory in place of the built-in ones of the same name')
            [CompletionResult]::new('--jobs', '--jobs', [CompletionResultType]::ParameterName, 'Number of threads [default: one per processor]')
            [CompletionResult]::new('--phase', '--phase', [CompletionResultType]::ParameterName, 'Step of a roll-over to take; all at once is safe, because the old CA stays trusted alongside the new one')
            [CompletionResult]::new('--max-renewals', '--max-renewals', [CompletionResultType]::ParameterName, 'Renew at most this many instances whose renewal can wait, those that expire soonest first')
            [CompletionResult]::new('--max-issues', '--max-issues', [CompletionResultType]::ParameterName, 'Issue first keys to at most this many instances [default: in a tree that was rendered before, 5 or a tenth of all]')
            [CompletionResult]::new('--ca-cert', '--ca-cert', [CompletionResultType]::ParameterName, 'Sign with this CA instead of a new one (PEM, DER, a Secret)')
            [CompletionResult]::new('--ca-key', '--ca-key', [CompletionResultType]::ParameterName, 'Private key of that CA (PEM, DER, a Secret)')
            [CompletionResult]::new('--summary', '--summary', [CompletionResultType]::ParameterName, 'Print a report for programs on stdout')
            [CompletionResult]::new('--annotations', '--annotations', [CompletionResultType]::ParameterName, 'Print on stdout what a CI shows beside the fleet file')
            [CompletionResult]::new('--now', '--now', [CompletionResultType]::ParameterName, 'Use this RFC 3339 instant as the present [default: SOURCE_DATE_EPOCH, else the clock; certificates are issued only if the two are at most 90 days apart]')
            [CompletionResult]::new('--rekey', '--rekey', [CompletionResultType]::ParameterName, 'Issue new keys where recipients or mode have changed; without it the keys stay, and --identity must open them')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print no notes on stderr, only warnings and errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print no notes on stderr, only warnings and errors')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'civi-ingress;gitops;diff' {
            [CompletionResult]::new('-f', '-f', [CompletionResultType]::ParameterName, 'Fleet file, or - for stdin [default: the nearest fleet.yaml, here or above]')
            [CompletionResult]::new('--fleet', '--fleet', [CompletionResultType]::ParameterName, 'Fleet file, or - for stdin [default: the nearest fleet.yaml, here or above]')
            [CompletionResult]::new('--output-dir', '--output-dir', [CompletionResultType]::ParameterName, 'Directory of the tree [default: that of the fleet file, or the fleet''s tree elsewhere in the repository]')
            [CompletionResult]::new('--identity', '--identity', [CompletionResultType]::ParameterName, 'age key file that opens what is encrypted, or - for stdin; stored CA keys and changed recipients need it [repeatable] [default: SOPS_AGE_KEY_FILE, SOPS_AGE_KEY, ~/.config/sops/age/keys.txt]')
            [CompletionResult]::new('--templates', '--templates', [CompletionResultType]::ParameterName, 'Use the templates in this directory in place of the built-in ones of the same name')
            [CompletionResult]::new('--jobs', '--jobs', [CompletionResultType]::ParameterName, 'Number of threads [default: one per processor]')
            [CompletionResult]::new('--phase', '--phase', [CompletionResultType]::ParameterName, 'Step of a roll-over to take; all at once is safe, because the old CA stays trusted alongside the new one')
            [CompletionResult]::new('--max-renewals', '--max-renewals', [CompletionResultType]::ParameterName, 'Renew at most this many instances whose renewal can wait, those that expire soonest first')
            [CompletionResult]::new('--max-issues', '--max-issues', [CompletionResultType]::ParameterName, 'Issue first keys to at most this many instances [default: in a tree that was rendered before, 5 or a tenth of all]')
            [CompletionResult]::new('--ca-cert', '--ca-cert', [CompletionResultType]::ParameterName, 'Sign with this CA instead of a new one (PEM, DER, a Secret)')
            [CompletionResult]::new('--ca-key', '--ca-key', [CompletionResultType]::ParameterName, 'Private key of that CA (PEM, DER, a Secret)')
            [CompletionResult]::new('--now', '--now', [CompletionResultType]::ParameterName, 'Use this RFC 3339 instant as the present [default: SOURCE_DATE_EPOCH, else the clock; certificates are issued only if the two are at most 90 days apart]')
            [CompletionResult]::new('--rekey', '--rekey', [CompletionResultType]::ParameterName, 'Issue new keys where recipients or mode have changed; without it the keys stay, and --identity must open them')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print no notes on stderr, only warnings and errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print no notes on stderr, only warnings and errors')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'civi-ingress;gitops;status' {
            [CompletionResult]::new('--output-dir', '--output-dir', [CompletionResultType]::ParameterName, 'Directory of the tree [default: that of the fleet file, or the fleet''s tree elsewhere in the repository]')
            [CompletionResult]::new('-f', '-f', [CompletionResultType]::ParameterName, 'Take the renewal dates from this fleet file [default: fleet.yaml in a directory that is read]')
            [CompletionResult]::new('--fleet', '--fleet', [CompletionResultType]::ParameterName, 'Take the renewal dates from this fleet file [default: fleet.yaml in a directory that is read]')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'Format of the report')
            [CompletionResult]::new('--format', '--format', [CompletionResultType]::ParameterName, 'Format of the report')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Format of the report')
            [CompletionResult]::new('--fail-within', '--fail-within', [CompletionResultType]::ParameterName, 'Exit with 1 when a certificate expires within this time (30d, 12h, 4w), has expired, or cannot be read; without this option the exit status is 0 whatever is found')
            [CompletionResult]::new('--output-file', '--output-file', [CompletionResultType]::ParameterName, 'Write the report to this file instead of stdout, all of it or nothing')
            [CompletionResult]::new('--now', '--now', [CompletionResultType]::ParameterName, 'Use this RFC 3339 instant as the present [default: SOURCE_DATE_EPOCH, else the clock; certificates are issued only if the two are at most 90 days apart]')
            [CompletionResult]::new('--force', '--force', [CompletionResultType]::ParameterName, 'Overwrite that file')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print no notes on stderr, only warnings and errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print no notes on stderr, only warnings and errors')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'civi-ingress;gitops;ca' {
            [CompletionResult]::new('-f', '-f', [CompletionResultType]::ParameterName, 'Fleet file, or - for stdin [default: the nearest fleet.yaml, here or above]')
            [CompletionResult]::new('--fleet', '--fleet', [CompletionResultType]::ParameterName, 'Fleet file, or - for stdin [default: the nearest fleet.yaml, here or above]')
            [CompletionResult]::new('--output-dir', '--output-dir', [CompletionResultType]::ParameterName, 'Directory of the tree [default: that of the fleet file, or the fleet''s tree elsewhere in the repository]')
            [CompletionResult]::new('--now', '--now', [CompletionResultType]::ParameterName, 'Use this RFC 3339 instant as the present [default: SOURCE_DATE_EPOCH, else the clock; certificates are issued only if the two are at most 90 days apart]')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print no notes on stderr, only warnings and errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print no notes on stderr, only warnings and errors')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'civi-ingress;gitops;import' {
            [CompletionResult]::new('--secrets', '--secrets', [CompletionResultType]::ParameterName, 'Secrets as `kubectl get secret -A -o yaml` prints them, or - for stdin')
            [CompletionResult]::new('--values', '--values', [CompletionResultType]::ParameterName, 'Values file of a chart release, with the instance''s name [repeatable]')
            [CompletionResult]::new('--csv', '--csv', [CompletionResultType]::ParameterName, 'Table of instances, one per line, with a heading')
            [CompletionResult]::new('--output-dir', '--output-dir', [CompletionResultType]::ParameterName, 'Directory for the files')
            [CompletionResult]::new('--name', '--name', [CompletionResultType]::ParameterName, 'Name of the fleet')
            [CompletionResult]::new('--domain', '--domain', [CompletionResultType]::ParameterName, 'Domain that the wildcard certificate covers')
            [CompletionResult]::new('--recipient', '--recipient', [CompletionResultType]::ParameterName, 'age recipient for the private keys [repeatable] [default: those of `.sops.yaml` above the directory]')
            [CompletionResult]::new('--now', '--now', [CompletionResultType]::ParameterName, 'Use this RFC 3339 instant as the present [default: SOURCE_DATE_EPOCH, else the clock; certificates are issued only if the two are at most 90 days apart]')
            [CompletionResult]::new('--plain', '--plain', [CompletionResultType]::ParameterName, 'Keep private keys in clear text instead of encrypting them')
            [CompletionResult]::new('--allow-plain-in-git', '--allow-plain-in-git', [CompletionResultType]::ParameterName, 'Keep private keys in clear text even in a Git work tree that does not ignore them')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print no notes on stderr, only warnings and errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print no notes on stderr, only warnings and errors')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'civi-ingress;gitops;help' {
            [CompletionResult]::new('init', 'init', [CompletionResultType]::ParameterValue, 'Write a starting fleet file into a directory, and what Git and sops must know of it')
            [CompletionResult]::new('add', 'add', [CompletionResultType]::ParameterValue, 'Add an instance to the fleet file')
            [CompletionResult]::new('remove', 'remove', [CompletionResultType]::ParameterValue, 'Remove an instance from the fleet file')
            [CompletionResult]::new('render', 'render', [CompletionResultType]::ParameterValue, 'Bring the tree in line with the fleet file: make, keep and renew certificates, write what has changed')
            [CompletionResult]::new('check', 'check', [CompletionResultType]::ParameterValue, 'Check that the tree matches the fleet file and nothing is due; write nothing')
            [CompletionResult]::new('diff', 'diff', [CompletionResultType]::ParameterValue, 'Show what rendering would change; private keys as fingerprints')
            [CompletionResult]::new('status', 'status', [CompletionResultType]::ParameterValue, 'Show when the tree''s certificates expire')
            [CompletionResult]::new('ca', 'ca', [CompletionResultType]::ParameterValue, 'Print the CA of the tree that browsers import, or the CAs of an instance, as PEM')
            [CompletionResult]::new('import', 'import', [CompletionResultType]::ParameterValue, 'Make a fleet file, and a tree with the keys that run already, from Secrets, values files or a CSV table')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'civi-ingress;gitops;help;init' {
            break
        }
        'civi-ingress;gitops;help;add' {
            break
        }
        'civi-ingress;gitops;help;remove' {
            break
        }
        'civi-ingress;gitops;help;render' {
            break
        }
        'civi-ingress;gitops;help;check' {
            break
        }
        'civi-ingress;gitops;help;diff' {
            break
        }
        'civi-ingress;gitops;help;status' {
            break
        }
        'civi-ingress;gitops;help;ca' {
            break
        }
        'civi-ingress;gitops;help;import' {
            break
        }
        'civi-ingress;gitops;help;help' {
            break
        }
        'civi-ingress;status' {
            [CompletionResult]::new('-f', '-f', [CompletionResultType]::ParameterName, 'Take the renewal dates from this fleet file [default: fleet.yaml in a directory that is read]')
            [CompletionResult]::new('--fleet', '--fleet', [CompletionResultType]::ParameterName, 'Take the renewal dates from this fleet file [default: fleet.yaml in a directory that is read]')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'Format of the report')
            [CompletionResult]::new('--format', '--format', [CompletionResultType]::ParameterName, 'Format of the report')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Format of the report')
            [CompletionResult]::new('--fail-within', '--fail-within', [CompletionResultType]::ParameterName, 'Exit with 1 when a certificate expires within this time (30d, 12h, 4w), has expired, or cannot be read; without this option the exit status is 0 whatever is found')
            [CompletionResult]::new('--output-file', '--output-file', [CompletionResultType]::ParameterName, 'Write the report to this file instead of stdout, all of it or nothing')
            [CompletionResult]::new('--context', '--context', [CompletionResultType]::ParameterName, 'Context of kubectl [default: the current one]')
            [CompletionResult]::new('--connect', '--connect', [CompletionResultType]::ParameterName, 'Check the certificates that a live host presents too; after `=`, the address to connect to instead of what DNS returns [repeatable]')
            [CompletionResult]::new('--connect-file', '--connect-file', [CompletionResultType]::ParameterName, 'Check the hosts in this file too, one per line in the same form, or - for stdin')
            [CompletionResult]::new('--connect-routes', '--connect-routes', [CompletionResultType]::ParameterName, 'Check every host that a route of the manifests names too; after `=`, one address for all of them')
            [CompletionResult]::new('--now', '--now', [CompletionResultType]::ParameterName, 'Use this RFC 3339 instant as the present [default: SOURCE_DATE_EPOCH, else the clock; certificates are issued only if the two are at most 90 days apart]')
            [CompletionResult]::new('--force', '--force', [CompletionResultType]::ParameterName, 'Overwrite that file')
            [CompletionResult]::new('--cluster', '--cluster', [CompletionResultType]::ParameterName, 'Ask the cluster that kubectl points to, instead of reading files')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print no notes on stderr, only warnings and errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print no notes on stderr, only warnings and errors')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'civi-ingress;probe' {
            [CompletionResult]::new('--ca', '--ca', [CompletionResultType]::ParameterName, 'Trust this CA as browsers do (PEM, DER, a Secret) [default: that of the manifests'' TLSStore, else the system''s roots]')
            [CompletionResult]::new('--manifest', '--manifest', [CompletionResultType]::ParameterName, 'Read Traefik''s configuration from these manifests (file, directory, - for stdin) [repeatable]')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'Format of the report')
            [CompletionResult]::new('--format', '--format', [CompletionResultType]::ParameterName, 'Format of the report')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Format of the report')
            [CompletionResult]::new('--connect', '--connect', [CompletionResultType]::ParameterName, 'Connect to this address instead of what DNS returns')
            [CompletionResult]::new('--path', '--path', [CompletionResultType]::ParameterName, 'Request this path [default: / or one that the manifests'' route takes]')
            [CompletionResult]::new('--http', '--http', [CompletionResultType]::ParameterName, 'Check whether port 80 redirects to https too')
            [CompletionResult]::new('--expires-within', '--expires-within', [CompletionResultType]::ParameterName, 'Warn of certificates that expire within this time')
            [CompletionResult]::new('--backend', '--backend', [CompletionResultType]::ParameterName, 'Check the leg from Traefik to the httpd too, at this address')
            [CompletionResult]::new('--service', '--service', [CompletionResultType]::ParameterName, 'If the route has several services, check this one')
            [CompletionResult]::new('--backend-ca', '--backend-ca', [CompletionResultType]::ParameterName, 'Trust this CA on that leg, if no manifests name one (PEM, DER, a Secret)')
            [CompletionResult]::new('--context', '--context', [CompletionResultType]::ParameterName, 'Context of kubectl [default: the current one]')
            [CompletionResult]::new('--proxy-protocol', '--proxy-protocol', [CompletionResultType]::ParameterName, 'Send this header first, as a load balancer does')
            [CompletionResult]::new('--cert', '--cert', [CompletionResultType]::ParameterName, 'Present this certificate to a server that asks for one (PEM, DER, a Secret)')
            [CompletionResult]::new('--key', '--key', [CompletionResultType]::ParameterName, 'Private key of that certificate (PEM, DER, a Secret)')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'Wait this long for DNS, for each connection and for each TLS handshake')
            [CompletionResult]::new('--http-timeout', '--http-timeout', [CompletionResultType]::ParameterName, 'Wait this long for an answer')
            [CompletionResult]::new('--now', '--now', [CompletionResultType]::ParameterName, 'Use this RFC 3339 instant as the present [default: SOURCE_DATE_EPOCH, else the clock; certificates are issued only if the two are at most 90 days apart]')
            [CompletionResult]::new('--cluster', '--cluster', [CompletionResultType]::ParameterName, 'Ask the cluster that kubectl points to, instead of reading files')
            [CompletionResult]::new('--insecure-continue', '--insecure-continue', [CompletionResultType]::ParameterName, 'Request the page even if the certificate is refused; the report says so')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print no notes on stderr, only warnings and errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print no notes on stderr, only warnings and errors')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'civi-ingress;lint' {
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'Format of the report')
            [CompletionResult]::new('--format', '--format', [CompletionResultType]::ParameterName, 'Format of the report')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Format of the report')
            [CompletionResult]::new('--explain', '--explain', [CompletionResultType]::ParameterName, 'Explain what a rule looks for, what would happen, and what to do')
            [CompletionResult]::new('--traefik', '--traefik', [CompletionResultType]::ParameterName, 'Traefik release that reads the manifests [default: detected, else 3.7]')
            [CompletionResult]::new('--chart', '--chart', [CompletionResultType]::ParameterName, 'Version of Traefik''s Helm chart that reads the values files [default: the newest that fits]')
            [CompletionResult]::new('--host', '--host', [CompletionResultType]::ParameterName, 'Host that a route must answer for [repeatable]')
            [CompletionResult]::new('--expires-within', '--expires-within', [CompletionResultType]::ParameterName, 'Find certificates that expire within this many days [default: 30, or a third of a shorter lifetime]')
            [CompletionResult]::new('--level', '--level', [CompletionResultType]::ParameterName, 'Show findings of this level and above')
            [CompletionResult]::new('--fail-on', '--fail-on', [CompletionResultType]::ParameterName, 'Exit with 1 for findings of this level and above')
            [CompletionResult]::new('--baseline', '--baseline', [CompletionResultType]::ParameterName, 'Leave out the findings that this file accepts')
            [CompletionResult]::new('--write-baseline', '--write-baseline', [CompletionResultType]::ParameterName, 'Write the findings to this file, to accept them from now on')
            [CompletionResult]::new('--now', '--now', [CompletionResultType]::ParameterName, 'Use this RFC 3339 instant as the present [default: SOURCE_DATE_EPOCH, else the clock; certificates are issued only if the two are at most 90 days apart]')
            [CompletionResult]::new('--strict-references', '--strict-references', [CompletionResultType]::ParameterName, 'Treat references to objects outside the input as errors')
            [CompletionResult]::new('--force', '--force', [CompletionResultType]::ParameterName, 'Overwrite an existing baseline')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print no notes on stderr, only warnings and errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print no notes on stderr, only warnings and errors')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'civi-ingress;templates' {
            [CompletionResult]::new('--now', '--now', [CompletionResultType]::ParameterName, 'Use this RFC 3339 instant as the present [default: SOURCE_DATE_EPOCH, else the clock; certificates are issued only if the two are at most 90 days apart]')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print no notes on stderr, only warnings and errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print no notes on stderr, only warnings and errors')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('list', 'list', [CompletionResultType]::ParameterValue, 'List the built-in templates by name')
            [CompletionResult]::new('export', 'export', [CompletionResultType]::ParameterValue, 'Write the built-in templates into a new or empty directory, to change and pass to --templates')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'civi-ingress;templates;list' {
            [CompletionResult]::new('--now', '--now', [CompletionResultType]::ParameterName, 'Use this RFC 3339 instant as the present [default: SOURCE_DATE_EPOCH, else the clock; certificates are issued only if the two are at most 90 days apart]')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print no notes on stderr, only warnings and errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print no notes on stderr, only warnings and errors')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'civi-ingress;templates;export' {
            [CompletionResult]::new('--output-dir', '--output-dir', [CompletionResultType]::ParameterName, 'Directory for the files')
            [CompletionResult]::new('--now', '--now', [CompletionResultType]::ParameterName, 'Use this RFC 3339 instant as the present [default: SOURCE_DATE_EPOCH, else the clock; certificates are issued only if the two are at most 90 days apart]')
            [CompletionResult]::new('--force', '--force', [CompletionResultType]::ParameterName, 'Overwrite files that exist')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print no notes on stderr, only warnings and errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print no notes on stderr, only warnings and errors')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'civi-ingress;templates;help' {
            [CompletionResult]::new('list', 'list', [CompletionResultType]::ParameterValue, 'List the built-in templates by name')
            [CompletionResult]::new('export', 'export', [CompletionResultType]::ParameterValue, 'Write the built-in templates into a new or empty directory, to change and pass to --templates')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'civi-ingress;templates;help;list' {
            break
        }
        'civi-ingress;templates;help;export' {
            break
        }
        'civi-ingress;templates;help;help' {
            break
        }
        'civi-ingress;schema' {
            [CompletionResult]::new('--now', '--now', [CompletionResultType]::ParameterName, 'Use this RFC 3339 instant as the present [default: SOURCE_DATE_EPOCH, else the clock; certificates are issued only if the two are at most 90 days apart]')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print no notes on stderr, only warnings and errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print no notes on stderr, only warnings and errors')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'civi-ingress;completions' {
            [CompletionResult]::new('--now', '--now', [CompletionResultType]::ParameterName, 'Use this RFC 3339 instant as the present [default: SOURCE_DATE_EPOCH, else the clock; certificates are issued only if the two are at most 90 days apart]')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print no notes on stderr, only warnings and errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print no notes on stderr, only warnings and errors')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'civi-ingress;man' {
            [CompletionResult]::new('--output-dir', '--output-dir', [CompletionResultType]::ParameterName, 'Write a page for the program and for each subcommand into this new or empty directory')
            [CompletionResult]::new('--now', '--now', [CompletionResultType]::ParameterName, 'Use this RFC 3339 instant as the present [default: SOURCE_DATE_EPOCH, else the clock; certificates are issued only if the two are at most 90 days apart]')
            [CompletionResult]::new('--force', '--force', [CompletionResultType]::ParameterName, 'Overwrite files that exist')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print no notes on stderr, only warnings and errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print no notes on stderr, only warnings and errors')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'civi-ingress;help' {
            [CompletionResult]::new('new-instance', 'new-instance', [CompletionResultType]::ParameterValue, 'Make an instance''s certificates and render its manifests')
            [CompletionResult]::new('wildcard-secret', 'wildcard-secret', [CompletionResultType]::ParameterValue, 'Render the Secret of the wildcard certificate, newly made or taken from files')
            [CompletionResult]::new('tls-store', 'tls-store', [CompletionResultType]::ParameterValue, 'Render the TLSStore that makes a Secret the default certificate')
            [CompletionResult]::new('traefik-values', 'traefik-values', [CompletionResultType]::ParameterValue, 'Render the values file of the Traefik Helm chart')
            [CompletionResult]::new('ca', 'ca', [CompletionResultType]::ParameterValue, 'Make a CA as PEM files')
            [CompletionResult]::new('cert', 'cert', [CompletionResultType]::ParameterValue, 'Make a server certificate as PEM files, under an existing CA or one of its own')
            [CompletionResult]::new('inspect', 'inspect', [CompletionResultType]::ParameterValue, 'Show what is in certificates: PEM files, bundles, Secrets in manifests')
            [CompletionResult]::new('gitops', 'gitops', [CompletionResultType]::ParameterValue, 'Keep a fleet of instances as files in Git, with its keys')
            [CompletionResult]::new('status', 'status', [CompletionResultType]::ParameterValue, 'Show when a fleet''s certificates expire, and the path of each instance')
            [CompletionResult]::new('probe', 'probe', [CompletionResultType]::ParameterValue, 'Check a live host as a browser does, and its httpd as Traefik does')
            [CompletionResult]::new('lint', 'lint', [CompletionResultType]::ParameterValue, 'Find what would go wrong with manifests, before they are applied')
            [CompletionResult]::new('templates', 'templates', [CompletionResultType]::ParameterValue, 'List or export the built-in templates')
            [CompletionResult]::new('schema', 'schema', [CompletionResultType]::ParameterValue, 'Print the JSON Schema of a kind of file')
            [CompletionResult]::new('completions', 'completions', [CompletionResultType]::ParameterValue, 'Print a completion script')
            [CompletionResult]::new('man', 'man', [CompletionResultType]::ParameterValue, 'Print the manual page')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'civi-ingress;help;new-instance' {
            break
        }
        'civi-ingress;help;wildcard-secret' {
            break
        }
        'civi-ingress;help;tls-store' {
            break
        }
        'civi-ingress;help;traefik-values' {
            break
        }
        'civi-ingress;help;ca' {
            break
        }
        'civi-ingress;help;cert' {
            break
        }
        'civi-ingress;help;inspect' {
            break
        }
        'civi-ingress;help;gitops' {
            break
        }
        'civi-ingress;help;status' {
            break
        }
        'civi-ingress;help;probe' {
            break
        }
        'civi-ingress;help;lint' {
            break
        }
        'civi-ingress;help;templates' {
            break
        }
        'civi-ingress;help;schema' {
            break
        }
        'civi-ingress;help;completions' {
            break
        }
        'civi-ingress;help;man' {
            break
        }
        'civi-ingress;help;help' {
            break
        }
    })

    $completions.Where{ $_.CompletionText -like "$wordToComplete*" } |
        Sort-Object -Property ListItemText
}
