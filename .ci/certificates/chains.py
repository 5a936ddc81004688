"""The chains that the certificate matrix judges, made by the binary under test.

Only two things here are not the binary's: an RSA authority by OpenSSL, to see that we can sign
under a foreign one, and forgeries (see `forge`), to see that our authorities bind whoever steals
their key.
"""

import base64
import ipaddress
import os
import subprocess
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import yaml
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization

HOST = "a.example.org"
# 63 bytes are the most a label can have, 64 the most a common name, 253 the most a name
# (RFC 1035 section 2.3.4, RFC 5280 appendix A.1 ub-common-name).
HOST_OF_87 = f"{'p' * 63}.{'a' * 11}.example.org"
HOST_OF_253 = f"{'p' * 63}.{'a' * 63}.{'r' * 63}.{'o' * 49}.example.org"
DATABASE = "civicrmdb"

# pkilint wants names as RFC 1034 section 3.5 prefers them: of letters, digits and hyphens, and of
# more than one label. A wildcard's asterisk (RFC 6125 section 6.4.3) and the name of a Service in
# its own namespace are right all the same.
NAME_SYNTAX = "pkix.invalid_domain_name_syntax"

# The options with which an OpenSSL user makes a private authority.
OPENSSL_AUTHORITY = """
[req]
distinguished_name = name
[name]
[authority]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
"""


@dataclass(frozen=True)
class Chain:
    """A leaf with its key, the bundle that it must be trusted by, and the names it must serve."""

    about: str
    leaf: Path
    key: Path
    trust: Path
    names: tuple[str, ...]
    # The authority's key, where the authority is bound by name constraints: forgeries need it.
    constrained_key: Path | None = None
    # The code of pkilint's that does not count for it.
    waived: str = ""


