//! The real program against a real Kafka.

mod night;
mod place;
mod replicas;
mod sign_in;
