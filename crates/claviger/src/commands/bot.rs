//! `bot`: bots and their virtual keys.

use claviger_core::config::{Fill, PRESETS, Preset, preset};
use claviger_core::{BotName, Config};
use claviger_door::{Bot, Command, Exit, Said, Sensitive, Target};
use serde_json::{Value, json};

use super::apply::apply;
use super::offline;
use crate::args::{BotAdd, BotCommand, Global};
use crate::clients::{Client, Facts};
use crate::configuration;
use crate::factor::Factor;
use crate::failure::Failure;
use crate::home::Home;
use crate::operator::Operator;
use crate::out::{say, say_json, table};
use crate::stamp;

/// Runs the command.
pub fn run(global: &Global, command: BotCommand) -> Result<(), Failure> {
    let home = Home::locate(global.home.clone())?;
    let mut factor = Factor::from(global.passphrase());
    match command {
        BotCommand::Add(new) => add(&home, global, (&mut factor, new)),
        BotCommand::List => list(&home, global.json),
        BotCommand::Show { name, client, reveal } => {
            show(&home, global.json, (&mut factor, Wanted { name, client, reveal }))
        }
        BotCommand::Freeze { name } => offline::freeze(&home, global.json, Target::Bot(name)),
        BotCommand::Thaw { name } => {
            let mut operator = Operator::reach(&home, &mut factor)?;
            operator.command(Command::Thaw(Target::Bot(name.clone()), factor.ask()?))?;
            super::done(global.json, format_args!("bot {name} is no longer frozen"));
            Ok(())
        }
        BotCommand::Remove { name } => remove(&home, global.json, (&mut factor, name)),
    }
}

fn add(home: &Home, global: &Global, (factor, new): (&mut Factor, BotAdd)) -> Result<(), Failure> {
    home.check()?;
    let text = configuration::text(home)?;
    let edited = match &new.preset {
        Some(name) => configuration::with_bot(home, &text, &new.name, &block(&new, name)?)?,
        None => text.clone(),
    };
    let config = configuration::parse(home, &edited)?;
    let exchange = exchange_of(&config, &new.name)?;
    let mut operator = Operator::reach(home, factor)?;
    if edited != text {
        configuration::save(home, &edited)?;
        if let Err(failure) = apply(&mut operator, factor, false) {
            configuration::restore(home, &text)?;
            return Err(failure);
        }
    }
    let Said::BotAdded { virtual_id } = operator.command(Command::AddBot(new.name.clone(), exchange))? else {
        return Err(super::odd_answer());
    };
    if global.json {
        say_json(&json!({ "bot": new.name, "apiKey": virtual_id }));
    } else {
        say(format_args!("bot {} has the virtual key {virtual_id}", new.name));
        say(format_args!("next: `claviger bot show {} --for ccxt --reveal`", new.name));
    }
    Ok(())
}

fn exchange_of(config: &Config, bot: &BotName) -> Result<claviger_core::ExchangeName, Failure> {
    let policy = config.policies().bot(bot).ok_or_else(|| {
        Failure::new(Exit::Config, format!("claviger.toml has no block [bot.{bot}]")).hint(format!(
            "`claviger bot add {bot} --key KEY --preset read-only`, or write the block yourself"
        ))
    })?;
    let key = config.policies().key(policy.key());
    key.map(|key| key.exchange().clone()).ok_or_else(|| {
        Failure::new(Exit::Config, format!("claviger.toml has no block [key.{}]", policy.key()))
    })
}

/// The block that a preset makes of what was said.
fn block(new: &BotAdd, name: &str) -> Result<String, Failure> {
    let usage = |what: String| Failure::new(Exit::Usage, what);
    let preset: &Preset = preset(name).ok_or_else(|| {
        let known: Vec<&str> = PRESETS.iter().map(|preset| preset.name).collect();
        usage(format!("there is no preset `{name}`")).hint(format!("one of: {}", known.join(", ")))
    })?;
    let fill = if preset.trades() { Some(fill(new)?) } else { None };
    let key = new.key.as_ref().ok_or_else(|| usage("--preset needs --key".to_owned()))?;
    let block = preset.block(&new.name, key, fill.as_ref()).ok_or_else(|| {
        usage(format!("the preset `{name}` needs at least one symbol")).hint("`--symbols BTCUSDT`")
    })?;
    Ok(if new.allow_same_user { format!("{block}allow_same_user = true\n") } else { block })
}

