//! Reading the file, and saying what is wrong with it.
