//! What operators allow beside the catalogues: it can only let bots read more.

use claviger_core::{Allowance, Allowed, OperatorAct};
use claviger_door::{Exit, Refused, Said};
use claviger_exchange::{Exchange, NotAllowed};

use super::{because, refused, state_failed};
use crate::room::Room;

const UNCHANGED: &str = "nothing was changed; docs/spec/catalogue.md says what may be allowed";

impl Room {
    /// Journaled, noted, then counted: it holds when this returns.
    pub(super) fn allow(&mut self, allowance: Allowance) -> Result<Said, Refused> {
        let live = exchange_of(&allowance)?.live();
        let (_, mut all) = live.allowances();
        live.could_allow(&allowance).map_err(|error| not_allowed(&allowance, &error))?;
        let entry = self.act(OperatorAct::Allowed(allowance.clone()));
        self.record(&entry)?;
        let now = self.now();
        self.state.allow(&allowance, now).map_err(|error| state_failed(&error))?;
        all.push(allowance.clone());
        live.allow(&all).map_err(|error| not_allowed(&allowance, &error))?;
        self.fold(&entry);
        Ok(Said::Done)
    }

    /// Takes one back, and with a row its parameters. It is refused in memory first: should the disk refuse, nothing of
    /// it is read until claviger stops.
    pub(super) fn disallow(&mut self, allowance: &Allowance) -> Result<Said, Refused> {
        let live = exchange_of(allowance)?.live();
        let (_, all) = live.allowances();
        let noted = self.state.allowances().map_err(|error| state_failed(&error))?;
        let gone: Vec<Allowance> =
            noted.into_iter().map(|(noted, _)| noted).filter(|noted| goes_with(noted, allowance)).collect();
        if gone.is_empty() {
            return Err(refused(
                Exit::Name,
                &format!("`{allowance}` is not allowed beside the catalogue"),
                "`claviger exchange allowed` lists what is",
            ));
        }
        let rest: Vec<Allowance> = all.into_iter().filter(|one| !gone.contains(one)).collect();
        live.allow(&rest).map_err(|error| not_allowed(allowance, &error))?;
        self.state.disallow(&gone).map_err(|error| state_failed(&error))?;
        let lines = gone.iter().map(ToString::to_string).collect();
        let entry = self.act(OperatorAct::Disallowed(gone));
        self.record(&entry)?;
        self.fold(&entry);
        Ok(Said::Lines(lines))
    }
}

/// Whether the first goes when the second is taken back.
fn goes_with(one: &Allowance, asked: &Allowance) -> bool {
    let same = (&one.exchange, &one.surface, &one.path) == (&asked.exchange, &asked.surface, &asked.path);
    same && match (&one.what, &asked.what) {
        (Allowed::Param { name, .. }, Allowed::Param { name: asked, .. }) => name == asked,
        (Allowed::Read | Allowed::Public, Allowed::Param { .. }) => false,
        (_, Allowed::Read | Allowed::Public) => true,
    }
}

fn exchange_of(allowance: &Allowance) -> Result<&'static dyn Exchange, Refused> {
    let name = &allowance.exchange;
    let exchange = claviger_exchange::exchange(name.as_str()).ok_or_else(|| {
        let hint = "`claviger exchange list` names every one";
        refused(Exit::Name, &format!("there is no exchange `{name}`"), hint)
    })?;
    if exchange.only_reads_by_get() {
        return Ok(exchange);
    }
    let why = format!("GET may change something at {name}: nothing can be allowed beside its catalogue");
    Err(refused(Exit::Catalogue, &why, UNCHANGED))
}

fn not_allowed(allowance: &Allowance, error: &NotAllowed) -> Refused {
    because(Exit::Catalogue, &format!("`{allowance}` cannot be allowed"), error, UNCHANGED)
}