class Workshop:
    """A folder in which the binary makes key pairs, one folder below for each run."""

    def __init__(self, binary: Path, folder: Path) -> None:
        self.binary = binary
        self.folder = folder

    def run(self, *arguments: str | Path, at: datetime | None = None) -> str:
        """Runs the binary, at the present or another instant, and returns what it prints."""
        present = ["--now", at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")] if at else []
        return subprocess.run(
            [self.binary, "--quiet", *present, *arguments],
            env={"PATH": os.environ["PATH"]},
            check=True,
            text=True,
            stdout=subprocess.PIPE,
        ).stdout

    def secret(self, about: str, printed: str, name: str) -> Path:
        """Writes the data of the printed Secret into a folder, one file a key."""
        folder = self.folder / about.replace(" ", "-")
        folder.mkdir()
        for document in yaml.safe_load_all(printed):
            if document["kind"] == "Secret" and document["metadata"]["name"] == name:
                for key, value in document["data"].items():
                    (folder / key).write_bytes(base64.b64decode(value, validate=True))
        return folder

    def instance(
        self, about: str, host: str, *options: str | Path, at: datetime | None = None
    ) -> tuple[Chain, Chain]:
        """Makes an instance; returns the chain of its web server and that of its database."""
        printed = self.run("new-instance", "paroisse-a", "--host", host, *options, at=at)
        made = self.secret(about, printed, "selfcert")
        name = host.encode("idna").decode()
        web = Chain(
            about, made / "externcert", made / "externkey", made / "cacert", (name,), made / "cakey"
        )
        database = Chain(
            f"{about}, database",
            made / "dbservercert",
            made / "dbserverkey",
            made / "dbcacert",
            (DATABASE,),
            made / "dbcakey",
            NAME_SYNTAX,
        )
        return web, database

    def wildcard(self, about: str) -> Chain:
        authority, key = self.folder / "wildcard-ca.crt", self.folder / "wildcard-ca.key"
        printed = self.run(
            "wildcard-secret", "--domain", "example.org", "--apex",
            "--ca-out", authority, "--ca-key-out", key,
        )  # fmt: skip
        made = self.secret(about, printed, "wildcardsecret")
        names = ("www.example.org", "example.org")
        return Chain(about, made / "tls.crt", made / "tls.key", authority, names, key, NAME_SYNTAX)

    def cert(
        self, about: str, names: tuple[str, ...], *options: str | Path, constrained: bool = False
    ) -> Chain:
        made = self.folder / about.replace(" ", "-")
        flags = [part for name in names for part in ("--ip" if is_address(name) else "--dns", name)]
        if constrained:
            options += ("--ca-key-out", self.folder / f"{made.name}-ca.key")
        self.run("cert", *flags, *options, "--output-dir", made)
        key = self.folder / f"{made.name}-ca.key" if constrained else None
        return Chain(about, made / "tls.crt", made / "tls.key", made / "ca.crt", names, key)

    def bundle(self, about: str, *authorities: Path) -> Path:
        file = self.folder / f"{about.replace(' ', '-')}.pem"
        file.write_bytes(b"".join(authority.read_bytes() for authority in authorities))
        return file


def make_chains(shop: Workshop) -> list[Chain]:
    """Makes every chain that must be accepted for each of its names."""
    chains = []
    for key_type in ("p256", "p384", "rsa2048"):
        chains += shop.instance(f"instance {key_type}", HOST, "--key-type", key_type)
    for key_type in ("rsa3072", "rsa4096"):
        chains.append(shop.cert(f"leaf {key_type}", (HOST,), "--key-type", key_type))
    for about, host in {
        "host of 87 characters": HOST_OF_87,
        "host of 253 characters": HOST_OF_253,
        "international host": "bücher.example.org",
    }.items():
        chains.append(shop.instance(about, host)[0])
    chains.append(shop.wildcard("wildcard and apex"))
    addresses = (HOST, "192.0.2.7", "2001:db8::7")
    chains.append(shop.cert("name and addresses", addresses, constrained=True))

    ours = shop.folder / "authority"
    shop.run("ca", "--output-dir", ours)
    theirs = openssl_authority(shop.folder)
    for about, authority in {"our authority": ours, "OpenSSL RSA authority": theirs}.items():
        options = ("--ca-cert", authority / "ca.crt", "--ca-key", authority / "ca.key")
        chains.append(shop.cert(f"leaf under {about}", (HOST,), *options))

    old = chains[0]
    new = shop.instance("renewed", HOST)[0]
    for order, authorities in {
        "new first": (new.trust, old.trust),
        "old first": (old.trust, new.trust),
    }.items():
        trust = shop.bundle(f"bundle {order}", *authorities)
        for age, chain in {"old": old, "new": new}.items():
            about = f"renewal, {age} leaf, {order}"
            chains.append(replace(chain, about=about, trust=trust, constrained_key=None))
    return chains


def chains_below_an_intermediate(shop: Workshop) -> list[Chain]:
    """Makes chains of which the server must send the intermediate: it stands in the leaf's file."""
    authority = intermediate_authority(shop.folder)
    options = ("--ca-cert", authority / "chain.crt", "--ca-key", authority / "ca.key")
    instance = shop.instance("instance under an intermediate", HOST, *options)[0]
    return [
        shop.cert("leaf under an intermediate", (HOST,), *options),
        replace(instance, trust=authority / "root.crt", constrained_key=None),
    ]


def aged_chain(shop: Workshop) -> Chain:
    """Makes the chain of an instance of two years ago: the leaf of 365 days has expired."""
    then = datetime.now(UTC) - timedelta(days=2 * 365)
    return shop.instance("instance of two years ago", HOST, at=then)[0]


def openssl_authority(folder: Path) -> Path:
    made = folder / "openssl-authority"
    made.mkdir()
    (made / "openssl.cnf").write_text(OPENSSL_AUTHORITY)
    subprocess.run(
        [
            "openssl", "req", "-x509", "-config", "openssl.cnf", "-extensions", "authority",
            "-newkey", "rsa:2048", "-noenc", "-subj", "/O=Example/CN=Example RSA authority",
            "-days", "3650", "-out", "ca.crt", "-keyout", "ca.key",
        ],
        cwd=made, check=True, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    return made


def intermediate_authority(folder: Path) -> Path:
    """Makes a root, and a CA below it."""
    made = folder / "intermediate-authority"
    made.mkdir()
    (made / "openssl.cnf").write_text(OPENSSL_AUTHORITY)
    make = (
        "openssl", "req", "-x509", "-config", "openssl.cnf", "-extensions", "authority",
        "-newkey", "rsa:2048", "-noenc", "-days", "3650",
    )  # fmt: skip
    root = ("-subj", "/O=Example/CN=Example root", "-out", "root.crt", "-keyout", "root.key")
    below = (
        "-subj", "/O=Example/CN=Example issuing CA", "-CA", "root.crt", "-CAkey", "root.key",
        "-addext", "authorityKeyIdentifier = keyid",
        "-out", "ca.crt", "-keyout", "ca.key",
    )  # fmt: skip
    for options in (root, below):
        subprocess.run([*make, *options], cwd=made, check=True, stderr=subprocess.DEVNULL)
    chain = (made / "ca.crt").read_bytes() + (made / "root.crt").read_bytes()
    (made / "chain.crt").write_bytes(chain)
    return made


def forge(chain: Chain, file: Path, name: str | None) -> Path:
    """Signs the chain's leaf again under its authority's key, with one thing changed.

    That is its subject alternative name; or, without a name, its authority key identifier, which is
    left out. All else stays, so that nothing but the change can be the reason of a refusal.
    """
    leaf = certificate(chain.leaf)
    authority_key = serialization.load_pem_private_key(chain.constrained_key.read_bytes(), None)
    forgery = (
        x509.CertificateBuilder()
        .subject_name(leaf.subject)
        .issuer_name(leaf.issuer)
        .public_key(leaf.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(leaf.not_valid_before_utc)
        .not_valid_after(leaf.not_valid_after_utc)
    )
    for extension in leaf.extensions:
        value = extension.value
        if name and isinstance(value, x509.SubjectAlternativeName):
            value = x509.SubjectAlternativeName([general_name(name)])
        elif not name and isinstance(value, x509.AuthorityKeyIdentifier):
            continue
        forgery = forgery.add_extension(value, extension.critical)
    signed = forgery.sign(authority_key, hashes.SHA256())
    file.write_bytes(signed.public_bytes(serialization.Encoding.PEM))
    return file


def certificate(file: Path) -> x509.Certificate:
    return x509.load_pem_x509_certificate(file.read_bytes())


def general_name(name: str) -> x509.GeneralName:
    return x509.IPAddress(ipaddress.ip_address(name)) if is_address(name) else x509.DNSName(name)


def is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
