//! The theft bill: what it comes to, and what refuses a configuration for it.

#[cfg(test)]
mod cases {
    use claviger_core::policy::{Bill, Part, Sum};
    use claviger_core::{Config, KnownExchange, Market};

    const BOT: &str = r#"
key = "main"
grants = ["trade"]
markets = ["spot"]
symbols = ["BTCUSDT"]
max_order = "1000 USDT"
max_day = "20000 USDT"
price_band = "2%"
order_types = ["limit", "market"]
"#;

    fn known() -> Vec<KnownExchange> {
        vec![KnownExchange {
            name: "binance".parse().unwrap(),
            surfaces: vec!["spot".parse().unwrap()],
            markets: Market::ALL.to_vec(),
            exits_by_account: false,
        }]
    }

    /// The bot's lines, each of which replaces the usual one of that name, and the key's.
    fn config(lines: &str, key: &str) -> Result<Config, String> {
        let name = |line: &str| line.split(" = ").next().unwrap_or_default().to_owned();
        let replaced: Vec<String> = lines.lines().map(name).collect();
        let usual: Vec<&str> = BOT.lines().filter(|line| !replaced.contains(&name(line))).collect();
        let usual = usual.join("\n");
        let text = format!("[key.main]\nexchange = \"binance\"\n{key}\n[bot.a]\n{usual}\n{lines}\n");
        Config::parse(&text, "c.toml", &known()).map_err(|error| error.to_string())
    }

    fn bill(lines: &str, key: &str) -> Bill {
        let config = config(lines, key).unwrap_or_else(|error| panic!("{lines}: {error}"));
        Bill::of(config.policies().bot(&"a".parse().unwrap()).unwrap())
    }

    fn day(lines: &str) -> String {
        bill(lines, "").day.to_string()
    }

    fn hour(lines: &str) -> String {
        bill(lines, "").hour.to_string()
    }

    fn said(sum: &Sum) -> String {
        sum.parts.iter().map(Part::to_string).collect::<Vec<_>>().join("; ")
    }

    #[test]
    fn the_budget_times_band_and_fee() {
        assert_eq!(day(""), "at most 420 USDT");
        assert_eq!(hour(""), "at most 420 USDT");
        assert_eq!(day("max_fee = \"0.5%\""), "at most 500 USDT");
        assert_eq!(day("price_band = \"1%\""), "at most 220 USDT");
        assert_eq!(day("sides = [\"buy\"]"), "at most 412.15686275 USDT");
        assert_eq!(day("max_hour = \"500 USDT\""), "at most 252 USDT");
        assert_eq!(hour("max_hour = \"500 USDT\""), "at most 10.5 USDT");
    }

    #[test]
    fn what_may_be_lost_is_the_bill_where_it_is_lower() {
        assert_eq!(day("max_loss_day = \"50 USDT\""), "at most 50 USDT");
        assert_eq!(day("max_loss_day = \"500 USDT\""), "at most 420 USDT");
        let of = said(&bill("max_loss_day = \"50 USDT\"", "").day);
        let expected = "orders that open, and all on spot: at most 50 USDT, by max_loss_day = 50 USDT of the bot; a lower \
                        max_loss_day lowers it";
        assert_eq!(of, expected);
    }

    #[test]
    fn as_many_orders_as_the_rate_allows() {
        let slow = "max_order = \"10 USDT\"\norder_rate = \"1/m\"";
        assert_eq!(hour(slow), "at most 25.2 USDT");
        assert_eq!(day(slow), "at most 420 USDT");
        assert_eq!(hour(&format!("{slow}\nsides = [\"sell\"]")), "at most 12.6 USDT");
    }

    #[test]
    fn what_waits_can_be_as_far_away_as_its_trigger() {
        let stops = "order_types = [\"limit\", \"trigger\"]";
        assert_eq!(day(stops), "at most 12180 USDT");
        assert_eq!(day(&format!("{stops}\ntrigger_distance = \"5%\"")), "at most 1400 USDT");
        let chained = "order_types = [\"limit\", \"oto\"]";
        assert_eq!(day(chained), "at most 12180 USDT");
        assert_eq!(day(&format!("{chained}\nmax_loss_day = \"90 USDT\"")), "at most 90 USDT");
    }

