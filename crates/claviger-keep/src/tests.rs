//! The keep as a whole, on real exchanges' rules, a real vault and a real journal.

mod allow;
mod crash;
mod desk;
mod hints;
mod holdings;
mod line;
mod print;
mod quotes;
mod replay;
mod settle;
mod shared;
mod update;
mod way;
