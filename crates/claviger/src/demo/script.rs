//! What the bots do, one line each, and what should come of it.

use claviger_core::Decimal;
use claviger_door::Exit;
use claviger_sim::client::{Answer, Call};

use super::bot::{Bot, Side, Wish};
use super::stage::Stage;
use crate::failure::Failure;
use crate::out::say;

/// How a line should end.
#[derive(Clone, Copy)]
enum Should {
    /// The exchange does it.
    Pass,
    /// Claviger refuses, by this rule.
    Refuse(&'static str),
}

/// How many lines went as they should, and which did not.
#[derive(Default)]
pub struct Tally {
    passed: usize,
    refused: usize,
    wrong: Vec<String>,
}

impl Tally {
    /// Notes that something is not as it should be.
    pub fn wrong(&mut self, what: String) {
        self.wrong.push(what);
    }

    /// In one line.
    pub fn summary(&self) -> String {
        let lines = format!("{} went through, {} were refused", self.passed, self.refused);
        match self.wrong.len() {
            0 => format!("{lines}, all as they should."),
            wrong => format!("{lines}, {wrong} NOT as they should."),
        }
    }

    /// Whether all went as it should.
    pub fn verdict(self) -> Result<(), Failure> {
        if self.wrong.is_empty() {
            return Ok(());
        }
        let failure = Failure::new(Exit::Demo, "the demonstration did not go as it should");
        Err(self.wrong.into_iter().fold(failure, Failure::because))
    }
}

/// The table's first line.
pub fn heading() {
    say(format_args!(
        "\n{:<8} {:<34} {:<8} {:<11} what the bot was told",
        "exchange", "what the bot asked", "", "by rule"
    ));
    say("-".repeat(110));
}

/// Everything that one bot does.
pub async fn play(stage: &mut Stage, bot: &dyn Bot, tally: &mut Tally) -> Result<(), Failure> {
    let mut scene = Scene { stage, bot, tally };
    let price = scene.price().await?;
    scene.line("balances", &bot.balances(), Should::Pass).await?;
    let first = scene.trades(price).await?;
    scene.refusals(price, &first).await?;
    scene.budget(price).await?;
    scene.freeze(price).await
}

/// What fits on a line.
fn shortened(text: &str) -> String {
    const MOST: usize = 110;
    if text.chars().count() <= MOST {
        return text.to_owned();
    }
    text.chars().take(MOST - 1).chain(['…']).collect()
}

struct Scene<'a> {
    stage: &'a mut Stage,
    bot: &'a dyn Bot,
    tally: &'a mut Tally,
}

