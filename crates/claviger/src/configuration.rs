//! `claviger.toml`: read whole, and edited so that its comments and layout stay.

use claviger_core::{BotName, Config, ExchangeName, KeyName};
use claviger_door::Exit;
use claviger_exchange::Exchange;
use toml_edit::{DocumentMut, Item, Table};

use crate::failure::{Failure, is_full};
use crate::home::Home;

/// What `init` writes: everything that can be set, commented out where the default is right.
pub const TEMPLATE: &str = include_str!("claviger.toml");

/// The text of the home's `claviger.toml`.
pub fn text(home: &Home) -> Result<String, Failure> {
    let file = home.config();
    let failed = |e: &dyn std::error::Error| {
        Failure::new(Exit::Config, format!("cannot read {}", file.display())).caused_by(e)
    };
    let bytes = claviger_os::read_private(&file, MOST).map_err(|e| failed(&e))?;
    std::str::from_utf8(&bytes).map(ToOwned::to_owned).map_err(|e| failed(&e))
}

/// The largest file, in bytes.
const MOST: usize = 4 * 1024 * 1024;

/// The home's configuration, refined.
pub fn load(home: &Home) -> Result<Config, Failure> {
    parse(home, &text(home)?)
}

/// A text as configuration.
pub fn parse(home: &Home, text: &str) -> Result<Config, Failure> {
    let file = home.config().display().to_string();
    Config::parse(text, &file, &claviger_exchange::known())
        .map_err(|e| Failure::new(Exit::Config, "claviger.toml cannot be used").caused_by(&e))
}

/// Puts a text in the place of the home's `claviger.toml`, after checking that it can be used.
pub fn save(home: &Home, text: &str) -> Result<(), Failure> {
    parse(home, text)?;
    restore(home, text)
}

/// Puts back a text that was there before.
pub fn restore(home: &Home, text: &str) -> Result<(), Failure> {
    let file = home.config();
    claviger_os::replace(&file, text.as_bytes(), 0o600).map_err(|e| {
        Failure::new(Exit::Config, format!("cannot write {}", file.display()))
            .caused_by(&e)
            .full_disk(is_full(&e))
    })
}

/// The text with `[key.NAME]` added; the same text where it stands already.
pub fn with_key(home: &Home, text: &str, key: &KeyName, exchange: &ExchangeName) -> Result<String, Failure> {
    let mut document = document(home, text)?;
    if table_of(home, &mut document, "key")?.contains_key(key.as_str()) {
        return Ok(text.to_owned());
    }
    Ok(appended(text, &format!("[key.{key}]\nexchange = \"{exchange}\"\n")))
}

/// The text with a bot's block added.
pub fn with_bot(home: &Home, text: &str, bot: &BotName, block: &str) -> Result<String, Failure> {
    let mut document = document(home, text)?;
    if table_of(home, &mut document, "bot")?.contains_key(bot.as_str()) {
        let what = format!("there is a block [bot.{bot}] in claviger.toml already");
        return Err(Failure::new(Exit::Name, what)
            .hint(format!("`claviger bot add {bot}` without --key and --preset to mint its virtual key")));
    }
    Ok(appended(text, block))
}

/// A block behind everything else, after an empty line.
fn appended(text: &str, block: &str) -> String {
    let gap = match text {
        "" => "",
        text if text.ends_with("\n\n") => "",
        text if text.ends_with('\n') => "\n",
        _ => "\n\n",
    };
    format!("{text}{gap}{block}")
}

/// The text without a bot's block; the same text where there is none.
pub fn without_bot(home: &Home, text: &str, bot: &BotName) -> Result<String, Failure> {
    without(home, text, ("bot", bot.as_str()))
}

/// The text without a key's block; the same text where there is none.
pub fn without_key(home: &Home, text: &str, key: &KeyName) -> Result<String, Failure> {
    without(home, text, ("key", key.as_str()))
}

