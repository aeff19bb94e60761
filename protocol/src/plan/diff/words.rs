//! The difference of two texts in words, short enough for one line.

use serde::Serialize;
use similar::{Algorithm, DiffTag, capture_diff_slices};

/// The most characters of all pieces of one kind: enough to find the place, to read what is new, to recognise what went.
const EQUAL_CHARS_MAX: usize = 60;
const INSERT_CHARS_MAX: usize = 120;
const DELETE_CHARS_MAX: usize = 80;
/// A word beyond this is compared by its characters, like languages that put no space between words.
const WORD_CHARS_MAX: usize = 24;
/// Words of both sides between the common beginning and end that are compared; beyond, the middle is a new text. The
/// comparison takes the square of their number.
const COMPARED_MAX: usize = 600;
/// Pieces that share the characters of equal text.
const EQUAL_PIECES: usize = 4;

/// What became of a piece of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Op {
    /// It stands in both.
    Equal,
    /// It is new.
    Insert,
    /// It is gone.
    Delete,
}

/// A piece of a text, cut with an ellipsis where there is more of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Piece {
    /// What became of it.
    pub op: Op,
    /// Its words, each with a space in front where there was any white space.
    pub text: String,
}

/// The difference of two texts; empty when only their white space differs.
#[must_use]
pub fn words(old: &str, new: &str) -> Vec<Piece> {
    let (old, new) = (tokens(old), tokens(new));
    if old == new {
        return Vec::new();
    }
    let shorter = old.len().min(new.len());
    let head = old.iter().zip(&new).take_while(|(one, other)| one == other).count();
    let tail =
        old.iter().rev().zip(new.iter().rev()).take(shorter - head).take_while(|(one, other)| one == other).count();
    let (old_middle, new_middle) = (&old[head..old.len() - tail], &new[head..new.len() - tail]);

    let mut runs: Vec<(Op, &[Token<'_>])> = vec![(Op::Equal, &old[..head])];
    if old_middle.len() > COMPARED_MAX || new_middle.len() > COMPARED_MAX {
        runs.extend([(Op::Delete, old_middle), (Op::Insert, new_middle)]);
    } else {
        for op in capture_diff_slices(Algorithm::Myers, old_middle, new_middle) {
            let (tag, old, new) = op.as_tag_tuple();
            match tag {
                DiffTag::Equal => runs.push((Op::Equal, &old_middle[old])),
                _ => runs.extend([(Op::Delete, &old_middle[old]), (Op::Insert, &new_middle[new])]),
            }
        }
    }
    runs.push((Op::Equal, &old[old.len() - tail..]));
    runs.retain(|(_, tokens)| !tokens.is_empty());
    cut(&runs)
}

/// A word, or a character of a long one, and whether white space goes before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
struct Token<'a> {
    text: &'a str,
    spaced: bool,
}

fn tokens(text: &str) -> Vec<Token<'_>> {
    let mut tokens = Vec::new();
    for word in text.split_whitespace() {
        if word.chars().nth(WORD_CHARS_MAX).is_none() {
            tokens.push(Token { text: word, spaced: true });
            continue;
        }
        for (at, c) in word.char_indices() {
            tokens.push(Token { text: &word[at..at + c.len_utf8()], spaced: at == 0 });
        }
    }
    tokens
}

fn cut(runs: &[(Op, &[Token<'_>])]) -> Vec<Piece> {
    let equals = runs.iter().filter(|(op, _)| *op == Op::Equal).count();
    let share = EQUAL_CHARS_MAX / equals.clamp(1, EQUAL_PIECES);
    let (mut equal, mut insert, mut delete) = (EQUAL_CHARS_MAX, INSERT_CHARS_MAX, DELETE_CHARS_MAX);
    let mut pieces: Vec<Piece> = Vec::new();
    for (at, (op, tokens)) in runs.iter().enumerate() {
        let text = join(tokens);
        let text = match op {
            Op::Equal => {
                let (is_first, is_last) = (at == 0, at + 1 == runs.len());
                let text = around(&text, share.min(equal), is_first, is_last);
                equal -= text.chars().filter(|c| *c != '…').count().min(equal);
                text
            }
            Op::Insert => head_of(&text, &mut insert),
            Op::Delete => head_of(&text, &mut delete),
        };
        match pieces.last_mut() {
            // Whatever is left out in a row is one ellipsis.
            Some(last) if text == "…" && last.text.ends_with('…') => {}
            Some(last) if last.op == *op => last.text.push_str(&text),
            _ => pieces.push(Piece { op: *op, text }),
        }
    }
    if let Some(first) = pieces.first_mut() {
        first.text = first.text.trim_start().to_owned();
    }
    pieces
}

fn join(tokens: &[Token<'_>]) -> String {
    let mut text = String::new();
    for token in tokens {
        if token.spaced {
            text.push(' ');
        }
        text.push_str(token.text);
    }
    text
}

/// The beginning of a text, as far as the budget goes.
fn head_of(text: &str, budget: &mut usize) -> String {
    let count = text.chars().count();
    if count <= *budget {
        *budget -= count;
        return text.to_owned();
    }
    let head: String = text.chars().take(*budget).collect();
    *budget = 0;
    format!("{}…", head.trim_end())
}

/// Of an equal text what is next to a difference: its end at the beginning, its beginning at the end, else both ends.
fn around(text: &str, chars: usize, is_first: bool, is_last: bool) -> String {
    let count = text.chars().count();
    if count <= chars {
        return text.to_owned();
    }
    let start = |chars: usize| text.chars().take(chars).collect::<String>().trim_end().to_owned();
    let end = |chars: usize| text.chars().skip(count - chars).collect::<String>().trim_start().to_owned();
    match (is_first, is_last) {
        (true, _) => format!("…{}", end(chars)),
        (_, true) => format!("{}…", start(chars)),
        _ => format!("{}…{}", start(chars / 2), end(chars / 2)),
    }
}