    #[test]
    fn without_a_band_all_of_it() {
        assert_eq!(day("price_band = \"unlimited\""), "at most 20020 USDT");
    }

    #[test]
    fn the_tighter_level_decides() {
        let decided = |key: &str| said(&bill("", key).day);
        assert!(
            decided("max_day = \"1000 USDT\"").contains("at most 21 USDT, by max_day = 1000 USDT of the key")
        );
        assert!(decided("price_band = \"1%\"").contains("at most 220 USDT"));
        assert!(decided("max_loss_day = \"7 USDT\"").contains("by max_loss_day = 7 USDT of the key"));
        assert!(decided("max_fee = \"1%\"").contains("at most 600 USDT"));
        assert!(decided("sides = [\"buy\"]").contains("at most 412.15686275 USDT"));
        assert_eq!(decided("grants = [\"read\"]"), "");
        assert_eq!(decided("reduce_only = true"), "");
    }

    #[test]
    fn currencies_are_not_guessed() {
        let both = bill("max_loss_day = \"0.01 BTC\"", "").day;
        assert_eq!(both.to_string(), "at most 0.01 BTC");
        assert!(said(&both).contains("; and at most 420 USDT, by max_day"));
        let futures = "markets = [\"usdm\"]\norder_types = [\"limit\"]\nmax_loss_day = \"0.01 BTC\"";
        assert_eq!(day(futures), "at most 1641.2 USDT");
        let hourly = format!("{futures}\nmax_day = \"unlimited\"\nmax_hour = \"100 USDT\"");
        assert_eq!(day(&hourly), "at most 196.944 USDT");
        let options = futures.replace("[\"usdm\"]", "[\"usdm\", \"option\"]");
        assert_eq!(day(&options), "limited in several currencies, each for itself");
        assert_eq!(day("max_day = \"unlimited\"\nmax_loss_day = \"0.01 BTC\""), "at most 0.01 BTC");
    }

    #[test]
    fn exits_come_on_top() {
        let limits = "markets = [\"usdm\"]\norder_types = [\"limit\"]";
        assert_eq!(day(limits), "at most 1641.2 USDT");
        assert_eq!(day(&format!("{limits}\nexit_band = \"2%\"")), "at most 840.4 USDT");
        assert_eq!(day(&format!("{limits}\nmax_loss_day = \"100 USDT\"")), "at most 1321.2 USDT");
        let market = bill("markets = [\"usdm\"]\nmax_loss_day = \"100 USDT\"", "");
        assert_eq!(market.day.to_string(), "unlimited");
        assert!(said(&market.day).contains("order_types without `market` holds every exit to exit_band"));
        assert!(market.beside.iter().any(|sentence| sentence.contains("open before")));
    }

    #[test]
    fn inverse_contracts_lose_more_than_the_band() {
        let inverse =
            "markets = [\"coinm\"]\norder_types = [\"limit\"]\nprice_band = \"50%\"\nexit_band = \"50%\"";
        // Sold at half the price, a coin's worth of contracts is two.
        assert_eq!(day(inverse), "at most 40050 USDT");
        assert_eq!(day(&inverse.replace("\"50%\"", "\"unlimited\"")), "unlimited");
    }

    #[test]
    fn what_nothing_limits() {
        for (lines, why) in [
            ("max_day = \"unlimited\"", "nothing limits how much may be traded"),
            ("markets = [\"option\"]", "a sold option can lose without end"),
            (
                "grants = [\"trade\", \"withdraw\"]\nwithdraw_to = \"unlimited\"\nmax_withdraw = [\"1 USDT\"]",
                "any address",
            ),
            (
                "grants = [\"transfer\"]\ntransfer_routes = \"unlimited\"\nmax_transfer = [\"1 USDT\"]",
                "wherever the exchange lets them",
            ),
            ("grants = [\"manage-keys\"]", "works at the exchange without claviger"),
            ("grants = [\"sub-accounts\"]", "between sub-accounts"),
            ("grants = [\"trade\", \"block\"]\nprice_band = \"unlimited\"", "at what price these trade"),
        ] {
            let bill = bill(lines, "");
            assert_eq!(bill.day.to_string(), "unlimited", "{lines}");
            assert!(said(&bill.day).contains(why), "{lines}: {}", said(&bill.day));
        }
        assert_eq!(day("grants = [\"trade\", \"block\"]"), "at most 420 USDT");
        assert_eq!(day("markets = [\"option\"]\nmax_loss_day = \"40 USDT\""), "at most 40 USDT");
        assert_eq!(day("grants = [\"trade\", \"convert\"]"), "at most 20000 USDT");
        assert_eq!(day("grants = [\"trade\", \"convert\"]\nmax_loss_day = \"40 USDT\""), "at most 40 USDT");
    }

