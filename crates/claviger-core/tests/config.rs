//! What `claviger.toml` may say, and how it is refused.

#[cfg(test)]
mod cases {
    use claviger_core::config::{Fill, PRESETS, preset};
    use claviger_core::limits::{Change, LIMITS, Scope};
    use claviger_core::{Config, Entry, KnownExchange, Market};
    use proptest::prelude::*;

    const EXAMPLE: &str = r#"
[key.binance-main]
exchange = "binance"          # hosts may be overridden for testnets

[bot.grid]
key        = "binance-main"
grants     = ["market-data", "read", "trade"]
markets    = ["spot"]
symbols    = ["BTCUSDT", "ETHUSDT"]
max_order  = "1000 USDT"
max_day    = "20000 USDT"     # rolling 24 h: fills plus live orders
price_band = "2%"
order_rate = "10/s"
sources    = ["127.0.0.1/32"]
"#;

    fn known() -> Vec<KnownExchange> {
        let exchange = |name: &str, surfaces: &[&str], markets: &[Market]| KnownExchange {
            name: name.parse().unwrap(),
            surfaces: surfaces.iter().map(|s| s.parse().unwrap()).collect(),
            markets: markets.to_vec(),
            exits_by_account: name == "okx",
        };
        vec![
            exchange("binance", &["spot", "usdm"], &[Market::Spot, Market::Margin, Market::Usdm]),
            exchange("okx", &["v5"], &[Market::Spot, Market::Usdm]),
        ]
    }

    fn parse(text: &str) -> Result<Config, String> {
        Config::parse(text, "claviger.toml", &known()).map_err(|e| e.to_string())
    }

    fn refused(text: &str, error: &str) {
        assert_eq!(parse(text).unwrap_err(), error, "{text}");
    }

    fn with(line: &str) -> String {
        format!("{EXAMPLE}{line}\n")
    }

