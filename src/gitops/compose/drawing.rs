//! Where keys, serials and random bytes come from.

use crate::fault::Fault;
use crate::pki::issue::Serial;
use crate::pki::{KeyType, PrivateKey};

/// Where keys, serials and random bytes are drawn.
pub trait Drawing {
    /// Draws a key.
    ///
    /// # Errors
    /// A system that provides no random numbers.
    fn key(&mut self, key_type: KeyType) -> Result<PrivateKey, Fault>;
    /// Draws a serial number.
    ///
    /// # Errors
    /// A system that provides no random numbers.
    fn serial(&mut self) -> Result<Serial, Fault>;
    /// Fills `bytes`.
    ///
    /// # Errors
    /// A system that provides no random numbers.
    fn fill(&mut self, bytes: &mut [u8]) -> Result<(), Fault>;
}

/// Draws nothing: what is carried out with it only carries over.
#[derive(Debug)]
pub struct NoDrawing;

impl Drawing for NoDrawing {
    fn key(&mut self, _: KeyType) -> Result<PrivateKey, Fault> {
        Err(nothing_is_drawn())
    }
    fn serial(&mut self) -> Result<Serial, Fault> {
        Err(nothing_is_drawn())
    }
    fn fill(&mut self, _: &mut [u8]) -> Result<(), Fault> {
        Err(nothing_is_drawn())
    }
}

fn nothing_is_drawn() -> Fault {
    Fault::new("nothing new can be made here")
}
