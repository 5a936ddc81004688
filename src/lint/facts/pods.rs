//! The pods behind a Service.

use crate::cluster::Kind;
use crate::kinds::service::ServicePort;
use crate::lint::model::{Class, Model};
use crate::path::Routed;
use crate::path::hop::Place;

/// Returns whether a Service selects the pods of a workload.
pub(in crate::lint) fn selects(model: &Model<'_>, service: usize, workload: usize) -> bool {
    let typed = model.cluster.numbered(workload);
    let workload = typed.and_then(|object| object.resource.workload());
    let service = model.service(service);
    service
        .zip(workload)
        .is_some_and(|(service, workload)| service.selects(workload))
}

/// Returns the indexes of the workloads that a Service selects.
pub(in crate::lint) fn selected(model: &Model<'_>, namespace: &str, service: usize) -> Vec<usize> {
    model
        .within(Class::Workload, namespace)
        .filter(|workload| selects(model, service, *workload))
        .collect()
}

/// The Service where a path ends, and the port of its pods; none if that has only a name.
pub(in crate::lint) struct End {
    pub(in crate::lint) service: usize,
    pub(in crate::lint) port: Option<i64>,
}

impl End {
    pub(in crate::lint) fn of(model: &Model<'_>, routed: &Routed<'_>) -> Option<Self> {
        let httpd = routed.path.httpd.as_ref()?;
        let Place { scope, name } = &httpd.service;
        let service = model.cluster.find(Kind::Service, scope, name)?;
        let ports = service.resource.service()?;
        let port = httpd.port.as_ref().and_then(|wanted| ports.port(wanted));
        Some(Self {
            service: service.number,
            port: port.and_then(ServicePort::of_pods),
        })
    }

    pub(in crate::lint) fn pods(&self, model: &Model<'_>) -> Vec<usize> {
        selected(model, model.objects[self.service].namespace, self.service)
    }
}
