#!/usr/bin/env -S python3 -B
"""Judges certificates by pkilint's RFC 5280 rules, as its lint_pkix_cert does.

lint_pkix_cert takes one certificate a process, a third of a second each: hence its rules here, in
one process. Input: a file of lines `number TAB certificates TAB waived codes, by commas`. Output:
see "What a verifier is" in ../check; "refuse" means a finding of severity ERROR or FATAL.
"""

import sys
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from pkilint import loader
from pkilint.pkix import certificate, extension, name
from pkilint.validation import ValidationFindingSeverity


def main() -> None:
    rules = certificate.create_pkix_certificate_validator_container(
        certificate.create_decoding_validators(
            name.ATTRIBUTE_TYPE_MAPPINGS, extension.EXTENSION_MAPPINGS
        ),
        [
            certificate.create_issuer_validator_container([]),
            certificate.create_validity_validator_container(),
            certificate.create_subject_validator_container([]),
            certificate.create_extensions_validator_container([]),
            certificate.create_spki_validator_container([]),
        ],
    )
    documents = loader.RFC5280CertificateDocumentLoader()
    for line in Path(sys.argv[1]).read_text().splitlines():
        number, file, waived = line.split("\t")
        ders = (
            one.public_bytes(Encoding.DER)
            for one in x509.load_pem_x509_certificates(Path(file).read_bytes())
        )
        findings = {
            description.finding.code
            for der in ders
            for result in rules.validate(documents.load_der_document(der, file).root)
            for description in result.finding_descriptions
            if description.finding.severity <= ValidationFindingSeverity.ERROR
        }
        findings -= set(waived.split(","))
        print(number, "refuse" if findings else "accept", ", ".join(sorted(findings)), sep="\t")


main()