impl Scene<'_> {
    /// Sends one request, shows the line, and notes whether it went as it should.
    async fn line(&mut self, title: &str, call: &Call, should: Should) -> Result<Answer, Failure> {
        let answer = call
            .send(self.stage.listen())
            .await
            .map_err(|e| Failure::new(Exit::Demo, "the bot gets no answer from claviger").caused_by(&e))?;
        self.stage.saw(&answer);
        let error = self.bot.error(&answer);
        let (passed, rule) =
            (error.is_none(), answer.header("x-claviger-denial").unwrap_or_default().to_owned());
        let right = match should {
            Should::Pass => passed && rule.is_empty(),
            Should::Refuse(wanted) => !passed && rule == wanted,
        };
        let (mark, outcome) = if passed { ("✓", "passed") } else { ("✗", "refused") };
        let told = shortened(&error.unwrap_or_default());
        let flag = if right { "" } else { "   <-- NOT as it should" };
        say(format_args!("{:<8} {title:<34} {mark} {outcome:<7} {rule:<11} {told}{flag}", self.bot.title()));
        if passed {
            self.tally.passed += 1;
        } else {
            self.tally.refused += 1;
        }
        if !right {
            self.tally.wrong(format!("{}: {title}: {outcome} {rule} {told}", self.bot.title()));
        }
        Ok(answer)
    }

    async fn price(&mut self) -> Result<Decimal, Failure> {
        let call = self.bot.price();
        let answer = self.line("price", &call, Should::Pass).await?;
        self.bot.read_price(&answer).ok_or_else(|| Failure::new(Exit::Demo, "the exchange told no price"))
    }

    /// An order for about so many USDT at the price times `share`.
    fn wish(&self, side: Side, price: Decimal, (usdt, share): (u64, &str)) -> Result<Wish, Failure> {
        let wish = || {
            let at = price.times(share.parse().ok()?)?.floor_to("0.1".parse().ok()?)?;
            let size = Decimal::from_u64(usdt).over(price)?.floor_to("0.00001".parse().ok()?)?;
            Some(Wish { symbol: self.bot.symbols().0, side, price: Some(at), size })
        };
        wish().ok_or_else(|| Failure::new(Exit::Demo, "the price cannot be reckoned with"))
    }

    /// What goes through. The first order's request is kept for the replay.
    async fn trades(&mut self, price: Decimal) -> Result<Call, Failure> {
        let buy = self.wish(Side::Buy, price, (600, "0.99"))?;
        let first = self.bot.order(&buy, None);
        let answer = self.line("buy for 600 USDT, in limits", &first, Should::Pass).await?;
        let id = self.bot.read_order(&answer).unwrap_or_default();
        self.line("cancel that order", &self.bot.cancel(buy.symbol, &id), Should::Pass).await?;
        let market = Wish { price: None, ..self.wish(Side::Buy, price, (300, "1"))? };
        self.line("buy for 300 USDT at market", &self.bot.order(&market, None), Should::Pass).await?;
        Ok(first)
    }

    async fn refusals(&mut self, price: Decimal, first: &Call) -> Result<(), Failure> {
        let large = self.bot.order(&self.wish(Side::Buy, price, (30_000, "0.99"))?, None);
        self.line("buy for 30 000 USDT, too large", &large, Should::Refuse("max_order")).await?;
        let cheap = self.bot.order(&self.wish(Side::Sell, price, (500, "0.5"))?, None);
        self.line("sell at half the market's price", &cheap, Should::Refuse("price_band")).await?;
        let other = Wish { symbol: self.bot.symbols().1, ..self.wish(Side::Buy, price, (500, "0.01"))? };
        let title = format!("buy {}, a wrong symbol", other.symbol);
        self.line(&title, &self.bot.order(&other, None), Should::Refuse("symbols")).await?;
        self.line("a perpetual, on a spot bot", &self.bot.perpetual(), Should::Refuse("markets")).await?;
        self.line("withdraw 5 000 USDT", &self.bot.withdraw(), Should::Refuse("grants")).await?;
        let odd = self.bot.order(&self.wish(Side::Buy, price, (500, "0.99"))?, Some(("unheardOf", "1")));
        self.line("an unknown parameter", &odd, Should::Refuse("parameter")).await?;
        self.line("the first order, replayed", first, Should::Refuse("replay")).await?;
        Ok(())
    }

    /// Buys until the day's budget is spent.
    async fn budget(&mut self, price: Decimal) -> Result<(), Failure> {
        for number in 1..=2 {
            let call = self.bot.order(&self.wish(Side::Buy, price, (900, "0.99"))?, None);
            let title = format!("buy for 900 USDT, number {number}");
            self.line(&title, &call, Should::Pass).await?;
        }
        let over = self.bot.order(&self.wish(Side::Buy, price, (900, "0.99"))?, None);
        self.line("buy for 900 USDT, budget spent", &over, Should::Refuse("max_day")).await?;
        Ok(())
    }

    async fn freeze(&mut self, price: Decimal) -> Result<(), Failure> {
        self.stage.operator(&["bot", "freeze", self.bot.name()], &[]).await?;
        let call = self.bot.order(&self.wish(Side::Buy, price, (100, "0.99"))?, None);
        self.line("buy for 100 USDT, frozen", &call, Should::Refuse("freeze")).await?;
        self.stage.operator(&["bot", "thaw", self.bot.name()], &[]).await?;
        let call = self.bot.order(&self.wish(Side::Buy, price, (100, "0.99"))?, None);
        self.line("buy for 100 USDT, thawed", &call, Should::Pass).await?;
        Ok(())
    }
}
