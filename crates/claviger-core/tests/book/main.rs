//! The book: every limit in cases of one line, and its promises under any order of events.

#[cfg(test)]
mod account;
#[cfg(test)]
mod amend;
#[cfg(test)]
mod bands;
#[cfg(test)]
mod counted;
#[cfg(test)]
mod crash;
#[cfg(test)]
mod desk;
#[cfg(test)]
mod every;
#[cfg(test)]
mod exchange;
#[cfg(test)]
mod exits;
#[cfg(test)]
mod forms;
#[cfg(test)]
mod funds;
#[cfg(test)]
mod groups;
#[cfg(test)]
mod guards;
#[cfg(test)]
mod hours;
#[cfg(test)]
mod limits;
#[cfg(test)]
mod losses;
#[cfg(test)]
mod meet;
#[cfg(test)]
mod position;
#[cfg(test)]
mod promises;
#[cfg(test)]
mod quotes;
#[cfg(test)]
mod reduce_only;
#[cfg(test)]
mod settings;
#[cfg(test)]
mod settle;
#[cfg(test)]
mod special;
#[cfg(test)]
mod steps;
#[cfg(test)]
mod users;
