use crate::venue::{Ask, Paper, Reply};
pub(crate) fn answer(_p: &Paper, _a: &Ask) -> Reply {
    Reply::html(404)
}
