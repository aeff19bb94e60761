//! The words that name a side, or nothing, in a cell: a label that reads like one of them is written in quotes.

/// Letters and digits in small letters, one space between words.
pub(crate) fn plain_words(text: &str) -> String {
    let words = text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join(" ").to_lowercase()
}

/// Whether a cell says that it says nothing.
pub(crate) fn is_nothing(cell: &str) -> bool {
    let trimmed = cell.trim();
    trimmed.chars().all(|c| matches!(c, '-' | '–' | '—' | '?' | '.' | '/' | ' '))
        || matches!(trimmed.to_lowercase().as_str(), "n/a" | "na" | "none" | "tbd" | "tbc" | "tba" | "nil" | "null")
}

/// The side of one word: `buyer`, `seller`, `joint`, `partner`.
pub(crate) fn side(word: &str) -> Option<&'static str> {
    Some(match word {
        "buyer" | "buyers" | "customer" | "customers" | "client" | "clients" | "prospect" | "purchaser" => "buyer",
        "seller" | "sellers" | "vendor" | "vendors" | "supplier" | "suppliers" | "provider" => "seller",
        "joint" | "both" | "mutual" | "shared" | "all" | "together" => "joint",
        "partner" | "partners" | "reseller" => "partner",
        _ => return None,
    })
}

/// The party that a cell names, as the id of a party or `joint`: `Buyer`, `Customer team`, `Both`, `partner acme`.
pub(crate) fn party(cell: &str) -> Option<String> {
    if let Some((word, id)) = cell.trim().split_once(' ')
        && word.eq_ignore_ascii_case("partner")
        && crate::ids::PartyId::parse(id.trim()).is_ok()
    {
        return Some(id.trim().to_owned());
    }
    let words = plain_words(cell);
    let known: Vec<_> = words.split(' ').filter(|word| !matches!(*word, "team" | "side" | "and" | "parties")).collect();
    let sides: Vec<_> = known.iter().map(|word| side(word)).collect::<Option<_>>()?;
    match sides.as_slice() {
        [] => None,
        [one] => Some((*one).into()),
        [first, rest @ ..] => Some(if rest.iter().all(|each| each == first) { *first } else { "joint" }.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sides_have_many_names() {
        for (cell, expected) in [
            ("Customer", "buyer"),
            ("Vendor team", "seller"),
            ("Both", "joint"),
            ("Buyer/Seller", "joint"),
            ("Buyer & Vendor", "joint"),
            ("partner acme-1", "acme-1"),
            ("Partner", "partner"),
        ] {
            assert_eq!(party(cell).as_deref(), Some(expected), "{cell}");
        }
        assert_eq!(party("Acme Corp"), None);
        assert_eq!(party(""), None);
    }
}
