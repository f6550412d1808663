//! `key`: real keys. Their secrets go in and never come out.

use claviger_core::{ExchangeName, KeyName};
use claviger_door::{Command, Exit, Key, Said, Target};
use claviger_exchange::Exchange;
use serde_json::{Value, json};

use super::apply::apply;
use super::exchange::named;
use super::offline;
use crate::args::{Global, KeyAdd, KeyCommand};
use crate::configuration;
use crate::factor::Factor;
use crate::failure::Failure;
use crate::home::Home;
use crate::operator::Operator;
use crate::out::{say, say_json, table};
use crate::secret::Source;
use crate::stamp;

/// Runs the command.
pub fn run(global: &Global, command: KeyCommand) -> Result<(), Failure> {
    let home = Home::locate(global.home.clone())?;
    let mut factor = Factor::from(global.passphrase());
    match command {
        KeyCommand::Add(new) => add(&home, global, (&mut factor, new)),
        KeyCommand::List => list(&home, global.json),
        KeyCommand::Show { name } => show(&home, global.json, &name),
        KeyCommand::Check { name } => check(&home, global.json, name),
        KeyCommand::Freeze { name } => offline::freeze(&home, global.json, Target::Key(name)),
        KeyCommand::Thaw { name } => {
            let mut operator = Operator::reach(&home, &mut factor)?;
            operator.command(Command::Thaw(Target::Key(name.clone()), factor.ask()?))?;
            super::done(global.json, format_args!("key {name} is no longer frozen"));
            Ok(())
        }
        KeyCommand::Remove { name } => remove(&home, global.json, (&mut factor, name)),
    }
}

fn add(home: &Home, global: &Global, (factor, new): (&mut Factor, KeyAdd)) -> Result<(), Failure> {
    home.check()?;
    let text = configuration::text(home)?;
    let config = configuration::parse(home, &text)?;
    let standing = config.policies().key(&new.name).map(|key| key.exchange().clone());
    let exchange = exchange_of(&new, standing)?;
    let key = facts(&new, exchange, configuration::binding(&config, exchange))?;
    let (secret, passphrase) = secrets(&new, exchange)?;
    let mut operator = Operator::reach(home, factor)?;
    let edited = configuration::with_key(home, &text, &new.name, &key.exchange)?;
    operator.command(Command::AddKey { key: Box::new(key), secret, passphrase, factor: factor.ask()? })?;
    if edited != text {
        configuration::save(home, &edited)?;
        apply(&mut operator, factor, false)?;
    }
    super::done(global.json, format_args!("key {} is in the vault", new.name));
    Ok(())
}

fn exchange_of(new: &KeyAdd, standing: Option<ExchangeName>) -> Result<&'static dyn Exchange, Failure> {
    match (&new.exchange, standing) {
        (Some(asked), Some(standing)) if *asked != standing => Err(Failure::new(
            Exit::Config,
            format!("claviger.toml says that key {} is for {standing}, not for {asked}", new.name),
        )),
        (Some(name), _) => named(name.as_str()),
        (None, Some(name)) => named(name.as_str()),
        (None, None) => Err(Failure::new(Exit::Usage, format!("which exchange is key {} for?", new.name))
            .hint(format!("`claviger key add {} --exchange binance`", new.name))),
    }
}

fn facts(
    new: &KeyAdd,
    exchange: &dyn Exchange,
    (environment, hosts): (Box<str>, Vec<Box<str>>),
) -> Result<Key, Failure> {
    let id = match &new.id {
        Some(id) => id.clone(),
        None => {
            let bytes =
                Source::Prompt.read(&format!("API key (its id) at {}", exchange.title()))?.into_bytes();
            String::from_utf8_lossy(&bytes).trim().to_owned()
        }
    };
    Ok(Key {
        name: new.name.clone(),
        exchange: exchange.exchange_name(),
        environment,
        hosts,
        id: id.into(),
        scheme: new.scheme.as_str().into(),
        added: stamp::now(),
        frozen: false,
    })
}

