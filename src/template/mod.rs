//! Templates: the built-in ones, a user's own in their place, and the way from an object to checked text.
//!
//! The only module that knows minijinja. A template places whole YAML scalars: every `{{ … }}` is written
//! by [`crate::yaml::scalar`], so no value can leave its place, whatever it contains. In a text that is not YAML it
//! places single words, and refuses anything else.

mod stencil;

use self::stencil::Stencil;
use crate::fault::{Fault, Place};
use crate::guarded::Guarded;
use crate::manifest::{Field, Identity, Manifest, Object, PrivateKeys, SecretData};
use crate::name::Namespace;
use crate::yaml::{self, outline, scalar};
use minijinja::syntax::SyntaxConfig;
use minijinja::value::{Object as TemplateObject, ObjectRepr, ValueKind};
use minijinja::{AutoEscape, Environment, Error, ErrorKind, Output, UndefinedBehavior, Value};
use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::fmt;
use std::path::Path;
use std::sync::Arc;

macro_rules! built_in {
    ($($name:literal),* $(,)?) => {
        /// The built-in templates: path below `templates/`, source.
        pub const BUILT_IN: &[(&str, &str)] = &[$(($name, include_str!(concat!("../../templates/", $name)))),*];
    };
}

built_in![
    "labels.yaml",
    "namespace.yaml",
    "secret.yaml",
    "cert-manager/certificate.yaml",
    "cert-manager/clusterissuer.yaml",
    "cert-manager/issuer.yaml",
    "config-httpd.yaml",
    "dns/dnsendpoint.yaml",
    "dns/values.yaml",
    "external-secrets/externalsecret.yaml",
    "gateway-api/backendtlspolicy.yaml",
    "gateway-api/gateway.yaml",
    "gateway-api/httproute.yaml",
    "gateway-api/tlsroute.yaml",
    "httpd-ingress.yaml",
    "istio/destinationrule.yaml",
    "istio/gateway.yaml",
    "istio/values.yaml",
    "istio/virtualservice.yaml",
    "istio/virtualservice-redirect.yaml",
    "networkpolicy.yaml",
    "networkpolicy-egress.yaml",
    "traefik/ingressroute.yaml",
    "traefik/ingressroutetcp.yaml",
    "traefik/middleware-hsts.yaml",
    "traefik/middleware-retry.yaml",
    "traefik/serverstransport.yaml",
    "traefik/serverstransporttcp.yaml",
    "traefik/tlsoption.yaml",
    "traefik/tlsstore.yaml",
    "traefik/values.yaml",
    "traefik-file/http.yaml",
    "traefik-file/static.yaml",
    "traefik-file/store.yaml",
    "traefik-file/tcp.yaml",
    "gitops/applicationset.yaml",
    "gitops/flux-kustomization.yaml",
    "gitops/ksops.yaml",
    "gitops/kustomization.yaml",
    "gitops/sealedsecret.yaml",
    "outside/haproxy-tls.cfg",
    "outside/haproxy.cfg",
    "outside/zone",
];

/// The templates of one run.
#[derive(Debug, Default)]
pub struct Templates {
    /// A user's own, by path below the directory; each takes the place of the built-in one of that name.
    own: Arc<BTreeMap<&'static str, String>>,
    directory: String,
}

impl Templates {
    /// Returns whether none is a user's own.
    #[must_use]
    pub fn are_built_in(&self) -> bool {
        self.own.is_empty()
    }

    /// Puts a user's templates in place of built-in ones.
    ///
    /// `directory` is only named in errors; `sources` are paths below it, with `/`, and their texts.
    ///
    /// # Errors
    /// All paths that name no built-in template.
    pub fn with_own(directory: &str, sources: Vec<(String, String)>) -> Result<Self, Vec<Fault>> {
        let mut own = BTreeMap::new();
        let mut faults = Vec::new();
        for (path, source) in sources {
            if let Some((name, _)) = BUILT_IN.iter().find(|(name, _)| *name == path) {
                own.insert(*name, source);
                continue;
            }
            let names = BUILT_IN.iter().map(|(name, _)| *name);
            let hint = crate::fault::did_you_mean(&path, names).map_or_else(
                || "see `civi-ingress templates list`".to_owned(),
                |name| format!("did you mean `{name}`?"),
            );
            faults.push(
                Fault::new("no built-in template has this name")
                    .help(hint)
                    .file(&format!("{directory}/{path}")),
            );
        }
        if !faults.is_empty() {
            return Err(faults);
        }
        Ok(Self {
            own: Arc::new(own),
            directory: directory.to_owned(),
        })
    }

