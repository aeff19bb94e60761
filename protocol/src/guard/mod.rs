//! The admission of client bytes.
