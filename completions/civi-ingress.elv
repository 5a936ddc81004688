
use builtin;
use str;

set edit:completion:arg-completer[civi-ingress] = {|@words|
    fn spaces {|n|
        builtin:repeat $n ' ' | str:join ''
    }
    fn cand {|text desc|
        edit:complex-candidate $text &display=$text' '(spaces (- 14 (wcswidth $text)))$desc
    }
    var command = 'civi-ingress'
    for word $words[1..-1] {
        if (str:has-prefix $word '-') {
            break
        }
        set command = $command';'$word
    }
    var completions = [
        &'civi-ingress'= {
            cand --now 'Use this RFC 3339 instant as the present [default: SOURCE_DATE_EPOCH, else the clock; certificates are issued only if the two are at most 90 days apart]'
            cand -q 'Print no notes on stderr, only warnings and errors'
            cand --quiet 'Print no notes on stderr, only warnings and errors'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand -V 'Print version'
            cand --version 'Print version'
            cand new-instance 'Make an instance''s certificates and render its manifests'
            cand wildcard-secret 'Render the Secret of the wildcard certificate, newly made or taken from files'
            cand wildcard 'Render the Secret of the wildcard certificate, newly made or taken from files'
            cand tls-store 'Render the TLSStore that makes a Secret the default certificate'
            cand traefik-values 'Render the values file of the Traefik Helm chart'
            cand ca 'Make a CA as PEM files'
            cand cert 'Make a server certificate as PEM files, under an existing CA or one of its own'
            cand inspect 'Show what is in certificates: PEM files, bundles, Secrets in manifests'
            cand gitops 'Keep a fleet of instances as files in Git, with its keys'
            cand status 'Show when a fleet''s certificates expire, and the path of each instance'
            cand probe 'Check a live host as a browser does, and its httpd as Traefik does'
            cand lint 'Find what would go wrong with manifests, before they are applied'
            cand templates 'List or export the built-in templates'
            cand schema 'Print the JSON Schema of a kind of file'
            cand completions 'Print a completion script'
            cand man 'Print the manual page'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'civi-ingress;new-instance'= {
            cand --host 'Host that browsers ask for [default: `externalhost` of the values]'
            cand --alias 'Additional host of the instance, in the certificate and the route [repeatable]'
            cand -n 'Namespace of the objects'
            cand --namespace 'Namespace of the objects'
            cand -f 'Values file of the Civiparoisse chart, or - for stdin; a later one wins [repeatable]'
            cand --values 'Values file of the Civiparoisse chart, or - for stdin; a later one wins [repeatable]'
            cand --set 'Set a value, as Helm''s --set does [repeatable]'
            cand --set-string 'Set a value that stays a string [repeatable]'
            cand --reuse 'Keep the keys and certificates of these manifests (file, directory, - for stdin) as long as they are good'
            cand --context 'Context of kubectl [default: the current one]'
            cand --output-dir 'Write one file per object into this new or empty directory instead of stdout'
            cand --templates 'Use the templates in this directory in place of the built-in ones of the same name'
            cand --traefik 'Traefik release that reads the manifests, 2.9 to 3.x'
            cand --days 'Lifetime of the certificate: days, or the RFC 3339 instant at which it expires'
            cand --ca-days 'Lifetime of the CA: days, or the RFC 3339 instant at which it expires'
            cand --key-type 'Type of the keys: p256, p384, rsa2048, rsa3072, rsa4096'
            cand --not-before 'Start of the validity [default: one hour before the present]'
            cand --organization 'Organization in the certificates'' subjects'
            cand --ca-cert 'Sign with this CA instead of a new one (PEM, DER, a Secret)'
            cand --ca-key 'Private key of that CA (PEM, DER, a Secret)'
            cand --ca-custody 'What becomes of the CA keys [default: stored; for an existing CA: dropped]'
            cand --ca-key-out 'Write the key of the new instance CA to this file'
            cand --helm-release 'Mark the chart''s objects so that this Helm release adopts them'
            cand --retry 'Retry failed connections to the httpd, up to this many attempts in all'
            cand --hsts 'Send Strict-Transport-Security with this max-age'
            cand --traefik-namespace 'Namespace of Traefik''s pods'
            cand --traefik-label 'Label of Traefik''s pods [repeatable] [default: app.kubernetes.io/name=traefik]'
            cand --traefik-cidr 'Range of the nodes'' addresses [repeatable]'
            cand --now 'Use this RFC 3339 instant as the present [default: SOURCE_DATE_EPOCH, else the clock; certificates are issued only if the two are at most 90 days apart]'
            cand --cluster 'Ask the cluster that kubectl points to, instead of reading files'
            cand --force 'Overwrite files that exist, but no private keys'
            cand --replace-keys 'Overwrite private keys too: the old ones are lost'
            cand --show-secrets 'Show private keys even if stdout is a terminal'
            cand --create-namespace 'Render the Namespace too'
            cand --config-map 'Render the httpd''s ConfigMap too'
            cand --client-auth 'Make a client CA and Traefik''s own certificate, for an httpd that asks for one'
            cand --network-policy 'Let only Traefik reach the httpd (NetworkPolicy)'
            cand --default-deny 'Close the namespace to other namespaces, except for what --network-policy opens'
            cand --traefik-host-network 'Traefik uses the nodes'' network: --traefik-cidr then names the nodes'
            cand -q 'Print no notes on stderr, only warnings and errors'
            cand --quiet 'Print no notes on stderr, only warnings and errors'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'civi-ingress;wildcard-secret'= {
            cand --domain 'Domain of the wildcard: the certificate is for *.DOMAIN'
            cand --cert 'Use this certificate, or this bundle of certificates and key (PEM, DER, a Secret), or - for stdin'
            cand --key 'Private key of that certificate (PEM, DER, a Secret)'
            cand --chain 'Intermediate certificates above it (PEM, DER)'
            cand -n 'Namespace of the Secret and the TLSStore'
            cand --namespace 'Namespace of the Secret and the TLSStore'
            cand --ca-out 'Write the CA certificate that browsers must import to this file, as DER if its name ends in .der'
            cand --reuse 'Keep the certificate of this Secret (file, directory, - for stdin) as long as it is good, and renew it under its CA, whose key is in the Secret or given with --ca-cert and --ca-key'
            cand --context 'Context of kubectl [default: the current one]'
            cand --output-dir 'Write one file per object into this new or empty directory instead of stdout'
            cand --templates 'Use the templates in this directory in place of the built-in ones of the same name'
            cand --traefik 'Traefik release that reads the TLSStore, 2.9 to 3.x'
            cand --days 'Lifetime of the certificate: days, or the RFC 3339 instant at which it expires'
            cand --ca-days 'Lifetime of the CA: days, or the RFC 3339 instant at which it expires'
            cand --key-type 'Type of the keys: p256, p384, rsa2048, rsa3072, rsa4096'
            cand --not-before 'Start of the validity [default: one hour before the present]'
            cand --organization 'Organization in the certificates'' subjects'
            cand --ca-cert 'Sign with this CA instead of a new one (PEM, DER, a Secret)'
            cand --ca-key 'Private key of that CA (PEM, DER, a Secret)'
            cand --ca-custody 'What becomes of the CA key in the Secret [default: dropped; with --reuse: as it was]'
            cand --ca-key-out 'Write the CA''s private key to this file'
            cand --now 'Use this RFC 3339 instant as the present [default: SOURCE_DATE_EPOCH, else the clock; certificates are issued only if the two are at most 90 days apart]'
            cand --apex 'Cover the domain itself too'
            cand --tls-store 'Render the TLSStore `default` too'
            cand --cluster 'Ask the cluster that kubectl points to, instead of reading files'
            cand --force 'Overwrite files that exist, but no private keys'
            cand --replace-keys 'Overwrite private keys too: the old ones are lost'
            cand --show-secrets 'Show private keys even if stdout is a terminal'
            cand -q 'Print no notes on stderr, only warnings and errors'
            cand --quiet 'Print no notes on stderr, only warnings and errors'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'civi-ingress;wildcard'= {
            cand --domain 'Domain of the wildcard: the certificate is for *.DOMAIN'
            cand --cert 'Use this certificate, or this bundle of certificates and key (PEM, DER, a Secret), or - for stdin'
            cand --key 'Private key of that certificate (PEM, DER, a Secret)'
            cand --chain 'Intermediate certificates above it (PEM, DER)'
            cand -n 'Namespace of the Secret and the TLSStore'
            cand --namespace 'Namespace of the Secret and the TLSStore'
            cand --ca-out 'Write the CA certificate that browsers must import to this file, as DER if its name ends in .der'
            cand --reuse 'Keep the certificate of this Secret (file, directory, - for stdin) as long as it is good, and renew it under its CA, whose key is in the Secret or given with --ca-cert and --ca-key'
            cand --context 'Context of kubectl [default: the current one]'
            cand --output-dir 'Write one file per object into this new or empty directory instead of stdout'
            cand --templates 'Use the templates in this directory in place of the built-in ones of the same name'
            cand --traefik 'Traefik release that reads the TLSStore, 2.9 to 3.x'
            cand --days 'Lifetime of the certificate: days, or the RFC 3339 instant at which it expires'
            cand --ca-days 'Lifetime of the CA: days, or the RFC 3339 instant at which it expires'
            cand --key-type 'Type of the keys: p256, p384, rsa2048, rsa3072, rsa4096'
            cand --not-before 'Start of the validity [default: one hour before the present]'
            cand --organization 'Organization in the certificates'' subjects'
            cand --ca-cert 'Sign with this CA instead of a new one (PEM, DER, a Secret)'
            cand --ca-key 'Private key of that CA (PEM, DER, a Secret)'
            cand --ca-custody 'What becomes of the CA key in the Secret [default: dropped; with --reuse: as it was]'
            cand --ca-key-out 'Write the CA''s private key to this file'
            cand --now 'Use this RFC 3339 instant as the present [default: SOURCE_DATE_EPOCH, else the clock; certificates are issued only if the two are at most 90 days apart]'
            cand --apex 'Cover the domain itself too'
            cand --tls-store 'Render the TLSStore `default` too'
            cand --cluster 'Ask the cluster that kubectl points to, instead of reading files'
            cand --force 'Overwrite files that exist, but no private keys'
            cand --replace-keys 'Overwrite private keys too: the old ones are lost'
            cand --show-secrets 'Show private keys even if stdout is a terminal'
            cand -q 'Print no notes on stderr, only warnings and errors'
            cand --quiet 'Print no notes on stderr, only warnings and errors'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'civi-ingress;tls-store'= {
            cand --secret 'Secret that holds the certificate, in the same namespace'
            cand -n 'Namespace of the TLSStore'
            cand --namespace 'Namespace of the TLSStore'
            cand --output-dir 'Write one file per object into this new or empty directory instead of stdout'
            cand --templates 'Use the templates in this directory in place of the built-in ones of the same name'
            cand --traefik 'Traefik release that reads the TLSStore, 2.9 to 3.x'
            cand --now 'Use this RFC 3339 instant as the present [default: SOURCE_DATE_EPOCH, else the clock; certificates are issued only if the two are at most 90 days apart]'
            cand --force 'Overwrite files that exist, but no private keys'
            cand --replace-keys 'Overwrite private keys too: the old ones are lost'
            cand --show-secrets 'Show private keys even if stdout is a terminal'
            cand -q 'Print no notes on stderr, only warnings and errors'
            cand --quiet 'Print no notes on stderr, only warnings and errors'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'civi-ingress;traefik-values'= {
            cand --chart 'Major version of the Traefik Helm chart, 20 to 41'
            cand --replicas 'Run a Deployment of this many pods instead of a DaemonSet'
            cand --load-balancer 'Expose a Service of type LoadBalancer instead of host ports, with this traffic policy: Local, Cluster'
            cand --update-strategy 'Replace pods one after another, or when they are deleted: RollingUpdate, OnDelete'
            cand --log-level 'Log this level and above: TRACE, DEBUG, INFO, WARN, ERROR, FATAL, PANIC'
            cand --log-format 'Format of Traefik''s log: json, common [default: json; charts 20 to 22: common]'
            cand --access-log 'Format of the access log: json, common, off [default: json; charts 20 to 22: common]'
            cand --redirect 'Redirect http to https: on, off [default: on; charts 20 to 22: off]'
            cand --proxy-protocol-from 'Trust the PROXY protocol header of these peers [repeatable]'
            cand --forwarded-headers-from 'Trust the X-Forwarded headers of these peers [repeatable]'
            cand --watch-namespace 'Serve only routes of this namespace; name the TLSStore''s too [repeatable] [default: all]'
            cand --read-timeout 'Cut off requests that take longer to arrive; 0s for no limit [default: 600s; charts 20 to 22: none]'
            cand --templates 'Use the templates in this directory in place of the built-in ones of the same name'
            cand --now 'Use this RFC 3339 instant as the present [default: SOURCE_DATE_EPOCH, else the clock; certificates are issued only if the two are at most 90 days apart]'
            cand --host-network 'Bind ports 80 and 443 in the nodes'' network, as root, instead of using host ports'
            cand --prometheus 'Serve metrics for Prometheus on port 9100'
            cand -q 'Print no notes on stderr, only warnings and errors'
            cand --quiet 'Print no notes on stderr, only warnings and errors'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'civi-ingress;ca'= {
            cand --output-dir 'Directory for the files, new or empty'
            cand --permit-dns 'Domain that the CA may sign for, with all names below it [repeatable] [default: any]'
            cand --permit 'Domain that the CA may sign for, with all names below it [repeatable] [default: any]'
            cand --permit-ip 'Address that the CA may sign for [repeatable] [default: any]'
            cand --days 'Lifetime of the CA: days, or the RFC 3339 instant at which it expires'
            cand --key-type 'Type of the key: p256, p384, rsa2048, rsa3072, rsa4096'
            cand --not-before 'Start of the validity [default: one hour before the present]'
            cand --organization 'Organization in the certificate''s subject'
            cand --now 'Use this RFC 3339 instant as the present [default: SOURCE_DATE_EPOCH, else the clock; certificates are issued only if the two are at most 90 days apart]'
            cand --force 'Overwrite files that exist, but no private keys'
            cand --replace-keys 'Overwrite private keys too: the old ones are lost'
            cand -q 'Print no notes on stderr, only warnings and errors'
            cand --quiet 'Print no notes on stderr, only warnings and errors'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'civi-ingress;cert'= {
            cand --dns 'Host name, or *.DOMAIN [repeatable]'
            cand --ip 'IP address [repeatable]'
            cand --output-dir 'Directory for the files, new or empty'
            cand --days 'Lifetime of the certificate: days, or the RFC 3339 instant at which it expires'
            cand --ca-days 'Lifetime of the CA: days, or the RFC 3339 instant at which it expires'
            cand --key-type 'Type of the keys: p256, p384, rsa2048, rsa3072, rsa4096'
            cand --not-before 'Start of the validity [default: one hour before the present]'
            cand --organization 'Organization in the certificates'' subjects'
            cand --ca-cert 'Sign with this CA instead of a new one (PEM, DER, a Secret)'
            cand --ca-key 'Private key of that CA (PEM, DER, a Secret)'
            cand --ca-key-out 'Write the key of the new CA to this file'
            cand --now 'Use this RFC 3339 instant as the present [default: SOURCE_DATE_EPOCH, else the clock; certificates are issued only if the two are at most 90 days apart]'
            cand --force 'Overwrite files that exist, but no private keys'
            cand --replace-keys 'Overwrite private keys too: the old ones are lost'
            cand --client-auth 'Let the certificate identify a TLS client too'
            cand -q 'Print no notes on stderr, only warnings and errors'
            cand --quiet 'Print no notes on stderr, only warnings and errors'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'civi-ingress;inspect'= {
            cand -o 'Format of the report'
            cand --format 'Format of the report'
            cand --output 'Format of the report'
            cand --now 'Use this RFC 3339 instant as the present [default: SOURCE_DATE_EPOCH, else the clock; certificates are issued only if the two are at most 90 days apart]'
            cand --pem 'Print the certificates themselves as PEM, each once, and nothing else that is found'
            cand -q 'Print no notes on stderr, only warnings and errors'
            cand --quiet 'Print no notes on stderr, only warnings and errors'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'civi-ingress;gitops'= {
            cand --now 'Use this RFC 3339 instant as the present [default: SOURCE_DATE_EPOCH, else the clock; certificates are issued only if the two are at most 90 days apart]'
            cand -q 'Print no notes on stderr, only warnings and errors'
            cand --quiet 'Print no notes on stderr, only warnings and errors'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand init 'Write a starting fleet file into a directory, and what Git and sops must know of it'
            cand add 'Add an instance to the fleet file'
            cand remove 'Remove an instance from the fleet file'
            cand render 'Bring the tree in line with the fleet file: make, keep and renew certificates, write what has changed'
            cand check 'Check that the tree matches the fleet file and nothing is due; write nothing'
            cand diff 'Show what rendering would change; private keys as fingerprints'
            cand status 'Show when the tree''s certificates expire'
            cand ca 'Print the CA of the tree that browsers import, or the CAs of an instance, as PEM'
            cand import 'Make a fleet file, and a tree with the keys that run already, from Secrets, values files or a CSV table'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'civi-ingress;gitops;init'= {
            cand --output-dir 'Directory for the files'
            cand --name 'Name of the fleet'
            cand --domain 'Domain that the wildcard certificate covers'
            cand --recipient 'age recipient for the private keys [repeatable] [default: those of `.sops.yaml` above the directory]'
            cand --now 'Use this RFC 3339 instant as the present [default: SOURCE_DATE_EPOCH, else the clock; certificates are issued only if the two are at most 90 days apart]'
            cand -q 'Print no notes on stderr, only warnings and errors'
            cand --quiet 'Print no notes on stderr, only warnings and errors'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'civi-ingress;gitops;add'= {
            cand --host 'Host that browsers ask for [default: as `externalHost` of the fleet file''s defaults has it]'
            cand --profile 'Profile of the fleet file'
            cand -f 'Fleet file [default: the nearest fleet.yaml, here or above]'
            cand --fleet 'Fleet file [default: the nearest fleet.yaml, here or above]'
            cand --now 'Use this RFC 3339 instant as the present [default: SOURCE_DATE_EPOCH, else the clock; certificates are issued only if the two are at most 90 days apart]'
            cand -q 'Print no notes on stderr, only warnings and errors'
            cand --quiet 'Print no notes on stderr, only warnings and errors'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'civi-ingress;gitops;remove'= {
            cand -f 'Fleet file [default: the nearest fleet.yaml, here or above]'
            cand --fleet 'Fleet file [default: the nearest fleet.yaml, here or above]'
            cand --now 'Use this RFC 3339 instant as the present [default: SOURCE_DATE_EPOCH, else the clock; certificates are issued only if the two are at most 90 days apart]'
            cand -q 'Print no notes on stderr, only warnings and errors'
            cand --quiet 'Print no notes on stderr, only warnings and errors'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'civi-ingress;gitops;render'= {
            cand -f 'Fleet file, or - for stdin [default: the nearest fleet.yaml, here or above]'
            cand --fleet 'Fleet file, or - for stdin [default: the nearest fleet.yaml, here or above]'
            cand --output-dir 'Directory of the tree [default: that of the fleet file, or the fleet''s tree elsewhere in the repository]'
            cand --identity 'age key file that opens what is encrypted, or - for stdin; stored CA keys and changed recipients need it [repeatable] [default: SOPS_AGE_KEY_FILE, SOPS_AGE_KEY, ~/.config/sops/age/keys.txt]'
            cand --templates 'Use the templates in this directory in place of the built-in ones of the same name'
            cand --jobs 'Number of threads [default: one per processor]'
            cand --phase 'Step of a roll-over to take; all at once is safe, because the old CA stays trusted alongside the new one'
            cand --max-renewals 'Renew at most this many instances whose renewal can wait, those that expire soonest first'
            cand --max-issues 'Issue first keys to at most this many instances [default: in a tree that was rendered before, 5 or a tenth of all]'
            cand --ca-cert 'Sign with this CA instead of a new one (PEM, DER, a Secret)'
            cand --ca-key 'Private key of that CA (PEM, DER, a Secret)'
            cand --prune-max 'Remove at most this many instances, or give them other namespaces [default: 10, and no more than a fifth of all]'
            cand --fail-on 'Exit with 1 when everything is written but a certificate is blocked, or never'
            cand --summary 'Print a report for programs on stdout'
            cand --annotations 'Print on stdout what a CI shows beside the fleet file'
            cand --now 'Use this RFC 3339 instant as the present [default: SOURCE_DATE_EPOCH, else the clock; certificates are issued only if the two are at most 90 days apart]'
            cand --rekey 'Issue new keys where recipients or mode have changed; without it the keys stay, and --identity must open them'
            cand --prune 'Remove files of this fleet that are no longer needed'
            cand --adopt 'Take over files in the way that are not this fleet''s'
            cand --allow-plain-in-git 'Keep private keys in clear text even in a Git work tree that does not ignore them'
            cand --verify 'Verify every signature and private value first, as `gitops check` does; reissue chains that do not hold, and leave damaged files as they are'
            cand --no-sync 'Do not wait until everything is on disk'
            cand -q 'Print no notes on stderr, only warnings and errors'
            cand --quiet 'Print no notes on stderr, only warnings and errors'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'civi-ingress;gitops;check'= {
            cand -f 'Fleet file, or - for stdin [default: the nearest fleet.yaml, here or above]'
            cand --fleet 'Fleet file, or - for stdin [default: the nearest fleet.yaml, here or above]'
            cand --output-dir 'Directory of the tree [default: that of the fleet file, or the fleet''s tree elsewhere in the repository]'
            cand --identity 'age key file that opens what is encrypted, or - for stdin; stored CA keys and changed recipients need it [repeatable] [default: SOPS_AGE_KEY_FILE, SOPS_AGE_KEY, ~/.config/sops/age/keys.txt]'
            cand --templates 'Use the templates in this directory in place of the built-in ones of the same name'
            cand --jobs 'Number of threads [default: one per processor]'
            cand --phase 'Step of a roll-over to take; all at once is safe, because the old CA stays trusted alongside the new one'
            cand --max-renewals 'Renew at most this many instances whose renewal can wait, those that expire soonest first'
            cand --max-issues 'Issue first keys to at most this many instances [default: in a tree that was rendered before, 5 or a tenth of all]'
            cand --ca-cert 'Sign with this CA instead of a new one (PEM, DER, a Secret)'
            cand --ca-key 'Private key of that CA (PEM, DER, a Secret)'
            cand --summary 'Print a report for programs on stdout'
            cand --annotations 'Print on stdout what a CI shows beside the fleet file'
            cand --now 'Use this RFC 3339 instant as the present [default: SOURCE_DATE_EPOCH, else the clock; certificates are issued only if the two are at most 90 days apart]'
            cand --rekey 'Issue new keys where recipients or mode have changed; without it the keys stay, and --identity must open them'
            cand -q 'Print no notes on stderr, only warnings and errors'
            cand --quiet 'Print no notes on stderr, only warnings and errors'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'civi-ingress;gitops;diff'= {
            cand -f 'Fleet file, or - for stdin [default: the nearest fleet.yaml, here or above]'
            cand --fleet 'Fleet file, or - for stdin [default: the nearest fleet.yaml, here or above]'
            cand --output-dir 'Directory of the tree [default: that of the fleet file, or the fleet''s tree elsewhere in the repository]'
            cand --identity 'age key file that opens what is encrypted, or - for stdin; stored CA keys and changed recipients need it [repeatable] [default: SOPS_AGE_KEY_FILE, SOPS_AGE_KEY, ~/.config/sops/age/keys.txt]'
            cand --templates 'Use the templates in this directory in place of the built-in ones of the same name'
            cand --jobs 'Number of threads [default: one per processor]'
            cand --phase 'Step of a roll-over to take; all at once is safe, because the old CA stays trusted alongside the new one'
            cand --max-renewals 'Renew at most this many instances whose renewal can wait, those that expire soonest first'
            cand --max-issues 'Issue first keys to at most this many instances [default: in a tree that was rendered before, 5 or a tenth of all]'
            cand --ca-cert 'Sign with this CA instead of a new one (PEM, DER, a Secret)'
            cand --ca-key 'Private key of that CA (PEM, DER, a Secret)'
            cand --now 'Use this RFC 3339 instant as the present [default: SOURCE_DATE_EPOCH, else the clock; certificates are issued only if the two are at most 90 days apart]'
            cand --rekey 'Issue new keys where recipients or mode have changed; without it the keys stay, and --identity must open them'
            cand -q 'Print no notes on stderr, only warnings and errors'
            cand --quiet 'Print no notes on stderr, only warnings and errors'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'civi-ingress;gitops;status'= {
            cand --output-dir 'Directory of the tree [default: that of the fleet file, or the fleet''s tree elsewhere in the repository]'
            cand -f 'Take the renewal dates from this fleet file [default: fleet.yaml in a directory that is read]'
            cand --fleet 'Take the renewal dates from this fleet file [default: fleet.yaml in a directory that is read]'
            cand -o 'Format of the report'
            cand --format 'Format of the report'
            cand --output 'Format of the report'
            cand --fail-within 'Exit with 1 when a certificate expires within this time (30d, 12h, 4w), has expired, or cannot be read; without this option the exit status is 0 whatever is found'
            cand --output-file 'Write the report to this file instead of stdout, all of it or nothing'
            cand --now 'Use this RFC 3339 instant as the present [default: SOURCE_DATE_EPOCH, else the clock; certificates are issued only if the two are at most 90 days apart]'
            cand --force 'Overwrite that file'
            cand -q 'Print no notes on stderr, only warnings and errors'
            cand --quiet 'Print no notes on stderr, only warnings and errors'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'civi-ingress;gitops;ca'= {
            cand -f 'Fleet file, or - for stdin [default: the nearest fleet.yaml, here or above]'
            cand --fleet 'Fleet file, or - for stdin [default: the nearest fleet.yaml, here or above]'
            cand --output-dir 'Directory of the tree [default: that of the fleet file, or the fleet''s tree elsewhere in the repository]'
            cand --now 'Use this RFC 3339 instant as the present [default: SOURCE_DATE_EPOCH, else the clock; certificates are issued only if the two are at most 90 days apart]'
            cand -q 'Print no notes on stderr, only warnings and errors'
            cand --quiet 'Print no notes on stderr, only warnings and errors'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'civi-ingress;gitops;import'= {
            cand --secrets 'Secrets as `kubectl get secret -A -o yaml` prints them, or - for stdin'
            cand --values 'Values file of a chart release, with the instance''s name [repeatable]'
            cand --csv 'Table of instances, one per line, with a heading'
            cand --output-dir 'Directory for the files'
            cand --name 'Name of the fleet'
            cand --domain 'Domain that the wildcard certificate covers'
            cand --recipient 'age recipient for the private keys [repeatable] [default: those of `.sops.yaml` above the directory]'
            cand --now 'Use this RFC 3339 instant as the present [default: SOURCE_DATE_EPOCH, else the clock; certificates are issued only if the two are at most 90 days apart]'
            cand --plain 'Keep private keys in clear text instead of encrypting them'
            cand --allow-plain-in-git 'Keep private keys in clear text even in a Git work tree that does not ignore them'
            cand -q 'Print no notes on stderr, only warnings and errors'
            cand --quiet 'Print no notes on stderr, only warnings and errors'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'civi-ingress;gitops;help'= {
            cand init 'Write a starting fleet file into a directory, and what Git and sops must know of it'
            cand add 'Add an instance to the fleet file'
            cand remove 'Remove an instance from the fleet file'
            cand render 'Bring the tree in line with the fleet file: make, keep and renew certificates, write what has changed'
            cand check 'Check that the tree matches the fleet file and nothing is due; write nothing'
            cand diff 'Show what rendering would change; private keys as fingerprints'
            cand status 'Show when the tree''s certificates expire'
            cand ca 'Print the CA of the tree that browsers import, or the CAs of an instance, as PEM'
            cand import 'Make a fleet file, and a tree with the keys that run already, from Secrets, values files or a CSV table'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'civi-ingress;gitops;help;init'= {
        }
        &'civi-ingress;gitops;help;add'= {
        }
        &'civi-ingress;gitops;help;remove'= {
        }
        &'civi-ingress;gitops;help;render'= {
        }
        &'civi-ingress;gitops;help;check'= {
        }
        &'civi-ingress;gitops;help;diff'= {
        }
        &'civi-ingress;gitops;help;status'= {
        }
        &'civi-ingress;gitops;help;ca'= {
        }
        &'civi-ingress;gitops;help;import'= {
        }
        &'civi-ingress;gitops;help;help'= {
        }
        &'civi-ingress;status'= {
            cand -f 'Take the renewal dates from this fleet file [default: fleet.yaml in a directory that is read]'
            cand --fleet 'Take the renewal dates from this fleet file [default: fleet.yaml in a directory that is read]'
            cand -o 'Format of the report'
            cand --format 'Format of the report'
            cand --output 'Format of the report'
            cand --fail-within 'Exit with 1 when a certificate expires within this time (30d, 12h, 4w), has expired, or cannot be read; without this option the exit status is 0 whatever is found'
            cand --output-file 'Write the report to this file instead of stdout, all of it or nothing'
            cand --context 'Context of kubectl [default: the current one]'
            cand --connect 'Check the certificates that a live host presents too; after `=`, the address to connect to instead of what DNS returns [repeatable]'
            cand --connect-file 'Check the hosts in this file too, one per line in the same form, or - for stdin'
            cand --connect-routes 'Check every host that a route of the manifests names too; after `=`, one address for all of them'
            cand --now 'Use this RFC 3339 instant as the present [default: SOURCE_DATE_EPOCH, else the clock; certificates are issued only if the two are at most 90 days apart]'
            cand --force 'Overwrite that file'
            cand --cluster 'Ask the cluster that kubectl points to, instead of reading files'
            cand -q 'Print no notes on stderr, only warnings and errors'
            cand --quiet 'Print no notes on stderr, only warnings and errors'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'civi-ingress;probe'= {
            cand --ca 'Trust this CA as browsers do (PEM, DER, a Secret) [default: that of the manifests'' TLSStore, else the system''s roots]'
            cand --manifest 'Read Traefik''s configuration from these manifests (file, directory, - for stdin) [repeatable]'
            cand -o 'Format of the report'
            cand --format 'Format of the report'
            cand --output 'Format of the report'
            cand --connect 'Connect to this address instead of what DNS returns'
            cand --path 'Request this path [default: / or one that the manifests'' route takes]'
            cand --http 'Check whether port 80 redirects to https too'
            cand --expires-within 'Warn of certificates that expire within this time'
            cand --backend 'Check the leg from Traefik to the httpd too, at this address'
            cand --service 'If the route has several services, check this one'
            cand --backend-ca 'Trust this CA on that leg, if no manifests name one (PEM, DER, a Secret)'
            cand --context 'Context of kubectl [default: the current one]'
            cand --proxy-protocol 'Send this header first, as a load balancer does'
            cand --cert 'Present this certificate to a server that asks for one (PEM, DER, a Secret)'
            cand --key 'Private key of that certificate (PEM, DER, a Secret)'
            cand --timeout 'Wait this long for DNS, for each connection and for each TLS handshake'
            cand --http-timeout 'Wait this long for an answer'
            cand --now 'Use this RFC 3339 instant as the present [default: SOURCE_DATE_EPOCH, else the clock; certificates are issued only if the two are at most 90 days apart]'
            cand --cluster 'Ask the cluster that kubectl points to, instead of reading files'
            cand --insecure-continue 'Request the page even if the certificate is refused; the report says so'
            cand -q 'Print no notes on stderr, only warnings and errors'
            cand --quiet 'Print no notes on stderr, only warnings and errors'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'civi-ingress;lint'= {
            cand -o 'Format of the report'
            cand --format 'Format of the report'
            cand --output 'Format of the report'
            cand --explain 'Explain what a rule looks for, what would happen, and what to do'
            cand --traefik 'Traefik release that reads the manifests [default: detected, else 3.7]'
            cand --chart 'Version of Traefik''s Helm chart that reads the values files [default: the newest that fits]'
            cand --host 'Host that a route must answer for [repeatable]'
            cand --expires-within 'Find certificates that expire within this many days [default: 30, or a third of a shorter lifetime]'
            cand --level 'Show findings of this level and above'
            cand --fail-on 'Exit with 1 for findings of this level and above'
            cand --baseline 'Leave out the findings that this file accepts'
            cand --write-baseline 'Write the findings to this file, to accept them from now on'
            cand --now 'Use this RFC 3339 instant as the present [default: SOURCE_DATE_EPOCH, else the clock; certificates are issued only if the two are at most 90 days apart]'
            cand --strict-references 'Treat references to objects outside the input as errors'
            cand --force 'Overwrite an existing baseline'
            cand -q 'Print no notes on stderr, only warnings and errors'
            cand --quiet 'Print no notes on stderr, only warnings and errors'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'civi-ingress;templates'= {
            cand --now 'Use this RFC 3339 instant as the present [default: SOURCE_DATE_EPOCH, else the clock; certificates are issued only if the two are at most 90 days apart]'
            cand -q 'Print no notes on stderr, only warnings and errors'
            cand --quiet 'Print no notes on stderr, only warnings and errors'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand list 'List the built-in templates by name'
            cand export 'Write the built-in templates into a new or empty directory, to change and pass to --templates'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'civi-ingress;templates;list'= {
            cand --now 'Use this RFC 3339 instant as the present [default: SOURCE_DATE_EPOCH, else the clock; certificates are issued only if the two are at most 90 days apart]'
            cand -q 'Print no notes on stderr, only warnings and errors'
            cand --quiet 'Print no notes on stderr, only warnings and errors'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'civi-ingress;templates;export'= {
            cand --output-dir 'Directory for the files'
            cand --now 'Use this RFC 3339 instant as the present [default: SOURCE_DATE_EPOCH, else the clock; certificates are issued only if the two are at most 90 days apart]'
            cand --force 'Overwrite files that exist'
            cand -q 'Print no notes on stderr, only warnings and errors'
            cand --quiet 'Print no notes on stderr, only warnings and errors'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'civi-ingress;templates;help'= {
            cand list 'List the built-in templates by name'
            cand export 'Write the built-in templates into a new or empty directory, to change and pass to --templates'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'civi-ingress;templates;help;list'= {
        }
        &'civi-ingress;templates;help;export'= {
        }
        &'civi-ingress;templates;help;help'= {
        }
        &'civi-ingress;schema'= {
            cand --now 'Use this RFC 3339 instant as the present [default: SOURCE_DATE_EPOCH, else the clock; certificates are issued only if the two are at most 90 days apart]'
            cand -q 'Print no notes on stderr, only warnings and errors'
            cand --quiet 'Print no notes on stderr, only warnings and errors'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'civi-ingress;completions'= {
            cand --now 'Use this RFC 3339 instant as the present [default: SOURCE_DATE_EPOCH, else the clock; certificates are issued only if the two are at most 90 days apart]'
            cand -q 'Print no notes on stderr, only warnings and errors'
            cand --quiet 'Print no notes on stderr, only warnings and errors'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'civi-ingress;man'= {
            cand --output-dir 'Write a page for the program and for each subcommand into this new or empty directory'
            cand --now 'Use this RFC 3339 instant as the present [default: SOURCE_DATE_EPOCH, else the clock; certificates are issued only if the two are at most 90 days apart]'
            cand --force 'Overwrite files that exist'
            cand -q 'Print no notes on stderr, only warnings and errors'
            cand --quiet 'Print no notes on stderr, only warnings and errors'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'civi-ingress;help'= {
            cand new-instance 'Make an instance''s certificates and render its manifests'
            cand wildcard-secret 'Render the Secret of the wildcard certificate, newly made or taken from files'
            cand tls-store 'Render the TLSStore that makes a Secret the default certificate'
            cand traefik-values 'Render the values file of the Traefik Helm chart'
            cand ca 'Make a CA as PEM files'
            cand cert 'Make a server certificate as PEM files, under an existing CA or one of its own'
            cand inspect 'Show what is in certificates: PEM files, bundles, Secrets in manifests'
            cand gitops 'Keep a fleet of instances as files in Git, with its keys'
            cand status 'Show when a fleet''s certificates expire, and the path of each instance'
            cand probe 'Check a live host as a browser does, and its httpd as Traefik does'
            cand lint 'Find what would go wrong with manifests, before they are applied'
            cand templates 'List or export the built-in templates'
            cand schema 'Print the JSON Schema of a kind of file'
            cand completions 'Print a completion script'
            cand man 'Print the manual page'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'civi-ingress;help;new-instance'= {
        }
        &'civi-ingress;help;wildcard-secret'= {
        }
        &'civi-ingress;help;tls-store'= {
        }
        &'civi-ingress;help;traefik-values'= {
        }
        &'civi-ingress;help;ca'= {
        }
        &'civi-ingress;help;cert'= {
        }
        &'civi-ingress;help;inspect'= {
        }
        &'civi-ingress;help;gitops'= {
        }
        &'civi-ingress;help;status'= {
        }
        &'civi-ingress;help;probe'= {
        }
        &'civi-ingress;help;lint'= {
        }
        &'civi-ingress;help;templates'= {
        }
        &'civi-ingress;help;schema'= {
        }
        &'civi-ingress;help;completions'= {
        }
        &'civi-ingress;help;man'= {
        }
        &'civi-ingress;help;help'= {
        }
    ]
    $completions[$command]
}
