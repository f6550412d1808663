//! The book: every limit in cases of one line, and its promises under any order of events.

#[cfg(test)]
mod amend;
#[cfg(test)]
mod crash;
#[cfg(test)]
mod desk;
#[cfg(test)]
mod exchange;
#[cfg(test)]
mod exits;
#[cfg(test)]
mod guards;
#[cfg(test)]
mod limits;
#[cfg(test)]
mod promises;
#[cfg(test)]
mod quotes;
#[cfg(test)]
mod settle;
#[cfg(test)]
mod special;
#[cfg(test)]
mod steps;