/// Comments above a block stay: they may be about more than it.
fn without(home: &Home, text: &str, (kind, name): (&str, &str)) -> Result<String, Failure> {
    let mut document = document(home, text)?;
    let Some(Item::Table(gone)) = table_of(home, &mut document, kind)?.remove(name) else {
        return Ok(text.to_owned());
    };
    leave_groups(&mut document, (kind, name));
    let above = gone.decor().prefix().and_then(|p| p.as_str()).unwrap_or_default().trim_end().to_owned();
    match next_block(&mut document, gone.position()) {
        Some(next) => {
            let own = next.decor().prefix().and_then(|p| p.as_str()).unwrap_or_default().to_owned();
            next.decor_mut().set_prefix(format!("{above}{own}"));
        }
        None => {
            let own = document.trailing().as_str().unwrap_or_default().to_owned();
            document.set_trailing(format!("{above}\n{own}"));
        }
    }
    Ok(document.to_string())
}

/// No group names it any more; a group that names nobody then goes too.
fn leave_groups(document: &mut DocumentMut, (kind, name): (&str, &str)) {
    let Some(groups) = document.get_mut("group").and_then(Item::as_table_like_mut) else { return };
    let mut left = Vec::new();
    for (group, item) in groups.iter_mut() {
        let Some(table) = item.as_table_like_mut() else { continue };
        let list = format!("{kind}s");
        let Some(names) = table.get_mut(&list).and_then(Item::as_array_mut) else { continue };
        names.retain(|named| named.as_str() != Some(name));
        if names.is_empty() {
            table.remove(&list);
        }
        if !table.contains_key("keys") && !table.contains_key("bots") {
            left.push(group.get().to_owned());
        }
    }
    left.iter().for_each(|group| drop(groups.remove(group)));
}

/// The first block that stands behind `position`.
fn next_block(document: &mut DocumentMut, position: Option<isize>) -> Option<&mut Table> {
    let kinds = document.iter_mut().filter_map(|(_, item)| item.as_table_mut());
    let blocks = kinds.flat_map(|kind| kind.iter_mut().filter_map(|(_, item)| item.as_table_mut()));
    blocks.filter(|block| block.position() > position).min_by_key(|block| block.position())
}

fn document(home: &Home, text: &str) -> Result<DocumentMut, Failure> {
    // Read by the strict reader first: it names line and key.
    parse(home, text)?;
    text.parse::<DocumentMut>()
        .map_err(|e| Failure::new(Exit::Config, "claviger.toml cannot be edited").caused_by(&e))
}

/// The table that holds every `[kind.NAME]`; made if there is none.
fn table_of<'a>(home: &Home, document: &'a mut DocumentMut, kind: &str) -> Result<&'a mut Table, Failure> {
    let item = document.entry(kind).or_insert_with(|| {
        let mut table = Table::new();
        table.set_implicit(true);
        Item::Table(table)
    });
    item.as_table_mut().ok_or_else(|| {
        Failure::new(Exit::Config, format!("cannot edit {}", home.config().display()))
            .because(format!("`{kind}` is written as an inline table"))
            .hint(format!("write it as `[{kind}.NAME]` blocks"))
    })
}

