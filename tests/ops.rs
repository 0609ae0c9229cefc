//! The program in operation.
