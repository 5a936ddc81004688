"""Writes what Octavia gives its HAProxy: balancer.py DIRECTORY

A file for each protocol of a pool in octavia.json, made by Octavia's own templates from its own sample objects, with the
listener, the pool and the monitor that octavia.json states. The names and addresses are those of the samples: the tests
put theirs in.
"""

import json
import pathlib
import shutil
import sys

from octavia.common.jinja.haproxy.combined_listeners import jinja_cfg
from octavia.tests.unit.common.sample_configs import sample_configs_combined as samples

statement = pathlib.Path(__file__).with_name("octavia.json")
stated = json.loads(statement.read_text())


def listener(protocol):
    """The sample listener before a sample pool of a protocol, with what is stated."""
    asked = stated["listener"]
    pool = asked["default_pool"]
    monitor = pool["healthmonitor"]
    sample = samples.sample_listener_tuple(
        proto=asked["protocol"],
        be_proto=protocol,
        monitor_proto=monitor["type"],
        persistence=False,
        **{key: value for key, value in asked.items() if key == "connection_limit" or key.startswith("timeout_")},
    )
    sample_pool = sample.default_pool
    sample_pool = sample_pool._replace(
        lb_algorithm=pool["lb_algorithm"],
        members=[member._replace(monitor_port=stated["monitor_port"]) for member in sample_pool.members],
        # Octavia's names for `max_retries` and `max_retries_down` are `rise_threshold` and `fall_threshold`
        # (octavia/api/v2/types/health_monitor.py).
        health_monitor=sample_pool.health_monitor._replace(
            rise_threshold=monitor["max_retries"],
            fall_threshold=monitor["max_retries_down"],
            http_version=None,
            **{key: monitor[key] for key in ("http_method", "url_path", "expected_codes", "delay", "timeout")},
        ),
    )
    return sample._replace(default_pool=sample_pool, pools=[sample_pool])


directory = pathlib.Path(sys.argv[1])
templater = jinja_cfg.JinjaTemplater(base_amp_path="amphora", base_crt_dir="amphora/certs")
for protocol in set(stated["protocols"].values()):
    text = templater.build_config(
        samples.sample_amphora_tuple(),
        [listener(protocol)],
        tls_certs=None,
        haproxy_versions=("2", "6", "0"),
        amp_details={"cpu_count": 1},
    )
    (directory / f"{protocol}.cfg").write_text(text)
shutil.copy(statement, directory)