type Secrets = (claviger_door::Sensitive, Option<claviger_door::Sensitive>);

fn secrets(new: &KeyAdd, exchange: &dyn Exchange) -> Result<Secrets, Failure> {
    let source = match (new.stdin, new.fd) {
        (true, _) => Source::Stdin,
        (false, Some(number)) => Source::Fd(number),
        (false, None) => Source::Prompt,
    };
    let secret = source.read("secret of the API key")?;
    if !exchange.has_passphrase() {
        return Ok((secret, None));
    }
    let source = new.api_passphrase_fd.map_or(Source::Prompt, Source::Fd);
    Ok((secret, Some(source.read("passphrase of the API key")?)))
}

fn keys(home: &Home) -> Result<Vec<Key>, Failure> {
    match Operator::running(home)? {
        Some(mut operator) => match operator.command(Command::Keys)? {
            Said::Keys(keys) => Ok(keys),
            _ => Err(super::odd_answer()),
        },
        None => offline::keys(home),
    }
}

fn list(home: &Home, as_json: bool) -> Result<(), Failure> {
    let keys = keys(home)?;
    if as_json {
        say_json(&keys.iter().map(as_value).collect::<Vec<_>>());
        return Ok(());
    }
    let row = |key: &Key| {
        let state = if key.frozen { "frozen" } else { "in use" };
        let environment = key.environment.to_string();
        vec![
            key.name.to_string(),
            key.exchange.to_string(),
            environment,
            key.scheme.to_string(),
            state.to_owned(),
        ]
    };
    let rows: Vec<_> = keys.iter().map(row).collect();
    table(&["key", "exchange", "environment", "signs by", "state"], &rows);
    Ok(())
}

fn show(home: &Home, as_json: bool, name: &KeyName) -> Result<(), Failure> {
    let key = keys(home)?.into_iter().find(|key| key.name == *name).ok_or_else(|| {
        Failure::new(Exit::Name, format!("there is no key `{name}`")).hint("`claviger key list`")
    })?;
    if as_json {
        say_json(&as_value(&key));
        return Ok(());
    }
    say(format_args!("key          {}", key.name));
    say(format_args!("exchange     {} ({})", key.exchange, key.environment));
    say(format_args!("sealed to    {}", key.hosts.join(", ")));
    say(format_args!("id           {}", key.id));
    say(format_args!("signs by     {}", key.scheme));
    say(format_args!("added        {}", stamp::shown(key.added)));
    say(format_args!("frozen       {}", if key.frozen { "yes" } else { "no" }));
    say("secret       in the vault; nothing shows it");
    Ok(())
}

fn check(home: &Home, as_json: bool, name: KeyName) -> Result<(), Failure> {
    let mut operator = Operator::running(home)?.ok_or_else(|| {
        Failure::new(Exit::Home, "claviger does not run, so the exchange cannot be asked".to_owned())
            .hint("`claviger serve`")
    })?;
    let Said::Lines(lines) = operator.command(Command::CheckKey(name.clone()))? else {
        return Err(super::odd_answer());
    };
    if as_json {
        say_json(&json!({ "name": name, "told": lines }));
        return Ok(());
    }
    lines.iter().for_each(say);
    Ok(())
}

fn as_value(key: &Key) -> Value {
    json!({
        "name": key.name, "exchange": key.exchange, "environment": key.environment, "hosts": key.hosts,
        "id": key.id, "scheme": key.scheme, "added": key.added, "frozen": key.frozen,
    })
}

fn remove(home: &Home, as_json: bool, (factor, name): (&mut Factor, KeyName)) -> Result<(), Failure> {
    let mut operator = Operator::reach(home, factor)?;
    operator.command(Command::RemoveKey(name.clone(), factor.ask()?))?;
    let text = configuration::text(home)?;
    let edited = configuration::without_key(home, &text, &name)?;
    if edited != text {
        configuration::save(home, &edited)?;
        apply(&mut operator, factor, false)?;
    }
    super::done(as_json, format_args!("key {name} is forgotten; delete it at the exchange too"));
    Ok(())
}
