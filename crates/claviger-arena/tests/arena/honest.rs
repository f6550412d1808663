//! Honest bots.