    fn place(&self, name: &str, line: Option<usize>) -> Place {
        let file = if self.own.contains_key(name) {
            format!("{}/{name}", self.directory)
        } else {
            format!("templates/{name}")
        };
        match line {
            Some(line) => Place::Position {
                file,
                line: line as u64,
                column: 1,
            },
            None => Place::File(file),
        }
    }

    /// Renders objects, parses each text back and checks that it is the object asked for.
    ///
    /// # Errors
    /// All templates that fail, or whose text is not YAML, not one document, or another object.
    pub fn render(
        &self,
        objects: &[Object],
        private_keys: PrivateKeys,
    ) -> Result<Vec<Manifest>, Vec<Fault>> {
        let renderer = self.renderer(private_keys);
        let mut manifests = Vec::with_capacity(objects.len());
        let mut faults = Vec::new();
        for (index, object) in objects.iter().enumerate() {
            if objects[..index]
                .iter()
                .any(|other| other.identity == object.identity)
            {
                let fault = Fault::new(format!("two objects would be {}", object.identity));
                faults.push(
                    fault.help("give each a name of its own (`civiIngress.names` in the values)"),
                );
            }
            match renderer.render_one(object) {
                Ok(manifest) => manifests.push(manifest),
                Err(fault) => faults.push(fault),
            }
        }
        if faults.is_empty() {
            Ok(manifests)
        } else {
            Err(faults)
        }
    }

    /// Renders a file that is not an object, such as a Helm values file, and parses it back.
    ///
    /// # Errors
    /// A template that fails or whose text is not YAML.
    pub fn render_values(
        &self,
        template: &'static str,
        fields: &[(&'static str, Field)],
    ) -> Result<String, Fault> {
        self.renderer(PrivateKeys::Hidden)
            .render_other(template, fields)
    }

    /// Prepares to render one object after the other; each template is compiled once.
    #[must_use]
    pub fn renderer(&self, private_keys: PrivateKeys) -> Renderer<'_> {
        Renderer {
            templates: self,
            environment: self.environment(private_keys),
            private_keys,
            checked: None,
            stencils: RefCell::default(),
        }
    }

    /// Prepares to render many objects of a kind: of each built-in template the first text is parsed back. It places
    /// whole scalars and nothing else, so another object can make no other YAML of it. Texts of a user's templates,
    /// which may do anything, are all parsed back.
    #[must_use]
    pub fn renderer_for_many(&self, private_keys: PrivateKeys) -> Renderer<'_> {
        Renderer {
            checked: self.own.is_empty().then(RefCell::default),
            ..self.renderer(private_keys)
        }
    }

