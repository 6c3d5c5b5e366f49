//! `spin:variables@3.0.0`.

use super::bindings::spin::variables::variables::{self, Error};
use super::{Ctx, Host};
use crate::variables::is_valid_name;
use wasmtime::component::Accessor;

impl variables::Host for Ctx {}

impl<T: Send> variables::HostWithStore<T> for Host {
    async fn get(accessor: &Accessor<T, Self>, name: String) -> wasmtime::Result<Result<String, Error>> {
        if !is_valid_name(&name) {
            return Ok(Err(Error::InvalidName(format!("{name:?} is not a variable name"))));
        }
        let component = accessor.with(|mut access| access.get().component.clone());
        let value = component.variables.get(&name).cloned();
        Ok(value.ok_or_else(|| Error::Undefined(format!("no variable {name:?} for component {:?}", component.id))))
    }
}
