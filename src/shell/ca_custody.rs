//! What becomes of the keys of CAs.

use civi_ingress::pki::reuse::Custody;
use clap::ValueEnum;

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum CaCustodyArgument {
    /// Write the CA keys beside the others, as the chart does
    Stored,
    /// Discard the CA keys after signing; a renewal makes a new CA
    Dropped,
}

impl From<CaCustodyArgument> for Custody {
    fn from(custody: CaCustodyArgument) -> Self {
        match custody {
            CaCustodyArgument::Stored => Self::Stored,
            CaCustodyArgument::Dropped => Self::Dropped,
        }
    }
}