    fn without(start: &str) -> String {
        EXAMPLE.lines().filter(|l| !l.starts_with(start)).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn the_example_of_the_design() {
        let config = parse(EXAMPLE).unwrap();
        let bot = config.policies().bot(&"grid".parse().unwrap()).unwrap().clone();
        assert_eq!(bot.exchange().as_str(), "binance");
        assert_eq!(config.listen().to_string(), "127.0.0.1:8700");
        let shown: Vec<String> = bot.rules().shown().iter().map(|(n, s)| format!("{n}={}", s.text)).collect();
        let expected = "sources=127.0.0.1/32 grants=market-data, read, trade markets=spot symbols=BTCUSDT, ETHUSDT \
                        price_band=2% max_order=1000 USDT max_day=20000 USDT order_rate=10/s";
        assert_eq!(shown.join(" "), expected);
    }

    #[test]
    fn nothing_is_a_configuration() {
        assert!(parse("").unwrap().policies().bots().next().is_none());
    }

    #[test]
    fn p4_everything_unknown_is_refused() {
        refused(
            "listn = \"x\"",
            "claviger.toml:1: listn: unknown key; allowed here: listen, unix_socket, plain_http, tls, isolation, catalogue_keys, exchange, key, group, bot",
        );
        refused(
            "\n[exchange.kraken]",
            "claviger.toml:2: exchange.kraken: there is no exchange `kraken`; there are: binance, okx",
        );
        refused(
            "[key.a]\nexchange = \"bitmex\"",
            "claviger.toml:2: key.a.exchange: there is no exchange `bitmex`; there are: binance, okx",
        );
        refused("[key.a]", "claviger.toml:1: key.a: exchange is missing; a key belongs to one exchange");
        refused("[bot.a]\nkey = \"x\"", "claviger.toml:2: bot.a.key: there is no key `x`; there are: none");
        refused(
            "[key.\"a b\"]\nexchange = \"okx\"",
            "claviger.toml:1: key.a b: `a b` is not the name of a key (1 to 64 of A-Z, a-z, 0-9, -, _)",
        );
        refused("bot = 1", "claviger.toml:1: bot: `1` is not a table like [bot.NAME]");
        refused("[bot]\na = true", "claviger.toml:2: bot.a: `true` is not a table like [bot.NAME]");
        refused(
            "[exchange.okx]\nrest = { v4 = \"a.b\" }\nenvironment = \"testnet\"",
            "claviger.toml:2: exchange.okx.rest.v4: unknown key; allowed here: v5",
        );
        assert!(
            parse(&with("max_ordr = \"1 USDT\""))
                .unwrap_err()
                .starts_with("claviger.toml:15: bot.grid.max_ordr: unknown key")
        );
        assert!(parse(&with("frozen = true")).unwrap_err().contains("unknown key"));
        assert!(
            parse("[key.a]\nexchange = \"okx\"\nallow_same_user = true").unwrap_err().contains("unknown key")
        );
    }

    #[test]
    fn duplicates_and_bad_toml() {
        assert!(parse(&with("sources = [\"10.0.0.0/8\"]")).unwrap_err().contains("duplicate key"));
        assert!(parse(&format!("{EXAMPLE}[bot.grid]\n")).is_err());
        assert!(parse("[bot").unwrap_err().starts_with("claviger.toml:1: "));
    }

    #[test]
    fn p4_a_trade_grant_needs_its_limits() {
        for name in ["markets", "symbols", "max_order", "max_day", "price_band"] {
            refused(
                &without(name),
                &format!(
                    "claviger.toml:5: bot.grid: {name} is missing; a trade grant needs it; write \"unlimited\" if that is meant"
                ),
            );
        }
        for name in ["order_rate", "sources"] {
            assert!(parse(&without(name)).is_ok());
        }
    }

    #[test]
    fn p4_unlimited_is_written_out_and_flagged() {
        for limit in LIMITS.iter().filter(|l| l.needed_for(claviger_core::Permission::Trade)) {
            let config =
                parse(&format!("{}\n{} = \"unlimited\"\n", without(limit.name()), limit.name())).unwrap();
            let bot = config.policies().bot(&"grid".parse().unwrap()).unwrap().clone();
            assert!(limit.shown(bot.rules()).unwrap().unlimited, "{}", limit.name());
        }
    }

    #[test]
    fn values_of_the_wrong_form() {
        for (name, values) in [
            (
                "max_order",
                &["1000", "\"1000\"", "\"-1 USDT\"", "\"1e3 USDT\"", "[\"1 USDT\"]", "\"Unlimited\""][..],
            ),
            ("max_day", &["\"1000USDT\"", "\"1,000 USDT\""]),
            ("price_band", &["2", "\"2\"", "\"0%\"", "\"100%\"", "\"-1%\"", "\"2 %\"", "0.02"]),
            ("order_rate", &["10", "\"10\"", "\"0/s\"", "\"10/h\"", "\"+1/s\"", "\"1/s/s\"", "\"60001/m\""]),
            ("symbols", &["\"BTCUSDT\"", "[]", "[\"btcusdt\"]", "[\"BTC USDT\"]", "[1]", "[\"*\"]"]),
            ("markets", &["[\"futures\"]", "[\"Spot\"]", "[]", "[\"coinm\"]"]),
            ("grants", &["\"trade\"", "[\"admin\"]", "[\"unlimited\"]", "\"unlimited\""]),
            ("sources", &["\"127.0.0.1\"", "[\"127.0.0.1\"]", "[\"localhost\"]", "[\"10.0.0.0/33\"]"]),
        ] {
            for value in values {
                let error = parse(&format!("{}\n{name} = {value}\n", without(name))).unwrap_err();
                assert!(error.contains(&format!("bot.grid.{name}: ")), "{name} = {value}: {error}");
            }
        }
        for line in [
            "max_open_orders = -1",
            "max_open_orders = \"5\"",
            "max_open_orders = 5001",
            "max_open_orders = 1.0",
            "max_leverage = 0",
            "max_hour = \"5\"",
            "max_loss_day = 5",
            "max_fee = \"unlimited\"",
            "max_fee = \"0%\"",
            "cancel_rate = 5",
            "dormant_after = 30",
            "dormant_after = \"0d\"",
            "dormant_after = \"1001d\"",
            "dormant_after = \"4w\"",
            "max_open_per_symbol = \"5\"",
            "max_open_per_symbol = 5001",
            "self_trade = false",
            "self_trade = \"no\"",
            "max_churn = 200",
            "max_churn = \"0/10m\"",
            "max_churn = \"200/5m\"",
            "request_rate = \"5/h\"",
            "max_leverage = \"0.5\"",
            "allow_same_user = \"yes\"",
            "danger_account_wide = 1",
        ] {
            assert!(parse(&with(line)).is_err(), "{line}");
        }
        for line in ["max_open_orders = 0x10", "max_open_orders = 0"] {
            assert_eq!(parse(&with(line)).is_ok(), line.ends_with(" 0"), "{line}");
        }
    }

    #[test]
    fn hosts_must_say_what_they_are() {
        refused(
            "[exchange.okx]\nrest = \"127.0.0.1:9443\"",
            "claviger.toml:1: exchange.okx: environment is missing; hosts other than the built-in ones must say what they \
             are, like \"testnet\" or \"simulator\"",
        );
        let text = "[exchange.okx]\nrest = \"127.0.0.1:9443\"\nenvironment = \"simulator\"\n[key.a]\nexchange = \"okx\"\n";
        let config = parse(text).unwrap();
        let (_, key) = config.policies().keys().next().unwrap();
        assert_eq!(key.environment(), "simulator");
        refused(
            &format!("{text}environment = \"production\"\n"),
            "claviger.toml:6: key.a.environment: the key is for `production`, but the hosts of this exchange are `simulator`",
        );
    }

    #[test]
    fn hosts_by_surface() {
        let text = "[exchange.binance]\nenvironment = \"testnet\"\nrest = { spot = \"a.example:1\", usdm = \"b.example\" }\n";
        let settings = parse(text).unwrap().exchange(&"binance".parse().unwrap());
        let rest = settings.rest.unwrap();
        assert_eq!(rest.of(&"usdm".parse().unwrap()).unwrap().to_string(), "b.example:443");
        assert_eq!(rest.of(&"coinm".parse().unwrap()), None);
    }

    #[test]
    fn tls_needs_names() {
        let config = parse("[tls]\nnames = [\"claviger.lan\", \"10.0.0.5\", \"2001:DB8::5\"]").unwrap();
        let tls = config.tls().unwrap();
        assert_eq!(tls.names().collect::<Vec<_>>(), ["claviger.lan", "10.0.0.5", "2001:db8::5"]);
        assert_eq!((tls.chain(), tls.url_host().as_str()), (None, "claviger.lan"));
        let chain = parse("[tls]\nnames = [\"2001:db8::5\"]\nchain = \"chain.pem\"").unwrap();
        assert_eq!(chain.tls().unwrap().url_host(), "[2001:db8::5]");
        assert!(config.compare(&chain).needs_factor() && parse("").unwrap().compare(&config).needs_factor());
        for (text, error) in [
            ("tls = true", "tls: `true` is not a table [tls]"),
            (
                "[tls]\nchain = \"a\"",
                "tls: names is missing; a certificate is for the names and addresses that bots connect to",
            ),
            ("[tls]\nname = \"a\"", "tls.name: unknown key; allowed here: names, chain"),
        ] {
            assert!(parse(text).unwrap_err().ends_with(error), "{}", parse(text).unwrap_err());
        }
        for names in [
            "[]",
            "\"a.lan\"",
            "[\"A.lan\"]",
            "[\"*.lan\"]",
            "[\"0.0.0.0\"]",
            "[\"a.lan:8700\"]",
            "[\"https://a.lan\"]",
            "[1]",
        ] {
            let refused = parse(&format!("[tls]\nnames = {names}")).unwrap_err();
            assert!(refused.contains("tls.names"), "{refused}");
        }
    }

    #[test]
    fn plain_http_is_for_this_machine_and_what_is_named() {
        let config = parse("plain_http = [\"10.1.0.0/16\"]").unwrap();
        for (address, plain) in [
            ("127.0.0.1", true),
            ("::1", true),
            ("::ffff:10.1.2.3", true),
            ("10.2.0.1", false),
            ("8.8.8.8", false),
        ] {
            assert_eq!(config.plain_http(address.parse().unwrap()), plain, "{address}");
        }
    }

    fn change(old: &str, new: &str) -> (Vec<String>, bool) {
        let report = parse(old).unwrap().compare(&parse(new).unwrap());
        (report.items().iter().map(ToString::to_string).collect(), report.needs_factor())
    }

    fn changed(setting: &str, value: &str, line: &str, factor: bool) {
        let (lines, needs) = change(EXAMPLE, &format!("{}\n{setting} = {value}\n", without(setting)));
        assert_eq!((lines, needs), (vec![format!("bot.grid.{line}")], factor), "{setting} = {value}");
    }

    #[test]
    fn what_a_change_does() {
        changed("max_order", "\"900 USDT\"", "max_order: 1000 USDT -> 900 USDT (narrower)", false);
        changed("max_order", "\"1000.01 USDT\"", "max_order: 1000 USDT -> 1000.01 USDT (wider)", true);
        changed("max_order", "\"1 BTC\"", "max_order: 1000 USDT -> 1 BTC (not comparable)", true);
        changed("max_day", "\"unlimited\"", "max_day: 20000 USDT -> unlimited (wider)", true);
        changed("symbols", "[\"BTCUSDT\"]", "symbols: BTCUSDT, ETHUSDT -> BTCUSDT (narrower)", false);
        changed(
            "symbols",
            "[\"BTCUSDT\", \"XUSDT\"]",
            "symbols: BTCUSDT, ETHUSDT -> BTCUSDT, XUSDT (not comparable)",
            true,
        );
        changed("markets", "[\"spot\", \"usdm\"]", "markets: spot -> spot, usdm (wider)", true);
        changed("price_band", "\"1%\"", "price_band: 2% -> 1% (narrower)", false);
        changed("order_rate", "\"100/m\"", "order_rate: 10/s -> 100/m (not comparable)", true);
        changed("order_rate", "\"5/s\"", "order_rate: 10/s -> 5/s (narrower)", false);
        changed("sources", "[\"127.0.0.0/8\"]", "sources: 127.0.0.1/32 -> 127.0.0.0/8 (wider)", true);
        changed("sources", "\"unlimited\"", "sources: 127.0.0.1/32 -> unlimited (wider)", true);
        changed("max_leverage", "5", "max_leverage: not set -> 5 (wider)", true);
        changed("max_open_orders", "5", "max_open_orders: not set -> 5 (narrower)", false);
        changed("max_hour", "\"500 USDT\"", "max_hour: not set -> 500 USDT (narrower)", false);
        changed("max_loss_day", "\"5 USDT\"", "max_loss_day: not set -> 5 USDT (narrower)", false);
        changed("max_fee", "\"0.06%\"", "max_fee: not set -> 0.06% (wider)", true);
        // What is absent is order_rate.
        assert!(!change(EXAMPLE, &with("cancel_rate = \"10/s\"")).1);
        changed("cancel_rate", "\"9/s\"", "cancel_rate: not set -> 9/s (narrower)", false);
        changed("cancel_rate", "\"20/s\"", "cancel_rate: not set -> 20/s (wider)", true);
        changed("request_rate", "\"20/s\"", "request_rate: not set -> 20/s (narrower)", false);
        changed("max_churn", "\"20/10m\"", "max_churn: not set -> 20/10m (narrower)", false);
        changed("self_trade", "\"refuse\"", "self_trade: not set -> refuse (narrower)", false);
        assert!(!change(EXAMPLE, &with("self_trade = \"allow\"")).1);
        changed("max_open_per_symbol", "5", "max_open_per_symbol: not set -> 5 (narrower)", false);
        changed("dormant_after", "\"30d\"", "dormant_after: not set -> 30d (narrower)", false);
        changed("allow_same_user", "true", "allow_same_user: not set -> true (wider)", true);
        assert_eq!(change(EXAMPLE, &with("allow_same_user = false")), (vec![], false));
    }

    #[test]
    fn what_a_change_of_a_limit_that_was_set_does() {
        for (limit, old, new, expected) in [
            ("max_hour", "\"500 USDT\"", "\"400 USDT\"", Change::Narrower),
            ("max_hour", "\"500 USDT\"", "\"501 USDT\"", Change::Wider),
            ("max_hour", "\"500 USDT\"", "\"1 BTC\"", Change::NotComparable),
            ("max_hour", "\"500 USDT\"", "\"unlimited\"", Change::Wider),
            ("max_loss_day", "\"5 USDT\"", "\"4 USDT\"", Change::Narrower),
            ("max_loss_day", "\"5 USDT\"", "\"unlimited\"", Change::Wider),
            ("max_loss_day", "\"5 USDT\"", "\"4 BTC\"", Change::NotComparable),
            ("cancel_rate", "\"20/s\"", "\"10/s\"", Change::Narrower),
            ("cancel_rate", "\"20/s\"", "\"unlimited\"", Change::Wider),
            ("cancel_rate", "\"20/s\"", "\"20/m\"", Change::NotComparable),
            ("request_rate", "\"20/s\"", "\"21/s\"", Change::Wider),
            ("max_churn", "\"20/10m\"", "\"19/10m\"", Change::Narrower),
            ("max_churn", "\"20/10m\"", "\"unlimited\"", Change::Wider),
            ("max_open_per_symbol", "5", "4", Change::Narrower),
            ("max_open_per_symbol", "5", "\"unlimited\"", Change::Wider),
            ("dormant_after", "\"30d\"", "\"7d\"", Change::Narrower),
            ("dormant_after", "\"30d\"", "\"unlimited\"", Change::Wider),
            ("self_trade", "\"allow\"", "\"refuse\"", Change::Narrower),
            ("self_trade", "\"refuse\"", "\"allow\"", Change::Wider),
            ("max_theft_day", "\"90000 USDT\"", "\"80000 USDT\"", Change::Narrower),
            ("max_theft_day", "\"90000 USDT\"", "\"unlimited\"", Change::Wider),
            ("max_fee", "\"0.1%\"", "\"0.2%\"", Change::Narrower),
            ("max_fee", "\"0.1%\"", "\"0.06%\"", Change::Wider),
        ] {
            let text = |value: &str| with(&format!("{limit} = {value}"));
            let report = parse(&text(old)).unwrap().compare(&parse(&text(new)).unwrap());
            let changes: Vec<Change> = report.items().iter().map(|item| item.change).collect();
            assert_eq!(changes, [expected], "{limit} {old} -> {new}");
        }
    }

    #[test]
    fn new_and_removed_bots_keys_and_hosts() {
        let key = "[key.binance-main]\nexchange = \"binance\"\n";
        assert!(change("", EXAMPLE).1);
        assert!(change(key, EXAMPLE).1);
        assert!(!change(EXAMPLE, key).1);
        assert!(!change(EXAMPLE, EXAMPLE).1);
        assert!(change(EXAMPLE, &format!("listen = \"0.0.0.0:1\"\n{EXAMPLE}")).1);
        assert!(change(EXAMPLE, &format!("[exchange.okx]\nca = \"x\"\n{EXAMPLE}")).1);
        let capped = EXAMPLE.replace("[bot.grid]", "max_day = \"5 USDT\"\n[bot.grid]");
        assert!(!change(EXAMPLE, &capped).1);
        assert!(change(&capped, EXAMPLE).1);
    }

    #[test]
    fn presets_load() {
        let fill = Fill {
            symbols: vec!["BTCUSDT".parse().unwrap()],
            max_order: "10 USDT".parse().unwrap(),
            max_day: "100 USDT".parse().unwrap(),
            max_loss_day: None,
            price_band: None,
            order_rate: None,
        };
        for preset in PRESETS {
            let block = preset.block(&"b".parse().unwrap(), &"k".parse().unwrap(), Some(&fill)).unwrap();
            let config = parse(&format!("[key.k]\nexchange = \"binance\"\n\n{block}")).unwrap();
            let bot = config.policies().bot(&"b".parse().unwrap()).unwrap().clone();
            assert_eq!(bot.rules().missing(), None);
            assert_eq!(
                preset.block(&"b".parse().unwrap(), &"k".parse().unwrap(), None).is_some(),
                !preset.trades()
            );
            assert!(bot.rules().grants().all(|g| g.as_str() != "withdraw" && g.as_str() != "transfer"));
        }
        assert!(preset("admin").is_none());
    }

    #[test]
    fn what_each_preset_is_held_to() {
        let fill = Fill {
            symbols: vec!["BTCUSDT".parse().unwrap()],
            max_order: "10 USDT".parse().unwrap(),
            max_day: "100 USDT".parse().unwrap(),
            max_loss_day: None,
            price_band: None,
            order_rate: None,
        };
        let page = include_str!("../../../docs/spec/policy.md");
        for preset in PRESETS {
            let block = preset.block(&"b".parse().unwrap(), &"k".parse().unwrap(), Some(&fill)).unwrap();
            let given =
                ["[bot", "key", "markets", "symbols", "max_order =", "max_day", "max_loss_day", "sources"];
            let lines = block.lines().filter(|line| !given.iter().any(|start| line.starts_with(start)));
            let lines: Vec<String> = lines.map(|line| format!("`{line}`")).collect();
            let row = format!("| `{}` | {} | {} |", preset.name, preset.meaning, lines.join(", "));
            assert!(page.contains(&row), "docs/spec/policy.md lacks the row\n{row}");
        }
    }

    #[test]
    fn every_limit_has_its_example_and_compares_with_itself() {
        for limit in LIMITS {
            let name = limit.name();
            // A bill has to be within it.
            let bounded = if name == "max_theft_day" { "max_loss_day = \"100 USDT\"" } else { "" };
            let text = format!("{}\n{}\n{bounded}\n", without(name), limit.help().example);
            let config = parse(&text).unwrap_or_else(|e| panic!("{e}"));
            let bot = config.policies().bot(&"grid".parse().unwrap()).unwrap().clone();
            assert!(limit.is_set(bot.rules()), "{name}");
            for scope in [Scope::Bot, Scope::Key, Scope::Group] {
                assert_eq!(limit.compare(scope, bot.rules(), bot.rules()), Change::Same);
            }
        }
    }

    #[test]
    fn the_page_on_policy_lists_every_limit() {
        let page = include_str!("../../../docs/spec/policy.md");
        for limit in LIMITS {
            let help = limit.help();
            let row = format!("| `{}` | {} | {} | {} |", limit.name(), help.meaning, help.form, help.absent);
            assert!(page.contains(&row), "docs/spec/policy.md lacks the row\n{row}");
        }
    }

    proptest! {
        #[test]
        fn p14_no_text_panics(text in ".{0,200}", at in 0..EXAMPLE.len(), cut in 0..20_usize) {
            let _ = parse(&text);
            let (head, tail) = EXAMPLE.split_at(at);
            let tail: String = tail.chars().skip(cut).collect();
            let _ = parse(&format!("{head}{text}{tail}"));
            let _ = Entry::from_bytes(text.as_bytes());
        }
    }
}
