//! What has happened so far, as far as limits care: folded from the journal's entries and from nothing else.

mod usage;
mod window;

pub use usage::{DAY_MS, Pace, Usage};
pub use window::Window;
