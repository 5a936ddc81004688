//! What may be chosen by name.

use crate::fault::Fault;

macro_rules! choice {
    ($(#[$meta:meta])* $name:ident is $what:literal: $($(#[$about:meta])* $variant:ident = $text:literal,)+) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub enum $name {
            $($(#[$about])* $variant,)+
        }

        impl $name {
            /// All choices.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// Returns the text used on the command line and in the values file.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $text,)+
                }
            }

            /// Parses a choice, upper or lower case.
            ///
            /// # Errors
            /// Anything else.
            pub fn parse(text: &str) -> Result<Self, Fault> {
                let found = Self::ALL.iter().find(|choice| choice.name().eq_ignore_ascii_case(text));
                found.copied().ok_or_else(|| {
                    let names: Vec<&str> = Self::ALL.iter().map(|choice| choice.name()).collect();
                    Fault::new(format!("`{}` is not a valid {}", text.escape_debug(), $what))
                        .help(format!("use one of {}", names.join(", ")))
                })
            }
        }
    };
}

choice! {
    /// Which nodes a load balancer's traffic goes to (`externalTrafficPolicy` of a Kubernetes Service).
    TrafficPolicy is "traffic policy":
    /// Only nodes that run a pod of Traefik; the client's address is kept.
    Local = "Local",
    /// Any node, which passes the traffic on; Traefik sees the node's address.
    Cluster = "Cluster",
}

choice! {
    /// How pods are replaced.
    UpdateStrategy is "update strategy":
    /// One after another, by Kubernetes.
    RollingUpdate = "RollingUpdate",
    /// When the operator deletes them.
    OnDelete = "OnDelete",
}

choice! {
    /// A level of Traefik's log, the most verbose first (schema of the chart, `log.level`).
    LogLevel is "log level":
    /// Steps of its work.
    Trace = "TRACE",
    /// For finding a fault; shows configuration.
    Debug = "DEBUG",
    /// What a running system reports.
    Info = "INFO",
    /// What may become a fault.
    Warn = "WARN",
    /// What failed.
    Error = "ERROR",
    /// What ends Traefik.
    Fatal = "FATAL",
    /// What crashes it.
    Panic = "PANIC",
}

choice! {
    /// The format of a log.
    LogFormat is "log format":
    /// One JSON object a line.
    Json = "json",
    /// Text.
    Common = "common",
}

choice! {
    /// The access log.
    AccessLog is "access log":
    /// One JSON object a request.
    Json = "json",
    /// The Common Log Format of web servers.
    Common = "common",
    /// None.
    Off = "off",
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_choice_is_read_in_any_case_and_written_as_the_chart_wants_it() {
        assert_eq!(LogLevel::parse("debug").unwrap().name(), "DEBUG");
        assert_eq!(
            UpdateStrategy::parse("ondelete").unwrap().name(),
            "OnDelete"
        );
        assert_eq!(AccessLog::parse("OFF").unwrap(), AccessLog::Off);
    }

    #[test]
    fn an_unknown_choice_is_refused_with_all_known_ones() {
        let fault = TrafficPolicy::parse("Locl\n").unwrap_err();
        assert_eq!(fault.what, "`Locl\\n` is not a valid traffic policy");
        assert_eq!(fault.help.as_deref(), Some("use one of Local, Cluster"));
    }
}