    fn environment(&self, private_keys: PrivateKeys) -> Environment<'static> {
        // The built-in templates use one test and no filter; a user's may use all of minijinja's.
        let mut environment = if self.own.is_empty() {
            let mut environment = Environment::empty();
            environment.add_test("none", |value: &Value| value.is_none());
            environment
        } else {
            Environment::new()
        };
        // In its debug mode minijinja lists variables with their values in errors.
        environment.set_debug(false);
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        environment.set_auto_escape_callback(|name| {
            let is_yaml = Path::new(name).extension() == Some(OsStr::new("yaml"));
            AutoEscape::Custom(if is_yaml { "yaml" } else { WORDS }.into())
        });
        environment.set_formatter(move |out, state, value| {
            if matches!(state.auto_escape(), AutoEscape::Custom(form) if form == WORDS) {
                check_word(value)?;
                return Ok(write!(out, "{value}")?);
            }
            write_scalar(out, value, private_keys)
        });
        environment.remove_filter("safe");
        let syntax = SyntaxConfig::builder()
            .trim_blocks(true)
            .lstrip_blocks(true)
            .keep_trailing_newline(true)
            .build()
            .expect("the usual delimiters are valid");
        environment.set_syntax(syntax);
        environment.set_auto_reload(false);
        // A loader compiles only what a run uses.
        let own = Arc::clone(&self.own);
        environment.set_loader(move |name| Ok(source(&own, name).map(str::to_owned)));
        environment
    }

    fn evaluate(
        &self,
        environment: &Environment<'_>,
        name: &str,
        fields: &[(&'static str, Field)],
        extra: Vec<(&'static str, Value)>,
    ) -> Result<String, Fault> {
        let context = Value::from_pairs(
            fields
                .iter()
                .map(|(name, field)| (*name, to_value(field)))
                .chain(extra),
        );
        let rendered = environment
            .get_template(name)
            .and_then(|template| template.render(context));
        rendered.map_err(|error| self.fault(name, &error))
    }

    fn fault(&self, name: &str, error: &Error) -> Fault {
        let name = error.name().unwrap_or(name);
        let expression = error
            .range()
            .and_then(|range| source(&self.own, name)?.get(range).map(str::to_owned));
        let what = match (error.detail(), expression) {
            (Some(detail), Some(expression)) => {
                format!("{}: {detail}: `{}`", error.kind(), expression.trim())
            }
            (Some(detail), None) => format!("{}: {detail}", error.kind()),
            (None, Some(expression)) => format!("{}: `{}`", error.kind(), expression.trim()),
            (None, None) => error.kind().to_string(),
        };
        let hint = "`civi-ingress templates export` writes the built-in template to compare with";
        Fault::new(what)
            .help(hint)
            .at(self.place(name, error.line()))
    }

    fn render_object(
        &self,
        environment: &Environment<'_>,
        object: &Object,
        private_keys: PrivateKeys,
        must_check: bool,
    ) -> Result<Manifest, Fault> {
        let Identity {
            api_version,
            kind,
            namespace,
            name,
        } = &object.identity;
        let pairs = |pairs: &[(String, String)]| -> Value {
            pairs
                .iter()
                .map(|(key, value)| vec![key.clone(), value.clone()])
                .collect()
        };
        let extra = vec![
            ("apiVersion", Value::from(*api_version)),
            ("kind", Value::from(*kind)),
            ("name", Value::from(name.as_str())),
            (
                "namespace",
                namespace
                    .as_ref()
                    .map_or(Value::from(()), |namespace| Value::from(namespace.as_str())),
            ),
            ("labels", pairs(&object.labels)),
            ("annotations", pairs(&object.annotations)),
        ];
        let yaml = self.evaluate(environment, object.template, &object.fields, extra)?;
        let holds_private_key = private_keys == PrivateKeys::Written
            && object
                .fields
                .iter()
                .any(|(_, field)| holds_private_key(field));
        let yaml = Guarded::new(yaml, holds_private_key);
        if must_check {
            self.check_back(object, &yaml, private_keys)?;
        }
        Ok(Manifest {
            identity: object.identity.clone(),
            yaml,
            holds_private_key,
        })
    }

    /// Parses a text back and checks that it is the object asked for.
    fn check_back(
        &self,
        object: &Object,
        yaml: &str,
        private_keys: PrivateKeys,
    ) -> Result<(), Fault> {
        let Identity {
            api_version,
            kind,
            namespace,
            name,
        } = &object.identity;
        let at = || self.place(object.template, None);
        let found = outline::read(yaml).map_err(|line| {
            Fault::new(format!(
                "the template did not produce one valid YAML document (line {line} of its output)"
            ))
            .at(at())
        })?;
        let expected = [
            ("apiVersion", found.api_version, Some(*api_version)),
            ("kind", found.kind, Some(*kind)),
            ("metadata.name", found.name, Some(name.as_str())),
            (
                "metadata.namespace",
                found.namespace,
                namespace.as_ref().map(Namespace::as_str),
            ),
        ];
        for (path, found, expected) in expected {
            if found.as_deref() != expected {
                let found = found.unwrap_or_default();
                let what = format!(
                    "the template's `{path}` is `{}`, not `{}`",
                    found.escape_debug(),
                    expected.unwrap_or_default()
                );
                let hint = "keep the lines of the built-in template that insert the name, or change the name with `--set`";
                return Err(Fault::new(what).help(hint).at(at()));
            }
        }
        if !data_is_placed(object, &found.data, private_keys) {
            let fault = Fault::new("the template does not insert the data of the Secret unchanged");
            return Err(fault
                .help("keep the loop of the built-in template: `{% for key, value in data %}`")
                .at(at()));
        }
        if !yaml.ends_with('\n') {
            return Err(Fault::new("the template does not end with a newline").at(at()));
        }
        Ok(())
    }
}

/// Templates that are ready to render.
#[derive(Debug)]
pub struct Renderer<'a> {
    templates: &'a Templates,
    environment: Environment<'static>,
    private_keys: PrivateKeys,
    /// The templates whose text was parsed back, where once is enough.
    checked: Option<RefCell<BTreeSet<&'static str>>>,
    /// For objects of the shapes that were seen before, where once is enough.
    stencils: RefCell<Vec<Stencil>>,
}

impl Renderer<'_> {
    /// Returns whether a text of this template must be parsed back.
    fn must_check(&self, template: &'static str) -> bool {
        match &self.checked {
            Some(checked) => checked.borrow_mut().insert(template),
            None => true,
        }
    }

    /// Returns the templates that it renders.
    #[must_use]
    pub fn templates(&self) -> &Templates {
        self.templates
    }

    /// Renders an object, parses its text back and checks that it is the object asked for.
    ///
    /// # Errors
    /// A template that fails, or whose text is not YAML, not one document, or another object.
    pub fn render_one(&self, object: &Object) -> Result<Manifest, Fault> {
        let is_for_many = self.checked.is_some() && self.private_keys == PrivateKeys::Written;
        let stencils = self.stencils.borrow();
        let fitting = stencils.iter().find(|stencil| stencil.fits(object));
        if let Some(text) = fitting
            .filter(|_| is_for_many)
            .and_then(|stencil| stencil.text(object))
        {
            let holds_private_key = object
                .fields
                .iter()
                .any(|(_, field)| holds_private_key(field));
            return Ok(Manifest {
                identity: object.identity.clone(),
                yaml: Guarded::new(text, holds_private_key),
                holds_private_key,
            });
        }
        drop(stencils);
        let render = |object: &Object, must_check| {
            self.templates
                .render_object(&self.environment, object, self.private_keys, must_check)
        };
        let manifest = render(object, self.must_check(object.template))?;
        if is_for_many {
            let evaluate = |object: &Object| Some(render(object, false).ok()?.yaml.to_string());
            self.stencils
                .borrow_mut()
                .extend(Stencil::new(object, &manifest.yaml, evaluate));
        }
        Ok(manifest)
    }

    /// Renders a text that is not YAML.
    ///
    /// # Errors
    /// A template that fails.
    pub fn render_text(
        &self,
        template: &'static str,
        fields: &[(&'static str, Field)],
    ) -> Result<String, Fault> {
        self.templates
            .evaluate(&self.environment, template, fields, Vec::new())
    }

    /// Renders a file that is not an object, and parses it back.
    ///
    /// # Errors
    /// A template that fails or whose text is not YAML.
    pub fn render_other(
        &self,
        template: &'static str,
        fields: &[(&'static str, Field)],
    ) -> Result<String, Fault> {
        let text = self
            .templates
            .evaluate(&self.environment, template, fields, Vec::new())?;
        if self.must_check(template) {
            yaml::read(&text, template).map_err(|fault| {
                Fault::new(format!("the template did not produce valid YAML: {fault}"))
                    .at(self.templates.place(template, None))
            })?;
        }
        Ok(text)
    }
}

fn source<'a>(own: &'a BTreeMap<&'static str, String>, name: &str) -> Option<&'a str> {
    let built_in = || {
        BUILT_IN
            .iter()
            .find(|(built_in, _)| *built_in == name)
            .map(|(_, source)| *source)
    };
    own.get(name).map(String::as_str).or_else(built_in)
}

/// Returns whether a rendered Secret holds what it was asked to hold: a key that is lost here is lost for good.
fn data_is_placed(
    object: &Object,
    found: &[(Cow<'_, str>, Cow<'_, str>)],
    private_keys: PrivateKeys,
) -> bool {
    let data = object.fields.iter().find_map(|(_, field)| match field {
        Field::Map(entries) => Some(entries),
        _ => None,
    });
    let mut secrets = data
        .into_iter()
        .flatten()
        .filter_map(|(key, field)| match field {
            Field::Secret(data) => Some((key, data.expose(private_keys))),
            _ => None,
        });
    secrets.all(|(key, value)| {
        found
            .iter()
            .any(|(found_key, found)| found_key == key && found == value)
    })
}

fn holds_private_key(field: &Field) -> bool {
    match field {
        Field::Secret(data) => data.is_private(),
        Field::List(items) => items.iter().any(holds_private_key),
        Field::Map(entries) => entries.iter().any(|(_, field)| holds_private_key(field)),
        Field::Text(_) | Field::Number(_) | Field::Bool(_) | Field::Tree(_) | Field::Nothing => {
            false
        }
    }
}

/// A mapping becomes a list of pairs, which keeps its order: `{% for key, value in data %}`.
fn to_value(field: &Field) -> Value {
    match field {
        Field::Text(text) => Value::from(text.as_str()),
        Field::Number(number) => Value::from(*number),
        Field::Bool(flag) => Value::from(*flag),
        Field::List(items) => items.iter().map(to_value).collect(),
        Field::Map(entries) => entries
            .iter()
            .map(|(key, field)| {
                [Value::from(key.as_str()), to_value(field)]
                    .into_iter()
                    .collect::<Value>()
            })
            .collect(),
        Field::Secret(data) => Value::from_object(Opaque(data.clone())),
        Field::Tree(tree) => Value::from_object(Flow(yaml::flow_text(tree))),
        Field::Nothing => Value::from(()),
    }
}

/// Data of a Secret inside a template: any filter sees only `[redacted]`.
#[derive(Debug)]
struct Opaque(SecretData);

impl TemplateObject for Opaque {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn render(self: &Arc<Self>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

/// A tree inside a template, in flow style: it is on one line wherever it is placed.
#[derive(Debug)]
struct Flow(String);

impl TemplateObject for Flow {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn render(self: &Arc<Self>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Writes a value of a Secret.
fn write_secret(
    out: &mut impl fmt::Write,
    data: &SecretData,
    private_keys: PrivateKeys,
) -> fmt::Result {
    let text = data.expose(private_keys);
    // The base64 form of PEM text begins so; it is plain, and looking at each of its characters is not cheap.
    if text.starts_with("LS0tLS1CRUdJTi") {
        return out.write_str(text);
    }
    // So is what SOPS makes of it, but for its brackets: it is in quotes, and nothing in it needs an escape.
    let needs_no_escape = |byte: u8| matches!(byte, b' '..=b'~') && byte != b'"' && byte != b'\\';
    if text.starts_with("ENC[") && text.bytes().all(needs_no_escape) {
        out.write_char('"')?;
        out.write_str(text)?;
        return out.write_char('"');
    }
    scalar::write(out, text)
}

/// The form of texts that are not YAML.
const WORDS: &str = "words";

/// Refuses what is not one word, made of what addresses, names and numbers are made of: no text that is not YAML takes
/// such a word for more.
fn check_word(value: &Value) -> Result<(), Error> {
    let is_of_word = |c: char| c.is_ascii_alphanumeric() || "._-:[]/".contains(c);
    let text = value.as_str();
    let is_word = text.is_some_and(|text| !text.is_empty() && text.chars().all(is_of_word));
    if is_word || value.is_integer() {
        return Ok(());
    }
    let what = "the template inserts something that is not one word";
    Err(Error::new(ErrorKind::InvalidOperation, what))
}

fn write_scalar(
    out: &mut Output<'_>,
    value: &Value,
    private_keys: PrivateKeys,
) -> Result<(), Error> {
    let refused = |what: &'static str| Err(Error::new(ErrorKind::InvalidOperation, what));
    if let Some(Opaque(data)) = value.downcast_object_ref() {
        return Ok(write_secret(out, data, private_keys)?);
    }
    if let Some(Flow(text)) = value.downcast_object_ref() {
        return Ok(out.write_str(text)?);
    }
    match value.kind() {
        ValueKind::Bool => Ok(out.write_str(if value.is_true() { "true" } else { "false" })?),
        ValueKind::Number if value.is_integer() => Ok(write!(out, "{value}")?),
        ValueKind::String => Ok(scalar::write(out, value.as_str().unwrap_or_default())?),
        ValueKind::Undefined => Err(Error::new(
            ErrorKind::UndefinedError,
            "the template inserts a name that does not exist",
        )),
        ValueKind::None => refused(
            "the template inserts a value that is not set; test it with `is not none` first",
        ),
        _ => refused(
            "the template inserts something that is not one string, whole number or boolean",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::name::ObjectName;

    const CANARY: &str = "canary-of-a-private-key";

    fn secret() -> Object {
        Object {
            identity: Identity {
                api_version: "v1",
                kind: "Secret",
                namespace: Some(Namespace::parse("paroisse-a").unwrap()),
                name: ObjectName::parse("selfcert").unwrap(),
            },
            template: "secret.yaml",
            labels: Vec::new(),
            annotations: Vec::new(),
            fields: vec![
                ("type", "Opaque".into()),
                (
                    "data",
                    Field::Map(vec![(
                        "k".into(),
                        Field::Secret(SecretData::private(CANARY)),
                    )]),
                ),
            ],
        }
    }

    fn own(source: &str) -> Templates {
        Templates::with_own("mine", vec![("secret.yaml".into(), source.into())]).unwrap()
    }

    fn refusal(source: &str) -> Fault {
        let faults = own(source)
            .render(&[secret()], PrivateKeys::Written)
            .err()
            .expect("refused");
        assert_eq!(faults.len(), 1);
        faults[0].clone()
    }

    const HEAD: &str = "apiVersion: v1\nkind: Secret\nmetadata:\n  name: {{ name }}\n  namespace: {{ namespace }}\n";

    #[test]
    fn a_users_template_takes_the_place_of_the_built_in_one() {
        let templates = own(&format!(
            "{HEAD}immutable: true\ndata:\n{{% for k, v in data %}}\n  {{{{ k }}}}: {{{{ v }}}}\n{{% endfor %}}\n"
        ));
        let manifests = templates.render(&[secret()], PrivateKeys::Written).unwrap();
        let document = yaml::read(&manifests[0].yaml, "-").unwrap();
        assert_eq!(
            document.get("immutable").unwrap().value,
            yaml::Value::Bool(true)
        );
        assert_eq!(
            document.get("data").unwrap().get("k").unwrap().text(),
            Some("Y2FuYXJ5LW9mLWEtcHJpdmF0ZS1rZXk=")
        );
    }

    #[test]
    fn a_hidden_private_key_is_replaced_by_what_no_api_server_takes() {
        let manifests = Templates::default()
            .render(&[secret()], PrivateKeys::Hidden)
            .unwrap();
        assert!(manifests[0].yaml.contains("k: \"<private key not shown>\""));
        assert!(!manifests[0].holds_private_key);
    }

    #[test]
    fn what_was_sealed_is_written_as_it_is_and_is_not_a_private_key() {
        let mut object = secret();
        let sealed = SecretData::sealed("ENC[AES256_GCM,data:x,iv:y,tag:z,type:str]".into());
        object.fields[1].1 = Field::Map(vec![("k".into(), Field::Secret(sealed))]);
        for private_keys in [PrivateKeys::Written, PrivateKeys::Hidden] {
            let manifests =
                Templates::default().render(std::slice::from_ref(&object), private_keys);
            let manifest = manifests.unwrap().remove(0);
            assert!(!manifest.holds_private_key);
            let expected = "\n  k: \"ENC[AES256_GCM,data:x,iv:y,tag:z,type:str]\"\n";
            assert!(
                manifest.yaml.ends_with(expected),
                "{}",
                manifest.yaml.as_str()
            );
        }
    }

    #[test]
    fn an_object_rendered_among_many_has_the_text_that_it_has_alone() {
        let templates = Templates::default();
        let many = templates.renderer_for_many(PrivateKeys::Written);
        for (name, value, label) in [
            ("selfcert", "a2V5", "a"),
            ("no", "b2ZmIQ==", "on"),
            ("1e3", "LS0tLS1CRUdJTi", "67000"),
            ("other", "ENC[AES256_GCM,data:x,type:str]", "\"quoted\"\n"),
        ] {
            let mut object = secret();
            object.identity.name = ObjectName::parse(name).unwrap();
            let data = SecretData::carried_key(value.to_owned());
            object.fields[1].1 = Field::Map(vec![("k".into(), Field::Secret(data))]);
            object.labels = vec![("l".to_owned(), label.to_owned())];
            let alone = templates.render(std::slice::from_ref(&object), PrivateKeys::Written);
            let among = many.render_one(&object).unwrap();
            assert_eq!(among.yaml, alone.unwrap()[0].yaml);
            assert!(among.holds_private_key);
        }
        assert_eq!(many.stencils.borrow().len(), 1);
    }

    #[test]
    fn no_filter_or_error_shows_a_private_key() {
        let ways = [
            "{{ data|string }}",
            "{{ data[0][1]|upper }}",
            "{{ data[0][1] ~ '' }}",
            "{{ data }}",
            "{{ data[0][1]|tojson }}",
            "{{ data[0][1]|safe }}",
            "{{ data[0][1].x }}",
            "{% autoescape false %}{{ data }}{% endautoescape %}",
            "{{ debug() }}",
            "{{ missing }}",
            "{{ data[0][1]|pprint }}",
            "{% include data[0][1] %}",
            "{{ data[0][1] ",
            "{{ [data]|list }}",
        ];
        for way in ways {
            let text =
                match own(&format!("{HEAD}x: {way}\n")).render(&[secret()], PrivateKeys::Written) {
                    Ok(manifests) => manifests[0].yaml.to_string(),
                    Err(faults) => format!("{faults:?}"),
                };
            assert!(
                !text.contains(CANARY) && !text.contains("Y2FuYXJ5"),
                "{way}: {text}"
            );
        }
    }

    #[test]
    fn a_missing_name_is_reported_with_the_templates_line() {
        let fault = refusal(&format!("{HEAD}x: {{{{ nmae }}}}\n"));
        assert!(
            fault.to_string().starts_with("mine/secret.yaml:6:1: "),
            "{fault}"
        );
        assert!(fault.what.contains("`nmae`"), "{fault}");
    }

    #[test]
    fn a_template_that_gives_another_object_is_refused() {
        let fault = refusal(
            "apiVersion: v1\nkind: Secret\nmetadata:\n  name: other\n  namespace: {{ namespace }}\n",
        );
        assert_eq!(
            fault.what,
            "the template's `metadata.name` is `other`, not `selfcert`"
        );
        for source in [
            "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {{ name }}\n  namespace: {{ namespace }}\n".to_owned(),
            "apiVersion: v1\nkind: Secret\nmetadata:\n  name: {{ name }}\n".to_owned(),
            format!("{HEAD}---\n{HEAD}"),
            format!("{HEAD}x: [\n"),
            format!("{HEAD}kind: Secret\n"),
            HEAD.trim_end().to_owned(),
            String::new(),
        ] {
            refusal(&source);
        }
    }

    #[test]
    fn no_value_can_leave_its_place() {
        for value in [
            "no",
            "0o17",
            "1e3",
            "a\nb: c",
            "\"",
            "{{ name }}",
            "`",
            "# x",
            "---\nkind: Pod",
            "\u{85}",
            "",
        ] {
            let mut object = secret();
            object.labels = vec![(value.to_owned(), value.to_owned())];
            let manifests = Templates::default()
                .render(&[object], PrivateKeys::Written)
                .unwrap();
            let document = yaml::read(&manifests[0].yaml, "-").unwrap();
            let labels = document.get("metadata").unwrap().get("labels").unwrap();
            assert_eq!(labels.get(value).unwrap().text(), Some(value), "{value:?}");
        }
    }

    #[test]
    fn a_file_that_is_not_a_built_in_template_is_refused_with_the_nearest_name() {
        let faults = Templates::with_own(
            "mine",
            vec![("traefik/ingresroute.yaml".into(), String::new())],
        )
        .unwrap_err();
        assert_eq!(
            faults[0].help.as_deref(),
            Some("did you mean `traefik/ingressroute.yaml`?")
        );
    }
}
