//! What is printed, and where: results to stdout, progress and problems to stderr.
//!
//! Whoever closes our output (`cargo xtask up | head`) does not want to read it; the work goes on all the same, which
//! is why a failed write is no error here, and why `println!`, which would panic, is not used.

use std::io::Write;

/// Prints a line to stdout at once.
pub fn result(line: &str) {
    write(&mut std::io::stdout().lock(), line.as_bytes(), b"\n");
}

/// Prints a line to stderr at once.
pub fn progress(line: &str) {
    write(&mut std::io::stderr().lock(), line.as_bytes(), b"\n");
}

/// Passes bytes of a child process on to stdout.
pub fn pass_to_stdout(bytes: &[u8]) {
    write(&mut std::io::stdout().lock(), bytes, b"");
}

/// Passes bytes of a child process on to stderr.
pub fn pass_to_stderr(bytes: &[u8]) {
    write(&mut std::io::stderr().lock(), bytes, b"");
}

fn write(to: &mut impl Write, bytes: &[u8], end: &[u8]) {
    // See the module's documentation: nobody is there to be told.
    let _closed = to.write_all(bytes).and_then(|()| to.write_all(end)).and_then(|()| to.flush());
}