    #[test]
    fn what_is_no_theft_is_said() {
        let own = "withdraw_to = [\"USDT via TRX to TXyz\"]\nmax_withdraw = [\"1 USDT\"]";
        let bill = bill(&format!("grants = [\"withdraw\"]\n{own}"), "");
        assert_eq!(bill.day.to_string(), "nothing");
        assert_eq!(
            bill.beside,
            [
                "it may withdraw to 1 listed destinations, as often as it likes: no theft while these are yours"
            ]
        );
    }

    #[test]
    fn a_bill_that_is_too_high_refuses_the_configuration() {
        let most = |lines: &str| config(lines, "").map(|_| ());
        assert_eq!(most("max_theft_day = \"420 USDT\""), Ok(()));
        assert_eq!(most("max_theft_day = \"unlimited\""), Ok(()));
        assert_eq!(most("max_theft_day = \"1 USDT\"\ngrants = [\"read\"]"), Ok(()));
        let error = most("max_theft_day = \"419.99 USDT\"").unwrap_err();
        assert_eq!(
            error,
            "c.toml:14: bot.a.max_theft_day: a thief can cost up to 420 USDT in a day, and max_theft_day is 419.99 USDT; \
             orders that open, and all on spot: at most 420 USDT, by max_day = 20000 USDT of the bot with price_band 2% \
             and max_fee 0.1%; a lower budget or price_band lowers it, or a max_loss_day"
        );
        let unlimited = most("max_theft_day = \"5 USDT\"\nmax_day = \"unlimited\"").unwrap_err();
        assert!(unlimited.contains("what a thief can cost is unlimited in a day"), "{unlimited}");
        let other = most("max_theft_day = \"5 BTC\"").unwrap_err();
        assert!(other.contains("what a thief can cost is at most 420 USDT in a day, and"), "{other}");
    }

    /// Wherever a setting lets nothing more than before, the bill does not rise.
    #[test]
    fn narrower_limits_never_raise_it() {
        let asset = "USDT".parse().unwrap();
        let steps = [
            ("max_day", ["\"90000 USDT\"", "\"20000 USDT\"", "\"10 USDT\""]),
            ("max_hour", ["\"unlimited\"", "\"9000 USDT\"", "\"10 USDT\""]),
            ("max_loss_day", ["\"unlimited\"", "\"900 USDT\"", "\"1 USDT\""]),
            ("price_band", ["\"unlimited\"", "\"30%\"", "\"1%\""]),
            ("exit_band", ["\"90%\"", "\"9%\"", "\"1%\""]),
            ("trigger_distance", ["\"99%\"", "\"9%\"", "\"1%\""]),
            ("order_types", ["\"unlimited\"", "[\"limit\", \"trigger\"]", "[\"limit\"]"]),
            ("sides", ["\"unlimited\"", "[\"buy\"]", "[\"buy\"]"]),
            ("order_rate", ["\"unlimited\"", "\"5/m\"", "\"1/m\""]),
            ("max_order", ["\"900 USDT\"", "\"90 USDT\"", "\"9 USDT\""]),
        ];
        for market in ["spot", "usdm", "coinm"] {
            for (name, values) in steps {
                let amounts = values.map(|value| {
                    let bill = bill(&format!("markets = [\"{market}\"]\n{name} = {value}"), "");
                    [bill.hour, bill.day].map(|sum| sum.in_asset(&asset).map(|money| money.amount))
                });
                for pair in amounts.windows(2) {
                    let falls =
                        |n: usize| pair[0][n].is_none() || pair[1][n] <= pair[0][n] && pair[1][n].is_some();
                    assert!(falls(0) && falls(1), "{market} {name}: {amounts:?}");
                }
            }
        }
    }
}
