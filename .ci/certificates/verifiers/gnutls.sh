#!/usr/bin/env bash
# Answers the questions of ../check as GnuTLS does, for a TLS server.
# Input and output: see "What a verifier is" in ../check. certtool 3.7 judges at the present
# instant only, so ../check gives it no question about another one.
set -euo pipefail

server_auth=1.3.6.1.5.5.7.3.1 # RFC 5280 section 4.2.1.12, id-kp-serverAuth

while IFS=$'\t' read -r number leaf _key trust _kind name _instant; do
  answer=$(certtool --verify --load-ca-certificate "$trust" --infile "$leaf" \
    --verify-hostname "$name" --verify-purpose "$server_auth" 2>&1) || true
  verdict=$(grep 'Chain verification output:' <<<"$answer" || true)
  case $verdict in
    *'output: Verified.'*) printf '%s\taccept\t\n' "$number" ;;
    *'output: Not verified.'*) printf '%s\trefuse\t%s\n' "$number" "${verdict#*Not verified. }" ;;
    *)
      printf 'certtool gave no verdict: %s\n' "$answer" >&2
      exit 1
      ;;
  esac
done <"$1"