/// What a real key is sealed to: the environment and the hosts that claviger.toml gives its exchange.
pub fn binding(config: &Config, exchange: &dyn Exchange) -> (Box<str>, Vec<Box<str>>) {
    let surfaces = exchange.surfaces().iter();
    let mut hosts: Vec<Box<str>> =
        surfaces.map(|surface| claviger_keep::host_of(config, exchange, surface)).collect();
    hosts.sort_unstable();
    hosts.dedup();
    (config.exchange(&exchange.exchange_name()).environment().into(), hosts)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn home() -> Home {
        Home::locate(Some("/nowhere".into())).unwrap()
    }

    fn binance() -> ExchangeName {
        "binance".parse().unwrap()
    }

    #[test]
    fn the_template_can_be_used() {
        let config = parse(&home(), TEMPLATE).unwrap();
        assert_eq!(config.listen(), "127.0.0.1:8700".parse().unwrap());
        assert_eq!(config.policies().bots().count(), 0);
    }

    #[test]
    fn adding_and_removing_keeps_what_people_wrote() {
        let (home, key, bot) = (home(), "main".parse().unwrap(), "grid".parse().unwrap());
        let with_key = with_key(&home, TEMPLATE, &key, &binance()).unwrap();
        assert!(with_key.starts_with(TEMPLATE), "{with_key}");
        assert_eq!(super::with_key(&home, &with_key, &key, &binance()).unwrap(), with_key);
        let block = claviger_core::config::preset("read-only").unwrap().block(&bot, &key, None).unwrap();
        let with_bot = with_bot(&home, &with_key, &bot, &block).unwrap();
        assert!(with_bot.starts_with(&with_key));
        assert_eq!(parse(&home, &with_bot).unwrap().policies().bots().count(), 1);
        assert!(super::with_bot(&home, &with_bot, &bot, &block).is_err());
        assert_eq!(without_bot(&home, &with_bot, &bot).unwrap().trim_end(), with_key.trim_end());
        assert_eq!(without_key(&home, &with_key, &key).unwrap().trim_end(), TEMPLATE.trim_end());
        assert_eq!(without_key(&home, TEMPLATE, &key).unwrap(), TEMPLATE);
    }

    #[test]
    fn removing_a_block_in_the_middle_leaves_the_others_as_they_are() {
        let block = |n: u32| format!("# about {n}\n[key.k{n}]  # it\nexchange = \"okx\"\n\n");
        let text = format!("# top\nlisten = \"127.0.0.1:1\"\n\n{}{}{}", block(1), block(2), block(3));
        let without = without_key(&home(), &text, &"k2".parse().unwrap()).unwrap();
        for kept in ["# top", "# about 1\n[key.k1]  # it", "# about 2", "# about 3\n[key.k3]  # it"] {
            assert!(without.contains(kept), "{kept}\n{without}");
        }
        assert!(!without.contains("k2"));
        assert_eq!(parse(&home(), &without).unwrap().policies().keys().count(), 2);
    }

    #[test]
    fn what_is_removed_leaves_its_groups() {
        let bot = |name: &str| format!("[bot.{name}]\nkey = \"k\"\ngrants = [\"read\"]\n");
        let group =
            |name: &str, bots: &str| format!("[group.{name}]\nbots = [{bots}]\nmax_day = \"1 USDT\"\n");
        let text = format!(
            "[key.k]\nexchange = \"okx\"\n{}{}{}{}",
            bot("a"),
            bot("b"),
            group("both", "\"a\", \"b\""),
            group("one", "\"a\"")
        );
        let without = without_bot(&home(), &text, &"a".parse().unwrap()).unwrap();
        let config = parse(&home(), &without).unwrap();
        let groups: Vec<_> = config.policies().groups().map(|(name, group)| (name.as_str(), group)).collect();
        let [("both", group)] = groups[..] else { panic!("{without}") };
        assert_eq!(group.members().iter().map(BotName::as_str).collect::<Vec<_>>(), ["b"]);
        assert!(!parse(&home(), &text).unwrap().compare(&config).needs_factor());
    }

    #[test]
    fn a_key_is_sealed_to_the_hosts_in_use() {
        let exchange = claviger_exchange::exchange("binance").unwrap();
        let usual = binding(&parse(&home(), "").unwrap(), exchange);
        assert_eq!(&*usual.0, "production");
        assert!(usual.1.iter().any(|h| &**h == "api.binance.com"));
        let text = "[exchange.binance]\nenvironment = \"simulator\"\nrest = \"127.0.0.1:9443\"\n";
        let sim = binding(&parse(&home(), text).unwrap(), exchange);
        assert_eq!(sim, ("simulator".into(), vec!["127.0.0.1:9443".into()]));
        let text = "[exchange.binance]\nenvironment = \"testnet\"\nrest = \"testnet.binance.vision\"\n";
        let testnet = binding(&parse(&home(), text).unwrap(), exchange);
        assert_eq!(testnet.1, ["testnet.binance.vision".into()], "as the keep will ask for it");
    }
}
