"""Writes what Octavia gives its HAProxy: balancer.py DIRECTORY

A file for each version of the PROXY protocol, made by Octavia's own templates from its own sample objects. The
addresses in them are those of the samples: the tests put theirs in.
"""

import pathlib
import sys

from octavia.common.jinja.haproxy.combined_listeners import jinja_cfg
from octavia.tests.unit.common.sample_configs import sample_configs_combined as samples

directory = pathlib.Path(sys.argv[1])
templater = jinja_cfg.JinjaTemplater(base_amp_path="amphora", base_crt_dir="amphora/certs")
for name, protocol in (("proxy-v1", "PROXY"), ("proxy-v2", "PROXYV2")):
    listener = samples.sample_listener_tuple(proto="TCP", be_proto=protocol, persistence=False)
    text = templater.build_config(
        samples.sample_amphora_tuple(),
        [listener],
        tls_certs=None,
        haproxy_versions=("2", "6", "0"),
        amp_details={"cpu_count": 1},
    )
    (directory / f"{name}.cfg").write_text(text)
