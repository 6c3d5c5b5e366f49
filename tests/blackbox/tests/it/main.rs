//! The whole application over HTTP. One binary, a module for each subject.

mod alertmanager;
mod conformance;
mod crash;
mod door;
mod journey;
mod limits;
mod odd_receivers;
mod people;
mod settings;
mod status;
mod webhooks;
mod wire;
