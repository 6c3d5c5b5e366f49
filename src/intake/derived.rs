//! What follows from other fields of the same value, such as the compiled form of an expression: worked out once, when
//! it is first needed.

use std::sync::OnceLock;

/// A cell for what follows from the fields beside it. It is never written out, and plays no part in comparisons: two
/// values are equal whether or not one of them has been used.
#[derive(Clone, Debug)]
pub struct Derived<T>(OnceLock<T>);

impl<T> Derived<T> {
    /// The content, made by `make` the first time.
    pub fn get(&self, make: impl FnOnce() -> T) -> &T {
        self.0.get_or_init(make)
    }
}

impl<T> Default for Derived<T> {
    fn default() -> Self {
        Self(OnceLock::new())
    }
}

impl<T> PartialEq for Derived<T> {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_content_is_made_once_and_not_compared() {
        let used = Derived::default();
        assert_eq!((*used.get(|| 1), *used.get(|| 2)), (1, 1));
        assert_eq!(used, Derived::default());
        assert_eq!(*used.clone().get(|| 3), 1);
    }
}
