use super::*;
use crate::name::Namespace;
use crate::yaml::{self, Node, Value};
use std::num::NonZeroU16;

/// The values file of the Civiparoisse Traefik notes.
const NOTES: &str = "\
deployment:
  kind: DaemonSet
metrics:
  prometheus: null
hostNetwork: true
updateStrategy:
  type: OnDelete
globalArguments:
  - \"--global.checknewversion\"
ports:
  websecure:
      port: 443
      http:
      tls:
logs:
  general:
    level: DEBUG
  access:
    enabled: true
";

fn chart(number: u8) -> ChartMajor {
    ChartMajor::parse(&number.to_string()).unwrap()
}

fn cidrs(texts: &[&str]) -> Vec<Cidr> {
    texts
        .iter()
        .map(|text| Cidr::parse(text).unwrap())
        .collect()
}

fn rendered(request: &ValuesRequest) -> String {
    render(request, &Templates::default()).unwrap()
}

/// Every option away from its default, as far as they go together.
fn rich(chart: ChartMajor, exposure: Exposure) -> ValuesRequest {
    let deployment = Workload::Deployment(NonZeroU16::new(3).unwrap());
    ValuesRequest {
        workload: if exposure == Exposure::HostNetwork {
            Workload::DaemonSet
        } else {
            deployment
        },
        exposure,
        log_level: LogLevel::Warn,
        log_format: Some(LogFormat::Common),
        access_log: Some(AccessLog::Json),
        prometheus: true,
        redirect: Some(true),
        proxy_protocol_from: cidrs(&["10.0.0.0/8", "2001:db8::/32"]),
        forwarded_headers_from: cidrs(&["192.0.2.7"]),
        watch_namespaces: ["paroisse-a", "default"]
            .map(|name| Namespace::parse(name).unwrap())
            .into(),
        read_timeout: Some(ReadTimeout::parse("1h").unwrap()),
        ..ValuesRequest::for_chart(chart)
    }
}

/// All paths that end in a scalar, with their values as the reader sees them.
fn leaves(node: &Node, path: &str, out: &mut Vec<String>) {
    match &node.value {
        Value::Map(entries) => {
            for (key, value) in entries {
                leaves(value, &format!("{path}.{}", key.text), out);
            }
        }
        Value::List(items) => {
            for (index, item) in items.iter().enumerate() {
                leaves(item, &format!("{path}.{index}"), out);
            }
        }
        scalar => out.push(format!("{path} = {scalar:?}")),
    }
}

fn leaves_of(text: &str) -> Vec<String> {
    let mut out = Vec::new();
    leaves(&yaml::read(text, "-").unwrap(), "", &mut out);
    out.sort();
    out
}

fn texts(node: &Node) -> Vec<&str> {
    node.items().iter().filter_map(Node::text).collect()
}

fn at<'a>(document: &'a Node, path: &str) -> Option<&'a Node> {
    path.split('.').try_fold(document, Node::get)
}

const EXPOSURES: [Exposure; 4] = [
    Exposure::HostPort,
    Exposure::HostNetwork,
    Exposure::LoadBalancer(TrafficPolicy::Local),
    Exposure::LoadBalancer(TrafficPolicy::Cluster),
];

#[test]
fn the_command_of_the_notes_gives_their_file_key_for_key() {
    for number in [20, 21, 22] {
        let request = ValuesRequest {
            exposure: Exposure::HostNetwork,
            update_strategy: UpdateStrategy::OnDelete,
            log_level: LogLevel::Debug,
            ..ValuesRequest::for_chart(chart(number))
        };
        assert_eq!(
            leaves_of(&rendered(&request)),
            leaves_of(NOTES),
            "chart {number}"
        );
    }
}

#[test]
fn every_layout_is_rendered_byte_for_byte() {
    for number in [20, 23, 25, 28, 33, 34, 36, 39, 40, 41] {
        let chart = chart(number);
        let cases = [
            ("defaults", ValuesRequest::for_chart(chart)),
            (
                "host-network",
                ValuesRequest {
                    exposure: Exposure::HostNetwork,
                    ..ValuesRequest::for_chart(chart)
                },
            ),
            (
                "options",
                rich(chart, Exposure::LoadBalancer(TrafficPolicy::Local)),
            ),
        ];
        for (case, request) in cases {
            insta::with_settings!({
                snapshot_path => "../../snapshots/traefik-values",
                prepend_module_to_snapshot => false,
                omit_expression => true,
            }, {
                insta::assert_snapshot!(format!("chart-{number}-{case}"), rendered(&request));
            });
        }
    }
}

