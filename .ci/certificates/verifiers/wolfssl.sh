#!/usr/bin/env bash
# Answers the questions of ../check as wolfSSL does; wolfssl.c beside it is the client.
# Input and output: see "What a verifier is" in ../check.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
gcc -Wall -o "$folder/wolfssl" "$(dirname "$0")/wolfssl.c" -lwolfssl
"$folder/wolfssl" "$1"
