//! What is wrong with a document: all that was found, in the order in which it was looked at. Who only wants to know
//! whether it is valid takes the first.

use std::fmt::Display;

use super::ConfigError;

/// After so many problems nobody reads on.
pub const PROBLEMS: usize = 50;

/// The problems of a document.
#[derive(Debug, Default)]
pub struct Problems {
    found: Vec<String>,
    /// Whether a part could not be read: what is missed by others then may well be there.
    unread: bool,
}

impl Problems {
    /// Notes a problem, once.
    pub fn note(&mut self, problem: String) {
        if self.found.len() < PROBLEMS && !self.found.contains(&problem) {
            self.found.push(problem);
        }
    }

    /// Notes that a part could not be read.
    pub fn unread(&mut self, problem: String) {
        self.unread = true;
        self.note(problem);
    }

    /// Whether what belongs together can be looked at.
    pub const fn may_judge(&self) -> bool {
        !self.unread
    }

    /// Notes a problem unless something holds.
    pub fn check(&mut self, holds: bool, problem: impl FnOnce() -> String) {
        if !holds {
            self.note(problem());
        }
    }

    /// Notes the problem of a part, behind the name of the part.
    pub fn part<E: Display>(&mut self, at: &str, checked: Result<(), E>) {
        if let Err(problem) = checked {
            self.note(format!("{at}: {problem}"));
        }
    }

    /// What was read, or the first problem.
    ///
    /// # Errors
    /// The first problem.
    pub fn verdict<T>(self, read: T) -> Result<T, ConfigError> {
        match self.found.into_iter().next() {
            None => Ok(read),
            Some(first) => Err(ConfigError(first)),
        }
    }

    /// All of them, at most [`PROBLEMS`].
    pub fn all(self) -> Vec<String> {
        self.found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_more_problems_are_kept_than_anybody_reads_and_the_first_one_counts() {
        let mut problems = Problems::default();
        problems.check(true, || "never".to_owned());
        assert!(problems.may_judge());
        for nth in 0..60 {
            problems.part("at", Err(nth));
            problems.part("at", Err(nth));
        }
        problems.unread("late".to_owned());
        assert!(!problems.may_judge());
        let all = problems.all();
        assert_eq!((all.len(), all[0].as_str(), all[49].as_str()), (PROBLEMS, "at: 0", "at: 49"));
        assert_eq!(Problems::default().verdict(7), Ok(7));
    }
}