/// A layout and the template must agree on the names of the keys, or an option would get lost.
#[test]
fn every_option_comes_out_on_every_chart() {
    for chart in ChartMajor::all() {
        let leaves = leaves_of(&rendered(&rich(chart, EXPOSURES[3])));
        let one = |start: &str, end: &str| {
            let found = leaves
                .iter()
                .filter(|leaf| leaf.starts_with(start) && leaf.ends_with(end));
            assert_eq!(
                found.count(),
                1,
                "chart {chart}: {start}…{end} in {leaves:#?}"
            );
        };
        one(".deployment.replicas", "Int(3)");
        one(".metrics.prometheus", "Text(\"metrics\")");
        let version_checks = leaves
            .iter()
            .filter(|leaf| leaf.to_lowercase().contains("checknewversion"));
        assert_eq!(version_checks.count(), 1, "chart {chart}: {leaves:#?}");
        one(".ports.web.", "Text(\"websecure\")");
        one(".", "3600s\")");
        one(".log", "Text(\"WARN\")");
        one(".", "Text(\"json\")");
        one(
            ".providers.kubernetesCRD.namespaces.0",
            "Text(\"paroisse-a\")",
        );
        one(".service.", "Text(\"LoadBalancer\")");
        one(".service.spec.externalTrafficPolicy", "Text(\"Cluster\")");
    }
}

#[test]
fn charts_of_one_layout_get_the_same_file() {
    for (number, first) in [(22, 20), (24, 23), (27, 25), (32, 28), (35, 34), (38, 36)] {
        assert_eq!(
            rendered(&ValuesRequest::for_chart(chart(number))),
            rendered(&ValuesRequest::for_chart(chart(first)))
        );
    }
}

/// Helm deletes what is null from the chart's values: an empty section would take an entry point away.
#[test]
fn nothing_is_null_but_what_is_to_be_deleted() {
    for chart in ChartMajor::all() {
        for exposure in EXPOSURES {
            let bare = ValuesRequest {
                exposure,
                redirect: Some(false),
                access_log: Some(AccessLog::Off),
                ..ValuesRequest::for_chart(chart)
            };
            for request in [
                bare,
                ValuesRequest {
                    exposure,
                    ..ValuesRequest::for_chart(chart)
                },
                rich(chart, exposure),
            ] {
                let text = rendered(&request);
                let nulls: Vec<String> = leaves_of(&text)
                    .into_iter()
                    .filter(|leaf| leaf.ends_with("= Null"))
                    .collect();
                let notes_port = exposure == Exposure::HostNetwork && chart.number() <= 22;
                let mut expected = Vec::new();
                if !request.prometheus {
                    expected.push(".metrics.prometheus = Null");
                    expected.extend((chart.number() > 22).then_some(".ports.metrics = Null"));
                }
                if notes_port {
                    expected.extend([
                        ".ports.websecure.http = Null",
                        ".ports.websecure.tls = Null",
                    ]);
                }
                assert_eq!(nulls, expected, "chart {chart}, {exposure:?}:\n{text}");
            }
        }
    }
}

#[test]
fn trusted_ranges_are_on_both_ports_of_every_chart() {
    for chart in ChartMajor::all() {
        for exposure in EXPOSURES {
            let document = yaml::read(&rendered(&rich(chart, exposure)), "-").unwrap();
            for port in ["web", "websecure"] {
                let ranges = |key: &str| {
                    texts(at(&document, &format!("ports.{port}.{key}.trustedIPs")).unwrap())
                };
                assert_eq!(ranges("proxyProtocol"), ["10.0.0.0/8", "2001:db8::/32"]);
                assert_eq!(ranges("forwardedHeaders"), ["192.0.2.7/32"]);
            }
        }
    }
}

#[test]
fn pods_that_hold_ports_of_their_node_go_before_the_next_ones_come() {
    let strategy = |request: &ValuesRequest| {
        let document = yaml::read(&rendered(request), "-").unwrap();
        let number = |key: &str| {
            at(&document, &format!("updateStrategy.rollingUpdate.{key}"))
                .map(|node| node.value.clone())
        };
        (number("maxUnavailable"), number("maxSurge"))
    };
    let (zero, one) = (Some(Value::Int(0)), Some(Value::Int(1)));
    for chart in ChartMajor::all() {
        for exposure in EXPOSURES {
            let daemon_set = ValuesRequest {
                exposure,
                ..ValuesRequest::for_chart(chart)
            };
            assert_eq!(strategy(&daemon_set), (one.clone(), zero.clone()));
            let workload = Workload::Deployment(NonZeroU16::MIN);
            let deployment = ValuesRequest {
                workload,
                ..daemon_set.clone()
            };
            let expected = match exposure {
                Exposure::LoadBalancer(_) => (zero.clone(), one.clone()),
                Exposure::HostPort | Exposure::HostNetwork => (one.clone(), zero.clone()),
            };
            assert_eq!(strategy(&deployment), expected);
            let on_delete = ValuesRequest {
                update_strategy: UpdateStrategy::OnDelete,
                ..daemon_set
            };
            assert_eq!(strategy(&on_delete), (None, None));
        }
    }
}

