//! Prices, instruments, clocks: an immutable MarketView.
#![forbid(unsafe_code)]
