#!/usr/bin/env -S python3 -B
"""Answers the questions of ../check as Python's cryptography does, for a TLS server.

Input and output: see "What a verifier is" in ../check.
"""

import ipaddress
import sys
from datetime import UTC, datetime
from pathlib import Path

from cryptography import x509
from cryptography.x509 import verification


def main() -> None:
    for line in Path(sys.argv[1]).read_text().splitlines():
        number, leaf, _key, trust, kind, name, instant = line.split("\t")
        certificate = x509.load_pem_x509_certificate(Path(leaf).read_bytes())
        anchors = x509.load_pem_x509_certificates(Path(trust).read_bytes())
        subject = (
            x509.DNSName(name) if kind == "dns" else x509.IPAddress(ipaddress.ip_address(name))
        )
        server = (
            verification.PolicyBuilder()
            .store(verification.Store(anchors))
            .time(datetime.fromtimestamp(int(instant), UTC))
            .build_server_verifier(subject)
        )
        try:
            server.verify(certificate, [])
        except verification.VerificationError as error:
            print(number, "refuse", " ".join(str(error).split()), sep="\t")
        else:
            print(number, "accept", "", sep="\t")


main()