#[test]
fn in_the_nodes_network_traefik_runs_as_root_and_shows_no_dashboard() {
    for chart in ChartMajor::all().filter(|chart| chart.number() > 22) {
        let request = ValuesRequest {
            exposure: Exposure::HostNetwork,
            ..ValuesRequest::for_chart(chart)
        };
        let document = yaml::read(&rendered(&request), "-").unwrap();
        let value = |path: &str| at(&document, path).map(|node| node.value.clone());
        assert_eq!(value("hostNetwork"), Some(Value::Bool(true)));
        assert_eq!(value("ports.web.port"), Some(Value::Int(80)));
        assert_eq!(value("ports.websecure.port"), Some(Value::Int(443)));
        assert_eq!(value("ports.websecure.hostPort"), None);
        assert_eq!(value("securityContext.runAsUser"), Some(Value::Int(0)));
        assert_eq!(
            value("securityContext.runAsNonRoot"),
            Some(Value::Bool(false))
        );
        assert_eq!(
            texts(at(&document, "securityContext.capabilities.add").unwrap()),
            ["NET_BIND_SERVICE"]
        );
        assert_eq!(
            value("ingressRoute.dashboard.enabled"),
            Some(Value::Bool(false))
        );
    }
}

#[test]
fn without_a_load_balancer_none_is_asked_for() {
    for (number, path, other) in [
        (39, "service.type", "service.spec"),
        (40, "service.spec.type", "service.type"),
    ] {
        for exposure in [Exposure::HostPort, Exposure::HostNetwork] {
            let request = ValuesRequest {
                exposure,
                ..ValuesRequest::for_chart(chart(number))
            };
            let document = yaml::read(&rendered(&request), "-").unwrap();
            assert_eq!(
                at(&document, path).and_then(Node::text),
                Some("ClusterIP"),
                "chart {number}"
            );
            assert_eq!(at(&document, other), None, "chart {number}");
        }
    }
}

#[test]
fn on_the_charts_of_the_notes_the_safer_defaults_come_when_asked_for() {
    let request = ValuesRequest {
        redirect: Some(true),
        log_format: Some(LogFormat::Json),
        access_log: Some(AccessLog::Json),
        read_timeout: Some(ReadTimeout::DEFAULT),
        exposure: Exposure::HostNetwork,
        ..ValuesRequest::for_chart(chart(22))
    };
    let leaves = leaves_of(&rendered(&request));
    for leaf in [
        ".additionalArguments.0 = Text(\"--entrypoints.websecure.transport.respondingtimeouts.readtimeout=600s\")",
        ".logs.access.format = Text(\"json\")",
        ".logs.general.format = Text(\"json\")",
        ".ports.web.port = Int(80)",
        ".ports.web.redirectTo = Text(\"websecure\")",
    ] {
        assert!(
            leaves.iter().any(|found| found == leaf),
            "{leaf} is missing from {leaves:#?}"
        );
    }
}

#[test]
fn a_level_that_a_chart_does_not_know_is_refused_with_the_chart_that_does() {
    for chart in ChartMajor::all() {
        let result = render(
            &ValuesRequest {
                log_level: LogLevel::Trace,
                ..ValuesRequest::for_chart(chart)
            },
            &Templates::default(),
        );
        if chart.number() >= 33 {
            assert!(result.unwrap().contains("level: TRACE\n"));
            continue;
        }
        let faults = result.unwrap_err();
        assert_eq!(faults.len(), 1);
        assert_eq!(
            faults[0].to_string(),
            format!("--log-level: chart {chart} does not have the level TRACE")
        );
        assert_eq!(
            faults[0].help.as_deref(),
            Some("use chart 33 or newer, or a less verbose level")
        );
    }
}

#[test]
fn all_that_cannot_be_expressed_is_refused_at_once() {
    let request = ValuesRequest {
        log_level: LogLevel::Trace,
        workload: Workload::Deployment(NonZeroU16::MIN),
        update_strategy: UpdateStrategy::OnDelete,
        ..ValuesRequest::for_chart(chart(20))
    };
    let faults = render(&request, &Templates::default()).unwrap_err();
    let lines: Vec<String> = faults.iter().map(Fault::to_string).collect();
    assert_eq!(
        lines,
        [
            "--log-level: chart 20 does not have the level TRACE",
            "--update-strategy: Kubernetes has no update strategy OnDelete for a Deployment",
        ]
    );
}

#[test]
fn a_users_template_takes_the_place_of_the_built_in_one() {
    let source = "deployment:\n  kind: {{ kind }}\n".to_owned();
    let templates =
        Templates::with_own("mine", vec![("traefik/values.yaml".into(), source)]).unwrap();
    let request = ValuesRequest::for_chart(ChartMajor::default());
    assert_eq!(
        render(&request, &templates).unwrap(),
        "deployment:\n  kind: DaemonSet\n"
    );
}
