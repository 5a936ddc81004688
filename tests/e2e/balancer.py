"""Writes what Octavia gives its HAProxy: balancer.py DIRECTORY

A file for each protocol of a pool in octavia.json, made by Octavia's own templates from its own sample objects, with the
listener, the pool and the monitor that octavia.json states; and one for each topology that Terraform is asked for, from what its
provider sends to Octavia's API there, at port 443. The names and addresses are those of the samples, and certificates are
files with the names of Terraform's variables: the tests put theirs in.
"""

import json
import pathlib
import re
import shutil
import sys

from octavia.api.v2.types import health_monitor as monitors, listener as listeners, member as members, pool as pools
from octavia.common import constants, data_models
from octavia.common.jinja.haproxy.combined_listeners import jinja_cfg
from octavia.db import prepare
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


def asked(kind, attributes, name):
    """The attributes of a request as Octavia's API reads and checks them, with an id of ours: Octavia's are random."""
    return kind(**attributes).to_dict(render_unsets=True) | {"id": name}


def kept(kind, prepared, **parts):
    """The object that Octavia keeps of a request, with the parts that requests of their own made."""
    known = vars(kind())
    return kind(**{name: value for name, value in prepared.items() if name in known} | parts)


def by_terraform(topology):
    """The listener of Terraform's file for a topology, with its pool, monitor and member, and its pool's files."""
    common = stated["terraform"]
    own = common["topologies"][topology]
    wanted_listener = common[own["listener"]]
    balancer = samples.sample_listener_loadbalancer_tuple()
    # What the API calls otherwise (terraform-provider-openstack 3.4.0, openstack/resource_openstack_lb_pool_v2.go).
    wanted = {"lb_algorithm" if name == "lb_method" else name: value for name, value in own["pool"].items()}
    monitor = prepare.create_health_monitor(asked(monitors.HealthMonitorPOST, common["monitor"], "monitor"))
    member = prepare.create_member(asked(members.MemberPOST, own["member"] | {"address": "10.0.0.99"}, "member"), None)
    pool = kept(
        data_models.Pool,
        prepare.create_pool(asked(pools.PoolPOST, wanted, "pool"), balancer.id),
        health_monitor=kept(data_models.HealthMonitor, monitor),
        members=[kept(data_models.Member, member)],
    )
    assert pool.protocol in constants.VALID_LISTENER_POOL_PROTOCOL_MAP[wanted_listener["protocol"]]
    before = prepare.create_listener(asked(listeners.ListenerPOST, wanted_listener, "listener"), balancer.id)
    before = kept(data_models.Listener, before, default_pool=pool, pools=[pool], load_balancer=balancer)
    # octavia/amphorae/drivers/haproxy/rest_api_driver.py, _process_pool_certs
    references = {"client_cert": pool.tls_certificate_id, "ca_cert": pool.ca_tls_certificate_id}
    place = f"{jinja_cfg.CONF.haproxy_amphora.base_cert_dir}/{balancer.id}"
    files = {kind: f"{place}/{variable(reference)}.pem" for kind, reference in references.items() if reference}
    return before, {pool.id: files}


def variable(reference):
    """The name of the variable that a text of Terraform is."""
    return re.fullmatch(r"\$\{var\.(\w+)\}", reference)[1]


directory = pathlib.Path(sys.argv[1])
templater = jinja_cfg.JinjaTemplater(base_amp_path="amphora", base_crt_dir="amphora/certs")


def write(name, listener, files):
    """Writes the configuration for a listener, which Debian 12's HAProxy is to read."""
    text = templater.build_config(
        samples.sample_amphora_tuple(),
        [listener],
        tls_certs=files,
        haproxy_versions=("2", "6", "0"),
        amp_details={"cpu_count": 1},
    )
    (directory / f"{name}.cfg").write_text(text)


for protocol in set(stated["protocols"].values()):
    write(protocol, listener(protocol), None)
for topology in stated["terraform"]["topologies"]:
    write(topology, *by_terraform(topology))
shutil.copy(statement, directory)