fn fill(new: &BotAdd) -> Result<Fill, Failure> {
    let symbols = new.symbols.iter().map(|s| read("--symbols", s)).collect::<Result<_, _>>()?;
    let required = |name: &'static str, text: &Option<String>| match text {
        Some(text) => read(name, text),
        None => Err(Failure::new(Exit::Usage, format!("a preset that trades needs {name}"))
            .hint(format!("`{name} '1000 USDT'`"))),
    };
    Ok(Fill {
        symbols,
        max_order: required("--max-order", &new.max_order)?,
        max_day: required("--max-day", &new.max_day)?,
        max_loss_day: new.max_loss_day.as_deref().map(|text| read("--max-loss-day", text)).transpose()?,
        price_band: new.price_band.as_deref().map(|text| read("--price-band", text)).transpose()?,
        order_rate: new.order_rate.as_deref().map(|text| read("--order-rate", text)).transpose()?,
    })
}

fn read<T: std::str::FromStr>(name: &str, text: &str) -> Result<T, Failure>
where
    T::Err: std::error::Error,
{
    text.parse().map_err(|e: T::Err| {
        Failure::new(Exit::Usage, format!("{name} `{text}` is not understood")).caused_by(&e)
    })
}

fn bots(home: &Home) -> Result<Vec<Bot>, Failure> {
    match Operator::running(home)? {
        Some(mut operator) => match operator.command(Command::Bots)? {
            Said::Bots(bots) => Ok(bots),
            _ => Err(super::odd_answer()),
        },
        None => offline::bots(home),
    }
}

fn list(home: &Home, as_json: bool) -> Result<(), Failure> {
    let bots = bots(home)?;
    if as_json {
        say_json(&bots.iter().map(as_value).collect::<Vec<_>>());
        return Ok(());
    }
    let row = |bot: &Bot| {
        let key =
            bot.key.as_ref().map_or_else(|| "none: not in claviger.toml".to_owned(), ToString::to_string);
        vec![
            bot.name.to_string(),
            bot.exchange.to_string(),
            key,
            state(bot).to_owned(),
            bot.virtual_id.to_string(),
        ]
    };
    let rows: Vec<_> = bots.iter().map(row).collect();
    table(&["bot", "exchange", "key", "state", "virtual key"], &rows);
    Ok(())
}

fn state(bot: &Bot) -> &'static str {
    match (bot.frozen, &bot.key) {
        (true, _) => "frozen",
        (false, Some(_)) => "active",
        (false, None) => "without policy",
    }
}

fn as_value(bot: &Bot) -> Value {
    let limit = |(name, limit, used): &(Box<str>, Box<str>, Box<str>)| json!({ "name": name, "limit": limit, "used": used });
    json!({
        "name": bot.name, "exchange": bot.exchange, "key": bot.key, "apiKey": bot.virtual_id, "added": bot.added,
        "frozen": bot.frozen, "limits": bot.limits.iter().map(limit).collect::<Vec<_>>(),
    })
}

/// What `bot show` is asked for.
struct Wanted {
    name: BotName,
    client: Option<&'static Client>,
    reveal: bool,
}

fn show(home: &Home, as_json: bool, (factor, wanted): (&mut Factor, Wanted)) -> Result<(), Failure> {
    let bot = bots(home)?.into_iter().find(|bot| bot.name == wanted.name).ok_or_else(|| {
        Failure::new(Exit::Name, format!("there is no bot `{}`", wanted.name)).hint("`claviger bot list`")
    })?;
    let revealed = if wanted.reveal { Some(reveal(home, factor, &bot.name)?) } else { None };
    match wanted.client {
        Some(client) => {
            let settings = client.settings(&facts(home, &bot, revealed)?);
            let settings = settings.map_err(|why| Failure::new(Exit::Usage, why))?;
            if as_json { say_json(&json!({ "settings": settings })) } else { say(settings) }
        }
        None if as_json => say_json(&with_secret(as_value(&bot), revealed)),
        None => describe(&bot, revealed),
    }
    Ok(())
}

