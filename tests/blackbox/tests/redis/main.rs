//! The application on a Redis that several machines share. One binary, a module for each subject.

mod contract;
mod machines;
mod outage;
mod status;
