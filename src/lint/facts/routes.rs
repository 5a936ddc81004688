//! The rules of routes of Traefik's own kinds.

use crate::cluster::Kind;
use crate::kinds::traefik::{IngressRoute, Route};
use crate::lint::model::{Model, Object};
use crate::release::Release;
use crate::rule::matchers::Syntax;
use crate::rule::{self as language, Matcher};

/// One rule of an IngressRoute or IngressRouteTCP.
pub(in crate::lint) struct Rule<'m, 'a> {
    pub(in crate::lint) object: &'m Object<'a>,
    /// The index of the object.
    pub(in crate::lint) number: usize,
    pub(in crate::lint) spec: &'m IngressRoute,
    pub(in crate::lint) route: &'m Route,
    pub(in crate::lint) index: usize,
    pub(in crate::lint) matchers: Vec<&'m Matcher>,
    /// In lower case, `*` among them.
    pub(in crate::lint) hosts: Vec<String>,
}

impl Rule<'_, '_> {
    /// Returns its field.
    pub(in crate::lint) fn field(&self) -> String {
        format!("spec.routes[{}].match", self.index)
    }

    /// Returns the syntax in which Traefik reads it.
    pub(in crate::lint) fn syntax(&self, model: &Model<'_>) -> Syntax {
        let is_old = model.knowledge.release < Release::exactly(3, 0, 0);
        if is_old || self.route.is_old_syntax || model.provider.options.rules_of_2 {
            Syntax::V2
        } else {
            Syntax::V3
        }
    }
}

/// Returns the rules of all routes of a kind.
pub(in crate::lint) fn rules<'m, 'a>(model: &'m Model<'a>, kind: Kind) -> Vec<Rule<'m, 'a>> {
    let mut rules = Vec::new();
    for typed in model.cluster.of(kind) {
        let Some(spec) = typed.resource.ingress_route() else {
            continue;
        };
        let object = &model.objects[typed.number];
        for (index, route) in spec.routes.iter().enumerate() {
            let matchers = route.rule.as_ref().map(language::Rule::matchers);
            let matchers = matchers.unwrap_or_default();
            let hosts = language::hosts(matchers.iter().copied());
            rules.push(Rule {
                object,
                number: typed.number,
                spec,
                route,
                index,
                matchers,
                hosts,
            });
        }
    }
    rules
}
