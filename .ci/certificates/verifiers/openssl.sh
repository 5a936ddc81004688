#!/usr/bin/env bash
# Answers the questions of ../check as OpenSSL does in strict mode, for a TLS server that sends all of the leaf's file.
# Input and output: see "What a verifier is" in ../check.
set -euo pipefail

while IFS=$'\t' read -r number leaf _key trust kind name instant; do
  case $kind in
    dns) expect=(-verify_hostname "$name") ;;
    ip) expect=(-verify_ip "$name") ;;
  esac
  if answer=$(openssl verify -x509_strict -purpose sslserver "${expect[@]}" -attime "$instant" \
    -no-CApath -no-CAstore -CAfile "$trust" -untrusted "$leaf" "$leaf" 2>&1); then
    printf '%s\taccept\t\n' "$number"
  elif reason=$(grep -m 1 '^error [0-9]* at ' <<<"$answer"); then
    printf '%s\trefuse\t%s\n' "$number" "$reason"
  else # no verdict on the certificate: a missing file, an unknown option
    printf 'openssl gave no verdict: %s\n' "$answer" >&2
    exit 1
  fi
done <"$1"
