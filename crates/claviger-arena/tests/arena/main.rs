//! Thieves and honest bots against the presets as they are, and against policies that are not.

#[cfg(test)]
mod honest;
#[cfg(test)]
mod market;
#[cfg(test)]
mod stage;
#[cfg(test)]
mod thefts;
