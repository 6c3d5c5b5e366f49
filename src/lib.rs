//! Alarum.
