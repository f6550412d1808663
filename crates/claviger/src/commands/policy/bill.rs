//! `policy worst-case`: the theft bill, in sentences.

use claviger_core::policy::{Bound, Most, Part, Sum, Total};
use claviger_core::{Bill, BotName, BotPolicy};
use serde_json::{Value, json};

use crate::out::{say, say_json};

/// Says what a thief with the bot's virtual key can cost.
pub fn worst_case(name: &BotName, policy: &BotPolicy, as_json: bool) {
    let bill = Bill::of(policy);
    if as_json {
        say_json(&json!({
            "bot": name.as_str(), "hour": sum(&bill.hour), "day": sum(&bill.day), "beside": bill.beside,
            "assumes": Bill::assumes(),
        }));
        return;
    }
    say(format_args!("What a thief with the virtual key of {name} can cost:"));
    for (span, sum) in [("an hour", &bill.hour), ("a day", &bill.day)] {
        say(format_args!("\nIn {span}: {sum}."));
        for part in &sum.parts {
            say(format_args!("- {part}."));
        }
    }
    if !bill.beside.is_empty() {
        say("\nNot counted:");
        bill.beside.iter().for_each(|sentence| say(format_args!("- {sentence}.")));
    }
    say("\nTaken for granted:");
    Bill::assumes().iter().for_each(|sentence| say(format_args!("- {sentence}.")));
}

fn sum(sum: &Sum) -> Value {
    let (amount, unlimited) = match sum.total() {
        Total::AtMost(None) => (Value::from("0"), false),
        Total::AtMost(Some(money)) => (money.to_string().into(), false),
        Total::Unlimited => (Value::Null, true),
        Total::Apart => (Value::Null, false),
    };
    json!({ "atMost": amount, "unlimited": unlimited, "parts": sum.parts.iter().map(part).collect::<Vec<_>>() })
}

fn part(part: &Part) -> Value {
    match &part.bound {
        Bound::Unlimited { why, lower } => {
            json!({ "what": part.what, "unlimited": true, "why": why, "lower": lower })
        }
        Bound::AtMost(all) => {
            json!({ "what": part.what, "unlimited": false, "bounds": all.iter().map(most).collect::<Vec<_>>() })
        }
    }
}

fn most(most: &Most) -> Value {
    json!({ "atMost": most.money.to_string(), "by": most.by, "lower": most.lower })
}