/// A virtual key's secret and passphrase, shown to the operator who asked for it.
pub struct Revealed {
    /// The secret.
    pub secret: String,
    /// The passphrase, where the exchange's keys have one.
    pub passphrase: Option<String>,
}

/// Has a virtual secret shown; that is journaled.
pub fn reveal(home: &Home, factor: &mut Factor, bot: &BotName) -> Result<Revealed, Failure> {
    let mut operator = Operator::reach(home, factor)?;
    match operator.command(Command::Reveal(bot.clone(), factor.ask()?))? {
        Said::Revealed { secret, passphrase, .. } => {
            Ok(Revealed { secret: text(secret), passphrase: passphrase.map(text) })
        }
        _ => Err(super::odd_answer()),
    }
}

/// A virtual secret is printed anyway: it is plain text from here on.
fn text(secret: Sensitive) -> String {
    String::from_utf8_lossy(&secret.into_bytes()).into_owned()
}

/// What a client's settings are made of.
pub fn facts(home: &Home, bot: &Bot, revealed: Option<Revealed>) -> Result<Facts, Failure> {
    let config = configuration::load(home)?;
    let has_passphrase =
        claviger_exchange::exchange(bot.exchange.as_str()).is_some_and(|exchange| exchange.has_passphrase());
    let hidden = || format!("(run: claviger bot show {} --reveal)", bot.name);
    let (secret, passphrase) = match revealed {
        Some(revealed) => (revealed.secret, revealed.passphrase),
        None => (hidden(), has_passphrase.then(hidden)),
    };
    Ok(Facts {
        bot: bot.name.to_string(),
        exchange: bot.exchange.to_string(),
        id: bot.virtual_id.to_string(),
        secret,
        passphrase,
        listen: config.listen(),
        tls: config.tls().map(claviger_core::config::Tls::url_host),
        ca: home.ca(),
    })
}

fn with_secret(mut shown: Value, revealed: Option<Revealed>) -> Value {
    if let (Some(object), Some(revealed)) = (shown.as_object_mut(), revealed) {
        object.insert("secret".to_owned(), revealed.secret.into());
        object.extend(revealed.passphrase.map(|p| ("password".to_owned(), p.into())));
    }
    shown
}

fn describe(bot: &Bot, revealed: Option<Revealed>) {
    let key = bot
        .key
        .as_ref()
        .map_or_else(|| "none: claviger.toml has no block for it".to_owned(), ToString::to_string);
    say(format_args!("bot          {} ({})", bot.name, state(bot)));
    say(format_args!("exchange     {}", bot.exchange));
    say(format_args!("real key     {key}"));
    say(format_args!("virtual key  {}", bot.virtual_id));
    if let Some(revealed) = revealed {
        say(format_args!("secret       {}", revealed.secret));
        if let Some(passphrase) = revealed.passphrase {
            say(format_args!("passphrase   {passphrase}"));
        }
    }
    say(format_args!("added        {}", stamp::shown(bot.added)));
    let rows: Vec<_> =
        bot.limits.iter().map(|(n, l, u)| vec![n.to_string(), l.to_string(), u.to_string()]).collect();
    if !rows.is_empty() {
        say("");
        table(&["limit", "set to", "used"], &rows);
    }
}

fn remove(home: &Home, as_json: bool, (factor, name): (&mut Factor, BotName)) -> Result<(), Failure> {
    let mut operator = Operator::reach(home, factor)?;
    operator.command(Command::RemoveBot(name.clone()))?;
    let text = configuration::text(home)?;
    let edited = configuration::without_bot(home, &text, &name)?;
    if edited != text {
        configuration::save(home, &edited)?;
        apply(&mut operator, factor, false)?;
    }
    super::done(as_json, format_args!("bot {name} is gone; its virtual key never works again"));
    Ok(())
}
