//! The one setting of the mock cluster that the safe binding does not have.
#![allow(unsafe_code)]

use rdkafka::client::{Client, ClientContext};
use rdkafka_sys as sys;

/// Lets a consumer group's first join end without waiting for others.
///
/// # Safety, argued
/// Both functions take a handle that must live for the call. `client` owns its native handle and is
/// borrowed here, so it lives; the mock cluster belongs to that handle and is destroyed with it,
/// hence after the call. A client without a mock cluster gives a null pointer, which is not used.
/// The library locks the cluster inside the second call, so any thread may make it.
pub(super) fn join_at_once<C: ClientContext>(client: &Client<C>) {
    unsafe {
        let cluster = sys::rd_kafka_handle_mock_cluster(client.native_ptr());
        if !cluster.is_null() {
            sys::rd_kafka_mock_group_initial_rebalance_delay_ms(cluster, 0);
        }
    }
}
