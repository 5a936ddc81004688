//! Ingress controllers that nobody maintains any more.

use super::rules::CI331;
use crate::lint::finding::Finding;
use crate::lint::model::{Class, Object};
use crate::yaml::{At, Node};

/// What its image's name ends with, its charts, and what is known of it.
struct Controller {
    name: &'static str,
    image: &'static str,
    charts: &'static [&'static str],
    since: &'static str,
}

const RETIRED: [Controller; 3] = [
    // kubernetes.io/blog/2025/11/11/ingress-nginx-retirement
    Controller {
        name: "ingress-nginx",
        image: "ingress-nginx/controller",
        charts: &["ingress-nginx"],
        since: "March 2026",
    },
    // The same under its first name, in the charts of `stable`.
    Controller {
        name: "ingress-nginx",
        image: "nginx-ingress-controller/nginx-ingress-controller",
        charts: &[],
        since: "March 2026",
    },
    // github.com/jetstack/kube-lego
    Controller {
        name: "kube-lego",
        image: "jetstack/kube-lego",
        charts: &["kube-lego"],
        since: "2018",
    },
];

/// Finds what installs such a controller.
pub(super) fn check(object: &Object<'_>, findings: &mut Vec<Finding>) {
    let chart = match (object.group, object.kind) {
        ("helm.toolkit.fluxcd.io", "HelmRelease") => object.at(&["spec", "chart", "spec", "chart"]),
        ("argoproj.io", "Application") => object.at(&["spec", "source", "chart"]),
        ("helm.cattle.io", "HelmChart") => object.at(&["spec", "chart"]),
        _ if object.class == Class::Workload => {
            let containers = object.at(&["spec", "template", "spec", "containers"]);
            let containers = containers.map(Node::items).unwrap_or_default();
            for container in containers {
                let image = container.text_of("image").unwrap_or_default();
                let path = image.split(['@', ':']).next().unwrap_or_default();
                if let Some(controller) = RETIRED.iter().find(|it| path.ends_with(it.image)) {
                    let field = "spec.template.spec.containers";
                    findings.push(finding(object, controller, container.at, field));
                }
            }
            return;
        }
        _ => return,
    };
    let Some(chart) = chart else { return };
    let name = chart.text().unwrap_or_default();
    let name = name.rsplit('/').next().unwrap_or(name);
    if let Some(controller) = RETIRED.iter().find(|it| it.charts.contains(&name)) {
        let field = match object.kind {
            "HelmRelease" => "spec.chart.spec.chart",
            "Application" => "spec.source.chart",
            _ => "spec.chart",
        };
        findings.push(finding(object, controller, chart.at, field));
    }
}

fn finding(object: &Object<'_>, controller: &Controller, at: At, field: &str) -> Finding {
    let message = format!("{} is retired since {}", controller.name, controller.since);
    object.finding(&CI331, at, field, message)
}
